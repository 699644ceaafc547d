/* compile.c — see compile.h. */
#include "rule/compile.h"

#include "base/quote.h"
#include "base/time.h"
#include "base/tz.h"
#include "promql/promql.h"

enum { DAYS_BACK = 21 };

/* "of" as it was `back` ago. */
static enum rc
shifted(struct str of, msec_t back, struct buf *out, struct err *e)
{
	struct promql *q = NULL;
	enum rc rc = promql_parse(of, &q, e);
	if (rc != RC_OK)
		return rc;
	if (back)
		promql_shift(q, back);
	buf_ch(out, '(');
	promql_print(q, out);
	buf_ch(out, ')');
	promql_destroy(&q);
	return RC_OK;
}

/* (X) / (X offset …) - 1 */
static enum rc
change(struct str of, msec_t back, struct buf *out, struct err *e)
{
	enum rc rc = shifted(of, 0, out, e);
	buf_c(out, " / ");
	if (rc == RC_OK)
		rc = shifted(of, back, out, e);
	buf_c(out, " - 1");
	return rc;
}

static enum rc
evolution(const struct conf_evolution *v, struct buf *out, struct err *e)
{
	double share;
	if (!conf_share(v->more_than, &share))
		return err_set(e, RC_INVALID, "more_than \"%.*s\" is not a share", STR_ARG(v->more_than));
	if (v->direction == DIRECTION_ANY)
		buf_c(out, "abs(");
	enum rc rc = change(v->of, v->within, out, e);
	if (v->direction == DIRECTION_ANY)
		buf_ch(out, ')');
	buf_c(out, v->direction == DIRECTION_DOWN ? " < -" : " > ");
	buf_f64(out, share);
	return rc;
}

/* ---- the same hour of another day ---- */

struct days {
	const struct conf_comparison *conf;
	const struct tz *zone;
	const struct rule_calendar *calendar;
	struct str customer;
	msec_t at;
};

/* The moment on the same hour, so many days before. */
static msec_t
days_before(const struct days *d, int64_t days)
{
	struct civil c = tz_civil(d->zone, d->at), noon = c;
	noon.hour = 12; /* of a day that is 23 or 25 hours long noon is the same day's, whatever is added */
	noon.minute = 0;
	struct civil then = tz_civil(d->zone, tz_instant(d->zone, &noon, false) - days * DAY);
	then.hour = c.hour;
	then.minute = c.minute;
	then.second = c.second;
	return tz_instant(d->zone, &then, false) + d->at % 1000;
}

static bool
is_open(const struct days *d, msec_t at, bool *open)
{
	return d->conf->calendar.n && d->calendar && d->calendar->is_open &&
	       d->calendar->is_open(d->calendar->arg, d->customer, d->conf->calendar, at, open);
}

/* How long ago: in steps of the wanted days until both are open, or both closed. */
static msec_t
how_long_ago(const struct days *d, msec_t wanted)
{
	int64_t step = wanted / DAY;
	bool now, then;
	for (int64_t days = step; days <= DAYS_BACK && is_open(d, d->at, &now); days += step) {
		msec_t t = days_before(d, days);
		if (is_open(d, t, &then) && then == now)
			return d->at - t;
	}
	return d->at - days_before(d, step);
}

static struct str
averaged(const struct conf_comparison *c, struct arena *a)
{
	struct buf b = {0};
	if (!c->average)
		return c->of;
	buf_fmt(&b, "avg_over_time((%.*s)[", STR_ARG(c->of));
	duration_print(&b, c->average);
	buf_c(&b, ":])");
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

static enum rc
comparison(const struct days *d, struct arena *a, struct buf *out, struct err *e)
{
	const struct conf_comparison *c = d->conf;
	static struct str day = STR_INIT("1d");
	struct strs with = c->with.n ? c->with : (struct strs){&day, 1};
	struct str of = averaged(c, a);
	enum rc rc = RC_OK;
	double share;
	if (!conf_share(c->within, &share))
		return err_set(e, RC_INVALID, "within \"%.*s\" is not a share", STR_ARG(c->within));
	for (size_t i = 0; rc == RC_OK && i < with.n; i++) {
		msec_t ago = DAY;
		if (!duration_parse(with.p[i], &ago))
			return err_set(e, RC_INVALID, "\"%.*s\" is not a duration", STR_ARG(with.p[i]));
		buf_c(out, i ? " and abs(" : "abs(");
		rc = change(of, how_long_ago(d, ago), out, e);
		buf_c(out, ") > ");
		buf_f64(out, share);
	}
	return rc;
}

/* ---- the whole ---- */

/* " unless ignoring (alertname, alertstate, …) (text)": what a rule adds is no part of what it looks at. */
static void
unless(const struct conf_rule *r, struct str text, struct buf *out)
{
	buf_fmt(out, " or (ALERTS{alertname=");
	quote_add(out, r->alert);
	buf_c(out, ",alertstate=\"firing\"} unless ignoring (alertname, alertstate");
	for (size_t i = 0; i < r->labels.n; i++)
		buf_fmt(out, ", %.*s", STR_ARG(r->labels.p[i].name));
	buf_fmt(out, ") (%.*s))", STR_ARG(text));
}

static void
print_whole(const struct conf_rule *r, const struct rule_texts *t, struct buf *out)
{
	bool more = t->resolve.n || r->on_no_data != NO_DATA_RESOLVE;
	buf_fmt(out, more ? "(%.*s)" : "%.*s", STR_ARG(t->expr));
	if (t->resolve.n)
		unless(r, t->resolve, out);
	if (r->on_no_data == NO_DATA_KEEP)
		unless(r, t->looked_at, out);
	if (r->on_no_data == NO_DATA_FIRE)
		buf_fmt(out, " or (last_over_time((%.*s)[1d:1m]) unless (%.*s))", STR_ARG(t->looked_at),
		    STR_ARG(t->looked_at));
}

static struct str
taken(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_view(b));
	buf_fini(b);
	*b = (struct buf){0};
	return s;
}

static enum rc
find_looked_at(struct rule_texts *t, struct arena *a, struct err *e)
{
	struct promql *q = NULL;
	struct buf b = {0};
	enum rc rc = promql_parse(t->expr, &q, e);
	if (rc != RC_OK)
		return rc;
	promql_print_looked_at(q, &b);
	promql_destroy(&q);
	t->looked_at = taken(a, &b);
	return RC_OK;
}

enum rc
rule_compile(const struct conf_rule *r, struct str customer, const struct rule_calendar *calendar, msec_t at,
    struct arena *a, struct rule_texts *t, struct err *e)
{
	struct buf b = {0};
	enum rc rc = RC_OK;
	*t = (struct rule_texts){.expr = r->expr, .resolve = r->resolve_expr};
	if (r->evolution) {
		rc = evolution(r->evolution, &b, e);
	} else if (r->comparison) {
		struct days d = {r->comparison, tz_load(r->comparison->time_zone, e), calendar, customer, at};
		rc = d.zone ? comparison(&d, a, &b, e) : RC_INVALID;
	}
	if (b.n)
		t->expr = taken(a, &b);
	if (rc == RC_OK && (r->resolve_expr.n || r->on_no_data != NO_DATA_RESOLVE))
		rc = find_looked_at(t, a, e);
	if (rc != RC_OK) {
		buf_fini(&b);
		return rc;
	}
	print_whole(r, t, &b);
	t->whole = taken(a, &b);
	return RC_OK;
}
