/* suspect_test.c — who is blamed for which death. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/suspect.h"

static char path[] = "/tmp/tocsin-suspect-XXXXXX";

static void
share(void)
{
	struct err e;
	ck_assert_msg(suspect_share(path, "build 1", &e) == RC_OK, "%s", e.text);
}

static void
begin(void)
{
	close(mkstemp(path));
	share();
}

static void *
work_on_seven(void *barrier)
{
	suspect_begin(7, "seven");
	pthread_barrier_wait(barrier);
	pause();
	return NULL;
}

/* A role with two threads, at 7 and at 9, of which the one at 9 may say that it is guilty. */
static void
live_and_die(bool says_so, bool crashed)
{
	pid_t pid = fork();
	if (pid == 0) {
		pthread_barrier_t b;
		pthread_t t;
		suspect_role("core");
		pthread_barrier_init(&b, NULL, 2);
		pthread_create(&t, NULL, work_on_seven, &b);
		pthread_barrier_wait(&b);
		suspect_begin(5, "five");
		suspect_end();
		suspect_begin(9, "%s", "nine");
		if (says_so)
			suspect_guilty();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	suspect_died("core", crashed, 1000);
}

UNIT(who_says_so_is_guilty_alone_and_barred_at_the_second_time)
{
	struct suspect all[SUSPECTS_MAX];
	begin();
	live_and_die(true, true);
	ck_assert(!suspect_barred(9));
	ck_assert_uint_eq(suspect_changes(), 0);
	live_and_die(true, true);
	ck_assert(suspect_barred(9));
	ck_assert(!suspect_barred(7) && !suspect_barred(5));
	ck_assert_uint_eq(suspect_changes(), 1);
	ck_assert_uint_eq(suspect_list(all), 1);
	ck_assert_str_eq(all[0].what, "nine");
	ck_assert_str_eq(all[0].role, "core");
	ck_assert_int_eq(all[0].deaths, 2);
	unlink(path);
}
END

UNIT(where_nobody_could_say_so_all_that_were_at_work_are_suspects)
{
	begin();
	live_and_die(false, true);
	live_and_die(false, true);
	ck_assert(suspect_barred(9) && suspect_barred(7) && !suspect_barred(5));
	unlink(path);
}
END

UNIT(being_killed_says_nothing_about_the_work)
{
	struct suspect all[SUSPECTS_MAX];
	begin();
	for (int i = 0; i < 3; i++)
		live_and_die(true, false);
	ck_assert_uint_eq(suspect_list(all), 0);
	live_and_die(true, true);
	suspect_role("core");
	ck_assert(suspect_after_crash());
	live_and_die(true, false);
	ck_assert(!suspect_after_crash());
	ck_assert(!suspect_barred(9));
	unlink(path);
}
END

UNIT(what_is_known_outlives_the_keeper_but_not_the_program)
{
	struct suspect all[SUSPECTS_MAX];
	struct err e;
	begin();
	live_and_die(true, true);
	live_and_die(true, true);
	share();
	ck_assert(suspect_barred(9));
	ck_assert(suspect_forget(9));
	ck_assert(!suspect_forget(9));
	ck_assert(!suspect_barred(9));
	live_and_die(true, true);
	ck_assert_int_eq(suspect_share(path, "build 2", &e), RC_OK);
	ck_assert_uint_eq(suspect_list(all), 0);
	unlink(path);
}
END

UNIT(many_suspects_do_not_drive_out_who_is_barred)
{
	struct suspect all[SUSPECTS_MAX];
	begin();
	live_and_die(true, true);
	live_and_die(true, true);
	suspect_role("engine");
	for (uint64_t i = 100; i < 300; i++) {
		suspect_begin(i, "%d", (int)i);
		suspect_guilty();
		suspect_died("engine", true, (msec_t)i);
		suspect_role("engine"); /* another life */
	}
	ck_assert(suspect_barred(9));
	ck_assert_uint_eq(suspect_list(all), SUSPECTS_MAX);
	unlink(path);
}
END
