/* allowance.c — see allowance.h. */
#include "tsdb/allowance.h"

#include <pthread.h>
#include <string.h>

#include "base/bucket.h"
#include "base/map.h"
#include "base/mem.h"

enum { PAIRS_MAX = UINT16_MAX, BURST_SECONDS = 10, PERIOD = 10 /* s */ };

struct allowance {
	struct tsdb_limits limits;
	bool own; /* not the usual ones */
	struct bucket bucket;
	nsec_t since;           /* the present period */
	uint64_t now, before;   /* samples that came in it, and in the one before */
	uint64_t refused[TSDB_LIMITS];
};

struct allowances {
	pthread_mutex_t lock;
	struct tsdb_limits usual;
	struct map *own; /* of customers with limits of their own: struct tsdb_limits */
	struct map *all; /* of whom something came: struct allowance */
};

/* The keys of the configuration. */
static const struct {
	const char *usual, *own;
} keys[TSDB_LIMITS] = {
    [TSDB_LIMIT_SERIES] = {"limits.series_per_customer", "series"},
    [TSDB_LIMIT_LABELS] = {"limits.series_labels", "series_labels"},
    [TSDB_LIMIT_LABEL_SIZE] = {"limits.series_label_size", "series_label_size"},
    [TSDB_LIMIT_SAMPLES] = {"limits.samples_per_second", "samples_per_second"},
};

struct allowances *
allowances_create(const struct tsdb_limits *usual)
{
	struct allowances *all = mem_new(struct allowances);
	pthread_mutex_init(&all->lock, NULL);
	all->usual = *usual;
	all->own = map_create();
	all->all = map_create();
	return all;
}

static void
clear(struct map *m)
{
	map_each (m, e)
		mem_free(e->value);
}

void
allowances_destroy(struct allowances **pall)
{
	struct allowances *all = *pall;
	if (!all)
		return;
	clear(all->own);
	clear(all->all);
	map_destroy(&all->own);
	map_destroy(&all->all);
	pthread_mutex_destroy(&all->lock);
	mem_free(all);
	*pall = NULL;
}

static void
take_limits(struct allowances *all, struct allowance *a, struct str tenant)
{
	const struct tsdb_limits *own = map_get(all->own, tenant);
	a->limits = own ? *own : all->usual;
	a->own = own != NULL;
}

void
allowances_set(struct allowances *all, const struct tsdb_limits *usual, const struct tsdb_customer_limits *own, size_t n)
{
	pthread_mutex_lock(&all->lock);
	all->usual = *usual;
	clear(all->own);
	map_destroy(&all->own);
	all->own = map_create();
	for (size_t i = 0; i < n; i++) {
		struct tsdb_limits *mine = mem_new(struct tsdb_limits);
		*mine = own[i].limits;
		mem_free(map_put(all->own, own[i].tenant, mine));
	}
	map_each (all->all, e)
		take_limits(all, e->value, e->key);
	pthread_mutex_unlock(&all->lock);
}

/* Begins to exist; under the lock. */
static struct allowance *
allowance_of(struct allowances *all, struct str tenant)
{
	struct allowance *a = map_get(all->all, tenant);
	if (a)
		return a;
	a = mem_new(struct allowance);
	take_limits(all, a, tenant);
	map_put(all->all, tenant, a);
	return a;
}

/* "limits.series_labels", or "series_labels of acme in limits.customers" */
static void
name_limit(const struct allowance *a, enum tsdb_limit which, struct str tenant, struct buf *out)
{
	if (a->own)
		buf_fmt(out, "%s of %.*s in limits.customers", keys[which].own, STR_ARG(tenant));
	else
		buf_c(out, keys[which].usual);
}

/* ---- series ---- */

static enum rc
judge(const struct allowance *a, struct str tenant, size_t series, struct labels ls, enum tsdb_limit *which, struct err *e)
{
	const struct tsdb_limits *l = &a->limits;
	uint64_t most = l->labels && l->labels < PAIRS_MAX ? l->labels : PAIRS_MAX, n = labels_count(ls);
	struct buf name = {0};
	enum rc rc = RC_OK;
	*which = TSDB_LIMIT_SERIES;
	if (l->series && series >= l->series) {
		name_limit(a, *which, tenant, &name);
		rc = err_set(e, RC_REFUSED, "the tenant \"%.*s\" has %zu series, and %s is %llu", STR_ARG(tenant), series, name.p, (unsigned long long)l->series);
	} else if (n > most) {
		name_limit(a, *which = TSDB_LIMIT_LABELS, tenant, &name);
		rc = err_set(e, RC_INVALID, "a series of %llu labels, and %s is %llu", (unsigned long long)n, name.p, (unsigned long long)most);
	}
	labels_each (ls, at) {
		size_t longest = at.it.name.n > at.it.value.n ? at.it.name.n : at.it.value.n;
		if (rc != RC_OK || !l->label_size || longest <= l->label_size)
			continue;
		name_limit(a, *which = TSDB_LIMIT_LABEL_SIZE, tenant, &name);
		rc = err_set(e, RC_INVALID, "the label \"%.*s\" of a series has %zu bytes, and %s is %llu", STR_ARG(str_to(at.it.name, 80)), longest, name.p,
		    (unsigned long long)l->label_size);
	}
	buf_fini(&name);
	return rc;
}

enum rc
allowance_judge(struct allowances *all, struct str tenant, size_t series, struct labels ls, struct err *e)
{
	enum tsdb_limit which;
	pthread_mutex_lock(&all->lock);
	struct allowance *a = allowance_of(all, tenant);
	enum rc rc = judge(a, tenant, series, ls, &which, e);
	a->refused[which] += rc != RC_OK;
	pthread_mutex_unlock(&all->lock);
	return rc;
}

/* ---- samples ---- */

static double
burst_of(const struct tsdb_limits *l)
{
	return (double)(l->burst ? l->burst : l->samples * BURST_SECONDS);
}

static void
turn_periods(struct allowance *a, nsec_t now)
{
	nsec_t period = PERIOD * 1000000000ll, passed = now - a->since;
	if (a->since && passed < period)
		return;
	a->before = a->since && passed < 2 * period ? a->now : 0;
	a->now = 0;
	a->since = now ? now : 1;
}

static void
measure(struct allowance *a, size_t samples, nsec_t now)
{
	turn_periods(a, now);
	a->now += samples;
}

enum rc
allowance_admit(struct allowances *all, struct str tenant, size_t samples, nsec_t now, struct err *e)
{
	struct buf name = {0};
	unsigned wait = 0;
	enum rc rc = RC_OK;
	pthread_mutex_lock(&all->lock);
	struct allowance *a = allowance_of(all, tenant);
	double burst = burst_of(&a->limits);
	if (bucket_take(&a->bucket, (double)a->limits.samples, burst, (double)samples, now, &wait)) {
		measure(a, samples, now);
	} else {
		a->refused[TSDB_LIMIT_SAMPLES] += samples;
		name_limit(a, TSDB_LIMIT_SAMPLES, tenant, &name);
		rc = err_set(e, RC_REFUSED, "the tenant \"%.*s\" brings more samples than %s allows (%llu a second, %.0f at once): these %zu may come again in %u s",
		    STR_ARG(tenant), name.p, (unsigned long long)a->limits.samples, burst, samples, wait);
		if (e)
			e->wait = wait;
	}
	pthread_mutex_unlock(&all->lock);
	buf_fini(&name);
	return rc;
}

void
allowance_charge(struct allowances *all, struct str tenant, size_t samples, nsec_t now)
{
	pthread_mutex_lock(&all->lock);
	struct allowance *a = allowance_of(all, tenant);
	bucket_charge(&a->bucket, (double)samples);
	measure(a, samples, now);
	pthread_mutex_unlock(&all->lock);
}

/* ---- telling ---- */

void
allowances_each(struct allowances *all, nsec_t now, void (*fn)(void *, const struct tsdb_use *), void *arg)
{
	pthread_mutex_lock(&all->lock);
	map_each (all->all, e) {
		struct allowance *a = e->value;
		turn_periods(a, now);
		struct tsdb_use use = {.tenant = e->key, .limits = a->limits, .own = a->own, .samples_per_second = (double)a->before / PERIOD};
		use.limits.burst = a->limits.samples ? (uint64_t)burst_of(&a->limits) : 0;
		memcpy(use.refused, a->refused, sizeof use.refused);
		fn(arg, &use);
	}
	pthread_mutex_unlock(&all->lock);
}
