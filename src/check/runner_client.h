/*
 * runner_client.h — the core's side of the runner: programs are asked for, their results come back.
 *
 * Who asks holds a door; behind it stands the link to the runner, or in a play the script.  Loop's thread.
 */
#ifndef CHECK_RUNNER_CLIENT_H
#define CHECK_RUNNER_CLIENT_H

#include "base/loop.h"
#include "flow/run.h"

typedef void run_done(void *arg, const struct run_result *); /* NULL: the runner went away meanwhile */

struct runner_door {
	/* A number for cancelling, or 0: the runner is not there.  The answer comes later, once unless cancelled. */
	uint64_t (*run)(struct runner_door *, const struct run_request *, run_done *, void *arg);
	void (*cancel)(struct runner_door *, uint64_t);
};

struct runner_client;
struct runner_client *runner_client_create(struct loop *, const char *path);
void runner_client_destroy(struct runner_client **);
struct runner_door *runner_client_door(struct runner_client *);

#endif
