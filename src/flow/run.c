/* run.c — the tables of run.h. */
#include "flow/run.h"

#include <stddef.h>

const char *const run_outcomes[] = {"exited", "signalled", "timed_out", "failed", "refused", NULL};

#define RECORD_SELF struct run_request
RECORD_LAYOUT(run_request, RUN_REQUEST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct run_result
RECORD_LAYOUT(run_result, RUN_RESULT_KEYS)
#undef RECORD_SELF
