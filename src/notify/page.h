/*
 * page.h — one attempt to get a ticket to a human: the climb of a person's own ladder.
 *
 *         trying ──answer──▶ acknowledged | passed
 *           │ └──ladder at its end──▶ failed
 *           └──not needed any more──▶ stopped
 *
 * IDEA   A rung is one outbox row with the key "page/<id>/<rung>".  Its receipt, or the end of its patience,
 *        decides about the next rung.  Being handed over is not being reached: only a key, a link or a command is.
 *
 * All calls belong to the engine's thread.
 */
#ifndef NOTIFY_PAGE_H
#define NOTIFY_PAGE_H

#include "access/user.h"
#include "desk/desk.h"
#include "flow/notice.h"

enum page_state { PAGE_TRYING, PAGE_ACKNOWLEDGED, PAGE_PASSED, PAGE_FAILED, PAGE_STOPPED };
extern const char *const page_states[];
#define PAGE_KEYS(F)                                                                                         \
	F(STR, id, 0, 0, "", "<ticket>-<number>")                                                            \
	F(I64, ticket, 0, 0, "", "the ticket that it is about")                                              \
	F(STR, customer, 0, 0, "", "who is served")                                                          \
	F(STR, user, 0, 0, "", "who is to be reached")                                                       \
	F(STR, why, 0, 0, "", "why this person")                                                             \
	F(ENUM, state, page_states, 0, "", "what became of it")                                              \
	F(I64, rung, 0, 0, "", "the rung that is being tried, from 0")                                       \
	F(TIME, sent, 0, 0, "", "when the first rung was tried")
RECORD(page, PAGE_KEYS)

struct pages;

struct pages *pages_create(struct book *, struct desk *);
void pages_destroy(struct pages **);
CHECKED enum rc pages_load(struct pages *, struct ledger *, struct err *);

/* Pages a user about a ticket, unless one of that pair is being tried. The ticket must be saved after (its count). */
void page_start(struct pages *, struct turn *, struct ticket *, struct str user, struct str why);

/* What an answer, a receipt or a timer means for the ticket. */
enum page_news { PAGE_NO_NEWS, PAGE_TOOK, PAGE_PASSED_ON, PAGE_NOBODY_LEFT };
struct page_result {
	enum page_news news;
	int64_t ticket;
	struct str user; /* in the turn's arena */
};
struct page_result page_receipt(struct pages *, struct turn *, const struct receipt *);
struct page_result page_timer(struct pages *, struct turn *, struct str id); /* "page/<id>" */
/* Ends all pages of a ticket that are being tried; what is on its way out is called back. `taken_by` may be empty. */
void pages_stop(struct pages *, struct turn *, int64_t ticket, struct str taken_by, const char *why);
/* A notice that wants no answer, over the first rung of the user's ladder that writes (mail, sms, webhook), else by mail. `sms`: by a short message, where the person has a phone. */
void notice_send(struct pages *, struct turn *, const struct ticket *, struct str user, bool sms, const char *why);
/* Is there a rung, or an address, by which a page could reach this person over this channel? */
bool page_can(const struct user *, struct str channel);
size_t pages_trying(const struct pages *, int64_t ticket);

#endif
