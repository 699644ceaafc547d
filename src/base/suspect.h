/*
 * suspect.h — what a process was working on when it died, and what has killed twice.
 *
 * IDEA   A page of memory, kept in a file, that all processes of the instance share: each thread notes the fingerprint
 *        of the request or message it works on, a panic says which of them it was, and the keeper, who survives, counts.
 *        What has killed twice is barred: whoever meets it again refuses it instead of dying a third time.
 * TRAP   A process that somebody killed says nothing about its work: only its own crashes count, or a request that
 *        happened to be there at two restarts would be refused for ever.
 * TRAP   Another program may not have the bug: what is known is of one build, and a file of another is begun anew.
 *
 * Without suspect_share all of it does nothing: tests, plays and the command line.
 */
#ifndef BASE_SUSPECT_H
#define BASE_SUSPECT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum { SUSPECT_WHAT = 160, SUSPECTS_MAX = 64, SUSPECT_DEATHS = 2 };

struct suspect {
	uint64_t print; /* never 0 */
	int deaths;     /* barred from SUSPECT_DEATHS on */
	msec_t last;
	char role[16], what[SUSPECT_WHAT];
};

/* Before the roles are started.  `build` tells programs apart. */
CHECKED enum rc suspect_share(const char *path, const char *build, struct err *);
/* Which role this process plays; the name is kept. */
void suspect_role(const char *name);

/* This thread begins, or ends, work on something.  What one begin notes the next replaces. */
void suspect_begin(uint64_t print, const char *what, ...) __attribute__((format(printf, 2, 3)));
void suspect_end(void);
bool suspect_barred(uint64_t print);

/* What this thread works on is what it dies of; signal-safe. */
void suspect_guilty(void);
/* The keeper: a role ended, by its own fault or not. */
void suspect_died(const char *role, bool crashed, msec_t now);
/* Did the role of this process end by a crash the last time? */
bool suspect_after_crash(void);

/* All that are known, also those that killed once. */
size_t suspect_list(struct suspect out[SUSPECTS_MAX]);
/* Goes up with each that is barred or forgotten. */
uint64_t suspect_changes(void);
/* False when it is not there. */
bool suspect_forget(uint64_t print);

#endif
