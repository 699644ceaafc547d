/*
 * expo.h — pages of metrics: the text format 0.0.4 and 1.0.0, and OpenMetrics 1.0.
 *
 *     struct expo x;
 *     expo_init(&x, page, EXPO_TEXT, &limits);
 *     while ((item = expo_next(&x)) != EXPO_END)
 *             if (item == EXPO_SAMPLE) … x.series, x.labels, x.value …      valid until the next call
 *     rc = expo_end(&x, err);
 *     expo_fini(&x);
 *
 * Nothing is copied but texts with escapes.  `series` is the sample's name and labels exactly as the page
 * has them: a scraper that has seen these bytes before knows the series without looking at the labels.
 * Labels are checked for form here, for doubles and UTF-8 by whoever makes a set of them (labels_add).
 *
 * A page is good as a whole or not at all: the first error ends it, with line and column.  A page of
 * OpenMetrics that does not end with "# EOF" was cut, which is an error too.
 */
#ifndef WIRE_EXPO_H
#define WIRE_EXPO_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"

/* EXPO_PROTOBUF: text that metricpb.h has made, in which h0, h1 … in a value's place are native histograms beside it. */
enum expo_format { EXPO_TEXT, EXPO_OPENMETRICS, EXPO_PROTOBUF };
enum expo_item { EXPO_SAMPLE, EXPO_TYPE, EXPO_HELP, EXPO_UNIT, EXPO_END };

/* 0: no limit. */
struct expo_limits {
	size_t line, labels, name, value; /* bytes; count; bytes of a name; bytes of a value */
};

struct expo {
	/* a sample */
	struct str series;
	VEC(struct pair) labels; /* __name__ first, the others as they stand */
	double value;
	size_t native; /* instead of the value: which native histogram, plus one; 0: none */
	bool has_time;
	int64_t time; /* ms since 1970 */
	bool has_exemplar;
	VEC(struct pair) exemplar_labels;
	double exemplar_value;
	bool exemplar_has_time;
	int64_t exemplar_time;
	/* metadata: the family, and its type, help or unit */
	struct str family, text;
	bool refers; /* h0, h1 … in a value's place are native histograms beside the page; at first true of EXPO_PROTOBUF alone */
	/* ours */
	enum expo_format format;
	struct expo_limits limits;
	const char *at, *line, *line_end, *next, *end;
	size_t line_number;
	bool done, failed;
	struct arena *arena;
	struct err err;
};

void expo_init(struct expo *, struct str page, enum expo_format, const struct expo_limits *);
void expo_fini(struct expo *);
enum expo_item expo_next(struct expo *);
/* Takes the next line if it is a sample of exactly this series, and nothing otherwise; its labels are not read.  For who knows
 * what comes: a page is mostly the one before with other numbers. */
bool expo_take(struct expo *, struct str series);
/* Makes the page fail at the present line; for samples that the caller cannot take. */
void expo_fail(struct expo *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
CHECKED enum rc expo_end(struct expo *, struct err *);
/* Appends a text as pages have it within quotes, and with them. */
void expo_escape(struct buf *, struct str);
void expo_quote(struct buf *, struct str);

#endif
