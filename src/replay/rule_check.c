/* rule_check.c — see rule_check.h. */
#include "replay/rule_check.h"

#include "alert/judges.h"
#include "base/map.h"
#include "base/os.h"
#include "promql/promql.h"
#include "rule/compile.h"

enum { FILE_BYTES = 32 << 20 };

static enum rc
judge_promql(struct str text, struct err *e)
{
	struct promql *q = NULL;
	enum rc rc = promql_parse(text, &q, e);
	promql_destroy(&q);
	return rc;
}

const struct conf_judges *
rule_judges(void)
{
	static struct conf_judges judges; /* the same whoever fills it in */
	judges_fill(&judges);
	judges.promql = judge_promql;
	return &judges;
}

/* ---- rules that say the same twice ---- */

struct lint {
	struct map *seen;
	struct buf text;
	size_t n, rules;
};

/* What is written in keys of ours, as the PromQL that it comes to. */
static void
show_compiled(const struct conf_rule *r, struct buf *out)
{
	struct arena *a = arena_create();
	struct rule_texts t;
	struct err e;
	bool ours = r->evolution || r->comparison || r->resolve_expr.n || r->on_no_data != NO_DATA_RESOLVE;
	if (ours && rule_compile(r, STR(""), NULL, clock_wall(clock_real()), a, &t, &e) == RC_OK)
		buf_fmt(out, "  %.*s: %.*s\n", STR_ARG(r->alert.n ? r->alert : r->record), STR_ARG(t.whole));
	arena_destroy(&a);
}

static struct str
name_of(const struct conf_rule *r)
{
	return r->alert.n ? r->alert : r->record;
}

static void
lint_rule(struct lint *l, const struct conf_rule *r)
{
	struct buf key = {0};
	l->rules++;
	buf_fmt(&key, "%.*s", STR_ARG(name_of(r)));
	for (size_t i = 0; i < r->labels.n; i++)
		buf_fmt(&key, "\n\t%.*s: %.*s", STR_ARG(r->labels.p[i].name), STR_ARG(r->labels.p[i].value));
	if (map_put(l->seen, buf_view(&key), l)) {
		l->n++;
		buf_fmt(&l->text, "Metric: %.*s\nLabel(s):\n", STR_ARG(name_of(r)));
		for (size_t i = 0; i < r->labels.n; i++)
			buf_fmt(&l->text, "\t%.*s: %.*s\n", STR_ARG(r->labels.p[i].name),
			    STR_ARG(r->labels.p[i].value));
	}
	buf_fini(&key);
}

static void
lint(const struct conf_rules *all, struct buf *out)
{
	struct lint l = {.seen = map_create()};
	for (size_t i = 0; i < all->groups.n; i++)
		for (size_t k = 0; k < all->groups.p[i].rules.n; k++)
			lint_rule(&l, &all->groups.p[i].rules.p[k]);
	for (size_t i = 0; i < all->groups.n; i++)
		for (size_t k = 0; k < all->groups.p[i].rules.n; k++)
			show_compiled(&all->groups.p[i].rules.p[k], out);
	if (l.n)
		buf_fmt(out,
		    "%zu duplicate rule(s) found.\n%sMight cause inconsistency while recording expressions\n",
		    l.n, l.text.p);
	buf_fmt(out, "  SUCCESS: %zu rules found\n\n", l.rules);
	map_destroy(&l.seen);
	buf_fini(&l.text);
}

/* ---- a file ---- */

bool
rule_check_file(const char *path, struct buf *out)
{
	struct report report;
	struct buf text = {0};
	struct err e;
	struct conf_rules rules = {0};
	struct binder binder = {
	    .arena = arena_create(), .report = &report, .marks = marks_create(), .top = &conf_rules_layout};
	report_init(&report);
	struct check check = {.report = &report, .marks = binder.marks, .judges = *rule_judges()};
	buf_fmt(out, "Checking %s\n", path);
	bool ok = os_read_file(path, FILE_BYTES, &text, &e) == RC_OK;
	if (!ok)
		report_error(&report, (struct place){path, 0, 0}, "%s", e.text);
	ok = ok && conf_rules_read(&check, &binder, path, buf_view(&text), &rules);
	if (!ok)
		buf_c(out, "  FAILED:\n");
	report_print(&report, out);
	if (ok)
		lint(&rules, out);
	else
		buf_ch(out, '\n');
	report_fini(&report);
	marks_destroy(&binder.marks);
	arena_destroy(&binder.arena);
	buf_fini(&text);
	return ok;
}
