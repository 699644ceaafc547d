/*
 * samples.c — samples as OpenMetrics text, for export.
 *
 * One metric at a time (name=), since OpenMetrics wants the series of one to stand together and the store has them in the
 * order of all their labels.  The answer is made in memory, so it has a limit, which says what to do.
 */
#include "api/prom_parts.h"
#include "api/tenant.h"
#include "promql/promql.h"
#include "wire/expo.h"

enum { ANSWER_MAX = 256 << 20 };

/* name{a="b"}, or {"a name",a="b"}. */
static void
put_series(struct buf *b, struct labels ls)
{
	struct str name = labels_get(ls, STR(LABEL_METRIC));
	bool classic = metric_name_is_classic(name);
	const char *comma = "";
	if (classic)
		buf_str(b, name);
	buf_ch(b, '{');
	labels_each(ls, l)
	{
		bool is_name = str_is(l.it.name, LABEL_METRIC), plain = label_name_is_classic(l.it.name);
		if (is_name && classic)
			continue;
		buf_c(b, comma);
		if (!is_name) {
			buf_c(b, plain ? "" : "\"");
			expo_escape(b, l.it.name);
			buf_c(b, plain ? "=" : "\"=");
		}
		buf_ch(b, '"');
		expo_escape(b, l.it.value);
		buf_ch(b, '"');
		comma = ",";
	}
	buf_ch(b, '}');
}

static void
put_view(struct buf *b, const struct tsdb_view *v, size_t *histograms)
{
	struct buf series = {0};
	put_series(&series, v->labels);
	for (size_t i = 0; i < v->n && b->n <= ANSWER_MAX; i++) {
		if (tsdb_is_stale(v->v[i]))
			continue;
		uint64_t ms = v->t[i] < 0 ? -(uint64_t)v->t[i] : (uint64_t)v->t[i];
		buf_str(b, buf_view(&series));
		buf_ch(b, ' ');
		buf_f64(b, v->v[i]);
		buf_fmt(b, " %s%llu.%03llu\n", v->t[i] < 0 ? "-" : "", (unsigned long long)ms / 1000, (unsigned long long)ms % 1000);
	}
	*histograms += v->n_histograms;
	buf_fini(&series);
}

struct exporting {
	struct strs tenants;
	struct matchers matchers;
	msec_t start, end;
};

static bool
exporting_of(struct call *c, struct exporting *x)
{
	struct err e;
	struct str match = http_param(c->req, "match[]"), name = http_param(c->req, "name");
	if (!tenant_read(c, &x->tenants) || !prom_param_time(c, "start", INT64_MIN, &x->start) || !prom_param_time(c, "end", INT64_MAX, &x->end))
		return false;
	if (!name.n)
		return answer_error(c, RC_INVALID, "name= is missing: samples are told one metric at a time"), false;
	if (match.n && promql_parse_selector(match, &x->matchers, &e) != RC_OK)
		return answer_error(c, RC_INVALID, "invalid parameter \"match[]\": %s", e.text), false;
	if (matchers_add(&x->matchers, STR(LABEL_METRIC), MATCH_EQ, name, &e) != RC_OK)
		return answer_error(c, RC_INVALID, "%s", e.text), false;
	return true;
}

static void
answer_samples(struct call *c, const struct exporting *x)
{
	struct tsdb_select q = {.tenants = x->tenants, .matchers = &x->matchers, .min = x->start, .max = x->end};
	struct tsdb_cursor *cursor;
	struct tsdb_view v;
	struct buf b = {0};
	size_t histograms = 0;
	struct err e;
	if (tsdb_cursor_create(c->api->house.tsdb, &q, &cursor, &e) != RC_OK) {
		answer_error(c, e.rc, "%s", e.text);
		return;
	}
	while (!c->req->cancelled && b.n <= ANSWER_MAX && tsdb_cursor_next(cursor, &v))
		put_view(&b, &v, &histograms);
	tsdb_cursor_destroy(&cursor);
	if (b.n > ANSWER_MAX) {
		buf_fini(&b);
		answer_error(c, RC_REFUSED, "this metric has more than %d MB in that range: narrow it by start, end or match[]", ANSWER_MAX >> 20);
		return;
	}
	if (histograms)
		http_answer_header(c->req, "X-Native-Histograms", arena_fmt(c->arena, "%zu", histograms));
	http_answer_buf(c->req, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", &b);
}

void
handle_samples(struct call *c)
{
	struct exporting x = {0};
	if (exporting_of(c, &x))
		answer_samples(c, &x);
	matchers_fini(&x.matchers);
}
