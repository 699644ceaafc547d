#include "check/state.h"

#include <string.h>

#include "unit.h"

/* O W C U are results; what stands after each: '.' OK, 's' soft, 'h' hard, and whether people were told ('!'). */
UNIT(soft_and_hard_states_follow_the_table)
{
	static const struct {
		int64_t max;
		const char *results, *states, *told;
	} table[] = {
	    {3, "OCCCCO", ".sshh.", "   CC "},
	    {3, "CCC", "ssh", "  C"},
	    {3, "OCCOCCC", ".ss.ssh", "      C"},
	    {3, "OWCCO", ".ssh.", "   C "},
	    {1, "OCWWO", ".hhh.", " CWW "},
	    {2, "OUUCCO", ".shhh.", "  UCC "},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct check_status s = {0};
		for (size_t k = 0; table[i].results[k]; k++) {
			static const char letters[] = "OWCU";
			bool changed = check_status_take(&s, (enum check_state)(strchr(letters, table[i].results[k]) - letters), table[i].max, (msec_t)k);
			char state = s.state == CHECK_OK ? '.' : s.hard ? 'h' : 's';
			ck_assert_msg(state == table[i].states[k], "%s: %zu is %c", table[i].results, k, state);
			ck_assert_int_eq(s.told ? letters[s.told_state] : ' ', table[i].told[k]);
			ck_assert(changed || (k && table[i].states[k] == table[i].states[k - 1]));
		}
	}
}
END

UNIT(a_steady_result_changes_nothing)
{
	struct check_status s = {0};
	ck_assert(check_status_take(&s, CHECK_OK, 3, 1));
	for (int i = 0; i < 100; i++)
		ck_assert(!check_status_take(&s, CHECK_OK, 3, 2));
	ck_assert_int_eq(s.since, 1);
}
END

UNIT(flapping_begins_over_20_and_ends_under_5_percent)
{
	struct check_status s = {0};
	unsigned char all[FLAP_RESULTS];
	for (int i = 0; i < FLAP_RESULTS; i++)
		all[i] = i % 2 ? CHECK_CRITICAL : CHECK_OK;
	ck_assert_double_eq_tol(check_flap_percent(all), 100, 1e-9);
	int began = -1;
	for (int i = 0; i < 20; i++) {
		check_status_take(&s, i % 2 ? CHECK_CRITICAL : CHECK_OK, 1, i);
		if (s.flapping && began < 0)
			began = i;
	}
	ck_assert_int_eq(began, 4); /* four changes of about 1.16 in 20 */
	ck_assert(s.told);
	int quiet = 0;
	for (; s.flapping; quiet++) {
		check_status_take(&s, CHECK_OK, 1, 100 + quiet);
		ck_assert(s.told == s.flapping); /* not taken back before it is calm */
	}
	ck_assert_int_gt(quiet, 15);
	ck_assert_int_lt(quiet, 22);
}
END

UNIT(what_is_remembered_is_what_was)
{
	static const enum check_state results[] = {CHECK_OK, CHECK_CRITICAL, CHECK_CRITICAL, CHECK_UNKNOWN, CHECK_OK, CHECK_WARNING};
	struct arena *a = arena_create();
	struct check_status s = {0};
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct check_memory m = {0};
		struct check_status again;
		check_status_take(&s, results[i], 2, (msec_t)i);
		check_status_remember(&s, &m, a);
		check_status_restore(&again, &m);
		ck_assert(again.state == s.state && again.hard == s.hard && again.attempt == s.attempt && again.told == s.told);
		ck_assert_mem_eq(again.history, s.history, FLAP_RESULTS);
	}
	struct check_memory odd = {.state = CHECK_CRITICAL, .history = STR("0\xff""9zz")};
	check_status_restore(&s, &odd);
	check_status_take(&s, CHECK_CRITICAL, 3, 9);
	ck_assert_int_eq(s.attempt, 2);
	arena_destroy(&a);
}
END
