/* selection.c — see selection.h. */
#include "tsdb/selection.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 512, KEPT_BYTES = 32 << 20, ONE_BYTES = KEPT_BYTES / 4 };

struct selections {
	pthread_mutex_t lock; /* several readers of the store at a time */
	struct selection *kept[KEPT];
	size_t n, bytes;
	uint64_t uses;
};

struct selections *
selections_create(void)
{
	struct selections *s = mem_new(struct selections);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
selection_unref(struct selection *s)
{
	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		return;
	mem_free(s->p);
	mem_free((char *)s->text.p);
	buf_fini(&s->labels);
	mem_free(s);
}

void
selections_destroy(struct selections **ps)
{
	struct selections *s = *ps;
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		selection_unref(s->kept[i]);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
	*ps = NULL;
}

/* ---- making one ---- */

static int
by_ranks(const void *a, const void *b, void *arg)
{
	const struct series *s = ((const struct found *)a)->series, *t = ((const struct found *)b)->series;
	const uint32_t *ranks = arg;
	for (size_t i = 0; i < s->n_pairs && i < t->n_pairs; i++) {
		uint32_t p = ranks[s->pairs[i]], q = ranks[t->pairs[i]];
		if (p != q)
			return p < q ? -1 : 1;
	}
	return (s->n_pairs > t->n_pairs) - (s->n_pairs < t->n_pairs);
}

static int
by_labels(const void *a, const void *b)
{
	return labels_cmp(((const struct found *)a)->labels, ((const struct found *)b)->labels);
}

/* The series of a block that was opened have their numbers in this order already. */
static bool
is_in_order(const struct selection *s, const uint32_t *ranks)
{
	for (size_t i = 1; i < s->n; i++)
		if (by_ranks(&s->p[i - 1], &s->p[i], (void *)ranks) > 0)
			return false;
	return true;
}

static void
add_labels(struct selection *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t at = s->labels.n;
		series_labels(s->p[i].series, &s->labels);
		s->p[i].labels.bytes = str_n(NULL, s->labels.n - at);
	}
	for (size_t i = 0, at = 0; i < s->n; at += s->p[i++].labels.bytes.n) /* where they stay */
		s->p[i].labels.bytes.p = s->labels.p + at;
}

/* By the ranks of their pairs where that pays, which is much faster. */
static void
put_in_order(struct selection *s, struct index *index)
{
	const uint32_t *ranks = s->n ? index_ranks(index, s->n) : NULL;
	if (ranks && !is_in_order(s, ranks))
		qsort_r(s->p, s->n, sizeof *s->p, by_ranks, (void *)ranks);
	add_labels(s);
	if (!ranks && s->n)
		qsort(s->p, s->n, sizeof *s->p, by_labels);
}

static bool
is_wanted(const struct series *s, msec_t min, msec_t max)
{
	return s->min <= s->max && s->min <= max && s->max >= min;
}

/* All that match, or, unless they are wanted, only those within the range when these are far fewer: then *whole is false. */
static struct selection *
make(struct tsdb *db, struct tenant *t, const struct matchers *ms, msec_t min, msec_t max, bool *whole)
{
	struct selection *s = mem_new(struct selection);
	roaring_bitmap_t *ids = index_select(t->index, ms);
	roaring_uint32_iterator_t it;
	size_t all = roaring_bitmap_get_cardinality(ids), wanted = 0;
	for (roaring_init_iterator(ids, &it); it.has_value; roaring_advance_uint32_iterator(&it))
		wanted += is_wanted(db->series.p[it.current_value], min, max);
	*whole = *whole || wanted >= all / 2;
	s->refs = 1;
	s->p = mem_alloc(((*whole ? all : wanted) + 1) * sizeof *s->p);
	for (roaring_init_iterator(ids, &it); it.has_value; roaring_advance_uint32_iterator(&it)) {
		const struct series *x = db->series.p[it.current_value];
		if (*whole || is_wanted(x, min, max))
			s->p[s->n++] = (struct found){.series = x};
	}
	roaring_bitmap_free(ids);
	put_in_order(s, t->index);
	return s;
}

/* ---- keeping it ---- */

static void
add_text(struct buf *b, struct str s)
{
	uint64_t n = s.n;
	buf_add(b, &n, sizeof n);
	buf_str(b, s);
}

static void
question(struct buf *b, const struct tenant *t, const struct matchers *ms)
{
	add_text(b, t->name);
	for (size_t i = 0; ms && i < ms->n; i++) {
		buf_ch(b, (char)ms->p[i].op);
		add_text(b, ms->p[i].name);
		add_text(b, ms->p[i].value);
	}
}

static void
drop(struct selections *all, size_t i)
{
	struct selection *s = all->kept[i];
	all->bytes -= s->bytes;
	all->kept[i] = all->kept[--all->n];
	selection_unref(s);
}

/* A reference to the one that answers this, or NULL; one that is old goes. */
static struct selection *
find(struct selections *all, struct str text, uint64_t hash, uint64_t generation)
{
	struct selection *found = NULL;
	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; !found && i < all->n; i++) {
		struct selection *s = all->kept[i];
		if (s->hash != hash || !str_eq(s->text, text))
			continue;
		if (s->generation != generation) {
			drop(all, i);
			break;
		}
		found = s;
		found->used = ++all->uses;
		__atomic_add_fetch(&found->refs, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&all->lock);
	return found;
}

static void
make_room(struct selections *all, size_t bytes)
{
	while (all->n && (all->n == KEPT || all->bytes + bytes > KEPT_BYTES)) {
		size_t oldest = 0;
		for (size_t i = 1; i < all->n; i++)
			if (all->kept[i]->used < all->kept[oldest]->used)
				oldest = i;
		drop(all, oldest);
	}
}

static void
keep(struct selections *all, struct selection *s, struct str text, uint64_t hash, uint64_t generation)
{
	s->bytes = sizeof *s + (s->n + 1) * sizeof *s->p + s->labels.cap + text.n;
	if (s->bytes > ONE_BYTES)
		return;
	s->text = str_n(mem_dup(text.p, text.n), text.n);
	s->hash = hash;
	s->generation = generation;
	pthread_mutex_lock(&all->lock);
	make_room(all, s->bytes);
	s->used = ++all->uses;
	all->kept[all->n++] = s;
	all->bytes += s->bytes;
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&all->lock);
}

struct selection *
selection_of(struct tsdb *db, struct tenant *t, const struct matchers *ms, msec_t min, msec_t max, bool all)
{
	struct buf text = {0};
	bool whole = all;
	question(&text, t, ms);
	uint64_t hash = str_hash(buf_view(&text)), generation = index_generation(t->index);
	struct selection *s = find(db->selections, buf_view(&text), hash, generation);
	if (!s) {
		s = make(db, t, ms, min, max, &whole);
		if (whole)
			keep(db->selections, s, buf_view(&text), hash, generation);
	}
	buf_fini(&text);
	return s;
}
