/* forward_texts.c — see forward_texts.h. */
#include "collect/forward_texts.h"

#include "base/map.h"
#include "wire/snappy.h"

struct text {
	struct str customer;
	struct prompb_metadata is;
};

struct forward_texts {
	uint64_t number;
	struct arena *arena;
	struct map *by_name; /* customer NUL name -> struct text; NULL: nobody asks */
	VEC(struct text *) all; /* customer by customer */
	struct str customer; /* who is being read */
	struct buf key;
};

static struct str
key_of(struct buf *b, struct str customer, struct str name)
{
	buf_clear(b);
	buf_str(b, customer);
	buf_ch(b, '\0');
	buf_str(b, name);
	return buf_view(b);
}

static void
take(void *arg, const struct tsdb_metadata *m)
{
	struct forward_texts *t = arg;
	struct text *x = arena_new(t->arena, struct text);
	*x = (struct text){t->customer,
	    {.metric = arena_str(t->arena, m->metric), .type = arena_cstr(t->arena, m->type), .help = arena_str(t->arena, m->help), .unit = arena_str(t->arena, m->unit)}};
	if (t->by_name)
		map_put(t->by_name, key_of(&t->key, t->customer, m->metric), x);
	*vec_add(&t->all) = x;
}

struct forward_texts *
forward_texts_read(struct tsdb *db, struct strs customers, uint64_t number, bool to_find)
{
	struct forward_texts *t = mem_new(struct forward_texts);
	t->arena = arena_create();
	t->number = number;
	t->by_name = to_find ? map_create() : NULL;
	for (size_t i = 0; i < customers.n; i++) {
		t->customer = arena_str(t->arena, customers.p[i]);
		tsdb_metadata_each(db, t->customer, take, t);
	}
	return t;
}

void
forward_texts_destroy(struct forward_texts **pt)
{
	struct forward_texts *t = *pt;
	if (!t)
		return;
	map_destroy(&t->by_name);
	vec_fini(&t->all);
	buf_fini(&t->key);
	arena_destroy(&t->arena);
	mem_free(t);
	*pt = NULL;
}

static const struct text *
find(const struct forward_texts *t, const struct forward_series *s)
{
	static const char *const endings[] = {"", "_total", "_bucket", "_count", "_sum", "_created", "_info"};
	struct str name = labels_get(s->labels, STR(LABEL_METRIC));
	struct buf key = {0};
	const struct text *found = NULL;
	for (size_t i = 0; !found && i < sizeof endings / sizeof *endings; i++) {
		struct str ending = str_c(endings[i]);
		if (str_ends(name, ending))
			found = map_get(t->by_name, key_of(&key, s->tenant, str_to(name, name.n - ending.n)));
	}
	buf_fini(&key);
	return found;
}

const struct prompb_metadata *
forward_texts_find(const struct forward_texts *t, struct forward_series *s)
{
	if (!t || !t->by_name)
		return NULL;
	if (s->says_of != t->number) {
		const struct text *found = find(t, s);
		s->says = found ? &found->is : NULL;
		s->says_of = t->number;
	}
	return s->says;
}

bool
forward_texts_body(const struct forward_texts *t, size_t most, size_t *at, struct str *customer, struct buf *out)
{
	struct buf plain = {0};
	if (*at == t->all.n)
		return false;
	*customer = t->all.p[*at]->customer;
	for (size_t n = 0; n < most && *at < t->all.n && t->all.p[*at]->customer.p == customer->p; n++, ++*at)
		prompb_add_metadata(&plain, &t->all.p[*at]->is);
	snappy_pack(buf_view(&plain), out);
	buf_fini(&plain);
	return true;
}
