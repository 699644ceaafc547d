/* matcher.c — see matcher.h; reading matchers from text is in matcher_parse.c. */
#include "label/matcher.h"

#include "base/quote.h"

const char *
match_op_text(enum match_op op)
{
	static const char *const texts[] = {"=", "!=", "=~", "!~"};
	return texts[op];
}

enum rc
matchers_add(struct matchers *ms, struct str name, enum match_op op, struct str value, struct err *e)
{
	struct regex *regex = NULL;
	if (op == MATCH_RE || op == MATCH_NRE) {
		enum rc rc = regex_create(value, REGEX_WHOLE, &regex, e);
		if (rc != RC_OK)
			return rc;
	}
	*vec_add(ms) = (struct matcher){
	    .op = op,
	    .name = str_n(mem_dup(name.p, name.n), name.n),
	    .value = str_n(mem_dup(value.p, value.n), value.n),
	    .regex = regex,
	};
	return RC_OK;
}

void
matchers_cut(struct matchers *ms, size_t n)
{
	while (ms->n > n) {
		struct matcher *m = &ms->p[--ms->n];
		mem_free((char *)m->name.p);
		mem_free((char *)m->value.p);
		regex_destroy(&m->regex);
	}
}

void
matchers_fini(struct matchers *ms)
{
	matchers_cut(ms, 0);
	vec_fini(ms);
}

bool
matcher_matches(const struct matcher *m, struct str value)
{
	switch (m->op) {
	case MATCH_EQ: return str_eq(value, m->value);
	case MATCH_NE: return !str_eq(value, m->value);
	case MATCH_RE: return regex_matches(m->regex, value);
	case MATCH_NRE: return !regex_matches(m->regex, value);
	}
	return false;
}

bool
matchers_match(const struct matchers *ms, struct labels ls)
{
	for (size_t i = 0; i < ms->n; i++)
		if (!matcher_matches(&ms->p[i], labels_get(ls, ms->p[i].name)))
			return false;
	return true;
}

void
matchers_print(struct buf *b, const struct matchers *ms)
{
	buf_ch(b, '{');
	for (size_t i = 0; i < ms->n; i++) {
		const struct matcher *m = &ms->p[i];
		if (i)
			buf_c(b, ", ");
		if (label_name_is_classic(m->name))
			buf_str(b, m->name);
		else
			quote_add(b, m->name);
		buf_c(b, match_op_text(m->op));
		quote_add(b, m->value);
	}
	buf_ch(b, '}');
}
