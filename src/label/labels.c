/* labels.c — see labels.h. */
#include "label/labels.h"

#include <string.h>

#include "base/must.h"
#include "base/quote.h"
#include "wire/json.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LONG = 0xff };

/* ---- the byte form ---- */

static inline bool
read_text(struct str bytes, size_t *at, struct str *out)
{
	if (*at >= bytes.n)
		return false;
	size_t n = (unsigned char)bytes.p[(*at)++];
	if (n == LONG) {
		uint32_t wide;
		if (bytes.n - *at < sizeof wide)
			return false;
		memcpy(&wide, bytes.p + *at, sizeof wide);
		n = wide;
		*at += sizeof wide;
	}
	if (bytes.n - *at < n)
		return false;
	*out = str_n(bytes.p + *at, n);
	*at += n;
	return true;
}

static void
add_text(struct buf *b, struct str s)
{
	if (s.n < LONG) {
		buf_ch(b, (char)s.n);
	} else {
		uint32_t wide = (uint32_t)s.n;
		buf_ch(b, (char)LONG);
		buf_add(b, &wide, sizeof wide);
	}
	buf_str(b, s);
}

bool
labels_next(struct labels ls, size_t *at, struct pair *out)
{
	return read_text(ls.bytes, at, &out->name) && read_text(ls.bytes, at, &out->value);
}

bool
labels_valid(struct str bytes)
{
	struct str last = {0}, name, value;
	for (size_t at = 0; at < bytes.n; last = name) {
		if (!read_text(bytes, &at, &name) || !read_text(bytes, &at, &value))
			return false;
		if (name.n == 0 || value.n == 0 || (last.p && str_cmp(last, name) >= 0))
			return false;
	}
	return true;
}

size_t
labels_count(struct labels ls)
{
	size_t n = 0;
	labels_each (ls, l)
		n++;
	return n;
}

struct str
labels_get(struct labels ls, struct str name)
{
	labels_each (ls, l) {
		if (str_eq(l.it.name, name))
			return l.it.value;
	}
	return STR("");
}

bool
labels_eq(struct labels a, struct labels b)
{
	return str_eq(a.bytes, b.bytes);
}

int
labels_cmp(struct labels a, struct labels b)
{
	struct pair x, y;
	for (size_t i = 0, k = 0;;) {
		bool more = labels_next(a, &i, &x);
		if (!labels_next(b, &k, &y))
			return more;
		if (!more)
			return -1;
		int c = str_cmp(x.name, y.name);
		if (c == 0)
			c = str_cmp(x.value, y.value);
		if (c)
			return c;
	}
}

uint64_t
labels_hash(struct labels ls)
{
	return XXH3_64bits(ls.bytes.p, ls.bytes.n);
}

struct labels
labels_copy(struct labels ls, struct arena *a)
{
	return (struct labels){arena_str(a, ls.bytes)};
}

static uint64_t
fnv(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return (h ^ 0xff) * 1099511628211u;
}

uint64_t
labels_fingerprint(struct labels ls)
{
	uint64_t h = 14695981039346656037u;
	labels_each (ls, l)
		h = fnv(fnv(h, l.it.name), l.it.value);
	return h;
}

void
labels_fingerprint_hex(struct labels ls, char out[17])
{
	snprintf(out, 17, "%016llx", (unsigned long long)labels_fingerprint(ls));
}

/* ---- from and to pairs ---- */

/* Sets are small and mostly sorted already. */
static void
sort_by_name(struct pair *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct pair x = p[i];
		size_t k = i;
		for (; k > 0 && str_cmp(p[k - 1].name, x.name) > 0; k--)
			p[k] = p[k - 1];
		p[k] = x;
	}
}

static enum rc
check_pair(const struct pair *p, const struct pair *before, struct err *e)
{
	if (p->name.n == 0)
		return err_set(e, RC_INVALID, "a label has no name");
	if (before && str_eq(before->name, p->name))
		return err_set(e, RC_INVALID, "the label \"%.*s\" stands there twice", STR_ARG(p->name));
	if (!str_utf8(p->name) || !str_utf8(p->value))
		return err_set(e, RC_INVALID, "the label \"%.*s\" is not UTF-8", STR_ARG(p->name));
	return RC_OK;
}

enum rc
labels_add(struct buf *b, struct pair *p, size_t n, struct err *e)
{
	size_t start = b->n;
	sort_by_name(p, n);
	for (size_t i = 0; i < n; i++) {
		enum rc rc = check_pair(&p[i], i ? &p[i - 1] : NULL, e);
		if (rc != RC_OK) {
			buf_cut(b, start);
			return rc;
		}
		if (p[i].value.n == 0)
			continue;
		add_text(b, p[i].name);
		add_text(b, p[i].value);
	}
	return RC_OK;
}

static struct labels
from_sorted(const struct pair *p, size_t n, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++) {
		if (p[i].value.n == 0)
			continue;
		add_text(&b, p[i].name);
		add_text(&b, p[i].value);
	}
	struct labels ls = {arena_str(a, buf_view(&b))};
	buf_fini(&b);
	return ls;
}

struct labels
labels_from_pairs(struct pairs ps, struct arena *a)
{
	return from_sorted(ps.p, ps.n, a);
}

void
labels_to_json(struct json_writer *w, struct labels ls)
{
	jsonw_object(w);
	labels_each(ls, l) {
		jsonw_key_str(w, l.it.name);
		jsonw_str(w, l.it.value);
	}
	jsonw_object_end(w);
}

struct pairs
labels_to_pairs(struct labels ls, struct arena *a)
{
	struct pairs out = {.p = arena_array(a, struct pair, labels_count(ls) + 1)};
	labels_each (ls, l)
		out.p[out.n++] = l.it;
	return out;
}

/* ---- names and printing ---- */

static bool
is_classic(struct str s, bool colons)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], lower = (char)(c | 0x20);
		bool letter = (lower >= 'a' && lower <= 'z') || c == '_' || (colons && c == ':');
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return s.n > 0;
}

bool
label_name_is_classic(struct str s)
{
	return is_classic(s, false);
}

bool
metric_name_is_classic(struct str s)
{
	return is_classic(s, true);
}

bool
label_name_is_valid(struct str s)
{
	return s.n > 0 && str_utf8(s);
}

void
labels_print(struct buf *b, struct labels ls)
{
	struct str metric = labels_get(ls, STR(LABEL_METRIC));
	bool in_front = metric.n && metric_name_is_classic(metric);
	const char *between = "";
	if (in_front)
		buf_str(b, metric);
	if (in_front && labels_count(ls) == 1)
		return;
	buf_ch(b, '{');
	labels_each (ls, l) {
		if (in_front && str_is(l.it.name, LABEL_METRIC))
			continue;
		buf_c(b, between);
		between = ", ";
		if (label_name_is_classic(l.it.name))
			buf_str(b, l.it.name);
		else
			quote_add(b, l.it.name);
		buf_ch(b, '=');
		quote_add(b, l.it.value);
	}
	buf_ch(b, '}');
}

/* ---- the builder ---- */

void
label_builder_start(struct label_builder *b, struct labels ls)
{
	b->set.n = 0;
	labels_each (ls, l)
		*vec_add(&b->set) = l.it;
}

void
label_builder_fini(struct label_builder *b)
{
	vec_fini(&b->set);
}

/* Where `name` stands, or would stand. */
static size_t
place(const struct label_builder *b, struct str name, bool *there)
{
	for (size_t i = 0; i < b->set.n; i++) {
		int c = str_cmp(b->set.p[i].name, name);
		if (c >= 0) {
			*there = c == 0;
			return i;
		}
	}
	*there = false;
	return b->set.n;
}

struct str
label_builder_get(const struct label_builder *b, struct str name)
{
	bool there;
	size_t i = place(b, name, &there);
	return there ? b->set.p[i].value : STR("");
}

void
label_builder_set(struct label_builder *b, struct str name, struct str value)
{
	bool there;
	size_t i = place(b, name, &there);
	if (value.n == 0) {
		if (there)
			vec_remove(&b->set, i);
		return;
	}
	if (!there) {
		vec_add(&b->set);
		memmove(&b->set.p[i + 1], &b->set.p[i], (b->set.n - 1 - i) * sizeof *b->set.p);
	}
	b->set.p[i] = (struct pair){name, value};
}

void
label_builder_del(struct label_builder *b, struct str name)
{
	label_builder_set(b, name, STR(""));
}

void
label_builder_add_to(const struct label_builder *b, struct buf *out)
{
	for (size_t i = 0; i < b->set.n; i++) {
		add_text(out, b->set.p[i].name);
		add_text(out, b->set.p[i].value);
	}
}

struct labels
label_builder_done(const struct label_builder *b, struct arena *a)
{
	return from_sorted(b->set.p, b->set.n, a);
}
