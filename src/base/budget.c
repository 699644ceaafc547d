/* budget.c — see budget.h. */
#include "base/budget.h"

#include <stdatomic.h>

#include "base/must.h"

static const struct {
	const char *name, *unit;
} words[] = {
#define BUDGET(name, unit, help) {#name, unit},
#include "base/budgets.def"
#undef BUDGET
};

static struct {
	size_t limit;
	_Atomic size_t used;
	_Atomic uint64_t refusals;
} budgets[BUDGETS];

void
budget_limit(enum budget b, size_t limit)
{
	budgets[b].limit = limit;
}

static enum rc
refuse(enum budget b, size_t n, size_t used, struct err *e)
{
	budgets[b].refusals++;
	return err_set(e, RC_REFUSED, "too much is under way: %zu of %zu %s are in use and %zu more are needed; try again", used,
	    budgets[b].limit, words[b].unit, n);
}

enum rc
budget_take(enum budget b, size_t n, struct err *e)
{
	size_t used = atomic_load_explicit(&budgets[b].used, memory_order_relaxed);
	do {
		if (budgets[b].limit && (n > budgets[b].limit || used > budgets[b].limit - n))
			return refuse(b, n, used, e);
	} while (!atomic_compare_exchange_weak(&budgets[b].used, &used, used + n));
	return RC_OK;
}

void
budget_give(enum budget b, size_t n)
{
	size_t before = atomic_fetch_sub(&budgets[b].used, n);
	must(before >= n);
}

bool
budget_has(enum budget b, size_t n)
{
	return !budgets[b].limit || (n <= budgets[b].limit && budgets[b].used <= budgets[b].limit - n);
}

size_t
budget_used(enum budget b)
{
	return budgets[b].used;
}

static void
print(struct buf *out, const char *name, const char *type, const char *help, uint64_t (*value)(enum budget))
{
	buf_fmt(out, "# HELP tocsin_budget_%s %s\n# TYPE tocsin_budget_%s %s\n", name, help, name, type);
	for (int b = 0; b < BUDGETS; b++)
		buf_fmt(out, "tocsin_budget_%s{budget=\"%s\"} %llu\n", name, words[b].name, (unsigned long long)value((enum budget)b));
}

static uint64_t
limit_of(enum budget b)
{
	return budgets[b].limit;
}

static uint64_t
used_of(enum budget b)
{
	return budgets[b].used;
}

static uint64_t
refusals_of(enum budget b)
{
	return budgets[b].refusals;
}

void
budget_print(struct buf *out)
{
	print(out, "used", "gauge", "What is taken now.", used_of);
	print(out, "limit", "gauge", "What may be taken; 0: any amount.", limit_of);
	print(out, "refusals_total", "counter", "Times that there was not enough left.", refusals_of);
}
