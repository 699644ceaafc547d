/* slide.c — windows that several series share; see slide.h.  The functions themselves are in slide_functions.c. */
#include "promql/slide.h"

#include "base/mem.h"

/* Of all windows that are kept at one time. */
enum { SLIDES_BYTES = 16 << 20 };

static double
seconds(msec_t from, msec_t to)
{
	return (double)(to - from) / 1000;
}

/* One piece of memory. */
static struct panes *
panes_create(size_t n, bool rates)
{
	size_t each = 4 * sizeof(uint32_t) + 2 + (rates ? 4 * sizeof(double) : 0), bytes = sizeof(struct panes) + (n + 1) * each + 64;
	struct panes *p = mem_alloc(bytes);
	double *d = (double *)(p + 1);
	*p = (struct panes){.bytes = bytes};
	if (rates) {
		p->factor = d;
		p->sampled = d + n;
		p->before = d + 2 * n;
		p->behind = d + 3 * n;
		d += 4 * n;
	}
	p->low = (uint32_t *)d;
	p->high = p->low + n;
	p->from = p->low + 2 * n;
	p->to = p->low + 3 * n;
	p->one = (uint8_t *)(p->low + 4 * n);
	p->two = p->one + n;
	return p;
}

static void
extend(struct extent *e, size_t i, bool there)
{
	if (!there)
		return;
	if (!e->n++)
		e->from = (uint32_t)i;
	e->to = (uint32_t)i + 1;
}

static void
settle(struct extent *e)
{
	if (e->to - e->from != e->n)
		e->from = e->to = 0;
}

static void
find_windows(struct panes *p, const struct eval *ev, const struct over *o, const struct tsdb_view *view)
{
	uint32_t low = 0, high = 0;
	p->with_one = p->with_two = (struct extent){0};
	p->first = p->end = 0;
	p->seen = 0;
	for (size_t i = 0; i < ev->n; i++) {
		msec_t end = gaze_at(ev, &o->gaze, i), start = end - o->range;
		while (high < view->n && view->t[high] <= end + o->behind)
			high++;
		while (low < high && view->t[low] <= start - o->before)
			low++;
		bool one = high > low, two = high > low + 1;
		if (one && !p->with_one.n)
			p->first = low;
		p->end = one ? high : p->end;
		p->seen += high - low;
		p->low[i] = low;
		p->high[i] = high;
		p->one[i] = one;
		p->two[i] = two;
		p->from[i] = two ? low : 0;
		p->to[i] = two ? high - 1 : 0;
		extend(&p->with_one, i, one);
		extend(&p->with_two, i, two);
	}
	settle(&p->with_one);
	settle(&p->with_two);
}

/* As extrapolate() in window.c has it, for a counter that is far from zero. */
static void
find_factors(struct panes *p, const struct eval *ev, const struct over *o, const struct tsdb_view *view)
{
	for (size_t i = 0; i < ev->n; i++) {
		p->factor[i] = p->sampled[i] = p->before[i] = p->behind[i] = 0;
		if (!p->two[i])
			continue;
		msec_t end = gaze_at(ev, &o->gaze, i), start = end - o->range;
		msec_t first = view->t[p->from[i]], last = view->t[p->to[i]];
		double before = seconds(start, first), behind = seconds(last, end), sampled = seconds(first, last);
		double interval = sampled / (double)(p->to[i] - p->from[i]), threshold = interval * 1.1;
		before = before >= threshold ? interval / 2 : before;
		behind = behind >= threshold ? interval / 2 : behind;
		double factor = (sampled + before + behind) / sampled;
		p->sampled[i] = sampled;
		p->before[i] = before;
		p->behind[i] = behind;
		p->factor[i] = o->per_second ? factor / seconds(start, end) : factor;
	}
}

static void
fill(struct panes *p, const struct eval *ev, const struct over *o, const struct tsdb_view *view)
{
	find_windows(p, ev, o, view);
	if (p->factor)
		find_factors(p, ev, o, view);
}

static void
forget(struct slides *s)
{
	for (size_t i = 0; i < s->n; i++) {
		mem_free(s->at[i]);
		s->at[i] = NULL;
	}
	s->bytes = 0;
}

void
slides_fini(struct slides *s)
{
	forget(s);
	mem_free(s->at);
	mem_free(s->own);
	*s = (struct slides){0};
}

static struct panes **
place_of(struct slides *s, size_t line)
{
	if (line >= s->n) {
		size_t n = line * 2 + 16;
		s->at = mem_resize(s->at, n * sizeof *s->at);
		memset(s->at + s->n, 0, (n - s->n) * sizeof *s->at);
		s->n = n;
	}
	return &s->at[line];
}

const struct panes *
slides_panes(struct slides *s, const struct eval *ev, const struct over *o, const struct tsdb_view *view)
{
	if (!view->line) {
		if (!s->own)
			s->own = panes_create(ev->n, o->rates);
		fill(s->own, ev, o, view);
		return s->own;
	}
	struct panes **p = place_of(s, view->line);
	if (*p)
		return *p;
	if (s->bytes > SLIDES_BYTES)
		forget(s);
	*p = panes_create(ev->n, o->rates);
	s->bytes += (*p)->bytes;
	fill(*p, ev, o, view);
	return *p;
}
