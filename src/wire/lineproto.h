/*
 * lineproto.h — InfluxDB's line protocol, one point at a time.
 *
 *     cpu,host=db1,core=0 user=1.5,count=3i,up=true,note="a, b" 1700000000000000000
 *
 *     struct lineproto l;
 *     lineproto_init(&l, text, &limits);
 *     while ((item = lineproto_next(&l)) != LINEPROTO_END)
 *             if (item == LINEPROTO_POINT) … l.measurement, l.tags, l.fields, l.time …   valid until the next call
 *             else … l.err.text: line, column, what was expected; the next call goes on behind the bad line
 *     lineproto_fini(&l);
 *
 * Only texts with escapes are copied.  A line stands for itself: a bad one does not spoil the others.  The text of a
 * string may hold line ends, so a bad line ends where its line ends, whatever was meant.
 */
#ifndef WIRE_LINEPROTO_H
#define WIRE_LINEPROTO_H

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pair.h"

enum lineproto_item { LINEPROTO_POINT, LINEPROTO_BAD, LINEPROTO_END };

struct lineproto_field {
	struct str name;
	bool is_text;  /* in quotes: no number */
	double value;  /* floats, integers, and 1 or 0 for a boolean */
};

struct lineproto_limits {
	size_t tags, fields; /* of one line */
	size_t tag_bytes;    /* of all tags of a line: its labels are stored once for each field */
	size_t name, value;  /* bytes of a name, of a tag's value */
};

struct lineproto {
	struct str measurement;
	VEC(struct pair) tags;
	VEC(struct lineproto_field) fields;
	bool has_time;
	int64_t time; /* in the unit that the request names */
	size_t line;  /* its number */
	struct err err;
	/* ours */
	const char *at, *end, *start; /* where we are; the text's end; where the line begins */
	struct lineproto_limits limits;
	struct arena *arena; /* of one line */
};

void lineproto_init(struct lineproto *, struct str text, const struct lineproto_limits *);
void lineproto_fini(struct lineproto *);
enum lineproto_item lineproto_next(struct lineproto *);

#endif
