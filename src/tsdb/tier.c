/* tier.c — see tier.h. */
#include "tsdb/tier.h"

#include <math.h>
#include <string.h>

#include "base/kahan.h"
#include "base/mem.h"
#include "base/must.h"
#include "tsdb/block_format.h"
#include "tsdb/chunk.h"
#include "tsdb/tsdb.h"
#include "wire/proto.h"

const msec_t tier_widths[TIERS] = {5 * MINUTE, HOUR};
const char *const tier_names[TIERS] = {"5m", "1h"};

enum { KIND_UNKNOWN, KIND_COUNTER, KIND_GAUGE };

/* ---- lists ---- */

void
tier_list_fini(struct tier_list *l)
{
	mem_free(l->end);
	mem_free(l->width);
	for (int c = 0; c < TIER_COLUMNS; c++)
		mem_free(l->column[c]);
	*l = (struct tier_list){0};
}

void
tier_list_clear(struct tier_list *l)
{
	l->n = 0;
}

void
tier_list_reserve(struct tier_list *l, size_t more)
{
	if (l->n + more <= l->cap)
		return;
	size_t cap = l->cap ? l->cap : 32;
	while (cap < l->n + more)
		cap *= 2;
	l->end = mem_resize(l->end, cap * sizeof *l->end);
	l->width = mem_resize(l->width, cap * sizeof *l->width);
	for (int c = 0; c < TIER_COLUMNS; c++)
		l->column[c] = mem_resize(l->column[c], cap * sizeof *l->column[c]);
	l->cap = cap;
}

void
tier_list_add(struct tier_list *l, const struct tier_list *from, size_t i)
{
	tier_list_reserve(l, 1);
	l->end[l->n] = from->end[i];
	l->width[l->n] = from->width[i];
	for (int c = 0; c < TIER_COLUMNS; c++)
		l->column[c][l->n] = from->column[c][i];
	l->n++;
}

/* ---- windows ---- */

msec_t
tier_floor(msec_t t, msec_t width)
{
	msec_t rest = t % width;
	return t - (rest < 0 ? rest + width : rest);
}

msec_t
tier_end(msec_t t, msec_t width)
{
	msec_t below = tier_floor(t, width);
	return below == t ? t : below + width;
}

/* Of the values that come, the one that is more; a NaN only until there is another. */
static double
extreme(double so_far, double v, bool greatest)
{
	bool better = greatest ? v > so_far : v < so_far;
	return better || isnan(so_far) ? v : so_far;
}

/* Adds the window that all of these samples lie in. */
static bool
add_window(struct tier_list *l, msec_t end, msec_t width, const msec_t *t, const double *v, size_t n)
{
	struct kahan sum = {0};
	size_t count = 0, last = 0, at = l->n++;
	double *const *c = l->column;
	bool infinite = false;
	for (int k = 0; k < TIER_COLUMNS; k++)
		c[k][at] = 0;
	l->end[at] = end;
	l->width[at] = (uint32_t)width;
	for (size_t i = 0; i < n; i++) {
		if (tsdb_is_stale(v[i]))
			continue;
		if (!count++) {
			c[TIER_HEAD][at] = (double)(t[i] - (end - width));
			c[TIER_FIRST][at] = c[TIER_MIN][at] = c[TIER_MAX][at] = v[i];
		} else if (v[i] < v[last]) {
			c[TIER_LOST][at] += v[last];
			c[TIER_RESETS][at]++;
		}
		c[TIER_MIN][at] = extreme(c[TIER_MIN][at], v[i], false);
		c[TIER_MAX][at] = extreme(c[TIER_MAX][at], v[i], true);
		infinite |= isinf(v[i]);
		kahan_add(&sum, v[i]);
		last = i;
	}
	c[TIER_COUNT][at] = (double)count;
	c[TIER_ENDED][at] = tsdb_is_stale(v[n - 1]) ? (double)(end - t[n - 1]) + 1 : 0;
	c[TIER_TAIL][at] = (double)(end - t[count ? last : n - 1]);
	if (!count)
		c[TIER_HEAD][at] = (double)(t[0] - (end - width));
	if (count) {
		c[TIER_LAST][at] = v[last];
		c[TIER_SUM][at] = kahan_sum(&sum);
	}
	return infinite || !isinf(c[TIER_SUM][at]);
}

bool
tier_list_add_samples(struct tier_list *l, msec_t width, const msec_t *t, const double *v, size_t n)
{
	bool good = true;
	for (size_t i = 0, to; good && i < n; i = to) {
		msec_t end = tier_end(t[i], width);
		for (to = i + 1; to < n && t[to] <= end; to++)
			;
		tier_list_reserve(l, 1);
		good = add_window(l, end, width, t + i, v + i, to - i);
	}
	return good;
}

/* The windows from..to - 1 of a list as one. */
static bool
add_joined(struct tier_list *l, msec_t end, msec_t width, const struct tier_list *fine, size_t from, size_t to)
{
	struct kahan sum = {0};
	double *const *c = l->column, *const *f = fine->column;
	size_t at = l->n++, last = to - 1;
	bool infinite = false;
	for (int k = 0; k < TIER_COLUMNS; k++)
		c[k][at] = 0;
	l->end[at] = end;
	l->width[at] = (uint32_t)width;
	for (size_t i = from; i < to; i++) {
		if (!f[TIER_COUNT][i])
			continue;
		if (!c[TIER_COUNT][at]) {
			c[TIER_HEAD][at] = (double)(tier_first_t(fine, i) - (end - width));
			c[TIER_FIRST][at] = f[TIER_FIRST][i];
			c[TIER_MIN][at] = c[TIER_MAX][at] = NAN;
		} else if (f[TIER_FIRST][i] < c[TIER_LAST][at]) {
			c[TIER_LOST][at] += c[TIER_LAST][at];
			c[TIER_RESETS][at]++;
		}
		c[TIER_MIN][at] = extreme(c[TIER_MIN][at], f[TIER_MIN][i], false);
		c[TIER_MAX][at] = extreme(c[TIER_MAX][at], f[TIER_MAX][i], true);
		c[TIER_LOST][at] += f[TIER_LOST][i];
		c[TIER_RESETS][at] += f[TIER_RESETS][i];
		c[TIER_COUNT][at] += f[TIER_COUNT][i];
		c[TIER_LAST][at] = f[TIER_LAST][i];
		c[TIER_TAIL][at] = (double)(end - tier_last_t(fine, i));
		infinite |= isinf(f[TIER_SUM][i]);
		kahan_add(&sum, f[TIER_SUM][i]);
	}
	if (!c[TIER_COUNT][at]) {
		c[TIER_HEAD][at] = (double)(tier_first_t(fine, from) - (end - width));
		c[TIER_TAIL][at] = (double)(end - tier_last_t(fine, last));
	}
	c[TIER_SUM][at] = kahan_sum(&sum);
	c[TIER_ENDED][at] = f[TIER_ENDED][last] ? (double)(end - tier_mark_t(fine, last)) + 1 : 0;
	return infinite || !isinf(c[TIER_SUM][at]);
}

bool
tier_list_add_finer(struct tier_list *l, msec_t width, const struct tier_list *from)
{
	bool good = true;
	for (size_t i = 0, to; good && i < from->n; i = to) {
		msec_t end = tier_end(from->end[i], width);
		for (to = i + 1; to < from->n && from->end[to] <= end; to++)
			;
		tier_list_reserve(l, 1);
		good = add_joined(l, end, width, from, i, to);
	}
	return good;
}

/* ---- packed ---- */

/* What a column without bytes is like: an earlier one, or zeros. */
static int
twin_of(int column)
{
	return column == TIER_LAST || column == TIER_MIN ? TIER_FIRST : column == TIER_MAX ? TIER_LAST : -1;
}

static bool
is_like_twin(const struct tier_list *l, int column, size_t from, size_t n)
{
	static const double zeros[BLOCK_CHUNK_SAMPLES];
	int twin = twin_of(column);
	const double *like = twin < 0 ? zeros : l->column[twin] + from;
	return memcmp(l->column[column] + from, like, n * sizeof *like) == 0;
}

/* [W4]; NaN: it was one when these were packed before. */
static bool
is_gauge(const struct tier_list *l, size_t from, size_t n)
{
	double resets = 0;
	for (size_t i = from; i < from + n; i++)
		resets += l->column[TIER_RESETS][i];
	return !(resets <= (double)n / 2);
}

void
tier_pack(const struct tier_list *l, size_t from, size_t n, struct buf *out)
{
	struct buf b = {0};
	must(n <= BLOCK_CHUNK_SAMPLES);
	bool gauge = n && is_gauge(l, from, n);
	buf_ch(out, !n ? KIND_UNKNOWN : gauge ? KIND_GAUGE : KIND_COUNTER);
	for (int c = 0; n && c < TIER_COLUMNS; c++) {
		buf_clear(&b);
		if (gauge && TIER_RESETTING & TIER_HAS(c))
			continue;
		if (!is_like_twin(l, c, from, n))
			chunk_pack_values(l->column[c] + from, n, &b);
		proto_add_varint(out, b.n);
		buf_str(out, buf_view(&b));
	}
	buf_fini(&b);
}

bool
tier_is_packed(struct str bytes)
{
	return bytes.n && (bytes.p[0] == KIND_COUNTER || bytes.p[0] == KIND_GAUGE);
}

static bool
split(struct str bytes, struct str *columns)
{
	struct proto p;
	bool ok = tier_is_packed(bytes);
	proto_init(&p, str_from(bytes, ok));
	for (int c = 0; ok && c < TIER_COLUMNS; c++)
		if (bytes.p[0] != KIND_GAUGE || !(TIER_RESETTING & TIER_HAS(c)))
			ok = proto_text(&p, &columns[c]);
	return ok && p.at == p.end;
}

/* The column whose bytes are those of this one; it has none: zeros. */
static int
bytes_of(const struct str *columns, int c)
{
	while (!columns[c].n && twin_of(c) >= 0)
		c = twin_of(c);
	return c;
}

/* The values from..to - 1 of a column to the end of the list; `done`: where the bytes of each were unpacked to. */
static bool
unpack_column(struct tier_list *l, const struct str *columns, int c, size_t n, size_t from, size_t to, const double **done)
{
	double v[BLOCK_CHUNK_SAMPLES], *out = l->column[c] + l->n;
	int source = bytes_of(columns, c);
	if (done[source]) {
		memcpy(out, done[source], (to - from) * sizeof *out);
		return true;
	}
	if (!columns[source].n) {
		memset(out, 0, (to - from) * sizeof *out);
		return true;
	}
	double *room = from == 0 && to == n ? out : v;
	if (!chunk_unpack_values(columns[source], n, room))
		return false;
	if (room == v)
		memcpy(out, v + from, (to - from) * sizeof *out);
	done[source] = out;
	return true;
}

/* Whoever takes these as counts and times must not be led astray. */
static bool
is_sane(int c, const double *v, size_t n, msec_t width)
{
	bool counts = c == TIER_COUNT || c == TIER_HEAD || c == TIER_TAIL || c == TIER_RESETS || c == TIER_ENDED;
	double most = (double)width + 1;
	if (!counts || !n)
		return true;
	/* two at once; of an odd number the last is looked at twice */
	typedef double two __attribute__((vector_size(16)));
	typedef int64_t two_ints __attribute__((vector_size(16)));
	const two zero = {0, 0}, top = {most, most};
	two_ints good = {-1, -1};
	for (size_t i = 0; i + 1 < n; i += 2) {
		two x = {v[i], v[i + 1]};
		good &= (x >= zero) & (x <= top);
	}
	return good[0] && good[1] && v[n - 1] >= 0 && v[n - 1] <= most;
}

bool
tier_unpack(struct str bytes, const msec_t *ends, size_t n, msec_t width, unsigned want, msec_t min, msec_t max, struct tier_list *l)
{
	struct str columns[TIER_COLUMNS];
	const double *done[TIER_COLUMNS] = {0};
	size_t from = 0, to = n;
	if (n > BLOCK_CHUNK_SAMPLES || !split(bytes, columns))
		return false;
	bool gauge = bytes.p[0] == KIND_GAUGE;
	if (gauge && want & TIER_RESETTING && !(want & TIER_AS_IT_IS))
		return false;
	while (from < n && ends[from] < min)
		from++;
	while (to > from && ends[to - 1] - width >= max)
		to--;
	tier_list_reserve(l, to - from);
	for (int c = 0; to > from && c < TIER_COLUMNS; c++) {
		if (!(want & TIER_HAS(c)))
			continue;
		if (gauge && TIER_RESETTING & TIER_HAS(c)) {
			for (size_t i = 0; i < to - from; i++)
				l->column[c][l->n + i] = NAN;
			continue;
		}
		if (!unpack_column(l, columns, c, n, from, to, done) || !is_sane(c, l->column[c] + l->n, to - from, width))
			return false;
	}
	for (size_t i = from; i < to; i++) {
		l->end[l->n] = ends[i];
		l->width[l->n++] = (uint32_t)width;
	}
	return true;
}
