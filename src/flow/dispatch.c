/* dispatch.c — the table of dispatch.h. */
#include "flow/dispatch.h"

#define RECORD_SELF struct dispatch
RECORD_LAYOUT(dispatch, DISPATCH_KEYS)
#undef RECORD_SELF
