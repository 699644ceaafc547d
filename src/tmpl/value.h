/*
 * value.h — what a template works on: a small, immutable value.
 *
 * Built in an arena by whoever has the data; texts, items and pairs are borrowed from it.  A list or map may
 * have a class, which gives it methods (`.Labels.SortedPairs`) and the name that %T prints.
 */
#ifndef TMPL_VALUE_H
#define TMPL_VALUE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pair.h"
#include "base/tz.h"

enum value_kind {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_STR,
	VALUE_LIST,
	VALUE_MAP,
	VALUE_TIME,
	VALUE_DURATION,
};

/* Go's zero time, the year 1: how its programs write "not yet". */
#define VALUE_TIME_ZERO ((msec_t)-62135596800000)

struct value_pair;
struct value_class;
struct value {
	enum value_kind kind;
	bool safe;                       /* STR: HTML that is not escaped again */
	const struct value_class *class; /* of LIST, MAP; may be NULL */
	union {
		bool b;
		int64_t i;
		double f;
		struct str s;
		struct {
			const struct value *items;
			size_t n;
		} list;
		struct {
			const struct value_pair *pairs; /* sorted by key, unique */
			size_t n;
		} map;
		struct {
			msec_t at;
			const struct tz *tz; /* NULL: UTC */
		} time;
		msec_t duration;
	};
};
struct value_pair {
	struct str key;
	struct value v;
};

struct run; /* a template being executed */
typedef enum rc value_fn(struct run *, const struct value *args, size_t n, struct value *out, struct err *);

struct value_method {
	const char *name;
	size_t args; /* besides the value itself, which is args[0] */
	value_fn *fn;
};
struct value_class {
	const char *name; /* Go's name of the type */
	bool fixed;       /* a struct: an unknown name is an error; else it gives `missing` */
	struct value missing;
	const struct value_method *methods;
	size_t n;
};

static inline struct value
value_bool(bool b)
{
	return (struct value){.kind = VALUE_BOOL, .b = b};
}
static inline struct value
value_int(int64_t i)
{
	return (struct value){.kind = VALUE_INT, .i = i};
}
static inline struct value
value_float(double f)
{
	return (struct value){.kind = VALUE_FLOAT, .f = f};
}
static inline struct value
value_str(struct str s)
{
	return (struct value){.kind = VALUE_STR, .s = s};
}
static inline struct value
value_time(msec_t at, const struct tz *tz)
{
	return (struct value){.kind = VALUE_TIME, .time = {at, tz}};
}

/* A map of texts with the methods of a label set: SortedPairs, Names, Values, Remove. */
struct value value_labels(struct pairs, struct arena *);
struct value value_strs(struct strs, struct arena *);
struct value value_list(const struct value *items, size_t n, const struct value_class *);
/* Sorts the pairs in place. */
struct value value_map(struct value_pair *, size_t n, const struct value_class *);

const struct value *value_get(const struct value *map, struct str key); /* or NULL */
bool value_true(const struct value *);
/* Go's name: "string", "[]string", "template.KV". */
const char *value_type(const struct value *);
/* As %v prints it; a text as it is. */
void value_print(const struct value *, struct buf *);
/* 'g' in the fewest digits, as Go prints a float64: 1e+06, 0.25, +Inf. */
void value_print_float(double, struct buf *);

extern const struct value_class class_labels, class_strings, class_pairs, class_pair;

#endif
