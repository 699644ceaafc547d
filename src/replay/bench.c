/* bench.c — see bench.h. */
#include "promql/native.h"
#include "replay/bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
no_alerts(void *arg, const struct alert_batch *b)
{
}

static void
no_memory(void *arg, const struct rule_memories *m)
{
}

void
folder_remove(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *f; d && (f = readdir(d));) {
		char path[512];
		if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
		if (f->d_type == DT_DIR)
			folder_remove(path);
		else
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

enum rc
store_open(struct store *s, const char *under, struct err *e)
{
	const char *tmp = under ? under : getenv("TMPDIR");
	tmp = tmp && *tmp ? tmp : "/tmp";
	*s = (struct store){.clock = clock_virtual_create(0)};
	snprintf(s->dir, sizeof s->dir, "%.200s/bench-XXXXXX", tmp);
	if (!mkdtemp(s->dir)) {
		s->dir[0] = '\0';
		return err_errno(e, "a folder for samples under %.200s", tmp);
	}
	struct tsdb_options o = {
	    .dir = s->dir, .clock = s->clock, .sync_every = DAY, .out_of_order = 100 * 365 * DAY};
	return tsdb_open(&o, &s->db, e);
}

void
store_close(struct store *s)
{
	if (s->db)
		tsdb_close(&s->db);
	if (s->clock)
		clock_destroy(&s->clock);
	if (s->dir[0])
		folder_remove(s->dir);
	*s = (struct store){0};
}

enum rc
bench_create(struct bench *b, struct conf *conf, struct err *e)
{
	struct rule_doors doors = {.alerts = no_alerts, .remember = no_memory, .tenant = STR("default")};
	*b = (struct bench){0};
	enum rc rc = store_open(&b->store, NULL, e);
	if (rc != RC_OK)
		return rc;
	b->loop = loop_create("bench", b->store.clock);
	b->rules = rules_create(b->loop, b->store.db, &doors);
	return rules_configure(b->rules, conf, e);
}

void
bench_fini(struct bench *b)
{
	rules_destroy(&b->rules);
	if (b->loop)
		loop_destroy(&b->loop);
	store_close(&b->store);
}

enum rc
bench_sample(struct bench *b, struct labels ls, msec_t at, double v, struct err *e)
{
	struct tsdb_sample s = {.t = at, .v = v};
	struct tsdb_counts c;
	enum rc rc = tsdb_series(b->store.db, STR("default"), ls, &s.ref, e);
	return rc == RC_OK ? tsdb_append(b->store.db, &s, 1, &c, e) : rc;
}

enum rc
bench_histogram(struct bench *b, struct labels ls, msec_t at, const struct native *h, struct err *e)
{
	struct tsdb_histogram s = {.t = at};
	struct tsdb_counts c;
	struct arena *a = arena_create();
	struct histogram stored;
	struct buf packed = {0};
	enum rc rc = tsdb_series(b->store.db, STR("default"), ls, &s.ref, e);
	native_to(h, a, &stored);
	histogram_pack(&stored, &packed);
	s.bytes = buf_view(&packed);
	if (rc == RC_OK)
		rc = tsdb_append_histograms(b->store.db, &s, 1, &c, e);
	buf_fini(&packed);
	arena_destroy(&a);
	return rc;
}
