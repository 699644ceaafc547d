/* answer_test.c — what a cluster answers, and what it may answer instead. */
#include "unit.h"

#include "cluster/answer.h"

#define FINE(call) ck_assert_msg((call) == RC_OK, "%s", e.text)

UNIT(a_vector_is_read)
{
	struct promql_result *r;
	struct err e;
	struct buf b = {0};
	struct str body = STR("{\"status\":\"success\",\"data\":{\"result\":[{\"metric\":{\"job\":\"a\",\"__name__\":\"up\"},\"value\":[1435781451.781,\"0\"]},"
			      "{\"value\":[1,\"+Inf\"],\"metric\":{}}],\"resultType\":\"vector\",\"stats\":{}},\"warnings\":[\"partial\"]}");
	FINE(answer_read(body, &r, &e));
	ck_assert_uint_eq(r->n, 2);
	ck_assert_int_eq(r->series[0].points[0].t, 1435781451781);
	ck_assert(r->series[0].points[0].v == 0 && r->series[1].points[0].v > 1e308);
	labels_print(&b, r->series[0].labels);
	ck_assert_str(buf_view(&b), "up{job=\"a\"}");
	ck_assert_uint_eq(r->series[1].labels.bytes.n, 0);
	ck_assert_uint_eq(r->warnings.n, 1);
	promql_result_destroy(&r);
	buf_fini(&b);
}
END

UNIT(a_scalar_is_read)
{
	struct promql_result *r;
	struct err e;
	FINE(answer_read(STR("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[5,\"2.5\"]}}"), &r, &e));
	ck_assert(r->type == PROMQL_SCALAR && r->n == 1 && r->series[0].points[0].v == 2.5);
	promql_result_destroy(&r);
}
END

UNIT(what_is_no_answer_is_refused)
{
	static const struct {
		const char *body;
		enum rc rc;
		const char *says;
	} cases[] = {
	    {"", RC_IO, "no answer of Prometheus's API"},
	    {"<html>502</html>", RC_IO, "no answer of Prometheus's API"},
	    {"{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"x\"}", RC_IO, "not \"success\""},
	    {"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}", RC_INVALID, "neither vector nor scalar"},
	    {"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{}}]}}", RC_INVALID, "without a value"},
	    {"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,\"x\"]}]}}", RC_INVALID, "no value"},
	    {"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"histogram\":[1,{}]}]}}", RC_INVALID, "native histogram"},
	    {"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"a\":\"1\",\"a\":\"2\"},\"value\":[1,\"1\"]}]}}", RC_INVALID, "a"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct promql_result *r;
		struct err e;
		ck_assert_int_eq(answer_read(str_c(cases[i].body), &r, &e), cases[i].rc);
		ck_assert_msg(str_has(str_c(e.text), str_c(cases[i].says)), "%s", e.text);
		ck_assert_ptr_null(r);
	}
}
END

UNIT(an_error_says_what)
{
	struct buf b = {0};
	ck_assert(answer_error_text(STR("{\"error\":\"1:4: parse error\",\"status\":\"error\",\"errorType\":\"bad_data\"}"), &b));
	ck_assert_str(buf_view(&b), "bad_data: 1:4: parse error");
	ck_assert(!answer_error_text(STR("{\"status\":\"success\"}"), &b));
	ck_assert(!answer_error_text(STR("no tenant"), &b));
	buf_fini(&b);
}
END
