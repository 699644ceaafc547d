/* play_world.c — the engine in a scripted world; see play.h. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "main/house.h"
#include "main/play.h"
#include "notify/letter.h"

/* ---- what comes back ---- */

static void
arrive(void *arg)
{
	struct coming *c = arg;
	struct world *w = c->world;
	struct buf b = {0};
	if (c->life != w->life || !w->engine)
		return;
	c->receipt.key = str_c(c->key);
	c->receipt.at = clock_wall(w->clock);
	record_encode(&receipt_layout, &c->receipt, &b);
	engine_ask(w->engine, MESSAGE_receipt, STR(""), buf_view(&b), NULL, NULL);
	buf_fini(&b);
}

static void
come_back(struct world *w, struct str key, enum outcome outcome, const char *text, msec_t in)
{
	struct coming *c = mem_new(struct coming);
	*c = (struct coming){.world = w, .receipt = {.outcome = (int)outcome, .text = str_c(text)}, .key = mem_dup(key.p, key.n), .life = w->life};
	*vec_add(&w->coming) = c;
	loop_timer_set(w->loop, &c->timer, in, arrive, c, "receipt");
}

/* ---- the doors ---- */

static const struct phone *
phone_of(const struct world *w, struct str user)
{
	static const struct phone silent = {.manner = PHONE_RINGS};
	for (size_t i = w->phones.n; i-- > 0;)
		if (str_is(user, w->phones.p[i].user))
			return &w->phones.p[i];
	return &silent;
}

static void
ring(struct world *w, struct str key, const struct phone *p)
{
	come_back(w, key, OUTCOME_ringing, "180 Ringing", 500);
	switch (p->manner) {
	case PHONE_RINGS:
		come_back(w, key, OUTCOME_no_answer, "487 Request Terminated", 35 * SECOND);
		break;
	case PHONE_BUSY:
		come_back(w, key, OUTCOME_busy, "486 Busy Here", SECOND);
		break;
	case PHONE_DECLINES:
		come_back(w, key, OUTCOME_declined, "603 Decline", 4 * SECOND);
		break;
	case PHONE_VOICEMAIL:
		come_back(w, key, OUTCOME_answered, "200 OK", 20 * SECOND);
		come_back(w, key, OUTCOME_no_key, "no key was pressed", 60 * SECOND);
		break;
	case PHONE_ANSWERS:
		come_back(w, key, OUTCOME_answered, "200 OK", 5 * SECOND);
		come_back(w, key, p->key == '1' ? OUTCOME_acknowledged : OUTCOME_passed, "a key", 12 * SECOND);
		break;
	}
}

static void
send_call(struct world *w, const struct outbox_row *row, const struct notice *n)
{
	struct str user = str_from(n->user, 5);
	if (w->trunk_down) {
		come_back(w, row->key, OUTCOME_unavailable, "no trunk took the call", 4 * SECOND);
		return;
	}
	*vec_add(&w->calls) = (struct played_call){mem_dup(row->key.p, row->key.n), mem_dup(user.p, user.n), mem_dup(n->to.p, n->to.n),
	    clock_wall(w->clock), false};
	ring(w, row->key, phone_of(w, user));
}

static void
send_mail(struct world *w, const struct outbox_row *row, const struct notice *n)
{
	if (w->smtp_down) {
		come_back(w, row->key, OUTCOME_failed, "connection refused", SECOND);
		return;
	}
	struct buf text = {0};
	letter_subject(n, &text);
	buf_c(&text, "\n\n");
	letter_body(n, "http://play", &text);
	*vec_add(&w->mails) = (struct played_mail){mem_dup(n->to.p, n->to.n), mem_dup(text.p, text.n), clock_wall(w->clock)};
	buf_fini(&text);
	come_back(w, row->key, OUTCOME_handed_over, "250 Ok", SECOND);
}

static void
on_send(void *arg, const struct outbox_row *row)
{
	struct world *w = arg;
	struct arena *a = arena_create();
	struct notice n = {0};
	struct err e;
	bool notice = !str_starts(row->key, STR("group/")) && record_decode(&notice_layout, &n, row->body, a, &e) == RC_OK;
	if (notice && str_is(row->channel, "call"))
		send_call(w, row, &n);
	else if (notice && str_is(row->channel, "mail"))
		send_mail(w, row, &n);
	else if (str_is(row->channel, "console"))
		come_back(w, row->key, OUTCOME_shown, "", 0);
	else if (++w->hooks)
		come_back(w, row->key, OUTCOME_handed_over, "status 200", SECOND);
	arena_destroy(&a);
}

static void
on_call_back(void *arg, struct str key)
{
	struct world *w = arg;
	for (size_t i = 0; i < w->coming.n; i++)
		if (str_is(key, w->coming.p[i]->key))
			loop_timer_cancel(w->loop, &w->coming.p[i]->timer);
	for (size_t i = 0; i < w->calls.n; i++)
		if (str_is(key, w->calls.p[i].key))
			w->calls.p[i].over = true;
}

static void
on_tell(void *arg, const struct news *news)
{
}

static void
on_lost(void *arg, const char *why)
{
	panic("a play has one engine");
}

/* ---- life ---- */

enum rc
world_create(struct world *w, msec_t start, struct err *e)
{
	*w = (struct world){.clock = clock_virtual_create(start), .arena = arena_create(), .dir = "/tmp/tocsin-play-XXXXXX"};
	w->loop = loop_create("play", w->clock);
	if (!mkdtemp(w->dir))
		return err_errno(e, "a folder for the play");
	return RC_OK;
}

enum rc
world_config(struct world *w, struct str yaml, struct err *e)
{
	struct report report;
	struct buf text = {0};
	report_init(&report);
	conf_unref(&w->conf);
	enum rc rc = conf_load_text("play.yml", yaml, house_judges(), &w->conf, &report);
	report_print(&report, &text);
	if (rc != RC_OK)
		err_set(e, rc, "%.*s", STR_ARG(str_trim(buf_view(&text))));
	buf_fini(&text);
	report_fini(&report);
	return rc;
}

enum rc
world_start(struct world *w, struct err *e)
{
	struct engine_doors doors = {w, on_send, on_call_back, on_tell, on_lost};
	enum rc rc = w->conf ? RC_OK : world_config(w, str_c(conf_embedded), e);
	if (rc == RC_OK)
		rc = ledger_open(&w->ledger, str_c(w->dir), "play", clock_wall(w->clock), e);
	char key[100];
	snprintf(key, sizeof key, "%s/heads.key", w->dir);
	return rc == RC_OK ? engine_create(&w->engine, w->loop, w->ledger, w->conf, key, &doors, e) : rc;
}

void
world_kill(struct world *w)
{
	w->life++;
	engine_destroy(&w->engine);
	ledger_close(&w->ledger);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	return remove(path); /* a folder in /tmp that stays behind hurts nobody */
}

void
world_fini(struct world *w)
{
	world_kill(w);
	for (size_t i = 0; i < w->coming.n; i++) {
		loop_timer_cancel(w->loop, &w->coming.p[i]->timer);
		mem_free(w->coming.p[i]->key);
		mem_free(w->coming.p[i]);
	}
	for (size_t i = 0; i < w->calls.n; i++) {
		mem_free(w->calls.p[i].key);
		mem_free(w->calls.p[i].user);
		mem_free(w->calls.p[i].to);
	}
	for (size_t i = 0; i < w->mails.n; i++) {
		mem_free(w->mails.p[i].to);
		mem_free(w->mails.p[i].text);
	}
	for (size_t i = 0; i < w->phones.n; i++)
		mem_free(w->phones.p[i].user);
	vec_fini(&w->coming);
	vec_fini(&w->calls);
	vec_fini(&w->mails);
	vec_fini(&w->phones);
	conf_unref(&w->conf);
	loop_destroy(&w->loop);
	clock_destroy(&w->clock);
	arena_destroy(&w->arena);
	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- time ---- */

static void
settle(struct world *w)
{
	while (loop_turn(w->loop, 0))
		;
}

void
world_run(struct world *w, msec_t span)
{
	msec_t end = clock_mono(w->clock) / 1000000 + span;
	for (;;) {
		settle(w);
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
	settle(w);
	buf_fini(&b);
	return (enum rc)w->last.rc;
}
