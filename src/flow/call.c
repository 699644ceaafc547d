/* call.c — see call.h. */
#include "flow/call.h"

const char *const call_what_words[] = {"ringing", "answered", "heard", "digit", "ended", NULL};
const char *const call_reason_words[] = {"none", "done", "busy", "declined", "no_answer", "no_key", "hung_up",
    "failed", "trunk_down", "cancelled", NULL};

#define RECORD_SELF struct call_request
RECORD_LAYOUT(call_request, CALL_REQUEST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct call_say
RECORD_LAYOUT(call_say, CALL_SAY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct call_ack
RECORD_LAYOUT(call_ack, CALL_ACK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct call_event
RECORD_LAYOUT(call_event, CALL_EVENT_KEYS)
#undef RECORD_SELF
