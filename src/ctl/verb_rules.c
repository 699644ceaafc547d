/* verb_rules.c — rules before they are at work: checked and tested, as promtool does it. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/verbs.h"
#include "replay/rule_check.h"
#include "replay/rule_test.h"

static int
each_file(struct args *a, bool (*what)(const char *path, struct buf *out))
{
	const char *path = args_word(a);
	bool ok = true;
	if (!path)
		return verb_usage("rules");
	for (; path; path = args_word(a)) {
		struct buf out = {0};
		ok = what(path, &out) && ok;
		fputs(out.p, stdout);
		buf_fini(&out);
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

static const struct {
	const char *name;
	bool (*what)(const char *path, struct buf *out);
} local[] = {{"check", rule_check_file}, {"test", rule_test_run}};

int
verb_rules(struct args *a)
{
	const char *word = args_word(a);
	log_setup("rules", LOG_ERROR);
	for (size_t i = 0; word && i < sizeof local / sizeof *local; i++)
		if (strcmp(word, local[i].name) == 0)
			return each_file(a, local[i].what);
	return verb_usage("rules");
}
