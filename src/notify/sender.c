/* sender.c — see sender.h. */
#include "notify/sender.h"

#include <stddef.h>

#include "notify/senders.h"

#define RECORD_SELF struct post
RECORD_LAYOUT(post, POST_KEYS)
#undef RECORD_SELF

const struct sender_kind sender_kinds[] = {
    {"console", console_send, "the open browser rings and shows the page"},
    {"mail", mail_send, "a mail through the configured server"},
    {"sms", sms_send, "a short message through the first gateway that takes it"},
    {"webhook", webhook_send, "an HTTP request with JSON"},
    {NULL, NULL, NULL},
};

void
sender_report(const struct sender_doors *d, struct str key, enum outcome outcome, struct str text)
{
	struct receipt r = {.key = key, .outcome = outcome, .text = str_to(text, 500), .at = loop_wall(d->loop)};
	d->sent(d->arg, &r);
}

void
sender_send(const struct sender_doors *d, const struct outbox_row *row)
{
	if (is_dispatch(row)) {
		dispatch_send(d, row);
		return;
	}
	for (const struct sender_kind *k = sender_kinds; k->channel; k++) {
		if (str_is(row->channel, k->channel)) {
			k->send(d, row);
			return;
		}
	}
	sender_report(d, row->key, OUTCOME_unavailable, STR("this channel is not set up"));
}
