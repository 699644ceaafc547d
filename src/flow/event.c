/* event.c — see event.h. */
#include "flow/event.h"

#include <stddef.h>

const char *const event_words[] = {
#define EVENT(word, help) #word,
#include "flow/event.def"
#undef EVENT
    NULL,
};
const char *const event_help[] = {
#define EVENT(word, help) help,
#include "flow/event.def"
#undef EVENT
    NULL,
};

#define RECORD_SELF struct event
RECORD_LAYOUT(event, EVENT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct event_payload
RECORD_LAYOUT(event_payload, EVENT_PAYLOAD_KEYS)
#undef RECORD_SELF

int
event_kind(struct str word)
{
	for (int i = 0; i < EVENT_KINDS; i++)
		if (str_is(word, event_words[i]))
			return i;
	return -1;
}
