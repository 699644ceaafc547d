/*
 * prom_admin.c — Prometheus's admin API: samples are deleted, cleaned up, copied and merged by hand.
 *
 * A deletion is of one customer; the rest is about everybody's samples, and administrators see all customers.  The journal
 * has every one of these acts, and the answer comes when it has.
 */
#include <sodium.h>
#include <time.h>

#include "api/prom_parts.h"
#include "api/tenant.h"
#include "base/time.h"
#include "flow/reply.h"
#include "promql/promql.h"

enum { SELECTORS = 16 };

/* ---- the journal ---- */

static void
answer_done(struct call *c, const struct reply *r)
{
	if (r->rc == RC_OK)
		http_answer(c->req, 204, NULL, STR(""));
	else
		answer_error(c, RC_IO, "it was done, but the journal could not be written: %.*s", STR_ARG(r->text));
}

static void
note(struct call *c, struct str chain, struct str text, replied_fn *fn)
{
	struct store_note n = {.chain = chain, .text = text};
	ask_engine(c, MESSAGE_store_note, &store_note_layout, &n, fn);
}

/* ---- deleting ---- */

struct wanted {
	struct str tenant;
	struct matchers sets[SELECTORS];
	size_t n;
	msec_t start, end;
};

static bool
add_selector(struct call *c, struct wanted *w, struct str text)
{
	struct err e;
	if (w->n == SELECTORS) {
		answer_error(c, RC_INVALID, "at most %d match[] are taken", SELECTORS);
		return false;
	}
	if (promql_parse_selector(text, &w->sets[w->n], &e) != RC_OK) {
		answer_error(c, RC_INVALID, "invalid parameter \"match[]\": %s", e.text);
		return false;
	}
	w->n++;
	return true;
}

static bool
wanted_of(struct call *c, struct wanted *w)
{
	if (!tenant_write(c, &w->tenant) || !prom_param_time(c, "start", INT64_MIN, &w->start) || !prom_param_time(c, "end", INT64_MAX, &w->end))
		return false;
	for (size_t i = 0; i < c->req->params.n; i++)
		if (str_is(c->req->params.p[i].name, "match[]") && !add_selector(c, w, c->req->params.p[i].value))
			return false;
	if (!w->n)
		answer_error(c, RC_INVALID, "no match[] parameter provided");
	else if (w->end < w->start)
		answer_error(c, RC_INVALID, "end is before start");
	return w->n && w->end >= w->start;
}

static void
put_time(struct buf *b, msec_t t)
{
	char text[TIME_TEXT];
	if (t == INT64_MIN)
		buf_c(b, "the beginning");
	else if (t == INT64_MAX)
		buf_c(b, "now");
	else
		buf_c(b, time_rfc3339(t, text));
}

static struct str
sentence(struct call *c, const struct wanted *w)
{
	struct buf b = {0};
	buf_c(&b, "Samples of ");
	for (size_t i = 0; i < w->n; i++) {
		buf_c(&b, i ? " or " : "");
		matchers_print(&b, &w->sets[i]);
	}
	buf_c(&b, " from ");
	put_time(&b, w->start);
	buf_c(&b, " to ");
	put_time(&b, w->end);
	buf_c(&b, " were deleted");
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

static void
delete_wanted(struct call *c, const struct wanted *w)
{
	struct err e;
	for (size_t i = 0; i < w->n; i++) {
		struct tsdb_select q = {.tenants = {(struct str *)&w->tenant, 1}, .matchers = &w->sets[i], .min = w->start, .max = w->end};
		if (tsdb_delete(c->api->house.tsdb, &q, &e) == RC_OK)
			continue;
		answer_error(c, e.rc, "%s%s", e.text, i ? "; the selectors before are deleted" : "");
		return;
	}
	note(c, w->tenant, sentence(c, w), answer_done);
}

void
handle_prom_delete_series(struct call *c)
{
	struct wanted w = {0};
	if (wanted_of(c, &w))
		delete_wanted(c, &w);
	for (size_t i = 0; i < w.n; i++)
		matchers_fini(&w.sets[i]);
}

/* ---- all of the store ---- */

static void
work(struct call *c, enum rc (*fn)(struct tsdb *, struct err *), struct str text)
{
	struct err e;
	if (fn(c->api->house.tsdb, &e) == RC_OK)
		note(c, STR("system"), text, answer_done);
	else
		answer_error(c, e.rc, "%s", e.text);
}

void
handle_prom_clean_tombstones(struct call *c)
{
	work(c, tsdb_clean, STR("What was deleted from the store of samples was removed from the disk"));
}

void
handle_prom_compact(struct call *c)
{
	work(c, tsdb_compact, STR("The store of samples was written to blocks, one a day"));
}

/* 20261127T210525Z-1f0c…: when, and what makes it the only one. */
static struct str
snapshot_name(struct call *c)
{
	time_t t = (time_t)(c->now / 1000);
	struct tm tm;
	uint64_t other;
	gmtime_r(&t, &tm);
	randombytes_buf(&other, sizeof other);
	return arena_fmt(c->arena, "%04d%02d%02dT%02d%02d%02dZ-%016llx", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (unsigned long long)other);
}

static void
answer_snapshot(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	struct json_writer w;
	if (r->rc != RC_OK) {
		answer_done(c, r);
		return;
	}
	prom_success(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "name");
	jsonw_str(&w, r->id);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}

/* ?skip_head=: false when it is no word that says so. */
static bool
takes_head(struct call *c, bool *head)
{
	struct str s = http_param(c->req, "skip_head");
	bool yes = str_is(s, "true") || str_is(s, "1"), no = !s.n || str_is(s, "false") || str_is(s, "0");
	*head = !yes;
	if (!yes && !no)
		answer_error(c, RC_INVALID, "invalid parameter \"skip_head\": \"%.*s\" is neither true nor false", STR_ARG(str_to(s, 60)));
	return yes || no;
}

void
handle_prom_snapshot(struct call *c)
{
	struct err e;
	bool head;
	if (!takes_head(c, &head))
		return;
	struct str name = snapshot_name(c);
	const char *dir = arena_cstr(c->arena, arena_fmt(c->arena, "%.*s/samples/snapshots/%.*s", STR_ARG(c->api->house.data), STR_ARG(name)));
	if (tsdb_snapshot(c->api->house.tsdb, dir, head, &e) != RC_OK) {
		answer_error(c, e.rc, "%s", e.text);
		return;
	}
	struct store_note n = {.chain = STR("system"), .text = arena_fmt(c->arena, "The store of samples was copied as the snapshot %.*s", STR_ARG(name)), .id = name};
	ask_engine(c, MESSAGE_store_note, &store_note_layout, &n, answer_snapshot);
}
