/*
 * run.h — a template being executed: what functions may look at.
 */
#ifndef TMPL_RUN_H
#define TMPL_RUN_H

#include "base/mem.h"
#include "tmpl/tree.h"

struct variable {
	struct str name;
	struct value value;
};

struct run {
	const struct tmpl_set *set;
	const struct tmpl_env *env;
	struct arena *arena; /* dies with the run */
	struct buf *out;
	size_t out_start;
	struct err *err;
	bool placed; /* the error has its place */
	VEC(struct variable) vars;
	size_t steps;
	unsigned depth;
	struct str name; /* of the template being run */
};

/* A text built in `b`, moved into the run's arena; frees `b`. */
struct value run_text(struct run *, struct buf *b);
/* Fails unless args[i] is a text. */
CHECKED enum rc want_str(const struct value *args, size_t i, const char *func, struct str *out, struct err *);
CHECKED enum rc want_int(const struct value *args, size_t i, const char *func, int64_t *out, struct err *);
/* A number, or a text that is one. */
CHECKED enum rc want_float(const struct value *, const char *func, double *out, struct err *);
/* Runs a tree in a run of its own; on a failure `out` is as it was. */
CHECKED enum rc run_root(const struct tmpl_set *, const struct tree *, const struct value *data,
    const struct tmpl_env *, struct buf *out, struct err *);
/* Runs a named template into `out`. */
CHECKED enum rc run_named(
    struct run *, struct str name, const struct value *dot, struct buf *out, struct err *);

extern const struct value_class class_time; /* methods of times, which carry no class */

/* Go's fmt.Sprintf. */
void format_go(const struct value *args, size_t n, struct buf *out);
/* Go's time.Format. */
void format_time(const struct value *time, struct str layout, struct buf *out);
/* & < > " ' as HTML. */
void escape_html(struct str, struct buf *);
/* For a URL's query; a space becomes +. */

#endif
