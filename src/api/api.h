/*
 * api.h — from a request to its handler: routes, identities, rights, answers.
 *
 * IDEA   One table of routes (routes.def) decides who may call what; a handler finds the identity in its call and asks
 *        access_sees about everything that belongs to a customer.  What changes anything is a message to the engine:
 *        the request waits, no thread does.
 *
 * THREADS  api_handle is called on the server's threads, answers may come from the loop's.  Reading the ledger goes
 *        through a handle per thread.
 */
#ifndef API_API_H
#define API_API_H

#include "access/identity.h"
#include "check/schedule.h"
#include "cluster/cluster.h"
#include "collect/scraper.h"
#include "conf/conf.h"
#include "flow/message.h"
#include "flow/reply.h"
#include "ingest/groups.h"
#include "ledger/book.h"
#include "net/http_req.h"
#include "rule/rules.h"
#include "tsdb/tsdb.h"

typedef void api_reply_fn(void *arg, const struct reply *);

/* What the core (or a play) gives the API. */
struct api_house {
	const struct conf *conf;
	struct tsdb *tsdb;
	struct cluster *cluster; /* who is asked where metrics.remote.query says so */
	struct groups *groups; /* what jobs push */
	struct str ledger_url;
	struct clock *clock;
	struct str data; /* the data folder */
	bool no_auth;
	void *arg;
	/* Asks the engine; any thread.  The reply comes once, from any thread. */
	void (*ask)(void *arg, enum message, struct str actor, struct str body, api_reply_fn *, void *reply_arg);
	/* Prometheus's state of scraping and rules as JSON (the `data` of the answer); set when the core has them. */
	void (*targets_json)(void *arg, const struct identity *, struct scraper_ask *, bool metadata, struct buf *);
	enum rc (*rules_json)(void *arg, const struct identity *, const struct rule_filter *, struct buf *, struct err *);
	/* The peers of remote_write and how far each is, as a JSON list. */
	void (*remote_json)(void *arg, struct buf *);
	/* Every service as it stands. */
	void (*services)(void *arg, check_view_fn *, void *fn_arg);
};

struct api;
struct api *api_create(const struct api_house *);
void api_destroy(struct api **);
void api_handle(void *api, struct http_req *); /* an http_handler */
size_t api_body_limit(void *api, const struct http_req *);
void api_decorate(void *api, struct http_req *); /* security headers */
/* Another configuration is in force, but for these of its keys; or it was refused. */
void api_configured(struct api *, struct conf *, struct strs at_next_start);
void api_refused(struct api *);
/* What the daemon measures of itself, in the text format; any thread. */
void api_own_metrics(struct api *, struct buf *);
/* Is a calendar of the book open at that moment?  False when there is none of that name.  Any thread; an api is the argument. */
bool api_calendar_open(void *api, struct str customer, struct str calendar, msec_t at, bool *open);
/* The engine committed something: live streams and what was read before learn of it. */
void api_news(struct api *, const struct news *);
/* Tells the engine who has a console open; it is told at every change, and again with every sign of life. */
void api_consoles(struct api *);

#endif
