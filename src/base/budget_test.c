/* budget_test.c */
#include "unit.h"

#include <pthread.h>

#include "base/budget.h"

UNIT(budget_gives_all_or_nothing)
{
	struct err e;
	budget_limit(BUDGET_bodies, 100);
	ck_assert_int_eq(budget_take(BUDGET_bodies, 60, &e), RC_OK);
	ck_assert_int_eq(budget_take(BUDGET_bodies, 41, &e), RC_REFUSED);
	ck_assert_str_eq(e.text, "too much is under way: 60 of 100 bytes are in use and 41 more are needed; try again");
	ck_assert_int_eq(budget_take(BUDGET_bodies, SIZE_MAX, &e), RC_REFUSED);
	ck_assert(budget_has(BUDGET_bodies, 40) && !budget_has(BUDGET_bodies, 41));
	ck_assert_int_eq(budget_take(BUDGET_bodies, 40, &e), RC_OK);
	budget_give(BUDGET_bodies, 100);
	ck_assert_uint_eq(budget_used(BUDGET_bodies), 0);
}
END

UNIT(budget_without_a_limit_only_counts)
{
	struct err e;
	ck_assert_int_eq(budget_take(BUDGET_queries, SIZE_MAX / 2, &e), RC_OK);
	ck_assert_uint_eq(budget_used(BUDGET_queries), SIZE_MAX / 2);
	budget_give(BUDGET_queries, SIZE_MAX / 2);
}
END

enum { THREADS = 4, ROUNDS = 20000, SHARE = 3, WHOLE = 7 };

static void *
take_and_give(void *arg)
{
	bool *over = arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (budget_take(BUDGET_queries, SHARE, NULL) != RC_OK)
			continue;
		*over |= budget_used(BUDGET_queries) > WHOLE;
		budget_give(BUDGET_queries, SHARE);
	}
	return NULL;
}

UNIT(budget_is_never_overdrawn_by_threads)
{
	pthread_t t[THREADS];
	bool over[THREADS] = {false};
	budget_limit(BUDGET_queries, WHOLE);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, take_and_give, &over[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		ck_assert(!over[i]);
	}
	ck_assert_uint_eq(budget_used(BUDGET_queries), 0);
}
END
