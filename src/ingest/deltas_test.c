/* deltas_test.c — differences summed up. */
#include "ingest/deltas.h"

#include <stdio.h>

#include "unit.h"

UNIT(differences_are_summed_once_each_and_by_tenant)
{
	struct deltas *d = deltas_create(10);
	struct err e;
	double sum = 0;
	ck_assert(deltas_add(d, STR("a"), STR("x"), 10, 3, &sum, &e) == RC_OK && sum == 3);
	ck_assert(deltas_add(d, STR("a"), STR("x"), 20, 4, &sum, &e) == RC_OK && sum == 7);
	ck_assert(deltas_add(d, STR("a"), STR("x"), 20, 4, &sum, &e) == RC_CONFLICT && sum == 7);
	ck_assert(deltas_add(d, STR("a"), STR("x"), 15, 4, &sum, &e) == RC_CONFLICT);
	ck_assert(deltas_add(d, STR("b"), STR("x"), 5, 1, &sum, &e) == RC_OK && sum == 1);
	ck_assert(deltas_add(d, STR("a"), STR("x"), 21, -2, &sum, &e) == RC_OK && sum == 5);
	deltas_destroy(&d);
}
END

UNIT(who_is_silent_makes_room_and_nobody_else)
{
	struct deltas *d = deltas_create(3);
	struct err e;
	double sum;
	char name[8];
	deltas_now(d, DELTAS_IDLE);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%d", i);
		ck_assert(deltas_add(d, STR("t"), str_c(name), 1, 1, &sum, &e) == RC_OK);
	}
	ck_assert(deltas_add(d, STR("t"), STR("one too many"), INT64_MAX, 1, &sum, &e) == RC_REFUSED);
	deltas_now(d, 2 * DELTAS_IDLE);
	ck_assert(deltas_add(d, STR("t"), STR("1"), 2, 1, &sum, &e) == RC_OK && sum == 2);
	deltas_now(d, 2 * DELTAS_IDLE + 1);
	ck_assert(deltas_add(d, STR("t"), STR("new"), 1, 1, &sum, &e) == RC_OK);
	ck_assert(deltas_add(d, STR("t"), STR("1"), 3, 1, &sum, &e) == RC_OK && sum == 3);
	ck_assert(deltas_add(d, STR("t"), STR("0"), 3, 1, &sum, &e) == RC_OK && sum == 1);
	deltas_destroy(&d);
}
END
