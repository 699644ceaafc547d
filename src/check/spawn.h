/*
 * spawn.h — starts a program that nobody trusts: no shell, no privileges, no inheritance, limits on all it may take.
 */
#ifndef CHECK_SPAWN_H
#define CHECK_SPAWN_H

#include <sys/types.h>

#include "flow/run.h"

/* Under which user programs run; root becomes nobody, everybody else stays what it is. */
struct spawn_user {
	bool change;
	uid_t uid;
	gid_t gid;
};
struct spawn_user spawn_user_find(void);

struct spawned {
	pid_t pid; /* leads a process group of its own */
	int pidfd; /* readable when it has ended */
	int out;   /* what it prints; not blocking */
};
CHECKED enum rc spawn(const struct run_request *, const struct spawn_user *, struct spawned *, struct err *);

#endif
