/*
 * prompb_read.h — Prometheus remote read: ReadRequest in, ReadResponse out (sampled, not in chunks).
 *
 *     struct prompb_read r;
 *     prompb_read_init(&r, body);
 *     while (prompb_read_next(&r))
 *             … r.from, r.to, r.matchers …     one query; valid until the next call; texts are views into the body
 *     rc = prompb_read_end(&r, err);
 *     prompb_read_fini(&r);
 *
 * An answer has for each query a QueryResult: series as prompb_add makes them, in one field of the response.
 */
#ifndef WIRE_PROMPB_READ_H
#define WIRE_PROMPB_READ_H

#include "base/err.h"
#include "base/mem.h"
#include "wire/proto.h"

enum { PROMPB_READ_MATCHERS = 256 };
/* In the protocol's order, which is label/matcher.h's, too. */
enum prompb_match { PROMPB_EQ, PROMPB_NE, PROMPB_RE, PROMPB_NRE };

struct prompb_matcher {
	enum prompb_match op;
	struct str name, value;
};

struct prompb_read {
	int64_t from, to; /* ms since 1970, both included */
	VEC(struct prompb_matcher) matchers;
	/* ours */
	struct proto request;
	bool failed;
	struct err err;
};

/* Would the asker rather have XOR chunks in a stream than samples? */
bool prompb_read_wants_chunks(struct str request);

void prompb_read_init(struct prompb_read *, struct str body);
void prompb_read_fini(struct prompb_read *);
bool prompb_read_next(struct prompb_read *);
CHECKED enum rc prompb_read_end(struct prompb_read *, struct err *);

#endif
