/* play_expect.c — what must be seen. */
#include <math.h>
#include <stdio.h>

#include "base/time.h"
#include "desk/desk.h"
#include "main/play_script.h"
#include "promql/promql.h"
#include "wire/json.h"

static enum rc
expect_count(struct err *e, const char *what, size_t have, struct str want)
{
	int64_t n;
	if (!str_i64(want, &n))
		return wrong(e, "a number", want);
	return (int64_t)have == n
		   ? RC_OK
		   : err_set(e, RC_INVALID, "there are %zu %s, not %lld", have, what, (long long)n);
}

/* The number of something of which there are `have`, from 1 on. */
static enum rc
nth(const struct statement *st, const char *what, size_t have, size_t *out, struct err *e)
{
	int64_t n;
	if (!str_i64(arg(st, 2), &n) || n < 1)
		return wrong(e, "a number", arg(st, 2));
	if ((size_t)n > have)
		return err_set(e, RC_INVALID, "there were only %zu %s", have, what);
	*out = (size_t)n - 1;
	return RC_OK;
}

/* ---- tickets ---- */

static bool
gather_move(void *arg, const struct event *ev)
{
	sla_history_add(arg, ev);
	return true;
}

static void
add_clock(struct buf *b, const char *name, const struct sla_clock *c)
{
	struct buf spent = {0};
	duration_print(&spent, c->spent);
	buf_fmt(b, "%s=%s %s_spent=%s %s_breached=%s ", name, sla_clock_states[c->state], name, spent.p, name,
	    c->breached ? "true" : "false");
	buf_fini(&spent);
}

static enum rc
clocks_text(struct script *s, const struct ticket *k, struct buf *b, struct err *e)
{
	struct sla_history h = {0};
	struct sla_report r;
	struct event_query q = {.subject = ticket_subject(k->number, s->arena)};
	struct book *book = book_create(resource_kinds);
	enum rc rc = ledger_events(s->world.ledger, &q, gather_move, &h, e);
	if (rc == RC_OK)
		rc = book_load(book, s->world.ledger, e);
	if (rc == RC_OK)
		book_sla_derive(book, k->customer, k->contract, &h, clock_wall(s->world.clock), &r);
	if (rc == RC_OK) {
		add_clock(b, "pickup", &r.pickup);
		add_clock(b, "resolution", &r.resolution);
	}
	sla_history_fini(&h);
	book_destroy(&book);
	return rc;
}

/* "name=value " for every scalar of the ticket and its clocks. */
static enum rc
ticket_text(struct script *s, struct str number, struct buf *b, struct err *e)
{
	struct str bytes;
	struct ticket k;
	int64_t n;
	char key[24];
	if (!str_i64(number, &n))
		return wrong(e, "the number of a ticket", number);
	snprintf(key, sizeof key, "%012lld", (long long)n);
	if (ledger_get(s->world.ledger, STR("ticket"), str_c(key), s->arena, &bytes, e) != RC_OK)
		return err_set(e, RC_INVALID, "there is no ticket %lld", (long long)n);
	enum rc rc = record_decode(&ticket_layout, &k, bytes, s->arena, e);
	for (size_t i = 0; rc == RC_OK && i < ticket_layout.n; i++) {
		const struct key *c = &ticket_layout.keys[i];
		if (c->kind == RK_ONE || c->kind == RK_MANY)
			continue;
		buf_fmt(b, "%.*s=", STR_ARG(key_text(c)));
		record_print(c, &k, b);
		buf_ch(b, ' ');
	}
	return rc == RC_OK ? clocks_text(s, &k, b, e) : rc;
}

enum rc
expect_ticket(struct script *s, const struct statement *st, struct err *e)
{
	struct buf b = {0};
	enum rc rc = ticket_text(s, arg(st, 2), &b, e);
	for (size_t i = 0; rc == RC_OK && i < st->block.n; i++) {
		struct str want = arena_fmt(
		    s->arena, "%.*s=%.*s ", STR_ARG(st->block.p[i].name), STR_ARG(st->block.p[i].value));
		if (!str_has(buf_view(&b), want))
			rc = err_set(e, RC_INVALID, "ticket %.*s is not %.*s: %s", STR_ARG(arg(st, 2)),
			    STR_ARG(want), b.p);
	}
	buf_fini(&b);
	return rc;
}

static bool
count_row(void *counter, const struct row *row)
{
	++*(size_t *)counter;
	return true;
}

enum rc
expect_tickets(struct script *s, const struct statement *st, struct err *e)
{
	size_t n = 0;
	enum rc rc = ledger_scan(s->world.ledger, STR("ticket"), count_row, &n, e);
	return rc == RC_OK ? expect_count(e, "tickets", n, arg(st, 2)) : rc;
}

/* ---- the journal ---- */

struct counting {
	struct str kind, subject, has;
	size_t n;
};

static bool
count_event(void *arg, const struct event *ev)
{
	struct counting *c = arg;
	c->n += str_eq(ev->kind, c->kind) && (!c->subject.n || str_eq(ev->subject, c->subject)) &&
		str_has(ev->text, c->has);
	return true;
}

enum rc
expect_event(struct script *s, const struct statement *st, struct err *e)
{
	struct counting c = {.kind = arg(st, 2),
	    .subject = pairs_get(st->block, "subject"),
	    .has = pairs_get(st->block, "has")};
	if (event_kind(c.kind) < 0)
		return wrong(e, "a kind of event", c.kind);
	enum rc rc = ledger_events(s->world.ledger, &(struct event_query){0}, count_event, &c, e);
	if (rc != RC_OK)
		return rc;
	if (arg(st, 3).n)
		return expect_count(e, "such events", c.n, arg(st, 3));
	return c.n ? RC_OK : err_set(e, RC_INVALID, "there is no such event");
}

/* ---- what left the house ---- */

enum rc
expect_call(struct script *s, const struct statement *st, struct err *e)
{
	struct str to = pairs_get(st->block, "to"), when = pairs_get(st->block, "at");
	char at[TIME_TEXT];
	size_t n = 0;
	enum rc rc = nth(st, "calls", people_calls(s->world.people), &n, e);
	if (rc != RC_OK)
		return rc;
	const struct played_call *c = people_call_at(s->world.people, n);
	if (to.n && !str_is(to, c->user))
		return err_set(e, RC_INVALID, "call %zu was to %s", n + 1, c->user);
	time_rfc3339(c->at, at);
	if (when.n && !str_starts(str_c(at), when))
		return err_set(e, RC_INVALID, "call %zu was at %s", n + 1, at);
	return RC_OK;
}

enum rc
expect_calls(struct script *s, const struct statement *st, struct err *e)
{
	return expect_count(e, "calls", people_calls(s->world.people), arg(st, 2));
}

enum rc
expect_mail(struct script *s, const struct statement *st, struct err *e)
{
	struct str to = pairs_get(st->block, "to"), lacks = pairs_get(st->block, "lacks");
	size_t n = 0;
	enum rc rc = nth(st, "mails", people_mails(s->world.people), &n, e);
	if (rc != RC_OK)
		return rc;
	const struct played_mail *m = people_mail_at(s->world.people, n);
	if (to.n && !str_is(to, m->to))
		return err_set(e, RC_INVALID, "mail %zu was to %s", n + 1, m->to);
	if (!str_has(str_c(m->text), pairs_get(st->block, "has")) || (lacks.n && str_has(str_c(m->text), lacks)))
		return err_set(e, RC_INVALID, "mail %zu is %s", n + 1, m->text);
	return RC_OK;
}

enum rc
expect_mails(struct script *s, const struct statement *st, struct err *e)
{
	return expect_count(e, "mails", people_mails(s->world.people), arg(st, 2));
}

enum rc
expect_hook(struct script *s, const struct statement *st, struct err *e)
{
	struct str url = pairs_get(st->block, "url");
	size_t n = 0;
	enum rc rc = nth(st, "webhooks", peers_hooks(s->world.peers), &n, e);
	if (rc != RC_OK)
		return rc;
	const struct played_hook *h = peers_hook_at(s->world.peers, n);
	if (url.n && !str_eq(url, h->url))
		return err_set(e, RC_INVALID, "webhook %zu went to %.*s", n + 1, STR_ARG(h->url));
	if (!str_has(h->body, pairs_get(st->block, "has")))
		return err_set(e, RC_INVALID, "webhook %zu is %.*s", n + 1, STR_ARG(str_to(h->body, 600)));
	return RC_OK;
}

enum rc
expect_hooks(struct script *s, const struct statement *st, struct err *e)
{
	return expect_count(e, "webhooks", peers_hooks(s->world.peers), arg(st, 2));
}

/* ---- samples ---- */

static void
print_result(const struct promql_result *r, struct buf *b)
{
	for (size_t i = 0; i < r->n; i++) {
		buf_c(b, i ? ", " : "");
		labels_print(b, r->series[i].labels);
		buf_c(b, " = ");
		buf_f64(b, r->series[i].n ? r->series[i].points[0].v : NAN);
	}
	buf_c(b, r->n ? "" : "empty");
}

static enum rc
compare(const struct promql_result *r, struct str want, struct err *e)
{
	double v;
	struct buf have = {0};
	bool empty = str_is(want, "empty"), good = empty && r->n == 0;
	enum rc rc = RC_OK;
	if (!empty && !str_f64(want, &v))
		return wrong(e, "a value, or empty", want);
	if (!empty && r->n == 1 && r->series[0].n)
		good = fabs(r->series[0].points[0].v - v) <= 1e-9 * fmax(1, fabs(v));
	print_result(r, &have);
	if (!good)
		rc = err_set(e, RC_INVALID, "it is %s, not %.*s", have.p, STR_ARG(want));
	buf_fini(&have);
	return rc;
}

enum rc
expect_query(struct script *s, const struct statement *st, struct err *e)
{
	struct promql *q = NULL;
	struct promql_result *r = NULL;
	struct str customer = arg_after(st, "of");
	if (!customer.n)
		customer = STR("default");
	msec_t now = clock_wall(s->world.clock);
	struct promql_ask ask = {
	    .db = core_tsdb(s->world.core), .tenants = {&customer, 1}, .start = now, .end = now};
	enum rc rc = promql_parse(arg(st, 2), &q, e);
	if (rc == RC_OK)
		rc = promql_run(q, &ask, &r, e);
	if (rc == RC_OK)
		rc = compare(r, arg(st, 3), e);
	promql_result_destroy(&r);
	promql_destroy(&q);
	return rc;
}

/* ---- answers ---- */

/* Goes down to a key of the object or a place of the array that comes next; false: it is not there. */
static bool
json_down(struct json *j, struct str step)
{
	struct str key;
	uint64_t at;
	if (json_peek(j) == JSON_OBJECT && json_object(j)) {
		while (json_key(j, &key)) {
			if (str_eq(key, step))
				return true;
			json_skip(j);
		}
	} else if (json_peek(j) == JSON_ARRAY && str_u64(step, &at) && json_array(j)) {
		for (uint64_t i = 0; json_more(j); i++) {
			if (i == at)
				return true;
			json_skip(j);
		}
	}
	return false;
}

/* "data.result.0.value.1" of a document, as text; numbers and the like as they stand. */
static bool
json_at(struct str text, struct str path, struct arena *a, struct str *out)
{
	struct json j;
	struct str step;
	json_init(&j, text, a, 32);
	while (str_cut(&path, '.', &step))
		if (!json_down(&j, step))
			return false;
	return json_peek(&j) == JSON_STRING ? json_str(&j, out) : json_raw(&j, out);
}

static enum rc
answer_holds(struct script *s, struct str key, struct str want, struct err *e)
{
	struct str have, body = s->world.answer.body;
	bool good;
	if (str_is(key, "status"))
		good = str_eq(want, arena_fmt(s->arena, "%d", s->world.answer.status));
	else if (str_is(key, "contains"))
		good = str_has(body, want);
	else if (str_is(key, "lacks"))
		good = !str_has(body, want);
	else if (str_starts(key, STR("json.")))
		good = json_at(body, str_from(key, 5), s->arena, &have) && str_eq(have, want);
	else
		return wrong(e, "status, contains, lacks or json.PATH", key);
	return good ? RC_OK
		    : err_set(e, RC_INVALID, "%.*s %.*s: the answer was %d %.*s", STR_ARG(key), STR_ARG(want),
			  s->world.answer.status, STR_ARG(str_to(body, 600)));
}

enum rc
expect_answer(struct script *s, const struct statement *st, struct err *e)
{
	enum rc rc = s->world.answer.status ? RC_OK : err_set(e, RC_INVALID, "nothing was asked yet");
	for (size_t i = 0; i < st->block.n && rc == RC_OK; i++)
		rc = answer_holds(s, st->block.p[i].name, st->block.p[i].value, e);
	return rc;
}
