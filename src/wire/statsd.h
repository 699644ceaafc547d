/*
 * statsd.h — one line of StatsD: "requests:1|c|@0.1", with DogStatsD's tags: "latency:320|ms|#route:/a,code:200".
 *
 * Pure.  Texts are views into the line.
 */
#ifndef WIRE_STATSD_H
#define WIRE_STATSD_H

#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"

enum { STATSD_LINE = 4096, STATSD_TAGS = 64 };
enum statsd_type { STATSD_COUNTER, STATSD_GAUGE, STATSD_TIMER, STATSD_SET };

struct statsd_line {
	struct str name;
	enum statsd_type type;
	struct str text; /* the value as it stands; all that a set has */
	double value;
	bool relative;   /* a gauge with a sign: add it */
	double rate;     /* above 0, at most 1 */
	struct pair tags[STATSD_TAGS];
	size_t n;
};

CHECKED enum rc statsd_parse(struct str line, struct statsd_line *, struct err *);

#endif
