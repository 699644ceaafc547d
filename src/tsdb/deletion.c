/*
 * deletion.c — see deletion.h.
 *
 * The file `deletions`: "TSDBDEL1", a hash (8 bytes, of what follows), then varints: how many, and of each the
 * tenant, its matchers (how many; operator, name, value), the first and the last time (zigzag), the block.
 *
 * [X1]   The span of a series is that of what can be read of it: who is told its newest sample would otherwise
 *        refuse what is older than something that is gone.  It is made so before the log is read, since the log
 *        was written by a process that had made it so.
 */
#include "tsdb/deletion.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "tsdb/store.h"
#include "wire/proto.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC "TSDBDEL1"
enum { MAGIC_BYTES = 8, HASH_BYTES = 8, FILE_MAX = 64 << 20, MATCHERS_MAX = 1000 };

uint64_t
block_number_of(const struct block *b)
{
	const char *path = block_path(b), *dash = strrchr(path, '-');
	uint64_t n = 0;
	bool is = dash && str_u64(str_c(dash + 1), &n);
	must(is);
	return n;
}

/* ---- the file ---- */

static void
add_text(struct buf *b, struct str s)
{
	proto_add_varint(b, s.n);
	buf_str(b, s);
}

static void
add_deletion(struct buf *b, const struct deletion *d)
{
	add_text(b, d->tenant);
	proto_add_varint(b, d->matchers.n);
	for (size_t i = 0; i < d->matchers.n; i++) {
		proto_add_varint(b, d->matchers.p[i].op);
		add_text(b, d->matchers.p[i].name);
		add_text(b, d->matchers.p[i].value);
	}
	proto_add_varint(b, bits_zigzag(d->min));
	proto_add_varint(b, bits_zigzag(d->max));
	proto_add_varint(b, d->upto);
}

static void
encode(const struct tsdb *db, struct buf *file)
{
	struct buf b = {0};
	proto_add_varint(&b, db->deletions.n);
	for (size_t i = 0; i < db->deletions.n; i++)
		add_deletion(&b, &db->deletions.p[i]);
	uint64_t hash = XXH3_64bits(b.p, b.n);
	buf_c(file, MAGIC);
	buf_add(file, &hash, sizeof hash);
	buf_str(file, buf_view(&b));
	buf_fini(&b);
}

/* None: no file. */
static enum rc
remove_file(const char *dir, const char *path, struct err *e)
{
	if (os.unlink(path) != 0)
		return errno == ENOENT ? RC_OK : err_errno(e, "cannot remove %s", path);
	return os_sync_dir(dir, e);
}

enum rc
deletions_save(const struct tsdb *db, const char *dir, struct err *e)
{
	struct buf path = {0}, file = {0};
	buf_fmt(&path, "%s/deletions", dir);
	encode(db, &file);
	enum rc rc = db->deletions.n ? os_replace_file(path.p, buf_view(&file), 0640, e) : remove_file(dir, path.p, e);
	buf_fini(&path);
	buf_fini(&file);
	return rc;
}

static bool
take_matchers(struct proto *p, struct matchers *out)
{
	uint64_t n, op;
	struct str name, value;
	if (!proto_varint(p, &n) || n > MATCHERS_MAX)
		return false;
	for (; n; n--)
		if (!proto_varint(p, &op) || op > MATCH_NRE || !proto_text(p, &name) || !proto_text(p, &value) ||
		    matchers_add(out, name, (enum match_op)op, value, NULL) != RC_OK)
			return false;
	return true;
}

static void
deletion_fini(struct deletion *d)
{
	mem_free((char *)d->tenant.p);
	matchers_fini(&d->matchers);
	if (d->ids)
		roaring_bitmap_free(d->ids);
}

static bool
take_deletion(struct proto *p, struct deletion *d)
{
	struct str tenant;
	uint64_t min, max;
	if (!proto_text(p, &tenant))
		return false;
	d->tenant = str_n(mem_dup(tenant.p, tenant.n), tenant.n);
	if (!take_matchers(p, &d->matchers) || !proto_varint(p, &min) || !proto_varint(p, &max) ||
	    !proto_varint(p, &d->upto))
		return false;
	d->min = bits_unzigzag(min);
	d->max = bits_unzigzag(max);
	return true;
}

static bool
take_file(struct deletions *out, struct str file)
{
	uint64_t hash, n;
	struct proto p;
	if (file.n < MAGIC_BYTES + HASH_BYTES || memcmp(file.p, MAGIC, MAGIC_BYTES) != 0)
		return false;
	memcpy(&hash, file.p + MAGIC_BYTES, sizeof hash);
	struct str rest = str_from(file, MAGIC_BYTES + HASH_BYTES);
	proto_init(&p, rest);
	bool ok = XXH3_64bits(rest.p, rest.n) == hash && proto_varint(&p, &n) && n <= DELETIONS_MAX;
	for (; ok && n; n--)
		ok = take_deletion(&p, vec_add(out));
	return ok && p.at == p.end;
}

static void
list_fini(struct deletions *l)
{
	for (size_t i = 0; i < l->n; i++)
		deletion_fini(&l->p[i]);
	vec_fini(l);
}

enum rc
deletions_check(const char *path, size_t *n, struct err *e)
{
	struct deletions l = {0};
	struct buf file = {0};
	enum rc rc = os_read_file(path, FILE_MAX, &file, e);
	if (rc == RC_OK && !take_file(&l, buf_view(&file)))
		rc = err_set(e, RC_INVALID, "%s is damaged", path);
	*n = l.n;
	list_fini(&l);
	buf_fini(&file);
	return rc;
}

/* ---- spans ---- */

/* What of min..max is left when a deletion of the block covers one of its ends, or all: then nothing. */
static void
trim(const struct tsdb *db, uint64_t number, uint32_t id, msec_t *min, msec_t *max)
{
	for (size_t i = 0; i < db->deletions.n && *min <= *max; i++) {
		const struct deletion *d = &db->deletions.p[i];
		if (number > d->upto || !roaring_bitmap_contains(d->ids, id))
			continue;
		if (d->min <= *min && d->max >= *max)
			*min = INT64_MAX, *max = INT64_MIN;
		else if (d->min <= *min && d->max >= *min)
			*min = d->max + 1;
		else if (d->max >= *max && d->min <= *max)
			*max = d->min - 1;
	}
}

struct spanning {
	const struct tsdb *db;
	uint64_t number;
	uint32_t id;
	msec_t min, max;
	bool histograms;
};

static void
span_chunk(void *arg, msec_t min, msec_t max, bool histograms)
{
	struct spanning *x = arg;
	trim(x->db, x->number, x->id, &min, &max);
	if (min > max)
		return;
	x->min = min < x->min ? min : x->min;
	x->max = max > x->max ? max : x->max;
	x->histograms |= histograms;
}

static void
span_windows(void *arg, const struct tier *t, msec_t min, msec_t max)
{
	struct spanning *x = arg;
	x->number = t->number;
	span_chunk(x, min, max, false);
}

/* [X1] */
void
series_narrow(struct tsdb *db, struct series *s)
{
	struct spanning x = {.db = db, .id = s->id, .min = INT64_MAX, .max = INT64_MIN};
	for (size_t i = 0; i < db->blocks.n; i++) {
		x.number = block_number_of(db->blocks.p[i]);
		block_each_chunk(db->blocks.p[i], s->id, span_chunk, &x);
	}
	tiers_each_alone(db, s->id, span_windows, &x);
	series_span_head(s, &x.min, &x.max);
	s->min = x.min;
	s->max = x.max;
}

/* Which series it is about. */
static void
resolve(struct tsdb *db, struct deletion *d)
{
	const struct tenant *t = tenant_of(db, d->tenant);
	d->ids = t ? index_select(t->index, &d->matchers) : roaring_bitmap_create();
}

/* Takes effect: readers pass over it, and spans shrink. */
static void
apply(struct tsdb *db, const struct deletion *d)
{
	roaring_uint32_iterator_t it;
	if (!db->deletions.ids)
		db->deletions.ids = roaring_bitmap_create();
	roaring_bitmap_or_inplace(db->deletions.ids, d->ids);
	for (roaring_init_iterator(d->ids, &it); it.has_value; roaring_advance_uint32_iterator(&it))
		series_narrow(db, db->series.p[it.current_value]);
}

void
deletions_fini(struct tsdb *db)
{
	list_fini(&db->deletions);
	if (db->deletions.ids)
		roaring_bitmap_free(db->deletions.ids);
	db->deletions.ids = NULL;
}

/* What cannot be read must not keep the rest from being served; but it is a loss that somebody has to hear of. */
static enum rc
set_aside(struct tsdb *db, const char *path, struct err *e)
{
	struct buf to = {0};
	deletions_fini(db);
	buf_fmt(&to, "%s.damaged", path);
	log_error("tsdb", "%s is damaged and is kept as %s: what was deleted and not cleaned up yet is there again", path,
	    to.p);
	db->damaged++;
	enum rc rc = os.rename(path, to.p) == 0 ? RC_OK : err_errno(e, "cannot rename %s", path);
	buf_fini(&to);
	return rc;
}

enum rc
deletions_open(struct tsdb *db, struct err *e)
{
	struct buf path = {0}, file = {0};
	enum rc rc = RC_OK;
	buf_fmt(&path, "%s/deletions", db->dir);
	if (access(path.p, F_OK) == 0)
		rc = os_read_file(path.p, FILE_MAX, &file, e);
	if (rc == RC_OK && file.n && !take_file(&db->deletions, buf_view(&file)))
		rc = set_aside(db, path.p, e);
	for (size_t i = 0; i < db->deletions.n; i++)
		resolve(db, &db->deletions.p[i]);
	for (size_t i = 0; i < db->deletions.n; i++)
		apply(db, &db->deletions.p[i]);
	buf_fini(&path);
	buf_fini(&file);
	return rc;
}

/* ---- reading ---- */

/* Calls `drop` with each range that the block must not show of the series. */
static void
each_hole(const struct tsdb *db, const struct block *b, uint32_t id, void (*drop)(void *, msec_t, msec_t), void *arg)
{
	uint64_t number = block_number_of(b);
	for (size_t i = 0; i < db->deletions.n; i++) {
		const struct deletion *d = &db->deletions.p[i];
		if (number <= d->upto && roaring_bitmap_contains(d->ids, id))
			drop(arg, d->min, d->max);
	}
}

struct dropping {
	struct samples *samples;
	struct blobs *blobs;
	size_t from; /* what stood there before is not the block's */
};

static void
drop_samples(void *arg, msec_t min, msec_t max)
{
	struct dropping *x = arg;
	samples_drop(x->samples, x->from, min, max);
}

static void
drop_blobs(void *arg, msec_t min, msec_t max)
{
	struct dropping *x = arg;
	blobs_drop(x->blobs, x->from, min, max);
}

bool
read_undeleted(
    struct tsdb *db, struct block *b, const struct series *s, msec_t min, msec_t max, struct samples *out)
{
	struct dropping x = {.samples = out, .from = out->n};
	bool good = block_read(b, s->id, min, max, out);
	if (out->n > x.from && deletions_touch(&db->deletions, s->id))
		each_hole(db, b, s->id, drop_samples, &x);
	return good;
}

bool
read_undeleted_histograms(
    struct tsdb *db, struct block *b, const struct series *s, msec_t min, msec_t max, struct blobs *out)
{
	struct dropping x = {.blobs = out, .from = out->t.n};
	bool good = block_read_histograms(b, s->id, min, max, out);
	if (out->t.n > x.from && deletions_touch(&db->deletions, s->id))
		each_hole(db, b, s->id, drop_blobs, &x);
	return good;
}

/* ---- deleting ---- */

static enum rc
copy_matchers(struct matchers *out, const struct matchers *from, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && from && i < from->n; i++)
		rc = matchers_add(out, from->p[i].name, from->p[i].op, from->p[i].value, e);
	return rc;
}

/* Adds it to the list, not yet in effect. */
static enum rc
add(struct tsdb *db, struct str tenant, const struct tsdb_select *q, msec_t newest, uint64_t upto, struct err *e)
{
	struct deletion d = {.tenant = str_n(mem_dup(tenant.p, tenant.n), tenant.n),
	    .min = q->min,
	    .max = q->max < newest ? q->max : newest,
	    .upto = upto};
	enum rc rc = copy_matchers(&d.matchers, q->matchers, e);
	if (rc != RC_OK) {
		deletion_fini(&d);
		return rc;
	}
	resolve(db, &d);
	*vec_add(&db->deletions) = d;
	return RC_OK;
}

/* The marks of starts, but for those that may hold for what stays behind the range. */
static enum rc
add_starts(struct tsdb *db, struct str tenant, const struct tsdb_select *q, msec_t newest, uint64_t upto, struct err *e)
{
	const struct tenant *t = tenant_of(db, tenant);
	struct tsdb_select marks = *q;
	if (!t || !t->starts || q->max < INT64_MIN + START_HOLDS || q->max - START_HOLDS < q->min)
		return RC_OK;
	marks.max -= q->max < newest ? START_HOLDS : 0;
	starts_forget(db);
	return add(db, t->starts->name, &marks, newest, upto, e);
}

/* Keeps the first n, in the file too, which may have got the others before something failed. */
static void
take_back(struct tsdb *db, size_t n)
{
	struct err e;
	while (db->deletions.n > n)
		deletion_fini(&db->deletions.p[--db->deletions.n]);
	if (deletions_save(db, db->dir, &e) != RC_OK)
		log_error("tsdb", "a deletion that failed may be in effect after the next start: %s", e.text);
}

/*
 * With the lock held.  Readers do not see the new ones before the file has them: the list has them, but no reader
 * runs, and when the file cannot be written they are taken out again.
 */
static enum rc
add_all(struct tsdb *db, const struct tsdb_select *q, msec_t newest, uint64_t upto, struct err *e)
{
	size_t before = db->deletions.n;
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < q->tenants.n; i++)
		rc = add(db, q->tenants.p[i], q, newest, upto, e);
	for (size_t i = 0; rc == RC_OK && i < q->tenants.n; i++)
		rc = add_starts(db, q->tenants.p[i], q, newest, upto, e);
	if (rc == RC_OK)
		rc = deletions_save(db, db->dir, e);
	if (rc != RC_OK)
		take_back(db, before);
	for (size_t i = before; i < db->deletions.n; i++)
		apply(db, &db->deletions.p[i]);
	written_note(&db->written, INT64_MIN); /* no answer that somebody keeps holds any more */
	return rc;
}

static enum rc
begin(struct tsdb *db, const struct tsdb_select *q, msec_t *newest, struct err *e)
{
	enum rc rc = RC_OK;
	pthread_rwlock_wrlock(&db->lock);
	*newest = db->newest;
	if (db->deletions.n + 2 * q->tenants.n > DELETIONS_MAX)
		rc = err_set(e, RC_REFUSED,
		    "%zu deletions wait to be cleaned up, and the limit is %d: clean_tombstones does it", db->deletions.n,
		    DELETIONS_MAX);
	else
		annex_drop_exemplars(db, q);
	pthread_rwlock_unlock(&db->lock);
	return rc;
}

enum rc
tsdb_delete(struct tsdb *db, const struct tsdb_select *q, struct err *e)
{
	msec_t newest;
	uint64_t upto;
	pthread_mutex_lock(&db->work);
	enum rc rc = begin(db, q, &newest, e);
	if (rc == RC_OK)
		rc = flush_head(db, true, &upto, e);
	if (rc == RC_OK) {
		pthread_rwlock_wrlock(&db->lock);
		rc = add_all(db, q, newest, upto, e);
		pthread_rwlock_unlock(&db->lock);
	}
	pthread_mutex_unlock(&db->work);
	return rc;
}

/* ---- cleaning up ---- */

struct looking {
	const struct deletion *d;
	msec_t width; /* of a tier's windows; else 0 */
	bool found;
};

static void
look_at_chunk(void *arg, msec_t min, msec_t max, bool histograms)
{
	struct looking *x = arg;
	min -= x->width ? x->width - 1 : 0;
	x->found |= min <= x->d->max && max >= x->d->min;
}

/* Does the block hold something that it may be about? */
static bool
concerns(const struct deletion *d, struct block *b, msec_t width)
{
	struct looking x = {.d = d, .width = width};
	roaring_uint32_iterator_t it;
	if (block_number_of(b) > d->upto || block_max(b) < d->min || block_min(b) - width > d->max)
		return false;
	for (roaring_init_iterator(d->ids, &it); !x.found && it.has_value; roaring_advance_uint32_iterator(&it))
		block_each_chunk(b, it.current_value, look_at_chunk, &x);
	return x.found;
}

bool
deletions_change(struct tsdb *db, struct block *b)
{
	bool any = false;
	for (size_t i = 0; !any && i < db->deletions.n; i++)
		any = concerns(&db->deletions.p[i], b, 0);
	return any;
}

bool
deletions_change_tier(struct tsdb *db, const struct tier *t)
{
	bool any = false;
	for (size_t i = 0; !any && !tier_is_bound(t) && i < db->deletions.n; i++)
		any = concerns(&db->deletions.p[i], t->block, tier_widths[t->level]);
	return any;
}

static bool
is_over(const struct tsdb *db, const struct deletion *d)
{
	bool over = true;
	for (size_t i = 0; over && i < db->blocks.n; i++)
		over = !concerns(d, db->blocks.p[i], 0);
	for (size_t i = 0; over && i < db->tiers.all.n; i++) {
		const struct tier *t = db->tiers.all.p[i];
		over = tier_is_bound(t) || !concerns(d, t->block, tier_widths[t->level]);
	}
	return over;
}

enum rc
deletions_forget(struct tsdb *db, bool all, struct err *e)
{
	size_t before = db->deletions.n, n = 0;
	for (size_t i = 0; i < before; i++) {
		struct deletion *d = &db->deletions.p[i];
		if (all || is_over(db, d))
			deletion_fini(d);
		else
			db->deletions.p[n++] = *d;
	}
	db->deletions.n = n;
	if (n == before)
		return RC_OK;
	roaring_bitmap_clear(db->deletions.ids);
	for (size_t i = 0; i < n; i++)
		roaring_bitmap_or_inplace(db->deletions.ids, db->deletions.p[i].ids);
	return deletions_save(db, db->dir, e);
}
