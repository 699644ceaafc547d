/*
 * core.h — what faces the world, over one loop: the store of samples, scraping, checks, rules and the routes table.
 *
 * IDEA   Whoever runs a core gives it a loop, a clock and doors; whether sockets and processes stand behind them or a
 *        script is not known here.  The process of that name (role_core.c) and plays run the same one.
 *
 * It decides nothing that people are called for: alerts and commands go to the engine as messages, the ledger is read
 * only.  Loop's thread, except for core_api's handler, core_tsdb and core_keep.
 */
#ifndef MAIN_CORE_H
#define MAIN_CORE_H

#include "api/api.h"
#include "check/probe.h"
#include "main/core_link.h"

struct core;

struct core_house {
	struct loop *loop;
	struct conf *conf;
	const char *data;      /* the folder; samples are below it */
	struct str ledger_url; /* must be there; borrowed */
	bool no_auth;
	bool machine; /* server.watch_machine counts: it is this machine's core, not a play's */
	struct http_door *scrapes; /* URLs of the configuration */
	struct probe_doors probes; /* URLs that people typed in */
	struct engine_door engine;
};

CHECKED enum rc core_create(struct core **, const struct core_house *, struct err *);
/* Nobody asks through the doors any more when this returns. */
void core_destroy(struct core **);
/* Takes another configuration of scraping and rules: both or none. */
CHECKED enum rc core_configure(struct core *, struct conf *, struct err *);
/* The engine committed something. */
void core_news(struct core *, const struct news *);
struct api *core_api(struct core *);
struct tsdb *core_tsdb(struct core *);
/* What is due of keeping samples, which may wait for the disk: any thread, about every 100 ms. */
void core_keep(struct core *);

#endif
