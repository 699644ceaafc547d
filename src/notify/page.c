/* page.c — see page.h. */
#include "notify/page.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "access/user.h"
#include "base/map.h"
#include "base/must.h"
#include "notify/sender.h"
#include "wire/json.h"

const char *const page_states[] = {"trying", "acknowledged", "passed", "failed", "stopped", NULL};

#define RECORD_SELF struct page
RECORD_LAYOUT(page, PAGE_KEYS)
#undef RECORD_SELF

/* A page that is being tried. */
struct trying {
	struct page page; /* first */
	struct arena *arena;
};

struct pages {
	struct book *book;
	struct desk *desk;
	struct map *trying; /* by id */
};

struct pages *
pages_create(struct book *book, struct desk *desk)
{
	struct pages *p = mem_new(struct pages);
	p->book = book;
	p->desk = desk;
	p->trying = map_create();
	return p;
}

static void
trying_free(struct trying *t)
{
	arena_destroy(&t->arena);
	mem_free(t);
}

void
pages_destroy(struct pages **pp)
{
	struct pages *p = *pp;
	if (!p)
		return;
	map_each(p->trying, e)
		trying_free(e->value);
	map_destroy(&p->trying);
	mem_free(p);
	*pp = NULL;
}

static struct trying *
remember(struct pages *p, const struct page *page)
{
	struct trying *t = mem_new(struct trying);
	t->arena = arena_create();
	record_copy(&page_layout, &t->page, page, t->arena);
	map_put(p->trying, t->page.id, t);
	return t;
}

struct loading {
	struct pages *pages;
	struct arena *scratch;
	struct err *err;
	enum rc rc;
};

static bool
load_page(void *arg, const struct row *row)
{
	struct loading *l = arg;
	struct page page;
	if (!str_is(row->tag, page_states[PAGE_TRYING]))
		return true;
	l->rc = record_decode(&page_layout, &page, row->value, l->scratch, l->err);
	if (l->rc == RC_OK)
		remember(l->pages, &page);
	return l->rc == RC_OK;
}

enum rc
pages_load(struct pages *p, struct ledger *ledger, struct err *e)
{
	struct loading l = {p, arena_create(), e, RC_OK};
	struct row_query q = {.space = STR("page"), .tag = STR("trying"), .limit = INT64_MAX};
	enum rc rc = ledger_list(ledger, &q, load_page, &l, e);
	arena_destroy(&l.scratch);
	return rc == RC_OK ? l.rc : rc;
}

size_t
pages_trying(const struct pages *p, int64_t ticket)
{
	size_t n = 0;
	map_each(p->trying, e)
		n += ((struct trying *)e->value)->page.ticket == ticket;
	return n;
}

/* ---- the ladder ---- */

/* Without a ladder of one's own: the open browser, then the phone, then mail; what has no address is left out. */
static size_t
ladder_of(const struct user *u, struct rung out[3])
{
	size_t n = 0;
	out[n++] = (struct rung){CHANNEL_CONSOLE, STR(""), 30 * SECOND};
	if (u->phone.n)
		out[n++] = (struct rung){CHANNEL_CALL, u->phone, 2 * MINUTE};
	if (u->mail.n)
		out[n++] = (struct rung){CHANNEL_MAIL, u->mail, 5 * MINUTE};
	return n;
}

/* The i-th rung with its address filled in; false past the end. */
static bool
rung_at(const struct user *u, int64_t i, struct rung *out)
{
	struct rung standard[3];
	size_t n = u->ladder.n ? u->ladder.n : ladder_of(u, standard);
	if (i < 0 || (size_t)i >= n)
		return false;
	*out = u->ladder.n ? u->ladder.p[i] : standard[i];
	if (!out->to.n)
		out->to = out->by == CHANNEL_CALL || out->by == CHANNEL_SMS ? u->phone : out->by == CHANNEL_MAIL ? u->mail : out->to;
	return true;
}

/* The one rung of a drill over one channel, with the address that the person's ladder has for it. */
static bool
only_rung(const struct user *u, struct str by, int64_t i, struct rung *out)
{
	for (int64_t k = 0; i == 0 && rung_at(u, k, out); k++)
		if (str_is(by, channels[out->by]))
			return true;
	if (i != 0)
		return false;
	for (int c = 0; channels[c]; c++)
		if (str_is(by, channels[c]))
			*out = (struct rung){c, c == CHANNEL_MAIL ? u->mail : c == CHANNEL_CALL || c == CHANNEL_SMS ? u->phone : STR(""), 2 * MINUTE};
	return out->to.n > 0 || str_is(by, channels[CHANNEL_CONSOLE]);
}

bool
page_can(const struct user *u, struct str by)
{
	struct rung r = {0};
	return only_rung(u, by, 0, &r);
}

static bool
next_of(const struct user *u, const struct ticket *k, int64_t i, struct rung *out)
{
	*out = (struct rung){0};
	return k->page_by.n ? only_rung(u, k->page_by, i, out) : rung_at(u, i, out);
}

static struct str
subject(struct turn *t, int64_t ticket)
{
	return arena_fmt(t->arena, "ticket/%lld", (long long)ticket);
}

static struct str
timer_id(struct turn *t, const struct page *p)
{
	return arena_fmt(t->arena, "page/%.*s", STR_ARG(p->id));
}

static struct str
rung_key(struct turn *t, const struct page *p)
{
	return arena_fmt(t->arena, "page/%.*s/%lld", STR_ARG(p->id), (long long)p->rung);
}

static void
save(struct turn *t, const struct page *p)
{
	turn_put(t,
	    (struct row_change){.space = STR("page"), .key = p->id, .customer = p->customer, .tag = str_c(page_states[p->state]), .sort = p->ticket},
	    &page_layout, p);
}

/* What the ticket says, for whoever it is told to. */
static struct notice
notice_of(const struct pages *ps, struct turn *t, const struct ticket *k, const struct user *u)
{
	const struct customer *c = book_find(ps->book, "customer", STR(""), k->customer, t->now);
	return (struct notice){
	    .ticket = k->number,
	    .customer = k->customer,
	    .customer_title = c && c->title.n ? c->title : k->customer,
	    .language = str_c(languages[u->language]),
	    .priority = str_c(priorities[k->priority]),
	    .title = k->title,
	    .text = k->description,
	    .state = str_c(ticket_states[k->state]),
	    .policy = k->policy,
	    .step = k->escalation.step + 1,
	};
}

/* A person's webhook gets the notice as JSON; every other channel makes its own of it. */
static void
send_notice(struct turn *t, struct str key, int channel, const struct notice *n)
{
	struct send s = {.key = key, .channel = str_c(channels[channel]), .customer = n->customer, .subject = subject(t, n->ticket)};
	if (channel != CHANNEL_WEBHOOK) {
		turn_send(t, s, &notice_layout, n);
		return;
	}
	struct buf body = {0};
	struct json_writer w;
	jsonw_init(&w, &body);
	record_to_json(&notice_layout, n, false, &w);
	struct post p = {.url = n->to, .type = STR("application/json"), .body = buf_view(&body)};
	turn_send(t, s, &post_layout, &p);
	buf_fini(&body);
}

static void
send_rung(struct pages *ps, struct turn *t, struct trying *x, const struct rung *r, const struct user *u, const struct ticket *k)
{
	struct notice n = notice_of(ps, t, k, u);
	n.page = x->page.id;
	n.user = arena_fmt(t->arena, "user/%.*s", STR_ARG(x->page.user));
	n.to = r->to;
	n.why = x->page.why;
	struct str key = rung_key(t, &x->page);
	send_notice(t, key, r->by, &n);
	struct event *ev = turn_event(t, EVENT_page_sent, x->page.customer, subject(t, x->page.ticket), 0, "%s to %.*s", channels[r->by],
	    STR_ARG(x->page.user));
	/* not in the sentence: who may read the ticket need not know how its people are reached */
	if (r->to.n)
		turn_fact(t, ev, "to", r->to);
	turn_fact(t, ev, "page", x->page.id);
	turn_fact(t, ev, "user", x->page.user);
	turn_fact(t, ev, "key", key);
	turn_fact(t, ev, "channel", str_c(channels[r->by]));
	turn_timer(t, timer_id(t, &x->page), t->now + (r->wait > 10 * SECOND ? r->wait : 10 * SECOND));
}

/* The next rungs, until one is sent; false when the ladder is at its end (the page has failed). */
static bool
climb(struct pages *ps, struct turn *t, struct trying *x)
{
	const struct user *u = book_find(ps->book, "user", STR(""), x->page.user, t->now);
	const struct ticket *k = desk_ticket(ps->desk, x->page.ticket);
	struct rung r;
	if (u && k && next_of(u, k, x->page.rung, &r)) {
		send_rung(ps, t, x, &r, u, k);
		save(t, &x->page);
		return true;
	}
	return false;
}

static void
settle(struct pages *ps, struct turn *t, struct trying *x, enum page_state state)
{
	x->page.state = state;
	turn_timer_cancel(t, timer_id(t, &x->page));
	turn_settle(t, rung_key(t, &x->page), 0, 0, str_c(page_states[state]));
	save(t, &x->page);
	map_take(ps->trying, x->page.id);
	trying_free(x);
}

static struct page_result
next_rung(struct pages *ps, struct turn *t, struct trying *x)
{
	struct page_result r = {.ticket = x->page.ticket, .user = arena_str(t->arena, x->page.user)};
	turn_settle(t, rung_key(t, &x->page), 0, 0, STR("stopped")); /* what its patience ran out for is called back */
	x->page.rung++;
	if (climb(ps, t, x))
		return r;
	turn_event(t, EVENT_page_receipt, x->page.customer, subject(t, x->page.ticket), 0, "Every rung of %.*s's ladder was tried",
	    STR_ARG(x->page.user));
	settle(ps, t, x, PAGE_FAILED);
	if (pages_trying(ps, r.ticket) == 0)
		r.news = PAGE_NOBODY_LEFT;
	return r;
}

void
page_start(struct pages *ps, struct turn *t, struct ticket *k, struct str user, struct str why)
{
	map_each(ps->trying, e) {
		const struct page *p = &((struct trying *)e->value)->page;
		if (p->ticket == k->number && str_eq(p->user, user))
			return;
	}
	struct page page = {
	    .id = arena_fmt(t->arena, "%lld-%lld", (long long)k->number, (long long)++k->pages),
	    .ticket = k->number,
	    .customer = k->customer,
	    .user = user,
	    .why = why,
	    .sent = t->now,
	};
	struct trying *x = remember(ps, &page);
	if (!climb(ps, t, x))
		settle(ps, t, x, PAGE_FAILED);
}

/* ---- answers ---- */

/* "page/12-3/0" -> "12-3" and 0 */
static struct trying *
of_key(struct pages *ps, struct str key, int64_t *rung)
{
	struct str word, id, number;
	if (!str_cut(&key, '/', &word) || !str_is(word, "page") || !str_cut(&key, '/', &id) || !str_cut(&key, '/', &number) ||
	    !str_i64(number, rung))
		return NULL;
	return map_get(ps->trying, id);
}

static void
record_receipt(struct turn *t, const struct page *p, const struct receipt *r)
{
	bool took = r->outcome == OUTCOME_acknowledged, passed = r->outcome == OUTCOME_passed;
	struct event *ev = turn_event(t, took ? EVENT_page_acknowledged : passed ? EVENT_page_passed : EVENT_page_receipt, p->customer,
	    subject(t, p->ticket), r->at, "%.*s: %s%s%.*s", STR_ARG(p->user), outcomes[r->outcome], r->text.n ? ": " : "", STR_ARG(r->text));
	turn_fact(t, ev, "key", r->key);
	turn_fact(t, ev, "outcome", str_c(outcomes[r->outcome]));
}

/* Is there another rung behind the present one? */
static bool
has_more(const struct pages *ps, const struct turn *t, const struct page *p)
{
	const struct user *u = book_find(ps->book, "user", STR(""), p->user, t->now);
	const struct ticket *k = desk_ticket(ps->desk, p->ticket);
	struct rung r;
	return u && k && next_of(u, k, p->rung + 1, &r);
}

/* Who was not reached is tried another way.  A screen that nobody looks at may still be opened: it is left last, never given up. */
static bool
climbs(const struct pages *ps, const struct turn *t, const struct page *p, int outcome)
{
	return outcome_climbs(outcome) || (outcome == OUTCOME_unseen && has_more(ps, t, p));
}

struct page_result
page_receipt(struct pages *ps, struct turn *t, const struct receipt *r)
{
	int64_t rung;
	struct trying *x = of_key(ps, r->key, &rung);
	if (!x)
		return (struct page_result){0};
	struct page_result out = {.ticket = x->page.ticket, .user = arena_str(t->arena, x->page.user)};
	record_receipt(t, &x->page, r);
	if (r->outcome == OUTCOME_acknowledged) { /* whichever rung it came from */
		settle(ps, t, x, PAGE_ACKNOWLEDGED);
		out.news = PAGE_TOOK;
	} else if (r->outcome == OUTCOME_passed) {
		settle(ps, t, x, PAGE_PASSED);
		out.news = PAGE_PASSED_ON;
	} else if (rung == x->page.rung && climbs(ps, t, &x->page, r->outcome)) {
		return next_rung(ps, t, x);
	}
	return out;
}

struct page_result
page_timer(struct pages *ps, struct turn *t, struct str id)
{
	struct trying *x = map_get(ps->trying, str_from(id, 5));
	turn_timer_cancel(t, id);
	return x ? next_rung(ps, t, x) : (struct page_result){0};
}

void
pages_stop(struct pages *ps, struct turn *t, int64_t ticket, struct str taken_by, const char *why)
{
	VEC(struct trying *) all = {0};
	map_each(ps->trying, e) {
		struct trying *x = e->value;
		if (x->page.ticket == ticket)
			*vec_add(&all) = x;
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct page *p = &all.p[i]->page;
		bool took = str_eq(p->user, taken_by);
		if (!took) {
			struct event *ev = turn_event(t, EVENT_page_receipt, p->customer, subject(t, ticket), 0, "The page to %.*s is called back: %s",
			    STR_ARG(p->user), why);
			turn_fact(t, ev, "key", rung_key(t, p));
			turn_fact(t, ev, "outcome", STR("stopped"));
		}
		settle(ps, t, all.p[i], took ? PAGE_ACKNOWLEDGED : PAGE_STOPPED);
	}
	vec_fini(&all);
}

/* The first rung of the ladder that writes, else the person's mail. */
static bool
writing_rung(const struct user *u, struct rung *r)
{
	for (int64_t i = 0; rung_at(u, i, r); i++)
		if (r->by != CHANNEL_CALL && r->by != CHANNEL_CONSOLE)
			return true;
	*r = (struct rung){CHANNEL_MAIL, u->mail, 0};
	return u->mail.n > 0;
}

void
notice_send(struct pages *ps, struct turn *t, const struct ticket *k, struct str user, bool sms, const char *why)
{
	const struct user *u = book_find(ps->book, "user", STR(""), user, t->now);
	struct rung r;
	if (u && sms && u->phone.n)
		r = (struct rung){CHANNEL_SMS, u->phone, 0};
	else if (!u || !writing_rung(u, &r))
		return;
	struct notice n = notice_of(ps, t, k, u);
	n.user = arena_fmt(t->arena, "user/%.*s", STR_ARG(user));
	n.to = r.to;
	n.why = str_c(why);
	struct str key = arena_fmt(t->arena, "notice/%lld/%.*s/%lld", (long long)k->number, STR_ARG(user), (long long)t->now);
	send_notice(t, key, r.by, &n);
}
