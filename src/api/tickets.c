/* tickets.c — tickets, their timelines and clocks, and the key pressed in the browser. */
#include <stdio.h>
#include <string.h>

#include "api/api_impl.h"
#include "desk/desk.h"
#include "flow/notice.h"
#include "notify/page.h"

/* ---- clocks as JSON ---- */

static void
clock_to_json(struct json_writer *w, const char *name, const struct sla_clock *c)
{
	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_key(w, "state");
	jsonw_c(w, sla_clock_states[c->state]);
	jsonw_key(w, "limit_ms");
	jsonw_i64(w, c->limit);
	jsonw_key(w, "spent_ms");
	jsonw_i64(w, c->spent);
	jsonw_key(w, "breached");
	jsonw_bool(w, c->breached);
	jsonw_key(w, "deadline");
	if (c->deadline == MSEC_NEVER)
		jsonw_null(w);
	else
		jsonw_time(w, c->deadline);
	jsonw_key(w, "stopped");
	if (c->stopped)
		jsonw_time(w, c->stopped);
	else
		jsonw_null(w);
	jsonw_object_end(w);
}

static bool
gather(void *arg, const struct event *ev)
{
	sla_history_add(arg, ev);
	return true;
}

static bool
derive_clocks(struct call *c, const struct ticket *k, struct sla_report *out)
{
	struct ledger *l = api_ledger(c->api);
	struct sla_history h = {0};
	struct err e;
	struct event_query q = {.subject = ticket_subject(k->number, c->arena)};
	bool ok = l && ledger_events(l, &q, gather, &h, &e) == RC_OK;
	struct book *b = api_book(c->api);
	book_sla_derive(b, k->customer, k->contract, &h, c->now, out);
	api_book_done(c->api);
	sla_history_fini(&h);
	return ok;
}

/* With both clocks.  Not whole: keys that are not set are left out. */
static void
ticket_to_json(struct call *c, struct json_writer *w, const struct ticket *k, bool whole)
{
	struct sla_report r;
	struct buf plain = {0};
	struct json_writer inner;
	derive_clocks(c, k, &r);
	jsonw_init(&inner, &plain);
	record_to_json(&ticket_layout, k, whole, &inner);
	buf_cut(&plain, plain.n - 1); /* its closing brace: the clocks come inside */
	buf_c(&plain, ",\"clocks\":");
	jsonw_init(&inner, &plain);
	jsonw_object(&inner);
	clock_to_json(&inner, "pickup", &r.pickup);
	clock_to_json(&inner, "resolution", &r.resolution);
	jsonw_object_end(&inner);
	buf_ch(&plain, '}');
	jsonw_raw(w, buf_view(&plain));
	buf_fini(&plain);
}

static void
stretch_to_json(void *arg, const struct sla_stretch *s)
{
	struct json_writer *w = arg;
	jsonw_object(w);
	jsonw_key(w, "kind");
	jsonw_c(w, sla_stretch_kinds[s->kind]);
	jsonw_member_time(w, "from", s->from);
	jsonw_member_time(w, "to", s->to);
	if (s->kind == STRETCH_STANDING) {
		jsonw_key(w, "waits_for");
		jsonw_c(w, suspensions[s->suspension]);
	}
	jsonw_object_end(w);
}

/* ---- one ticket ---- */

static bool
read_ticket(struct call *c, int64_t number, struct ticket *out)
{
	struct ledger *l = api_ledger(c->api);
	struct str bytes;
	struct err e;
	char key[24];
	snprintf(key, sizeof key, "%012lld", (long long)number);
	return l && ledger_get(l, STR("ticket"), str_c(key), c->arena, &bytes, &e) == RC_OK &&
	    record_decode(&ticket_layout, out, bytes, c->arena, &e) == RC_OK && access_sees(&c->who, out->customer);
}

bool
visible_ticket(struct call *c, struct str number, struct ticket *out)
{
	int64_t n;
	if (str_i64(number, &n) && n > 0 && read_ticket(c, n, out))
		return true;
	answer_error(c, RC_ABSENT, "there is no ticket %.*s", STR_ARG(str_to(number, 20)));
	return false;
}

void
handle_ticket_get(struct call *c)
{
	struct ticket k;
	struct buf b = {0};
	struct json_writer w;
	if (!visible_ticket(c, c->part[0], &k))
		return;
	jsonw_init(&w, &b);
	ticket_to_json(c, &w, &k, true);
	answer_json(c, 200, &b);
}

/* Both clocks stretch by stretch: when each ran, when the calendar was closed, when it stood and what for. */
void
handle_ticket_clocks(struct call *c)
{
	static const char *const names[] = {"pickup", "resolution"};
	struct ticket k;
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	struct sla_history h = {0};
	if (!visible_ticket(c, c->part[0], &k))
		return;
	struct event_query q = {.subject = ticket_subject(k.number, c->arena)};
	if (ledger_events(api_ledger(c->api), &q, gather, &h, &e) != RC_OK) {
		sla_history_fini(&h);
		answer_error(c, RC_IO, "%s", e.text);
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	struct book *book = api_book(c->api);
	for (int i = 0; i < 2; i++) {
		jsonw_key(&w, names[i]);
		jsonw_array(&w);
		book_sla_trace(book, k.customer, k.contract, &h, c->now, i == 1, stretch_to_json, &w);
		jsonw_array_end(&w);
	}
	api_book_done(c->api);
	jsonw_object_end(&w);
	sla_history_fini(&h);
	answer_json(c, 200, &b);
}

struct event_list {
	struct call *call;
	struct json_writer w;
	int64_t left;
};

/* A contact sees what was said to the customer, and what happened; not what we said among ourselves. */
static bool
may_read(const struct call *c, const struct event *ev)
{
	if (!access_sees(&c->who, ev->chain))
		return false;
	if (c->who.role > ROLE_CONTACT)
		return true;
	return str_starts(ev->kind, STR("ticket_")) && !str_is(pairs_get(ev->facts, "audience"), "internal") &&
	    !str_is(pairs_get(ev->facts, "audience"), "supplier");
}

static bool
list_event(void *arg, const struct event *ev)
{
	struct event_list *l = arg;
	if (!may_read(l->call, ev))
		return true;
	struct event shown = event_for(&l->call->who, ev, l->call->arena);
	record_to_json(&event_layout, &shown, true, &l->w);
	return --l->left > 0;
}

static void
answer_events(struct call *c, const struct event_query *q, int64_t limit)
{
	struct ledger *ledger = api_ledger(c->api);
	struct buf b = {0};
	struct err e;
	struct event_list l = {.call = c, .left = limit};
	jsonw_init(&l.w, &b);
	jsonw_array(&l.w);
	answer_list(c, &l.w, &b, ledger && ledger_events(ledger, q, list_event, &l, &e) == RC_OK);
}

void
handle_ticket_events(struct call *c)
{
	struct ticket k;
	if (!visible_ticket(c, c->part[0], &k))
		return;
	struct event_query q = {.subject = ticket_subject(k.number, c->arena)};
	answer_events(c, &q, 10000);
}

void
handle_events_list(struct call *c)
{
	int64_t limit;
	struct event_query q = {.subject = http_param(c->req, "subject")};
	int64_t latest;
	if (!param_i64(c, "after", 0, &q.after) || !param_i64(c, "limit", 1000, &limit) || !param_i64(c, "latest", 0, &latest))
		return;
	struct ledger *ledger = latest > 0 ? api_ledger(c->api) : NULL;
	if (ledger) {
		int64_t last = ledger_last_seq(ledger);
		q.after = last > latest ? last - latest : 0;
		limit = latest;
	}
	answer_events(c, &q, limit < 10000 ? limit : 10000);
}

/* A person's erasure: who asks must see the customer whose chain it is. */
void
handle_event_redact(struct call *c)
{
	struct redact_request q;
	if (!body_record(c, &redact_request_layout, &q))
		return;
	if (!access_sees(&c->who, q.chain)) {
		answer_error(c, RC_ABSENT, "there is no chain \"%.*s\"", STR_ARG(str_to(q.chain, 63)));
		return;
	}
	ask_engine(c, MESSAGE_redact, &redact_request_layout, &q, answer_reply);
}

/* ---- lists ---- */

struct ticket_list {
	struct call *call;
	struct json_writer w;
	struct str words; /* ?q= */
	bool rows;        /* ?fields=row: without what only the ticket's own page shows */
	int64_t left;
};

static bool
has_nocase(struct str text, struct str words)
{
	for (size_t i = 0; i + words.n <= text.n; i++)
		if (str_eq_nocase(str_n(text.p + i, words.n), words))
			return true;
	return false;
}

/* Does the ticket speak of it: in its number, title, customer, team or person? */
static bool
speaks_of(struct call *c, const struct ticket *k, struct str words)
{
	struct str number = arena_fmt(c->arena, "%lld", (long long)k->number);
	return !words.n || str_eq(number, words) || has_nocase(k->title, words) || has_nocase(k->customer, words) || has_nocase(k->assignee, words) ||
	    has_nocase(k->team, words);
}

static bool
list_ticket(void *arg, const struct row *row)
{
	struct ticket_list *l = arg;
	struct ticket k;
	struct err e;
	if (!access_sees(&l->call->who, row->customer))
		return true;
	if (record_decode(&ticket_layout, &k, row->value, l->call->arena, &e) != RC_OK || !speaks_of(l->call, &k, l->words))
		return true;
	if (l->rows) {
		k.description = STR("");
		k.escalation = (struct escalation){0};
	}
	ticket_to_json(l->call, &l->w, &k, !l->rows);
	return --l->left > 0;
}

/* One state, or `open`: all in which there is work to be done. */
static enum rc
list_states(struct ledger *ledger, struct row_query *q, struct ticket_list *l, struct err *e)
{
	enum rc rc = RC_OK;
	if (!str_is(q->tag, "open"))
		return ledger_list(ledger, q, list_ticket, l, e);
	for (int i = 0; ticket_states[i] && rc == RC_OK && l->left > 0; i++) {
		if (i == TICKET_CLOSED || i == TICKET_REJECTED)
			continue;
		q->tag = str_c(ticket_states[i]);
		rc = ledger_list(ledger, q, list_ticket, l, e);
	}
	return rc;
}

void
handle_tickets_list(struct call *c)
{
	struct ledger *ledger = api_ledger(c->api);
	struct buf b = {0};
	struct err e;
	struct ticket_list l = {.call = c, .words = http_param(c->req, "q"), .rows = str_is(http_param(c->req, "fields"), "row")};
	struct row_query q = {.space = STR("ticket"), .customer = http_param(c->req, "customer"), .tag = http_param(c->req, "state"), .limit = INT64_MAX};
	if (!param_i64(c, "before", 0, &q.before) || !param_i64(c, "limit", 100, &l.left))
		return;
	if (q.customer.n && !access_sees(&c->who, q.customer)) {
		answer_error(c, RC_DENIED, "customer %.*s is not yours", STR_ARG(str_to(q.customer, 63)));
		return;
	}
	jsonw_init(&l.w, &b);
	jsonw_array(&l.w);
	answer_list(c, &l.w, &b, ledger && list_states(ledger, &q, &l, &e) == RC_OK);
}

/* ---- changes ---- */

/* A ticket that another one speaks of must be seen by who asks, and be the same customer's; answers the error itself. */
static bool
may_refer(struct call *c, int64_t number, struct str customer)
{
	struct ticket other;
	if (!visible_ticket(c, arena_fmt(c->arena, "%lld", (long long)number), &other))
		return false;
	if (!str_eq(other.customer, customer))
		answer_error(c, RC_INVALID, "ticket %lld belongs to another customer", (long long)number);
	return str_eq(other.customer, customer);
}

void
handle_ticket_open(struct call *c)
{
	struct ticket_request q;
	if (!body_record(c, &ticket_request_layout, &q))
		return;
	if (!access_sees(&c->who, q.customer)) {
		answer_error(c, RC_DENIED, "customer %.*s is not yours", STR_ARG(str_to(q.customer, 63)));
		return;
	}
	if (q.refers_to && !may_refer(c, q.refers_to, q.customer))
		return;
	ask_engine(c, MESSAGE_ticket_open, &ticket_request_layout, &q, answer_reply);
}

/* A customer's person may write, and say that it is done; the work is ours. */
static bool
contact_may(const struct ticket_change *q)
{
	return q->verb == VERB_MESSAGE || q->verb == VERB_CLOSE;
}

void
handle_ticket_change(struct call *c)
{
	struct ticket k;
	struct ticket_change q;
	struct err e;
	if (!visible_ticket(c, c->part[0], &k))
		return;
	struct str verb = c->part[1];
	struct str body = c->req->body.n ? c->req->body : STR("{}");
	struct json j;
	/* the verb stands in the path; everything else in the body */
	struct str whole = str_is(str_trim(body), "{}") ? arena_fmt(c->arena, "{\"verb\":\"%.*s\"}", STR_ARG(verb))
							 : arena_fmt(c->arena, "{\"verb\":\"%.*s\",%.*s", STR_ARG(verb), STR_ARG(str_from(str_trim(body), 1)));
	json_init(&j, whole, c->arena, 16);
	record_from_json(&ticket_change_layout, &q, &j, c->arena);
	if (json_end(&j, &e) != RC_OK) {
		answer_error(c, RC_INVALID, "%s", e.text);
		return;
	}
	if (c->who.role == ROLE_CONTACT && !contact_may(&q)) {
		answer_error(c, RC_DENIED, "a contact may write a message or close");
		return;
	}
	if (c->who.role == ROLE_VIEWER) {
		answer_error(c, RC_DENIED, "a viewer changes nothing");
		return;
	}
	if (c->who.role == ROLE_CONTACT)
		q.audience = AUDIENCE_CUSTOMER;
	if (q.verb == VERB_LINK && !may_refer(c, q.to, k.customer))
		return;
	q.number = k.number;
	ask_engine(c, MESSAGE_ticket_change, &ticket_change_layout, &q, answer_reply);
}

/* "Press 1" in the browser: the same receipt as from a phone, by the person who was paged. */
void
handle_page_answer(struct call *c)
{
	struct ticket k;
	struct str id = c->part[0];
	ptrdiff_t dash = str_chr(id, '-');
	bool takes = str_is(c->part[1], "take");
	if (dash < 0 || (!takes && !str_is(c->part[1], "pass"))) {
		answer_error(c, RC_ABSENT, "a page is answered by take or pass");
		return;
	}
	if (!visible_ticket(c, str_to(id, (size_t)dash), &k))
		return;
	struct receipt r = {.key = arena_fmt(c->arena, "page/%.*s/0", STR_ARG(id)), .outcome = takes ? OUTCOME_acknowledged : OUTCOME_passed,
	    .text = arena_fmt(c->arena, "in the console, by %.*s", STR_ARG(c->who.name)), .at = c->now};
	ask_engine(c, MESSAGE_receipt, &receipt_layout, &r, answer_reply);
}

/* ---- pages that wait ---- */

struct page_list {
	struct call *call;
	struct json_writer w;
};

/* With what it is about, so that a screen that rings says it at once. */
static void
page_to_json(struct call *c, const struct page *p, struct json_writer *w)
{
	struct ticket k = {0};
	struct buf b = {0};
	struct json_writer inner;
	bool known = read_ticket(c, p->ticket, &k);
	jsonw_init(&inner, &b);
	record_to_json(&page_layout, p, true, &inner);
	buf_cut(&b, b.n - 1); /* its closing brace */
	buf_c(&b, ",\"title\":");
	jsonw_init(&inner, &b);
	jsonw_str(&inner, known ? k.title : STR(""));
	buf_fmt(&b, ",\"priority\":\"%s\"}", priorities[k.priority]);
	jsonw_raw(w, buf_view(&b));
	buf_fini(&b);
}

static bool
list_page(void *arg, const struct row *row)
{
	struct page_list *l = arg;
	struct call *c = l->call;
	struct page p;
	struct err e;
	if (!access_sees(&c->who, row->customer) || record_decode(&page_layout, &p, row->value, c->arena, &e) != RC_OK)
		return true;
	if (c->api->house.no_auth || str_eq(p.user, c->who.name))
		page_to_json(c, &p, &l->w);
	return true;
}

void
handle_pages_list(struct call *c)
{
	struct ledger *ledger = api_ledger(c->api);
	struct buf b = {0};
	struct err e;
	struct page_list l = {.call = c};
	struct row_query q = {.space = STR("page"), .tag = str_c(page_states[PAGE_TRYING]), .limit = INT64_MAX};
	jsonw_init(&l.w, &b);
	jsonw_array(&l.w);
	answer_list(c, &l.w, &b, ledger && ledger_list(ledger, &q, list_page, &l, &e) == RC_OK);
}
