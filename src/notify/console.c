/*
 * console.c — the channel that needs no set-up.
 *
 * IDEA   Every committed event is news for the open browsers, page_sent among them: that is what rings.  So there is
 *        nothing to send; the attempt goes on until somebody presses the key or the rung's patience ends.  What can be
 *        known is whether a screen is there at all.
 */
#include "notify/senders.h"

void
console_send(const struct sender_doors *d, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct str who = STR("user/");
	struct notice n;
	struct err e;
	if (record_decode(&notice_layout, &n, row->body, a, &e) != RC_OK)
		sender_report(d, row->key, OUTCOME_failed, str_c(e.text));
	else if (str_starts(n.user, who) && !d->watched(d->arg, str_from(n.user, who.n)))
		sender_report(d, row->key, OUTCOME_unseen, STR("no console of this person is open"));
	else
		sender_report(d, row->key, OUTCOME_shown, STR("shown to every open console of this person"));
	arena_destroy(&a);
}
