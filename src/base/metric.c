/* metric.c — see metric.h. */
#include "base/metric.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/must.h"

struct row {
	char role[16]; /* empty: free */
	_Atomic int64_t value[METRICS];
};

static struct row alone[METRIC_ROLES]; /* until it is shared: tests and the command line */
static struct row *rows = alone;
static struct row *mine = alone;

void
metric_share(void)
{
	void *p = mmap(NULL, sizeof alone, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	rows = mine = p;
}

void
metric_role(const char *name)
{
	for (int i = 0; i < METRIC_ROLES; i++) {
		if (rows[i].role[0] && strcmp(rows[i].role, name) != 0)
			continue;
		mine = &rows[i];
		snprintf(mine->role, sizeof mine->role, "%s", name);
		return;
	}
	panic("more roles than metric rows");
}

static _Thread_local bool muted;

void
metric_mute(bool yes)
{
	muted = yes;
}

void
metric_add(enum metric m, int64_t n)
{
	if (muted)
		return;
	atomic_fetch_add_explicit(&mine->value[m], n, memory_order_relaxed);
}

void
metric_set(enum metric m, int64_t v)
{
	if (muted)
		return;
	atomic_store_explicit(&mine->value[m], v, memory_order_relaxed);
}

void
metric_max(enum metric m, int64_t v)
{
	if (muted)
		return;
	int64_t now = atomic_load_explicit(&mine->value[m], memory_order_relaxed);
	while (v > now && !atomic_compare_exchange_weak(&mine->value[m], &now, v))
		;
}

static const struct {
	const char *name, *type, *help;
} table[] = {
#define METRIC(name, type, help) {#name, #type, help},
#include "base/metrics.def"
#undef METRIC
};

void
metric_print(struct buf *b)
{
	for (int m = 0; m < METRICS; m++) {
		buf_fmt(b, "# HELP tocsin_%s %s\n# TYPE tocsin_%s %s\n", table[m].name, table[m].help, table[m].name, table[m].type);
		for (int i = 0; i < METRIC_ROLES; i++) {
			int64_t v = atomic_load_explicit(&rows[i].value[m], memory_order_relaxed);
			if (rows[i].role[0] && v)
				buf_fmt(b, "tocsin_%s{role=\"%s\"} %lld\n", table[m].name, rows[i].role, (long long)v);
		}
	}
}
