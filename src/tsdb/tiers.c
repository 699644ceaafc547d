/* tiers.c — see tiers.h: the list of files, and opening them. */
#include "tsdb/tiers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/os.h"
#include "tsdb/store.h"

void
tiers_path(const struct tsdb *db, unsigned level, uint64_t hash, uint64_t number, struct buf *path)
{
	buf_fmt(path, "%s/tier-%s-%016llx-%08llu", db->dir, tier_names[level], (unsigned long long)hash, (unsigned long long)number);
}

void
tier_close(struct tier **pt)
{
	struct tier *t = *pt;
	if (!t)
		return;
	block_close(&t->block);
	mem_free(t);
	*pt = NULL;
}

enum rc
tier_remove(struct tier **pt, struct err *e)
{
	enum rc rc = RC_OK;
	if (os.unlink(block_path((*pt)->block)) != 0 && errno != ENOENT)
		rc = err_errno(e, "cannot remove %s", block_path((*pt)->block));
	tier_close(pt);
	return rc;
}

/* ---- the list ---- */

/* All differ, so that one that is replaced stands where the other stood. */
static int
by_number(const void *a, const void *b)
{
	const struct tier *x = *(struct tier *const *)a, *y = *(struct tier *const *)b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

static size_t
place_of_block(const struct tsdb *db, uint64_t number)
{
	size_t low = 0, high = db->blocks.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (block_number_of(db->blocks.p[mid]) < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < db->blocks.n && block_number_of(db->blocks.p[low]) == number ? low : SIZE_MAX;
}

void
tiers_settle(struct tsdb *db)
{
	struct tier_files *f = &db->tiers;
	if (f->all.n)
		qsort(f->all.p, f->all.n, sizeof *f->all.p, by_number);
	for (int level = 0; level < TIERS; level++) {
		f->bound[level].n = 0;
		for (size_t i = 0; i < db->blocks.n; i++)
			*vec_add(&f->bound[level]) = NULL;
	}
	f->alone.n = 0;
	for (size_t i = 0; i < f->all.n; i++) {
		struct tier *t = f->all.p[i];
		size_t at = place_of_block(db, t->number);
		t->of = at != SIZE_MAX ? db->blocks.p[at] : NULL;
		if (tier_is_bound(t))
			f->bound[t->level].p[at] = t;
		else
			*vec_add(&f->alone) = t;
	}
}

void
tiers_add(struct tsdb *db, struct tier *t)
{
	*vec_add(&db->tiers.all) = t;
	tiers_settle(db);
}

void
tiers_take(struct tsdb *db, struct tier *t)
{
	for (size_t i = 0; i < db->tiers.all.n; i++)
		if (db->tiers.all.p[i] == t) {
			vec_remove(&db->tiers.all, i);
			break;
		}
	tiers_settle(db);
}

void
tiers_take_bound(struct tsdb *db, const struct block *b, struct tier_taken *out)
{
	out->n = 0;
	for (size_t i = db->tiers.all.n; i-- > 0;) {
		struct tier *t = db->tiers.all.p[i];
		if (t->of != b || !t->hash)
			continue;
		out->p[out->n++] = t;
		vec_remove(&db->tiers.all, i);
	}
	tiers_settle(db);
}

void
tiers_part(struct tsdb *db, const struct block *b)
{
	for (size_t i = 0; i < db->tiers.all.n; i++)
		if (db->tiers.all.p[i]->of == b)
			block_own_ids(db->tiers.all.p[i]->block);
}

bool
tier_is_alone_for(const struct tier *t, uint32_t id)
{
	return !t->of || (!t->hash && !block_holds(t->of, id));
}

struct each_alone {
	const struct tier *tier;
	void (*fn)(void *arg, const struct tier *, msec_t min, msec_t max);
	void *arg;
};

static void
one_alone(void *arg, msec_t min, msec_t max, bool histograms)
{
	struct each_alone *x = arg;
	x->fn(x->arg, x->tier, min - tier_widths[x->tier->level] + 1, max);
}

void
tiers_each_alone(struct tsdb *db, uint32_t id, void (*fn)(void *, const struct tier *, msec_t, msec_t), void *arg)
{
	for (size_t i = 0; i < db->tiers.alone.n; i++) {
		struct each_alone x = {db->tiers.alone.p[i], fn, arg};
		if (tier_is_alone_for(x.tier, id))
			block_each_chunk(x.tier->block, id, one_alone, &x);
	}
}

/* ---- opening ---- */

static bool
parse_hash(struct str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		*out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return s.n == 16;
}

/* tier-1h-0123456789abcdef-00000042 */
static bool
parse_name(struct str name, struct tier *t)
{
	struct str s = name, kind, hash;
	if (!str_starts(s, STR("tier-")))
		return false;
	s = str_from(s, 5);
	if (!str_cut(&s, '-', &kind) || !str_cut(&s, '-', &hash) || !parse_hash(hash, &t->hash) || !str_u64(s, &t->number))
		return false;
	for (t->level = 0; t->level < TIERS; t->level++)
		if (str_is(kind, tier_names[t->level]))
			return true;
	return false;
}

/* Was its block merged into another one before the machine stopped? */
static bool
is_superseded(const struct tsdb *db, const struct tier *t)
{
	bool is = false;
	for (size_t i = 0; !is && i < db->blocks.n; i++)
		is = block_since(db->blocks.p[i]) <= t->number && t->number < block_number_of(db->blocks.p[i]);
	return is;
}

static bool
is_outdated(const struct tsdb *db, const struct tier *t)
{
	if (!t->hash)
		return false;
	return t->of ? t->hash != block_hash(t->of) : is_superseded(db, t);
}

/* Who learns whose windows they are. */
struct visiting {
	struct tsdb *db;
	msec_t width;
};

static void *
visit_tenant(void *arg, struct str name)
{
	return tenant_make(((struct visiting *)arg)->db, name);
}

static uint32_t
visit_pair(void *arg, void *tenant, struct str text)
{
	return index_pair(((struct tenant *)tenant)->index, text);
}

static uint32_t
visit_series(void *arg, void *tenant, const uint32_t *pairs, size_t n, msec_t min, msec_t max, bool histograms)
{
	struct visiting *v = arg;
	struct series *s = series_make_of_pairs(v->db, tenant, pairs, n);
	min -= v->width - 1;
	s->min = min < s->min ? min : s->min;
	s->max = max > s->max ? max : s->max;
	return s->id;
}

static enum rc
learn_series(struct tsdb *db, struct tier *t, struct err *e)
{
	struct visiting v = {db, tier_widths[t->level]};
	const struct block_visitor visitor = {visit_tenant, visit_pair, visit_series, &v};
	if (tier_is_bound(t) && block_share_ids(t->block, t->of, e) == RC_OK)
		return RC_OK;
	return block_visit(t->block, &visitor, e);
}

static enum rc
set_aside(struct tsdb *db, const char *path, struct err *e)
{
	struct buf to = {0};
	buf_fmt(&to, "%s.damaged", path);
	log_error("tsdb", "%s; it is kept as %s", e->text, to.p);
	db->damaged++;
	enum rc rc = os.rename(path, to.p) == 0 ? RC_OK : err_errno(e, "cannot rename %s", path);
	buf_fini(&to);
	return rc;
}

static enum rc
open_one(struct tsdb *db, const struct tier *named, struct err *e)
{
	struct buf path = {0};
	struct tier *t = mem_new(struct tier);
	*t = *named;
	size_t at = place_of_block(db, t->number);
	t->of = at != SIZE_MAX ? db->blocks.p[at] : NULL;
	tiers_path(db, t->level, t->hash, t->number, &path);
	enum rc rc = RC_OK;
	bool outdated = is_outdated(db, t);
	if (outdated && os.unlink(path.p) != 0)
		rc = err_errno(e, "cannot remove %s", path.p);
	if (!outdated) {
		rc = block_open(path.p, &t->block, e);
		if (rc == RC_OK)
			rc = learn_series(db, t, e);
		if (rc == RC_OK) {
			*vec_add(&db->tiers.all) = t;
			t = NULL;
		} else if (rc == RC_INVALID) {
			rc = set_aside(db, path.p, e);
		}
	}
	tier_close(&t);
	buf_fini(&path);
	return rc;
}

/* Joined into this one, and still there when the machine stopped. */
static enum rc
drop_joined(struct tsdb *db, const struct tier *by, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = db->tiers.all.n; rc == RC_OK && i-- > 0;) {
		struct tier *t = db->tiers.all.p[i];
		if (t == by || t->level != by->level || tier_is_bound(t) || t->number < block_since(by->block) || t->number > by->number)
			continue;
		vec_remove(&db->tiers.all, i);
		rc = tier_remove(&t, e);
	}
	return rc;
}

static enum rc
drop_all_joined(struct tsdb *db, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < db->tiers.all.n; i++) {
		const struct tier *by = db->tiers.all.p[i];
		size_t before = db->tiers.all.n;
		if (!by->hash)
			rc = drop_joined(db, by, e);
		if (db->tiers.all.n != before)
			i = SIZE_MAX; /* from the front again */
	}
	return rc;
}

enum rc
tiers_open(struct tsdb *db, uint64_t *from, struct err *e)
{
	VEC(struct tier) named = {0};
	struct tier t = {0}; /* its name alone is read here */
	DIR *d = opendir(db->dir);
	if (!d)
		return err_errno(e, "cannot read the folder %s", db->dir);
	for (struct dirent *f; (f = readdir(d));)
		if (parse_name(str_c(f->d_name), &t))
			*vec_add(&named) = t;
	closedir(d);
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < named.n; i++) {
		*from = named.p[i].number > *from ? named.p[i].number : *from;
		rc = open_one(db, &named.p[i], e);
	}
	vec_fini(&named);
	if (rc == RC_OK)
		rc = drop_all_joined(db, e);
	tiers_settle(db);
	return rc;
}

void
tiers_fini(struct tsdb *db)
{
	for (size_t i = 0; i < db->tiers.all.n; i++)
		tier_close(&db->tiers.all.p[i]);
	vec_fini(&db->tiers.all);
	vec_fini(&db->tiers.alone);
	for (int level = 0; level < TIERS; level++)
		vec_fini(&db->tiers.bound[level]);
	vec_fini(&db->tiers.given_up);
}
