/*
 * perfdata.h — what a monitoring plug-in prints: a line for people, more lines, and measurements.
 *
 *     DISK WARNING - 8% free on / | /=42GB;40;45;0;50 'swap used'=12%;80;90
 *     more text
 *     still more | /home=3GB
 *
 * After the Monitoring Plugins Development Guidelines.  Pure; any bytes are an answer: what is not UTF-8 becomes
 * U+FFFD, a measurement that is none is passed over.
 */
#ifndef WIRE_PERFDATA_H
#define WIRE_PERFDATA_H

#include <stdbool.h>

#include "base/arena.h"

struct plugin_output {
	struct str first; /* one line, without its measurements */
	struct str more;  /* the further lines */
	struct str perf;  /* all measurements, for perf_next */
};

/* Texts live in the arena. */
void plugin_output_parse(struct str printed, struct arena *, struct plugin_output *);

/* "10" is outside 0..10, "10:" below 10, "~:10" above 10, "10:20" outside, "@10:20" inside. */
struct perf_range {
	bool set, inside;
	double from, to;
};
bool perf_range_parse(struct str, struct perf_range *);
bool perf_range_alerts(const struct perf_range *, double value);

struct perf_value {
	struct str label, unit; /* unit: "", s, ms, us, %, B, KB … c as they stand */
	double value;
	struct perf_range warning, critical;
	bool has_min, has_max;
	double min, max;
};

/* Takes the next measurement off the front of `*rest`; false when nothing was left. */
bool perf_next(struct str *rest, struct arena *, struct perf_value *);

#endif
