/*
 * cluster.h — questions to the Prometheus-compatible cluster behind us (metrics.remote.query).
 *
 * IDEA   Who asks has a snapshot of the configuration, and is asked as that one says: a reload in between changes neither whose
 *        samples a question may see nor where it goes.  Questions of people and of rules wait in two lines that do not wait for
 *        each other: dashboards never keep a rule from being asked.
 * [L1]   A call's `done` comes once, later, from the loop, unless the call was cancelled.
 *
 * The loop's thread, but for what says otherwise.
 */
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include "base/loop.h"
#include "conf/conf.h"
#include "net/http_client.h"

struct cluster;
struct cluster_call;

enum cluster_lane { CLUSTER_PEOPLE, CLUSTER_RULES, CLUSTER_LANES };

/* Texts are borrowed for the call that takes it. */
struct cluster_ask {
	struct conf *conf; /* has metrics.remote.query */
	enum cluster_lane lane;
	struct str path;         /* behind the URL: "/api/v1/query" */
	bool get;                /* the form stands in the URL */
	struct pairs form;
	struct strs customers;   /* cluster_pin has been asked about them */
	bool packed;             /* the answer may be left as gzip; without it comes plain */
};

struct cluster_answer {
	enum rc rc;       /* RC_OK: there is a page, whatever its status; else RC_TIMEOUT, RC_REFUSED (too large) or RC_IO */
	const char *why;  /* names the cluster */
	const struct http_result *page; /* for the call */
};
typedef void cluster_done(void *arg, const struct cluster_answer *);

struct cluster *cluster_create(struct loop *, struct http_door *);
void cluster_destroy(struct cluster **); /* whoever has asked has cancelled before */

struct cluster_call *cluster_request(struct cluster *, const struct cluster_ask *, cluster_done *, void *arg);
void cluster_cancel(struct cluster_call **);

/* ---- any thread ---- */

/* Where cluster_request is to be called. */
struct loop *cluster_loop(struct cluster *);
/* What it is called. */
struct str cluster_name(const struct conf_remote_query *);
/* Where neither header nor label says whose samples are meant, only the customer `default` is asked for: RC_DENIED. */
CHECKED enum rc cluster_serves(const struct conf_remote_query *, struct strs customers, struct err *);
/* What a page with an error status says, with the cluster's name in front. */
void cluster_complaint(const struct conf_remote_query *, const struct http_result *, struct buf *out);
/* How it goes: an object; null without a cluster in that configuration. */
void cluster_json(struct cluster *, const struct conf *, struct buf *);

#endif
