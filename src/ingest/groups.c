/*
 * groups.c — see groups.h.
 *
 * Two locks: `pushing` is held by a push from its beginning to its end, `lock` only while the map or a group is looked at
 * or changed, so that sampling never waits for a disk.  A group that is being pushed to is `busy` and not sampled
 * meanwhile: its old values must not come behind the new ones.
 */
#include "ingest/groups.h"

#include <dirent.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/metric.h"
#include "base/must.h"
#include "base/os.h"

enum { TURN = 1000, FILE_MAX = 1 << 30, OURS = 2 };

struct group {
	struct arena *arena; /* holds the record */
	struct pushed_group record;
	struct tsdb_ref *refs; /* of its series in order, then of OURS */
	size_t n;
	bool busy;
	msec_t last, due; /* its newest sample; the next one */
};

struct groups {
	struct groups_house house;
	struct buf dir;
	pthread_mutex_t pushing, lock;
	struct map *all; /* tenant NUL labels -> struct group */
	struct loop_timer timer;
	bool armed; /* under lock: the timer goes, or is about to */
};

static void
group_destroy(struct group **pg)
{
	struct group *g = *pg;
	if (!g)
		return;
	mem_free(g->refs);
	arena_destroy(&g->arena);
	mem_free(g);
	*pg = NULL;
}

static struct group *
group_create(void)
{
	struct group *g = mem_new(struct group);
	g->arena = arena_create();
	return g;
}

static struct str
key_of(struct arena *a, const struct pushed_group *r)
{
	struct buf b = {0};
	buf_str(&b, r->tenant);
	buf_ch(&b, '\0');
	buf_str(&b, r->labels);
	struct str key = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return key;
}

/* ---- series ---- */

static struct labels
own_series(struct group *g, const char *name)
{
	struct label_builder b = {0};
	label_builder_start(&b, (struct labels){g->record.labels});
	label_builder_set(&b, STR(LABEL_METRIC), str_c(name));
	struct labels ls = label_builder_done(&b, g->arena);
	label_builder_fini(&b);
	return ls;
}

/* The references of all its series, or none of them begins. */
static enum rc
find_refs(struct groups *gs, struct group *g, struct err *e)
{
	size_t n = 0, count = group_page_count(&g->record) + OURS;
	struct labels *ls = arena_array(g->arena, struct labels, count);
	for (size_t i = 0; i < g->record.families.n; i++)
		for (size_t k = 0; k < g->record.families.p[i].series.n; k++)
			ls[n++].bytes = g->record.families.p[i].series.p[k].labels;
	ls[n++] = own_series(g, GROUP_TIME);
	ls[n++] = own_series(g, GROUP_FAILED);
	must(n == count);
	mem_free(g->refs);
	g->refs = mem_alloc(count * sizeof *g->refs);
	g->n = count;
	return tsdb_series_all(gs->house.tsdb, g->record.tenant, ls, count, g->refs, e);
}

typedef VEC(struct tsdb_sample) samples;

static void
add_samples(const struct group *g, msec_t t, samples *out)
{
	size_t n = 0;
	for (size_t i = 0; i < g->record.families.n; i++)
		for (size_t k = 0; k < g->record.families.p[i].series.n; k++)
			*vec_add(out) =
			    (struct tsdb_sample){g->refs[n++], t, g->record.families.p[i].series.p[k].value};
	*vec_add(out) = (struct tsdb_sample){g->refs[n++], t, (double)g->record.pushed / 1000};
	*vec_add(out) = (struct tsdb_sample){g->refs[n++], t, (double)g->record.failed / 1000};
}

static int
by_id(const void *a, const void *b)
{
	uint32_t x = ((const struct tsdb_ref *)a)->id, y = ((const struct tsdb_ref *)b)->id;
	return x < y ? -1 : x > y;
}

/* [G2]: ends what `old` has and `fresh` has not; `fresh` NULL: all of it. */
static void
add_ends(const struct group *old, const struct group *fresh, msec_t t, samples *out)
{
	size_t n = fresh ? fresh->n : 0;
	struct tsdb_ref *kept = mem_alloc((n + 1) * sizeof *kept);
	if (n)
		memcpy(kept, fresh->refs, n * sizeof *kept);
	qsort(kept, n, sizeof *kept, by_id);
	for (size_t i = 0; i < old->n; i++)
		if (!bsearch(&old->refs[i], kept, n, sizeof *kept, by_id))
			*vec_add(out) = (struct tsdb_sample){old->refs[i], t, tsdb_stale()};
	mem_free(kept);
}

static enum rc
store(struct groups *gs, const samples *s, struct tsdb_counts *c, struct err *e)
{
	enum rc rc = tsdb_append(gs->house.tsdb, s->p, s->n, c, e);
	if (rc == RC_OK)
		metric_add(METRIC_pushed_samples_total, (int64_t)c->stored);
	return rc;
}

/* ---- sampling ---- */

static void
sample_group(struct groups *gs, struct group *g, msec_t now)
{
	samples s = {0};
	struct tsdb_counts c = {0};
	struct err e;
	g->due = now + gs->house.every;
	if (now <= g->last) /* [G3] */
		return;
	add_samples(g, now, &s);
	bool too_much = tsdb_admit(gs->house.tsdb, g->record.tenant, s.n, NULL) != RC_OK; /* counted: the next moment may do */
	enum rc rc = too_much ? RC_OK : store(gs, &s, &c, &e);
	if (rc == RC_OK && c.unknown) /* retention took its series: they begin again */
		rc = find_refs(gs, g, &e);
	if (rc != RC_OK)
		log_warn("ingest", "what was pushed cannot be sampled: %s", e.text);
	g->last = now;
	vec_fini(&s);
}

static void
turn(void *arg)
{
	struct groups *gs = arg;
	msec_t now = loop_wall(gs->house.loop);
	pthread_mutex_lock(&gs->lock);
	map_each (gs->all, e) {
		struct group *g = e->value;
		if (!g->busy && (g->due <= now || g->due > now + gs->house.every))
			sample_group(gs, g, now);
	}
	gs->armed = map_count(gs->all) > 0;
	if (gs->armed)
		loop_timer_set(gs->house.loop, &gs->timer, TURN, turn, gs, "sample what was pushed");
	pthread_mutex_unlock(&gs->lock);
}

/* ---- files ---- */

static void
path_of(const struct groups *gs, struct str key, char *out, size_t size)
{
	unsigned char hash[16];
	char hex[2 * sizeof hash + 1];
	crypto_generichash(hash, sizeof hash, (const unsigned char *)key.p, key.n, NULL, 0);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	snprintf(out, size, "%s/%s.group", gs->dir.p, hex);
}

static enum rc
write_file(const struct groups *gs, struct str key, const struct pushed_group *r, struct err *e)
{
	struct buf b = {0};
	char path[4096];
	path_of(gs, key, path, sizeof path);
	record_encode(&pushed_group_layout, r, &b);
	enum rc rc = os_replace_file(path, buf_view(&b), 0600, e);
	buf_fini(&b);
	return rc;
}

static enum rc
read_group(struct groups *gs, struct group *g, const char *path, struct err *e)
{
	struct buf b = {0};
	enum rc rc = os_read_file(path, FILE_MAX, &b, e);
	if (rc == RC_OK)
		rc = record_decode(
		    &pushed_group_layout, &g->record, arena_str(g->arena, buf_view(&b)), g->arena, e);
	buf_fini(&b);
	bool good = rc != RC_OK || labels_valid(g->record.labels);
	for (size_t i = 0; rc == RC_OK && i < g->record.families.n; i++)
		for (size_t k = 0; k < g->record.families.p[i].series.n; k++)
			good &= labels_valid(g->record.families.p[i].series.p[k].labels);
	if (!good)
		return err_set(e, RC_INVALID, "its labels are damaged");
	return rc == RC_OK ? find_refs(gs, g, e) : rc;
}

/* A file that cannot be read stays where it is, for whoever can. */
static void
load_group(struct groups *gs, const char *name)
{
	struct group *g = group_create();
	char path[4096];
	struct err e;
	snprintf(path, sizeof path, "%s/%s", gs->dir.p, name);
	if (read_group(gs, g, path, &e) != RC_OK) {
		log_error("ingest", "what was pushed is not taken up again: %s; in %s", e.text, path);
		group_destroy(&g);
		return;
	}
	g->last = g->record.pushed;
	must(!map_put(gs->all, key_of(g->arena, &g->record), g));
}

static enum rc
load(struct groups *gs, struct err *e)
{
	enum rc rc = os_make_dirs(gs->dir.p, 0700, e);
	DIR *d = rc == RC_OK ? opendir(gs->dir.p) : NULL;
	if (!d)
		return rc == RC_OK ? err_errno(e, "the folder %s cannot be read", gs->dir.p) : rc;
	for (struct dirent *x; (x = readdir(d));)
		if (str_ends(str_c(x->d_name), STR(".group")))
			load_group(gs, x->d_name);
	closedir(d);
	return RC_OK;
}

/* ---- life ---- */

enum rc
groups_open(struct groups **out, const struct groups_house *house, struct err *e)
{
	struct groups *gs = mem_new(struct groups);
	gs->house = *house;
	buf_c(&gs->dir, house->dir);
	gs->all = map_create();
	pthread_mutex_init(&gs->pushing, NULL);
	pthread_mutex_init(&gs->lock, NULL);
	enum rc rc = load(gs, e);
	if (rc == RC_OK)
		turn(gs);
	else
		groups_close(&gs);
	*out = gs;
	return rc;
}

void
groups_close(struct groups **pgs)
{
	struct groups *gs = *pgs;
	if (!gs)
		return;
	loop_timer_cancel(gs->house.loop, &gs->timer);
	map_each (gs->all, e) {
		struct group *g = e->value;
		group_destroy(&g);
	}
	map_destroy(&gs->all);
	pthread_mutex_destroy(&gs->pushing);
	pthread_mutex_destroy(&gs->lock);
	buf_fini(&gs->dir);
	mem_free(gs);
	*pgs = NULL;
}

/* ---- pushes ---- */

static void
begin_sampling(struct groups *gs)
{
	pthread_mutex_lock(&gs->lock);
	bool start = !gs->armed;
	gs->armed = true;
	pthread_mutex_unlock(&gs->lock);
	if (start && !loop_post(gs->house.loop, turn, gs, "sample what was pushed")) {
		pthread_mutex_lock(&gs->lock);
		gs->armed = false; /* the next push tries again */
		pthread_mutex_unlock(&gs->lock);
	}
}

static size_t
groups_of(const struct groups *gs, struct str tenant)
{
	size_t n = 0;
	map_each (gs->all, e)
		n += str_eq(((const struct group *)e->value)->record.tenant, tenant);
	return n;
}

/* What stands there, not sampled until `let_go`; NULL: nothing. */
static struct group *
hold(struct groups *gs, struct str key)
{
	pthread_mutex_lock(&gs->lock);
	struct group *g = map_get(gs->all, key);
	if (g)
		g->busy = true;
	pthread_mutex_unlock(&gs->lock);
	return g;
}

/* The fresh one takes the old one's place, or the old one goes on (`fresh` NULL). */
static void
let_go(struct groups *gs, struct str key, struct group *old, struct group *fresh)
{
	pthread_mutex_lock(&gs->lock);
	if (fresh)
		map_put(gs->all, key, fresh);
	else if (old)
		old->busy = false;
	pthread_mutex_unlock(&gs->lock);
	if (fresh)
		group_destroy(&old);
}

static enum rc
name_group(struct group *g, struct str tenant, struct pair *key, size_t n, struct err *e)
{
	struct buf b = {0};
	enum rc rc = labels_add(&b, key, n, e);
	g->record.tenant = arena_str(g->arena, tenant);
	g->record.labels = arena_str(g->arena, buf_view(&b));
	buf_fini(&b);
	return rc;
}

static void
describe(struct groups *gs, const struct pushed_group *r)
{
	VEC(struct tsdb_metadata) all = {0};
	struct err e;
	for (size_t i = 0; i < r->families.n; i++) {
		const struct group_family *f = &r->families.p[i];
		if (f->type.n || f->help.n)
			*vec_add(&all) = (struct tsdb_metadata){f->name, f->type.n ? f->type : STR("unknown"), f->help, STR("")};
	}
	if (all.n && tsdb_metadata_put(gs->house.tsdb, r->tenant, all.p, all.n, &e) != RC_OK)
		log_warn("ingest", "what a pushed page says of its metrics is not stored: %s", e.text);
	vec_fini(&all);
}

/* [G1], [G3] */
static enum rc
keep(struct groups *gs, struct str key, struct group *fresh, const struct group *old, struct err *e)
{
	samples s = {0};
	struct tsdb_counts c;
	msec_t now = fresh->record.pushed;
	fresh->last = old && now <= old->last ? old->last + 1 : now;
	fresh->due = now + gs->house.every;
	add_samples(fresh, fresh->last, &s);
	enum rc rc = tsdb_admit(gs->house.tsdb, fresh->record.tenant, s.n, e);
	if (rc == RC_OK && old)
		add_ends(old, fresh, fresh->last, &s);
	if (rc == RC_OK)
		rc = store(gs, &s, &c, e);
	if (rc == RC_OK)
		rc = write_file(gs, key, &fresh->record, e);
	if (rc == RC_OK)
		describe(gs, &fresh->record);
	vec_fini(&s);
	return rc;
}

static enum rc
take_page(struct groups *gs, struct str key, struct group *fresh, struct group *old,
    const struct groups_page *page, struct err *e)
{
	enum rc rc = group_page_read(&fresh->record, page->text, page->format, fresh->arena, e);
	if (rc != RC_OK)
		return rc;
	if (!old && gs->house.limit && groups_of(gs, fresh->record.tenant) >= gs->house.limit)
		return err_set(
		    e, RC_REFUSED, "there are limits.pushed_groups (%zu) groups already", gs->house.limit);
	if (old && !page->replace)
		group_page_merge(&fresh->record, &old->record, fresh->arena);
	rc = find_refs(gs, fresh, e);
	return rc == RC_OK ? keep(gs, key, fresh, old, e) : rc;
}

enum rc
groups_push(struct groups *gs, struct str tenant, struct pair *labels, size_t n,
    const struct groups_page *page, msec_t now, struct err *e)
{
	struct group *fresh = group_create(), *old;
	enum rc rc = name_group(fresh, tenant, labels, n, e);
	if (rc != RC_OK) {
		group_destroy(&fresh);
		return rc;
	}
	struct str key = key_of(fresh->arena, &fresh->record);
	pthread_mutex_lock(&gs->pushing);
	old = hold(gs, key);
	fresh->record.pushed = now;
	fresh->record.failed = old ? old->record.failed : 0;
	rc = take_page(gs, key, fresh, old, page, e);
	if (rc != RC_OK && old)
		old->record.failed = now;
	let_go(gs, key, old, rc == RC_OK ? fresh : NULL);
	pthread_mutex_unlock(&gs->pushing);
	if (rc == RC_OK)
		begin_sampling(gs);
	else
		group_destroy(&fresh);
	return rc;
}

static enum rc
remove_group(struct groups *gs, struct str key, struct group *g, msec_t now, struct err *e)
{
	samples s = {0};
	struct tsdb_counts c;
	char path[4096];
	add_ends(g, NULL, now <= g->last ? g->last + 1 : now, &s);
	enum rc rc = store(gs, &s, &c, e);
	path_of(gs, key, path, sizeof path);
	if (rc == RC_OK && os.unlink(path) != 0)
		rc = err_errno(e, "%s cannot be removed", path);
	if (rc == RC_OK)
		rc = os_sync_dir(gs->dir.p, e);
	vec_fini(&s);
	return rc;
}

enum rc
groups_delete(struct groups *gs, struct str tenant, struct pair *labels, size_t n, msec_t now, struct err *e)
{
	struct group *name = group_create();
	enum rc rc = name_group(name, tenant, labels, n, e);
	struct str key = key_of(name->arena, &name->record);
	pthread_mutex_lock(&gs->pushing);
	struct group *g = rc == RC_OK ? hold(gs, key) : NULL;
	if (g)
		rc = remove_group(gs, key, g, now, e);
	pthread_mutex_lock(&gs->lock);
	if (g && rc == RC_OK)
		map_take(gs->all, key);
	else if (g)
		g->busy = false;
	pthread_mutex_unlock(&gs->lock);
	pthread_mutex_unlock(&gs->pushing);
	if (g && rc == RC_OK)
		group_destroy(&g);
	group_destroy(&name);
	return rc;
}
