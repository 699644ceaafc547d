/* rules.c — see rules.h. */
#include "conf/rules.h"

#include "base/map.h"
#include "base/time.h"

const char *const conf_evaluate[] = {"interval", "on_arrival", NULL};
const char *const conf_asked[] = {"", "local", "remote", NULL};

const char *const conf_directions[] = {"up", "down", "any", NULL};
const char *const conf_no_data[] = {"resolve", "keep", "fire", NULL};

#define RECORD_SELF struct conf_evolution
RECORD_LAYOUT(conf_evolution, CONF_EVOLUTION_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_comparison
RECORD_LAYOUT(conf_comparison, CONF_COMPARISON_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_flapping
RECORD_LAYOUT(conf_flapping, CONF_FLAPPING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_rule
RECORD_LAYOUT(conf_rule, CONF_RULE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_rule_group
RECORD_LAYOUT(conf_rule_group, CONF_RULE_GROUP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_rules
RECORD_LAYOUT(conf_rules, CONF_RULES_KEYS)
#undef RECORD_SELF

static void
check_labels(
    struct check *c, const struct layout *l, const void *record, const char *key, struct pairs labels)
{
	for (size_t i = 0; i < labels.n; i++) {
		struct str name = labels.p[i].name;
		if (!check_label_name(name, true) || str_is(name, "__name__"))
			check_error(
			    c, l, record, key, "\"%.*s\" cannot be the name of a label here", STR_ARG(name));
		else
			check_text(c, c->judges.rule_template, labels.p[i].value,
			    marks_place(c->marks, l, record, key), key);
	}
}

bool
conf_share(struct str s, double *out)
{
	bool percent = s.n && s.p[s.n - 1] == '%';
	if (!str_f64(str_trim(str_to(s, s.n - percent)), out) || !(*out > 0 && *out < 1e6))
		return false;
	*out /= percent ? 100 : 1;
	return true;
}

static void
check_share(struct check *c, const struct layout *l, const void *record, const char *key, struct str s)
{
	double share;
	if (marks_get(c->marks, l, record, key) && !conf_share(s, &share))
		check_error(c, l, record, key, "\"%.*s\" is not a share such as 5%% or 0.05", STR_ARG(s));
}

static void
check_days(struct check *c, const struct conf_comparison *r)
{
	for (size_t i = 0; i < r->with.n; i++) {
		msec_t ago;
		if (!duration_parse(r->with.p[i], &ago) || ago <= 0 || ago % DAY || ago > 366 * DAY)
			check_error(c, &conf_comparison_layout, r, "with", "\"%.*s\" is not a number of whole days such as 1d or 1w", STR_ARG(r->with.p[i]));
	}
}

/* What stands instead of an expression, and what only alerts can have. */
static void
check_ours(struct check *c, const struct conf_rule *r)
{
	const struct layout *l = &conf_rule_layout;
	bool written = r->expr.n || marks_get(c->marks, l, r, "expr");
	if (!written && !r->evolution && !r->comparison)
		check_error(c, l, r, NULL, "\"expr\" is missing in rule: the expression");
	if (written + (r->evolution != NULL) + (r->comparison != NULL) > 1)
		check_error(c, l, r, r->comparison ? "comparison" : "evolution", "a rule has one of expr, evolution and comparison");
	if (r->evolution) {
		check_text(c, c->judges.promql, r->evolution->of, marks_place(c->marks, &conf_evolution_layout, r->evolution, "of"), "of");
		check_share(c, &conf_evolution_layout, r->evolution, "more_than", r->evolution->more_than);
	}
	if (r->comparison) {
		check_text(c, c->judges.promql, r->comparison->of, marks_place(c->marks, &conf_comparison_layout, r->comparison, "of"), "of");
		check_share(c, &conf_comparison_layout, r->comparison, "within", r->comparison->within);
		check_text(c, c->judges.zone, r->comparison->time_zone, marks_place(c->marks, &conf_comparison_layout, r->comparison, "time_zone"), "time_zone");
		check_days(c, r->comparison);
	}
	if (r->resolve_expr.n)
		check_text(c, c->judges.promql, r->resolve_expr, marks_place(c->marks, l, r, "resolve_expr"), "resolve_expr");
	if (r->flapping && (r->flapping->changes < 2 || r->flapping->changes > FLAP_CHANGES_MAX))
		check_error(c, &conf_flapping_layout, r->flapping, "changes", "from 2 to %d changes can be counted", FLAP_CHANGES_MAX);
	if (r->record.n && (r->resolve_expr.n || r->on_no_data || r->flapping))
		check_error(c, l, r, r->resolve_expr.n ? "resolve_expr" : r->flapping ? "flapping" : "on_no_data",
		    "only alerting rules have resolve_expr, on_no_data and flapping");
}

static void
check_rule(struct check *c, const struct conf_rule *r)
{
	const struct layout *l = &conf_rule_layout;
	if (!r->alert.n == !r->record.n)
		check_error(
		    c, l, r, r->alert.n ? "record" : NULL, "a rule has either \"alert\" or \"record\"");
	if (r->expr.n == 0 && marks_get(c->marks, l, r, "expr"))
		check_error(c, l, r, "expr", "the expression is empty");
	if (r->expr.n)
		check_text(c, c->judges.promql, r->expr, marks_place(c->marks, l, r, "expr"), "expr");
	if (r->record.n && !str_utf8(r->record))
		check_error(c, l, r, "record", "the name of a series must be UTF-8");
	if (str_chr(r->record, '{') >= 0 || str_chr(r->record, '}') >= 0)
		check_error(c, l, r, "record", "braces in the name of a series: do they belong into expr?");
	if (r->record.n && (r->for_ || r->keep_firing_for || r->annotations.n))
		check_error(c, l, r,
		    r->for_            ? "for"
		    : r->annotations.n ? "annotations"
				       : "keep_firing_for",
		    "only alerting rules have for, keep_firing_for and annotations");
	check_ours(c, r);
	check_labels(c, l, r, "labels", r->labels);
	check_labels(c, l, r, "annotations", r->annotations);
}

static void
check_group(struct check *c, const struct conf_rule_group *g)
{
	if (g->name.n == 0 && marks_has(c->marks, conf_rule_group, g, "name"))
		check_error(c, &conf_rule_group_layout, g, "name", "a group's name cannot be empty");
	if (g->limit < 0)
		check_error(c, &conf_rule_group_layout, g, "limit", "a limit cannot be negative");
	if (g->evaluate == EVALUATE_ON_ARRIVAL && g->query == ASKED_REMOTE)
		check_error(c, &conf_rule_group_layout, g, "query",
		    "what has just arrived here is not in the cluster yet: rules that are evaluated on arrival ask the local store");
	for (size_t i = 0; i < g->rules.n; i++)
		check_rule(c, &g->rules.p[i]);
}

static void
check_names(struct check *c, const struct conf_rules *all)
{
	struct map *seen = map_create();
	for (size_t i = 0; i < all->groups.n; i++) {
		const struct conf_rule_group *g = &all->groups.p[i];
		const struct conf_rule_group *first = map_put(seen, g->name, (void *)g);
		if (first)
			check_error(c, &conf_rule_group_layout, g, "name",
			    "there are two groups \"%.*s\"; the first stands in line %u", STR_ARG(g->name),
			    marks_place(c->marks, &conf_rule_group_layout, first, "name").line);
	}
	map_destroy(&seen);
}

bool
conf_rules_read(struct check *c, struct binder *b, const char *file, struct str text, struct conf_rules *out)
{
	size_t errors = c->report->errors;
	struct node *tree = node_read(file, text, b->arena, c->report);
	if (!tree)
		return false;
	bind_record(b, &conf_rules_layout, out, tree);
	out->file = arena_str(b->arena, str_c(file));
	for (size_t i = 0; i < out->groups.n; i++) {
		struct conf_rule_group *g = &out->groups.p[i];
		check_group(c, g);
		if (!marks_has(c->marks, conf_rule_group, g, "query_offset"))
			g->query_offset = c->query_offset;
	}
	check_names(c, out);
	return c->report->errors == errors;
}
