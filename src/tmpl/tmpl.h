/*
 * tmpl.h — Go's text/template language, with the functions of Prometheus and of Alertmanager.
 *
 * IDEA   A text is parsed once to a tree; running it is bounded in steps, depth and output, so that no
 * template can hold up the engine.  What only others can do (a PromQL query) is a callback.
 *
 * A set holds named templates, read-only once filled; any thread may run it.  Errors name template, line and
 * column.
 */
#ifndef TMPL_TMPL_H
#define TMPL_TMPL_H

#include "base/buf.h"
#include "tmpl/value.h"

enum tmpl_dialect { TMPL_PROMETHEUS, TMPL_ALERTMANAGER };

struct tmpl_env {
	msec_t now;
	struct str external_url;
	bool html;                       /* what is printed is escaped, unless it is safe */
	size_t step_limit, output_limit; /* 0: 1,000,000 steps; 1 MiB */
	/* `query`: a list of maps {Labels, Value}; NULL: the function is refused. */
	enum rc (*query)(void *context, struct str expr, struct arena *, struct value *out, struct err *);
	void *context;
};

struct tmpl_set;
struct tmpl_set *tmpl_set_create(enum tmpl_dialect);
void tmpl_set_destroy(struct tmpl_set **);
/* Adds the text as a template called `name`, and all that it defines; later definitions win. */
CHECKED enum rc tmpl_add(struct tmpl_set *, struct str name, struct str text, struct err *);
/* Memory of the run, for functions and methods that make values. */
struct arena *tmpl_arena(struct run *);
/* Alertmanager's default templates (what `email.default.html` and its like say), in our words. */
void tmpl_add_defaults(struct tmpl_set *);

/* Runs a named template; RC_ABSENT when there is none. */
CHECKED enum rc tmpl_run(const struct tmpl_set *, struct str name, const struct value *data,
    const struct tmpl_env *, struct buf *out, struct err *);
/* Parses and runs a text that may use the set's templates.  A text without "{{" is copied. */
CHECKED enum rc tmpl_expand(const struct tmpl_set *, struct str text, const struct value *data,
    const struct tmpl_env *, struct buf *out, struct err *);
/* Is this a template of the dialect?  For conf's judge. */
CHECKED enum rc tmpl_check(enum tmpl_dialect, struct str text, struct err *);

/* What {{ . }} is in an alert's labels and annotations; $labels, $value, $externalLabels and $externalURL
 * work too. */
struct value tmpl_alert_data(
    struct pairs labels, struct pairs external_labels, struct str external_url, double value, struct arena *);

#endif
