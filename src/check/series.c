/*
 * series.c — see series.h.
 *
 * TRAP   A plug-in that invents labels must not fill the store: a service has at most PERF_SERIES measurements until
 *        its labels change, and PERF_VALUES in one result.
 */
#include "check/series.h"

#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

enum { PERF_SERIES = 256, PERF_VALUES = 64, LABEL_MAX = 200 };

static const char *const own_names[] = {"service_state", "check_duration_seconds", "service_flapping"};
enum { OWN = sizeof own_names / sizeof *own_names };

struct check_series {
	bool known;
	struct tsdb_ref own[OWN];
	struct map *perf; /* label 0 uom -> struct tsdb_ref */
};

struct check_series *
check_series_create(void)
{
	struct check_series *s = mem_new(struct check_series);
	s->perf = map_create();
	return s;
}

void
check_series_forget(struct check_series *s)
{
	map_each(s->perf, e)
		mem_free(e->value);
	map_destroy(&s->perf);
	s->perf = map_create();
	s->known = false;
}

void
check_series_destroy(struct check_series **ps)
{
	struct check_series *s = *ps;
	if (!s)
		return;
	check_series_forget(s);
	map_destroy(&s->perf);
	mem_free(s);
	*ps = NULL;
}

struct storing {
	struct check_series *series;
	struct tsdb *db;
	const struct definition *def;
	struct arena *arena;
	VEC(struct tsdb_sample) samples;
	msec_t at;
};

static bool
find_series(struct storing *s, const char *name, const struct perf_value *v, struct tsdb_ref *ref)
{
	struct label_builder b = {0};
	struct err e;
	label_builder_start(&b, s->def->labels);
	label_builder_set(&b, STR(LABEL_METRIC), str_c(name));
	if (v) {
		label_builder_set(&b, STR("label"), v->label);
		label_builder_set(&b, STR("uom"), v->unit);
	}
	bool ok = tsdb_series(s->db, s->def->customer, label_builder_done(&b, s->arena), ref, &e) == RC_OK;
	if (!ok)
		log_warn("check", "%.*s: %s", STR_ARG(s->def->key), e.text);
	label_builder_fini(&b);
	return ok;
}

static void
add_own(struct storing *s, const double values[OWN])
{
	for (int i = 0; i < OWN && !s->series->known; i++)
		if (!find_series(s, own_names[i], NULL, &s->series->own[i]))
			return;
	s->series->known = true;
	for (int i = 0; i < OWN; i++)
		*vec_add(&s->samples) = (struct tsdb_sample){s->series->own[i], s->at, values[i]};
}

static void
add_perf(struct storing *s, const struct perf_value *v)
{
	if (v->label.n > LABEL_MAX || v->unit.n > LABEL_MAX)
		return;
	struct str key = arena_fmt(s->arena, "%.*s%c%.*s", STR_ARG(v->label), 0, STR_ARG(v->unit));
	struct tsdb_ref *known = map_get(s->series->perf, key), ref;
	if (!known) {
		if (map_count(s->series->perf) >= PERF_SERIES || !find_series(s, "service_perfdata", v, &ref))
			return;
		known = mem_new(struct tsdb_ref);
		*known = ref;
		map_put(s->series->perf, key, known);
	}
	*vec_add(&s->samples) = (struct tsdb_sample){*known, s->at, v->value};
}

void
check_series_store(struct check_series *series, struct tsdb *db, const struct definition *d, const struct check_status *status, double seconds,
    struct str perf, msec_t at)
{
	struct storing s = {.series = series, .db = db, .def = d, .arena = arena_create(), .at = at};
	const double own[OWN] = {status->state, seconds, status->flapping};
	struct tsdb_counts counts = {0};
	struct perf_value v;
	struct err e;
	add_own(&s, own);
	for (int i = 0; i < PERF_VALUES && perf_next(&perf, s.arena, &v); i++)
		add_perf(&s, &v);
	if (s.samples.n && tsdb_append(db, s.samples.p, s.samples.n, &counts, &e) != RC_OK)
		log_error("check", "%.*s: %s", STR_ARG(d->key), e.text);
	if (counts.unknown)
		check_series_forget(series);
	vec_fini(&s.samples);
	arena_destroy(&s.arena);
}
