/*
 * voice.c — see voice.h.
 *
 * IDEA   One clock of 20 ms walks all calls, sends their packets and moves their states.  It runs only while
 * there are calls. [I1]   A call leaves the table in the tick that finds it over; its end has been reported
 * by then. TRAP   Looking a name up may take seconds: a trunk that could not start is tried again only while
 * nobody is called. TRAP   The clock is kept against drift: each tick is due 20 ms after the one before was
 * due, and late ones are made up for, a few at a time.
 */
#include "voice/voice.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/must.h"
#include "net/listen.h"
#include "voice/call.h"

enum { TICK_MS = 20, CATCH_UP = 5, CALLS_MAX = 2000, RETRY_MS = 60 * 1000 };

struct voice {
	const struct conf_voice *conf;
	struct call_world world;
	struct map *calls;
	struct trunk_site site;
	struct tmr tick, retry;
	uint64_t next_tick;
};

static int
by_preference(const void *a, const void *b)
{
	int64_t x = ((const struct trunk *)a)->conf->prefer, y = ((const struct trunk *)b)->conf->prefer;
	return (x > y) - (x < y);
}

static void
start_trunk(struct voice *v, struct trunk *t)
{
	struct err err = {0};
	if (trunk_start(t, t->conf, &v->site, &err) != RC_OK)
		log_error("voice", "%s; tried again in a minute", err.text);
}

static void
on_retry(void *arg)
{
	struct voice *v = arg;
	for (size_t i = 0; i < v->world.trunks.n && map_count(v->calls) == 0; i++)
		if (!v->world.trunks.p[i].sip)
			start_trunk(v, &v->world.trunks.p[i]);
	tmr_start(&v->retry, RETRY_MS, on_retry, v);
}

static void
start_trunks(struct voice *v)
{
	struct voice_trunks *all = &v->world.trunks;
	all->n = v->conf->trunks.n;
	all->p = mem_zalloc((all->n + 1) * sizeof *all->p);
	for (size_t i = 0; i < all->n; i++)
		all->p[i].conf = &v->conf->trunks.p[i];
	qsort(all->p, all->n, sizeof *all->p, by_preference); /* before they start: they are pointed to */
	for (size_t i = 0; i < all->n; i++)
		start_trunk(v, &all->p[i]);
	tmr_start(&v->retry, RETRY_MS, on_retry, v);
}

static enum rc
parse_ports(struct str text, struct leg_ports *out, struct err *err)
{
	struct str rest = text, first;
	uint64_t a, b;
	if (!str_cut(&rest, '-', &first) || !str_u64(str_trim(first), &a) || !str_u64(str_trim(rest), &b) ||
	    a < 1024 || b > 65535 || b <= a)
		return err_set(err, RC_INVALID, "voice.rtp_ports: \"%.*s\" is no range like 20000-20999",
		    STR_ARG(str_to(text, 40)));
	*out = (struct leg_ports){(uint16_t)a, (uint16_t)b};
	return RC_OK;
}

/* "0.0.0.0:5060" or a bare address. */
static enum rc
parse_address(struct str text, const char *key, struct sa *out, struct err *err)
{
	struct str host = text, number;
	uint64_t port = 0;
	char ip[64];
	if (address_split(text, &host, &number))
		(void)str_u64(number, &port);
	snprintf(ip, sizeof ip, "%.*s", STR_ARG(host));
	if (host.n >= sizeof ip || sa_set_str(out, ip, (uint16_t)port) != 0)
		return err_set(
		    err, RC_INVALID, "voice.%s: \"%.*s\" is no address", key, STR_ARG(str_to(text, 80)));
	return RC_OK;
}

static enum rc
parse_site(const struct conf_voice *conf, struct trunk_site *site, struct err *err)
{
	enum rc rc = RC_OK;
	sa_init(&site->listen, AF_UNSPEC);
	sa_init(&site->external, AF_UNSPEC);
	if (conf->listen.n)
		rc = parse_address(conf->listen, "listen", &site->listen, err);
	if (rc == RC_OK && conf->external_address.n)
		rc = parse_address(conf->external_address, "external_address", &site->external, err);
	return rc;
}

enum rc
voice_create(
    struct voice **out, const struct conf_voice *conf, voice_event *event, void *arg, struct err *err)
{
	struct leg_ports ports = {0};
	struct trunk_site site = {0};
	enum rc rc = parse_ports(conf->rtp_ports, &ports, err);
	if (rc == RC_OK)
		rc = parse_site(conf, &site, err);
	if (rc == RC_OK && conf->tts.n == 0)
		rc = err_set(err, RC_INVALID, "voice.tts names no program");
	if (rc != RC_OK)
		return rc;
	struct voice *v = mem_new(struct voice);
	v->conf = conf;
	v->calls = map_create();
	v->site = site;
	tmr_init(&v->tick);
	tmr_init(&v->retry);
	v->world = (struct call_world){.speech = speech_create(conf->tts, (size_t)conf->clip_cache),
	    .ports = ports,
	    .ring_time = conf->ring_timeout,
	    .answer_time = conf->answer_timeout,
	    .event = event,
	    .arg = arg};
	metric_set(METRIC_voice_trunks_up, 0);
	start_trunks(v);
	*out = v;
	return RC_OK;
}

static void
remove_call(struct voice *v, struct call *c)
{
	must(map_take(v->calls, c->request.key) == c);
	call_destroy(&c);
}

void
voice_destroy(struct voice **pv)
{
	struct voice *v = *pv;
	if (!v)
		return;
	tmr_cancel(&v->tick);
	tmr_cancel(&v->retry);
	while (map_count(v->calls))
		remove_call(v, map_next(v->calls, NULL)->value);
	map_destroy(&v->calls);
	for (size_t i = 0; i < v->world.trunks.n; i++)
		trunk_stop(&v->world.trunks.p[i]);
	mem_free(v->world.trunks.p);
	speech_destroy(&v->world.speech);
	mem_free(v);
	*pv = NULL;
}

static void
tick_all(struct voice *v, uint64_t now)
{
	VEC(struct call *) over = {0};
	map_each (v->calls, e)
		if (!call_tick(e->value, now))
			*vec_add(&over) = e->value;
	for (size_t i = 0; i < over.n; i++)
		remove_call(v, over.p[i]);
	vec_fini(&over);
}

static void
on_tick(void *arg)
{
	struct voice *v = arg;
	uint64_t now = tmr_jiffies();
	for (int i = 0; i < CATCH_UP && v->next_tick <= now; i++, v->next_tick += TICK_MS)
		tick_all(v, now);
	if (v->next_tick <= now)
		v->next_tick = now + TICK_MS; /* too late to make up for */
	if (map_count(v->calls))
		tmr_start(&v->tick, v->next_tick - now, on_tick, v);
}

void
voice_place(struct voice *v, const struct call_request *request)
{
	struct call *c = map_get(v->calls, request->key);
	if (c) {
		call_report(c);
		return;
	}
	if (map_count(v->calls) >= CALLS_MAX) {
		struct call_event full = {.key = request->key,
		    .n = 1,
		    .what = CALL_ENDED,
		    .reason = CALL_TRUNK_DOWN,
		    .detail = STR("too many calls at a time"),
		    .at = clock_wall(clock_real())};
		v->world.event(v->world.arg, &full);
		return;
	}
	metric_add(METRIC_voice_calls_total, 1);
	c = call_create(&v->world, request, tmr_jiffies());
	(void)map_put(v->calls, c->request.key, c);
	if (tmr_isrunning(&v->tick))
		return;
	v->next_tick = tmr_jiffies();
	tmr_start(&v->tick, 0, on_tick, v);
}

void
voice_ack(struct voice *v, struct str key, struct str text)
{
	struct call *c = map_get(v->calls, key);
	if (c)
		call_ack(c, text);
}

void
voice_say(struct voice *v, const struct call_say *say)
{
	struct call *c = map_get(v->calls, say->key);
	if (c)
		call_speak(c, say);
}

void
voice_hang_up(struct voice *v, struct str key)
{
	struct call *c = map_get(v->calls, key);
	if (c)
		call_cancel(c, true);
}

void
voice_hang_up_all(struct voice *v)
{
	map_each (v->calls, e)
		call_cancel(e->value, false);
}

size_t
voice_calls(const struct voice *v)
{
	return map_count(v->calls);
}
