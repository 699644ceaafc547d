/* perfdata.c — see perfdata.h. */
#include "wire/perfdata.h"

#include <math.h>

#include "base/buf.h"

/* ---- the text ---- */

static void
add_clean(struct buf *b, struct str s)
{
	while (s.n) {
		size_t n = str_utf8_sequence(s);
		if (n == 0)
			buf_utf8(b, 0xfffd);
		else if (n == 1 && (unsigned char)*s.p < ' ' && *s.p != '\n')
			buf_ch(b, ' ');
		else
			buf_add(b, s.p, n);
		s = str_from(s, n ? n : 1);
	}
}

static struct str
clean(struct str s, struct arena *a)
{
	struct buf b = {0};
	add_clean(&b, s);
	struct str out = arena_str(a, str_trim(buf_view(&b)));
	buf_fini(&b);
	return out;
}

void
plugin_output_parse(struct str printed, struct arena *a, struct plugin_output *out)
{
	struct str rest = clean(printed, a), first = STR(""), perf, more_perf;
	str_cut(&rest, '\n', &first);
	str_cut(&first, '|', &out->first);
	perf = first;
	if (!out->first.p || !out->first.n)
		out->first = STR("");
	out->first = str_trim(out->first);
	ptrdiff_t bar = str_chr(rest, '|');
	out->more = str_trim(bar < 0 ? rest : str_to(rest, (size_t)bar));
	more_perf = bar < 0 ? STR("") : str_from(rest, (size_t)bar + 1);
	out->perf = arena_fmt(a, "%.*s %.*s", STR_ARG(perf), STR_ARG(more_perf));
}

/* ---- measurements ---- */

static bool
is_space(char c)
{
	return c == ' ' || c == '\n';
}

static size_t
digits(struct str s, size_t at)
{
	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at;
}

/* How much of `s` is a decimal number. */
static size_t
number_span(struct str s)
{
	size_t sign = s.n && (*s.p == '-' || *s.p == '+'), at = digits(s, sign), found = at - sign;
	if (at < s.n && s.p[at] == '.') {
		size_t end = digits(s, at + 1);
		found += end - at - 1;
		at = end;
	}
	if (!found)
		return 0;
	if (at < s.n && (s.p[at] | 32) == 'e') {
		size_t from = at + 1 + (at + 1 < s.n && (s.p[at + 1] == '-' || s.p[at + 1] == '+')), end = digits(s, from);
		if (end > from)
			at = end;
	}
	return at;
}

static bool
number(struct str s, double *out)
{
	return s.n && number_span(s) == s.n && str_f64(s, out);
}

bool
perf_range_parse(struct str s, struct perf_range *r)
{
	*r = (struct perf_range){.set = true, .from = 0, .to = INFINITY};
	if (s.n && *s.p == '@') {
		r->inside = true;
		s = str_from(s, 1);
	}
	ptrdiff_t colon = str_chr(s, ':');
	struct str from = colon < 0 ? STR("") : str_to(s, (size_t)colon), to = colon < 0 ? s : str_from(s, (size_t)colon + 1);
	if (str_is(from, "~"))
		r->from = -INFINITY;
	else if (from.n && !number(from, &r->from))
		return false;
	if (to.n ? !number(to, &r->to) : colon < 0)
		return false;
	return r->from <= r->to;
}

bool
perf_range_alerts(const struct perf_range *r, double v)
{
	bool inside = v >= r->from && v <= r->to;
	return r->set && inside == r->inside;
}

/* 'a label with ''quotes''' or plain, up to its '='. */
static bool
take_label(struct str *rest, struct arena *a, struct str *label)
{
	if (!rest->n || *rest->p != '\'') {
		size_t n = 0;
		while (n < rest->n && rest->p[n] != '=' && !is_space(rest->p[n]))
			n++;
		*label = str_to(*rest, n);
		*rest = str_from(*rest, n);
		return n && rest->n && *rest->p == '=';
	}
	struct buf b = {0};
	size_t i = 1;
	for (; i < rest->n; i++) {
		if (rest->p[i] == '\'' && !(i + 1 < rest->n && rest->p[++i] == '\''))
			break;
		buf_ch(&b, rest->p[i]);
	}
	*label = arena_str(a, buf_view(&b));
	buf_fini(&b);
	*rest = str_from(*rest, i);
	return label->n && rest->n && *rest->p == '=';
}

static struct str
take_word(struct str *rest)
{
	size_t n = 0;
	while (n < rest->n && !is_space(rest->p[n]))
		n++;
	struct str word = str_to(*rest, n);
	*rest = str_from(*rest, n);
	return word;
}

/* value[unit];[warning];[critical];[min];[max] */
static bool
parse_figures(struct str word, struct perf_value *v)
{
	struct str part = STR("");
	str_cut(&word, ';', &part);
	size_t n = number_span(part);
	if (!n || !str_f64(str_to(part, n), &v->value))
		return false;
	v->unit = str_from(part, n);
	for (int i = 0; i < 4 && str_cut(&word, ';', &part); i++) {
		if (i < 2) {
			struct perf_range *r = i ? &v->critical : &v->warning;
			r->set = perf_range_parse(part, r);
		} else if (i == 2) {
			v->has_min = number(part, &v->min);
		} else {
			v->has_max = number(part, &v->max);
		}
	}
	return true;
}

bool
perf_next(struct str *rest, struct arena *a, struct perf_value *v)
{
	while (true) {
		while (rest->n && is_space(*rest->p))
			*rest = str_from(*rest, 1);
		if (!rest->n)
			return false;
		*v = (struct perf_value){0};
		bool labelled = take_label(rest, a, &v->label);
		struct str word = take_word(rest);
		if (labelled && parse_figures(str_from(word, 1), v))
			return true;
	}
}
