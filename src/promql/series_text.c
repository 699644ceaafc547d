/* series_text.c — see series_text.h. */
#include "promql/series_text.h"

#include "promql/native.h"
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

/* ---- native histograms ---- */

/* The length of {{…}}, which `s` begins with; 0: it does not end. */
static size_t
braces(struct str s)
{
	for (size_t i = 2; i + 1 < s.n; i++)
		if (s.p[i] == '}' && s.p[i + 1] == '}')
			return i + 2;
	return 0;
}

static enum rc
take_native(struct str *s, struct arena *a, struct native **out, struct err *e)
{
	size_t n = braces(*s);
	if (!n)
		return err_set(e, RC_INVALID, "\"%.*s\" has no }} at its end", STR_ARG(str_to(*s, 40)));
	struct str inside = str_n(s->p + 2, n - 4);
	*s = str_from(*s, n);
	*out = arena_new(a, struct native);
	return native_parse(inside, a, *out, e);
}

static enum rc
add_steps(const struct native *from, const struct native *step, bool minus, int64_t times, struct arena *a, struct series_items *out, struct err *e)
{
	const struct native *now = from;
	enum rc rc = repeat(out, (struct series_item){true, 0, now}, 0, 1, e);
	for (int64_t i = 0; rc == RC_OK && i < times; i++) {
		struct native *next = native_copy(now, a);
		if (!(minus ? native_sub : native_add)(next, step, a, NULL))
			return err_set(e, RC_INVALID, "histograms with exponential and custom buckets cannot be combined");
		now = next;
		rc = repeat(out, (struct series_item){true, 0, now}, 0, 1, e);
	}
	return rc;
}

/* {{…}}, {{…}}x3, {{…}}+{{…}}x3 */
static enum rc
add_natives(struct str *s, struct arena *a, struct series_items *out, struct err *e)
{
	struct native *from, *step = NULL;
	int64_t times = 0;
	enum rc rc = take_native(s, a, &from, e);
	bool minus = s->n && s->p[0] == '-', steps = s->n > 2 && (minus || s->p[0] == '+');
	if (rc == RC_OK && steps) {
		*s = str_from(*s, 1);
		if (!str_starts(*s, STR("{{")))
			return err_set(e, RC_INVALID, "to a native histogram only another one can be added");
		rc = take_native(s, a, &step, e);
	}
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t' && s->p[n] != '\n')
		n++;
	struct str word = str_to(*s, n);
	*s = str_from(*s, n);
	if (rc != RC_OK)
		return rc;
	if (word.n ? word.p[0] != 'x' || !str_i64(str_from(word, 1), &times) || times < 0 : steps)
		return err_set(e, RC_INVALID, "\"%.*s\" behind a native histogram is not xN", STR_ARG(str_to(word, 40)));
	return steps ? add_steps(from, step, minus, times, a, out, e) : repeat(out, (struct series_item){true, 0, from}, 0, times + 1, e);
}

enum rc
series_items_parse(struct str s, struct arena *a, struct series_items *out, struct err *e)
{
	enum rc rc = RC_OK;
	for (s = str_trim(s); rc == RC_OK && s.n; s = str_trim(s)) {
		size_t n = 0;
		if (str_starts(s, STR("{{"))) {
			rc = add_natives(&s, a, out, e);
			continue;
		}
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
