/* alert.c — the tables of alert.h. */
#include "flow/alert.h"

#include <stddef.h>

#define RECORD_SELF struct alert
RECORD_LAYOUT(alert, ALERT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct alert_batch
RECORD_LAYOUT(alert_batch, ALERT_BATCH_KEYS)
#undef RECORD_SELF
