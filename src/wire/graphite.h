/*
 * graphite.h — one line of Graphite's plaintext protocol: "servers.db1.load 1.5 1700000000", with tags since Graphite 1.1:
 * "load;host=db1 1.5 1700000000".
 *
 * Pure.  Texts are views into the line.
 */
#ifndef WIRE_GRAPHITE_H
#define WIRE_GRAPHITE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"

enum { GRAPHITE_LINE = 4096, GRAPHITE_TAGS = 64 };

struct graphite {
	struct str path; /* without the tags */
	struct pair tags[GRAPHITE_TAGS];
	size_t n;
	double value;
	bool has_time;
	double time; /* seconds since 1970 */
};

CHECKED enum rc graphite_parse(struct str line, struct graphite *, struct err *);

#endif
