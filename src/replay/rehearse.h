/*
 * rehearse.h — what a history of alerts would have meant for people: tickets and pages, in virtual time.
 *
 * IDEA   A second engine with a ledger of its own gets today's people and agreements, as if they had always held, and the
 *        alerts at their moments.  Its doors lead nowhere: what would have left the house is written down.
 *
 * Assumed, and said in the answer: who is called first takes the ticket after 12 s (or nobody ever answers), and a ticket is
 * closed when its last alert is over.
 *
 * The calling thread; its metrics stay as they are.
 */
#ifndef REPLAY_REHEARSE_H
#define REPLAY_REHEARSE_H

#include "flow/ticket.h"
#include "ledger/book.h"
#include "replay/history.h"

struct rehearse_ask {
	const struct history *history;
	struct conf *conf;       /* routes, desk */
	const struct book *book; /* today's; borrowed for the call */
	const struct resource_kind *kinds;
	msec_t now;
	const char *folder; /* where the ledger may stand for a while */
	bool nobody_answers;
};

struct rehearsed_page {
	msec_t at;
	struct str channel, user, customer, why;
	int64_t ticket, step;
};
struct rehearsal {
	struct arena *arena;
	VEC(struct ticket) tickets;
	VEC(struct rehearsed_page) pages;
	size_t alerts, left_out; /* beyond the limit of one rehearsal */
};

CHECKED enum rc rehearse(const struct rehearse_ask *, struct rehearsal **, struct err *);
void rehearsal_destroy(struct rehearsal **);

#endif
