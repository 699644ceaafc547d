/* scraper_test.c — when targets are asked. */
#include "unit.h"

#include "base/str.h"
#include "base/time.h"
#include "collect/scraper_state.h"

static uint64_t
hash_of(unsigned i)
{
	return str_hash(str_n((const char *)&i, sizeof i));
}

UNIT(moments_lie_within_their_interval_and_are_shared)
{
	static const msec_t intervals[] = {1, 7, 19, 20, 500, 2000, 15 * SECOND, MINUTE, DAY};
	for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++)
		for (unsigned target = 0; target < 1000; target++) {
			msec_t moment = scraper_moment(hash_of(target), intervals[i]);
			ck_assert(moment >= 0 && moment < intervals[i]);
			ck_assert_int_eq(moment, scraper_moment(hash_of(target), intervals[i]));
			if (intervals[i] >= SCRAPER_MOMENTS * SCRAPER_TOGETHER)
				ck_assert_int_eq(moment % SCRAPER_TOGETHER, 0);
		}
}
END

UNIT(targets_are_spread_over_their_interval)
{
	enum { TARGETS = 6000, MOMENTS = 15 * SECOND / SCRAPER_TOGETHER, EACH = TARGETS / MOMENTS };
	unsigned at[MOMENTS] = {0};
	for (unsigned target = 0; target < TARGETS; target++)
		at[scraper_moment(hash_of(target), 15 * SECOND) / SCRAPER_TOGETHER]++;
	for (size_t i = 0; i < MOMENTS; i++)
		ck_assert(at[i] > EACH / 4 && at[i] < EACH * 2);
}
END
