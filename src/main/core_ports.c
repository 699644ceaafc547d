/* core_ports.c — see core_ports.h. */
#include "main/core_ports.h"

#include "base/log.h"
#include "base/mem.h"
#include "ingest/graphite.h"
#include "net/lines.h"

enum { LINE_LIMIT = 8192, CONNECTIONS = 1024, IDLE = 10 * 60 * 1000, SAY_EVERY = 60 * 1000 };

struct core_ports {
	struct loop *loop;
	struct lines *graphite;
	struct graphite_sink graphite_sink;
	msec_t said; /* when bad lines were last spoken of */
};

/* Nobody waits for an answer: the log says it, once a minute. */
static void
take_graphite(void *arg, struct str lines)
{
	struct core_ports *p = arg;
	struct err e;
	if (graphite_take(&p->graphite_sink, lines, loop_wall(p->loop), &e) == RC_OK)
		return;
	if (p->said && loop_now(p->loop) - p->said < SAY_EVERY)
		return;
	p->said = loop_now(p->loop);
	log_warn("ingest", "Graphite's lines: %s; %zu of %zu were refused so far", e.text,
	    p->graphite_sink.bad, p->graphite_sink.lines);
}

static enum rc
open_graphite(struct core_ports *p, const struct conf_graphite *g, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < g->templates.n; i++)
		rc = graphite_template_check(g->templates.p[i], e);
	if (rc != RC_OK)
		return rc;
	struct lines_conf conf = {.loop = p->loop,
	    .address = g->listen,
	    .line_limit = LINE_LIMIT,
	    .connections = CONNECTIONS,
	    .idle = IDLE,
	    .take = take_graphite,
	    .arg = p};
	return lines_open(&p->graphite, &conf, e);
}

struct core_ports *
core_ports_open(struct loop *loop, struct tsdb *db, const struct conf *conf)
{
	const struct conf_graphite *g = &conf->root->graphite;
	struct core_ports *p = mem_new(struct core_ports);
	struct err e;
	p->loop = loop;
	p->graphite_sink =
	    (struct graphite_sink){.tsdb = db, .tenant = g->customer, .templates = g->templates};
	if (g->listen.n && open_graphite(p, g, &e) != RC_OK)
		log_error("main", "graphite: %s", e.text);
	return p;
}

void
core_ports_close(struct core_ports **pp)
{
	struct core_ports *p = *pp;
	if (!p)
		return;
	lines_close(&p->graphite);
	mem_free(p);
	*pp = NULL;
}
