/*
 * range_cache.c — see range_cache.h.
 *
 * [C1]   The moment is noted before anything is asked or taken from here: what is written meanwhile counts as written later.
 */
#include "promql/range_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "promql/eval.h"

enum { ENTRIES = 256, SHARE = 4 /* of all room for one answer */ };

struct kept {
	unsigned refs;
	struct str key; /* owned */
	msec_t start, step, end;
	struct tsdb_moment moment;
	struct promql_series *series; /* sorted; they and what they have are in the arena */
	size_t n, bytes;
	struct arena *arena;
	uint64_t used;
};

struct range_cache {
	pthread_mutex_t lock;
	struct kept *p[ENTRIES];
	size_t n, bytes, most;
	uint64_t uses;
	nsec_t worth;
};

struct range_cache *
range_cache_create(size_t bytes, nsec_t worth)
{
	struct range_cache *c = mem_new(struct range_cache);
	pthread_mutex_init(&c->lock, NULL);
	c->most = bytes;
	c->worth = worth;
	return c;
}

static void
kept_unref(struct kept *k)
{
	if (!k || __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL))
		return;
	arena_destroy(&k->arena);
	mem_free((char *)k->key.p);
	mem_free(k);
}

void
range_cache_destroy(struct range_cache **pc)
{
	struct range_cache *c = *pc;
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		kept_unref(c->p[i]);
	pthread_mutex_destroy(&c->lock);
	mem_free(c);
	*pc = NULL;
}

/* ---- what may be kept ---- */

static bool
looks_back(const struct node *n)
{
	bool offset = !n->offset || (n->offset->kind == NODE_NUMBER && n->offset->number >= 0);
	return n->at == AT_NONE && !n->smoothed && offset;
}

static bool
is_plain_duration(const struct node *n)
{
	return !n || n->kind == NODE_NUMBER;
}

/* Does its value at a step depend on nothing but samples up to the step? */
static bool
may_keep(const struct node *n)
{
	bool look = n->kind == NODE_SELECTOR || n->kind == NODE_SUBQUERY;
	if (look && !(looks_back(n) && is_plain_duration(n->range) && is_plain_duration(n->step)))
		return false;
	if (n->kind == NODE_CLOCK)
		return false;
	if (n->kind == NODE_CALL && (n->fn->run == run_range || n->fn->run == run_start || n->fn->run == run_end || n->fn->run == run_info))
		return false;
	for (size_t i = 0; i < n->n_args; i++)
		if (!may_keep(n->args[i]))
			return false;
	return true;
}

static void
add_text(struct buf *b, struct str s)
{
	buf_u64(b, s.n);
	buf_str(b, s);
}

static void
key_of(const struct promql *q, const struct promql_ask *ask, struct buf *key)
{
	msec_t rest = ask->start % ask->step;
	for (size_t i = 0; i < ask->tenants.n; i++)
		add_text(key, ask->tenants.p[i]);
	buf_u64(key, (uint64_t)ask->step);
	buf_u64(key, (uint64_t)(rest < 0 ? rest + ask->step : rest));
	buf_u64(key, (uint64_t)(ask->end - ask->start)); /* a window that moves on keeps its width */
	buf_u64(key, (uint64_t)ask->lookback);
	buf_u64(key, ask->limits.series);
	promql_print(q, key);
}

/* ---- the list ---- */

static void
drop(struct range_cache *c, size_t i)
{
	struct kept *k = c->p[i];
	c->bytes -= k->bytes;
	c->p[i] = c->p[--c->n];
	kept_unref(k);
}

static struct kept *
find(struct range_cache *c, struct str key)
{
	struct kept *found = NULL;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; !found && i < c->n; i++)
		if (str_eq(c->p[i]->key, key))
			found = c->p[i];
	if (found) {
		found->used = ++c->uses;
		__atomic_add_fetch(&found->refs, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

static void
put(struct range_cache *c, struct kept *k)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->p[i]->key, k->key))
			drop(c, i--);
	while (c->n && (c->n == ENTRIES || c->bytes + k->bytes > c->most)) {
		size_t oldest = 0;
		for (size_t i = 1; i < c->n; i++)
			oldest = c->p[i]->used < c->p[oldest]->used ? i : oldest;
		drop(c, oldest);
	}
	k->used = ++c->uses;
	c->p[c->n++] = k;
	c->bytes += k->bytes;
	pthread_mutex_unlock(&c->lock);
}

/* ---- keeping ---- */

static size_t
size_of(const struct promql_result *r)
{
	size_t bytes = sizeof(struct kept);
	for (size_t i = 0; i < r->n; i++)
		bytes += sizeof *r->series + r->series[i].labels.bytes.n + r->series[i].n * sizeof *r->series[i].points;
	return bytes;
}

static bool
is_plain(const struct promql_result *r)
{
	bool plain = !r->warnings.n && !r->infos.n;
	for (size_t i = 0; plain && i < r->n; i++)
		plain = !r->series[i].natives;
	return plain;
}

static void
keep(struct range_cache *c, struct str key, const struct promql_ask *ask, struct tsdb_moment moment, const struct promql_result *r)
{
	size_t bytes = size_of(r) + key.n;
	if (bytes > c->most / SHARE)
		return;
	struct kept *k = mem_new(struct kept);
	*k = (struct kept){.refs = 1, .key = str_n(mem_dup(key.p, key.n), key.n), .start = ask->start, .step = ask->step, .end = ask->end, .moment = moment,
	    .n = r->n, .bytes = bytes, .arena = arena_create()};
	k->series = arena_array(k->arena, struct promql_series, r->n + 1);
	for (size_t i = 0; i < r->n; i++) {
		const struct promql_series *s = &r->series[i];
		struct promql_point *points = arena_array(k->arena, struct promql_point, s->n + 1);
		memcpy(points, s->points, s->n * sizeof *points);
		k->series[i] = (struct promql_series){.labels = labels_copy(s->labels, k->arena), .points = points, .n = s->n};
	}
	put(c, k);
}

/* ---- answering ---- */

/* The end of what holds of it for this question, from the question's start on; before the start: nothing does. */
static msec_t
holds_until(const struct kept *k, const struct promql_ask *ask)
{
	msec_t written = tsdb_written_since(ask->db, k->moment), until = k->end < ask->end ? k->end : ask->end;
	if (ask->start < k->start || written <= ask->start)
		return ask->start - 1;
	return written <= until ? written - 1 : until;
}

/* The points of both, of which the second's come later. */
static struct promql_series
joined(struct arena *a, const struct promql_series *early, const struct promql_series *late, msec_t from, msec_t until)
{
	size_t first = 0, n = 0, more = late ? late->n : 0;
	while (early && first < early->n && early->points[first].t < from)
		first++;
	while (early && first + n < early->n && early->points[first + n].t <= until)
		n++;
	struct promql_series s = {.labels = labels_copy(early ? early->labels : late->labels, a), .points = arena_array(a, struct promql_point, n + more + 1), .n = n + more};
	if (n)
		memcpy(s.points, early->points + first, n * sizeof *s.points);
	if (more)
		memcpy(s.points + n, late->points, more * sizeof *s.points);
	return s;
}

/* What is kept up to `until`, and then the rest (which may be NULL): both are sorted. */
static void
join(struct promql_result *out, const struct kept *k, const struct promql_result *rest, msec_t from, msec_t until)
{
	size_t i = 0, j = 0, more = rest ? rest->n : 0;
	out->type = PROMQL_MATRIX;
	out->series = arena_array(out->arena, struct promql_series, k->n + more + 1);
	while (i < k->n || j < more) {
		int order = i == k->n ? 1 : j == more ? -1 : labels_cmp(k->series[i].labels, rest->series[j].labels);
		struct promql_series s =
		    joined(out->arena, order <= 0 ? &k->series[i] : NULL, order >= 0 ? &rest->series[j] : NULL, from, until);
		i += order <= 0;
		j += order >= 0;
		if (s.n)
			out->series[out->n++] = s;
	}
}

static enum rc
pay(const struct promql_ask *ask, struct promql_result *r, struct err *e)
{
	size_t points = 0;
	for (size_t i = 0; i < r->n; i++)
		points += r->series[i].n;
	if (!ask->outsider)
		return RC_OK;
	enum rc rc = budget_take(BUDGET_query_samples, points, e);
	r->paid = rc == RC_OK ? points : 0;
	return rc;
}

/* *out stays NULL where it is to be asked as a whole; *more: something was asked anew. */
static enum rc
answer(const struct promql *q, const struct promql_ask *ask, const struct kept *k, struct promql_result **out, bool *more, struct err *e)
{
	msec_t until = holds_until(k, ask);
	struct promql_ask later = *ask;
	struct promql_result *rest = NULL, *r;
	enum rc rc = RC_OK;
	if (until < ask->start)
		return RC_OK;
	later.start += ((until - ask->start) / ask->step + 1) * ask->step;
	*more = later.start <= later.end;
	if (*more)
		rc = promql_run(q, &later, &rest, e);
	if (rc != RC_OK)
		return rc;
	if (rest && !is_plain(rest)) {
		promql_result_destroy(&rest);
		return RC_OK;
	}
	r = mem_new(struct promql_result);
	r->arena = arena_create();
	join(r, k, rest, ask->start, until);
	r->samples = rest ? rest->samples : 0;
	r->peak = rest ? rest->peak : 0;
	promql_result_destroy(&rest);
	rc = pay(ask, r, e);
	if (rc != RC_OK)
		promql_result_destroy(&r);
	*out = r;
	return rc;
}

enum rc
range_cache_run(struct range_cache *c, const struct promql *q, const struct promql_ask *ask, struct promql_result **out, struct err *e)
{
	struct buf key = {0};
	enum rc rc = RC_OK;
	*out = NULL;
	bool vector = q->root->type == PROMQL_VECTOR;
	if (ask->step <= 0 || ask->end < ask->start || ask->overlay || ask->samples_only || ask->count_steps || !vector || !may_keep(q->root))
		return promql_run(q, ask, out, e);
	if (ask->limits.points || ((uint64_t)ask->end - (uint64_t)ask->start) / (uint64_t)ask->step >= 11000)
		return promql_run(q, ask, out, e); /* which knows the limit */
	struct tsdb_moment moment = tsdb_moment(ask->db); /* [C1] */
	nsec_t since = clock_mono(clock_real());
	key_of(q, ask, &key);
	struct kept *k = find(c, buf_view(&key));
	bool more = true;
	if (k)
		rc = answer(q, ask, k, out, &more, e);
	bool known = *out != NULL;
	if (rc == RC_OK && !known)
		rc = promql_run(q, ask, out, e);
	bool worth = known ? more : clock_mono(clock_real()) - since >= c->worth;
	if (rc == RC_OK && worth && is_plain(*out))
		keep(c, buf_view(&key), ask, moment, *out);
	kept_unref(k);
	buf_fini(&key);
	return rc;
}
