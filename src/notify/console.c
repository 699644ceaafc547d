/*
 * console.c — the channel that needs no set-up.
 *
 * IDEA   Every committed event is news for the open browsers, page_sent among them: that is what rings.  So there is
 *        nothing to send; the attempt goes on until somebody presses the key or the rung's patience ends.
 */
#include "notify/senders.h"

void
console_send(const struct sender_doors *d, const struct outbox_row *row)
{
	sender_report(d, row->key, OUTCOME_shown, STR("shown to every open console of this person"));
}
