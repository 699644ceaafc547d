/* memo.c — see memo.h. */
#include "tsdb/memo.h"

#include "base/mem.h"

enum { NONE = UINT32_MAX, FIRST = 1024 };

struct slot {
	uint64_t a;
	uint32_t b, id; /* NONE: free */
};

struct memo {
	struct slot *slots;
	size_t n, used;
};

static void
make(struct memo *m, size_t n)
{
	m->slots = mem_alloc(n * sizeof *m->slots);
	m->n = n;
	m->used = 0;
	for (size_t i = 0; i < n; i++)
		m->slots[i].id = NONE;
}

struct memo *
memo_create(void)
{
	struct memo *m = mem_new(struct memo);
	make(m, FIRST);
	return m;
}

void
memo_destroy(struct memo **pm)
{
	if (!*pm)
		return;
	mem_free((*pm)->slots);
	mem_free(*pm);
	*pm = NULL;
}

static size_t
home(const struct memo *m, struct memo_key k)
{
	return (size_t)(((unsigned __int128)k.a * m->n) >> 64);
}

void
memo_prefetch(const struct memo *m, struct memo_key k)
{
	__builtin_prefetch(&m->slots[home(m, k)]);
}

/* Where it stands, or would. */
static struct slot *
place(const struct memo *m, struct memo_key k)
{
	size_t i = home(m, k);
	while (m->slots[i].id != NONE && (m->slots[i].a != k.a || m->slots[i].b != k.b))
		i = i + 1 < m->n ? i + 1 : 0;
	return &m->slots[i];
}

bool
memo_find(const struct memo *m, struct memo_key k, uint32_t *id)
{
	*id = place(m, k)->id;
	return *id != NONE;
}

/* Into a table that fits those that are still good. */
static void
rebuild(struct memo *m, bool (*is_good)(void *, uint32_t), void *arg)
{
	struct slot *old = m->slots;
	size_t n = m->n, good = 0;
	for (size_t i = 0; i < n; i++)
		good += old[i].id != NONE && is_good(arg, old[i].id);
	make(m, FIRST + good + good / 2);
	for (size_t i = 0; i < n; i++) {
		if (old[i].id == NONE || !is_good(arg, old[i].id))
			continue;
		*place(m, (struct memo_key){old[i].a, old[i].b}) = old[i];
		m->used++;
	}
	mem_free(old);
}

void
memo_put(struct memo *m, struct memo_key k, uint32_t id, bool (*is_good)(void *, uint32_t), void *arg)
{
	if (m->used * 8 >= m->n * 7)
		rebuild(m, is_good, arg);
	struct slot *s = place(m, k);
	m->used += s->id == NONE;
	*s = (struct slot){k.a, k.b, id};
}
