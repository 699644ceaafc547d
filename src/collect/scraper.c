/*
 * scraper.c — see scraper.h.
 *
 * IDEA   A target's moment within its interval comes from the hash of its identity, so targets are spread evenly and
 *        keep their moments over a restart.  Samples get the moment at which the scrape was due, so that an interval is
 *        an interval.  Moments are at least 100 ms apart: targets that share one cost one awakening, find warm caches, and
 *        share their list of times in the store.
 */
#include "collect/scraper.h"

#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/os.h"
#include "base/suspect.h"
#include "base/map.h"
#include "base/must.h"
#include "base/time.h"
#include "collect/scraper_state.h"
#include "net/http_conf.h"
#include "wire/metricpb.h"
#include "wire/nhcb.h"

static const char formats[] =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/* In front of the others, for who wants native histograms. */
static const char protobuf[] =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.7,";

static void scrape(void *arg);

msec_t
scraper_moment(uint64_t hash, msec_t interval)
{
	msec_t together = interval / SCRAPER_MOMENTS < SCRAPER_TOGETHER ? interval / SCRAPER_MOMENTS : SCRAPER_TOGETHER;
	msec_t moment = (msec_t)(hash % (uint64_t)interval);
	return together ? moment - moment % together : moment;
}

/* ---- one scrape ---- */

static void
sleep_until_next(struct scraped *s)
{
	msec_t now = loop_wall(s->scraper->loop), interval = s->target.interval;
	msec_t moment = scraper_moment(s->hash, interval);
	s->due = now - now % interval + moment;
	while (s->due <= now)
		s->due += interval;
	loop_timer_set(s->scraper->loop, &s->timer, s->due - now, scrape, s, "scrape");
}

static void
conclude(struct scraped *s, const struct page_report *r, const char *trouble)
{
	if (!r->up) /* else it was stored with its page */
		page_report_store(s->memory, s->scraper->db, &s->target, r, s->due);
	pthread_mutex_lock(&s->scraper->lock);
	s->known = true;
	s->up = r->up;
	s->seconds = r->seconds;
	s->last = s->due;
	snprintf(s->trouble, sizeof s->trouble, "%.*s", (int)sizeof s->trouble - 1, trouble);
	pthread_mutex_unlock(&s->scraper->lock);
	sleep_until_next(s);
}

static bool
is_protobuf(const struct http_result *r)
{
	return str_starts(http_result_header(r, "Content-Type"), STR("application/vnd.google.protobuf"));
}

static enum expo_format
format_of(const struct http_result *r)
{
	return str_starts(http_result_header(r, "Content-Type"), STR("application/openmetrics-text")) ? EXPO_OPENMETRICS : EXPO_TEXT;
}

/* Its pages change with every scrape: what has ended the process is the target. */
static uint64_t
print_of(const struct scraped *s)
{
	return s->hash + 1;
}

enum { TEXT_OF_PROTOBUF = 16, TEXT_LEAST = 4096 };

static bool
wants_bounds(const struct scraped *s)
{
	return s->job->conf->convert_classic_histograms_to_nhcb == CONF_YES;
}

static enum rc
store_page(struct scraped *s, const struct page_body *page, struct page_report *report, struct err *e)
{
	struct page_rules rules = {s->job->conf, s->job->metric_rules};
	return page_store(s->memory, s->scraper->db, &s->target, &rules, page, s->due, &report->counts, e);
}

/* As a text with native histograms beside it: what comes in protobuf, and classic ones that shall be native. */
static enum rc
store_with_natives(struct scraped *s, struct page_body page, bool packed, struct page_report *report, struct err *e)
{
	struct metricpb_natives natives;
	struct buf text = {0}, again = {0};
	enum rc rc = RC_OK;
	metricpb_natives_init(&natives, s->job->conf->always_scrape_classic_histograms == CONF_YES);
	if (packed) {
		rc = metricpb_to_text(page.text, page.text.n * TEXT_OF_PROTOBUF + TEXT_LEAST, &natives, &text, e);
		page.text = buf_view(&text);
		page.format = EXPO_PROTOBUF;
	}
	if (rc == RC_OK && wants_bounds(s)) {
		nhcb_page(page.text, page.format, &natives, &again);
		page.text = buf_view(&again);
	}
	page.natives = natives.all.p;
	page.n_natives = natives.all.n;
	if (rc == RC_OK)
		rc = store_page(s, &page, report, e);
	metricpb_natives_fini(&natives);
	buf_fini(&text);
	buf_fini(&again);
	return rc;
}

static enum rc
store(struct scraped *s, const struct http_result *r, struct page_report *report, struct err *e)
{
	struct page_body page = {.text = r->body, .format = format_of(r), .report = report};
	suspect_begin(print_of(s), "a page of %.*s, job %.*s", STR_ARG(str_to(s->target.url, 90)), STR_ARG(str_to(s->target.job, 40)));
	os_fault_meet(r->body);
	enum rc rc = is_protobuf(r) || wants_bounds(s) ? store_with_natives(s, page, is_protobuf(r), report, e) : store_page(s, &page, report, e);
	suspect_end();
	return rc;
}

static const struct conf_scrape *
limits_to_tell(const struct scraped *s)
{
	return s->job->conf->extra_scrape_metrics == CONF_YES ? s->job->conf : NULL;
}

static void
on_page(void *arg, const struct http_result *r)
{
	struct scraped *s = arg;
	struct page_report report = {.seconds = (double)r->total_us / 1e6, .limits = limits_to_tell(s), .bytes = r->rc == RC_REFUSED ? -1 : (double)r->body.n};
	struct err e = {0};
	s->call = NULL;
	metric_add(METRIC_scrapes_total, 1);
	if (r->rc != RC_OK)
		err_set(&e, r->rc, "%s", r->why);
	else if (r->status != 200)
		err_set(&e, RC_IO, "server returned HTTP status %d", r->status);
	else if (store(s, r, &report, &e) == RC_OK)
		report.up = true;
	metric_add(METRIC_scraped_samples_total, (int64_t)report.counts.scraped);
	metric_add(METRIC_scrape_failures_total, !report.up);
	if (!report.up)
		page_end(s->memory, s->scraper->db, s->due);
	conclude(s, &report, report.up ? "" : e.text);
}

static void
scrape(void *arg)
{
	struct scraped *s = arg;
	struct arena *a = loop_scratch(s->scraper->loop);
	struct err e;
	struct str seconds = arena_fmt(a, "%.3f", (double)s->target.timeout / 1000);
	bool natives = s->job->conf->scrape_native_histograms == CONF_YES;
	struct pair headers[] = {{STR("Accept"), natives ? arena_fmt(a, "%s%s", protobuf, formats) : str_c(formats)}, {STR("User-Agent"), STR("tocsin/" TOCSIN_VERSION)},
	    {STR("X-Prometheus-Scrape-Timeout-Seconds"), seconds}};
	struct http_ask ask = {.url = s->target.url, .headers = {headers, 3}, .timeout = s->target.timeout, .plain = !s->job->conf->enable_compression,
	    .max_body = s->job->conf->body_size_limit ? (size_t)s->job->conf->body_size_limit : 256 << 20};
	if (suspect_barred(print_of(s))) {
		err_set(&e, RC_INVALID, "a page of this target has ended the process %d times: it is in quarantine and not asked any more", SUSPECT_DEATHS);
		metric_add(METRIC_quarantine_refusals_total, 1);
	} else {
		e.rc = http_conf_apply(&s->job->conf->http, &ask, a, &e);
	}
	if (e.rc != RC_OK) {
		page_end(s->memory, s->scraper->db, s->due);
		conclude(s, &(struct page_report){.limits = limits_to_tell(s)}, e.text);
		return;
	}
	s->call = s->scraper->http->request(s->scraper->http, &ask, on_page, s);
}

/* ---- targets come and go ---- */

static struct scraped *
target_begin(struct scraper *sc, struct job *job, const struct target *t, struct str key)
{
	struct scraped *s = mem_new(struct scraped);
	s->scraper = sc;
	s->arena = arena_create();
	s->hash = str_hash(key);
	s->memory = page_memory_create();
	s->job = job;
	s->target = *t;
	s->target.tenant = arena_str(s->arena, t->tenant);
	s->target.job = arena_str(s->arena, t->job);
	s->target.url = arena_str(s->arena, t->url);
	s->target.labels = labels_copy(t->labels, s->arena);
	s->target.discovered = labels_copy(t->discovered, s->arena);
	sleep_until_next(s);
	return s;
}

static void
target_end(struct scraped *s, bool stale)
{
	struct scraper *sc = s->scraper;
	loop_timer_cancel(sc->loop, &s->timer);
	if (s->call)
		sc->http->cancel(sc->http, &s->call);
	if (stale)
		page_leave(s->memory, sc->db, loop_wall(sc->loop));
	page_memory_destroy(&s->memory);
	arena_destroy(&s->arena);
	mem_free(s);
}

static struct str
key_of(const struct target *t, struct buf *b)
{
	buf_clear(b);
	buf_field(b, t->tenant);
	buf_field(b, t->job);
	buf_field(b, t->url);
	buf_str(b, t->labels.bytes);
	return buf_view(b);
}

static void
take_targets(struct scraper *sc, struct job *job, const struct target_list *list)
{
	struct buf key = {0};
	for (size_t i = 0; i < list->targets.n; i++) {
		const struct target *t = &list->targets.p[i];
		struct scraped *s = map_get(sc->targets, key_of(t, &key));
		if (!s) {
			s = target_begin(sc, job, t, buf_view(&key));
			map_put(sc->targets, buf_view(&key), s);
		}
		s->job = job;
		s->target.interval = t->interval;
		s->target.timeout = t->timeout;
		s->kept = true;
	}
	buf_fini(&key);
}

static void
end_targets(struct scraper *sc)
{
	VEC(struct str) gone = {0};
	map_each(sc->targets, e)
		if (!((struct scraped *)e->value)->kept)
			*vec_add(&gone) = e->key;
	for (size_t i = 0; i < gone.n; i++) {
		struct scraped *s = map_get(sc->targets, gone.p[i]);
		map_take(sc->targets, gone.p[i]);
		target_end(s, true);
	}
	vec_fini(&gone);
}

/* A job whose targets cannot be found out keeps those that it has. */
static void
keep_targets_of(struct scraper *sc, struct str job)
{
	map_each(sc->targets, e) {
		struct scraped *s = e->value;
		s->kept |= str_eq(s->target.job, job);
	}
}

static void
discover(struct scraper *sc)
{
	struct arena *a = arena_create();
	struct err e;
	pthread_mutex_lock(&sc->lock);
	map_each(sc->targets, t)
		((struct scraped *)t->value)->kept = false;
	for (size_t i = 0; i < sc->jobs.n; i++) {
		struct target_list list = {0};
		if (target_discover(sc->jobs.p[i]->conf, sc->jobs.p[i]->rules, a, &list, &e) != RC_OK) {
			log_warn("collect", "%s", e.text);
			keep_targets_of(sc, sc->jobs.p[i]->conf->job_name);
		}
		take_targets(sc, sc->jobs.p[i], &list);
		sc->jobs.p[i]->dropped = list.dropped;
		vec_fini(&list.targets);
	}
	end_targets(sc);
	pthread_mutex_unlock(&sc->lock);
	arena_destroy(&a);
}

/* ---- configuration ---- */

static void
job_destroy(struct job *j)
{
	relabel_destroy(&j->rules);
	relabel_destroy(&j->metric_rules);
	mem_free(j);
}

static enum rc
job_create(const struct conf_scrape *c, struct job **out, struct err *e)
{
	struct job *j = mem_new(struct job);
	j->conf = c;
	enum rc rc = target_rules(c->relabel_configs.p, c->relabel_configs.n, &j->rules, e);
	if (rc == RC_OK)
		rc = target_rules(c->metric_relabel_configs.p, c->metric_relabel_configs.n, &j->metric_rules, e);
	for (size_t i = 0; i < c->discovery.file_sd_configs.n; i++) {
		msec_t every = c->discovery.file_sd_configs.p[i].refresh_interval;
		if (!j->refresh || every < j->refresh)
			j->refresh = every;
	}
	if (rc != RC_OK) {
		err_add(e, "in job %.*s", STR_ARG(c->job_name));
		job_destroy(j);
		return rc;
	}
	*out = j;
	return RC_OK;
}

/* Files are looked at at least every five seconds: who writes them wants to see it. */
static void
on_refresh(void *arg)
{
	struct scraper *sc = arg;
	bool files = false;
	for (size_t i = 0; i < sc->jobs.n; i++)
		files |= sc->jobs.p[i]->refresh > 0;
	if (files)
		discover(sc);
	loop_timer_set(sc->loop, &sc->refresh, 5 * SECOND, on_refresh, sc, "target files");
}

enum rc
scraper_configure(struct scraper *sc, struct conf *conf, struct err *e)
{
	VEC(struct job *) fresh = {0};
	enum rc rc = RC_OK;
	for (size_t i = 0; i < conf->scrapes.n && rc == RC_OK; i++) {
		struct job *j;
		rc = job_create(conf->scrapes.p[i], &j, e);
		if (rc == RC_OK)
			*vec_add(&fresh) = j;
	}
	if (rc != RC_OK) {
		for (size_t i = 0; i < fresh.n; i++)
			job_destroy(fresh.p[i]);
		vec_fini(&fresh);
		return rc;
	}
	struct conf *before = sc->conf;
	sc->conf = conf_ref(conf);
	__typeof__(sc->jobs) old;
	memcpy(&old, &sc->jobs, sizeof old);
	memcpy(&sc->jobs, &fresh, sizeof sc->jobs);
	discover(sc);
	for (size_t i = 0; i < old.n; i++)
		job_destroy(old.p[i]);
	vec_fini(&old);
	conf_unref(&before);
	loop_timer_set(sc->loop, &sc->refresh, 5 * SECOND, on_refresh, sc, "target files");
	return RC_OK;
}

struct scraper *
scraper_create(struct loop *loop, struct http_door *http, struct tsdb *db)
{
	struct scraper *sc = mem_new(struct scraper);
	sc->loop = loop;
	sc->http = http;
	sc->db = db;
	sc->targets = map_create();
	pthread_mutex_init(&sc->lock, NULL);
	return sc;
}

void
scraper_destroy(struct scraper **ps)
{
	struct scraper *sc = *ps;
	if (!sc)
		return;
	loop_timer_cancel(sc->loop, &sc->refresh);
	map_each(sc->targets, e)
		target_end(e->value, false); /* a stop is not an end: the next start goes on */
	map_destroy(&sc->targets);
	for (size_t i = 0; i < sc->jobs.n; i++)
		job_destroy(sc->jobs.p[i]);
	vec_fini(&sc->jobs);
	conf_unref(&sc->conf);
	pthread_mutex_destroy(&sc->lock);
	mem_free(sc);
	*ps = NULL;
}

size_t
scraper_targets(const struct scraper *sc)
{
	return map_count(sc->targets);
}
