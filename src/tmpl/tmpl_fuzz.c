/* tmpl_fuzz.c — any bytes as a template of both dialects, run over an alert's data. */
#include "tmpl/tmpl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run(enum tmpl_dialect d, struct str text)
{
	struct pair labels[] = {{STR("alertname"), STR("A")}, {STR("host"), STR("db1")}};
	struct arena *a = arena_create();
	struct value v =
	    tmpl_alert_data((struct pairs){labels, 2}, (struct pairs){0}, STR("http://x/y"), 1.5, a);
	struct tmpl_env env = {.now = 1700000000000,
	    .external_url = STR("http://x/y"),
	    .step_limit = 10000,
	    .output_limit = 1 << 16};
	struct tmpl_set *s = tmpl_set_create(d);
	struct buf out = {0};
	struct err e;
	env.html = text.n % 2;
	if (tmpl_expand(s, text, &v, &env, &out, &e) != RC_OK)
		buf_clear(&out);
	buf_fini(&out);
	tmpl_set_destroy(&s);
	arena_destroy(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);
	run(TMPL_PROMETHEUS, text);
	run(TMPL_ALERTMANAGER, text);
	return 0;
}
