/*
 * native_fuzz.c — histograms as tests write them: what is read can be computed with, written and read again.  The bytes are
 * read as they are, and as a choice of keys and numbers.
 */
#include "base/must.h"
#include "promql/native.h"
#include "promql/series_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
compute(const struct native *h, struct arena *a)
{
	enum native_nan nan;
	struct native *twice = native_copy(h, a), *cut = native_copy(h, a);
	struct histogram stored;
	struct buf b = {0};
	must(native_add(twice, h, a, NULL));
	must(native_eq(h, h));
	(void)native_was_reset(twice, h, a);
	(void)native_quantile(h, 0.7, a, &nan);
	(void)native_fraction(h, -1, 3, a, &nan);
	(void)native_variance(h, a);
	native_trim(cut, 1.5, true, a);
	native_reduce(twice, HISTOGRAM_SCHEMA_MIN, a);
	native_print(twice, &b);
	native_json(cut, &b);
	native_to(h, a, &stored);
	buf_clear(&b);
	histogram_pack(&stored, &b);
	struct native *again = native_read(buf_view(&b), a);
	must(again && native_eq(again, h));
	buf_fini(&b);
}

/* Each byte says a key, the next ones its number or list. */
static void
compose(const uint8_t *bytes, size_t n, struct buf *b)
{
	static const char *const keys[] = {"schema", "sum", "count", "z_bucket", "z_bucket_w", "offset", "n_offset", "buckets", "n_buckets",
	    "custom_values"};
	buf_c(b, "{{");
	for (size_t i = 0; i + 1 < n && i < 64; i += 2) {
		unsigned key = bytes[i] % 10, length = bytes[i + 1] % 6;
		buf_fmt(b, " %s:", keys[key]);
		if (key < 7) {
			buf_fmt(b, "%d", key == 0 && bytes[i + 1] > 200 ? HISTOGRAM_CUSTOM : bytes[i + 1] % 16 - 4);
			continue;
		}
		buf_ch(b, '[');
		for (unsigned k = 0; k < length && i + 2 < n; k++, i++)
			buf_fmt(b, "%s%d", k ? " " : "", key == 9 ? (int)k * 3 - 2 : bytes[i + 2]);
		buf_ch(b, ']');
	}
	buf_c(b, "}}");
}

static void
read_text(struct str text)
{
	struct arena *a = arena_create();
	struct series_items items = {0}, again = {0};
	struct buf b = {0};
	if (series_items_parse(text, a, &items, NULL) == RC_OK && items.n && items.p[0].h) {
		compute(items.p[0].h, a);
		native_print_test(items.p[0].h, &b);
		if (b.n < 1 << 16)
			must(series_items_parse(buf_view(&b), a, &again, NULL) == RC_OK);
	}
	vec_fini(&items);
	vec_fini(&again);
	buf_fini(&b);
	arena_destroy(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf b = {0};
	compose(bytes, n, &b);
	read_text(buf_view(&b));
	read_text(str_n((const char *)bytes, n));
	buf_fini(&b);
	return 0;
}
