/*
 * desk.h — the work: tickets, from the first alert or the first word of a person to the last.
 *
 * IDEA   The desk decides and records; it calls nobody.  What must follow (call people, stop calling, tell a team)
 *        is in its answer (`struct desk_next`), and the engine hands it on to oncall/ and notify/.
 * [D1]   An open ticket is in memory and in the ledger alike; a closed one is in the ledger only.
 * [D2]   At most one open ticket has a given customer and group.
 * [D3]   A closed ticket never changes.
 *
 * All calls belong to the engine's thread and decide at turn->now unless they take a time.
 */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "conf/route.h"
#include "desk/sla.h"
#include "ledger/book.h"

struct desk;

struct desk *desk_create(struct book *);
void desk_destroy(struct desk **);
CHECKED enum rc desk_load(struct desk *, struct ledger *, struct err *); /* open tickets and their moves */

/* What the engine does next for a ticket. */
enum desk_call { DESK_NOTHING, DESK_CALL, DESK_NOTICE, DESK_STOP };
struct desk_next {
	struct ticket *ticket; /* borrowed, until the next call; NULL when there is none */
	enum desk_call call;
	bool opened;     /* it is new */
	const char *why; /* static */
};

/* ---- the alert road ---- */
struct desk_alert {
	struct str customer, fingerprint, name, summary, description, group;
	struct pairs labels;
	bool firing;
	msec_t at; /* since when it fires, or when it stopped */
	int mode;             /* enum conf_desk: what the route says; DESK_DEFAULT: the contract decides */
	int without_contract; /* the same for a customer without one, when the route says nothing */
	struct str policy;    /* who is called when the contract names no policy */
	bool drill;           /* a rehearsal: a ticket that calls, whatever the matrix says of it */
	struct str page_to, page_by; /* of a drill: whom to page, and how; may be empty */
	struct str asker;     /* of a drill: who is paged when nothing else says who */
};
struct desk_next desk_alert(struct desk *, struct turn *, const struct desk_alert *);

/* ---- people ---- */
#define TICKET_REQUEST_KEYS(F)                                                                               \
	F(STR, customer, 0, KEY_REQUIRED, "", "who is served")                                               \
	F(STR, title, 0, KEY_REQUIRED, "", "one line that says what is wrong or wanted")                     \
	F(STR, description, 0, 0, "", "more of it")                                                          \
	F(STR, problem_type, 0, 0, "", "the name of a problem type")                                         \
	F(ENUM, kind, ticket_kinds, 0, "", "what kind of work; a problem type's own when one is given")      \
	F(ENUM, priority, priorities, 0, "", "how urgent; a problem type's own when one is given")           \
	F(I64, refers_to, 0, 0, "", "a closed ticket that happened again")
RECORD(ticket_request, TICKET_REQUEST_KEYS)
CHECKED enum rc desk_open(struct desk *, struct turn *, const struct ticket_request *, struct desk_next *, struct err *);

/* One change of an open ticket by a person (turn->actor). */
enum ticket_verb { VERB_TAKE, VERB_ASSIGN, VERB_SUSPEND, VERB_RESUME, VERB_CLOSE, VERB_ACCEPT, VERB_REJECT, VERB_PRIORITY, VERB_MESSAGE, VERB_ESCALATE, VERB_LINK, VERB_UNLINK };
extern const char *const ticket_verbs[];
#define TICKET_CHANGE_KEYS(F)                                                                                \
	F(I64, number, 0, 0, "", "which ticket")                                                             \
	F(ENUM, verb, ticket_verbs, KEY_REQUIRED, "", "what to do")                                          \
	F(STR, user, 0, 0, "", "take, assign: the user; empty: whoever asks")                                \
	F(STR, team, 0, 0, "", "assign: the team")                                                           \
	F(ENUM, reason, suspensions, 0, "", "suspend: process, customer or supplier")                        \
	F(TIME, until, 0, 0, "", "suspend: when it ends by itself")                                          \
	F(ENUM, priority, priorities, 0, "", "priority: the new one")                                        \
	F(ENUM, audience, audiences, 0, "internal", "message: internal, customer or supplier")               \
	F(I64, to, 0, 0, "", "link, unlink: the other ticket, of the same customer")                         \
	F(STR, text, 0, 0, "", "the message, or a word on the change")                                       \
	F(TIME, at, 0, KEY_HIDDEN, "", "when it happened: a key pressed on a phone is older than its turn")
RECORD(ticket_change, TICKET_CHANGE_KEYS)
CHECKED enum rc desk_change(struct desk *, struct turn *, const struct ticket_change *, struct desk_next *, struct err *);

/* ---- time ---- */
/* Timers of the desk: "sla/<number>", "until/<number>", "wait/<number>". */
bool desk_owns_timer(struct str kind);
struct desk_next desk_timer(struct desk *, struct turn *, struct str id);

/* A contract or calendar has a new version: every open ticket's clocks are looked at again. */
void desk_agreements_changed(struct desk *, struct turn *);

/* ---- asking ---- */
struct ticket *desk_ticket(const struct desk *, int64_t number); /* an open one, or NULL */
/* Writes a ticket that oncall/ or notify/ changed (its escalation, its pages). */
void desk_save(struct desk *, struct turn *, struct ticket *);
void desk_clocks(const struct desk *, const struct ticket *, msec_t now, struct sla_report *);
typedef bool ticket_fn(void *arg, struct ticket *);
void desk_each(const struct desk *, ticket_fn *, void *arg);

/* "ticket/12" */
struct str ticket_subject(int64_t number, struct arena *);

/* The clocks of any ticket from its events, for views: add each event in order, then derive. */
struct sla_history {
	VEC(struct sla_move) moves;
};
void sla_history_add(struct sla_history *, const struct event *);
void sla_history_fini(struct sla_history *);
void book_sla_derive(const struct book *, struct str customer, struct str contract, const struct sla_history *, msec_t now, struct sla_report *);
void book_sla_trace(const struct book *, struct str customer, struct str contract, const struct sla_history *, msec_t now, bool resolution,
    sla_stretch_fn *, void *arg);

#endif
