/*
 * runner.h — the process that runs plug-ins: asked over its socket, it answers how each one ended and what it printed.
 *
 * A plug-in runs as nobody where we are root, within limits (spawn.h), at most CONCURRENT at a time; the others wait
 * their turn.  At its time-out it is killed with all that it started.  Loop's thread.
 */
#ifndef CHECK_RUNNER_H
#define CHECK_RUNNER_H

#include "base/loop.h"

struct runner;
struct runner *runner_create(struct loop *, int listen_fd);
void runner_destroy(struct runner **); /* kills what runs */

#endif
