/*
 * log_reader.h — the write-ahead log as a stream of samples, for who sends them on.
 *
 * IDEA   The log is a queue that is there anyway: what was acknowledged is in it, in the order in which it came.  A reader
 *        follows it with a table of its own, so it needs nothing of the store but its files; where it stands is a
 *        segment and a number of bytes, and who resumes there reads the segment from its beginning, since what a
 *        record means depends on those before it.
 *
 * Exemplars come between the samples, where they came.  A segment begins with those that there are already: these are not given out
 * again.
 *
 * One thread for each reader; beside whoever writes.
 */
#ifndef TSDB_LOG_READER_H
#define TSDB_LOG_READER_H

#include "tsdb/tsdb.h"

struct log_reader;

/* A series as its segment names it. */
struct log_name {
	struct str tenant;
	struct labels labels;
	void *known; /* the caller's; at first NULL */
};
struct log_sample {
	struct log_name *series; /* until log_reader_create's `forget` is called */
	msec_t t;
	double v;
	msec_t start;         /* since when it counts; 0: that is not known */
	struct str histogram; /* canonical bytes of a native one; else no pointer.  Until the next call */
	bool exemplar;        /* it is one, with these labels; until the next call */
	struct labels labels;
};
struct log_samples {
	struct log_sample *p;
	size_t n, cap;
};

/* `forget` is called for each series of which `known` is not NULL, before it goes. */
struct log_reader *log_reader_create(const char *dir, struct tsdb_position from, void (*forget)(void *known));
void log_reader_destroy(struct log_reader **);
/* What one record holds is added, which may be nothing.  RC_ABSENT: that was all up to now.  `newest`: the segment that is
 * being written, asked for before the call. */
CHECKED enum rc log_reader_next(struct log_reader *, uint64_t newest, struct log_samples *, struct err *);
/* Behind what was read. */
struct tsdb_position log_reader_at(const struct log_reader *);

#endif
