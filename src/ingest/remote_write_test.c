/* remote_write_test.c — a request's series, known and new, in any form, with what some senders add. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ingest/remote_write.h"
#include "wire/histogram.h"
#include "wire/prompb.h"
#include "wire/snappy.h"

struct fixture {
	char dir[64];
	struct clock *clock;
	struct tsdb *db;
	struct buf request;
};

static void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/remote-write-XXXXXX"};
	struct err e;
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->clock = clock_virtual_create(1000 * SECOND);
	struct tsdb_options o = {.dir = f->dir, .clock = f->clock, .sync_every = 200};
	ck_assert_msg(tsdb_open(&o, &f->db, &e) == RC_OK, "%s", e.text);
}

static void
fixture_fini(struct fixture *f)
{
	tsdb_close(&f->db);
	clock_destroy(&f->clock);
	buf_fini(&f->request);
	unit_remove(f->dir);
}

static enum rc
send_request(struct fixture *f, struct remote_write_counts *n, struct err *e)
{
	struct buf packed = {0};
	snappy_pack(buf_view(&f->request), &packed);
	enum rc rc = remote_write(f->db, STR("t"), &(struct remote_write){.packed = buf_view(&packed), .unpacked_limit = 1 << 20}, n, e);
	buf_fini(&packed);
	buf_clear(&f->request);
	return rc;
}

static size_t
count_series(struct fixture *f, size_t *histograms)
{
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = INT64_MIN, .max = INT64_MAX};
	struct tsdb_cursor *c;
	struct tsdb_view v;
	size_t n = 0;
	*histograms = 0;
	ck_assert(tsdb_cursor_create(f->db, &q, &c, NULL) == RC_OK);
	for (; tsdb_cursor_next(c, &v); n++)
		*histograms += v.n_histograms;
	tsdb_cursor_destroy(&c);
	return n;
}

UNIT(remote_write_knows_a_label_set_in_every_form)
{
	struct fixture f;
	struct remote_write_counts n;
	struct err e;
	size_t histograms;
	struct pair sorted[] = {{STR("__name__"), STR("m")}, {STR("job"), STR("x")}},
		    mixed[] = {{STR("job"), STR("x")}, {STR("__name__"), STR("m")}},
		    empty[] = {{STR("__name__"), STR("m")}, {STR("gone"), STR("")}, {STR("job"), STR("x")}};
	fixture_init(&f);
	for (int64_t round = 0; round < 3; round++) {
		struct prompb_sample s[] = {{round * 30, 1}, {round * 30 + 10, 2}, {round * 30 + 20, 3}};
		prompb_add(&f.request, (struct pairs){sorted, 2}, &s[0], 1);
		prompb_add(&f.request, (struct pairs){mixed, 2}, &s[1], 1);
		prompb_add(&f.request, (struct pairs){empty, 3}, &s[2], 1);
		ck_assert_msg(send_request(&f, &n, &e) == RC_OK, "%s", e.text);
		ck_assert(n.series == 3 && n.samples == 3 && n.stored.stored == 3);
	}
	ck_assert_uint_eq(count_series(&f, &histograms), 1);
	fixture_fini(&f);
}
END

UNIT(remote_write_refuses_a_bad_series_every_time_and_keeps_the_others)
{
	struct fixture f;
	struct remote_write_counts n;
	struct err e;
	struct pair good[] = {{STR("__name__"), STR("m")}},
		    twice[] = {{STR("a"), STR("1")}, {STR("a"), STR("2")}};
	fixture_init(&f);
	for (int64_t round = 0; round < 3; round++) {
		struct prompb_sample s = {round, 1};
		prompb_add(&f.request, (struct pairs){twice, 2}, &s, 1);
		prompb_add(&f.request, (struct pairs){good, 1}, &s, 1);
		ck_assert_int_eq(send_request(&f, &n, &e), RC_INVALID);
		ck_assert(
		    strstr(e.text, "1 of 2 series were refused") && strstr(e.text, "stands there twice"));
		ck_assert(n.bad_series == 1 && n.stored.stored == 1);
	}
	fixture_fini(&f);
}
END

    static void
    add_histogram(struct buf *request, const struct histogram *h, int64_t t)
{
	struct buf series = {0}, part = {0};
	proto_put_bytes(&part, 1, STR("__name__"));
	proto_put_bytes(&part, 2, STR("h"));
	proto_put_bytes(&series, 1, buf_view(&part));
	buf_clear(&part);
	histogram_to_proto(h, t, &part);
	proto_put_bytes(&series, 4, buf_view(&part));
	proto_put_bytes(request, 1, buf_view(&series));
	buf_fini(&series);
	buf_fini(&part);
}

UNIT(remote_write_stores_histograms_and_their_end)
{
	struct fixture f;
	struct remote_write_counts n;
	struct err e;
	size_t histograms;
	struct histogram_span span = {1, 2};
	double counts[] = {3, 4};
	struct histogram h = {
	    .schema = 1, .integer = true, .count = 7, .sum = 9.5, .positive = {&span, 1, counts, 2}};
	fixture_init(&f);
	add_histogram(&f.request, &h, 10);
	add_histogram(&f.request, &h, 20);
	ck_assert_msg(send_request(&f, &n, &e) == RC_OK, "%s", e.text);
	ck_assert(n.histograms == 2 && n.stored_histograms.stored == 2);
	h.schema = 77;
	add_histogram(&f.request, &h, 30);
	ck_assert_int_eq(send_request(&f, &n, &e), RC_INVALID);
	ck_assert_msg(strstr(e.text, "schema 77") != NULL, "%s", e.text);
	h = (struct histogram){.sum = tsdb_stale()};
	add_histogram(&f.request, &h, 40);
	ck_assert_msg(send_request(&f, &n, &e) == RC_OK, "%s", e.text);
	ck_assert(n.stored.stored == 1 && n.stored_histograms.stored == 0);
	ck_assert(count_series(&f, &histograms) == 1 && histograms == 2);
	fixture_fini(&f);
}
END

    static void
    see_metadata(void *arg, const struct tsdb_metadata *m)
{
	buf_fmt(arg, "%.*s %.*s %.*s %.*s|", STR_ARG(m->metric), STR_ARG(m->type), STR_ARG(m->help),
	    STR_ARG(m->unit));
}

static void
see_exemplar(void *arg, struct labels of, const struct tsdb_exemplar *x)
{
	labels_print(arg, of);
	buf_fmt(arg, " %lld=%g ", (long long)x->t, x->v);
	labels_print(arg, x->labels);
	buf_ch(arg, '|');
}

static void
add_exemplar(struct buf *request, int64_t t, double v, const char *trace)
{
	struct buf series = {0}, part = {0}, label = {0};
	proto_put_bytes(&part, 1, STR("__name__"));
	proto_put_bytes(&part, 2, STR("h"));
	proto_put_bytes(&series, 1, buf_view(&part));
	buf_clear(&part);
	proto_put_bytes(&label, 1, STR("trace"));
	proto_put_bytes(&label, 2, str_c(trace));
	proto_put_bytes(&part, 1, buf_view(&label));
	proto_put_f64(&part, 2, v);
	proto_put_varint(&part, 3, (uint64_t)t);
	proto_put_bytes(&series, 3, buf_view(&part));
	proto_put_bytes(request, 1, buf_view(&series));
	buf_fini(&series);
	buf_fini(&part);
	buf_fini(&label);
}

/* What is said beside the samples outlives the process, and the log that it was first written to. */
UNIT(remote_write_keeps_metadata_and_exemplars)
{
	struct fixture f;
	struct remote_write_counts n;
	struct err e;
	struct buf meta = {0}, seen = {0};
	struct str who = STR("t");
	struct tsdb_select q = {.tenants = {&who, 1}, .min = 0, .max = 1000};
	fixture_init(&f);
	proto_put_varint(&meta, 1, 1);
	proto_put_bytes(&meta, 2, STR("h"));
	proto_put_bytes(&meta, 4, STR("How many."));
	proto_put_bytes(&meta, 5, STR("bytes"));
	proto_put_bytes(&f.request, 3, buf_view(&meta));
	add_exemplar(&f.request, 20, 2.5, "b");
	add_exemplar(&f.request, 10, 1.5, "a");
	ck_assert_msg(send_request(&f, &n, &e) == RC_OK, "%s", e.text);
	add_exemplar(&f.request, 10, 1.5, "a"); /* sent again */
	add_exemplar(&f.request, 2000, 1.5, "later");
	ck_assert_msg(send_request(&f, &n, &e) == RC_OK, "%s", e.text);
	for (int round = 0; round < 4; round++) {
		buf_clear(&seen);
		tsdb_metadata_each(f.db, STR("t"), see_metadata, &seen);
		tsdb_metadata_each(f.db, STR("other"), see_metadata, &seen);
		tsdb_exemplars_each(f.db, &q, see_exemplar, &seen);
		ck_assert_str_eq(
		    seen.p, "h counter How many. bytes|h 10=1.5 {trace=\"a\"}|h 20=2.5 {trace=\"b\"}|");
		struct tsdb_sample x = {.t = round, .v = 1};
		struct tsdb_counts c;
		ck_assert(tsdb_series(f.db, STR("t"), (struct labels){STR("\x08__name__\x01h")}, &x.ref,
			      NULL) == RC_OK);
		ck_assert(tsdb_append(f.db, &x, 1, &c, NULL) == RC_OK && c.stored == 1);
		if (round % 2)
			ck_assert(tsdb_flush(f.db, NULL) == RC_OK);
		struct tsdb_options o = {.dir = f.dir, .clock = f.clock, .sync_every = 200};
		tsdb_close(&f.db);
		ck_assert(tsdb_open(&o, &f.db, &e) == RC_OK);
	}
	buf_fini(&meta);
	buf_fini(&seen);
	fixture_fini(&f);
}
END

/* A series of so many labels beside its name. */
static void
add_wide(struct buf *request, const char *name, size_t labels)
{
	struct arena *a = arena_create();
	struct pair *p = arena_array(a, struct pair, labels + 1);
	struct prompb_sample s = {1000, 1};
	p[0] = (struct pair){STR(LABEL_METRIC), str_c(name)};
	for (size_t i = 1; i <= labels; i++)
		p[i] = (struct pair){arena_fmt(a, "l%04zu", i), STR("v")};
	prompb_add(request, (struct pairs){p, labels + 1}, &s, 1);
	arena_destroy(&a);
}

UNIT(remote_write_stores_the_others_when_a_series_has_too_many_labels)
{
	struct fixture f;
	struct remote_write_counts n;
	struct err e;
	size_t histograms;
	fixture_init(&f);
	tsdb_limit(f.db, &(struct tsdb_limits){.labels = 256}, NULL, 0);
	for (int round = 0; round < 2; round++) {
		add_wide(&f.request, "narrow", 200);
		add_wide(&f.request, "wide", 300);
		add_wide(&f.request, "huge", 70000);
		add_wide(&f.request, "last", 1);
		ck_assert_int_eq(send_request(&f, &n, &e), RC_INVALID);
		ck_assert_uint_eq(n.bad_series, 2);
		ck_assert_uint_eq(n.stored.stored + n.stored.duplicate, 2);
		ck_assert_msg(str_starts(str_c(e.text), STR("2 of 4 series were refused (")), "%s", e.text);
		ck_assert_msg(str_has(str_c(e.text), STR("wide")) && str_has(str_c(e.text), STR("huge")), "%s", e.text);
	}
	ck_assert_uint_eq(count_series(&f, &histograms), 2);
	fixture_fini(&f);
}
END

UNIT(remote_write_takes_what_a_customer_may_bring)
{
	struct fixture f;
	struct remote_write_counts n;
	struct err e;
	size_t histograms;
	fixture_init(&f);
	tsdb_limit(f.db, &(struct tsdb_limits){.samples = 1, .burst = 2}, NULL, 0);
	for (int i = 0; i < 3; i++)
		add_wide(&f.request, i == 0 ? "a" : i == 1 ? "b" : "c", 1);
	ck_assert_int_eq(send_request(&f, &n, &e), RC_OK); /* more than the burst: it passes, and is paid for later */
	add_wide(&f.request, "d", 1);
	ck_assert_int_eq(send_request(&f, &n, &e), RC_REFUSED);
	ck_assert(e.wait == 2 && n.stored.stored == 0);
	ck_assert_uint_eq(count_series(&f, &histograms), 3);
	clock_virtual_advance(f.clock, 2 * SECOND);
	add_wide(&f.request, "d", 1);
	ck_assert_int_eq(send_request(&f, &n, &e), RC_OK);
	fixture_fini(&f);
}
END
