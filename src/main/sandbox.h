/*
 * sandbox.h — a process gives up what its work does not need, before it touches anything from outside.
 *
 * Called once by each role, in its only thread; what starts later inherits it.  What the kernel refuses to take away
 * (old kernels, containers) is said in the log, and the role works without.
 */
#ifndef MAIN_SANDBOX_H
#define MAIN_SANDBOX_H

#include "main/house.h"

/* What was given up; in the answer of sandbox_enter. */
enum {
	SANDBOX_CALLS = 1, /* system calls that are not its business */
	SANDBOX_PATHS = 2, /* writing outside its folders, and reading what is not its business */
};
unsigned sandbox_enter(const struct house *, const char *role);

/* What one role keeps; the table is in sandbox.c. */
struct keeps {
	const char *role;
	bool programs;         /* starts other programs */
	bool gains;            /* these may gain rights that we do not have (setuid, file capabilities) */
	bool root;             /* stays root where server.user names somebody else */
	bool data;             /* reads and writes the data folder; without, it cannot even read it */
	bool anywhere;         /* paths are not restricted: the user that programs run under is the border */
	const char *writes[3]; /* folders that it writes into besides */
	int caps[4];           /* capabilities plus one, so that 0 ends the list */
};

/* sandbox_calls.c: false when the kernel refuses. */
bool sandbox_calls(const struct keeps *);
/* sandbox_paths.c: false when the kernel has no Landlock. */
bool sandbox_paths(const struct keeps *, const struct house *);

#endif
