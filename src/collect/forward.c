/*
 * forward.c — one peer of remote write: from the log to requests, and until they are taken.  See forward.h.
 *
 *     reading --enough, or waited long enough--> sending --all settled--> reading
 *
 * A request that fails by the network, by 5xx or by what a change of configuration mends (401, 403, 404, 408, 415) waits and
 * is sent again, longer each time, or as long as Retry-After says; one that the peer refuses is given up.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/must.h"
#include "collect/forward_impl.h"
#include "collect/forward_texts.h"
#include "collect/target.h"
#include "net/http_conf.h"
#include "net/sigv4.h"

enum { POLL = 200, READ_TIME = 10, ROUND_SENDS = 10, RETRY_AFTER_MAX = 5 * 60 * 1000 };

struct parcel {
	struct forward *f;
	struct buf body;
	struct str customer; /* for tenant_header; in forward.customers */
	size_t n; /* samples */
	msec_t newest;
	struct http_call *call;
	msec_t due, backoff;
	bool settled;
};

static void step(void *arg);

static void
again_in(struct forward *f, msec_t in)
{
	loop_timer_set(f->all->house.loop, &f->timer, in, step, f, "remote write");
}

static msec_t
now(const struct forward *f)
{
	return loop_now(f->all->house.loop);
}

/* The text stays as long as the peer. */
static struct str
customer_of(struct forward *f, struct str name)
{
	if (!map_get(f->customers, name))
		map_put(f->customers, name, f);
	return map_key(f->customers, name);
}

/* ---- life ---- */

enum rc
forward_create(struct forwards *all, const struct conf_remote_write *conf, const char *key, struct tsdb_position from, struct forward **out,
    struct err *e)
{
	struct forward *f = mem_new(struct forward);
	f->all = all;
	f->conf = conf;
	f->key = mem_dup(key, strlen(key));
	f->version2 = str_is(conf->protobuf_message, "io.prometheus.write.v2.Request");
	f->told.taken = f->written = from;
	enum rc rc = target_rules(conf->write_relabel_configs.p, conf->write_relabel_configs.n, &f->relabel, e);
	if (rc != RC_OK) {
		forward_destroy(&f);
		return rc;
	}
	f->rules = (struct forward_rules){conf->customer, conf->customer_label, all->conf->root->global.prom.external_labels, f->relabel};
	f->customers = map_create();
	if (conf->customer.n)
		(void)customer_of(f, conf->customer);
	f->reader = log_reader_create(all->samples, from, forward_series_unref);
	again_in(f, 0);
	*out = f;
	return RC_OK;
}

static void
drop_queue(struct forward *f)
{
	for (size_t i = 0; i < f->queue.n; i++)
		forward_sample_fini(&f->queue.p[i]);
	f->queue.n = 0;
}

static void
drop_parcels(struct forward *f)
{
	for (size_t i = 0; i < f->parcels.n; i++) {
		struct parcel *p = f->parcels.p[i];
		if (p->call)
			f->all->house.http->cancel(f->all->house.http, &p->call);
		buf_fini(&p->body);
		mem_free(p);
	}
	f->parcels.n = f->running = f->left = 0;
}

void
forward_destroy(struct forward **pf)
{
	struct forward *f = *pf;
	if (!f)
		return;
	loop_timer_cancel(f->all->house.loop, &f->timer);
	drop_parcels(f);
	drop_queue(f);
	log_reader_destroy(&f->reader);
	relabel_destroy(&f->relabel);
	vec_fini(&f->parcels);
	vec_fini(&f->queue);
	vec_fini(&f->read);
	map_destroy(&f->customers);
	forward_texts_destroy(&f->texts);
	mem_free(f->key);
	mem_free(f);
	*pf = NULL;
}

/* ---- telling ---- */

static void
tell_taken(struct forward *f, struct tsdb_position at)
{
	pthread_mutex_lock(&f->all->lock);
	f->told.taken = at;
	pthread_mutex_unlock(&f->all->lock);
}

static void
tell_sent(struct forward *f, const struct parcel *p)
{
	metric_add(METRIC_remote_write_sent_total, (int64_t)p->n);
	pthread_mutex_lock(&f->all->lock);
	f->told.sent += p->n;
	f->told.newest = p->newest > f->told.newest ? p->newest : f->told.newest;
	f->told.error[0] = '\0';
	pthread_mutex_unlock(&f->all->lock);
}

/* Said in the log when it is something else than the last time. */
static void
tell_error(struct forward *f, const char *what, const char *why)
{
	struct buf b = {0};
	char text[sizeof f->told.error] = "";
	buf_fmt(&b, "%s: %s", what, why);
	memcpy(text, b.p, b.n < sizeof text ? b.n : sizeof text - 1);
	buf_fini(&b);
	pthread_mutex_lock(&f->all->lock);
	bool is_news = strcmp(text, f->told.error) != 0;
	memcpy(f->told.error, text, sizeof text);
	pthread_mutex_unlock(&f->all->lock);
	if (is_news)
		log_warn("collect", "remote write %s: %s", f->key, text);
}

static void
tell_failed(struct forward *f, size_t samples)
{
	metric_add(METRIC_remote_write_failed_total, (int64_t)samples);
	pthread_mutex_lock(&f->all->lock);
	f->told.failed += samples;
	pthread_mutex_unlock(&f->all->lock);
}

static void
tell_retried(struct forward *f)
{
	metric_add(METRIC_remote_write_retried_total, 1);
	pthread_mutex_lock(&f->all->lock);
	f->told.retried++;
	pthread_mutex_unlock(&f->all->lock);
}

/* ---- requests ---- */

static void
settle(struct parcel *p)
{
	p->settled = true;
	buf_fini(&p->body);
	p->f->left--;
}

static bool
is_to_try_again(const struct forward *f, const struct http_result *r)
{
	if (r->rc != RC_OK || r->status / 100 == 5)
		return true;
	if (r->status == 429)
		return f->conf->queue_config.retry_on_http_429 || http_result_header(r, "Retry-After").n;
	return r->status == 401 || r->status == 403 || r->status == 404 || r->status == 408 || r->status == 415;
}

/* Retry-After in seconds; dates are not taken, the back-off is near enough. */
static msec_t
wait_of(struct parcel *p, const struct http_result *r)
{
	const struct conf_queue *q = &p->f->conf->queue_config;
	int64_t seconds;
	p->backoff = p->backoff ? p->backoff * 2 : q->min_backoff;
	p->backoff = p->backoff > q->max_backoff ? q->max_backoff : p->backoff;
	struct str said = r->rc == RC_OK ? http_result_header(r, "Retry-After") : STR("");
	if (!str_i64(said, &seconds) || seconds < 0)
		return p->backoff;
	return seconds * 1000 < RETRY_AFTER_MAX ? seconds * 1000 : RETRY_AFTER_MAX;
}

/*
 * TRAP   A peer that knows version 1 only takes a request of version 2 for one without samples and says yes.  Who knows
 *        version 2 says how many samples it has written.
 */
static bool
is_understood(const struct parcel *p, const struct http_result *r)
{
	const struct forward *f = p->f;
	return !f->version2 || !p->n || http_result_header(r, "X-Prometheus-Remote-Write-Samples-Written").n ||
	       http_result_header(r, "X-Prometheus-Remote-Write-Histograms-Written").n;
}

static void
judge_yes(struct parcel *p, const struct http_result *r)
{
	struct forward *f = p->f;
	if (is_understood(p, r)) {
		tell_sent(f, p);
		settle(p);
		return;
	}
	tell_error(f, "the peer does not understand protobuf_message io.prometheus.write.v2.Request", "it does not say what it has written; they wait");
	p->due = now(f) + wait_of(p, r);
	tell_retried(f);
}

static void
judge(struct parcel *p, const struct http_result *r)
{
	struct forward *f = p->f;
	char what[100];
	if (r->rc == RC_OK && r->status / 100 == 2) {
		judge_yes(p, r);
		return;
	}
	bool again = is_to_try_again(f, r);
	if (r->rc == RC_OK)
		snprintf(what, sizeof what, "the peer answered %d%s", r->status, again ? "" : ", so these samples are given up");
	else
		snprintf(what, sizeof what, "no answer");
	struct str said = str_trim(str_to(r->body, 180));
	char why[200];
	snprintf(why, sizeof why, "%.*s", STR_ARG(r->rc == RC_OK ? said : str_to(str_c(r->why ? r->why : ""), 180)));
	tell_error(f, what, why);
	if (again) {
		p->due = now(f) + wait_of(p, r);
		tell_retried(f);
	} else {
		tell_failed(f, p->n);
		settle(p);
	}
}

static void
on_answer(void *arg, const struct http_result *r)
{
	struct parcel *p = arg;
	p->call = NULL;
	p->f->running--;
	judge(p, r);
	again_in(p->f, 0);
}

static void
send_parcel(struct parcel *p)
{
	struct forward *f = p->f;
	struct arena *a = loop_scratch(f->all->house.loop);
	const struct conf_remote_write *c = f->conf;
	struct pair *headers = arena_array(a, struct pair, c->headers.n + 5);
	struct err e;
	size_t n = 0;
	headers[n++] = (struct pair){STR("Content-Encoding"), STR("snappy")};
	headers[n++] = (struct pair){STR("Content-Type"),
	    f->version2 ? STR("application/x-protobuf;proto=io.prometheus.write.v2.Request") : STR("application/x-protobuf")};
	headers[n++] = (struct pair){STR("X-Prometheus-Remote-Write-Version"), f->version2 ? STR("2.0.0") : STR("0.1.0")};
	headers[n++] = (struct pair){STR("User-Agent"), STR("tocsin/" TOCSIN_VERSION)};
	if (c->tenant_header.n)
		headers[n++] = (struct pair){c->tenant_header, p->customer};
	for (size_t i = 0; i < c->headers.n; i++)
		headers[n++] = c->headers.p[i];
	struct http_ask ask = {.method = STR("POST"), .url = c->url, .headers = {headers, n}, .body = buf_view(&p->body),
	    .timeout = c->remote_timeout, .max_body = 1 << 20};
	enum rc rc = http_conf_apply(&c->http, &ask, a, &e);
	if (rc == RC_OK && c->sigv4)
		rc = sigv4_sign(c->sigv4, &ask, loop_wall(f->all->house.loop), a, &e);
	if (rc == RC_OK) {
		p->call = f->all->house.http->request(f->all->house.http, &ask, on_answer, p);
		f->running++;
		return;
	}
	p->due = now(f) + wait_of(p, &(struct http_result){.rc = RC_IO});
	tell_error(f, "the request could not be made", e.text);
}

/* Starts what is due; when the next one is. */
static msec_t
send_due(struct forward *f)
{
	msec_t next = MSEC_NEVER;
	size_t most = f->conf->queue_config.max_shards > 0 ? (size_t)f->conf->queue_config.max_shards : 1;
	for (size_t i = 0; i < f->parcels.n; i++) {
		struct parcel *p = f->parcels.p[i];
		if (p->settled || p->call)
			continue;
		if (p->due <= now(f) && f->running < most)
			send_parcel(p);
		if (!p->call && p->due > now(f))
			next = p->due < next ? p->due : next;
	}
	return next;
}

/* ---- rounds ---- */

static bool
is_wanted(const struct forward *f, struct str customer)
{
	return !f->rules.customer.n || str_eq(customer, f->rules.customer);
}

/* A sample that the peer is to have, or nothing. */
static bool
take_sample(struct forward *f, const struct log_sample *s)
{
	if (!s->series->known)
		s->series->known = forward_series_create(&f->rules, s->series, is_wanted(f, s->series->tenant) ? customer_of(f, s->series->tenant) : STR(""));
	struct forward_series *series = s->series->known;
	msec_t limit = f->conf->queue_config.sample_age_limit;
	if (!series->kept || (s->histogram.p && !f->conf->send_native_histograms) || (s->exemplar && !f->conf->send_exemplars))
		return true;
	if (limit && s->t < loop_wall(f->all->house.loop) - limit)
		return false;
	if (!f->queue.n)
		f->queued_since = now(f);
	series->refs++;
	*vec_add(&f->queue) = (struct forward_sample){.series = series, .t = s->t, .start = s->start, .v = s->v, .order = f->queue.n,
	    .histogram = {s->histogram.p ? mem_dup(s->histogram.p, s->histogram.n) : NULL, s->histogram.n},
	    .exemplar = {{s->exemplar ? mem_dup(s->labels.bytes.p, s->labels.bytes.n) : NULL, s->labels.bytes.n}}};
	return true;
}

/* Reads until there is enough, or all is read, or others should have a turn; RC_ABSENT: all is read. */
static enum rc
read_log(struct forward *f, size_t enough, struct err *e)
{
	uint64_t newest = tsdb_log_end(f->all->house.tsdb).segment;
	nsec_t since = clock_mono(loop_clock(f->all->house.loop));
	size_t late = 0;
	enum rc rc = RC_OK;
	while (rc == RC_OK && f->queue.n < enough && clock_mono(loop_clock(f->all->house.loop)) - since < READ_TIME * 1000000) {
		f->read.n = 0;
		rc = log_reader_next(f->reader, newest, &f->read, e);
		for (size_t i = 0; rc == RC_OK && i < f->read.n; i++)
			late += !take_sample(f, &f->read.p[i]);
	}
	if (late)
		tell_failed(f, late);
	return rc;
}

static struct parcel *
add_parcel(struct forward *f, struct str customer)
{
	struct parcel *p = mem_new(struct parcel);
	p->f = f;
	p->customer = customer_of(f, customer);
	*vec_add(&f->parcels) = p;
	f->left++;
	return p;
}

static int
by_customer_and_hash(const void *a, const void *b)
{
	const struct forward_sample *x = a, *y = b;
	if (x->series->tenant.p != y->series->tenant.p)
		return str_cmp(x->series->tenant, y->series->tenant);
	if (x->series->hash != y->series->hash)
		return x->series->hash < y->series->hash ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* May they go in one request? */
static bool
go_together(const struct forward *f, const struct forward_sample *a, const struct forward_sample *b)
{
	return !f->conf->tenant_header.n || a->series->tenant.p == b->series->tenant.p;
}

/* As many of the queue's next ones as a request takes, and what else there is of the last one's series [W1]. */
static size_t
parcel_of(const struct forward *f, size_t from, size_t most)
{
	const struct forward_sample *p = f->queue.p + from;
	size_t left = f->queue.n - from, n = 1;
	while (n < left && go_together(f, &p[0], &p[n]) && (n < most || p[n].series->hash == p[n - 1].series->hash))
		n++;
	return n;
}

/* What metrics are, when it is due: read anew, and in version 1 sent in requests of its own. */
static void
add_texts(struct forward *f)
{
	const struct conf_metadata_send *c = &f->conf->metadata_config;
	VEC(struct str) customers = {0};
	if (!c->send || now(f) < f->texts_due || !map_count(f->customers))
		return;
	f->texts_due = now(f) + c->send_interval;
	map_each (f->customers, e)
		*vec_add(&customers) = e->key;
	forward_texts_destroy(&f->texts);
	f->texts = forward_texts_read(f->all->house.tsdb, (struct strs){customers.p, customers.n}, ++f->texts_read, f->version2);
	struct buf body = {0};
	struct str customer;
	for (size_t at = 0; !f->version2 && forward_texts_body(f->texts, (size_t)c->max_samples_per_send, &at, &customer, &body);) {
		struct parcel *p = add_parcel(f, customer);
		p->body = body;
		body = (struct buf){0};
	}
	vec_fini(&customers);
}

static void
begin_round(struct forward *f, size_t most)
{
	qsort(f->queue.p, f->queue.n, sizeof *f->queue.p, by_customer_and_hash);
	for (size_t from = 0, n; from < f->queue.n; from += n) {
		struct parcel *p = add_parcel(f, f->queue.p[from].series->tenant);
		n = parcel_of(f, from, most);
		for (size_t i = from; i < from + n; i++) {
			p->newest = f->queue.p[i].t > p->newest ? f->queue.p[i].t : p->newest;
			p->n += !f->queue.p[i].exemplar.bytes.p;
		}
		forward_body(f->queue.p + from, n, f->version2, f->texts, &p->body);
	}
	drop_queue(f);
	f->round_end = log_reader_at(f->reader);
}

/* The rest of the log is too long: what stands before is given up, also where it is in memory already; what of that stands
 * behind is read again. */
static void
skip(struct forward *f)
{
	pthread_mutex_lock(&f->all->lock);
	struct tsdb_position to = f->told.skip;
	bool is_past = to.segment <= f->told.taken.segment;
	pthread_mutex_unlock(&f->all->lock);
	if (is_past)
		return;
	log_error("collect", "remote write %s: more of the log waits than queue_size allows; what stands before segment %llu is given up", f->key,
	    (unsigned long long)to.segment);
	for (size_t i = 0; i < f->parcels.n; i++)
		if (!f->parcels.p[i]->settled)
			tell_failed(f, f->parcels.p[i]->n);
	tell_failed(f, f->queue.n);
	drop_parcels(f);
	drop_queue(f);
	log_reader_destroy(&f->reader);
	f->reader = log_reader_create(f->all->samples, to, forward_series_unref);
	tell_taken(f, to);
}

static void
read_and_send(struct forward *f)
{
	const struct conf_queue *q = &f->conf->queue_config;
	size_t most = q->max_samples_per_send > 0 ? (size_t)q->max_samples_per_send : 2000;
	struct err e;
	enum rc rc = read_log(f, most * ROUND_SENDS, &e);
	if (rc != RC_OK && rc != RC_ABSENT)
		tell_error(f, "the log cannot be read", e.text);
	msec_t waited = f->queue.n ? now(f) - f->queued_since : 0;
	add_texts(f);
	if (f->parcels.n) { /* samples go along, or after them */
		begin_round(f, most);
		(void)send_due(f);
	} else if (!f->queue.n) {
		tell_taken(f, log_reader_at(f->reader));
	} else if (f->queue.n >= most || waited >= q->batch_send_deadline) {
		begin_round(f, most);
		(void)send_due(f);
	}
	again_in(f, rc == RC_OK && !f->parcels.n ? 0 : POLL);
}

static void
step(void *arg)
{
	struct forward *f = arg;
	skip(f);
	if (f->parcels.n && !f->left) {
		drop_parcels(f);
		tell_taken(f, f->round_end); /* [W2] */
	}
	if (!f->parcels.n) {
		read_and_send(f);
		return;
	}
	msec_t next = send_due(f);
	msec_t in = next == MSEC_NEVER ? POLL : next - now(f);
	again_in(f, in < 0 ? 0 : in < POLL ? in : POLL);
}
