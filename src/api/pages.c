/*
 * pages.c — the plain pages: sign-in, the list of tickets, one ticket with its timeline and clocks.
 *
 * They work without a script and without any other host; every text from outside is escaped by html_text.
 */
#include <stdio.h>

#include "api/api_impl.h"
#include "base/time.h"
#include "desk/desk.h"

static const char style[] =
    "<style>:root{color-scheme:light dark;--line:#8884}body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.3rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}"
    "th{font-weight:600}.n{font-variant-numeric:tabular-nums;white-space:nowrap}.bad{font-weight:600}nav{margin-bottom:1.5rem}"
    "form{display:grid;gap:.6rem;max-width:20rem}input,button{font:inherit;padding:.4rem .6rem}"
    "@media(max-width:44rem){table,tbody,tr,td{display:block}tr:first-child{display:none}tr{padding:.5rem 0;border-bottom:1px solid var(--line)}"
    "td{border:0;padding:.1rem 0}td:empty{display:none}}</style>";

void
page_begin(struct buf *b, const char *title)
{
	buf_fmt(b, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>%s · Tocsin</title>%s<nav><a href=\"/text\">Tickets</a> <a href=\"/text/status\">Status</a></nav><h1>%s</h1>",
	    title, style, title);
}

void
page_answer(struct call *c, int status, struct buf *b)
{
	/* the styles are in the page itself: allowed here and only here */
	for (size_t i = 0; i < c->req->reply.headers.n; i++)
		if (str_is(c->req->reply.headers.p[i].name, "Content-Security-Policy"))
			vec_remove(&c->req->reply.headers, i);
	http_answer_header(c->req, "Content-Security-Policy", STR("default-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"));
	http_answer_buf(c->req, status, "text/html; charset=utf-8", b);
}

void
html_cell(struct buf *b, const char *kind, struct str s)
{
	buf_fmt(b, "<td%s>", kind);
	html_text(b, s);
	buf_c(b, "</td>");
}

/* "2026-11-20 22:30:54" */
static const char *
time_words(msec_t t, char text[TIME_TEXT])
{
	time_rfc3339(t, text);
	text[10] = ' ';
	text[19] = '\0';
	return text;
}

/* "in_progress" as people write it. */
static void
word(struct buf *b, const char *w)
{
	for (; *w; w++)
		buf_ch(b, *w == '_' ? ' ' : *w);
}

static void
time_cell(struct buf *b, msec_t t)
{
	char text[TIME_TEXT];
	buf_fmt(b, "<td class=n>%s</td>", time_words(t, text));
}

void
sign_in_page(struct call *c, const char *trouble)
{
	struct buf b = {0};
	page_begin(&b, "Sign in");
	if (trouble)
		buf_fmt(&b, "<p class=bad role=alert>%s</p>", trouble);
	buf_c(&b, "<form method=post action=\"/api/tocsin/v1/session\"><label>User<br><input name=user autocomplete=username required autofocus></label>"
		  "<label>Password<br><input name=password type=password autocomplete=current-password required></label><button>Sign in</button></form>");
	page_answer(c, trouble ? 403 : 401, &b);
}

struct rows {
	struct call *call;
	struct buf *b;
	int n;
};

static bool
ticket_row(void *arg, const struct row *row)
{
	struct rows *r = arg;
	struct ticket k;
	struct err e;
	if (!access_sees(&r->call->who, row->customer) || record_decode(&ticket_layout, &k, row->value, r->call->arena, &e) != RC_OK)
		return true;
	buf_fmt(r->b, "<tr><td class=n><a href=\"/text/ticket/%lld\">%lld</a></td>", (long long)k.number, (long long)k.number);
	html_cell(r->b, "", str_c(priorities[k.priority]));
	buf_c(r->b, "<td>");
	word(r->b, ticket_states[k.state]);
	buf_c(r->b, "</td>");
	html_cell(r->b, "", k.customer);
	html_cell(r->b, "", k.title);
	html_cell(r->b, "", k.assignee);
	time_cell(r->b, k.opened);
	buf_c(r->b, "</tr>");
	return ++r->n < 200;
}

void
handle_page_tickets(struct call *c)
{
	struct ledger *l = api_ledger(c->api);
	struct buf b = {0};
	struct err e;
	struct rows r = {c, &b, 0};
	struct row_query q = {.space = STR("ticket"), .limit = INT64_MAX};
	if (!c->signed_in) {
		sign_in_page(c, NULL);
		return;
	}
	page_begin(&b, "Tickets");
	buf_c(&b, "<table><tr><th>Number<th>Priority<th>State<th>Customer<th>Title<th>Taken by<th>Opened (UTC)</tr>");
	if (!l || ledger_list(l, &q, ticket_row, &r, &e) != RC_OK)
		buf_c(&b, "<tr><td colspan=7>The ledger cannot be read now.</td></tr>");
	else if (r.n == 0)
		buf_c(&b, "<tr><td colspan=7>No ticket is here. The first alert that a contract or route sends to the desk opens one.</td></tr>");
	buf_c(&b, "</table>");
	page_answer(c, 200, &b);
}

struct timeline {
	struct call *call;
	struct buf *b;
	struct sla_history history;
};

static bool
timeline_row(void *arg, const struct event *ev)
{
	struct timeline *t = arg;
	sla_history_add(&t->history, ev);
	time_cell((buf_c(t->b, "<tr>"), t->b), ev->at);
	html_cell(t->b, " class=n", ev->actor);
	html_cell(t->b, "", ev->text);
	struct str message = pairs_get(ev->facts, "message");
	html_cell(t->b, "", message);
	buf_c(t->b, "</tr>");
	return true;
}

static void
clock_row(struct buf *b, const char *name, const struct sla_clock *k)
{
	struct buf limit = {0}, spent = {0};
	char text[TIME_TEXT];
	duration_print(&limit, k->limit);
	duration_print(&spent, k->spent / 1000 * 1000);
	buf_fmt(b, "<tr><td>%s</td><td>%s%s</td><td class=n>%s</td><td class=n>%s</td><td class=n>%s</td></tr>", name, sla_clock_states[k->state],
	    k->breached ? ", <span class=bad>breached</span>" : "", spent.p, k->limit ? limit.p : "no promise",
	    k->deadline == MSEC_NEVER ? "" : time_words(k->deadline, text));
	buf_fini(&limit);
	buf_fini(&spent);
}

static bool
read_ticket(struct call *c, struct ticket *k)
{
	struct ledger *l = api_ledger(c->api);
	struct str bytes;
	struct err e;
	int64_t n;
	char key[24];
	if (!l || !str_i64(c->part[0], &n) || n < 1)
		return false;
	snprintf(key, sizeof key, "%012lld", (long long)n);
	return ledger_get(l, STR("ticket"), str_c(key), c->arena, &bytes, &e) == RC_OK &&
	    record_decode(&ticket_layout, k, bytes, c->arena, &e) == RC_OK && access_sees(&c->who, k->customer);
}

void
handle_page_ticket(struct call *c)
{
	struct ticket k;
	struct buf b = {0}, rows = {0};
	struct sla_report report;
	struct err e;
	if (!c->signed_in) {
		sign_in_page(c, NULL);
		return;
	}
	if (c->who.role == ROLE_CONTACT || !read_ticket(c, &k)) {
		answer_error(c, RC_ABSENT, "there is no such ticket");
		return;
	}
	struct timeline t = {.call = c, .b = &rows};
	struct event_query q = {.subject = ticket_subject(k.number, c->arena)};
	if (ledger_events(api_ledger(c->api), &q, timeline_row, &t, &e) != RC_OK)
		buf_c(&rows, "<tr><td colspan=4>The timeline cannot be read now.</td></tr>");
	struct book *book = api_book(c->api);
	book_sla_derive(book, k.customer, k.contract, &t.history, c->now, &report);
	api_book_done(c->api);
	page_begin(&b, arena_fmt(c->arena, "Ticket %lld", (long long)k.number).p);
	buf_c(&b, "<p>");
	html_text(&b, k.title);
	buf_c(&b, "<br>");
	word(&b, ticket_states[k.state]);
	buf_fmt(&b, ", %s, customer ", priorities[k.priority]);
	html_text(&b, k.customer);
	buf_c(&b, "</p><table><tr><th>Clock<th>State<th>Spent<th>Limit<th>Deadline (UTC)</tr>");
	clock_row(&b, "Pickup", &report.pickup);
	clock_row(&b, "Resolution", &report.resolution);
	buf_c(&b, "</table><h1>Timeline</h1><table><tr><th>When (UTC)<th>Who<th>What<th>Message</tr>");
	buf_str(&b, buf_view(&rows));
	buf_c(&b, "</table>");
	sla_history_fini(&t.history);
	buf_fini(&rows);
	page_answer(c, 200, &b);
}
