/*
 * prom_cluster.c — where a cluster is configured (metrics.remote.query), Prometheus's API is answered by it.
 *
 *     server's thread            the loop
 *     who may ask, what is sent --post--> asked --its page--> answered
 *     the client goes away ------post--> cancelled
 *
 * IDEA   A question goes on with its own parameters, as far as Prometheus knows them, and the page comes back as it is.  Whose
 *        samples it may see is said by a header, or by a label that is put into every selector (cluster/pin.h).
 * TRAP   Statuses that would mean something else if they came from us (401: sign in; 404: no such route; 403) and pages that are not of
 *        Prometheus's API become 503 with what the cluster said.
 */
#include <stdatomic.h>

#include "api/prom_parts.h"
#include "cluster/cluster.h"
#include "cluster/pin.h"

struct pushed {
	struct call *call; /* NULL: answered */
	struct cluster *cluster;
	struct conf *conf;
	struct cluster_ask ask; /* its texts live in the request's arena */
	struct cluster_call *under_way;
	bool is_query;
	nsec_t since;
	atomic_uint refs; /* of messages on their way, and of the question */
};

static void
pushed_unref(struct pushed *p)
{
	if (atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	conf_unref(&p->conf);
	mem_free(p);
}

/* ---- answers ---- */

/* Is this a page that a client of Prometheus's API understands, and that means what it says when it comes from us? */
static bool
speaks_for_itself(const struct http_result *r)
{
	bool status = r->status / 100 == 2 || r->status == 400 || r->status == 422 || r->status == 429 || r->status == 503;
	return status && str_starts(http_result_header(r, "Content-Type"), STR("application/json"));
}

static void
hand_on(struct call *c, const struct http_result *r)
{
	static const char *const headers[] = {"Content-Encoding", "Retry-After"};
	struct buf body = {0};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct str value = http_result_header(r, headers[i]);
		if (value.n)
			http_answer_header(c->req, headers[i], value);
	}
	http_answer_header(c->req, "Vary", STR("Accept-Encoding"));
	buf_str(&body, r->body);
	http_answer_buf(c->req, r->status, "application/json", &body);
}

/* What it cost is the cluster's to know. */
static void
log_query(const struct pushed *p, const struct cluster_answer *a)
{
	struct call *c = p->call;
	struct promql_ask ask = {.start = c->now};
	double step;
	if (!p->is_query)
		return;
	(void)prom_moment(http_param(c->req, http_has_param(c->req, "start") ? "start" : "time"), &ask.start);
	ask.end = ask.start;
	(void)prom_moment(http_param(c->req, "end"), &ask.end);
	if (str_f64(http_param(c->req, "step"), &step) && step > 0 && step < 1e9)
		ask.step = (msec_t)(step * 1000);
	bool failed = a->rc != RC_OK || a->page->status != 200 || !speaks_for_itself(a->page);
	prom_log_query(c, &ask, NULL, p->since, !failed ? NULL : a->rc != RC_OK ? a->why : "the cluster refused it");
}

static void
answer(struct pushed *p, const struct cluster_answer *a)
{
	struct call *c = p->call;
	struct buf said = {0};
	log_query(p, a);
	p->call = NULL;
	if (a->rc != RC_OK) {
		prom_query_error(c, a->rc, a->why);
	} else if (speaks_for_itself(a->page)) {
		hand_on(c, a->page);
	} else {
		cluster_complaint(p->conf->root->metrics.remote.query, a->page, &said);
		prom_query_error(c, RC_IO, said.p);
	}
	buf_fini(&said);
	pushed_unref(p);
}

static void
on_answer(void *arg, const struct cluster_answer *a)
{
	struct pushed *p = arg;
	p->under_way = NULL;
	answer(p, a);
}

/* ---- the client goes away ---- */

static void
cancel(void *arg)
{
	struct pushed *p = arg;
	if (p->call) {
		cluster_cancel(&p->under_way);
		answer(p, &(struct cluster_answer){.rc = RC_CANCELLED, .why = "the client has gone"});
	}
	pushed_unref(p);
}

/* On the watch's thread.  With a full mailbox the question runs on until it is answered for nobody. */
static void
client_gone(void *arg)
{
	struct pushed *p = arg;
	atomic_fetch_add(&p->refs, 1);
	if (!loop_post(cluster_loop(p->cluster), cancel, p, "client of a query has gone"))
		atomic_fetch_sub(&p->refs, 1);
}

static void
begin(void *arg)
{
	struct pushed *p = arg;
	if (http_on_cancel(p->call->req, client_gone, p))
		p->under_way = cluster_request(p->cluster, &p->ask, on_answer, p);
	else
		answer(p, &(struct cluster_answer){.rc = RC_CANCELLED, .why = "the client has gone"});
}

/* ---- questions ---- */

/* What Prometheus's API knows; whatever else somebody adds might mean something to a cluster. */
static bool
is_known(struct str name)
{
	static const char *const names[] = {"query", "time", "start", "end", "step", "timeout", "limit", "stats", "lookback_delta", "metric", "limit_per_metric", "nocache"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

struct making {
	struct call *call;
	struct pin pin;
	struct pair *form;
	size_t n, matches;
};

static struct str
kept(struct call *c, struct buf *b)
{
	struct str text = arena_str(c->arena, buf_view(b));
	buf_fini(b);
	return text;
}

static enum rc
add_match(struct making *m, struct str selector, struct err *e)
{
	struct buf b = {0};
	enum rc rc = m->pin.label.n ? pin_selector(&m->pin, selector, &b, e) : RC_OK;
	m->form[m->n++] = (struct pair){STR("match[]"), m->pin.label.n ? kept(m->call, &b) : selector};
	m->matches++;
	return rc == RC_OK ? rc : err_add(e, "in the parameter \"match[]\"");
}

static enum rc
add_query(struct making *m, struct str query, struct err *e)
{
	struct buf b = {0};
	enum rc rc = m->pin.label.n ? pin_query(&m->pin, query, &b, e) : RC_OK;
	m->form[m->n++] = (struct pair){STR("query"), m->pin.label.n ? kept(m->call, &b) : query};
	return rc == RC_OK ? rc : err_add(e, "in the parameter \"query\"");
}

/* With a label, whoever names no selector asks for all that the customer has. */
static enum rc
make_form(struct making *m, const struct prom_question *q, struct err *e)
{
	const struct http_req *req = m->call->req;
	enum rc rc = RC_OK;
	m->form = arena_array(m->call->arena, struct pair, req->params.n + 1);
	for (size_t i = 0; rc == RC_OK && i < req->params.n; i++) {
		struct pair p = req->params.p[i];
		if (str_is(p.name, "match[]"))
			rc = q->of_series ? add_match(m, p.value, e) : RC_OK;
		else if (str_is(p.name, "query"))
			rc = add_query(m, p.value, e);
		else if (is_known(p.name))
			m->form[m->n++] = p;
	}
	if (rc == RC_OK && q->of_series && !q->must_match && m->pin.label.n && !m->matches)
		rc = add_match(m, STR(""), e);
	return rc;
}

static void
hand_in(struct call *c, struct conf *conf, const struct making *m, const struct prom_question *q)
{
	struct pushed *p = mem_new(struct pushed);
	*p = (struct pushed){.call = c, .cluster = c->api->house.cluster, .conf = conf_ref(conf), .refs = 1, .is_query = q->is_query,
	    .since = clock_mono(clock_real())};
	p->ask = (struct cluster_ask){.conf = p->conf, .lane = CLUSTER_PEOPLE, .path = arena_str(c->arena, q->path), .get = q->get, .form = {m->form, m->n},
	    .customers = m->pin.customers, .packed = str_has(http_header(c->req, "Accept-Encoding"), STR("gzip"))};
	if (loop_post(cluster_loop(p->cluster), begin, p, "question to the cluster"))
		return;
	pushed_unref(p);
	answer_error(c, RC_IO, "too much is going on: ask again");
}

static void
push_down(struct call *c, struct conf *conf, const struct prom_question *q)
{
	const struct conf_remote_query *remote = conf->root->metrics.remote.query;
	struct making m = {.call = c, .pin = {.label = remote->customer_label}};
	struct err e;
	if (!tenant_read(c, &m.pin.customers))
		return;
	enum rc rc = cluster_serves(remote, m.pin.customers, &e);
	if (rc == RC_OK)
		rc = make_form(&m, q, &e);
	if (rc == RC_OK)
		hand_in(c, conf, &m, q);
	else
		answer_error(c, rc, "%s", e.text);
}

bool
prom_push_down(struct call *c, const struct prom_question *q)
{
	struct conf_state s;
	api_conf(c->api, c->arena, &s);
	const struct conf_remote_query *remote = s.conf->root->metrics.remote.query;
	/* what metrics are has no labels that would say whose it is */
	bool ours = !remote || str_is(http_param(c->req, "source"), "local") || (q->of_metrics && remote->customer_label.n);
	if (!ours)
		push_down(c, s.conf, q);
	conf_unref(&s.conf);
	return !ours;
}
