/* run_fuzz.c — whatever parses may be asked: it answers or refuses, over a small store that is made once. */
#include "promql/promql.h"

#include <stdlib.h>

#include "base/must.h"
#include "tsdb/tsdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct tsdb *
make_store(void)
{
	static char dir[] = "/tmp/promql-fuzz-XXXXXX";
	struct tsdb_options o = {.clock = clock_virtual_create(0), .sync_every = 200};
	struct arena *a = arena_create();
	struct tsdb *db;
	o.dir = mkdtemp(dir);
	must(o.dir && tsdb_open(&o, &db, NULL) == RC_OK);
	for (int i = 0; i < 8; i++) {
		struct pair p[] = {{STR("__name__"), i % 2 ? STR("m_total") : STR("m_bucket")},
		    {STR("i"), arena_fmt(a, "%d", i / 2)},
		    {STR("le"), i % 3 ? arena_fmt(a, "%d", i) : STR("+Inf")}};
		struct tsdb_ref ref;
		struct tsdb_counts c;
		must(tsdb_series(db, STR("t"), labels_from_pairs((struct pairs){p, 3}, a), &ref, NULL) ==
		     RC_OK);
		for (int k = 0; k < 40; k++) {
			struct tsdb_sample s = {
			    ref, k * 10000, k % 13 == 5 ? tsdb_stale() : k % 17 * (double)i / (k % 7)};
			must(tsdb_append(db, &s, 1, &c, NULL) == RC_OK);
		}
	}
	arena_destroy(&a);
	return db;
}

static void
ask(struct tsdb *db, const struct promql *q, msec_t start, msec_t end, msec_t step)
{
	struct promql_result *r;
	struct str who = STR("t");
	struct promql_ask a = {.db = db,
	    .tenants = {&who, 1},
	    .start = start,
	    .end = end,
	    .step = step,
	    .limits = {.samples = 20000}};
	if (promql_run(q, &a, &r, NULL) != RC_OK)
		return;
	for (size_t i = 0; i < r->n; i++)
		must(labels_valid(r->series[i].labels.bytes));
	promql_result_destroy(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct tsdb *db;
	struct promql *q;
	if (!db)
		db = make_store();
	if (promql_parse(str_n((const char *)bytes, n), &q, NULL) != RC_OK)
		return 0;
	ask(db, q, 200000, 0, 0);
	ask(db, q, 100000, 400000, 30000);
	promql_destroy(&q);
	return 0;
}
