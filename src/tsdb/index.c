/* index.c — see index.h. */
#include "tsdb/index.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/must.h"

enum { NONE = UINT32_MAX };

struct entry {
	char *text; /* canonical; NULL: the number is free */
	uint32_t bytes, hash;
	uint32_t at;            /* its place among its name's pairs */
	uint32_t one;           /* its only series, or NONE */
	roaring_bitmap_t *many; /* NULL: at most one */
};

struct name {
	VEC(uint32_t) pairs;
};

struct index {
	VEC(struct entry) entries;
	VEC(uint32_t) unused; /* free numbers */
	uint32_t *slots;      /* open addressing by hash: numbers + 1 */
	size_t n_slots, n_pairs;
	struct map *names; /* to a struct name */
	roaring_bitmap_t *all;
	pthread_mutex_t ranking;
	uint32_t *ranks;
	uint64_t changes, ranked; /* pairs that began, ever */
	uint64_t generation;
};

static void
change(struct index *x)
{
	static uint64_t generations;
	x->generation = __atomic_add_fetch(&generations, 1, __ATOMIC_RELAXED);
}

uint64_t
index_generation(const struct index *x)
{
	return x->generation;
}

struct index *
index_create(void)
{
	struct index *x = mem_new(struct index);
	change(x);
	x->names = map_create();
	x->all = roaring_bitmap_create();
	pthread_mutex_init(&x->ranking, NULL);
	return x;
}

void
index_destroy(struct index **px)
{
	struct index *x = *px;
	if (!x)
		return;
	for (size_t i = 0; i < x->entries.n; i++) {
		mem_free(x->entries.p[i].text);
		if (x->entries.p[i].many)
			roaring_bitmap_free(x->entries.p[i].many);
	}
	map_each (x->names, e) {
		struct name *n = e->value;
		vec_fini(&n->pairs);
		mem_free(n);
	}
	map_destroy(&x->names);
	roaring_bitmap_free(x->all);
	vec_fini(&x->entries);
	vec_fini(&x->unused);
	mem_free(x->slots);
	mem_free(x->ranks);
	pthread_mutex_destroy(&x->ranking);
	mem_free(x);
	*px = NULL;
}

/* ---- pairs ---- */

static struct pair
pair_of(const struct entry *e)
{
	struct pair p = {0};
	size_t at = 0;
	bool whole = labels_next((struct labels){str_n(e->text, e->bytes)}, &at, &p);
	must(whole);
	return p;
}

static uint32_t *
slot(const struct index *x, struct str text, uint32_t hash)
{
	for (size_t i = hash & (x->n_slots - 1);; i = (i + 1) & (x->n_slots - 1)) {
		uint32_t number = x->slots[i];
		if (!number)
			return &x->slots[i];
		const struct entry *e = &x->entries.p[number - 1];
		if (e->hash == hash && e->bytes == text.n && memcmp(e->text, text.p, text.n) == 0)
			return &x->slots[i];
	}
}

static void
grow(struct index *x)
{
	mem_free(x->slots);
	x->n_slots = x->n_slots ? x->n_slots * 2 : 256;
	x->slots = mem_zalloc(x->n_slots * sizeof *x->slots);
	for (size_t i = 0; i < x->entries.n; i++) {
		const struct entry *e = &x->entries.p[i];
		if (e->text)
			*slot(x, str_n(e->text, e->bytes), e->hash) = (uint32_t)i + 1;
	}
}

static void
join_name(struct index *x, struct entry *e, uint32_t number)
{
	struct str text = pair_of(e).name;
	struct name *n = map_get(x->names, text);
	if (!n) {
		n = mem_new(struct name);
		map_put(x->names, text, n);
	}
	e->at = (uint32_t)n->pairs.n;
	*vec_add(&n->pairs) = number;
}

uint32_t
index_pair(struct index *x, struct str text)
{
	uint32_t hash = (uint32_t)str_hash(text);
	if ((x->n_pairs + 1) * 4 > x->n_slots * 3)
		grow(x);
	uint32_t *place = slot(x, text, hash);
	if (*place)
		return *place - 1;
	uint32_t number = (uint32_t)x->entries.n;
	if (x->unused.n)
		number = x->unused.p[--x->unused.n];
	else
		vec_add(&x->entries);
	struct entry *e = &x->entries.p[number];
	*e = (struct entry){
	    .text = mem_dup(text.p, text.n), .bytes = (uint32_t)text.n, .hash = hash, .one = NONE};
	*place = number + 1;
	join_name(x, e, number);
	x->n_pairs++;
	x->changes++;
	return number;
}

/* Takes it out of the table and closes up what was moved on because of it. */
static void
free_slot(struct index *x, const struct entry *e)
{
	size_t mask = x->n_slots - 1, hole = (size_t)(slot(x, str_n(e->text, e->bytes), e->hash) - x->slots);
	for (size_t i = (hole + 1) & mask; x->slots[i]; i = (i + 1) & mask) {
		size_t home = x->entries.p[x->slots[i] - 1].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			x->slots[hole] = x->slots[i];
			hole = i;
		}
	}
	x->slots[hole] = 0;
}

static void
drop_pair(struct index *x, uint32_t number)
{
	struct entry *e = &x->entries.p[number];
	struct str text = pair_of(e).name;
	struct name *n = map_get(x->names, text);
	uint32_t last = n->pairs.p[--n->pairs.n];
	n->pairs.p[e->at] = last;
	x->entries.p[last].at = e->at;
	if (n->pairs.n == 0) {
		map_take(x->names, text);
		vec_fini(&n->pairs);
		mem_free(n);
	}
	free_slot(x, e);
	if (e->many)
		roaring_bitmap_free(e->many);
	mem_free(e->text);
	*e = (struct entry){0};
	*vec_add(&x->unused) = number;
	x->n_pairs--;
}

/* The canonical form of the label that ends at `end` of the set, and began at `start`. */
static struct str
text_at(struct labels ls, size_t start, size_t end)
{
	return str_n(ls.bytes.p + start, end - start);
}

bool
index_find_pairs(const struct index *x, struct labels ls, struct pair_ids *out)
{
	struct pair p;
	out->n = 0;
	if (!x->n_slots)
		return false;
	for (size_t at = 0, start = 0; labels_next(ls, &at, &p); start = at) {
		struct str text = text_at(ls, start, at);
		uint32_t number = *slot(x, text, (uint32_t)str_hash(text));
		if (!number)
			return false;
		*vec_add(out) = number - 1;
	}
	return true;
}

void
index_make_pairs(struct index *x, struct labels ls, struct pair_ids *out)
{
	struct pair p;
	out->n = 0;
	for (size_t at = 0, start = 0; labels_next(ls, &at, &p); start = at)
		*vec_add(out) = index_pair(x, text_at(ls, start, at));
}

void
index_labels(const struct index *x, const uint32_t *pairs, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_add(out, x->entries.p[pairs[i]].text, x->entries.p[pairs[i]].bytes);
}

/* ---- series ---- */

void
index_add(struct index *x, const uint32_t *pairs, size_t n, uint32_t id)
{
	change(x);
	roaring_bitmap_add(x->all, id);
	for (size_t i = 0; i < n; i++) {
		struct entry *e = &x->entries.p[pairs[i]];
		if (e->many) {
			roaring_bitmap_add(e->many, id);
		} else if (e->one == NONE) {
			e->one = id;
		} else {
			e->many = roaring_bitmap_create();
			roaring_bitmap_add(e->many, e->one);
			roaring_bitmap_add(e->many, id);
			e->one = NONE;
		}
	}
}

void
index_remove(struct index *x, const uint32_t *pairs, size_t n, uint32_t id)
{
	change(x);
	roaring_bitmap_remove(x->all, id);
	for (size_t i = 0; i < n; i++) {
		struct entry *e = &x->entries.p[pairs[i]];
		if (e->many)
			roaring_bitmap_remove(e->many, id);
		else if (e->one == id)
			e->one = NONE;
	}
	index_drop_unused(x, pairs, n);
}

void
index_drop_unused(struct index *x, const uint32_t *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct entry *e = &x->entries.p[pairs[i]];
		if (e->text && (e->many ? roaring_bitmap_is_empty(e->many) : e->one == NONE))
			drop_pair(x, pairs[i]);
	}
}

/* ---- matchers ---- */

struct gathering {
	roaring_bitmap_t *single; /* those with one series */
	VEC(const roaring_bitmap_t *) many;
};

static void
gather(struct gathering *g, const struct entry *e)
{
	if (e->many)
		*vec_add(&g->many) = e->many;
	else if (e->one != NONE)
		roaring_bitmap_add(g->single, e->one);
}

static void
gather_text(const struct index *x, struct gathering *g, struct str name, struct str value)
{
	struct buf text = {0};
	struct pair p = {name, value};
	struct err e;
	if (x->n_slots && labels_add(&text, &p, 1, &e) == RC_OK && text.n) {
		uint32_t number = *slot(x, buf_view(&text), (uint32_t)str_hash(buf_view(&text)));
		if (number)
			gather(g, &x->entries.p[number - 1]);
	}
	buf_fini(&text);
}

/* The series whose label has a value for which the matcher says `want`. */
static roaring_bitmap_t *
with_value(const struct index *x, const struct matcher *m, bool want)
{
	struct gathering g = {.single = roaring_bitmap_create()};
	size_t n = 0;
	const struct str *listed = NULL;
	if ((m->op == MATCH_EQ && want) || (m->op == MATCH_NE && !want)) {
		listed = &m->value;
		n = 1;
	} else if ((m->op == MATCH_RE && want) || (m->op == MATCH_NRE && !want)) {
		listed = regex_literals(m->regex, &n);
	}
	const struct name *name = map_get(x->names, m->name);
	for (size_t i = 0; listed && i < n; i++)
		gather_text(x, &g, m->name, listed[i]);
	for (size_t i = 0; !listed && name && i < name->pairs.n; i++) {
		const struct entry *e = &x->entries.p[name->pairs.p[i]];
		if (matcher_matches(m, pair_of(e).value) == want)
			gather(&g, e);
	}
	if (g.many.n) {
		roaring_bitmap_t *all = roaring_bitmap_or_many(g.many.n, g.many.p);
		roaring_bitmap_or_inplace(all, g.single);
		roaring_bitmap_free(g.single);
		g.single = all;
	}
	vec_fini(&g.many);
	return g.single;
}

/* Matchers that an absent label does not match narrow down; the others take away. */
roaring_bitmap_t *
index_select(const struct index *x, const struct matchers *ms)
{
	roaring_bitmap_t *out = NULL;
	for (size_t i = 0; ms && i < ms->n; i++) {
		if (matcher_matches(&ms->p[i], STR("")))
			continue;
		roaring_bitmap_t *b = with_value(x, &ms->p[i], true);
		if (out) {
			roaring_bitmap_and_inplace(out, b);
			roaring_bitmap_free(b);
		} else {
			out = b;
		}
	}
	if (!out)
		out = roaring_bitmap_copy(x->all);
	for (size_t i = 0; ms && i < ms->n; i++) {
		if (!matcher_matches(&ms->p[i], STR("")))
			continue;
		roaring_bitmap_t *b = with_value(x, &ms->p[i], false);
		roaring_bitmap_andnot_inplace(out, b);
		roaring_bitmap_free(b);
	}
	return out;
}

/* ---- listing ---- */

void
index_each_name(const struct index *x, bool (*fn)(void *, struct str), void *arg)
{
	map_each (x->names, e) {
		if (!fn(arg, e->key))
			return;
	}
}

void
index_each_value(const struct index *x, struct str name, bool (*fn)(void *, struct str, uint32_t), void *arg)
{
	const struct name *n = map_get(x->names, name);
	for (size_t i = 0; n && i < n->pairs.n; i++)
		if (!fn(arg, pair_of(&x->entries.p[n->pairs.p[i]]).value, n->pairs.p[i]))
			return;
}

bool
index_any(const struct index *x, uint32_t pair, bool (*fn)(void *, uint32_t), void *arg)
{
	const struct entry *e = &x->entries.p[pair];
	if (!e->many)
		return e->one != NONE && fn(arg, e->one);
	roaring_uint32_iterator_t it;
	for (roaring_init_iterator(e->many, &it); it.has_value; roaring_advance_uint32_iterator(&it))
		if (fn(arg, it.current_value))
			return true;
	return false;
}

size_t
index_pair_series(const struct index *x, uint32_t pair)
{
	const struct entry *e = &x->entries.p[pair];
	return e->many ? roaring_bitmap_get_cardinality(e->many) : e->one != NONE;
}

size_t
index_pairs(const struct index *x)
{
	return x->n_pairs;
}

/* ---- order ---- */

struct ranked {
	struct pair pair;
	uint32_t number;
};

static int
by_pair(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int c = str_cmp(x->pair.name, y->pair.name);
	return c ? c : str_cmp(x->pair.value, y->pair.value);
}

static void
rank(struct index *x)
{
	VEC(struct ranked) all = {0};
	for (size_t i = 0; i < x->entries.n; i++)
		if (x->entries.p[i].text)
			*vec_add(&all) = (struct ranked){pair_of(&x->entries.p[i]), (uint32_t)i};
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_pair);
	mem_free(x->ranks);
	x->ranks = mem_alloc((x->entries.n + 1) * sizeof *x->ranks);
	for (size_t i = 0; i < all.n; i++)
		x->ranks[all.p[i].number] = (uint32_t)i;
	x->ranked = x->changes;
	vec_fini(&all);
}

const uint32_t *
index_ranks(struct index *x, size_t n)
{
	pthread_mutex_lock(&x->ranking);
	bool pays = x->ranked == x->changes || x->n_pairs <= n * 4;
	if (x->ranked != x->changes && pays)
		rank(x);
	pthread_mutex_unlock(&x->ranking);
	return pays ? x->ranks : NULL;
}
