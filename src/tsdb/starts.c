/* starts.c — see starts.h. */
#include "tsdb/starts.h"

#include "tsdb/store.h"

#define START_MOST ((msec_t)1 << 53)
#define SUFFIX STR("\xffstarts") /* no UTF-8, so no name of a tenant */

bool
starts_is_theirs(struct str tenant)
{
	return str_ends(tenant, SUFFIX);
}

struct str
starts_owner(struct str tenant)
{
	return starts_is_theirs(tenant) ? str_to(tenant, tenant.n - SUFFIX.n) : tenant;
}

static void
add_name(struct buf *b, struct str tenant)
{
	buf_str(b, tenant);
	buf_str(b, SUFFIX);
}

/* NULL: nothing is remembered. */
static struct start_memory *
memory_of(const struct tsdb *db, const struct series *s)
{
	struct start_memory *m = s->extra ? &s->extra->start : NULL;
	return m && m->epoch == db->starts_epoch ? m : NULL;
}

/* The series of its marks, or NULL. */
static struct series *
marks_of(struct tsdb *db, const struct series *s)
{
	const struct start_memory *m = memory_of(db, s);
	if (m || !s->started)
		return m ? db->series.p[m->id] : NULL;
	struct buf labels = {0};
	series_labels(s, &labels);
	struct series *marks = series_find(db, s->tenant->starts->name, (struct labels){buf_view(&labels)});
	buf_fini(&labels);
	return marks;
}

void
starts_forget(struct tsdb *db)
{
	if (++db->starts_epoch == 0)
		db->starts_epoch = 1;
}

/* ---- reading ---- */

/* From where on a mark still holds at `t`. */
static msec_t
just_before(msec_t t)
{
	return t > INT64_MIN + START_HOLDS ? t - START_HOLDS + 1 : INT64_MIN;
}

/* What holds at each of the times. */
static void
spread(const struct samples *marks, const msec_t *t, size_t n, msec_t *out)
{
	size_t k = 0; /* the first mark behind the sample */
	for (size_t i = 0; i < n; i++) {
		while (k < marks->n && marks->t[k] <= t[i])
			k++;
		out[i] = k && start_holds(marks->t[k - 1], t[i]) ? (msec_t)marks->v[k - 1] : 0;
	}
}

bool
starts_read(struct tsdb *db, const struct series *s, const msec_t *t, size_t n, msec_t *out)
{
	struct samples marks = {0};
	const struct series *of = n ? marks_of(db, s) : NULL;
	if (of)
		series_read(db, of, just_before(t[0]), t[n - 1], &marks);
	bool any = marks.n > 0;
	if (any)
		spread(&marks, t, n, out);
	samples_fini(&marks);
	return any;
}

/* ---- appending ---- */

/* Is it said already? */
static bool
is_in_force(const struct start_memory *m, const struct tsdb_start *p)
{
	return m && m->start == p->start && start_holds(m->marked, p->t);
}

static struct series *
make_marks(struct tsdb *db, const struct series *s)
{
	struct buf name = {0}, labels = {0};
	add_name(&name, s->tenant->name);
	series_labels(s, &labels);
	struct series *marks = series_make(db, buf_view(&name), (struct labels){buf_view(&labels)});
	buf_fini(&name);
	buf_fini(&labels);
	return marks;
}

/* The newest mark that holds at `t`; 0: none does. */
static msec_t
holding(struct tsdb *db, const struct series *marks, msec_t t)
{
	struct samples found = {0};
	series_read(db, marks, just_before(t), t, &found);
	msec_t start = found.n ? (msec_t)found.v[found.n - 1] : 0;
	samples_fini(&found);
	return start;
}

static void
remember(const struct tsdb *db, struct series *s, const struct series *marks, const struct tsdb_start *p)
{
	series_extra(s)->start = (struct start_memory){db->starts_epoch, marks->id, p->start, p->t};
}

/*
 * Behind everything else a mark says what holds from now on; it is said again before it ends [T1].  That of a late sample holds
 * for this one alone.
 */
static enum rc
put_mark(struct tsdb *db, struct series *s, const struct tsdb_start *p, struct err *e)
{
	struct series *marks = marks_of(db, s);
	if (!marks)
		marks = make_marks(db, s);
	struct tsdb_counts counts = {0};
	bool newest = p->t > s->max && p->t > marks->max;
	msec_t before = newest ? 0 : holding(db, marks, p->t);
	msec_t behind = p->t < INT64_MAX ? p->t + 1 : p->t;
	struct tsdb_sample one[2] = {{{marks->id}, p->t, (double)p->start}, {{marks->id}, behind, (double)before}};
	enum rc rc = newest || before != p->start ? append_batch(db, one, newest ? 1 : 2, &counts, e) : RC_OK;
	if (rc == RC_OK && newest)
		remember(db, s, marks, p);
	return rc;
}

/* What no number of a sample can hold is no time, either. */
static struct tsdb_start
sound(const struct tsdb_start *p)
{
	bool holds = p->start >= -START_MOST && p->start <= START_MOST;
	return (struct tsdb_start){p->ref, p->t, holds ? p->start : 0};
}

static enum rc
put_marks(struct tsdb *db, const struct tsdb_start *p, size_t n, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct series *s = p[i].ref.id < db->series.n ? db->series.p[p[i].ref.id] : NULL;
		struct tsdb_start one = sound(&p[i]);
		if (s && (s->started || one.start) && !is_in_force(memory_of(db, s), &one)) /* [T2] */
			rc = put_mark(db, s, &one, e);
	}
	return rc;
}

bool
tsdb_has_starts(struct tsdb *db, struct str tenant)
{
	pthread_rwlock_rdlock(&db->lock);
	const struct tenant *t = tenant_of(db, tenant);
	bool has = t && t->starts;
	pthread_rwlock_unlock(&db->lock);
	return has;
}

enum rc
tsdb_put_starts(struct tsdb *db, const struct tsdb_start *p, size_t n, struct err *e)
{
	msec_t first = INT64_MAX;
	for (size_t i = 0; i < n; i++)
		first = p[i].t < first ? p[i].t : first;
	pthread_rwlock_wrlock(&db->lock);
	enum rc rc = put_marks(db, p, n, e);
	if (n)
		written_note(&db->written, first);
	pthread_rwlock_unlock(&db->lock);
	return rc == RC_OK && n && db->options.sync_every == 0 ? tsdb_sync(db, e) : rc;
}
