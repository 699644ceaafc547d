/* parse_selector.c — selectors, and lists of labels. */
#include "promql/parser.h"

#include <string.h>

/* ---- selectors ---- */

static struct node *
selector_new(struct parser *p, const char *start)
{
	struct node *n = parse_node(p, NODE_SELECTOR, start);
	n->type = PROMQL_VECTOR;
	*vec_add(&p->q->selectors) = n;
	return n;
}

static bool
add_matcher(
    struct parser *p, struct node *n, struct str name, enum match_op op, struct str value, const char *at)
{
	struct err e;
	if (matchers_add(&n->matchers, name, op, value, &e) == RC_OK)
		return true;
	PARSE_FAIL(p, at, "%s", e.text);
	return false;
}

static bool
one_matcher(struct parser *p, struct node *n, bool *named)
{
	static const struct {
		enum sign sign;
		enum match_op op;
	} ops[] = {{SIGN_ASSIGN, MATCH_EQ}, {SIGN_NEQ, MATCH_NE}, {SIGN_MATCH, MATCH_RE},
	    {SIGN_NOT_MATCH, MATCH_NRE}};
	const char *start = p->t.text.p;
	struct str name = p->t.text, value;
	bool quoted = p->t.kind == TOK_STRING;
	if (!quoted && (p->t.kind != TOK_NAME || !label_name_is_classic(name)) &&
	    (p->t.kind != TOK_NUMBER || !label_name_is_classic(name))) {
		parse_unexpected(p, p->t.kind == TOK_NUMBER ? "" : "label matching, expected identifier or \"}\"");
		return false;
	}
	if (quoted && !parse_string(p, &name))
		return false;
	if (!quoted)
		parse_advance(p);
	if (quoted && (parse_at(p, SIGN_COMMA) || parse_at(p, SIGN_RIGHT_BRACE))) {
		if (*named || name.n == 0 || !str_utf8(name)) {
			if (*named)
				PARSE_FAIL(p, n->text.p, "metric name must not be set twice: \"%.*s\" or \"%.*s\"",
				    STR_ARG(n->matchers.p[0].value), STR_ARG(name));
			else
				PARSE_FAIL(p, start, "invalid metric name \"%.*s\"", STR_ARG(name));
			return false;
		}
		*named = n->named = true;
		return add_matcher(p, n, STR(LABEL_METRIC), MATCH_EQ, name, start);
	}
	for (size_t i = 0; i < 4; i++) {
		if (!parse_at(p, ops[i].sign))
			continue;
		parse_advance(p);
		if (p->t.kind != TOK_STRING) {
			parse_unexpected(p, "label matching, expected string");
			return false;
		}
		return parse_string(p, &value) && add_matcher(p, n, name, ops[i].op, value, start);
	}
	parse_unexpected(p, "label matching, expected label matching operator");
	return false;
}

static bool
matcher_braces(struct parser *p, struct node *n, bool named)
{
	while (!parse_take(p, SIGN_RIGHT_BRACE)) {
		if (!one_matcher(p, n, &named))
			return false;
		if (!parse_take(p, SIGN_COMMA) && !parse_at(p, SIGN_RIGHT_BRACE)) {
			parse_unexpected(p, "label matching, expected \",\" or \"}\"");
			return false;
		}
	}
	return true;
}

static bool
name_stands_twice(const struct matchers *ms)
{
	for (size_t i = 1; i < ms->n; i++)
		if (str_is(ms->p[i].name, LABEL_METRIC))
			return true;
	return false;
}

/* `name` may be empty: then a brace stands here. */
struct node *
parse_selector(struct parser *p, struct str name, const char *start)
{
	struct node *n = selector_new(p, start);
	n->named = name.n > 0;
	if (name.n && !add_matcher(p, n, STR(LABEL_METRIC), MATCH_EQ, name, start))
		return NULL;
	if (parse_take(p, SIGN_LEFT_BRACE) && !matcher_braces(p, n, name.n > 0))
		return NULL;
	if (name.n && name_stands_twice(&n->matchers))
		return PARSE_FAIL(p, start, "metric name must not be set twice: \"%.*s\" or \"%.*s\"",
		    STR_ARG(name), STR_ARG(n->matchers.p[1].value));
	return parse_end(p, n);
}

/* ---- lists of labels ---- */

bool
parse_labels(struct parser *p, struct strs *out)
{
	VEC(struct str) names = {0};
	if (!parse_need(p, SIGN_LEFT_PAREN, "grouping opts, expected \"(\""))
		return false;
	while (!parse_at(p, SIGN_RIGHT_PAREN)) {
		struct str name = p->t.text;
		bool quoted = p->t.kind == TOK_STRING;
		if (quoted ? !parse_string(p, &name) : !label_name_is_classic(name)) {
			parse_unexpected(p, "grouping opts, expected label");
			break;
		}
		if (!quoted)
			parse_advance(p);
		*vec_add(&names) = name;
		if (!parse_take(p, SIGN_COMMA) && !parse_at(p, SIGN_RIGHT_PAREN)) {
			parse_unexpected(p, "grouping opts, expected \",\" or \")\"");
			break;
		}
	}
	out->p = arena_array(p->q->arena, struct str, names.n + 1);
	out->n = names.n;
	if (names.n)
		memcpy(out->p, names.p, names.n * sizeof *names.p);
	vec_fini(&names);
	return !p->failed && parse_need(p, SIGN_RIGHT_PAREN, "grouping opts, expected \")\"");
}
