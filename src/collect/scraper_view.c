/*
 * scraper_view.c — what is told of targets: their state, and what their pages say of metrics.
 *
 * Prometheus's words and order: by the names of jobs, then by labels.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "collect/scraper_state.h"
#include "wire/json.h"

/* ---- targets ---- */

struct chosen {
	const struct scraped **p;
	size_t n, cap;
};

static int
by_pool(const void *a, const void *b)
{
	const struct target *x = &(*(const struct scraped *const *)a)->target, *y = &(*(const struct scraped *const *)b)->target;
	int c = str_cmp(x->job, y->job);
	c = c ? c : labels_cmp(x->labels, y->labels);
	return c ? c : str_cmp(x->url, y->url);
}

/* With the lock held. */
static void
choose(struct scraper *sc, const struct scraper_ask *ask, struct chosen *out)
{
	map_each(sc->targets, e) {
		const struct scraped *s = e->value;
		if (ask->sees(ask->arg, s->target.tenant) && (!ask->pool.n || str_eq(ask->pool, s->target.job)))
			*vec_add(out) = s;
	}
	if (out->n)
		qsort(out->p, out->n, sizeof *out->p, by_pool);
}

static void
labels_json(struct json_writer *w, const char *key, struct labels ls)
{
	jsonw_key(w, key);
	labels_to_json(w, ls);
}

static void
duration_json(struct json_writer *w, const char *key, msec_t t)
{
	struct buf d = {0};
	duration_print(&d, t);
	jsonw_key(w, key);
	jsonw_str(w, buf_view(&d));
	buf_fini(&d);
}

static void
target_json(struct json_writer *w, const struct scraped *s)
{
	jsonw_object(w);
	labels_json(w, "discoveredLabels", s->target.discovered);
	labels_json(w, "labels", s->target.labels);
	jsonw_key(w, "scrapePool");
	jsonw_str(w, s->target.job);
	jsonw_key(w, "scrapeUrl");
	jsonw_str(w, s->target.url);
	jsonw_key(w, "globalUrl");
	jsonw_str(w, s->target.url);
	jsonw_key(w, "lastError");
	jsonw_c(w, s->trouble);
	jsonw_key(w, "lastScrape");
	if (s->known)
		jsonw_time(w, s->last);
	else
		jsonw_c(w, "0001-01-01T00:00:00Z");
	jsonw_key(w, "lastScrapeDuration");
	jsonw_f64(w, s->seconds);
	jsonw_key(w, "health");
	jsonw_c(w, !s->known ? "unknown" : s->up ? "up" : "down");
	duration_json(w, "scrapeInterval", s->target.interval);
	duration_json(w, "scrapeTimeout", s->target.timeout);
	jsonw_object_end(w);
}

/* How many of each job relabelling has dropped. */
static void
dropped_json(struct json_writer *w, const struct scraper *sc, const struct scraper_ask *ask)
{
	jsonw_object(w);
	for (size_t i = 0; i < sc->jobs.n; i++) {
		const struct job *j = sc->jobs.p[i];
		struct str customer = j->conf->customer.n ? j->conf->customer : STR("default");
		if (!ask->sees(ask->arg, customer) || (ask->pool.n && !str_eq(ask->pool, j->conf->job_name)))
			continue;
		jsonw_key_str(w, j->conf->job_name);
		jsonw_i64(w, (int64_t)j->dropped);
	}
	jsonw_object_end(w);
}

void
scraper_json(struct scraper *sc, const struct scraper_ask *ask, struct buf *out)
{
	struct json_writer w;
	struct chosen all = {0};
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, "activeTargets");
	jsonw_array(&w);
	pthread_mutex_lock(&sc->lock);
	choose(sc, ask, &all);
	for (size_t i = 0; !ask->no_active && i < all.n; i++)
		target_json(&w, all.p[i]);
	jsonw_array_end(&w);
	jsonw_key(&w, "droppedTargets");
	jsonw_array(&w);
	jsonw_array_end(&w);
	jsonw_key(&w, "droppedTargetCounts");
	if (ask->no_dropped)
		jsonw_null(&w);
	else
		dropped_json(&w, sc, ask);
	pthread_mutex_unlock(&sc->lock);
	jsonw_object_end(&w);
	vec_fini(&all);
}

/* ---- metadata ---- */

/* One target's, out of what is known of its customer's metrics. */
struct listing {
	struct json_writer *w;
	const struct scraped *target;
	struct str metric; /* only this one; empty: all */
	size_t *given;
};

static void
add_metadata(void *arg, const struct tsdb_metadata *m)
{
	struct listing *l = arg;
	if ((l->metric.n && !str_eq(l->metric, m->metric)) || !page_has_family(l->target->memory, m->metric))
		return;
	jsonw_object(l->w);
	labels_json(l->w, "target", l->target->target.labels);
	if (!l->metric.n) {
		jsonw_key(l->w, "metric");
		jsonw_str(l->w, m->metric);
	}
	jsonw_key(l->w, "type");
	jsonw_str(l->w, m->type);
	jsonw_key(l->w, "help");
	jsonw_str(l->w, m->help);
	jsonw_key(l->w, "unit");
	jsonw_str(l->w, m->unit);
	jsonw_object_end(l->w);
	++*l->given;
}

void
scraper_metadata_json(struct scraper *sc, const struct scraper_ask *ask, struct buf *out)
{
	struct json_writer w;
	struct chosen all = {0};
	size_t given = 0;
	jsonw_init(&w, out);
	jsonw_array(&w);
	pthread_mutex_lock(&sc->lock);
	choose(sc, ask, &all);
	for (size_t i = 0; i < all.n && given < ask->limit; i++) {
		struct listing l = {&w, all.p[i], ask->metric, &given};
		if (ask->matchers && !matchers_match(ask->matchers, all.p[i]->target.labels))
			continue;
		tsdb_metadata_each(sc->db, all.p[i]->target.tenant, add_metadata, &l);
	}
	pthread_mutex_unlock(&sc->lock);
	jsonw_array_end(&w);
	vec_fini(&all);
}
