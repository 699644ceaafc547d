/*
 * cluster.c — see cluster.h.
 *
 *     waiting --the lane has room--> asked --a page, or none--> done
 *
 * TRAP   How many rules wait follows from the configuration; how many people, does not: their line has an end.
 * TRAP   Whoever waited longer than a question may take is told so when its turn comes: it is not asked any more.
 */
#include "cluster/cluster.h"

#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/time.h"
#include "cluster/answer.h"
#include "net/http_conf.h"
#include "net/sigv4.h"
#include "wire/gzip.h"
#include "wire/json.h"
#include "wire/url.h"

enum { WAITING_MOST = 1000, ERROR_TEXT = 300, COMPLAINT = 300, COMPLAINT_UNPACKED = 64 << 10 };

struct lane {
	struct cluster_call *first, **last; /* waiting */
	size_t waiting, running;
};

/* What other threads look at; under the lock. */
struct told {
	uint64_t asked, failed;
	msec_t answered; /* the last time that a page came; 0: none yet */
	char error[ERROR_TEXT]; /* of the last question; empty: it was answered */
};

struct cluster {
	struct loop *loop;
	struct http_door *http;
	struct lane lanes[CLUSTER_LANES];
	pthread_mutex_t lock;
	struct told told;
};

struct cluster_call {
	struct cluster *cluster;
	struct conf *conf;
	enum cluster_lane lane;
	bool get, packed, waits;
	struct cluster_call *next;
	struct arena *arena;
	struct str url, body, tenants;
	struct http_call *http;
	struct loop_timer refusal;
	struct err err;
	msec_t since;
	cluster_done *done;
	void *arg;
};

static const struct conf_remote_query *
conf_of(const struct cluster_call *c)
{
	return c->conf->root->metrics.remote.query;
}

/* ---- life ---- */

struct cluster *
cluster_create(struct loop *loop, struct http_door *http)
{
	struct cluster *k = mem_new(struct cluster);
	k->loop = loop;
	k->http = http;
	for (int i = 0; i < CLUSTER_LANES; i++)
		k->lanes[i].last = &k->lanes[i].first;
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void
cluster_destroy(struct cluster **pk)
{
	struct cluster *k = *pk;
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	mem_free(k);
	*pk = NULL;
}

static void
call_free(struct cluster_call *c)
{
	loop_timer_cancel(c->cluster->loop, &c->refusal);
	conf_unref(&c->conf);
	arena_destroy(&c->arena);
	mem_free(c);
}

struct loop *
cluster_loop(struct cluster *k)
{
	return k->loop;
}

/* ---- questions ---- */

struct str
cluster_name(const struct conf_remote_query *q)
{
	struct str rest = q->url, name;
	if (q->name.n)
		return q->name;
	for (size_t i = 0; i + 2 < rest.n; i++)
		if (str_starts(str_from(rest, i), STR("://"))) {
			rest = str_from(rest, i + 3);
			break;
		}
	if (!str_cut(&rest, '/', &name))
		return q->url;
	ptrdiff_t at = str_chr(name, '@');
	return at < 0 ? name : str_from(name, (size_t)at + 1);
}

enum rc
cluster_serves(const struct conf_remote_query *q, struct strs customers, struct err *e)
{
	for (size_t i = 0; i < customers.n && !q->tenant_header.n && !q->customer_label.n; i++)
		if (!str_is(customers.p[i], "default"))
			return err_set(e, RC_DENIED,
			    "the cluster \"%.*s\" is not asked for the customer \"%.*s\": metrics.remote.query has neither tenant_header nor customer_label "
			    "to say whose samples are meant",
			    STR_ARG(cluster_name(q)), STR_ARG(customers.p[i]));
	return RC_OK;
}

static struct str
form_text(struct pairs form, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < form.n; i++) {
		buf_c(&b, i ? "&" : "");
		url_escape_query(&b, form.p[i].name);
		buf_ch(&b, '=');
		url_escape_query(&b, form.p[i].value);
	}
	struct str text = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return text;
}

static struct str
url_of(const struct conf_remote_query *q, struct str path, struct str query, struct arena *a)
{
	struct str base = q->url;
	while (str_ends(base, STR("/")))
		base = str_to(base, base.n - 1);
	return arena_fmt(a, "%.*s%.*s%s%.*s", STR_ARG(base), STR_ARG(path), query.n ? "?" : "", STR_ARG(query));
}

static struct str
tenants_of(struct strs customers, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < customers.n; i++)
		buf_fmt(&b, "%s%.*s", i ? "|" : "", STR_ARG(customers.p[i]));
	struct str text = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return text;
}

/* ---- what came of it ---- */

static void
tell(struct cluster *k, bool failed, const char *error)
{
	metric_add(METRIC_remote_query_total, 1);
	metric_add(METRIC_remote_query_failures_total, failed);
	pthread_mutex_lock(&k->lock);
	k->told.asked++;
	k->told.failed += failed;
	if (!failed)
		k->told.answered = loop_wall(k->loop);
	snprintf(k->told.error, sizeof k->told.error, "%.290s", error);
	pthread_mutex_unlock(&k->lock);
}

static void next(struct cluster *, enum cluster_lane);

static void
finish(struct cluster_call *c, const struct http_result *page)
{
	struct cluster *k = c->cluster;
	enum cluster_lane lane = c->lane;
	struct cluster_answer answer = {.rc = page ? RC_OK : c->err.rc, .why = c->err.text, .page = page};
	c->done(c->arg, &answer);
	call_free(c);
	next(k, lane);
}

/* The sentence of the HTTP client, with the cluster's name. */
static void
explain(struct cluster_call *c, const struct http_result *r)
{
	const struct conf_remote_query *q = conf_of(c);
	struct str name = cluster_name(q);
	if (r->rc == RC_REFUSED)
		err_set(&c->err, RC_REFUSED, "the cluster \"%.*s\": %s (metrics.remote.query.answer_limit, or server.bodies_limit for all)", STR_ARG(name), r->why);
	else if (r->rc == RC_TIMEOUT)
		err_set(&c->err, RC_TIMEOUT, "the cluster \"%.*s\" gave %s", STR_ARG(name), r->why);
	else
		err_set(&c->err, RC_IO, "the cluster \"%.*s\" does not answer: %s", STR_ARG(name), r->why ? r->why : "");
}

static void
on_answer(void *arg, const struct http_result *r)
{
	struct cluster_call *c = arg;
	struct buf said = {0};
	c->http = NULL;
	c->cluster->lanes[c->lane].running--;
	if (r->rc != RC_OK) {
		explain(c, r);
		tell(c->cluster, true, c->err.text);
		finish(c, NULL);
		return;
	}
	bool failed = r->status / 100 == 5 || r->status == 401 || r->status == 403 || r->status == 404;
	if (failed)
		cluster_complaint(conf_of(c), r, &said);
	tell(c->cluster, failed, said.p ? said.p : "");
	buf_fini(&said);
	finish(c, r);
}

static void
on_refusal(void *arg)
{
	struct cluster_call *c = arg;
	tell(c->cluster, true, c->err.text);
	finish(c, NULL);
}

/* [L1] */
static void
refuse(struct cluster_call *c)
{
	loop_timer_set(c->cluster->loop, &c->refusal, 0, on_refusal, c, "question to the cluster");
}

static void
put_question(struct cluster_call *c)
{
	const struct conf_remote_query *q = conf_of(c);
	struct pair *headers = arena_array(c->arena, struct pair, q->headers.n + 2);
	size_t n = 0;
	if (!c->get)
		headers[n++] = (struct pair){STR("Content-Type"), STR("application/x-www-form-urlencoded")};
	if (q->tenant_header.n)
		headers[n++] = (struct pair){q->tenant_header, c->tenants};
	for (size_t i = 0; i < q->headers.n; i++)
		headers[n++] = q->headers.p[i];
	struct http_ask ask = {.method = c->get ? STR("GET") : STR("POST"), .url = c->url, .headers = {headers, n}, .body = c->body, .timeout = q->timeout,
	    .max_body = (size_t)q->answer_limit, .plain = !c->packed, .packed = c->packed, .charged = c->lane == CLUSTER_PEOPLE};
	enum rc rc = http_conf_apply(&q->http, &ask, c->arena, &c->err);
	if (rc == RC_OK && q->sigv4)
		rc = sigv4_sign(q->sigv4, &ask, loop_wall(c->cluster->loop), c->arena, &c->err);
	if (rc == RC_OK && loop_now(c->cluster->loop) - c->since > q->timeout)
		rc = err_set(&c->err, RC_TIMEOUT, "the cluster \"%.*s\" was busy with other questions for longer than metrics.remote.query.timeout allows",
		    STR_ARG(cluster_name(q)));
	if (rc != RC_OK) {
		refuse(c);
		return;
	}
	c->http = c->cluster->http->request(c->cluster->http, &ask, on_answer, c);
	c->cluster->lanes[c->lane].running++;
}

/* Starts who waits, as far as there is room. */
static void
next(struct cluster *k, enum cluster_lane which)
{
	struct lane *l = &k->lanes[which];
	while (l->first && l->running < (size_t)conf_of(l->first)->concurrency) {
		struct cluster_call *c = l->first;
		l->first = c->next;
		l->last = l->first ? l->last : &l->first;
		l->waiting--;
		c->waits = false;
		put_question(c);
	}
}

static void
wait_for_turn(struct cluster_call *c)
{
	struct lane *l = &c->cluster->lanes[c->lane];
	if (c->lane == CLUSTER_PEOPLE && l->waiting == WAITING_MOST) {
		err_set(&c->err, RC_IO, "%d questions to the cluster \"%.*s\" wait already", WAITING_MOST, STR_ARG(cluster_name(conf_of(c))));
		refuse(c);
		return;
	}
	c->waits = true;
	*l->last = c;
	l->last = &c->next;
	l->waiting++;
	next(c->cluster, c->lane);
}

struct cluster_call *
cluster_request(struct cluster *k, const struct cluster_ask *ask, cluster_done *done, void *arg)
{
	struct cluster_call *c = mem_new(struct cluster_call);
	*c = (struct cluster_call){.cluster = k, .conf = conf_ref(ask->conf), .lane = ask->lane, .get = ask->get, .packed = ask->packed, .arena = arena_create(),
	    .since = loop_now(k->loop), .done = done, .arg = arg};
	struct str form = form_text(ask->form, c->arena);
	c->url = url_of(conf_of(c), ask->path, c->get ? form : STR(""), c->arena);
	c->body = c->get ? STR("") : form;
	c->tenants = tenants_of(ask->customers, c->arena);
	wait_for_turn(c);
	return c;
}

static void
leave_line(struct cluster_call *c)
{
	struct lane *l = &c->cluster->lanes[c->lane];
	struct cluster_call **at = &l->first;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (l->last == &c->next)
		l->last = at;
	l->waiting--;
}

void
cluster_cancel(struct cluster_call **pc)
{
	struct cluster_call *c = *pc;
	if (!c)
		return;
	struct cluster *k = c->cluster;
	enum cluster_lane lane = c->lane;
	if (c->waits)
		leave_line(c);
	if (c->http) {
		k->http->cancel(k->http, &c->http);
		k->lanes[lane].running--;
	}
	call_free(c);
	*pc = NULL;
	next(k, lane);
}

/* ---- telling ---- */

void
cluster_complaint(const struct conf_remote_query *q, const struct http_result *r, struct buf *out)
{
	struct buf plain = {0}, said = {0};
	struct str body = r->body, how = http_result_header(r, "Content-Encoding");
	if (str_eq_nocase(how, STR("gzip")) && gzip_unpack(body, COMPLAINT_UNPACKED, &plain, NULL) == RC_OK)
		body = buf_view(&plain);
	if (!answer_error_text(body, &said))
		buf_str(&said, str_to(str_trim(body), COMPLAINT));
	buf_fmt(out, "the cluster \"%.*s\" answered %d%s%s", STR_ARG(cluster_name(q)), r->status, said.n ? ": " : "", said.p ? said.p : "");
	buf_fini(&plain);
	buf_fini(&said);
}

void
cluster_json(struct cluster *k, const struct conf *conf, struct buf *b)
{
	const struct conf_remote_query *q = conf->root->metrics.remote.query;
	struct json_writer w;
	struct told t;
	if (!q) {
		buf_c(b, "null");
		return;
	}
	pthread_mutex_lock(&k->lock);
	t = k->told;
	pthread_mutex_unlock(&k->lock);
	jsonw_init(&w, b);
	jsonw_object(&w);
	jsonw_member(&w, "name", cluster_name(q));
	jsonw_member(&w, "tenant_header", q->tenant_header);
	jsonw_member(&w, "customer_label", q->customer_label);
	jsonw_key(&w, "asked");
	jsonw_i64(&w, (int64_t)t.asked);
	jsonw_key(&w, "failed");
	jsonw_i64(&w, (int64_t)t.failed);
	if (t.answered)
		jsonw_member_time(&w, "answered", t.answered);
	jsonw_member(&w, "error", str_c(t.error));
	jsonw_object_end(&w);
}
