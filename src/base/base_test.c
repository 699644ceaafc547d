/* base_test.c — the small tools: text, numbers, time, maps, memory. */
#include "unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/size.h"
#include "base/time.h"

UNIT(str_cut_gives_every_part)
{
	struct str rest = STR("a,,b,"), part;
	const char *want[] = {"a", "", "b", ""};
	for (int i = 0; i < 4; i++) {
		ck_assert(str_cut(&rest, ',', &part));
		ck_assert_str(part, want[i]);
	}
	ck_assert(!str_cut(&rest, ',', &part));
	rest = str_n(",a" + 1, 0); /* empty, whatever stands before it in memory */
	ck_assert(!str_cut(&rest, ',', &part));
	rest = (struct str){0};
	ck_assert(!str_cut(&rest, ',', &part));
}
END

UNIT(str_numbers_take_the_whole_text_or_nothing)
{
	int64_t i;
	uint64_t u;
	double f;
	ck_assert(str_i64(STR("-42"), &i) && i == -42);
	ck_assert(!str_i64(STR("42x"), &i) && !str_i64(STR(""), &i) && !str_i64(STR(" 1"), &i));
	ck_assert(!str_i64(STR("9223372036854775808"), &i));
	ck_assert(!str_u64(STR("-1"), &u));
	ck_assert(str_f64(STR("+Inf"), &f) && isinf(f));
	ck_assert(str_f64(STR("nan"), &f) && isnan(f));
	ck_assert(str_f64(STR("0x1p-2"), &f) && f == 0.25);
	ck_assert(!str_f64(STR("nan(1)"), &f) && !str_f64(STR("1 "), &f));
}
END

UNIT(str_utf8_refuses_overlong_surrogates_and_cuts)
{
	ck_assert(str_utf8(STR("plain, é, 漢, 🔔")));
	ck_assert(!str_utf8(STR("\xc0\x80")) && !str_utf8(STR("\xed\xa0\x80")) && !str_utf8(STR("\xe6\xbc")));
	ck_assert(!str_utf8(STR("\xf4\x90\x80\x80")) && !str_utf8(STR("\xff")));
}
END

UNIT(str_nearest_finds_typing_slips_only)
{
	static const char *const words[] = {"interval", "scrape_configs", "timeout"};
	ck_assert_str_eq(str_nearest(STR("intervall"), words, 3), "interval");
	ck_assert_str_eq(str_nearest(STR("tiemout"), words, 3), "timeout");
	ck_assert_ptr_null(str_nearest(STR("colour"), words, 3));
}
END

/* Every double prints as text that reads back the same. */
UNIT(buf_f64_reads_back)
{
	static const struct {
		double v;
		const char *text;
	} known[] = {{0.1, "0.1"}, {1e21, "1e+21"}, {1e20, "100000000000000000000"}, {1e-7, "1e-07"}, {1e-6, "0.000001"},
	    {-0.0, "-0"}, {123456789.125, "123456789.125"}, {INFINITY, "+Inf"}, {5e-324, "5e-324"},
	    {1.7976931348623157e308, "1.7976931348623157e+308"}};
	struct buf b = {0};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		buf_clear(&b);
		buf_f64(&b, known[i].v);
		ck_assert_str_eq(b.p, known[i].text);
	}
	srand48(7);
	for (int i = 0; i < 200000; i++) {
		union {
			double f;
			uint64_t u;
		} v = {.u = ((uint64_t)mrand48() << 32) ^ (uint64_t)(uint32_t)mrand48()};
		double back;
		if (!isfinite(v.f))
			continue;
		buf_clear(&b);
		buf_f64(&b, v.f);
		ck_assert(str_f64(buf_view(&b), &back) && back == v.f);
	}
	buf_fini(&b);
}
END

UNIT(time_round_trips_over_four_centuries)
{
	char text[TIME_TEXT];
	for (int64_t s = -6000000000; s < 8000000000; s += 86400 * 13 + 7919) {
		msec_t back;
		struct civil c = civil_from_seconds(s);
		ck_assert_int_eq(civil_to_seconds(&c), s);
		ck_assert(time_parse_rfc3339(str_c(time_rfc3339(s * 1000 + 5, text)), &back));
		ck_assert_int_eq(back, s * 1000 + 5);
	}
	msec_t t;
	ck_assert(time_parse_rfc3339(STR("2026-03-29T02:30:00.5+02:00"), &t));
	ck_assert_str_eq(time_rfc3339(t, text), "2026-03-29T00:30:00.500Z");
	ck_assert_str_eq(time_rfc3339_short(t, text), "2026-03-29T00:30:00.5Z");
	ck_assert_str_eq(time_rfc3339_short(t + 500, text), "2026-03-29T00:30:01Z");
	ck_assert(!time_parse_rfc3339(STR("2026-02-29T00:00:00Z"), &t));
	ck_assert(!time_parse_rfc3339(STR("2026-01-01T00:00:00"), &t));
}
END

UNIT(duration_parses_and_prints_as_prometheus)
{
	static const struct {
		const char *in;
		msec_t ms;
		const char *out;
	} known[] = {{"5m", 300000, "5m"}, {"1h30m", 5400000, "1h30m"}, {"90m", 5400000, "1h30m"}, {"1d", DAY, "1d"},
	    {"1w", 7 * DAY, "1w"}, {"36h", 36 * HOUR, "36h"}, {"1y", 365 * DAY, "1y"}, {"0", 0, "0s"}, {"1s5ms", 1005, "1s5ms"}};
	struct buf b = {0};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		msec_t ms;
		ck_assert_msg(duration_parse(str_c(known[i].in), &ms), "%s", known[i].in);
		ck_assert_int_eq(ms, known[i].ms);
		buf_clear(&b);
		duration_print(&b, ms);
		ck_assert_str_eq(b.p, known[i].out);
	}
	msec_t ms;
	static const char *const bad[] = {"", "5", "5 m", "1m1h", "1m1m", "-1m", "m", "1.5h", "99999999999999999y"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!duration_parse(str_c(bad[i]), &ms), "%s", bad[i]);
	buf_fini(&b);
}
END

/* A map behaves as the plainest possible one, under a random walk of puts and takes. */
UNIT(map_agrees_with_an_array)
{
	enum { KEYS = 300 };
	static int values[KEYS];
	bool there[KEYS] = {0};
	struct map *m = map_create();
	srand(3);
	for (int step = 0; step < 50000; step++) {
		int k = rand() % KEYS;
		char key[16];
		snprintf(key, sizeof key, "k%d", k);
		void *was = rand() % 2 ? map_put(m, str_c(key), &values[k]) : NULL;
		if (was || map_get(m, str_c(key))) {
			ck_assert(map_get(m, str_c(key)) == &values[k]);
			there[k] = true;
		}
		if (rand() % 3 == 0) {
			ck_assert((map_take(m, str_c(key)) != NULL) == there[k]);
			there[k] = false;
		}
	}
	size_t n = 0, seen = 0;
	for (int k = 0; k < KEYS; k++)
		n += there[k];
	map_each(m, e)
		seen++;
	ck_assert_uint_eq(map_count(m), n);
	ck_assert_uint_eq(seen, n);
	map_destroy(&m);
}
END

UNIT(arena_gives_zeroed_aligned_memory_and_keeps_it)
{
	struct arena *a = arena_create();
	for (int round = 0; round < 3; round++) {
		char *kept[500];
		for (int i = 0; i < 500; i++) {
			size_t n = (size_t)(i * 37 % 9000) + 1;
			kept[i] = arena_alloc(a, n);
			ck_assert_uint_eq((uintptr_t)kept[i] % 16, 0);
			ck_assert(kept[i][0] == 0 && kept[i][n - 1] == 0);
			memset(kept[i], i & 0xff, n);
		}
		for (int i = 0; i < 500; i++)
			ck_assert((unsigned char)kept[i][0] == (i & 0xff));
		arena_reset(a);
		ck_assert_uint_eq(arena_used(a), 0);
	}
	arena_destroy(&a);
	ck_assert_ptr_null(a);
}
END

UNIT(err_gathers_context_and_never_overflows)
{
	struct err e;
	ck_assert_int_eq(err_set(&e, RC_INVALID, "no '=' in matcher \"%s\"", "job~x"), RC_INVALID);
	ck_assert_int_eq(err_add(&e, "in silence \"%s\"", "weekend"), RC_INVALID);
	ck_assert_str_eq(e.text, "no '=' in matcher \"job~x\"; in silence \"weekend\"");
	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(err_add(&e, "%s", "more context than anybody can read"), RC_INVALID);
	ck_assert_uint_lt(strlen(e.text), ERR_TEXT);
	ck_assert_int_eq(err_set(NULL, RC_IO, "nobody listens"), RC_IO);
}
END

UNIT(vec_grows_and_closes_up)
{
	VEC(int) v = {0};
	for (int i = 0; i < 100; i++)
		*vec_add(&v) = i;
	vec_remove(&v, 0);
	vec_remove(&v, 98);
	ck_assert_uint_eq(v.n, 98);
	ck_assert_int_eq(v.p[0], 1);
	ck_assert_int_eq(v.p[97], 98);
	vec_fini(&v);
}
END

UNIT(size_parses_and_prints_in_steps_of_1024)
{
	static const struct {
		const char *in;
		int64_t bytes;
		const char *out;
	} known[] = {{"0", 0, "0B"}, {"10MB", 10 << 20, "10MB"}, {"10MiB", 10 << 20, "10MB"}, {"1536", 1536, "1536B"},
	    {"1.5KB", 1536, "1536B"}, {"2GB", INT64_C(2) << 30, "2GB"}, {"7B", 7, "7B"}, {"3k", 3072, "3KB"}};
	struct buf b = {0};
	int64_t v;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		ck_assert_msg(size_parse(str_c(known[i].in), &v), "%s", known[i].in);
		ck_assert_int_eq(v, known[i].bytes);
		buf_clear(&b);
		size_print(&b, v);
		ck_assert_str_eq(b.p, known[i].out);
	}
	ck_assert(!size_parse(STR(""), &v) && !size_parse(STR("-1KB"), &v) && !size_parse(STR("10XB"), &v));
	ck_assert(!size_parse(STR("9999999999999GB"), &v) && !size_parse(STR("MB"), &v));
	buf_fini(&b);
}
END

UNIT(metrics_of_every_process_stand_side_by_side)
{
	struct buf b = {0};
	metric_share();
	for (int i = 0; i < 2; i++) {
		if (fork() == 0) {
			metric_role(i ? "core" : "engine");
			metric_add(METRIC_turns_total, 3 + i);
			metric_max(METRIC_turn_longest_microseconds, 7);
			metric_max(METRIC_turn_longest_microseconds, 5);
			_exit(0);
		}
		wait(NULL);
	}
	metric_print(&b);
	ck_assert_ptr_nonnull(strstr(b.p, "tocsin_turns_total{role=\"engine\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(b.p, "tocsin_turns_total{role=\"core\"} 4\n"));
	ck_assert_ptr_nonnull(strstr(b.p, "tocsin_turn_longest_microseconds{role=\"core\"} 7\n"));
	buf_fini(&b);
}
END
