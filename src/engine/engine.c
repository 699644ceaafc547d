/* engine.c — turns: gather, decide, commit, answer, carry out.  See engine.h. */
#include "engine/engine_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/must.h"
#include "flow/alert.h"

enum { TURN_MESSAGES = 200, TURN_NS = 5 * 1000 * 1000, INBOX = 100000 };
enum { RETRY = 1000, LONGEST_SLEEP = 5 * 1000 };

static void on_wake(void *);
static void adopt(struct engine *);

/* ---- memory, and reading it from the ledger ---- */

static void
drop_memory(struct engine *e)
{
	road_destroy(&e->road);
	pages_destroy(&e->pages);
	desk_destroy(&e->desk);
	book_destroy(&e->book);
	agenda_destroy(&e->timers);
	engine_outbox_clear(e);
	beats_clear(e);
}

static bool
load_timer(void *arg, const struct due_timer *t)
{
	struct engine *e = arg;
	agenda_set(e->timers, t->id, t->due);
	return true;
}

/* Alerts are routed anew; what that decides is a turn of its own. */
static enum rc
read_configuration(struct engine *e, struct err *err)
{
	turn_reset(e->turn, loop_wall(e->loop));
	enum rc rc = road_configure(e->road, e->turn, e->conf, err);
	if (rc == RC_OK)
		rc = ledger_commit(e->ledger, e->turn, err);
	if (rc == RC_OK)
		adopt(e);
	return rc;
}

static enum rc
read_memory(struct engine *e, struct err *err)
{
	e->book = book_create(resource_kinds);
	e->desk = desk_create(e->book);
	e->pages = pages_create(e->book, e->desk);
	e->road = road_create(engine_desk, e);
	e->timers = agenda_create();
	e->sends = agenda_create();
	e->pending = map_create();
	enum rc rc = book_load(e->book, e->ledger, err);
	if (rc == RC_OK)
		rc = desk_load(e->desk, e->ledger, err);
	if (rc == RC_OK)
		rc = pages_load(e->pages, e->ledger, err);
	if (rc == RC_OK)
		rc = ledger_timers(e->ledger, load_timer, e, err);
	if (rc == RC_OK)
		rc = engine_outbox_load(e, err);
	if (rc == RC_OK)
		rc = beats_load(e, err);
	if (rc == RC_OK)
		rc = road_load(e->road, e->ledger, loop_wall(e->loop), err);
	return rc == RC_OK ? read_configuration(e, err) : rc;
}

enum rc
engine_create(struct engine **out, struct loop *loop, struct ledger *ledger, struct conf *conf, const char *folder,
    const struct engine_doors *doors, struct err *err)
{
	struct engine *e = mem_new(struct engine);
	e->loop = loop;
	e->ledger = ledger;
	e->doors = *doors;
	e->conf = conf_ref(conf);
	e->folder = mem_dup(folder, strlen(folder));
	e->started = loop_wall(loop);
	e->turn = turn_create();
	enum rc rc = read_memory(e, err);
	if (rc != RC_OK) {
		engine_destroy(&e);
		return rc;
	}
	turn_reset(e->turn, loop_wall(loop));
	quarantine_begin(e);
	loop_timer_set(loop, &e->wake, 0, on_wake, e, "engine turn");
	*out = e;
	return RC_OK;
}

static void
waiting_free(struct waiting *w)
{
	buf_fini(&w->actor);
	buf_fini(&w->body);
	buf_fini(&w->answer_text);
	buf_fini(&w->answer_id);
	mem_free(w);
}

void
engine_destroy(struct engine **pe)
{
	struct engine *e = *pe;
	if (!e)
		return;
	loop_timer_cancel(e->loop, &e->wake);
	for (size_t i = 0; i < e->inbox.n; i++)
		waiting_free(e->inbox.p[i]);
	vec_fini(&e->inbox);
	drop_memory(e);
	turn_destroy(&e->turn);
	conf_unref(&e->conf);
	vec_fini(&e->told);
	arena_destroy(&e->consoles_arena);
	mem_free(e->folder);
	mem_free(e);
	*pe = NULL;
}

enum rc
engine_configure(struct engine *e, struct conf *conf, struct err *err)
{
	struct conf *before = e->conf;
	e->conf = conf_ref(conf);
	enum rc rc = e->out_of_step ? RC_OK : read_configuration(e, err);
	if (rc == RC_OK) {
		conf_unref(&before);
		return RC_OK;
	}
	conf_unref(&e->conf);
	e->conf = before;
	return rc;
}

/* ---- answering ---- */

static void
answer(struct waiting *w, enum rc rc, const char *text, int64_t seq)
{
	if (rc != RC_OK) {
		buf_clear(&w->answer_text);
		buf_c(&w->answer_text, text);
		w->answer.rc = (int)rc;
	}
	w->answer.text = buf_view(&w->answer_text);
	w->answer.id = buf_view(&w->answer_id);
	w->answer.seq = seq;
	if (w->reply)
		w->reply(w->arg, &w->answer);
	waiting_free(w);
}

void
engine_ask(struct engine *e, enum message kind, struct str actor, struct str body, reply_fn *reply, void *arg)
{
	struct waiting *w = mem_new(struct waiting);
	w->kind = kind;
	w->reply = reply;
	w->arg = arg;
	buf_str(&w->actor, actor);
	buf_str(&w->body, body);
	if (e->out_of_step || e->inbox.n >= INBOX) {
		answer(w, RC_REFUSED, e->out_of_step ? e->trouble : "the engine is behind: try again", 0);
		return;
	}
	*vec_add(&e->inbox) = w;
	loop_timer_set(e->loop, &e->wake, 0, on_wake, e, "engine turn");
}

/* ---- a turn ---- */

/* Decides timers that are due, then messages; gives the number of messages that are in this turn. */
static size_t
decide(struct engine *e)
{
	nsec_t since = clock_mono(clock_real());
	struct str id;
	size_t n = 0, alarms = 0;
	bool careful = quarantine_careful(e);
	engine_clock(e);
	book_clock(e->book, e->turn);
	for (; alarms < (careful ? 1 : TURN_MESSAGES) && agenda_pop(e->timers, e->turn->now, e->turn->arena, &id); alarms++)
		engine_alarm(e, id);
	size_t most = !careful ? TURN_MESSAGES : alarms ? 0 : 1;
	while (n < e->inbox.n && n < most && clock_mono(clock_real()) - since < TURN_NS)
		engine_handle(e, e->inbox.p[n++]);
	engine_watch(e);
	quarantine_watch(e);
	if (!e->heads_planned && !agenda_has(e->timers, STR("heads/daily")))
		engine_sign_heads(e);
	e->heads_planned = true;
	if (!turn_is_empty(e->turn))
		road_review(e->road, e->turn);
	engine_drills(e);
	engine_inform(e);
	if (!turn_is_empty(e->turn))
		book_clock_keep(e->book, e->turn);
	return n;
}

static void
adopt(struct engine *e)
{
	struct turn *t = e->turn;
	for (size_t i = 0; i < t->timers.n; i++) {
		if (t->timers.p[i].cancel)
			agenda_cancel(e->timers, t->timers.p[i].id);
		else
			agenda_set(e->timers, t->timers.p[i].id, t->timers.p[i].due);
	}
	for (size_t i = 0; i < t->sends.n; i++)
		engine_outbox_add(e, &t->sends.p[i]);
	for (size_t i = 0; i < t->settles.n; i++)
		engine_outbox_settle(e, &t->settles.p[i]);
}

static void
tell(struct engine *e)
{
	struct news news = {0};
	news.events.p = e->turn->events.p;
	news.events.n = e->turn->events.n;
	if (news.events.n)
		e->doors.tell(e->doors.arg, &news);
}

static void
answer_first(struct engine *e, size_t n, enum rc rc, const char *text)
{
	int64_t seq = ledger_last_seq(e->ledger);
	VEC(struct waiting *) done = {0};
	for (size_t i = 0; i < n; i++)
		*vec_add(&done) = e->inbox.p[i];
	if (n)
		memmove(e->inbox.p, e->inbox.p + n, (e->inbox.n - n) * sizeof *e->inbox.p);
	e->inbox.n -= n;
	for (size_t i = 0; i < done.n; i++)
		answer(done.p[i], rc, text, seq);
	vec_fini(&done);
}

/* [G2] */
static void
lose_step(struct engine *e, enum rc rc, const struct err *err)
{
	metric_add(METRIC_turn_failures_total, 1);
	log_error("engine", "the turn could not be written: %s", err->text);
	snprintf(e->trouble, sizeof e->trouble, "nothing can be recorded now: %.900s", err->text);
	e->out_of_step = true;
	answer_first(e, e->inbox.n, RC_REFUSED, e->trouble);
	drop_memory(e);
	if (rc == RC_CONFLICT)
		e->doors.lost(e->doors.arg, err->text);
}

static void
regain_step(struct engine *e)
{
	struct err err;
	if (read_memory(e, &err) == RC_OK) {
		log_info("engine", "the ledger can be read again: going on");
		e->out_of_step = false;
		return;
	}
	log_error("engine", "%s", err.text);
	drop_memory(e);
}

/* How long nothing is due. */
static msec_t
quiet_time(struct engine *e)
{
	if (e->out_of_step)
		return RETRY;
	if (e->inbox.n)
		return 0;
	msec_t now = loop_wall(e->loop), next = agenda_next(e->timers), send = agenda_next(e->sends);
	if (send < next)
		next = send;
	return next <= now ? 0 : next - now;
}

static void
sleep_until_due(struct engine *e)
{
	msec_t wait = quiet_time(e);
	/* never long: the wall clock may be set while we sleep */
	loop_timer_set(e->loop, &e->wake, wait < LONGEST_SLEEP ? wait : LONGEST_SLEEP, on_wake, e, "engine turn");
}

static void
one_turn(struct engine *e)
{
	struct err err;
	nsec_t since = clock_mono(clock_real());
	turn_reset(e->turn, loop_wall(e->loop));
	size_t n = decide(e);
	enum rc rc = ledger_commit(e->ledger, e->turn, &err);
	if (rc == RC_OK)
		adopt(e);
	suspect_end(); /* of a careful turn; others said so after each message */
	if (rc != RC_OK) {
		lose_step(e, rc, &err);
		return;
	}
	metric_add(METRIC_turns_total, 1);
	metric_add(METRIC_turn_messages_total, (int64_t)n);
	metric_add(METRIC_events_total, (int64_t)e->turn->events.n);
	metric_set(METRIC_alerts, (int64_t)road_count(e->road));
	metric_set(METRIC_outbox_pending, (int64_t)map_count(e->pending));
	tell(e);
	answer_first(e, n, RC_OK, "");
	engine_outbox_pump(e, e->turn->now);
	metric_max(METRIC_turn_longest_microseconds, (clock_mono(clock_real()) - since) / 1000);
}

static void
on_wake(void *arg)
{
	struct engine *e = arg;
	if (e->out_of_step)
		regain_step(e);
	if (!e->out_of_step)
		one_turn(e);
	sleep_until_due(e);
}
