/* timeline_test.c — series in step share their times, and go their own way without a trace. */
#include "unit.h"

#include "base/mem.h"
#include "tsdb/memo.h"
#include "tsdb/timeline.h"

UNIT(timeline_is_shared_until_the_ways_part)
{
	struct timelines own = {0};
	struct timeline *a = timeline_begin(&own, 1000), *b = timeline_begin(&own, 1000),
			*c = timeline_begin(&own, 1000);
	ck_assert(a == b && b == c);
	ck_assert(
	    !timeline_can(a, 1, 1000) && timeline_can(a, 1, 1001) && !timeline_can(a, 1, 1000 + (1ll << 32)));
	for (uint32_t n = 1; n < 40; n++) {
		timeline_step(&own, &a, n, 1000 + n * 10);
		timeline_step(&own, &b, n, 1000 + n * 10);
		timeline_step(&own, &c, n, 1000 + n * 10);
	}
	ck_assert(a == b && b == c && a->n == 40);
	timeline_step(&own, &a, 40, 5000);
	timeline_step(&own, &b, 40, 6000);
	timeline_step(&own, &c, 40, 6000);
	ck_assert(a != b && b == c); /* who parts at the same fork stays together */
	timeline_step(&own, &b, 41, 6001);
	timeline_step(&own, &c, 41, 6002);
	ck_assert(b != c);
	for (uint32_t n = 0; n < 40; n++)
		ck_assert(timeline_at(a, n) == 1000 + n * 10 && timeline_at(c, n) == 1000 + n * 10);
	ck_assert(timeline_at(a, 40) == 5000 && timeline_at(b, 40) == 6000 && timeline_at(b, 41) == 6001 &&
		  timeline_at(c, 41) == 6002);
	timeline_unref(a);
	timeline_unref(b);
	timeline_unref(c);
	timelines_forget(&own);
}
END

    static bool
    is_even(void *arg, uint32_t id)
{
	return id % 2 == 0;
}

/* A table that is full keeps what is good, and forgets the rest sooner or later. */
UNIT(memo_keeps_what_is_good)
{
	enum { MANY = 20000 };
	struct memo *m = memo_create();
	uint32_t id;
	size_t odd = 0;
	for (uint32_t i = 0; i < MANY; i++)
		memo_put(m, (struct memo_key){(uint64_t)i * 0x9e3779b97f4a7c15u, i}, i, is_even, NULL);
	for (uint32_t i = 0; i < MANY; i++) {
		bool there = memo_find(m, (struct memo_key){(uint64_t)i * 0x9e3779b97f4a7c15u, i}, &id);
		ck_assert(!there || id == i);
		ck_assert(there || i % 2);
		odd += there && i % 2;
	}
	ck_assert_uint_lt(odd, MANY / 2);
	ck_assert(!memo_find(
	    m, (struct memo_key){(uint64_t)4 * 0x9e3779b97f4a7c15u, 5}, &id)); /* all of the key counts */
	memo_destroy(&m);
}
END
