/*
 * schedule.c — see schedule.h.
 *
 * [S1]   `told` holds the labels of the alert that fires for a service, whatever became of its definition since: only
 *        by them can it be resolved.
 * TRAP   That we ourselves cannot run a check (the runner is starting, too many are under way) says nothing about the
 *        service: it is tried again soon, and its state stays.
 * THREADS  `lock` guards what checks_each looks at: services, definitions, states and words.  Only the loop's thread
 *        changes them, so it takes the lock for changes alone.
 */
#include "check/schedule.h"

#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "check/series.h"

enum { RESEND = MINUTE, GRACE = 4 * MINUTE, AGAIN = 2 * SECOND, PROBES_MAX = 2000, BATCH = 200, DESCRIPTION_MAX = 4 << 10 };

struct watched {
	struct checks *all;
	struct definition *def;
	struct check_status status;
	struct check_series *series;
	const struct check_kind *kind; /* of the probe under way */
	struct probe *probe;
	struct loop_timer timer;
	msec_t due, sent_at, last;
	char *told;             /* [S1] canonical bytes; NULL: nobody was told */
	size_t told_n;
	char *summary, *more;   /* what the last bad result said */
	bool kept;
};

struct checks {
	struct loop *loop;
	struct tsdb *db;
	struct probe_doors probes;
	struct check_doors doors;
	struct map *services; /* by key */
	struct loop_timer resend;
	size_t running;
	pthread_mutex_t lock;
	bool remember_all;
	struct arena *arena;        /* of what waits to be handed on */
	VEC(struct alert) alerts;
	VEC(struct check_memory) memories;
};

static void probe_now(void *arg);

/* ---- when ---- */

/* A service without a result is new: nobody wants to wait a whole interval for the first one. */
static void
sleep_until_next(struct watched *w)
{
	const struct service *s = &w->def->spec;
	msec_t now = loop_wall(w->all->loop);
	bool soft = w->status.known && !w->status.hard;
	msec_t every = !w->status.known && s->retry_interval < s->interval ? s->retry_interval : s->interval;
	if (soft) {
		w->due = now + s->retry_interval;
	} else {
		w->due = now - now % every + (msec_t)(str_hash(w->def->key) % (uint64_t)every);
		w->due += w->due <= now ? every : 0;
	}
	loop_timer_set(w->all->loop, &w->timer, w->due - now, probe_now, w, "check");
}

/* ---- what is handed on ---- */

static void
hand_on(struct checks *c)
{
	if (c->alerts.n)
		c->doors.alerts(c->doors.arg, &(struct alert_batch){.alerts = {c->alerts.p, c->alerts.n}});
	if (c->memories.n)
		c->doors.remember(c->doors.arg, &(struct check_memories){.checks = {c->memories.p, c->memories.n}});
	c->alerts.n = c->memories.n = 0;
	arena_reset(c->arena);
}

static void
hand_on_when_many(struct checks *c)
{
	if (c->alerts.n >= BATCH || c->memories.n >= BATCH)
		hand_on(c);
}

static struct labels
told_labels(const struct watched *w)
{
	return (struct labels){str_n(w->told, w->told_n)};
}

static void
set_told(struct watched *w, struct labels ls)
{
	mem_free(w->told);
	w->told = ls.bytes.n ? mem_dup(ls.bytes.p, ls.bytes.n) : NULL;
	w->told_n = ls.bytes.n;
}

static void
remember(struct watched *w)
{
	struct arena *a = w->all->arena;
	struct check_memory *m = vec_add(&w->all->memories);
	check_status_remember(&w->status, m, a);
	m->key = arena_str(a, w->def->key);
	m->customer = arena_str(a, w->def->customer);
	m->summary = arena_str(a, str_c(w->summary));
	m->labels = labels_to_pairs(labels_copy(told_labels(w), a), a);
	hand_on_when_many(w->all);
}

static struct labels
alert_labels(const struct watched *w)
{
	const struct service *s = &w->def->spec;
	enum check_state state = w->status.told_state;
	struct label_builder b = {0};
	label_builder_start(&b, w->def->labels);
	label_builder_set(&b, STR("alertname"), STR("ServiceProblem"));
	label_builder_set(&b, STR("state"), str_c(check_states[state]));
	label_builder_set(&b, STR("severity"), s->severity.n ? s->severity : state == CHECK_CRITICAL ? STR("critical") : STR("warning"));
	struct labels ls = label_builder_done(&b, w->all->arena);
	label_builder_fini(&b);
	return ls;
}

static void
add_alert(struct watched *w, struct labels ls, msec_t ends_at)
{
	struct checks *c = w->all;
	struct pair *p = arena_array(c->arena, struct pair, 2);
	size_t n = 0;
	if (w->more && *w->more)
		p[n++] = (struct pair){STR("description"), arena_str(c->arena, str_to(str_c(w->more), DESCRIPTION_MAX))};
	p[n++] = (struct pair){STR("summary"), w->summary && *w->summary ? arena_str(c->arena, str_c(w->summary)) : STR("(no output)")};
	*vec_add(&c->alerts) = (struct alert){
	    .customer = arena_str(c->arena, w->def->customer),
	    .labels = labels_to_pairs(labels_copy(ls, c->arena), c->arena),
	    .annotations = {p, n},
	    .starts_at = w->status.told_since,
	    .ends_at = ends_at,
	    .received = loop_wall(c->loop),
	};
}

/* Brings what people are told in line with the state: pure repetition is harmless. */
static void
tell(struct watched *w)
{
	msec_t now = loop_wall(w->all->loop);
	struct labels wanted = w->status.told ? alert_labels(w) : (struct labels){0};
	bool changed = !labels_eq(wanted, told_labels(w));
	if (changed && w->told)
		add_alert(w, told_labels(w), now);
	if (changed)
		set_told(w, wanted);
	if (w->told && (changed || now - w->sent_at >= RESEND)) {
		add_alert(w, wanted, now + GRACE);
		w->sent_at = now;
	}
	hand_on_when_many(w->all);
}

static void
on_resend(void *arg)
{
	struct checks *c = arg;
	map_each(c->services, e) {
		struct watched *w = e->value;
		if (w->told)
			tell(w);
		if (c->remember_all && w->status.known)
			remember(w);
	}
	c->remember_all = false;
	hand_on(c);
	loop_timer_set(c->loop, &c->resend, RESEND, on_resend, c, "resend problems");
}

/* ---- one check ---- */

static void
keep_words(struct watched *w, const struct plugin_output *o)
{
	mem_free(w->summary);
	mem_free(w->more);
	w->summary = mem_dup(o->first.p, o->first.n);
	w->more = mem_dup(o->more.p, o->more.n);
}

static void
conclude(struct watched *w, const struct probe_result *r)
{
	struct checks *c = w->all;
	struct arena *a = arena_create();
	struct plugin_output o;
	plugin_output_parse(r->text, a, &o);
	pthread_mutex_lock(&c->lock);
	bool changed = check_status_take(&w->status, r->state, w->def->spec.max_attempts, loop_wall(c->loop));
	keep_words(w, &o);
	w->last = loop_wall(c->loop);
	pthread_mutex_unlock(&c->lock);
	if (changed) {
		tell(w);
		remember(w);
	}
	check_series_store(w->series, c->db, w->def, &w->status, r->seconds, o.perf, w->due);
	arena_destroy(&a);
	hand_on(c);
	sleep_until_next(w);
}

static void
try_again(struct watched *w)
{
	loop_timer_set(w->all->loop, &w->timer, AGAIN, probe_now, w, "check");
}

static void
on_probe(void *arg, const struct probe_result *r)
{
	struct watched *w = arg;
	w->probe = NULL;
	w->all->running--;
	if (r->ran)
		conclude(w, r);
	else
		try_again(w);
}

static void
probe_now(void *arg)
{
	struct watched *w = arg;
	struct checks *c = w->all;
	must(!w->probe);
	w->kind = w->def->kind;
	if (!w->kind) {
		conclude(w, &(struct probe_result){.ran = true, .state = CHECK_UNKNOWN, .text = w->def->trouble});
		return;
	}
	if (c->running < PROBES_MAX)
		w->probe = w->kind->start(&c->probes, w->def, on_probe, w);
	if (w->probe)
		c->running++;
	else
		try_again(w);
}

/* ---- services come and go ---- */

static struct watched *
watched_create(struct checks *c, struct definition *d)
{
	struct watched *w = mem_new(struct watched);
	w->all = c;
	w->def = definition_ref(d);
	w->series = check_series_create();
	w->summary = mem_dup("", 0);
	w->more = mem_dup("", 0);
	map_put(c->services, d->key, w);
	return w;
}

static void
watched_destroy(struct watched *w)
{
	loop_timer_cancel(w->all->loop, &w->timer);
	if (w->probe) {
		w->kind->cancel(&w->probe);
		w->all->running--;
	}
	check_series_destroy(&w->series);
	definition_unref(&w->def);
	mem_free(w->told);
	mem_free(w->summary);
	mem_free(w->more);
	mem_free(w);
}

/* A probe under way goes on with what it began with; its end finds the new definition. */
static void
redefine(struct watched *w, struct definition *d)
{
	definition_unref(&w->def);
	w->def = definition_ref(d);
	check_series_forget(w->series);
	tell(w);
	if (!w->probe)
		sleep_until_next(w);
}

struct taking {
	struct checks *checks;
	const struct book *book;
	msec_t now;
};

static bool
take_service(void *arg, const struct resource *r, const void *spec)
{
	struct taking *t = arg;
	struct definition *d = definition_create(t->book, r, spec, t->now);
	struct watched *w = map_get(t->checks->services, d->key);
	if (!w) {
		w = watched_create(t->checks, d);
		sleep_until_next(w);
	} else if (w->def->hash != d->hash) {
		redefine(w, d);
	}
	w->kept = true;
	definition_unref(&d);
	return true;
}

/* The alert of a service that is gone is over, and nothing is remembered of it. */
static void
settle(struct watched *w)
{
	struct checks *c = w->all;
	w->status.told = false;
	tell(w);
	*vec_add(&c->memories) = (struct check_memory){.key = arena_str(c->arena, w->def->key), .removed = true};
}

static void
end_services(struct checks *c)
{
	VEC(struct watched *) gone = {0};
	map_each(c->services, e)
		if (!((struct watched *)e->value)->kept)
			*vec_add(&gone) = e->value;
	for (size_t i = 0; i < gone.n; i++) {
		settle(gone.p[i]);
		map_take(c->services, gone.p[i]->def->key);
		watched_destroy(gone.p[i]);
	}
	vec_fini(&gone);
}

void
checks_take(struct checks *c, const struct book *book)
{
	struct taking t = {c, book, loop_wall(c->loop)};
	pthread_mutex_lock(&c->lock);
	map_each(c->services, e)
		((struct watched *)e->value)->kept = false;
	book_each(book, "service", t.now, take_service, &t);
	end_services(c);
	pthread_mutex_unlock(&c->lock);
	hand_on(c);
}

static void
settle_forgotten(struct checks *c, const struct check_memory *m)
{
	if (m->told)
		*vec_add(&c->alerts) = (struct alert){.customer = m->customer, .labels = m->labels, .starts_at = m->told_since,
		    .ends_at = loop_wall(c->loop), .received = loop_wall(c->loop)};
	*vec_add(&c->memories) = (struct check_memory){.key = m->key, .removed = true};
	hand_on(c);
}

void
checks_restore(struct checks *c, const struct check_memory *m)
{
	struct watched *w = map_get(c->services, m->key);
	if (!w) {
		settle_forgotten(c, m);
		return;
	}
	pthread_mutex_lock(&c->lock);
	check_status_restore(&w->status, m);
	keep_words(w, &(struct plugin_output){.first = m->summary});
	pthread_mutex_unlock(&c->lock);
	if (m->told)
		set_told(w, labels_from_pairs(m->labels, c->arena));
	tell(w);
	hand_on(c);
	sleep_until_next(w);
}

void
checks_remember_again(struct checks *c)
{
	c->remember_all = true;
}

void
checks_each(struct checks *c, check_view_fn *fn, void *arg)
{
	pthread_mutex_lock(&c->lock);
	map_each(c->services, e) {
		const struct watched *w = e->value;
		const struct definition *d = w->def;
		struct check_view v = {.customer = d->customer, .host = d->host, .title = d->title, .check = d->spec.check, .output = str_c(w->summary),
		    .known = w->status.known, .state = w->status.state, .hard = w->status.hard, .attempt = w->status.attempt,
		    .max_attempts = d->spec.max_attempts, .since = w->status.since, .last = w->last};
		v.name = str_from(d->key, (size_t)str_chr(d->key, '/') + 1);
		fn(arg, &v);
	}
	pthread_mutex_unlock(&c->lock);
}

size_t
checks_count(const struct checks *c)
{
	return map_count(c->services);
}

/* ---- life ---- */

struct checks *
checks_create(struct loop *loop, struct tsdb *db, const struct probe_doors *probes, const struct check_doors *doors)
{
	struct checks *c = mem_new(struct checks);
	c->loop = loop;
	c->db = db;
	c->probes = *probes;
	c->doors = *doors;
	c->services = map_create();
	c->arena = arena_create();
	pthread_mutex_init(&c->lock, NULL);
	loop_timer_set(loop, &c->resend, RESEND, on_resend, c, "resend problems");
	return c;
}

void
checks_destroy(struct checks **pc)
{
	struct checks *c = *pc;
	if (!c)
		return;
	loop_timer_cancel(c->loop, &c->resend);
	map_each(c->services, e)
		watched_destroy(e->value);
	map_destroy(&c->services);
	vec_fini(&c->alerts);
	vec_fini(&c->memories);
	arena_destroy(&c->arena);
	pthread_mutex_destroy(&c->lock);
	mem_free(c);
	*pc = NULL;
}
