/* native_text.c — native histograms as texts: of a label, of the API, and of tests. */
#include "promql/native.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- written ---- */

static void
print_bucket(const struct native_bucket *b, struct buf *out)
{
	buf_c(out, b->lower_in ? ", [" : ", (");
	buf_f64_short(out, b->lower);
	buf_ch(out, ',');
	buf_f64_short(out, b->upper);
	buf_c(out, b->upper_in ? "]:" : "):");
	buf_f64_short(out, b->count);
}

void
native_print(const struct native *h, struct buf *out)
{
	struct arena *a = arena_create();
	struct native_bucket *b;
	size_t n = native_buckets(h, a, &b);
	buf_c(out, "{count:");
	buf_f64_short(out, h->count);
	buf_c(out, ", sum:");
	buf_f64_short(out, h->sum);
	for (size_t i = 0; i < n; i++)
		if (b[i].count != 0)
			print_bucket(&b[i], out);
	buf_ch(out, '}');
	arena_destroy(&a);
}

static void
json_number(double v, struct buf *out)
{
	buf_ch(out, '"');
	buf_f64(out, v);
	buf_ch(out, '"');
}

/* [0,"1","2","3"]: which of its bounds belong to it (0 the upper, 1 the lower, 2 none, 3 both), the bounds, the count. */
static void
json_bucket(const struct native_bucket *b, struct buf *out)
{
	buf_fmt(out, "[%d,", b->lower_in ? (b->upper_in ? 3 : 1) : b->upper_in ? 0 : 2);
	json_number(b->lower, out);
	buf_ch(out, ',');
	json_number(b->upper, out);
	buf_ch(out, ',');
	json_number(b->count, out);
	buf_ch(out, ']');
}

void
native_json(const struct native *h, struct buf *out)
{
	struct arena *a = arena_create();
	struct native_bucket *b;
	size_t n = native_buckets(h, a, &b), written = 0;
	buf_c(out, "{\"count\":");
	json_number(h->count, out);
	buf_c(out, ",\"sum\":");
	json_number(h->sum, out);
	for (size_t i = 0; i < n; i++) {
		if (b[i].count == 0)
			continue;
		buf_c(out, written++ ? "," : ",\"buckets\":[");
		json_bucket(&b[i], out);
	}
	buf_c(out, written ? "]}" : "}");
	arena_destroy(&a);
}

/* ---- as tests have it ---- */

static const struct hint_word {
	const char *word;
	enum histogram_hint hint;
} hint_words[] = {
    {"gauge", HISTOGRAM_GAUGE}, {"not_reset", HISTOGRAM_NO_RESET}, {"reset", HISTOGRAM_RESET}, {"unknown", HISTOGRAM_UNKNOWN}};
enum { HINTS = sizeof hint_words / sizeof *hint_words };

static void
print_number(const char *key, double v, struct buf *out)
{
	if (v == 0)
		return;
	buf_fmt(out, " %s:", key);
	buf_f64_short(out, v);
}

/* With a 0 for each bucket between two that are named. */
static void
print_side(const struct native_side *s, const char *offset, const char *key, struct buf *out)
{
	if (!s->n)
		return;
	print_number(offset, s->at[0], out);
	buf_fmt(out, " %s:[", key);
	int32_t at = s->at[0];
	for (size_t i = 0; i < s->n; at++) {
		bool here = s->at[i] == at;
		buf_c(out, at == s->at[0] ? "" : " ");
		buf_f64_short(out, here ? s->count[i] : 0);
		i += here;
	}
	buf_ch(out, ']');
}

void
native_print_test(const struct native *h, struct buf *out)
{
	struct arena *a = arena_create();
	struct native *full = native_copy(h, a);
	struct buf b = {0};
	native_compact(full);
	print_number("schema", h->schema, &b);
	print_number("count", h->count, &b);
	print_number("sum", h->sum, &b);
	print_number("z_bucket", h->zero, &b);
	print_number("z_bucket_w", h->threshold, &b);
	for (size_t i = 0; i < h->n_custom; i++) {
		buf_c(&b, i ? " " : " custom_values:[");
		buf_f64_short(&b, h->custom[i]);
	}
	buf_c(&b, h->n_custom ? "]" : "");
	for (size_t i = 0; i < HINTS; i++)
		if (h->hint == hint_words[i].hint && h->hint != HISTOGRAM_UNKNOWN)
			buf_fmt(&b, " counter_reset_hint:%s", hint_words[i].word);
	print_side(&full->pos, "offset", "buckets", &b);
	print_side(&full->neg, "n_offset", "n_buckets", &b);
	buf_c(out, "{{");
	buf_str(out, str_from(buf_view(&b), b.n ? 1 : 0));
	buf_c(out, "}}");
	buf_fini(&b);
	arena_destroy(&a);
}

/* ---- read ---- */

enum { BUCKETS_MAX = 10000, OFFSET_MAX = 1 << 20 };

struct numbers {
	double *p;
	size_t n, cap;
};

/* [1 2.5 Inf] */
static bool
read_list(struct str s, struct numbers *out)
{
	struct str word;
	if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	out->n = 0;
	for (s = str_trim(str_n(s.p + 1, s.n - 2)); s.n; s = str_trim(s)) {
		double v;
		if (!str_cut(&s, ' ', &word) || !str_f64(word, &v) || out->n >= BUCKETS_MAX)
			return false;
		*vec_add(out) = v;
	}
	return true;
}

static bool
read_hint(struct str s, enum histogram_hint *out)
{
	for (size_t i = 0; i < HINTS; i++) {
		if (str_is(s, hint_words[i].word)) {
			*out = hint_words[i].hint;
			return true;
		}
	}
	return false;
}

struct reading {
	struct native *h;
	struct arena *arena;
	struct numbers list;
	int64_t offset[2]; /* of positive and negative buckets */
};

static void
take_side(struct reading *r, struct native_side *out)
{
	*out = (struct native_side){.at = arena_array(r->arena, int32_t, r->list.n + 1),
	    .count = arena_array(r->arena, double, r->list.n + 1),
	    .n = r->list.n};
	for (size_t i = 0; i < out->n; i++) {
		out->at[i] = (int32_t)i;
		out->count[i] = r->list.p[i];
	}
}

static bool
take_custom(struct reading *r)
{
	double *bounds = arena_array(r->arena, double, r->list.n + 1);
	for (size_t i = 0; i < r->list.n; i++)
		bounds[i] = r->list.p[i];
	r->h->custom = bounds;
	r->h->n_custom = r->list.n;
	return true;
}

/* A key and its value; false: the value is none. */
static bool
take_pair(struct reading *r, struct str key, struct str value, bool *known)
{
	struct native *h = r->h;
	const struct {
		const char *key;
		double *to;
	} numbers[] = {{"sum", &h->sum}, {"count", &h->count}, {"z_bucket", &h->zero}, {"z_bucket_w", &h->threshold}};
	int64_t schema;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (str_is(key, numbers[i].key))
			return str_f64(value, numbers[i].to);
	if (str_is(key, "schema")) {
		bool ok = str_i64(value, &schema);
		h->schema = ok ? (int)schema : 0;
		return ok && (schema == HISTOGRAM_CUSTOM || (schema >= HISTOGRAM_SCHEMA_MIN && schema <= HISTOGRAM_SCHEMA_MAX));
	}
	if (str_is(key, "offset") || str_is(key, "n_offset"))
		return str_i64(value, &r->offset[key.p[0] == 'n']) && llabs(r->offset[key.p[0] == 'n']) <= OFFSET_MAX;
	if (str_is(key, "counter_reset_hint"))
		return read_hint(value, &h->hint);
	bool list = read_list(value, &r->list);
	if (str_is(key, "buckets") || str_is(key, "n_buckets")) {
		take_side(r, key.p[0] == 'n' ? &h->neg : &h->pos);
		return list;
	}
	if (str_is(key, "custom_values"))
		return list && take_custom(r);
	*known = false;
	return false;
}

/* Takes `key:value` off the front; a value in brackets may have blanks. */
static bool
next_pair(struct str *s, struct str *key, struct str *value)
{
	*s = str_trim(*s);
	ptrdiff_t colon = str_chr(*s, ':');
	if (colon <= 0)
		return false;
	*key = str_to(*s, (size_t)colon);
	struct str rest = str_from(*s, (size_t)colon + 1);
	size_t n = 0;
	bool list = rest.n && rest.p[0] == '[';
	while (n < rest.n && (list ? n == 0 || rest.p[n - 1] != ']' : rest.p[n] != ' '))
		n++;
	*value = str_to(rest, n);
	*s = str_trim(str_from(rest, n));
	return true;
}

static void
shift_side(struct native_side *s, int64_t by)
{
	for (size_t i = 0; i < s->n; i++)
		s->at[i] += (int32_t)by;
}

static enum rc
judge(const struct reading *r, struct str text, struct err *e)
{
	const struct native *h = r->h;
	size_t far = h->pos.n ? (size_t)(r->offset[0] + (int64_t)h->pos.n) : 0;
	if (native_is_custom(h) && (r->offset[0] < 0 || far > h->n_custom + 1 || h->neg.n || h->zero != 0))
		return err_set(e, RC_INVALID, "the custom buckets of {{%.*s}} do not fit its custom_values", STR_ARG(str_to(text, 120)));
	return RC_OK;
}

enum rc
native_parse(struct str text, struct arena *a, struct native *out, struct err *e)
{
	struct reading r = {.h = out, .arena = a};
	struct str rest = str_trim(text), key, value;
	enum rc rc = RC_OK;
	*out = (struct native){0};
	while (rc == RC_OK && rest.n) {
		bool known = true;
		if (!next_pair(&rest, &key, &value)) {
			rc = err_set(e, RC_INVALID, "\"%.*s\" is not key:value, as in {{count:3 buckets:[1 2]}}", STR_ARG(str_to(rest, 40)));
			break;
		}
		if (take_pair(&r, key, value, &known))
			continue;
		if (!known)
			rc = err_set(e, RC_INVALID,
			    "bad histogram descriptor found: \"%.*s\"; expected schema, sum, count, z_bucket, z_bucket_w, custom_values, "
			    "buckets, n_buckets, offset, n_offset or counter_reset_hint", STR_ARG(str_to(key, 40)));
		else
			rc = err_set(e, RC_INVALID, "error parsing %.*s: \"%.*s\"", STR_ARG(key), STR_ARG(str_to(value, 60)));
	}
	vec_fini(&r.list);
	if (rc != RC_OK)
		return rc;
	shift_side(&out->pos, r.offset[0]);
	shift_side(&out->neg, r.offset[1]);
	return judge(&r, text, e);
}
