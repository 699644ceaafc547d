/* log_starts.c — see log_starts.h. */
#include "tsdb/log_starts.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

struct log_start {
	struct {
		msec_t t, start;
	} last, before; /* start 0: none, or not known */
};
struct log_starts {
	struct map *all; /* by tenant, NUL, labels */
	struct buf key;
};

struct log_starts *
log_starts_create(void)
{
	struct log_starts *s = mem_new(struct log_starts);
	s->all = map_create();
	return s;
}

void
log_starts_destroy(struct log_starts **ps)
{
	struct log_starts *s = *ps;
	if (!s)
		return;
	map_each (s->all, e)
		mem_free(e->value);
	map_destroy(&s->all);
	buf_fini(&s->key);
	mem_free(s);
	*ps = NULL;
}

size_t
log_starts_count(const struct log_starts *s)
{
	return map_count(s->all);
}

struct log_start *
log_starts_of(struct log_starts *s, struct str tenant, struct labels ls, bool begin)
{
	buf_clear(&s->key);
	buf_str(&s->key, tenant);
	buf_ch(&s->key, '\0');
	buf_str(&s->key, ls.bytes);
	struct log_start *one = map_get(s->all, buf_view(&s->key));
	if (!one && begin) {
		one = mem_new(struct log_start);
		map_put(s->all, buf_view(&s->key), one);
	}
	return one;
}

void
log_start_mark(struct log_start *s, msec_t t, msec_t start)
{
	s->before = s->last;
	s->last.t = t;
	s->last.start = start;
}

msec_t
log_start_at(const struct log_start *s, msec_t t)
{
	if (t >= s->last.t)
		return start_holds(s->last.t, t) ? s->last.start : 0;
	return start_holds(s->before.t, t) ? s->before.start : 0;
}
