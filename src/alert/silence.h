/*
 * silence.h — planned quiet: matchers, from, until, by whom and why.
 *
 * [S1]   A silence never crosses customers, unless an administrator marked it for all.
 * [S2]   An id names one set of matchers for ever.  A change of matchers, or of a start that has passed, ends
 * the old silence and makes a new one; a change of end, comment or author keeps the id.
 *
 * The store is in memory and in the ledger (space "silence") alike; timers "silence/<id>" say when one ends.
 * The engine's thread; ids come from the caller, because decisions draw no lots.
 */
#ifndef ALERT_SILENCE_H
#define ALERT_SILENCE_H

#include "label/matcher.h"
#include "ledger/ledger.h"

#define SILENCE_MATCHER_KEYS(F)                                                                              \
	F(STR, name, 0, KEY_REQUIRED, "", "the label")                                                       \
	F(STR, value, 0, 0, "", "its value, or an expression for it")                                        \
	F(BOOL, is_regex, 0, 0, "false", "the value is an expression")                                       \
	F(BOOL, is_equal, 0, 0, "true", "it must match; false: it must not")
RECORD(silence_matcher, SILENCE_MATCHER_KEYS)

#define SILENCE_KEYS(F)                                                                                      \
	F(STR, id, 0, 0, "", "its id, a UUID; empty: a new one")                                             \
	F(STR, customer, 0, 0, "", "whose alerts it holds back")                                             \
	F(BOOL, all_customers, 0, 0, "", "it holds back alerts of every customer")                           \
	F(MANY, matchers, silence_matcher, 0, "", "which alerts; all must match")                            \
	F(TIME, starts_at, 0, 0, "", "from when; unset: now")                                                \
	F(TIME, ends_at, 0, KEY_REQUIRED, "", "until when")                                                  \
	F(STR, created_by, 0, 0, "", "who made it")                                                          \
	F(STR, comment, 0, 0, "", "why")                                                                     \
	F(PAIRS, annotations, 0, 0, "", "whatever its maker wants to keep with it")                          \
	F(TIME, updated_at, 0, 0, "", "when it was last changed")
RECORD(silence, SILENCE_KEYS)

enum silence_state { SILENCE_PENDING, SILENCE_ACTIVE, SILENCE_EXPIRED };
extern const char *const silence_states[];

struct silences;
struct silences *silences_create(void);
void silences_destroy(struct silences **);
void silences_limit(struct silences *, int64_t count, int64_t size); /* 0: no limit */
CHECKED enum rc silences_load(struct silences *, struct ledger *, struct err *);

/*
 * Makes or changes one.  `new_id` is used when it is a new one; `*id` is the one it has.  RC_ABSENT: the id
 * is not known (or another customer's).  `admin`: may set all_customers.
 */
CHECKED enum rc silence_set(struct silences *, struct turn *, const struct silence *, struct str new_id,
    bool admin, struct str *id, struct err *);
/* Ends it now; RC_ABSENT when it is not known.  `customer` empty: whoever's it is. */
CHECKED enum rc silence_expire(
    struct silences *, struct turn *, struct str customer, struct str id, struct err *);
/* A timer "silence/<id>". */
void silence_timer(struct silences *, struct turn *, struct str id);

/* The first active one that holds back this alert, or NULL; each one with a callback. */
typedef bool silence_fn(void *arg, const struct silence *); /* false stops */
const struct silence *silences_mute(const struct silences *, struct str customer, struct labels, msec_t now);
void silences_muting(
    const struct silences *, struct str customer, struct labels, msec_t now, silence_fn *, void *arg);
const struct silence *silence_get(const struct silences *, struct str id);
void silences_each(const struct silences *, silence_fn *, void *arg); /* by id */
enum silence_state silence_state(const struct silence *, msec_t now);

#endif
