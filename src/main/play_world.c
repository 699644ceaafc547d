/*
 * play_world.c — see play_world.h.
 *
 * IDEA   Between core and engine there are no sockets but a mailbox: what one says reaches the other through the loop, in
 *        order and in the same bytes.
 */
#include "main/play_world.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"
#include "main/house.h"
#include "promql/promql.h"

enum { TICK = 10 * SECOND };

/* ---- the mailbox ---- */

struct posted {
	enum message kind;
	struct buf actor, body;
	core_reply_fn *reply;
	void *arg;
};

static void
posted_free(struct posted *p)
{
	buf_fini(&p->actor);
	buf_fini(&p->body);
	mem_free(p);
}

static void
hear_news(struct world *w, struct str body)
{
	struct arena *a = arena_create();
	struct news n;
	struct err e;
	must(record_decode(&news_layout, &n, body, a, &e) == RC_OK);
	core_news(w->core, &n);
	arena_destroy(&a);
}

static void
deliver(void *arg)
{
	struct world *w = arg;
	struct posted *p = w->mailbox.p[0];
	vec_remove(&w->mailbox, 0);
	if (p->kind == MESSAGE_news)
		hear_news(w, buf_view(&p->body));
	else
		engine_ask(w->engine, p->kind, buf_view(&p->actor), buf_view(&p->body), p->reply, p->arg);
	posted_free(p);
}

static void
post(struct world *w, struct posted *p)
{
	*vec_add(&w->mailbox) = p;
	must(loop_post(w->loop, deliver, w, "mailbox"));
}

static void
ask(void *arg, enum message kind, struct str actor, struct str body, core_reply_fn *reply, void *reply_arg)
{
	struct posted *p = mem_new(struct posted);
	*p = (struct posted){.kind = kind, .reply = reply, .arg = reply_arg};
	buf_str(&p->actor, actor);
	buf_str(&p->body, body);
	post(arg, p);
}

static void
tell(void *arg, enum message kind, struct str body)
{
	ask(arg, kind, STR(""), body, NULL, NULL);
}

static void
on_tell(void *arg, const struct news *news)
{
	struct world *w = arg;
	struct posted *p = mem_new(struct posted);
	*p = (struct posted){.kind = MESSAGE_news};
	record_encode(&news_layout, news, &p->body);
	post(w, p);
}

/* ---- the engine's doors ---- */

static void
on_receipt(void *arg, const struct receipt *r)
{
	struct world *w = arg;
	struct buf b = {0};
	record_encode(&receipt_layout, r, &b);
	engine_ask(w->engine, MESSAGE_receipt, STR(""), buf_view(&b), NULL, NULL);
	buf_fini(&b);
}

static bool
is_watched(void *arg, struct str user)
{
	struct world *w = arg;
	return engine_watched(w->engine, user);
}

static void
on_send(void *arg, const struct outbox_row *row)
{
	struct world *w = arg;
	if (str_is(row->channel, "call"))
		people_call(w->people, row);
	else
		sender_send(&w->senders, row);
}

static void
on_call_back(void *arg, struct str key)
{
	struct world *w = arg;
	people_call_back(w->people, key);
}

static void
on_lost(void *arg, const char *why)
{
	panic("a play has one engine");
}

/* ---- configuration ---- */

/* What plays run with when they say nothing: the embedded one, and a mail server. */
static struct str
default_yaml(struct arena *a)
{
	return arena_fmt(
	    a, "%smail: {smarthost: \"mail.example.org:587\", from: tocsin@example.org}\n", conf_embedded);
}

static enum rc
read_config(struct str yaml, struct conf **out, struct err *e)
{
	struct report report;
	struct buf text = {0};
	report_init(&report);
	enum rc rc = conf_load_text("play.yml", yaml, house_judges(), out, &report);
	report_print(&report, &text);
	if (rc != RC_OK)
		err_set(e, rc, "%.*s", STR_ARG(str_trim(buf_view(&text))));
	buf_fini(&text);
	report_fini(&report);
	return rc;
}

static enum rc
take_config(struct world *w, struct conf *fresh, struct err *e)
{
	struct err ignored;
	if (!world_runs(w))
		return RC_OK;
	enum rc rc = core_configure(w->core, fresh, e);
	if (rc != RC_OK)
		return rc;
	rc = engine_configure(w->engine, fresh, e);
	if (rc != RC_OK)
		must(core_configure(w->core, w->conf, &ignored) == RC_OK); /* it was at work a moment ago */
	else
		api_configured(core_api(w->core), fresh, (struct strs){0});
	return rc;
}

enum rc
world_config(struct world *w, struct str yaml, struct err *e)
{
	struct conf *fresh = NULL;
	enum rc rc = read_config(yaml, &fresh, e);
	if (rc == RC_OK)
		rc = take_config(w, fresh, e);
	if (rc != RC_OK) {
		conf_unref(&fresh);
		return rc;
	}
	conf_unref(&w->conf);
	w->conf = fresh;
	w->senders.conf = fresh;
	w->yaml = arena_str(w->arena, yaml);
	return RC_OK;
}

/* ---- samples ---- */

struct feed {
	struct world *world;
	struct loop_timer timer;
	struct str customer;
	struct labels labels;
	double value;
	msec_t every, until;
};

static enum rc
append(struct world *w, struct str customer, struct labels ls, double value, struct err *e)
{
	struct tsdb_sample s = {.t = loop_wall(w->loop), .v = value};
	struct tsdb_counts counts = {0};
	enum rc rc = tsdb_series(core_tsdb(w->core), customer, ls, &s.ref, e);
	if (rc == RC_OK)
		rc = tsdb_append(core_tsdb(w->core), &s, 1, &counts, e);
	if (rc == RC_OK && counts.stored + counts.duplicate != 1)
		return err_set(e, RC_INVALID, "the store refused the sample");
	return rc;
}

static void on_feed(void *arg);

static void
feed_on(struct feed *f)
{
	if (f->world->loop && loop_wall(f->world->loop) + f->every <= f->until)
		loop_timer_set(f->world->loop, &f->timer, f->every, on_feed, f, "feed");
}

static void
on_feed(void *arg)
{
	struct feed *f = arg;
	struct err e;
	if (append(f->world, f->customer, f->labels, f->value, &e) != RC_OK)
		log_warn("main", "a sample was not stored: %s", e.text);
	feed_on(f);
}

/* name{label="value"} as a set of labels: a selector that leaves nothing open. */
static enum rc
series_labels(struct str text, struct arena *a, struct labels *out, struct err *e)
{
	struct matchers m = {0};
	struct label_builder b = {0};
	enum rc rc = promql_parse_selector(text, &m, e);
	for (size_t i = 0; i < m.n && rc == RC_OK; i++) {
		if (m.p[i].op != MATCH_EQ)
			rc = err_set(e, RC_INVALID, "%.*s is not one series", STR_ARG(text));
		label_builder_set(&b, m.p[i].name, m.p[i].value);
	}
	*out = label_builder_done(&b, a);
	label_builder_fini(&b);
	matchers_fini(&m);
	return rc;
}

enum rc
world_sample(struct world *w, const struct feed_order *o, struct err *e)
{
	struct feed *f = mem_new(struct feed);
	*vec_add(&w->feeds) = f;
	f->world = w;
	f->customer = o->customer;
	f->value = o->value;
	f->every = o->every;
	f->until = loop_wall(w->loop) + o->span;
	enum rc rc = series_labels(o->series, w->arena, &f->labels, e);
	if (rc == RC_OK)
		rc = append(w, f->customer, f->labels, f->value, e);
	if (rc == RC_OK && f->every)
		feed_on(f);
	return rc;
}

/* ---- life ---- */

enum rc
world_create(struct world *w, msec_t start, uint64_t seed, struct err *e)
{
	*w = (struct world){.clock = clock_virtual_create(start),
	    .seed = seed,
	    .arena = arena_create(),
	    .peers = peers_create(),
	    .people = people_create()};
	/* a play is not about the disk: in memory, where that is to be had */
	snprintf(w->dir, sizeof w->dir, "%s/tocsin-play-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	w->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* names of files are the same in every run, and with them the moments that are worked out from names */
	if (w->home < 0 || !mkdtemp(w->dir) || chdir(w->dir) < 0)
		return err_errno(e, "a folder for the play");
	return RC_OK;
}

bool
world_runs(const struct world *w)
{
	return w->core != NULL;
}

static void
on_tick(void *arg)
{
	struct world *w = arg;
	core_keep(w->core);
	loop_timer_set(w->loop, &w->tick, TICK, on_tick, w, "store");
}

static enum rc
start_engine(struct world *w, struct err *e)
{
	struct engine_doors doors = {w, on_send, on_call_back, on_tell, on_lost};
	w->senders = (struct sender_doors){people_smtp(w->people), peers_http(w->peers), w->conf,
	    "http://tocsin.example.org", w->loop, on_receipt, is_watched, w};
	enum rc rc = ledger_open(&w->ledger, STR("."), "play", clock_wall(w->clock), e);
	return rc == RC_OK ? engine_create(&w->engine, w->loop, w->ledger, w->conf, ".", &doors, e)
			   : rc;
}

static enum rc
start_core(struct world *w, struct err *e)
{
	struct core_house house = {
	    .loop = w->loop,
	    .conf = w->conf,
	    .data = ".",
	    .ledger_url = STR("."),
	    .scrapes = peers_http(w->peers),
	    .probes = {peers_http(w->peers), peers_runner(w->peers), w->clock},
	    .engine = {w, tell, ask},
	};
	return core_create(&w->core, &house, e);
}

enum rc
world_start(struct world *w, struct err *e)
{
	enum rc rc = w->conf ? RC_OK : world_config(w, default_yaml(w->arena), e);
	if (rc != RC_OK)
		return rc;
	w->loop = loop_create("play", w->clock);
	if (w->seed)
		loop_draw(w->loop, w->seed + w->life);
	peers_begin(w->peers, w->loop);
	people_begin(w->people, w->loop, on_receipt, w);
	rc = start_engine(w, e);
	if (rc == RC_OK)
		rc = start_core(w, e);
	if (rc != RC_OK)
		return rc;
	loop_timer_set(w->loop, &w->tick, TICK, on_tick, w, "store");
	for (size_t i = 0; i < w->feeds.n; i++)
		feed_on(w->feeds.p[i]);
	return RC_OK;
}

/* What had not happened yet never will. */
void
world_kill(struct world *w)
{
	if (!w->loop)
		return;
	w->life++;
	core_destroy(&w->core);
	engine_destroy(&w->engine);
	ledger_close(&w->ledger);
	peers_end(w->peers);
	people_end(w->people);
	for (size_t i = 0; i < w->mailbox.n; i++)
		posted_free(w->mailbox.p[i]);
	w->mailbox.n = 0;
	loop_timer_cancel(w->loop, &w->tick);
	for (size_t i = 0; i < w->feeds.n; i++)
		loop_timer_cancel(w->loop, &w->feeds.p[i]->timer);
	loop_destroy(&w->loop);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	return remove(path); /* a folder that stays behind hurts nobody */
}

void
world_fini(struct world *w)
{
	world_kill(w);
	for (size_t i = 0; i < w->feeds.n; i++)
		mem_free(w->feeds.p[i]);
	vec_fini(&w->feeds);
	vec_fini(&w->tokens);
	vec_fini(&w->consoles);
	vec_fini(&w->mailbox);
	peers_destroy(&w->peers);
	people_destroy(&w->people);
	conf_unref(&w->conf);
	clock_destroy(&w->clock);
	arena_destroy(&w->arena);
	must(w->home < 0 || fchdir(w->home) == 0);
	if (w->home >= 0)
		close(w->home);
	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- time ---- */

void
world_settle(struct world *w)
{
	while (loop_turn(w->loop, 0))
		;
}

void
world_run(struct world *w, msec_t span)
{
	msec_t end = clock_mono(w->clock) / 1000000 + span;
	for (;;) {
		world_settle(w);
		msec_t now = clock_mono(w->clock) / 1000000, next = loop_next(w->loop);
		if (now >= end)
			return;
		clock_virtual_advance(w->clock, (next < end ? (next > now ? next : now) : end) - now);
	}
}

static void
on_reply(void *arg, const struct reply *r)
{
	struct world *w = arg;
	w->last = *r;
	w->last.text = arena_str(w->arena, r->text);
	w->last.id = arena_str(w->arena, r->id);
}

enum rc
world_ask(struct world *w, enum message kind, struct str actor, const struct layout *l, const void *record)
{
	struct buf b = {0};
	record_encode(l, record, &b);
	engine_ask(w->engine, kind, actor, buf_view(&b), on_reply, w);
	world_settle(w);
	buf_fini(&b);
	return (enum rc)w->last.rc;
}
