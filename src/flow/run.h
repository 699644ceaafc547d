/*
 * run.h — what the core and the runner say to each other, as frames (frame.h) whose id is chosen by the core.
 */
#ifndef FLOW_RUN_H
#define FLOW_RUN_H

#include "flow/record.h"

enum run_frame {
	RUN_REQUEST = 1, /* core -> runner: run_request */
	RUN_RESULT,      /* runner -> core: run_result */
};

extern const char *const run_outcomes[];
enum run_outcome {
	RUN_EXITED,
	RUN_SIGNALLED,
	RUN_TIMED_OUT,
	RUN_FAILED,  /* it could not be started */
	RUN_REFUSED, /* too many wait already */
};

enum { RUN_OUTPUT_MAX = 8 << 10 };

#define RUN_REQUEST_KEYS(F)                                                                                  \
	F(STRS, argv, 0, KEY_REQUIRED, "", "the program, by its absolute path, and its arguments")           \
	F(DUR, timeout, 0, 0, "10s", "when it is killed, with all that it started")
RECORD(run_request, RUN_REQUEST_KEYS)

#define RUN_RESULT_KEYS(F)                                                                                   \
	F(ENUM, outcome, run_outcomes, 0, "exited", "how it ended")                                          \
	F(I64, status, 0, 0, "", "its exit status, or the signal")                                           \
	F(STR, output, 0, 0, "", "the first 8 KB of what it printed")                                        \
	F(STR, why, 0, 0, "", "why it could not be started")                                                 \
	F(I64, micros, 0, 0, "", "how long it took")
RECORD(run_result, RUN_RESULT_KEYS)

#endif
