/* pin.c — see pin.h. */
#include "cluster/pin.h"

/* customer="acme", or customer=~"acme|zenith\\.example". */
static enum match_op
matcher_of(const struct pin *p, struct buf *value)
{
	if (p->customers.n == 1) {
		buf_str(value, p->customers.p[0]);
		return MATCH_EQ;
	}
	for (size_t i = 0; i < p->customers.n; i++) {
		struct str name = p->customers.p[i];
		buf_c(value, i ? "|" : "");
		for (size_t k = 0; k < name.n; k++) {
			bool plain = (name.p[k] | 32) >= 'a' && (name.p[k] | 32) <= 'z';
			if (!plain && !(name.p[k] >= '0' && name.p[k] <= '9'))
				buf_ch(value, '\\');
			buf_ch(value, name.p[k]);
		}
	}
	return MATCH_RE;
}

static enum rc
require(const struct pin *p, struct promql *q, struct buf *out, struct err *e)
{
	struct buf value = {0};
	enum match_op op = matcher_of(p, &value);
	enum rc rc = promql_require(q, p->label, op, buf_view(&value), e);
	if (rc == RC_OK)
		promql_print(q, out);
	buf_fini(&value);
	return rc;
}

enum rc
pin_query(const struct pin *p, struct str expression, struct buf *out, struct err *e)
{
	struct promql *q = NULL;
	enum rc rc = promql_parse(expression, &q, e);
	if (rc == RC_OK)
		rc = require(p, q, out, e);
	promql_destroy(&q);
	return rc == RC_REFUSED ? RC_INVALID : rc;
}

enum rc
pin_selector(const struct pin *p, struct str selector, struct buf *out, struct err *e)
{
	struct matchers ms = {0};
	struct buf value = {0};
	enum rc rc = selector.n ? promql_parse_selector(selector, &ms, e) : RC_OK;
	enum match_op op = matcher_of(p, &value);
	if (rc == RC_OK)
		rc = matchers_add(&ms, p->label, op, buf_view(&value), e);
	if (rc == RC_OK)
		matchers_print(out, &ms);
	matchers_fini(&ms);
	buf_fini(&value);
	return rc;
}
