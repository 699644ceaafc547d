/* oncall.c — who is on call, over time; and who would be called next about a ticket. */
#include "api/api_impl.h"
#include "oncall/escalate.h"

enum { WINDOW_MAX = 400 }; /* days */

struct duty {
	struct json_writer w;
	msec_t as_of;    /* by the agreements of then; the shift that is shown alone */
	msec_t from, to; /* to = 0: that shift alone */
	struct str only;
	struct call *call;
	const struct book *book;
};

static void
put_shift(struct json_writer *w, const struct shift *x)
{
	jsonw_member(w, "user", x->user);
	jsonw_member_time(w, "from", x->from);
	jsonw_member_time(w, "to", x->to);
	jsonw_key(w, "layer");
	jsonw_i64(w, x->layer);
	jsonw_member(w, "why", x->why);
}

static bool
list_shift(void *arg, const struct shift *x)
{
	struct duty *d = arg;
	jsonw_object(&d->w);
	put_shift(&d->w, x);
	jsonw_object_end(&d->w);
	return true;
}

static bool
list_duty(void *arg, const struct resource *r, const void *spec)
{
	struct duty *d = arg;
	struct shift x;
	if ((d->only.n && !str_eq(d->only, r->name)) || !oncall_shift(d->book, r->name, d->as_of, d->call->arena, &x))
		return true;
	jsonw_object(&d->w);
	jsonw_member(&d->w, "schedule", r->name);
	put_shift(&d->w, &x);
	if (d->to) {
		jsonw_key(&d->w, "shifts");
		jsonw_array(&d->w);
		oncall_walk(d->book, r->name, d->as_of, d->from, d->to, d->call->arena, list_shift, d);
		jsonw_array_end(&d->w);
	}
	jsonw_object_end(&d->w);
	return true;
}

void
handle_oncall_now(struct call *c)
{
	struct buf b = {0};
	struct duty d = {.from = c->now, .call = c, .only = http_param(c->req, "schedule")};
	if (!param_instant(c, "from", &d.from) || !param_instant(c, "to", &d.to))
		return;
	if (d.to && (d.to <= d.from || d.to - d.from > WINDOW_MAX * DAY)) {
		answer_error(c, RC_INVALID, "to= must lie after from=, by %d days at the most", WINDOW_MAX);
		return;
	}
	/* what is past is shown as it was agreed then, everything else as it is agreed now */
	d.as_of = d.to && d.to <= c->now ? d.from : d.to || !http_param(c->req, "from").n ? c->now : d.from;
	jsonw_init(&d.w, &b);
	jsonw_array(&d.w);
	d.book = api_book(c->api);
	book_each(d.book, "schedule", d.as_of, list_duty, &d);
	api_book_done(c->api);
	jsonw_array_end(&d.w);
	answer_json(c, 200, &b);
}

/* ---- what comes next ---- */

enum { AHEAD = 12 };

static void
put_ahead(struct json_writer *w, const struct ahead *x)
{
	jsonw_object(w);
	jsonw_member_time(w, "at", x->at);
	jsonw_key(w, "step");
	jsonw_i64(w, x->step + 1);
	jsonw_key(w, "round");
	jsonw_i64(w, x->round + 1);
	jsonw_key(w, "people");
	jsonw_array(w);
	for (size_t i = 0; i < x->whom.n; i++) {
		jsonw_object(w);
		jsonw_member(w, "user", x->whom.p[i].user);
		jsonw_member(w, "why", x->whom.p[i].why);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void
handle_ticket_next(struct call *c)
{
	struct ticket k;
	struct ahead ahead[AHEAD];
	struct buf b = {0};
	struct json_writer w;
	if (!visible_ticket(c, c->part[0], &k))
		return;
	jsonw_init(&w, &b);
	jsonw_array(&w);
	struct book *book = api_book(c->api);
	size_t n = escalation_ahead(book, &k, c->arena, ahead, AHEAD);
	for (size_t i = 0; i < n; i++)
		put_ahead(&w, &ahead[i]);
	api_book_done(c->api);
	jsonw_array_end(&w);
	answer_json(c, 200, &b);
}
