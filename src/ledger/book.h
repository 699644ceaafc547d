/*
 * book.h — people and agreements, as versions.
 *
 * IDEA   A resource is `{kind, name, customer?, spec}`.  An edit never changes a version: it adds one that is valid
 *        from now (or, by an administrator with a reason, from a past date), so a figure for time t is made with
 *        what was in force at t.  All versions are in memory, decoded; the ledger holds them in space "resource".
 *
 * TRAP   The wall clock may be set back, and then an hour is there twice: see book_clock.
 *
 * The book belongs to the engine's thread.  Specs are borrowed from it and live as long as it does.
 */
#ifndef LEDGER_BOOK_H
#define LEDGER_BOOK_H

#include "ledger/ledger.h"

/* A kind of resource: one row in the table that main/ hands over. */
struct resource_kind {
	const char *name;
	const struct layout *layout;
	bool per_customer; /* may belong to a customer; the others are everybody's */
	enum rc (*check)(const void *spec, struct err *); /* NULL: any spec makes sense by itself */
	const char *help;
};
/* Collected in resource_kinds.c of engine/; alphabetical; ends with a NULL name. */

#define RESOURCE_KEYS(F)                                                                                     \
	F(STR, kind, 0, KEY_REQUIRED, "", "what it is: user, contract, schedule …")                          \
	F(STR, name, 0, KEY_REQUIRED, "", "its name: letters, digits, dot, dash and underscore")             \
	F(STR, customer, 0, 0, "", "whose it is; empty: everybody's")                                        \
	F(TIME, valid_from, 0, 0, "", "since when this version is in force")                                 \
	F(STR, managed, 0, 0, "", "the file that it was applied from; then it is read-only elsewhere")       \
	F(BOOL, removed, 0, 0, "", "this version says that it is gone")                                      \
	F(STR, by, 0, 0, "", "who made this version")                                                        \
	F(BOOL, from_now, 0, KEY_HIDDEN, "", "it came into force when it was made; else from a date that was asked for") \
	F(I64, pass, 0, KEY_HIDDEN, "", "how often the clock had been set back when it was made")             \
	F(STR, spec, 0, KEY_HIDDEN, "", "its own keys, encoded by its kind's layout")
RECORD(resource, RESOURCE_KEYS)

#define RESOURCE_BATCH_KEYS(F)                                                                               \
	F(MANY, resources, resource, 0, "", "to be set, or removed where `removed` says so")                 \
	F(BOOL, dry_run, 0, 0, "", "only say what would change")                                             \
	F(STR, why, 0, 0, "", "the reason, wanted where valid_from lies in the past")
RECORD(resource_batch, RESOURCE_BATCH_KEYS)

struct book;

struct book *book_create(const struct resource_kind *kinds);
void book_destroy(struct book **);
CHECKED enum rc book_load(struct book *, struct ledger *, struct err *);
const struct resource_kind *book_kind(const struct book *, struct str name);

/*
 * The spec in force at `at`: the customer's own, else everybody's of that name.  NULL when there is none.
 */
const void *book_find(const struct book *, const char *kind, struct str customer, struct str name, msec_t at);
/* The same by exact owner, with its resource. */
const struct resource *book_resource(const struct book *, const char *kind, struct str customer, struct str name, msec_t at,
    const void **spec);

/*
 * What was in force when, in order of time, at most the last `max` of it; a removed one has spec NULL.  Where an hour was
 * there twice, its second pass counts.
 */
struct version {
	msec_t from;
	const void *spec;
	const struct resource *resource;
};
size_t book_timeline(const struct book *, const char *kind, struct str customer, struct str name, struct version *out, size_t max);

typedef bool book_fn(void *arg, const struct resource *, const void *spec);
/* Every resource of a kind that is in force at `at`, by customer and name. */
void book_each(const struct book *, const char *kind, msec_t at, book_fn *, void *arg);

/* Would it change anything?  The same question as book_set without the answer's effect. */
bool book_would_change(const struct book *, const struct resource *, const void *spec, msec_t valid_from);
/*
 * Adds a version (spec NULL: removes) to the turn and to the book, with its event.  Nothing happens, and false is
 * given, when the spec is what is in force already.  If the turn is not committed the book must be loaded anew.
 * `valid_from` 0: from now on, and it stays in force when the clock is set back.
 */
bool book_set(struct book *, struct turn *, const struct resource *, const void *spec, msec_t valid_from);

/* ---- the clock ---- */

/* A stretch of wall time that begins where the clock was set back to, before something that was agreed from then on. */
#define CLOCK_PASS_KEYS(F)                                                                                   \
	F(I64, number, 0, 0, "", "the how-manieth")                                                          \
	F(TIME, from, 0, 0, "", "where the clock was set back to")                                           \
	F(TIME, until, 0, 0, "", "the latest moment of it that is known")                                    \
	F(TIME, ahead, 0, 0, "", "the latest moment before, from which something was agreed")                \
	F(BOOL, over, 0, 0, "", "that moment was reached again, or the clock was set once more")
RECORD(clock_pass, CLOCK_PASS_KEYS)

/* Before a turn decides anything: notices that the clock was set back, or is where it was. */
void book_clock(struct book *, struct turn *);
/* Before a turn that is not empty is committed. */
void book_clock_keep(const struct book *, struct turn *);
/* Does this event change what somebody else has read of the book? */
bool book_changed_by(const struct event *);

/* Is it a name that a resource may have: 1 to 63 of letters, digits, '.', '-', '_', beginning with a letter or digit? */
bool resource_name_ok(struct str);

#endif
