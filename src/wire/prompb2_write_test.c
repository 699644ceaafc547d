/* prompb2_write_test.c — what is written in 2.0 reads as what is written in 1.0. */
#include "unit.h"

#include <string.h>

#include "wire/prompb2.h"
#include "wire/prompb2_write.h"

UNIT(prompb2_writer_says_what_1_says)
{
	struct pair a[] = {{STR("__name__"), STR("m")}, {STR("job"), STR("x")}}, b[] = {{STR("__name__"), STR("x")}, {STR("z"), STR("m")}};
	struct prompb_sample s[] = {{1000, 1.5}, {2000, -0.0}};
	struct buf one = {0}, two = {0}, back = {0};
	struct prompb2_writer w;
	struct err e;
	const struct prompb2_limits limits = {1000, 1000, 1 << 20};
	prompb2_writer_init(&w);
	prompb2_writer_add(&w, (struct pairs){a, 2}, s, 2, NULL, 0);
	prompb2_writer_add(&w, (struct pairs){b, 2}, s, 1, NULL, 0);
	prompb2_writer_finish(&w, &two);
	prompb_add(&one, (struct pairs){a, 2}, s, 2);
	prompb_add(&one, (struct pairs){b, 2}, s, 1);
	ck_assert_msg(prompb2_to_1(buf_view(&two), &limits, &back, &e) == RC_OK, "%s", e.text);
	ck_assert(str_eq(buf_view(&one), buf_view(&back)));
	ck_assert_uint_eq(w.n_symbols, 6); /* the empty one, and each once */
	prompb2_writer_fini(&w);
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&back);
}
END
