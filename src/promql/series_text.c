/* series_text.c — see series_text.h. */
#include "promql/series_text.h"

#include "promql/promql.h"
#include "tsdb/tsdb.h"

enum { ITEMS_MAX = 1000000 };

static enum rc
repeat(struct series_items *out, struct series_item it, double step, int64_t times, struct err *e)
{
	if (times < 0 || times > ITEMS_MAX || out->n + (size_t)times > ITEMS_MAX)
		return err_set(e, RC_REFUSED, "more than %d values of one series", ITEMS_MAX);
	for (int64_t i = 0; i < times; i++) {
		struct series_item now = it;
		if (step != 0) /* the mark of staleness is a NaN that arithmetic would change */
			now.v += (double)i * step;
		*vec_add(out) = now;
	}
	return RC_OK;
}

/* Where a number ends: before an 'x', a blank, or a sign that is not its own nor its exponent's. */
static size_t
number_end(struct str s, size_t at)
{
	while (at < s.n && (s.p[at] == '+' || s.p[at] == '-'))
		at++;
	bool hex = at + 1 < s.n && s.p[at] == '0' && (s.p[at + 1] | 0x20) == 'x' && at + 2 < s.n &&
		   s.p[at + 2] >= 'a';
	for (; at < s.n; at++) {
		bool sign = s.p[at] == '+' || s.p[at] == '-';
		if ((s.p[at] == 'x' && !hex) || (sign && (s.p[at - 1] | 0x20) != 'e'))
			break;
	}
	return at;
}

static enum rc
add_blank(struct str w, struct series_items *out, struct err *e)
{
	int64_t times = 1;
	if (w.n > 1 && (w.p[1] != 'x' || !str_i64(str_from(w, 2), &times)))
		return err_set(e, RC_INVALID, "\"%.*s\" is not _ nor _xN", STR_ARG(w));
	return repeat(out, (struct series_item){0}, 0, times, e);
}

static enum rc
add_word(struct str w, struct series_items *out, struct err *e)
{
	double v, step = 0;
	int64_t times = 0;
	if (w.p[0] == '_')
		return add_blank(w, out, e);
	if (str_is(w, "stale"))
		return repeat(out, (struct series_item){true, tsdb_stale()}, 0, 1, e);
	if (str_starts(w, STR("{{")))
		return err_set(e, RC_INVALID, "native histograms are not evaluated here yet: \"%.*s\"",
		    STR_ARG(str_to(w, 40)));
	size_t n = number_end(w, 0), m = n < w.n && w.p[n] != 'x' ? number_end(w, n) : n;
	bool ok = str_f64(str_to(w, n), &v);
	if (ok && m > n) {
		size_t from = m - n > 1 && w.p[n] == '+' && w.p[n + 1] == '-' ? n + 1 : n;
		ok = str_f64(str_n(w.p + from, m - from), &step);
	}
	ok = ok && (m < w.n ? str_i64(str_from(w, m + 1), &times) : m == n);
	if (!ok)
		return err_set(e, RC_INVALID, "\"%.*s\" is not a value, nor a row of values such as 1+2x5",
		    STR_ARG(str_to(w, 60)));
	return repeat(out, (struct series_item){true, v}, step, times + 1, e);
}

enum rc
series_items_parse(struct str s, struct series_items *out, struct err *e)
{
	enum rc rc = RC_OK;
	for (s = str_trim(s); rc == RC_OK && s.n; s = str_trim(s)) {
		size_t n = 0;
		while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '\n')
			n++;
		rc = add_word(str_to(s, n), out, e);
		s = str_from(s, n);
	}
	return rc;
}

enum rc
series_name_parse(struct str text, struct arena *a, struct labels *out, struct err *e)
{
	struct matchers ms = {0};
	struct label_builder b = {0};
	*out = (struct labels){0};
	enum rc rc = str_is(str_trim(text), "{}") ? RC_OK : promql_parse_selector(text, &ms, e);
	for (size_t i = 0; rc == RC_OK && i < ms.n; i++) {
		if (ms.p[i].op != MATCH_EQ)
			rc =
			    err_set(e, RC_INVALID, "a series is named with = alone: \"%.*s\"", STR_ARG(text));
		label_builder_set(&b, ms.p[i].name, ms.p[i].value);
	}
	if (rc == RC_OK)
		*out = label_builder_done(&b, a);
	label_builder_fini(&b);
	matchers_fini(&ms);
	return rc;
}
