/* rules.c — see rules.h. */
#include "conf/rules.h"

#include "base/map.h"

const char *const conf_evaluate[] = {"interval", "on_arrival", NULL};

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
	for (size_t i = 0; i < out->groups.n; i++)
		check_group(c, &out->groups.p[i]);
	check_names(c, out);
	return c->report->errors == errors;
}
