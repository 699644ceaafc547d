/* drill.c — see drill.h. */
#include "flow/drill.h"

#include <stddef.h>

#define RECORD_SELF struct drill_order
RECORD_LAYOUT(drill_order, DRILL_ORDER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct drill
RECORD_LAYOUT(drill, DRILL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct drill_step
RECORD_LAYOUT(drill_step, DRILL_STEP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct drill_view
RECORD_LAYOUT(drill_view, DRILL_VIEW_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct channel_view
RECORD_LAYOUT(channel_view, CHANNEL_VIEW_KEYS)
#undef RECORD_SELF
