/* play_do.c — statements that do something: the world's own, and what people and programs do to the product. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/time.h"
#include "conf/resource.h"
#include "desk/desk.h"
#include "engine/order.h"
#include "flow/alert.h"
#include "main/play_script.h"

/* The engine said no. */
static enum rc
refused(struct script *s, struct err *e)
{
	return err_set(e, RC_INVALID, "%.*s", STR_ARG(s->world.last.text));
}

/* ---- the world ---- */

enum rc
do_play(struct script *s, const struct statement *st, struct err *e)
{
	s->title = arg(st, 1);
	return RC_OK;
}

enum rc
do_include(struct script *s, const struct statement *st, struct err *e)
{
	const struct source *from = s->source;
	struct str path = arena_fmt(s->arena, "%.*s/%.*s", STR_ARG(from->folder), STR_ARG(arg(st, 1)));
	return source_run(s, arena_cstr(s->arena, arg(st, 1)), path.p, from->depth + 1, e);
}

enum rc
do_clock(struct script *s, const struct statement *st, struct err *e)
{
	struct str a = arg(st, 1);
	msec_t t;
	bool back = a.n && a.p[0] == '-';
	if (back && s->begun && duration_parse(str_from(a, 1), &t))
		t = clock_wall(s->world.clock) - t;
	else if (!time_parse_rfc3339(a, &t))
		return wrong(e, "a time", a);
	if (s->begun) {
		clock_virtual_set(s->world.clock, t);
		return RC_OK;
	}
	s->begun = true;
	return world_create(&s->world, t, s->seed, e);
}

static enum rc
need_world(const struct script *s, struct err *e)
{
	return s->begun ? RC_OK : err_set(e, RC_INVALID, "a play begins with `clock TIME`");
}

enum rc
do_config(struct script *s, const struct statement *st, struct err *e)
{
	bool refused_wanted = str_is(arg(st, 1), "refused");
	struct err why;
	enum rc rc = need_world(s, e);
	if (rc != RC_OK)
		return rc;
	if (!st->has_text && !s->world.yaml.n)
		return err_set(e, RC_INVALID, "there is no configuration yet that could be read again");
	rc = world_config(&s->world, st->has_text ? st->text : s->world.yaml, &why);
	if (refused_wanted)
		return rc != RC_OK ? RC_OK : err_set(e, RC_INVALID, "it was not refused");
	return rc == RC_OK ? rc : err_set(e, rc, "%s", why.text);
}

enum rc
do_file(struct script *s, const struct statement *st, struct err *e)
{
	struct str name = arg(st, 1);
	enum rc rc = need_world(s, e);
	if (rc != RC_OK)
		return rc;
	if (!resource_name_ok(name) || !st->has_text)
		return err_set(e, RC_INVALID, "file NAME <<END: a plain name, and a text");
	return os_replace_file(arena_cstr(s->arena, name), st->text, 0600, e);
}

enum rc
do_run(struct script *s, const struct statement *st, struct err *e)
{
	msec_t span;
	if (!duration_parse(arg(st, 1), &span))
		return wrong(e, "a duration", arg(st, 1));
	if (s->killed) { /* nobody is there: an outage */
		clock_virtual_advance(s->world.clock, span);
		return RC_OK;
	}
	enum rc rc = script_begin(s, e);
	if (rc == RC_OK)
		world_run(&s->world, span);
	return rc;
}

enum rc
do_kill(struct script *s, const struct statement *st, struct err *e)
{
	enum rc rc = need_world(s, e);
	if (rc == RC_OK)
		world_kill(&s->world);
	s->killed = true;
	return rc;
}

enum rc
do_start(struct script *s, const struct statement *st, struct err *e)
{
	return script_begin(s, e);
}

enum rc
do_sample(struct script *s, const struct statement *st, struct err *e)
{
	struct str customer = arg_after(st, "of");
	struct feed_order o = {.series = arg(st, 1), .customer = customer.n ? customer : STR("default")};
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	if (str_is(arg(st, 2), "stale"))
		o.value = tsdb_stale();
	else if (!str_f64(arg(st, 2), &o.value))
		return wrong(e, "a value", arg(st, 2));
	if ((rc = arg_span(st, "every", &o.every, e)) != RC_OK ||
	    (rc = arg_span(st, "for", &o.span, e)) != RC_OK)
		return rc;
	if (!o.every != !o.span)
		return err_set(e, RC_INVALID, "every SPAN and for SPAN go together");
	rc = world_sample(&s->world, &o, e);
	world_settle(&s->world);
	return rc;
}

/* ---- other people's machines ---- */

static enum rc
peer_manner(const struct statement *st, size_t at, struct peer *p, struct err *e)
{
	struct str word = arg(st, at);
	int64_t status = 200;
	p->takes = 20;
	p->text = st->text;
	if (str_is(word, "refuses")) {
		p->manner = PEER_REFUSES;
	} else if (str_is(word, "hangs")) {
		p->manner = PEER_HANGS;
	} else if (p->kind == PEER_PORT && str_is(word, "accepts")) {
		p->manner = PEER_ANSWERS;
	} else if (str_is(word, "answers") || str_is(word, "exits")) {
		if (!str_i64(arg(st, at + 1), &status) || status < 0 || status > 999)
			return wrong(e, "a status", arg(st, at + 1));
		if (!st->has_text && !str_is(arg(st, at + 2), "in"))
			p->text = arg(st, at + 2);
	} else if (word.n || !st->has_text) {
		return wrong(e, "one of accepts, answers, exits, refuses, hangs", word);
	}
	p->status = (int)status;
	return arg_span(st, "in", &p->takes, e);
}

/* Which row of the table is meant; the word at which its manner stands. */
static size_t
peer_name(struct script *s, const struct statement *st, struct peer *p)
{
	struct str name = arg(st, 1);
	if (str_is(name, "plugin")) {
		*p = (struct peer){.kind = PEER_PLUGIN, .name = arg(st, 2)};
		return 3;
	}
	if (str_is(arg(st, 2), "tcp")) {
		*p = (struct peer){.kind = PEER_PORT,
		    .name = arena_fmt(s->arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(arg(st, 3)))};
		return 4;
	}
	*p = (struct peer){.kind = str_has(name, STR("://")) ? PEER_URL : PEER_HOST, .name = name};
	return 2;
}

enum rc
do_peer(struct script *s, const struct statement *st, struct err *e)
{
	struct peer p;
	enum rc rc = need_world(s, e);
	if (rc != RC_OK)
		return rc;
	size_t at = peer_name(s, st, &p);
	if (p.kind == PEER_HOST) {
		if (!str_is(arg(st, 2), "is") || (!str_is(arg(st, 3), "down") && !str_is(arg(st, 3), "up")))
			return err_set(e, RC_INVALID, "peer HOST is down, or is up");
		p.manner = PEER_HANGS;
		if (str_is(arg(st, 3), "up"))
			peers_forget(s->world.peers, PEER_HOST, p.name);
		else
			peers_set(s->world.peers, &p);
		return RC_OK;
	}
	rc = peer_manner(st, at, &p, e);
	if (rc == RC_OK && p.kind == PEER_PORT && p.manner == PEER_ANSWERS)
		peers_forget(
		    s->world.peers, PEER_PORT, p.name); /* it is open: what stands behind it counts */
	else if (rc == RC_OK)
		peers_set(s->world.peers, &p);
	return rc;
}

enum rc
do_phone(struct script *s, const struct statement *st, struct err *e)
{
	enum rc rc = need_world(s, e);
	if (rc == RC_OK &&
	    !people_phone(s->world.people, arg(st, 1), arg(st, 2), arg(st, 3).n ? arg(st, 3).p[0] : '1'))
		return wrong(e, "one of rings, busy, declines, voicemail, answers", arg(st, 2));
	return rc;
}

enum rc
do_console(struct script *s, const struct statement *st, struct err *e)
{
	struct world *w = &s->world;
	bool open = str_is(arg(st, 2), "open");
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	if (!open && !str_is(arg(st, 2), "closed"))
		return wrong(e, "open or closed", arg(st, 2));
	for (size_t i = w->consoles.n; i-- > 0;)
		if (str_eq(w->consoles.p[i], arg(st, 1)))
			vec_remove(&w->consoles, i);
	if (open)
		*vec_add(&w->consoles) = arena_str(w->arena, arg(st, 1));
	struct consoles now = {.users = {w->consoles.p, w->consoles.n}};
	return world_ask(w, MESSAGE_consoles, STR(""), &consoles_layout, &now);
}

static enum rc
down_or_up(struct script *s, const struct statement *st, void (*set)(struct people *, bool), struct err *e)
{
	enum rc rc = need_world(s, e);
	if (rc == RC_OK && !str_is(arg(st, 1), "down") && !str_is(arg(st, 1), "up"))
		return wrong(e, "down or up", arg(st, 1));
	if (rc == RC_OK)
		set(s->world.people, str_is(arg(st, 1), "down"));
	return rc;
}

enum rc
do_smtp(struct script *s, const struct statement *st, struct err *e)
{
	return down_or_up(s, st, people_smtp_down, e);
}

enum rc
do_trunk(struct script *s, const struct statement *st, struct err *e)
{
	return down_or_up(s, st, people_trunk_down, e);
}

/* ---- people and agreements ---- */

static const struct layout *
layout_of(void *unused, struct str kind)
{
	for (const struct resource_kind *k = resource_kinds; k->name; k++)
		if (str_is(kind, k->name))
			return k->layout;
	return NULL;
}

static struct str
encoded(const struct resource_document *d, struct arena *a)
{
	struct buf b = {0};
	record_encode(d->layout, d->spec, &b);
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

enum rc
do_resources(struct script *s, const struct statement *st, struct err *e)
{
	struct resource_kinds_view view = {layout_of, NULL, 0, NULL};
	struct resource_document *docs;
	struct report report;
	struct buf text = {0};
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	report_init(&report);
	size_t n = resources_read("resources", st->text, &view, s->arena, &report, &docs);
	report_print(&report, &text);
	if (report.errors)
		rc = err_set(e, RC_INVALID, "%.*s", STR_ARG(str_trim(buf_view(&text))));
	buf_fini(&text);
	report_fini(&report);
	struct resource *all = arena_array(s->arena, struct resource, n);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		all[i] = (struct resource){.kind = docs[i].kind,
		    .name = docs[i].name,
		    .customer = docs[i].customer,
		    .valid_from = docs[i].valid_from,
		    .removed = docs[i].removed,
		    .spec = docs[i].spec ? encoded(&docs[i], s->arena) : STR("")};
	struct resource_batch batch = {.resources = {all, n}, .why = STR("the play says so")};
	if (rc == RC_OK && world_ask(&s->world, MESSAGE_resources, STR("user/admin"), &resource_batch_layout,
			       &batch) != RC_OK)
		rc = refused(s, e);
	return rc;
}

/* ---- alerts, silences, tickets ---- */

static enum rc
send_alert(struct script *s, const struct statement *st, bool firing, struct err *e)
{
	struct pair *labels = arena_array(s->arena, struct pair, st->block.n + 1), note;
	size_t n = 0;
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	struct alert a = {
	    .customer = pairs_get(st->block, "customer"), .received = clock_wall(s->world.clock)};
	labels[n++] = (struct pair){STR("alertname"), arg(st, 1)};
	for (size_t i = 0; i < st->block.n; i++)
		if (str_is(st->block.p[i].name, "summary"))
			note = st->block.p[i], a.annotations = (struct pairs){&note, 1};
		else if (!str_is(st->block.p[i].name, "customer"))
			labels[n++] = st->block.p[i];
	a.labels = (struct pairs){labels, n};
	pairs_sort(&a.labels);
	a.starts_at = firing ? a.received : 0;
	a.ends_at = firing ? clock_wall(s->world.clock) + 3650 * DAY : clock_wall(s->world.clock);
	struct alert_batch batch = {.alerts = {&a, 1}};
	if (world_ask(&s->world, MESSAGE_alerts, STR(""), &alert_batch_layout, &batch) != RC_OK)
		return refused(s, e);
	return RC_OK;
}

enum rc
do_fire(struct script *s, const struct statement *st, struct err *e)
{
	return send_alert(s, st, true, e);
}

enum rc
do_resolve(struct script *s, const struct statement *st, struct err *e)
{
	return send_alert(s, st, false, e);
}

enum rc
do_silence(struct script *s, const struct statement *st, struct err *e)
{
	struct silence_matcher *m = arena_array(s->arena, struct silence_matcher, st->block.n);
	struct silence_order o = {
	    .silence = {.customer = arg(st, 1), .created_by = STR("play"), .comment = STR("play")}};
	msec_t span;
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	if (!duration_parse(arg(st, 2), &span))
		return wrong(e, "a duration", arg(st, 2));
	for (size_t i = 0; i < st->block.n; i++)
		m[i] = (struct silence_matcher){st->block.p[i].name, st->block.p[i].value, false, true};
	o.silence.matchers.p = m;
	o.silence.matchers.n = st->block.n;
	o.silence.starts_at = clock_wall(s->world.clock);
	o.silence.ends_at = o.silence.starts_at + span;
	if (world_ask(&s->world, MESSAGE_silence_set, STR("user/first"), &silence_order_layout, &o) != RC_OK)
		return refused(s, e);
	return RC_OK;
}

/* Each key of the block is a key of the record. */
static enum rc
fill(struct script *s, const struct layout *l, void *record, struct pairs block, struct err *e)
{
	for (size_t i = 0; i < block.n; i++) {
		const struct key *k = record_key(l, block.p[i].name);
		if (!k)
			return err_set(
			    e, RC_INVALID, "a %s has no \"%.*s\"", l->name, STR_ARG(block.p[i].name));
		if (record_set(k, record, block.p[i].value, s->arena, e) != RC_OK)
			return RC_INVALID;
	}
	return RC_OK;
}

enum rc
do_ticket(struct script *s, const struct statement *st, struct err *e)
{
	struct ticket_change c = {0};
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	if (!str_i64(arg(st, 1), &c.number))
		return wrong(e, "the number of a ticket", arg(st, 1));
	if (record_set(record_key(&ticket_change_layout, STR("verb")), &c, arg(st, 2), s->arena, e) !=
		RC_OK ||
	    fill(s, &ticket_change_layout, &c, st->block, e) != RC_OK)
		return RC_INVALID;
	bool refused = str_is(arg(st, st->n - 1), "refused");
	rc = world_ask(&s->world, MESSAGE_ticket_change,
	    str_is(arg(st, 3), "by") ? arg(st, 4) : STR("user/first"), &ticket_change_layout, &c);
	if ((rc == RC_OK) == refused)
		return err_set(e, RC_INVALID, "ticket %lld %.*s: %.*s", (long long)c.number,
		    STR_ARG(arg(st, 2)), STR_ARG(refused ? STR("it was not refused") : s->world.last.text));
	return RC_OK;
}

enum rc
do_open(struct script *s, const struct statement *st, struct err *e)
{
	struct ticket_request q = {0};
	enum rc rc = script_begin(s, e);
	if (rc != RC_OK)
		return rc;
	if (fill(s, &ticket_request_layout, &q, st->block, e) != RC_OK)
		return RC_INVALID;
	if (world_ask(&s->world, MESSAGE_ticket_open, arg(st, 2), &ticket_request_layout, &q) != RC_OK)
		return refused(s, e);
	return RC_OK;
}

/* ---- looking on ---- */

static bool
print_event(void *arg, const struct event *ev)
{
	char at[TIME_TEXT];
	printf("      %s  %-12.*s %.*s\n", time_rfc3339(ev->at, at), STR_ARG(ev->actor), STR_ARG(ev->text));
	return true;
}

enum rc
do_show(struct script *s, const struct statement *st, struct err *e)
{
	struct event_query q = {.subject = arg(st, 1)};
	char at[TIME_TEXT];
	enum rc rc = script_begin(s, e);
	for (size_t i = 0; i < people_calls(s->world.people) && rc == RC_OK && str_is(q.subject, "calls");
	     i++) {
		const struct played_call *c = people_call_at(s->world.people, i);
		printf("      %s  %s to %s\n", time_rfc3339(c->at, at), c->key, c->user);
	}
	return rc == RC_OK ? ledger_events(s->world.ledger, &q, print_event, NULL, e) : rc;
}

enum rc
do_verify(struct script *s, const struct statement *st, struct err *e)
{
	struct verdict v;
	enum rc rc = script_begin(s, e);
	if (rc == RC_OK)
		rc = ledger_verify(s->world.ledger, STR(""), &v, e);
	return rc != RC_OK ? rc : v.intact ? RC_OK : err_set(e, RC_INVALID, "%s", v.text);
}
