/* route.c — see route.h. */
#include "conf/route.h"

const char *const conf_desk_words[] = {"", "open", "propose", "none", NULL};

#define RECORD_SELF struct conf_time_range
RECORD_LAYOUT(conf_time_range, CONF_TIME_RANGE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_time_interval
RECORD_LAYOUT(conf_time_interval, CONF_TIME_INTERVAL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_named_intervals
RECORD_LAYOUT(conf_named_intervals, CONF_NAMED_INTERVALS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_inhibit
RECORD_LAYOUT(conf_inhibit, CONF_INHIBIT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_route
RECORD_LAYOUT(conf_route, CONF_ROUTE_KEYS)
#undef RECORD_SELF
