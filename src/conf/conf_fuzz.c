/* conf_fuzz.c — any bytes as a configuration, and as a file of rules. */
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);
	struct conf *c = NULL;
	struct report r;
	struct buf out = {0};
	report_init(&r);
	if (conf_load_text("fuzz", text, NULL, &c, &r) == RC_OK)
		conf_unref(&c);
	struct arena *a = arena_create();
	struct marks *m = marks_create();
	struct check check = {.report = &r, .marks = m};
	struct binder b = {.arena = a, .report = &r, .marks = m};
	struct conf_rules rules = {0};
	(void)conf_rules_read(&check, &b, "rules", text, &rules);
	report_print(&r, &out);
	marks_destroy(&m);
	arena_destroy(&a);
	report_fini(&r);
	buf_fini(&out);
	return 0;
}
