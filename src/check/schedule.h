/*
 * schedule.h — tests every service, each at its own moment of its interval, and says what came of it.
 *
 * IDEA   The services are read from the book, again whenever it changed; one that is as it was goes on undisturbed.  A
 *        result is stored as samples, and a hard problem is an alert, sent again each minute until it is over.  What a
 *        restart must not forget is handed to `remember`.
 *
 * Loop's thread, but for checks_each.
 */
#ifndef CHECK_SCHEDULE_H
#define CHECK_SCHEDULE_H

#include "base/loop.h"
#include "check/probe.h"
#include "flow/alert.h"
#include "tsdb/tsdb.h"

struct check_doors {
	void *arg;
	void (*alerts)(void *arg, const struct alert_batch *);
	void (*remember)(void *arg, const struct check_memories *);
};

struct checks;

struct checks *checks_create(struct loop *, struct tsdb *, const struct probe_doors *, const struct check_doors *);
void checks_destroy(struct checks **);
/* Takes the services that are in force now. */
void checks_take(struct checks *, const struct book *);
/* What the ledger remembers of one service; once, after the first checks_take.  One that is gone is settled. */
void checks_restore(struct checks *, const struct check_memory *);
/* Something that was to be remembered was not: everything is said again within a minute. */
void checks_remember_again(struct checks *);

/* One service as it stands; texts live during the call. */
struct check_view {
	struct str customer, host, name, title, check, output;
	bool known; /* there was a result */
	enum check_state state;
	bool hard;
	int64_t attempt, max_attempts;
	msec_t since, last;
};
typedef void check_view_fn(void *arg, const struct check_view *);
/* In no order; any thread. */
void checks_each(struct checks *, check_view_fn *, void *arg);
size_t checks_count(const struct checks *);

#endif
