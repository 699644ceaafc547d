/* agreements.c — what can be seen of agreements besides their text: when a calendar is open, what a contact may choose. */
#include "api/api_impl.h"
#include "desk/calendar.h"

/* ---- calendars ---- */

enum { PREVIEW_MAX = 400 }; /* days */

struct preview {
	struct json_writer w;
	msec_t from, to;
	struct span open; /* what is known of the span that is being joined; empty at first */
};

static void
put_open(struct preview *p)
{
	if (p->open.from >= p->open.to)
		return;
	jsonw_object(&p->w);
	jsonw_member_time(&p->w, "from", p->open.from);
	jsonw_member_time(&p->w, "to", p->open.to);
	jsonw_object_end(&p->w);
}

/* A calendar's spans end at its midnight; what goes on behind it is one span for the reader. */
static bool
join_span(void *arg, struct span s)
{
	struct preview *p = arg;
	if (s.from >= p->to)
		return false;
	if (s.to <= p->from)
		return true;
	if (s.from <= p->open.to && p->open.to) {
		p->open.to = s.to;
		return true;
	}
	put_open(p);
	p->open = s;
	return true;
}

bool
api_calendar_open(void *api, struct str customer, struct str name, msec_t at, bool *open)
{
	struct book *book = api_book(api);
	const struct calendar *c = book_find(book, "calendar", customer, name, at);
	if (!c) /* it may be younger than the time that is looked at */
		c = book_find(book, "calendar", customer, name, clock_wall(((struct api *)api)->house.clock));
	if (c)
		*open = calendar_open(c, at);
	api_book_done(api);
	return c != NULL;
}

void
handle_calendar_open(struct call *c)
{
	struct buf b = {0};
	struct preview p = {.from = c->now, .to = c->now + 14 * DAY};
	struct str customer = http_param(c->req, "customer");
	if (!param_instant(c, "from", &p.from) || !param_instant(c, "to", &p.to))
		return;
	if (p.to <= p.from || p.to - p.from > PREVIEW_MAX * DAY) {
		answer_error(c, RC_INVALID, "to= must lie after from=, by %d days at the most", PREVIEW_MAX);
		return;
	}
	jsonw_init(&p.w, &b);
	jsonw_array(&p.w);
	struct book *book = api_book(c->api);
	bool sees = !customer.n || access_sees(&c->who, customer);
	const struct calendar *calendar = sees ? book_find(book, "calendar", customer, c->part[0], p.from) : NULL;
	if (!calendar) /* it may be younger than the time that is looked at */
		calendar = sees ? book_find(book, "calendar", customer, c->part[0], c->now) : NULL;
	if (calendar)
		calendar_walk(calendar, p.from, join_span, &p);
	put_open(&p);
	api_book_done(c->api);
	jsonw_array_end(&p.w);
	if (calendar) {
		answer_json(c, 200, &b);
		return;
	}
	buf_fini(&b);
	answer_error(c, RC_ABSENT, "there is no such calendar");
}

/* ---- problem types ---- */

struct types {
	struct json_writer w;
	struct call *call;
};

static bool
put_type(void *arg, const struct resource *r, const void *spec)
{
	struct types *t = arg;
	const struct problem_type *p = spec;
	if (r->customer.n && !access_sees(&t->call->who, r->customer))
		return true;
	jsonw_object(&t->w);
	jsonw_member(&t->w, "name", r->name);
	jsonw_member(&t->w, "title", p->title);
	jsonw_object_end(&t->w);
	return true;
}

/* What a person who opens a ticket chooses from; skills and priorities are our own business. */
void
handle_problem_types(struct call *c)
{
	struct buf b = {0};
	struct types t = {.call = c};
	jsonw_init(&t.w, &b);
	jsonw_array(&t.w);
	book_each(api_book(c->api), "problem_type", c->now, put_type, &t);
	api_book_done(c->api);
	jsonw_array_end(&t.w);
	answer_json(c, 200, &b);
}
