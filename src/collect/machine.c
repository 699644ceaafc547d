/* machine.c — see machine.h. */
#include "collect/machine.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "base/must.h"
#include "collect/page.h"
#include "collect/source.h"

const struct source *const sources[] = {&cpu_source, &disk_source, &filesystem_source, &hwmon_source, &load_source, &memory_source, &net_source,
    &pressure_source, &system_source, &timex_source, &units_source, &vmstat_source, NULL};

/* One of the two pages. */
struct feed {
	struct target target;
	struct page_memory *memory;
};

struct machine {
	struct machine_house house;
	struct arena *arena;
	struct conf_scrape job; /* all defaults: no limits */
	struct relabel *no_rules;
	struct feed node, own;
	struct source_host host;
	struct buf page;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct buf units; /* under lock, as is: */
	bool stopping;
};

static void
make_feed(struct machine *m, struct feed *f, const char *job, const char *instance)
{
	struct pair labels[] = {{STR("instance"), str_c(instance)}, {STR("job"), str_c(job)}};
	f->target = (struct target){.tenant = STR("default"), .job = str_c(job), .labels = labels_from_pairs((struct pairs){labels, 2}, m->arena)};
	f->memory = page_memory_create();
}

struct machine *
machine_create(const struct machine_house *house)
{
	struct machine *m = mem_new(struct machine);
	char path[PATH_MAX], name[HOST_NAME_MAX + 1] = "";
	struct err e;
	m->house = *house;
	m->arena = arena_create();
	record_defaults(&conf_scrape_layout, &m->job, m->arena);
	must(target_rules(NULL, 0, &m->no_rules, &e) == RC_OK);
	gethostname(name, sizeof name - 1);
	char *kept = arena_cstr(m->arena, str_c(*name ? name : "localhost"));
	make_feed(m, &m->node, "node", kept);
	make_feed(m, &m->own, "tocsin", kept);
	snprintf(path, sizeof path, "%s/run/systemd/system", house->root);
	m->host.root = house->root;
	m->host.systemd = access(path, F_OK) == 0;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	return m;
}

static void
stop(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	if (m->started)
		pthread_join(m->thread, NULL);
}

void
machine_destroy(struct machine **pm)
{
	struct machine *m = *pm;
	if (!m)
		return;
	stop(m);
	page_memory_destroy(&m->node.memory);
	page_memory_destroy(&m->own.memory);
	relabel_destroy(&m->no_rules);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	buf_fini(&m->host.text);
	buf_fini(&m->page);
	buf_fini(&m->units);
	arena_destroy(&m->arena);
	mem_free(m);
	*pm = NULL;
}

void
machine_units(struct machine *m, struct str text)
{
	pthread_mutex_lock(&m->lock);
	buf_clear(&m->units);
	buf_str(&m->units, text);
	pthread_mutex_unlock(&m->lock);
}

bool
machine_has_systemd(const struct machine *m)
{
	return m->host.systemd;
}

/* ---- a pass ---- */

/* The name that a line begins with; empty for a remark. */
static struct str
name_of(struct str line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != '{' && line.p[n] != ' ' && line.p[n] != '#')
		n++;
	return str_to(line, n);
}

/* The lines of a source, each metric's first one behind its type and help: what ends in _total counts. */
static void
describe(const struct source *source, struct str lines, struct map *known, struct buf *b)
{
	struct str line;
	while (str_cut(&lines, '\n', &line)) {
		struct str name = name_of(line);
		if (name.n && !map_get(known, name)) {
			map_put(known, name, (void *)source);
			buf_fmt(b, "# HELP %.*s %s\n# TYPE %.*s %s\n", STR_ARG(name), source->help, STR_ARG(name),
			    str_ends(name, STR("_total")) ? "counter" : "gauge");
		}
		buf_fmt(b, "%.*s\n", STR_ARG(line));
	}
}

void
machine_page(struct machine *m, msec_t now, struct buf *b)
{
	struct map *known = map_create();
	struct buf lines = {0};
	struct buf units = {0};
	pthread_mutex_lock(&m->lock);
	buf_str(&units, buf_view(&m->units));
	pthread_mutex_unlock(&m->lock);
	m->host.units = buf_view(&units);
	m->host.now = now;
	for (size_t i = 0; sources[i]; i++) {
		buf_clear(&lines);
		sources[i]->read(&m->host, &lines);
		describe(sources[i], buf_view(&lines), known, b);
	}
	map_destroy(&known);
	buf_fini(&lines);
	buf_fini(&units);
}

static void
store(struct machine *m, struct feed *f, msec_t now, nsec_t since)
{
	struct page_rules rules = {&m->job, m->no_rules};
	struct page_report report = {0};
	struct err e;
	report.up = page_store(f->memory, m->house.tsdb, &f->target, &rules, &(struct page_body){.text = buf_view(&m->page)}, now, &report.counts, &e) == RC_OK;
	if (!report.up)
		log_warn("collect", "the figures of job %.*s are not stored: %s", STR_ARG(f->target.job), e.text);
	report.seconds = (double)(clock_mono(clock_real()) - since) / 1e9;
	page_report_store(f->memory, m->house.tsdb, &f->target, &report, now);
	buf_clear(&m->page);
}

void
machine_pass(struct machine *m, msec_t now)
{
	nsec_t since = clock_mono(clock_real());
	machine_page(m, now, &m->page);
	store(m, &m->node, now, since);
	since = clock_mono(clock_real());
	if (m->house.own)
		m->house.own(m->house.arg, &m->page);
	store(m, &m->own, now, since);
}

/* ---- the thread ---- */

/* Waits until the next multiple of the interval; false: it is to stop. */
static bool
wait_for_next(struct machine *m)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += MACHINE_EVERY / 1000 - until.tv_sec % (MACHINE_EVERY / 1000);
	until.tv_nsec = 0;
	pthread_mutex_lock(&m->lock);
	while (!m->stopping && pthread_cond_timedwait(&m->wake, &m->lock, &until) == 0)
		;
	bool go_on = !m->stopping;
	pthread_mutex_unlock(&m->lock);
	return go_on;
}

static void *
run(void *arg)
{
	struct machine *m = arg;
	do
		machine_pass(m, clock_wall(clock_real()));
	while (wait_for_next(m));
	return NULL;
}

void
machine_start(struct machine *m)
{
	must(pthread_create(&m->thread, NULL, run, m) == 0);
	m->started = true;
}
