/*
 * route.h — who is told of which alert, and when: the tree of routes, inhibition, time intervals.
 *
 * After loading, every route has its receiver, group_by and intervals resolved against its parents.
 */
#ifndef CONF_ROUTE_H
#define CONF_ROUTE_H

#include "conf/http.h"

extern const char *const conf_desk_words[];
enum conf_desk { DESK_DEFAULT, DESK_OPEN, DESK_PROPOSE, DESK_NONE };

#define CONF_TIME_RANGE_KEYS(F)                                                                              \
	F(STR, start_time, 0, KEY_REQUIRED, "", "from, HH:MM")                                               \
	F(STR, end_time, 0, KEY_REQUIRED, "", "until, HH:MM; 24:00 is the end of the day")
RECORD(conf_time_range, CONF_TIME_RANGE_KEYS)

#define CONF_TIME_INTERVAL_KEYS(F)                                                                           \
	F(MANY, times, conf_time_range, 0, "", "parts of the day")                                           \
	F(STRS, weekdays, 0, 0, "", "days of the week and ranges of them: monday:friday")                    \
	F(STRS, days_of_month, 0, 0, "", "days of the month and ranges; -1 is the last day")                 \
	F(STRS, months, 0, 0, "", "months and ranges, as names or numbers")                                  \
	F(STRS, years, 0, 0, "", "years and ranges")                                                         \
	F(STR, location, 0, 0, "", "the time zone that all of this is meant in; default: UTC")
RECORD(conf_time_interval, CONF_TIME_INTERVAL_KEYS)

#define CONF_NAMED_INTERVALS_KEYS(F)                                                                         \
	F(STR, name, 0, KEY_REQUIRED, "", "the name that routes use")                                        \
	F(MANY, time_intervals, conf_time_interval, 0, "", "it applies when one of these does")
RECORD(conf_named_intervals, CONF_NAMED_INTERVALS_KEYS)

#define CONF_INHIBIT_KEYS(F)                                                                                 \
	F(STR, name, 0, 0, "", "a name for sentences")                                                       \
	F(PAIRS, source_match, 0, 0, "", "the old way: labels that the inhibiting alert has")                \
	F(PAIRS, source_match_re, 0, 0, "", "the old way: expressions for labels of the inhibiting alert")   \
	F(STRS, source_matchers, 0, KEY_BARE, "", "matchers for the inhibiting alert")                       \
	F(PAIRS, target_match, 0, 0, "", "the old way: labels that the inhibited alert has")                 \
	F(PAIRS, target_match_re, 0, 0, "", "the old way: expressions for labels of the inhibited alert")    \
	F(STRS, target_matchers, 0, KEY_BARE, "", "matchers for the inhibited alert")                        \
	F(STRS, equal, 0, 0, "", "labels that both must have alike")
RECORD(conf_inhibit, CONF_INHIBIT_KEYS)

#define CONF_ROUTE_KEYS(F)                                                                                   \
	F(STR, receiver, 0, 0, "", "who is told; default: as the parent")                                    \
	F(STRS, group_by, 0, 0, "", "labels that make a group; ... : all of them; default: as the parent")   \
	F(PAIRS, match, 0, 0, "", "the old way: labels that an alert must have")                             \
	F(PAIRS, match_re, 0, 0, "", "the old way: expressions for labels")                                  \
	F(STRS, matchers, 0, KEY_BARE, "", "what an alert must match to come here")                          \
	F(STRS, mute_time_intervals, 0, 0, "", "intervals in which it is silent")                            \
	F(STRS, active_time_intervals, 0, 0, "", "intervals outside which it is silent")                     \
	F(BOOL, continue_, 0, 0, "false", "an alert that matched here is tried at the next sibling, too")    \
	F(DUR, group_wait, 0, 0, "",                                                                         \
	    "how long a new group waits for company; default: as the parent, 30s at the root")               \
	F(DUR, group_interval, 0, 0, "",                                                                     \
	    "how long until news of a group are told; default: as the parent, 5m at the root")               \
	F(DUR, repeat_interval, 0, 0, "",                                                                    \
	    "how long until nothing new is told again; default: as the parent, 4h at the root")              \
	F(PAIRS, labels, 0, 0, "", "labels of the route, for templates; inherited")                          \
	F(ENUM, desk, conf_desk_words, KEY_OURS, "",                                                         \
	    "what becomes of it at the desk: open a ticket, propose one, or none")                           \
	F(MANY, routes, conf_route, 0, "", "routes below this one")
RECORD(conf_route, CONF_ROUTE_KEYS)

#endif
