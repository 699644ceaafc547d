/* unit_store.c — see unit_store.h. */
#include "unit_store.h"

#include <stdlib.h>

#include "base/log.h"
#include "promql/promql.h"
#include "unit.h"

static void
store_open(struct unit_store *s)
{
	struct err e;
	ck_assert_msg(tsdb_open(&s->options, &s->db, &e) == RC_OK, "%s", e.text);
}

void
unit_store_init(struct unit_store *s, msec_t now)
{
	*s = (struct unit_store){.dir = "/tmp/unit-store-XXXXXX"};
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	s->clock = clock_virtual_create(now);
	s->arena = arena_create();
	s->options = (struct tsdb_options){.dir = s->dir, .clock = s->clock, .sync_every = 200};
	store_open(s);
}

void
unit_store_reopen(struct unit_store *s)
{
	tsdb_close(&s->db);
	store_open(s);
}

void
unit_store_fini(struct unit_store *s)
{
	tsdb_close(&s->db);
	clock_destroy(&s->clock);
	arena_destroy(&s->arena);
	unit_remove(s->dir);
}

struct tsdb_ref
unit_store_series(struct unit_store *s, const char *tenant, const char *selector)
{
	struct matchers ms = {0};
	struct label_builder b = {0};
	struct tsdb_ref ref;
	struct err e;
	ck_assert_msg(promql_parse_selector(str_c(selector), &ms, &e) == RC_OK, "%s: %s", selector, e.text);
	for (size_t i = 0; i < ms.n; i++)
		label_builder_set(&b, ms.p[i].name, ms.p[i].value);
	ck_assert_msg(tsdb_series(s->db, str_c(tenant), label_builder_done(&b, s->arena), &ref, &e) == RC_OK, "%s", e.text);
	label_builder_fini(&b);
	matchers_fini(&ms);
	return ref;
}

void
unit_store_put(struct unit_store *s, const char *tenant, const char *selector, msec_t t, double v)
{
	struct tsdb_counts c;
	struct tsdb_sample one = {unit_store_series(s, tenant, selector), t, v};
	ck_assert(tsdb_append(s->db, &one, 1, &c, NULL) == RC_OK);
	ck_assert_uint_eq(c.stored, 1);
}
