/* nhcb_test.c — pages whose classic histograms become native ones, and those that stay. */
#include "unit.h"

#include "base/arena.h"
#include "wire/histogram.h"
#include "wire/nhcb.h"

/* The page as it is afterwards; natives as {count sum | bounds | counts}. */
static const char *
rewritten(const char *page, enum expo_format format, bool with_classic, struct arena *a)
{
	struct metricpb_natives natives;
	struct buf out = {0};
	metricpb_natives_init(&natives, with_classic);
	nhcb_page(str_c(page), format, &natives, &out);
	for (size_t i = 0; i < natives.all.n; i++) {
		struct histogram h;
		ck_assert(histogram_unpack(natives.all.p[i], a, &h));
		ck_assert_int_eq(h.schema, HISTOGRAM_CUSTOM);
		buf_fmt(&out, "{%g %g |", h.count, h.sum);
		for (size_t k = 0; k < h.n_custom; k++)
			buf_fmt(&out, " %g", h.custom[k]);
		buf_c(&out, " |");
		for (size_t k = 0; k < h.positive.n; k++)
			buf_fmt(&out, " %g", h.positive.counts[k]);
		buf_c(&out, h.integer ? "}" : " floats}");
	}
	const char *s = arena_cstr(a, buf_view(&out));
	metricpb_natives_fini(&natives);
	buf_fini(&out);
	return s;
}

#define HEAD "# TYPE d histogram\n"
#define ONE                                                                                                  \
	"d_bucket{le=\"0.5\",a=\"x\\\"\"} 1\nd_bucket{le=\"2\",a=\"x\\\"\"} 3\nd_bucket{le=\"+Inf\",a=\"x\\\"\"} 4\n"   \
	"d_sum{a=\"x\\\"\"} 9.5\nd_count{a=\"x\\\"\"} 4\n"

UNIT(classic_histograms_become_native)
{
	static const struct {
		const char *page, *is;
	} known[] = {
	    {"up 1\n" HEAD ONE "g 2\n", "up 1\n" HEAD "g 2\n{\"d\",\"a\"=\"x\\\"\"} h0\n{4 9.5 | 0.5 2 | 1 2 1}"},
	    /* several of a family, in any order; with times; without +Inf */
	    {HEAD "d_count{a=\"1\"} 2 7\nd_bucket{a=\"2\",le=\"1\"} 1.5 7\nd_bucket{le=\"1\",a=\"1\"} 1 7\nd_sum{a=\"2\"} 1 7\nd_count{a=\"2\"} 3 7\n",
	        HEAD "{\"d\",\"a\"=\"1\"} h0 7\n{\"d\",\"a\"=\"2\"} h1 7\n{2 0 | 1 | 1 1}{3 1 | 1 | 1.5 1.5 floats}"},
	    /* another type begins */
	    {HEAD "d_bucket{le=\"+Inf\"} 2\n# TYPE c counter\nc 1\n", HEAD "{\"d\"} h0\n# TYPE c counter\nc 1\n{2 0 | | 2}"},
	    /* what makes none stays: buckets that fall, no count, a bound that is no number, another time, no histogram by type */
	    {HEAD "d_bucket{le=\"1\"} 3\nd_bucket{le=\"2\"} 2\nd_count 3\n", HEAD "d_bucket{le=\"1\"} 3\nd_bucket{le=\"2\"} 2\nd_count 3\n"},
	    {HEAD "d_bucket{le=\"1\"} 3\n", HEAD "d_bucket{le=\"1\"} 3\n"},
	    {HEAD "d_bucket{le=\"x\"} 3\nd_count 3\n", HEAD "d_bucket{le=\"x\"} 3\nd_count 3\n"},
	    {HEAD "d_bucket{le=\"1\"} 3 5\nd_count 3 6\n", HEAD "d_bucket{le=\"1\"} 3 5\nd_count 3 6\n"},
	    {HEAD "d_bucket{le=\"1\"} 3\nd_bucket{le=\"+Inf\"} 5\nd_count 4\n", HEAD "d_bucket{le=\"1\"} 3\nd_bucket{le=\"+Inf\"} 5\nd_count 4\n"},
	    {"d_bucket{le=\"+Inf\"} 2\nd_count 2\n", "d_bucket{le=\"+Inf\"} 2\nd_count 2\n"},
	    /* no page at all */
	    {HEAD ONE "nonsense\n", HEAD ONE "nonsense\n"},
	};
	struct arena *a = arena_create();
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		ck_assert_str_eq(rewritten(known[i].page, EXPO_TEXT, false, a), known[i].is);
	ck_assert_str_eq(rewritten(HEAD ONE, EXPO_TEXT, true, a), HEAD ONE "{\"d\",\"a\"=\"x\\\"\"} h0\n{4 9.5 | 0.5 2 | 1 2 1}");
	ck_assert_str_eq(rewritten(HEAD "d_bucket{le=\"+Inf\"} 2 1.25\nd_count 2 1.25\nd_created 1\n# EOF\n", EXPO_OPENMETRICS, false, a),
	    HEAD "d_created 1\n{\"d\"} h0 1.250\n# EOF\n{2 0 | | 2}");
	arena_destroy(&a);
}
END
