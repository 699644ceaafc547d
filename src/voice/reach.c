/*
 * reach.c — see reach.h.
 *
 * TRAP   libre gives a request over UDP up after 32 s: a question is asked once at a time, and a trunk that a call found
 *        silent is not there from then on, without waiting for the question's end.
 */
#include "voice/reach.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/must.h"

enum { SOON_MS = 1000 };

struct reach {
	struct sip *sip;
	const char *uri, *route, *from;
	msec_t every;
	reach_changed *changed;
	void *arg;
	struct sip_request *question;
	struct tmr timer;
	bool there, spoke, forgiving;
	uint64_t asked;
	char tag[24];
};

static void on_time(void *arg);

static void
set_there(struct reach *r, bool there, const char *words)
{
	if (r->there == there)
		return;
	r->there = there;
	r->changed(r->arg, there, words);
}

static void
on_answer(int rc, const struct sip_msg *msg, void *arg)
{
	struct reach *r = arg;
	char words[80];
	if (rc == 0 && msg && msg->scode < 200)
		return;
	bool there = rc == 0 && msg && msg->scode != 408 && msg->scode != 480 && msg->scode != 503;
	r->spoke |= msg != NULL;
	there |= !msg && r->forgiving && !r->spoke;
	if (msg)
		snprintf(words, sizeof words, "%u %.*s", msg->scode, (int)msg->reason.l, msg->reason.p);
	else
		snprintf(words, sizeof words, "%s", rc ? strerror(rc) : "no answer");
	set_there(r, there, words);
	tmr_start(
	    &r->timer, (uint64_t)(there || r->every < SOON_MS * 10 ? r->every : SOON_MS * 10), on_time, r);
}

static void
ask(struct reach *r)
{
	struct uri route;
	struct pl text;
	pl_set_str(&text, r->route);
	must(uri_decode(&route, &text) == 0);
	r->asked++;
	int rc = sip_requestf(&r->question, r->sip, true, "OPTIONS", r->uri, &route, NULL, NULL, on_answer, r,
	    "From: <%s>;tag=%s\r\nTo: <%s>\r\nCall-ID: %s-%" PRIu64 "\r\nCSeq: %" PRIu64 " OPTIONS\r\n"
	    "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n",
	    r->from, r->tag, r->uri, r->tag, r->asked, r->asked);
	if (rc)
		on_answer(rc, NULL, r);
}

static void
on_time(void *arg)
{
	ask(arg);
}

struct reach *
reach_create(struct sip *sip, const char *uri, const char *route, const char *from, msec_t every,
    reach_changed *changed, void *arg)
{
	struct reach *r = mem_new(struct reach);
	*r = (struct reach){.sip = sip,
	    .uri = uri,
	    .route = route,
	    .from = from,
	    .every = every,
	    .changed = changed,
	    .arg = arg,
	    .there = true};
	snprintf(r->tag, sizeof r->tag, "%016" PRIx64, rand_u64());
	tmr_init(&r->timer);
	tmr_start(&r->timer, SOON_MS, on_time, r);
	return r;
}

void
reach_destroy(struct reach **pr)
{
	struct reach *r = *pr;
	if (!r)
		return;
	tmr_cancel(&r->timer);
	r->question = mem_deref(r->question);
	mem_free(r);
	*pr = NULL;
}

bool
reach_is_there(const struct reach *r)
{
	return r->there;
}

void
reach_suspect(struct reach *r, const char *words)
{
	set_there(r, false, words);
	if (!r->question)
		tmr_start(&r->timer, SOON_MS, on_time, r);
}

void
reach_forgive_silence(struct reach *r)
{
	r->forgiving = true;
}

void
reach_proved(struct reach *r)
{
	set_there(r, true, "it took a call");
}
