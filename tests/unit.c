/* unit.c — collects what UNIT() registered and runs it, one process a test. */
#include "unit.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct unit *units;

void
unit_register(struct unit *u)
{
	u->next = units;
	units = u;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

void
unit_remove(const char *dir)
{
	ck_assert_msg(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "%s cannot be removed", dir);
}

size_t
unit_status_kib(const char *line)
{
	char text[256];
	size_t kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(text, sizeof text, f))
		if (strncmp(text, line, strlen(line)) == 0)
			kib = strtoul(text + strlen(line), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

/* "../src/base/str_test.c" -> "base/str" */
static void
suite_name(const char *file, char *out, size_t size)
{
	const char *p = strstr(file, "src/");
	snprintf(out, size, "%s", p ? p + 4 : file);
	char *end = strstr(out, "_test.c");
	if (end)
		*end = '\0';
}

static bool
wanted(const char *suite, const char *test, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(suite, argv[i], strlen(argv[i])) == 0 || strcmp(test, argv[i]) == 0)
			return true;
	return argc < 2;
}

static void
add_suite_of(SRunner *run, struct unit *first, int argc, char **argv)
{
	suite_name(first->file, first->suite, sizeof first->suite);
	TCase *tc = NULL;
	for (struct unit *u = units; u; u = u->next) {
		if (strcmp(u->file, first->file) != 0 || !wanted(first->suite, u->name, argc, argv))
			continue;
		if (!tc) {
			Suite *s = suite_create(first->suite);
			tc = tcase_create(first->suite);
			tcase_set_timeout(tc, 60);
			suite_add_tcase(s, tc);
			srunner_add_suite(run, s);
		}
		tcase_add_test(tc, u->test);
	}
}

int
main(int argc, char **argv)
{
	SRunner *run = srunner_create(NULL);
	for (struct unit *u = units; u; u = u->next) {
		bool first = true;
		for (struct unit *v = units; v != u; v = v->next)
			first = first && strcmp(v->file, u->file) != 0;
		if (first)
			add_suite_of(run, u, argc, argv);
	}
	srunner_run_all(run, getenv("UNIT_VERBOSE") ? CK_VERBOSE : CK_NORMAL);
	int failed = srunner_ntests_failed(run);
	printf("%d passed, %d failed\n", srunner_ntests_run(run) - failed, failed);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
