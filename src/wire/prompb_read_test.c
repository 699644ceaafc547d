/* prompb_read_test.c — requests of remote read. */
#include "wire/prompb_read.h"

#include "unit.h"

static void
make(struct buf *out, uint64_t op)
{
	struct buf query = {0}, matcher = {0};
	proto_put_varint(&matcher, 1, op);
	proto_put_bytes(&matcher, 2, STR("job"));
	proto_put_bytes(&matcher, 3, STR("x.*"));
	proto_put_varint(&query, 1, (uint64_t)-5);
	proto_put_varint(&query, 2, 1700);
	proto_put_bytes(&query, 3, buf_view(&matcher));
	proto_put_bytes(&query, 4, STR("\x08\x01")); /* hints */
	proto_put_bytes(out, 1, buf_view(&query));
	proto_put_varint(out, 2, 1); /* chunks, please */
	buf_fini(&query);
	buf_fini(&matcher);
}

UNIT(queries_of_remote_read_are_read_and_cut_ones_refused)
{
	struct buf b = {0};
	struct prompb_read r;
	make(&b, PROMPB_RE);
	prompb_read_init(&r, buf_view(&b));
	ck_assert(prompb_read_next(&r));
	ck_assert(r.from == -5 && r.to == 1700 && r.matchers.n == 1 && r.matchers.p[0].op == PROMPB_RE);
	ck_assert_str(r.matchers.p[0].value, "x.*");
	ck_assert(!prompb_read_next(&r) && prompb_read_end(&r, NULL) == RC_OK);
	prompb_read_fini(&r);
	for (size_t n = 1; n < b.n - 2; n++) { /* the last field is one by itself */
		prompb_read_init(&r, str_n(b.p, n));
		while (prompb_read_next(&r))
			;
		ck_assert_msg(prompb_read_end(&r, NULL) == RC_INVALID, "cut at %zu", n);
		prompb_read_fini(&r);
	}
	buf_clear(&b);
	make(&b, 4);
	prompb_read_init(&r, buf_view(&b));
	ck_assert(!prompb_read_next(&r) && prompb_read_end(&r, NULL) == RC_INVALID);
	prompb_read_fini(&r);
	buf_fini(&b);
}
END

UNIT(prompb_read_knows_what_is_wanted)
{
	static const struct {
		struct str request;
		bool chunks;
	} rows[] = {
	    {{"", 0}, false},
	    {{"\x12\x02\x01\x00", 4}, true},  /* packed: chunks, or else samples */
	    {{"\x12\x02\x00\x01", 4}, false},
	    {{"\x10\x01\x10\x00", 4}, true}, /* one by one */
	    {{"\x10\x07\x10\x00", 4}, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert(prompb_read_wants_chunks(rows[i].request) == rows[i].chunks);
}
END
