/*
 * history_test.c — a replay says what the rules at work would have said: random series, asked both ways.
 *
 * TOCSIN_REPLAY_SERIES=1000 TOCSIN_REPLAY_DAYS=90 makes the measured case as large as it is promised for.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "replay/bench.h"
#include "replay/history.h"
#include "replay/rule_check.h"

static const char rules_yaml[] = "{\"global\": {\"evaluation_interval\": \"1m\"}, \"rule_files\": [\"%s\"]}";
static const char rule_text[] =
    "groups:\n"
    "  - name: g\n"
    "    rules:\n"
    "      - {record: m2, expr: 'max by (i) (m * 2)'}\n"
    "      - {alert: Now, expr: m > 8}\n"
    "      - {alert: Waits, expr: m2 > 10, for: 3m, labels: {severity: page}}\n"
    "      - {alert: Keeps, expr: m > 7, for: 1m, keep_firing_for: 4m, annotations: {summary: 'at {{ $value "
    "}}'}}\n"
    "      - {alert: Templated, expr: m > 6, labels: {high: '{{ if gt $value 8.0 }}yes{{ else }}no{{ end "
    "}}'}}\n"
    "      - {alert: Hysteresis, expr: m > 8, resolve_expr: m < 4, labels: {severity: page}}\n"
    "      - {alert: Stays, expr: m2 > 14, on_no_data: keep}\n"
    "      - {alert: Both, expr: m > 8, resolve_expr: m < 3, on_no_data: keep, for: 1m}\n"
    "      - {alert: Missed, expr: m > 8, on_no_data: fire, for: 2m}\n"
    "      - {alert: MissedAndKept, expr: m2 > 12, on_no_data: fire, resolve_expr: m2 < 6, labels: {value: '{{ $value }}'}}\n"
    "      - {alert: Calm, expr: m > 7, flapping: {changes: 4, within: 15m}}\n"
    "      - {alert: Gone, expr: 'absent(m{i=\"1\"})', for: 2m}\n";

/* "alert labels pending firing over" of each episode, sorted. */
struct told {
	VEC(char *) lines;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_line(struct told *t, struct labels ls, msec_t pending, msec_t fired, msec_t over)
{
	struct buf b = {0};
	labels_print(&b, ls);
	buf_fmt(&b, " %lld %lld %lld", (long long)pending, (long long)fired, (long long)over);
	*vec_add(&t->lines) = b.p;
}

/* ---- the rules at work, a step at a time ---- */

struct stepping {
	struct told told;
	msec_t at;
};

static void
see(void *arg, struct str alert, const struct instance *in)
{
	struct stepping *s = arg;
	if (in->state == INSTANCE_RESOLVED && in->resolved_at == s->at)
		add_line(&s->told, in->labels, in->active_at, in->fired_at, in->resolved_at);
}

static void
see_open(void *arg, struct str alert, const struct instance *in)
{
	struct stepping *s = arg;
	if (in->state != INSTANCE_RESOLVED)
		add_line(&s->told, in->labels, in->active_at, in->fired_at, 0);
}

/* ---- the world ---- */

#define BEGIN (100 * DAY)

static void
fill(struct bench *b, unsigned seed, size_t minutes)
{
	struct arena *a = arena_create();
	srand(seed);
	for (int i = 0; i < 6; i++) {
		struct pair p[] = {{STR("__name__"), STR("m")}, {STR("i"), arena_fmt(a, "%d", i)}};
		struct labels ls = labels_from_pairs((struct pairs){p, 2}, a);
		double v = 0;
		for (size_t k = 0; k < minutes; k++) {
			if (rand() % 3 == 0)
				v = rand() % 11;
			if (rand() % 40 == 0)
				k += (size_t)(rand() % 12); /* a hole, longer than the look-back at times */
			ck_assert(bench_sample(b, ls, BEGIN + (msec_t)k * MINUTE, v, NULL) == RC_OK);
		}
	}
	arena_destroy(&a);
}

static struct conf *
read_conf(void)
{
	char path[] = "/tmp/tocsin-history-XXXXXX.yml";
	struct conf *conf;
	struct report report;
	struct buf yaml = {0};
	int fd = mkstemps(path, 4);
	ck_assert(fd >= 0 && write(fd, rule_text, sizeof rule_text - 1) == sizeof rule_text - 1);
	close(fd);
	report_init(&report);
	buf_fmt(&yaml, rules_yaml, path);
	ck_assert(conf_load_text("test.yml", buf_view(&yaml), rule_judges(), &conf, &report) == RC_OK);
	report_fini(&report);
	buf_fini(&yaml);
	unlink(path);
	return conf;
}

UNIT(history_is_what_the_rules_at_work_say)
{
	enum { MINUTES = 600 };
	log_setup("unit", LOG_ERROR);
	for (unsigned seed = 1; seed <= 5; seed++) {
		struct bench b;
		struct conf *conf = read_conf();
		struct history *h;
		struct stepping s = {0};
		struct told told = {0};
		struct str tenant = STR("default");
		struct err e;
		ck_assert(bench_create(&b, conf, &e) == RC_OK);
		fill(&b, seed, MINUTES);
		struct history_ask ask = {.db = b.store.db,
		    .files = conf->rules.p,
		    .n_files = conf->rules.n,
		    .interval = MINUTE,
		    .from = BEGIN,
		    .to = BEGIN + (MINUTES - 1) * MINUTE,
		    .tenants = {&tenant, 1}};
		ck_assert_msg(history_run(&ask, &h, &e) == RC_OK, "%s", e.text);
		for (size_t i = 0; i < h->n_rules; i++)
			ck_assert_msg(!h->rules[i].trouble.n, "%.*s", STR_ARG(h->rules[i].trouble));
		for (size_t i = 0; i < h->n_episodes; i++)
			if (h->episodes[i].fired_at ||
			    !h->episodes[i].ended_at) /* the rules forget at once what was pending only */
				add_line(&told, h->episodes[i].labels, h->episodes[i].pending_at,
				    h->episodes[i].fired_at, h->episodes[i].ended_at);
		for (s.at = BEGIN; s.at <= ask.to; s.at += MINUTE) {
			rules_run(b.rules, s.at, (struct strs){0});
			rules_each_instance(b.rules, see, &s);
		}
		rules_each_instance(b.rules, see_open, &s);
		qsort(told.lines.p, told.lines.n, sizeof *told.lines.p, by_text);
		qsort(s.told.lines.p, s.told.lines.n, sizeof *s.told.lines.p, by_text);
		ck_assert_uint_gt(told.lines.n, 50);
		for (size_t i = 0; i < told.lines.n && i < s.told.lines.n; i++)
			ck_assert_str_eq(told.lines.p[i], s.told.lines.p[i]);
		ck_assert_uint_eq(told.lines.n, s.told.lines.n);
		for (size_t i = 0; i < told.lines.n; i++) {
			mem_free(told.lines.p[i]);
			mem_free(s.told.lines.p[i]);
		}
		vec_fini(&told.lines);
		vec_fini(&s.told.lines);
		history_destroy(&h);
		bench_fini(&b);
		conf_unref(&conf);
	}
}
END

    /* ---- how long it takes ---- */

    static long
    from_environment(const char *name, long otherwise)
{
	const char *s = getenv(name);
	return s ? strtol(s, NULL, 10) : otherwise;
}

static void
fill_days(struct store *s, long series, long days)
{
	enum { EVERY = 5 * 60 * 1000 };
	struct arena *a = arena_create();
	struct tsdb_sample *samples = arena_array(a, struct tsdb_sample, (size_t)series);
	struct tsdb_counts counts;
	for (long i = 0; i < series; i++) {
		struct pair p[] = {
		    {STR("__name__"), STR("disk_used_ratio")}, {STR("host"), arena_fmt(a, "h%ld", i)}};
		ck_assert(tsdb_series(s->db, STR("default"), labels_from_pairs((struct pairs){p, 2}, a),
			      &samples[i].ref, NULL) == RC_OK);
	}
	for (msec_t t = 0; t < days * DAY; t += EVERY) {
		for (long i = 0; i < series; i++) {
			samples[i].t = t;
			samples[i].v = 0.5 + 0.001 * (double)((t / EVERY * 7 + i) % 460);
		}
		ck_assert(tsdb_append(s->db, samples, (size_t)series, &counts, NULL) == RC_OK);
		if (t % DAY == 0)
			ck_assert(tsdb_tick(s->db, NULL) == RC_OK);
	}
	arena_destroy(&a);
}

UNIT(history_of_many_days_is_quick)
{
	long series = from_environment("TOCSIN_REPLAY_SERIES", 20),
	     days = from_environment("TOCSIN_REPLAY_DAYS", 30);
	struct store s;
	struct history *h;
	struct err e;
	struct str tenant = STR("default");
	struct conf_rule rule = {
	    .alert = STR("DiskFull"), .expr = STR("disk_used_ratio > 0.9585"), .for_ = 5 * MINUTE};
	struct conf_rule_group group = {.name = STR("g"), .interval = 5 * MINUTE, .rules = {&rule, 1}};
	struct conf_rules file = {.groups = {&group, 1}};
	log_setup("unit", LOG_ERROR);
	ck_assert(store_open(&s, NULL, &e) == RC_OK);
	fill_days(&s, series, days);
	nsec_t since = clock_mono(clock_real());
	struct history_ask ask = {
	    .db = s.db, .files = &file, .n_files = 1, .to = days * DAY - 1, .tenants = {&tenant, 1}};
	ck_assert(history_run(&ask, &h, &e) == RC_OK);
	fprintf(stderr, "replay/history: %ld days of one rule over %ld series: %.2f s, %zu episodes\n", days,
	    series, (double)(clock_mono(clock_real()) - since) / 1e9, h->n_episodes);
	ck_assert(!h->rules[0].trouble.n);
	ck_assert_uint_eq(h->rules[0].steps, (size_t)days * 288);
	ck_assert_uint_gt(h->n_episodes, 0);
	history_destroy(&h);
	store_close(&s);
}
END
