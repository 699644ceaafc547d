/*
 * prom_status.c — /api/v1/status/…, as Prometheus 3.5 has it.
 *
 * TRAP   Configuration and flags name what belongs to everybody: they are for who sees all customers.  The statistics of
 *        series are of the customers that the request reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/tenant.h"
#include "base/time.h"

enum { TOP = 10, TOP_MAX = 10000, HEAD = 3 * 3600 * 1000 };

static void
put(struct json_writer *w, const char *key, struct str value)
{
	jsonw_key(w, key);
	jsonw_str(w, value);
}

static void
put_number(struct json_writer *w, const char *key, int64_t n)
{
	jsonw_key(w, key);
	jsonw_i64(w, n);
}

static struct str
duration(struct call *c, msec_t t)
{
	struct buf b = {0};
	duration_print(&b, t);
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_fini(&b);
	return s;
}

/* ---- build, run time, flags, configuration ---- */

static void
buildinfo(struct call *c, struct json_writer *w)
{
	put(w, "version", STR("3.5.0"));
	put(w, "revision", STR("tocsin " TOCSIN_VERSION));
	put(w, "branch", STR(""));
	put(w, "buildUser", STR(""));
	put(w, "buildDate", STR(""));
	put(w, "goVersion", STR("none"));
}

static msec_t
retention(const struct conf *conf)
{
	return conf->root->storage.retention;
}

static void
runtimeinfo(struct call *c, struct json_writer *w)
{
	struct conf_state s;
	char name[256] = "", cwd[4096] = "", text[TIME_TEXT];
	struct tsdb_state t;
	api_conf(c->api, c->arena, &s);
	tsdb_state(c->api->house.tsdb, &t);
	(void)gethostname(name, sizeof name - 1);
	if (!getcwd(cwd, sizeof cwd))
		cwd[0] = '\0';
	put(w, "startTime", str_c(time_rfc3339(c->api->started, text)));
	put(w, "CWD", str_c(cwd));
	put(w, "hostname", str_c(name));
	put(w, "serverTime", str_c(time_rfc3339(c->now, text)));
	jsonw_key(w, "reloadConfigSuccess");
	jsonw_bool(w, !s.refused);
	put(w, "lastConfigTime", str_c(time_rfc3339(s.configured, text)));
	put_number(w, "corruptionCount", (int64_t)t.damaged);
	put_number(w, "goroutineCount", 0);
	put_number(w, "GOMAXPROCS", sysconf(_SC_NPROCESSORS_ONLN));
	put_number(w, "GOMEMLIMIT", INT64_MAX);
	put(w, "GOGC", STR(""));
	put(w, "GODEBUG", STR(""));
	put(w, "storageRetention", duration(c, retention(s.conf)));
	conf_unref(&s.conf);
}

/* What the daemon was started with, in Prometheus's words. */
static void
flags(struct call *c, struct json_writer *w)
{
	const struct conf *conf = c->api->house.conf;
	const struct conf_server *s = &conf->root->server;
	put(w, "config.file", str_c(conf->path ? conf->path : ""));
	put(w, "query.lookback-delta", duration(c, s->query_lookback));
	put(w, "query.max-concurrency", arena_fmt(c->arena, "%lld", (long long)s->query_concurrency));
	put(w, "query.max-samples", arena_fmt(c->arena, "%lld", (long long)s->query_max_samples));
	put(w, "query.timeout", duration(c, s->query_timeout));
	put(w, "storage.tsdb.path", arena_fmt(c->arena, "%.*s/samples", STR_ARG(c->api->house.data)));
	put(w, "storage.tsdb.retention.time", duration(c, retention(conf)));
	put(w, "web.enable-admin-api", STR("true"));
	put(w, "web.enable-lifecycle", STR("true"));
	put(w, "web.enable-remote-write-receiver", STR("true"));
	put(w, "web.external-url", conf->external_url);
	put(w, "web.listen-address", s->listen);
	put(w, "web.max-connections", arena_fmt(c->arena, "%lld", (long long)s->max_connections));
}

static void
config(struct call *c, struct json_writer *w)
{
	struct conf_state s;
	api_conf(c->api, c->arena, &s);
	put(w, "yaml", s.conf->yaml);
	conf_unref(&s.conf);
}

/* The log is read before the port opens. */
static void
walreplay(struct call *c, struct json_writer *w)
{
	put_number(w, "min", 0);
	put_number(w, "max", 0);
	put_number(w, "current", 0);
}

/* ---- series ---- */

/* Counts by a name, in an arena. */
struct tally {
	struct str name;
	int64_t n;
};

static struct tally *
tally(struct map *m, struct str name, struct arena *a)
{
	struct tally *t = map_get(m, name);
	if (t)
		return t;
	t = arena_new(a, struct tally);
	*t = (struct tally){arena_str(a, name), 0};
	map_put(m, name, t);
	return t;
}

struct series_counts {
	struct map *metrics, *values, *bytes, *pairs; /* values: of each label name, how many */
	int64_t series;
};

static void
count_series(struct series_counts *n, struct labels ls, struct buf *pair, struct arena *a)
{
	n->series++;
	labels_each(ls, l)
	{
		buf_clear(pair);
		buf_fmt(pair, "%.*s=%.*s", STR_ARG(l.it.name), STR_ARG(l.it.value));
		struct tally *p = tally(n->pairs, buf_view(pair), a);
		if (p->n++ == 0) {
			tally(n->values, l.it.name, a)->n++;
			tally(n->bytes, l.it.name, a)->n += (int64_t)l.it.value.n;
		}
		if (str_is(l.it.name, "__name__"))
			tally(n->metrics, l.it.value, a)->n++;
	}
}

static enum rc
count_all(struct call *c, struct strs tenants, struct series_counts *n, struct err *e)
{
	struct tsdb_select sel = {.tenants = tenants, .min = c->now - HEAD, .max = INT64_MAX};
	struct tsdb_cursor *cur = NULL;
	struct labels ls;
	struct buf pair = {0};
	enum rc rc = tsdb_cursor_create(c->api->house.tsdb, &sel, &cur, e);
	if (rc != RC_OK)
		return rc;
	while (!c->req->cancelled && tsdb_cursor_next_labels(cur, &ls))
		count_series(n, ls, &pair, c->arena);
	tsdb_cursor_destroy(&cur);
	buf_fini(&pair);
	return RC_OK;
}

/* The most first; of those that are alike, by name. */
static int
by_count(const void *x, const void *y)
{
	const struct tally *a = *(struct tally *const *)x, *b = *(struct tally *const *)y;
	return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : str_cmp(a->name, b->name);
}

static void
put_top(struct json_writer *w, const char *key, const struct map *m, size_t limit)
{
	VEC(struct tally *) all = {0};
	map_each(m, e)
		*vec_add(&all) = e->value;
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_count);
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < all.n && i < limit; i++) {
		jsonw_object(w);
		put(w, "name", all.p[i]->name);
		put_number(w, "value", all.p[i]->n);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	vec_fini(&all);
}

static void
put_counts(struct call *c, struct json_writer *w, const struct series_counts *n, size_t limit)
{
	struct tsdb_state t;
	tsdb_state(c->api->house.tsdb, &t);
	bool empty = t.newest == INT64_MIN;
	jsonw_key(w, "headStats");
	jsonw_object(w);
	put_number(w, "numSeries", n->series);
	put_number(w, "numLabelPairs", (int64_t)map_count(n->pairs));
	put_number(w, "chunkCount", n->series);
	put_number(w, "minTime", empty ? INT64_MAX : t.newest - HEAD);
	put_number(w, "maxTime", empty ? INT64_MIN : t.newest);
	jsonw_object_end(w);
	put_top(w, "seriesCountByMetricName", n->metrics, limit);
	put_top(w, "labelValueCountByLabelName", n->values, limit);
	put_top(w, "memoryInBytesByLabelName", n->bytes, limit);
	put_top(w, "seriesCountByLabelValuePair", n->pairs, limit);
}

static void
answer_tsdb(struct call *c)
{
	struct series_counts n = {map_create(), map_create(), map_create(), map_create(), 0};
	struct strs tenants;
	struct buf b = {0};
	struct json_writer w;
	struct err e;
	int64_t limit;
	if (param_i64(c, "limit", TOP, &limit) && tenant_read(c, &tenants)) {
		if (limit < 1 || limit > TOP_MAX) {
			answer_error(c, RC_INVALID, "limit is from 1 to %d", TOP_MAX);
		} else if (count_all(c, tenants, &n, &e) != RC_OK) {
			answer_error(c, e.rc, "%s", e.text);
		} else {
			prom_success(&w, &b);
			jsonw_object(&w);
			put_counts(c, &w, &n, (size_t)limit);
			jsonw_object_end(&w);
			jsonw_object_end(&w);
			answer_json(c, 200, &b);
		}
	}
	map_destroy(&n.metrics);
	map_destroy(&n.values);
	map_destroy(&n.bytes);
	map_destroy(&n.pairs);
}

/* ---- which ---- */

static const struct {
	const char *name;
	bool of_all; /* it names what is of all customers */
	void (*fill)(struct call *, struct json_writer *);
} kinds[] = {
    {"buildinfo", false, buildinfo},
    {"config", true, config},
    {"flags", true, flags},
    {"runtimeinfo", false, runtimeinfo},
    {"walreplay", false, walreplay},
};

void
handle_prom_status(struct call *c)
{
	struct str what = c->part[0];
	struct buf b = {0};
	struct json_writer w;
	if (str_is(what, "tsdb")) {
		answer_tsdb(c);
		return;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!str_is(what, kinds[i].name))
			continue;
		if (kinds[i].of_all && c->who.customers.n) {
			answer_error(c, RC_DENIED, "this names what is of all customers, and you see some of them");
			return;
		}
		prom_success(&w, &b);
		jsonw_object(&w);
		kinds[i].fill(c, &w);
		jsonw_object_end(&w);
		jsonw_object_end(&w);
		answer_json(c, 200, &b);
		return;
	}
	answer_error(c, RC_ABSENT, "there is no status \"%.*s\"", STR_ARG(str_to(what, 60)));
}
