/* bench.c — see bench.h. */
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

static void
remove_tree(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *f; d && (f = readdir(d));) {
		char path[512];
		if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
		if (f->d_type == DT_DIR)
			remove_tree(path);
		else
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

enum rc
bench_create(struct bench *b, struct conf *conf, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct rule_doors doors = {.alerts = no_alerts, .remember = no_memory, .tenant = STR("default")};
	*b = (struct bench){.clock = clock_virtual_create(0)};
	snprintf(b->dir, sizeof b->dir, "%.40s/tocsin-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	b->loop = loop_create("bench", b->clock);
	if (!mkdtemp(b->dir)) {
		enum rc rc = err_errno(e, "a folder for samples under %.40s", tmp && *tmp ? tmp : "/tmp");
		b->dir[0] = '\0';
		return rc;
	}
	struct tsdb_options o = {.dir = b->dir, .clock = b->clock, .sync_every = DAY, .out_of_order = 100 * 365 * DAY};
	enum rc rc = tsdb_open(&o, &b->db, e);
	if (rc != RC_OK)
		return rc;
	b->rules = rules_create(b->loop, b->db, &doors);
	return rules_configure(b->rules, conf, e);
}

void
bench_fini(struct bench *b)
{
	rules_destroy(&b->rules);
	if (b->db)
		tsdb_close(&b->db);
	loop_destroy(&b->loop);
	clock_destroy(&b->clock);
	if (b->dir[0])
		remove_tree(b->dir);
}

enum rc
bench_sample(struct bench *b, struct labels ls, msec_t at, double v, struct err *e)
{
	struct tsdb_sample s = {.t = at, .v = v};
	struct tsdb_counts c;
	enum rc rc = tsdb_series(b->db, STR("default"), ls, &s.ref, e);
	return rc == RC_OK ? tsdb_append(b->db, &s, 1, &c, e) : rc;
}
