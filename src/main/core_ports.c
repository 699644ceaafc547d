/* core_ports.c — see core_ports.h. */
#include "main/core_ports.h"

#include <pthread.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "ingest/graphite.h"
#include "ingest/statsd.h"
#include "net/lines.h"

enum { LINE_LIMIT = 8192, CONNECTIONS = 1024, IDLE = 10 * 60 * 1000, SAY_EVERY = 60 * 1000 };

struct core_ports {
	struct loop *loop;
	struct lines *graphite, *statsd;
	struct graphite_sink graphite_sink;
	struct statsd *meters; /* NULL: there is no port for StatsD */
	struct loop_timer flush;
	msec_t every;
	/* a thread of its own stores the meters, since that may wait for the disk */
	pthread_t storer;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	msec_t due; /* under the lock: a flush as of then; 0: none */
	bool stop, storing;
	msec_t said; /* when bad lines were last spoken of */
};

/* Nobody waits for an answer: the log says it, once a minute. */
static void
say_bad(struct core_ports *p, const char *whose, const char *why, size_t bad, size_t lines)
{
	if (p->said && loop_now(p->loop) - p->said < SAY_EVERY)
		return;
	p->said = loop_now(p->loop);
	log_warn("ingest", "%s lines: %s; %zu of %zu were refused so far", whose, why, bad, lines);
}

static void
take_graphite(void *arg, struct str lines)
{
	struct core_ports *p = arg;
	struct err e;
	if (graphite_take(&p->graphite_sink, lines, loop_wall(p->loop), &e) != RC_OK)
		say_bad(p, "Graphite's", e.text, p->graphite_sink.bad, p->graphite_sink.lines);
}

static void
take_statsd(void *arg, struct str text)
{
	struct core_ports *p = arg;
	size_t lines, bad;
	struct err e;
	if (statsd_take(p->meters, text, loop_wall(p->loop), &e) == RC_OK)
		return;
	statsd_counts(p->meters, &lines, &bad);
	say_bad(p, "StatsD's", e.text, bad, lines);
}

static void
store_meters(struct core_ports *p, msec_t now)
{
	struct err e;
	if (statsd_flush(p->meters, now, &e) != RC_OK)
		log_warn("ingest", "StatsD's meters: %s", e.text);
}

static void *
store_when_due(void *arg)
{
	struct core_ports *p = arg;
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		if (!p->due) {
			pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		msec_t now = p->due;
		p->due = 0;
		pthread_mutex_unlock(&p->lock);
		store_meters(p, now);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void
flush(void *arg)
{
	struct core_ports *p = arg;
	pthread_mutex_lock(&p->lock);
	p->due = loop_wall(p->loop);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	loop_timer_set(p->loop, &p->flush, p->every, flush, p, "store StatsD's meters");
}

/* What came since the last flush is stored, too. */
static void
stop_storing(struct core_ports *p)
{
	if (!p->storing)
		return;
	loop_timer_cancel(p->loop, &p->flush);
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->storer, NULL);
	store_meters(p, loop_wall(p->loop));
}

static enum rc
open_graphite(struct core_ports *p, const struct conf_graphite *g, struct err *e)
{
	struct lines_conf conf = {.loop = p->loop,
	    .address = g->listen,
	    .line_limit = LINE_LIMIT,
	    .connections = CONNECTIONS,
	    .idle = IDLE,
	    .take = take_graphite,
	    .arg = p};
	return lines_open(&p->graphite, &conf, e);
}

static enum rc
open_statsd(struct core_ports *p, struct tsdb *db, const struct conf_statsd *s, struct err *e)
{
	p->meters = statsd_create(db, s->customer, (size_t)s->meters);
	p->every = s->flush;
	struct lines_conf conf = {.loop = p->loop,
	    .address = s->listen,
	    .line_limit = LINE_LIMIT,
	    .connections = CONNECTIONS,
	    .idle = IDLE,
	    .take = take_statsd,
	    .arg = p};
	enum rc rc = lines_open(&p->statsd, &conf, e);
	if (rc != RC_OK)
		return rc;
	must(pthread_create(&p->storer, NULL, store_when_due, p) == 0);
	p->storing = true;
	loop_timer_set(p->loop, &p->flush, p->every, flush, p, "store StatsD's meters");
	return RC_OK;
}

struct core_ports *
core_ports_open(struct loop *loop, struct tsdb *db, const struct conf *conf)
{
	const struct conf_graphite *g = &conf->root->graphite;
	struct core_ports *p = mem_new(struct core_ports);
	struct err e;
	p->loop = loop;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->graphite_sink =
	    (struct graphite_sink){.tsdb = db, .tenant = g->customer, .templates = g->templates};
	if (g->listen.n && open_graphite(p, g, &e) != RC_OK)
		log_error("main", "graphite: %s", e.text);
	if (conf->root->statsd.listen.n && open_statsd(p, db, &conf->root->statsd, &e) != RC_OK)
		log_error("main", "statsd: %s", e.text);
	return p;
}

void
core_ports_close(struct core_ports **pp)
{
	struct core_ports *p = *pp;
	if (!p)
		return;
	lines_close(&p->graphite);
	lines_close(&p->statsd);
	stop_storing(p);
	statsd_destroy(&p->meters);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
	*pp = NULL;
}
