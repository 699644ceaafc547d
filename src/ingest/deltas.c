/* deltas.c — see deltas.h. */
#include "ingest/deltas.h"

#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

struct delta {
	double sum;
	msec_t last;  /* the newest that came */
	msec_t heard; /* when it came */
};

struct deltas {
	pthread_mutex_t lock;
	struct map *all; /* tenant NUL series -> struct delta */
	size_t limit;
	msec_t now, swept;
	struct buf key;
};

struct deltas *
deltas_create(size_t limit)
{
	struct deltas *d = mem_new(struct deltas);
	pthread_mutex_init(&d->lock, NULL);
	d->all = map_create();
	d->limit = limit;
	return d;
}

void
deltas_destroy(struct deltas **pd)
{
	struct deltas *d = *pd;
	if (!d)
		return;
	map_each (d->all, e)
		mem_free(e->value);
	map_destroy(&d->all);
	buf_fini(&d->key);
	pthread_mutex_destroy(&d->lock);
	mem_free(d);
	*pd = NULL;
}

/* Forgets the idle ones: at most once in a quarter of DELTAS_IDLE, since it looks at all of them. */
static void
sweep(struct deltas *d)
{
	VEC(struct str) idle = {0};
	if (d->now >= d->swept && d->now - d->swept < DELTAS_IDLE / 4)
		return;
	d->swept = d->now;
	map_each (d->all, e)
		if (((const struct delta *)e->value)->heard < d->now - DELTAS_IDLE)
			*vec_add(&idle) = e->key;
	for (size_t i = 0; i < idle.n; i++)
		mem_free(map_take(d->all, idle.p[i]));
	vec_fini(&idle);
}

static struct delta *
look_up(struct deltas *d, struct str tenant, struct str series)
{
	buf_clear(&d->key);
	buf_str(&d->key, tenant);
	buf_ch(&d->key, '\0');
	buf_str(&d->key, series);
	return map_get(d->all, buf_view(&d->key));
}

static struct delta *
find(struct deltas *d, struct str tenant, struct str series)
{
	struct delta *one = look_up(d, tenant, series);
	if (one)
		return one;
	if (map_count(d->all) >= d->limit)
		sweep(d);
	if (map_count(d->all) >= d->limit)
		return NULL;
	one = mem_new(struct delta);
	one->last = INT64_MIN;
	map_put(d->all, buf_view(&d->key), one);
	return one;
}

void
deltas_now(struct deltas *d, msec_t now)
{
	pthread_mutex_lock(&d->lock);
	d->now = now;
	pthread_mutex_unlock(&d->lock);
}

bool
deltas_knows(struct deltas *d, struct str tenant, struct str series)
{
	pthread_mutex_lock(&d->lock);
	bool known = look_up(d, tenant, series) != NULL;
	pthread_mutex_unlock(&d->lock);
	return known;
}

void
deltas_begin(struct deltas *d, struct str tenant, struct str series, msec_t t, double sum)
{
	pthread_mutex_lock(&d->lock);
	struct delta *one = find(d, tenant, series);
	if (one && one->last == INT64_MIN) {
		one->last = t;
		one->sum = sum;
		one->heard = d->now;
	}
	pthread_mutex_unlock(&d->lock);
}

enum rc
deltas_add(
    struct deltas *d, struct str tenant, struct str series, msec_t t, double v, double *sum, struct err *e)
{
	enum rc rc = RC_OK;
	pthread_mutex_lock(&d->lock);
	struct delta *one = find(d, tenant, series);
	if (!one) {
		rc = err_set(e, RC_REFUSED,
		    "more than %zu series come as differences (delta); cumulative ones are not limited so",
		    d->limit);
	} else if (t <= one->last) {
		rc = err_set(e, RC_CONFLICT, "a difference (delta) came twice, or behind a later one");
	} else {
		one->last = t;
		one->heard = d->now;
		*sum = one->sum += v;
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}
