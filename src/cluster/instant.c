/* instant.c — see instant.h. */
#include "cluster/instant.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/suspect.h"
#include "cluster/answer.h"
#include "cluster/pin.h"

struct cluster_instant {
	struct loop *loop;
	struct conf *conf;
	struct cluster_call *call;
	struct loop_timer refusal; /* it was not even asked */
	struct err err;
	uint64_t print;
	char what[160];
	cluster_instant_done *done;
	void *arg;
};

static void
instant_free(struct cluster_instant *q)
{
	loop_timer_cancel(q->loop, &q->refusal);
	conf_unref(&q->conf);
	mem_free(q);
}

static void
finish(struct cluster_instant *q, enum rc rc, struct promql_result *r)
{
	q->done(q->arg, rc, q->err.text, r);
	instant_free(q);
}

static void
on_refusal(void *arg)
{
	struct cluster_instant *q = arg;
	finish(q, q->err.rc, NULL);
}

/* A page with an error status: what is wrong with the question is different from who cannot answer now. */
static enum rc
complain(struct cluster_instant *q, const struct http_result *page)
{
	struct buf said = {0};
	bool ours = page->status == 400 || page->status == 422;
	cluster_complaint(q->conf->root->metrics.remote.query, page, &said);
	enum rc rc = err_set(&q->err, ours ? RC_INVALID : RC_IO, "%.900s", said.p);
	buf_fini(&said);
	return rc;
}

static enum rc
read_page(struct cluster_instant *q, const struct http_result *page, struct promql_result **r)
{
	suspect_begin(q->print, "%s", q->what);
	os_fault_meet(page->body);
	enum rc rc = answer_read(page->body, r, &q->err);
	suspect_end();
	return rc;
}

static void
on_answer(void *arg, const struct cluster_answer *a)
{
	struct cluster_instant *q = arg;
	struct promql_result *r = NULL;
	enum rc rc = a->rc;
	q->call = NULL;
	if (rc != RC_OK)
		err_set(&q->err, rc, "%.900s", a->why);
	else if (a->page->status != 200)
		rc = complain(q, a->page);
	else if ((rc = read_page(q, a->page, &r)) != RC_OK)
		err_add(&q->err, "from the cluster \"%.*s\"", STR_ARG(cluster_name(q->conf->root->metrics.remote.query)));
	finish(q, rc, r);
}

/* Seconds with three places. */
static void
put_moment(struct buf *b, msec_t at)
{
	buf_fmt(b, "%lld.%03d", (long long)(at / 1000), (int)(at % 1000));
}

static enum rc
ask(struct cluster_instant *q, struct cluster *k, const struct cluster_instant_question *what)
{
	const struct conf_remote_query *remote = q->conf->root->metrics.remote.query;
	struct str customer = what->customer;
	struct strs customers = {&customer, 1};
	struct buf pinned = {0}, moment = {0}, timeout = {0};
	enum rc rc = cluster_serves(remote, customers, &q->err);
	if (rc == RC_OK && remote->customer_label.n)
		rc = pin_query(&(struct pin){remote->customer_label, customers}, what->expression, &pinned, &q->err);
	put_moment(&moment, what->at);
	put_moment(&timeout, remote->timeout);
	struct pair form[] = {{STR("query"), pinned.n ? buf_view(&pinned) : what->expression}, {STR("time"), buf_view(&moment)}, {STR("timeout"), buf_view(&timeout)}};
	if (rc == RC_OK)
		q->call = cluster_request(k,
		    &(struct cluster_ask){.conf = q->conf, .lane = CLUSTER_RULES, .path = STR("/api/v1/query"), .form = {form, 3}, .customers = customers}, on_answer, q);
	buf_fini(&pinned);
	buf_fini(&moment);
	buf_fini(&timeout);
	return rc;
}

struct cluster_instant *
cluster_instant_ask(struct cluster *k, const struct cluster_instant_question *what, cluster_instant_done *done, void *arg)
{
	struct cluster_instant *q = mem_new(struct cluster_instant);
	*q = (struct cluster_instant){.loop = cluster_loop(k), .conf = conf_ref(what->conf), .print = what->print, .done = done, .arg = arg};
	snprintf(q->what, sizeof q->what, "%.*s", STR_ARG(str_to(what->what, sizeof q->what - 1)));
	if (ask(q, k, what) != RC_OK)
		loop_timer_set(q->loop, &q->refusal, 0, on_refusal, q, "question to the cluster");
	return q;
}

void
cluster_instant_cancel(struct cluster_instant **pq)
{
	struct cluster_instant *q = *pq;
	if (!q)
		return;
	cluster_cancel(&q->call);
	instant_free(q);
	*pq = NULL;
}
