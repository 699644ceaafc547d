/*
 * record.c — see record.h.
 *
 * [R1]   Canonical bytes depend on the values alone: keys in the order of the table, unset ones left out,
 *        numbers big-endian, maps sorted by name.
 * TRAP   A key's position in its table may change between versions, its name may not: old bytes name it.
 */
#include "flow/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/size.h"
#include "base/time.h"

static inline void *
member(const struct key *k, const void *record)
{
	return (char *)record + k->at;
}

struct str
key_text(const struct key *k)
{
	struct str s = str_c(k->name);
	if (s.n && s.p[s.n - 1] == '_')
		s.n--;
	return s;
}

const struct key *
record_key(const struct layout *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(key_text(&l->keys[i]), name))
			return &l->keys[i];
	return NULL;
}

void
record_defaults(const struct layout *l, void *record, struct arena *a)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		if (k->kind == RK_ONE)
			record_defaults(k->inside, member(k, record), a);
		if (!k->fallback[0])
			continue;
		struct err e;
		enum rc rc = record_set(k, record, str_c(k->fallback), a, &e);
		must(rc == RC_OK); /* a default of ours */
	}
}

bool
record_is_set(const struct key *k, const void *record)
{
	const void *m = member(k, record);
	switch (k->kind) {
	case RK_BOOL:
		return *(const bool *)m;
	case RK_I64:
	case RK_TIME:
	case RK_DUR:
	case RK_SIZE:
		return *(const int64_t *)m != 0;
	case RK_F64:
		return *(const double *)m != 0;
	case RK_ENUM:
		return *(const int *)m != 0;
	case RK_STR:
	case RK_SECRET:
		return ((const struct str *)m)->n != 0;
	case RK_STRS:
	case RK_PAIRS:
	case RK_MANY:
		return ((const struct record_list *)m)->n != 0;
	case RK_ONE:
		for (size_t i = 0; i < k->inside->n; i++)
			if (record_is_set(&k->inside->keys[i], m))
				return true;
		return false;
	case RK_MAYBE:
	case RK_RAW:
		return *(void *const *)m != NULL;
	}
	panic("unknown kind of key");
}

/* ---- one value from text ---- */

static size_t
count_words(const char *const *words)
{
	size_t n = 0;
	while (words[n])
		n++;
	return n;
}

static enum rc
set_enum(const struct key *k, int *out, struct str text, struct err *e)
{
	size_t n = count_words(k->words);
	for (size_t i = 0; i < n; i++) {
		if (str_is(text, k->words[i])) {
			*out = (int)i;
			return RC_OK;
		}
	}
	struct buf all = {0};
	for (size_t i = 0; i < n; i++)
		if (k->words[i][0])
			buf_fmt(&all, "%s%s", all.n ? ", " : "", k->words[i]);
	const char *near = str_nearest(text, k->words, n);
	err_set(e, RC_INVALID, "\"%.*s\" is none of %s", STR_ARG(str_to(text, 80)), all.p ? all.p : "nothing");
	buf_fini(&all);
	if (near && near[0])
		err_add(e, "did you mean \"%s\"?", near);
	return RC_INVALID;
}

static enum rc
expected(struct err *e, struct str text, const char *what)
{
	return err_set(e, RC_INVALID, "\"%.*s\" is not %s", STR_ARG(str_to(text, 80)), what);
}

static bool
parse_bool(struct str text, bool *out)
{
	*out = str_is(text, "true");
	return *out || str_is(text, "false");
}

/* "a, b" as a list: for defaults, query strings and the command line; YAML and JSON have lists of their own. */
static void
set_strs(struct strs *out, struct str text, struct arena *a)
{
	VEC(struct str) v = {0};
	struct str part;
	while (str_cut(&text, ',', &part))
		*vec_add(&v) = arena_str(a, str_trim(part));
	out->p = arena_array(a, struct str, v.n);
	if (v.n)
		memcpy(out->p, v.p, v.n * sizeof *v.p);
	out->n = v.n;
	vec_fini(&v);
}

enum rc
record_set(const struct key *k, void *record, struct str text, struct arena *a, struct err *e)
{
	void *m = member(k, record);
	switch (k->kind) {
	case RK_BOOL:
		return parse_bool(text, m) ? RC_OK : expected(e, text, "true or false");
	case RK_I64:
		return str_i64(text, m) ? RC_OK : expected(e, text, "a whole number");
	case RK_F64:
		return str_f64(text, m) ? RC_OK : expected(e, text, "a number");
	case RK_STR:
	case RK_SECRET:
		*(struct str *)m = arena_str(a, text);
		return RC_OK;
	case RK_ENUM:
		return set_enum(k, m, text, e);
	case RK_TIME:
		return time_parse_rfc3339(text, m) ? RC_OK : expected(e, text, "a time such as 2026-11-20T08:00:00Z");
	case RK_DUR:
		return duration_parse(text, m) ? RC_OK : expected(e, text, "a duration such as 30s, 5m or 1h30m");
	case RK_SIZE:
		return size_parse(text, m) ? RC_OK : expected(e, text, "a size such as 512KB or 10MB");
	case RK_STRS:
		set_strs(m, text, a);
		return RC_OK;
	case RK_PAIRS:
		return expected(e, text, "a map of names to texts");
	case RK_ONE:
	case RK_MAYBE:
	case RK_RAW:
		return expected(e, text, "a map of keys");
	case RK_MANY:
		return expected(e, text, "a list");
	}
	panic("unknown kind of key");
}

void
record_print(const struct key *k, const void *record, struct buf *b)
{
	const void *m = member(k, record);
	char time[TIME_TEXT];
	switch (k->kind) {
	case RK_BOOL:
		buf_c(b, *(const bool *)m ? "true" : "false");
		break;
	case RK_I64:
		buf_i64(b, *(const int64_t *)m);
		break;
	case RK_F64:
		buf_f64(b, *(const double *)m);
		break;
	case RK_STR:
		buf_str(b, *(const struct str *)m);
		break;
	case RK_SECRET:
		buf_c(b, ((const struct str *)m)->n ? "<secret>" : "");
		break;
	case RK_ENUM:
		buf_c(b, k->words[*(const int *)m]);
		break;
	case RK_TIME:
		if (*(const msec_t *)m)
			buf_c(b, time_rfc3339(*(const msec_t *)m, time));
		break;
	case RK_DUR:
		duration_print(b, *(const msec_t *)m);
		break;
	case RK_SIZE:
		size_print(b, *(const int64_t *)m);
		break;
	case RK_STRS: {
		const struct strs *s = m;
		for (size_t i = 0; i < s->n; i++)
			buf_fmt(b, "%s%.*s", i ? "," : "", STR_ARG(s->p[i]));
		break;
	}
	case RK_PAIRS:
	case RK_ONE:
	case RK_MANY:
	case RK_MAYBE:
	case RK_RAW:
		panic("a list or map has no scalar text");
	}
}

/* ---- canonical bytes ---- */

static void
encode_value(const struct key *k, const void *m, struct buf *b)
{
	uint64_t bits;
	switch (k->kind) {
	case RK_BOOL:
		buf_u8(b, *(const bool *)m);
		break;
	case RK_I64:
	case RK_TIME:
	case RK_DUR:
	case RK_SIZE:
		buf_u64(b, (uint64_t) * (const int64_t *)m);
		break;
	case RK_F64:
		memcpy(&bits, m, sizeof bits);
		buf_u64(b, bits);
		break;
	case RK_ENUM:
		/* by word: positions may change */
		buf_c(b, k->words[*(const int *)m]);
		break;
	case RK_STR:
	case RK_SECRET:
		buf_str(b, *(const struct str *)m);
		break;
	case RK_STRS: {
		const struct strs *s = m;
		for (size_t i = 0; i < s->n; i++)
			buf_field(b, s->p[i]);
		break;
	}
	case RK_PAIRS: {
		const struct pairs *s = m;
		for (size_t i = 0; i < s->n; i++) {
			buf_field(b, s->p[i].name);
			buf_field(b, s->p[i].value);
		}
		break;
	}
	case RK_ONE:
		record_encode(k->inside, m, b);
		break;
	case RK_MANY: {
		const struct record_list *s = m;
		for (size_t i = 0; i < s->n; i++) {
			struct buf one = {0};
			record_encode(k->inside, (const char *)s->p + i * k->inside->size, &one);
			buf_field(b, buf_view(&one));
			buf_fini(&one);
		}
		break;
	}
	case RK_MAYBE:
	case RK_RAW:
		panic("a piece of configuration does not travel");
	}
}

static void
put_u32(char *at, uint32_t v)
{
	at[0] = (char)(v >> 24);
	at[1] = (char)(v >> 16);
	at[2] = (char)(v >> 8);
	at[3] = (char)v;
}

void
record_encode(const struct layout *l, const void *record, struct buf *b)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		if (!record_is_set(k, record))
			continue;
		struct str name = key_text(k);
		buf_u8(b, (uint8_t)name.n);
		buf_str(b, name);
		size_t length_at = b->n;
		buf_u32(b, 0);
		encode_value(k, member(k, record), b);
		put_u32(b->p + length_at, (uint32_t)(b->n - length_at - 4));
	}
}

/* ---- and back ---- */

static bool
take(struct str *s, size_t n, struct str *out)
{
	if (s->n < n)
		return false;
	*out = str_to(*s, n);
	*s = str_from(*s, n);
	return true;
}

static bool
take_uint(struct str *s, size_t bytes, uint64_t *out)
{
	struct str raw;
	if (!take(s, bytes, &raw))
		return false;
	*out = 0;
	for (size_t i = 0; i < bytes; i++)
		*out = *out << 8 | (unsigned char)raw.p[i];
	return true;
}

static bool
take_field(struct str *s, struct str *out)
{
	uint64_t n;
	return take_uint(s, 4, &n) && take(s, n, out);
}

static bool
count_fields(struct str s, size_t *n)
{
	struct str skip;
	for (*n = 0; s.n; ++*n)
		if (!take_field(&s, &skip))
			return false;
	return true;
}

static bool
decode_list(const struct key *k, void *m, struct str v, struct arena *a, struct err *e)
{
	size_t n;
	if (!count_fields(v, &n))
		return false;
	struct str part;
	if (k->kind == RK_STRS) {
		struct strs *s = m;
		s->p = arena_array(a, struct str, n);
		for (s->n = 0; s->n < n; s->n++)
			(void)take_field(&v, &s->p[s->n]);
	} else if (k->kind == RK_PAIRS) {
		struct pairs *s = m;
		if (n % 2)
			return false;
		s->p = arena_array(a, struct pair, n / 2);
		for (s->n = 0; s->n < n / 2; s->n++) {
			(void)take_field(&v, &s->p[s->n].name);
			(void)take_field(&v, &s->p[s->n].value);
		}
	} else {
		struct record_list *s = m;
		s->p = arena_alloc(a, n * k->inside->size);
		for (s->n = 0; s->n < n; s->n++) {
			(void)take_field(&v, &part);
			if (record_decode(k->inside, (char *)s->p + s->n * k->inside->size, part, a, e) != RC_OK)
				return false;
		}
	}
	return true;
}

static bool
decode_value(const struct key *k, void *m, struct str v, struct arena *a, struct err *e)
{
	uint64_t u;
	switch (k->kind) {
	case RK_BOOL:
		*(bool *)m = v.n == 1 && v.p[0] == 1;
		return v.n == 1;
	case RK_I64:
	case RK_TIME:
	case RK_DUR:
	case RK_SIZE:
		return v.n == 8 && take_uint(&v, 8, m);
	case RK_F64:
		if (v.n != 8 || !take_uint(&v, 8, &u))
			return false;
		memcpy(m, &u, sizeof u);
		return true;
	case RK_ENUM:
		return set_enum(k, m, v, e) == RC_OK;
	case RK_STR:
	case RK_SECRET:
		*(struct str *)m = v;
		return true;
	case RK_ONE:
		return record_decode(k->inside, m, v, a, e) == RC_OK;
	case RK_STRS:
	case RK_PAIRS:
	case RK_MANY:
		return decode_list(k, m, v, a, e);
	case RK_MAYBE:
	case RK_RAW:
		return false;
	}
	panic("unknown kind of key");
}

enum rc
record_decode(const struct layout *l, void *record, struct str bytes, struct arena *a, struct err *e)
{
	memset(record, 0, l->size);
	while (bytes.n) {
		uint64_t n;
		struct str name, value;
		if (!take_uint(&bytes, 1, &n) || !take(&bytes, n, &name) || !take_field(&bytes, &value))
			return err_set(e, RC_INVALID, "a %s record is cut short", l->name);
		const struct key *k = record_key(l, name);
		if (k && !decode_value(k, member(k, record), value, a, e))
			return err_set(e, RC_INVALID, "a %s record has a damaged \"%.*s\"", l->name, STR_ARG(name));
	}
	return RC_OK;
}

void
record_copy(const struct layout *l, void *to, const void *from, struct arena *a)
{
	struct buf b = {0};
	struct err e;
	record_encode(l, from, &b);
	struct str bytes = arena_str(a, buf_view(&b));
	buf_fini(&b);
	enum rc rc = record_decode(l, to, bytes, a, &e);
	must(rc == RC_OK);
}

/* ---- maps of text ---- */

struct str
pairs_get(struct pairs s, const char *name)
{
	for (size_t i = 0; i < s.n; i++)
		if (str_is(s.p[i].name, name))
			return s.p[i].value;
	return STR("");
}

static int
by_name(const void *a, const void *b)
{
	return str_cmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

void
pairs_sort(struct pairs *s)
{
	if (s->n > 1)
		qsort(s->p, s->n, sizeof *s->p, by_name);
}

bool
pairs_eq(struct pairs a, struct pairs b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!str_eq(a.p[i].name, b.p[i].name) || !str_eq(a.p[i].value, b.p[i].value))
			return false;
	return true;
}
