/*
 * play.h — scenarios of the whole product in virtual time (tests/play/).
 *
 * IDEA   A play runs every decision and every store of the real program in one process and one thread, on a clock that
 *        jumps from one due moment to the next.  What is replaced is the doors: telephones, the mail server, other
 *        people's web servers and plug-ins do what the script says.  `kill` drops all memory and every effect that was
 *        not committed; `start` opens the same files.  Timers of one moment go off in an order drawn from a seed.
 */
#ifndef MAIN_PLAY_H
#define MAIN_PLAY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Runs one file: RC_INVALID with "file:line: what" at the first thing that is not as it says.  Seed 0: timers of one
 * moment go off in the order in which they were set.
 */
CHECKED enum rc play_run(const char *path, uint64_t seed, struct str *title, struct arena *, struct err *);

/* What a play can say, from its table (play.def). */
void play_statements(struct buf *);

#endif
