/*
 * unit.h — how a unit test is written.
 *
 * IDEA   A test stands beside what it tests (x_test.c beside x.c) and registers
 *        itself:
 *
 *            UNIT(str_cut_takes_the_first_part) { ck_assert(...); }
 *
 *        All tests are one program; each runs in a process of its own.  A file is
 *        a suite, named by its path, so `unit base/str` runs one file and
 *        `unit base/` one room.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>

struct unit {
	const char *file;
	const char *name;
	const TTest *test;
	char suite[128]; /* libcheck keeps pointers into it */
	struct unit *next;
};

void unit_register(struct unit *);
/* Removes a folder that a test made, with all that is in it. */
void unit_remove(const char *dir);
/* A line of /proc/self/status in KiB: unit_status_kib("VmRSS:"); 0: there is none. */
size_t unit_status_kib(const char *line);

#define UNIT(fn)                                                                                             \
	static const TTest *fn##_body;                                                                       \
	static struct unit fn##_unit = {.file = __FILE__, .name = #fn};                                      \
	__attribute__((constructor)) static void fn##_enter(void)                                            \
	{                                                                                                    \
		fn##_unit.test = fn##_body;                                                                  \
		unit_register(&fn##_unit);                                                                   \
	}                                                                                                    \
	START_TEST(fn##_body)
#define END END_TEST

/* A struct str against a literal. */
#define ck_assert_str(s, lit)                                                                                \
	do {                                                                                                 \
		struct str ck_s_ = (s);                                                                      \
		ck_assert_msg(str_eq(ck_s_, str_c(lit)), "'%.*s' is not '%s'", (int)ck_s_.n, ck_s_.p, lit);    \
	} while (0)

#endif
