/* metricpb_test.c — pages in protobuf as text. */
#include "wire/metricpb.h"

#include "unit.h"
#include "wire/histogram.h"
#include "wire/proto.h"

/* A family of one metric: its label, its value message in field `kind`. */
static void
make(struct buf *out, const char *name, uint64_t type, uint32_t kind, struct str value)
{
	struct buf family = {0}, metric = {0}, label = {0};
	proto_put_bytes(&label, 1, STR("a"));
	proto_put_bytes(&label, 2, STR("x\"\\\ny"));
	proto_put_bytes(&metric, kind, value);
	proto_put_bytes(&metric, 1, buf_view(&label));
	proto_put_bytes(&family, 4, buf_view(&metric)); /* in front of the name: any order is allowed */
	proto_put_bytes(&family, 1, str_c(name));
	proto_put_varint(&family, 3, type);
	proto_add_varint(out, family.n);
	buf_str(out, buf_view(&family));
	buf_fini(&family);
	buf_fini(&metric);
	buf_fini(&label);
}

UNIT(families_become_the_text_that_they_stand_for)
{
	struct buf page = {0}, value = {0}, part = {0}, text = {0};
	struct err e;
	proto_put_f64(&value, 1, 2.5);
	make(&page, "c_total", 0, 3, buf_view(&value));
	buf_clear(&value);
	proto_put_varint(&part, 1, 2);
	proto_put_f64(&part, 2, 0.5);
	proto_put_varint(&value, 1, 3);
	proto_put_f64(&value, 2, 9);
	proto_put_bytes(&value, 3, buf_view(&part));
	make(&page, "h", 4, 7, buf_view(&value));
	ck_assert(metricpb_to_text(buf_view(&page), 10000, NULL, &text, &e) == RC_OK);
	ck_assert_str(buf_view(&text),
	    "# TYPE \"c_total\" counter\n{\"c_total\",\"a\"=\"x\\\"\\\\\\ny\"} 2.5\n"
	    "# TYPE \"h\" histogram\n{\"h_bucket\",\"a\"=\"x\\\"\\\\\\ny\",le=\"0.5\"} 2\n"
	    "{\"h_bucket\",\"a\"=\"x\\\"\\\\\\ny\",le=\"+Inf\"} 3\n"
	    "{\"h_sum\",\"a\"=\"x\\\"\\\\\\ny\"} 9\n{\"h_count\",\"a\"=\"x\\\"\\\\\\ny\"} 3\n");
	buf_clear(&text);
	ck_assert(metricpb_to_text(buf_view(&page), 50, NULL, &text, &e) == RC_REFUSED);
	for (size_t n = 1; n < page.n; n++) {
		buf_clear(&text);
		bool whole = n == (size_t)(unsigned char)page.p[0] + 1;
		ck_assert_msg(
		    (metricpb_to_text(str_to(buf_view(&page), n), 10000, NULL, &text, &e) == RC_OK) == whole,
		    "cut at %zu", n);
	}
	buf_fini(&page);
	buf_fini(&value);
	buf_fini(&part);
	buf_fini(&text);
}
END

UNIT(native_histograms_are_themselves_for_who_asks)
{
	struct buf page = {0}, value = {0}, part = {0}, text = {0};
	struct metricpb_natives natives;
	struct histogram h;
	struct arena *a = arena_create();
	struct err e;
	proto_put_varint(&value, 1, 3); /* count, sum, schema 1, one span from 2 on with changes 1 and 1 */
	proto_put_f64(&value, 2, 9);
	proto_put_varint(&value, 5, 2);
	proto_put_varint(&part, 1, 4);
	proto_put_varint(&part, 2, 2);
	proto_put_bytes(&value, 12, buf_view(&part));
	proto_put_varint(&value, 13, 2);
	proto_put_varint(&value, 13, 2);
	make(&page, "h", 5, 7, buf_view(&value));
	metricpb_natives_init(&natives, false);
	ck_assert(metricpb_to_text(buf_view(&page), 10000, &natives, &text, &e) == RC_OK);
	ck_assert_str(buf_view(&text), "# TYPE \"h\" gaugehistogram\n{\"h\",\"a\"=\"x\\\"\\\\\\ny\"} h0\n");
	ck_assert(natives.all.n == 1 && histogram_unpack(natives.all.p[0], a, &h));
	ck_assert(h.integer && h.hint == HISTOGRAM_GAUGE && h.count == 3 && h.sum == 9 && h.schema == 1 && h.positive.n == 2);
	ck_assert(h.positive.spans[0].offset == 2 && h.positive.counts[0] == 1 && h.positive.counts[1] == 2);
	metricpb_natives_fini(&natives);
	buf_clear(&text);
	ck_assert(metricpb_to_text(buf_view(&page), 10000, NULL, &text, &e) == RC_OK);
	ck_assert(str_has(buf_view(&text), STR("{\"h_count\"")));
	buf_fini(&page);
	buf_fini(&value);
	buf_fini(&part);
	buf_fini(&text);
	arena_destroy(&a);
}
END
