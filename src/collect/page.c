/* page.c — see page.h. */
#include "collect/page.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"

/* A line that was seen. */
struct line {
	struct tsdb_ref ref;
	size_t fresh;   /* has no reference yet: its place among the page's new series, plus one */
	uint64_t seen;  /* the scrape that had it last */
	bool dropped;   /* relabelling says no */
	bool own_times; /* it carries times of its own */
	uint32_t place; /* among the lines of the page that had it last */
	struct str text; /* its name and labels: the key in `lines` */
};

enum { REPORTS = 8, REPORTS_OF_LIMITS = 3 };

struct page_memory {
	struct map *lines; /* the line's name and labels as the page has them -> struct line */
	VEC(struct line *) order; /* the lines of the last page, as they stood; empty: it was not stored */
	uint64_t scrape;
	struct tsdb_ref reports[REPORTS];
	int n_reports; /* 0: none yet */
	bool ends_all; /* series with times of their own end, too (track_timestamps_staleness) */
	uint64_t described; /* the hash of its types, helps and units as they were stored; 0: not yet */
	pthread_mutex_t lock; /* over what follows */
	VEC(uint64_t) families; /* hashes of the names that it described, ascending */
};

struct page_memory *
page_memory_create(void)
{
	struct page_memory *m = mem_new(struct page_memory);
	m->lines = map_create();
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void
page_memory_destroy(struct page_memory **pm)
{
	struct page_memory *m = *pm;
	if (!m)
		return;
	map_each(m->lines, e)
		mem_free(e->value);
	map_destroy(&m->lines);
	vec_fini(&m->order);
	vec_fini(&m->families);
	pthread_mutex_destroy(&m->lock);
	mem_free(m);
	*pm = NULL;
}

typedef VEC(struct tsdb_sample) samples;

/* A series that begins with this page, and a sample that waits for its reference. */
struct fresh {
	struct line *line;
	struct labels labels; /* in the page's arena */
};
struct waiting {
	bool native;
	size_t sample;
	const struct line *line;
};

static void
append(struct tsdb *db, const samples *s, const char *what)
{
	struct tsdb_counts counts;
	struct err e;
	if (s->n && tsdb_append(db, s->p, s->n, &counts, &e) != RC_OK)
		log_error("collect", "%s: %s", what, e.text);
}

/* ---- a line that is new ---- */

struct storing {
	struct page_memory *memory;
	struct tsdb *db;
	const struct target *target;
	const struct page_rules *rules;
	struct arena *arena; /* of a line */
	struct arena *page;  /* of the page */
	struct label_builder builder;
	samples samples;
	VEC(struct tsdb_histogram) histograms;
	VEC(struct fresh) fresh;
	VEC(struct waiting) waiting;
	VEC(struct line *) order; /* of this page */
	size_t next;              /* which of the last page's lines would be next */
	size_t seen;              /* lines of the memory that this page has */
	msec_t now;
	uint64_t described; /* a hash of what the page says of its metrics */
};

/* The target's labels win, or with honor_labels the page's; what loses is kept as exported_<name>. */
static void
merge_labels(struct storing *s, const struct expo *x)
{
	struct label_builder *b = &s->builder;
	label_builder_start(b, (struct labels){0});
	for (size_t i = 0; i < x->labels.n; i++)
		label_builder_set(b, x->labels.p[i].name, x->labels.p[i].value);
	labels_each(s->target->labels, l) {
		struct str theirs = label_builder_get(b, l.it.name);
		if (theirs.n && s->rules->job->honor_labels)
			continue;
		if (theirs.n) {
			struct str moved = arena_fmt(s->arena, "exported_%.*s", STR_ARG(l.it.name));
			while (label_builder_get(b, moved).n)
				moved = arena_fmt(s->arena, "exported_%.*s", STR_ARG(moved));
			label_builder_set(b, moved, theirs);
		}
		label_builder_set(b, l.it.name, l.it.value);
	}
}

static enum rc
make_line(struct storing *s, const struct expo *x, struct line *line, struct err *e)
{
	merge_labels(s, x);
	if (label_builder_get(&s->builder, STR("__tenant_id__")).n)
		return err_set(e, RC_INVALID, "the label __tenant_id__ says whose a series is; no page may have it");
	line->dropped = !relabel_apply(s->rules->metric_rules, &s->builder, s->arena) || !label_builder_get(&s->builder, STR(LABEL_METRIC)).n;
	if (line->dropped)
		return RC_OK;
	struct labels ls = label_builder_done(&s->builder, s->arena);
	*vec_add(&s->fresh) = (struct fresh){line, {arena_str(s->page, ls.bytes)}};
	line->fresh = s->fresh.n;
	return RC_OK;
}

static enum rc
line_of(struct storing *s, const struct expo *x, struct line **out, struct err *e)
{
	*out = map_get(s->memory->lines, x->series);
	if (*out)
		return RC_OK;
	struct line *line = mem_new(struct line);
	enum rc rc = make_line(s, x, line, e);
	arena_reset(s->arena);
	if (rc != RC_OK) {
		mem_free(line);
		return rc;
	}
	map_put(s->memory->lines, x->series, line);
	line->text = map_key(s->memory->lines, x->series);
	*out = line;
	return RC_OK;
}

enum { AHEAD = 16 };

/* Lines lie scattered and were last touched a scrape ago: waiting for them would cost more than comparing. */
static void
look_ahead(const struct page_memory *m, size_t next)
{
	if (next + AHEAD < m->order.n)
		__builtin_prefetch(m->order.p[next + AHEAD], 1);
	if (next + AHEAD / 2 < m->order.n)
		for (size_t i = 0; i < m->order.p[next + AHEAD / 2]->text.n; i += 64)
			__builtin_prefetch(m->order.p[next + AHEAD / 2]->text.p + i);
}

/* [P4] The next item; of a sample its line as well, when it stands where it stood. */
static enum expo_item
next_item(struct storing *s, struct expo *x, struct line **line)
{
	struct page_memory *m = s->memory;
	*line = s->next < m->order.n ? m->order.p[s->next] : NULL;
	look_ahead(m, s->next);
	if (*line && expo_take(x, (*line)->text))
		return EXPO_SAMPLE;
	*line = NULL;
	return expo_next(x);
}

static void
note_line(struct storing *s, struct line *line)
{
	struct page_memory *m = s->memory;
	if (line->place < m->order.n && m->order.p[line->place] == line)
		s->next = line->place + 1;
	s->seen += line->seen != m->scrape;
	line->seen = m->scrape;
	*vec_add(&s->order) = line;
}

/* [P3] */
static enum rc
begin_series(struct storing *s, struct err *e)
{
	struct labels *ls = arena_array(s->page, struct labels, s->fresh.n + 1);
	struct tsdb_ref *refs = arena_array(s->page, struct tsdb_ref, s->fresh.n + 1);
	if (!s->fresh.n)
		return RC_OK;
	for (size_t i = 0; i < s->fresh.n; i++)
		ls[i] = s->fresh.p[i].labels;
	enum rc rc = tsdb_series_all(s->db, s->target->tenant, ls, s->fresh.n, refs, e);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < s->fresh.n; i++) {
		s->fresh.p[i].line->ref = refs[i];
		s->fresh.p[i].line->fresh = 0;
	}
	for (size_t i = 0; i < s->waiting.n; i++)
		*(s->waiting.p[i].native ? &s->histograms.p[s->waiting.p[i].sample].ref : &s->samples.p[s->waiting.p[i].sample].ref) =
		    s->waiting.p[i].line->ref;
	return RC_OK;
}

/* ---- the page ---- */

static void
take_value(struct storing *s, const struct page_body *body, const struct expo *x, struct line *line)
{
	msec_t t = line->own_times ? x->time : s->now;
	bool native = x->native && x->native <= body->n_natives;
	if (line->fresh)
		*vec_add(&s->waiting) = (struct waiting){native, native ? s->histograms.n : s->samples.n, line};
	if (native)
		*vec_add(&s->histograms) = (struct tsdb_histogram){line->ref, t, body->natives[x->native - 1]};
	else
		*vec_add(&s->samples) = (struct tsdb_sample){line->ref, t, x->value};
}

/* As much as the last page had, and our report. */
static void
make_room(struct storing *s)
{
	size_t n = s->memory->order.n + REPORTS;
	s->order.p = mem_alloc(n * sizeof *s->order.p);
	s->samples.p = mem_alloc(n * sizeof *s->samples.p);
	s->order.cap = s->samples.cap = n;
}

static enum rc
read_page(struct storing *s, const struct page_body *body, struct page_counts *n, struct err *e)
{
	const struct conf_scrape *job = s->rules->job;
	struct expo_limits limits = {.line = 1 << 20, .labels = (size_t)job->label_limit, .name = (size_t)job->label_name_length_limit,
	    .value = (size_t)job->label_value_length_limit};
	struct expo x;
	enum expo_item item;
	enum rc rc = RC_OK;
	expo_init(&x, body->text, body->format, &limits);
	x.refers |= body->n_natives > 0;
	struct line *line;
	while (rc == RC_OK && (item = next_item(s, &x, &line)) != EXPO_END) {
		if (item != EXPO_SAMPLE) {
			s->described = (s->described ^ str_hash(x.family) ^ str_hash(x.text)) * 0x9e3779b97f4a7c15;
			continue;
		}
		n->scraped++;
		if (!line)
			rc = line_of(s, &x, &line, e);
		if (rc == RC_OK)
			note_line(s, line);
		if (rc != RC_OK || line->dropped)
			continue;
		if (job->sample_limit && ++n->kept > (size_t)job->sample_limit)
			rc = err_set(e, RC_REFUSED, "the page has more than %lld samples", (long long)job->sample_limit);
		line->own_times = x.has_time && job->honor_timestamps;
		take_value(s, body, &x, line);
	}
	if (rc == RC_OK)
		rc = expo_end(&x, e);
	expo_fini(&x);
	n->kept = s->samples.n + s->histograms.n;
	n->added = s->fresh.n;
	return rc;
}

static struct tsdb_metadata *
family_of(struct map *by_name, const struct expo *x, struct arena *a)
{
	struct tsdb_metadata *m = map_get(by_name, x->family);
	if (!m) {
		m = arena_new(a, struct tsdb_metadata);
		m->metric = arena_str(a, x->family);
		m->type = STR("unknown");
		map_put(by_name, m->metric, m);
	}
	return m;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void
keep_families(struct page_memory *m, const struct tsdb_metadata *p, size_t n)
{
	pthread_mutex_lock(&m->lock);
	m->families.n = 0;
	for (size_t i = 0; i < n; i++)
		*vec_add(&m->families) = str_hash(p[i].metric);
	if (n)
		qsort(m->families.p, n, sizeof *m->families.p, by_number);
	pthread_mutex_unlock(&m->lock);
}

bool
page_has_family(struct page_memory *m, struct str name)
{
	uint64_t hash = str_hash(name);
	pthread_mutex_lock(&m->lock);
	bool has = m->families.n && bsearch(&hash, m->families.p, m->families.n, sizeof hash, by_number);
	pthread_mutex_unlock(&m->lock);
	return has;
}

/* What the page says of its metrics: read again when it is not what it said before. */
static void
describe(struct storing *s, const struct page_body *body)
{
	struct map *by_name = map_create();
	VEC(struct tsdb_metadata) all = {0};
	struct expo x;
	struct err e;
	expo_init(&x, body->text, body->format, &(struct expo_limits){0});
	for (enum expo_item item; (item = expo_next(&x)) != EXPO_END;) {
		if (item == EXPO_SAMPLE)
			continue;
		struct tsdb_metadata *m = family_of(by_name, &x, s->page);
		if (item == EXPO_TYPE && str_is(x.text, "untyped"))
			continue;
		*(item == EXPO_TYPE ? &m->type : item == EXPO_HELP ? &m->help : &m->unit) = arena_str(s->page, x.text);
	}
	expo_fini(&x);
	map_each(by_name, entry)
		*vec_add(&all) = *(struct tsdb_metadata *)entry->value;
	if (all.n && tsdb_metadata_put(s->db, s->target->tenant, all.p, all.n, &e) != RC_OK)
		log_warn("collect", "what the page of %.*s says of its metrics is not stored: %s", STR_ARG(s->target->job), e.text);
	else
		s->memory->described = s->described;
	keep_families(s->memory, all.p, all.n);
	vec_fini(&all);
	map_destroy(&by_name);
}

/* The order of this page becomes the one that the next is read by. */
static void
keep_order(struct storing *s)
{
	struct page_memory *m = s->memory;
	vec_fini(&m->order);
	m->order.p = s->order.p;
	m->order.n = s->order.n;
	m->order.cap = s->order.cap;
	s->order.p = NULL;
	s->order.n = s->order.cap = 0;
	for (size_t i = 0; i < m->order.n; i++)
		m->order.p[i]->place = (uint32_t)i;
}

/* [P2]: forgets what was not on the page of this scrape, and ends it. */
static void
end_missing(struct page_memory *m, struct tsdb *db, msec_t now)
{
	VEC(struct str) gone = {0};
	samples stale = {0};
	map_each(m->lines, e) {
		struct line *l = e->value;
		if (l->seen == m->scrape)
			continue;
		*vec_add(&gone) = e->key;
		if (!l->dropped && (!l->own_times || m->ends_all) && !l->fresh)
			*vec_add(&stale) = (struct tsdb_sample){l->ref, now, tsdb_stale()};
	}
	append(db, &stale, "ending series");
	for (size_t i = 0; i < gone.n; i++) {
		struct str key = gone.p[i];
		mem_free(map_take(m->lines, key));
	}
	vec_fini(&gone);
	vec_fini(&stale);
}

void
page_end(struct page_memory *m, struct tsdb *db, msec_t now)
{
	m->scrape++;
	m->order.n = 0;
	end_missing(m, db, now);
}

/* ---- what we say of the scrape ---- */

static const char *const report_names[REPORTS] = {"up", "scrape_duration_seconds", "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling", "scrape_series_added", "scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes"};

static bool
find_reports(struct page_memory *m, struct tsdb *db, const struct target *t, int n)
{
	struct arena *a = arena_create();
	struct label_builder b = {0};
	struct err e;
	bool ok = true;
	for (int i = m->n_reports; i < n && ok; i++) {
		label_builder_start(&b, t->labels);
		label_builder_set(&b, STR(LABEL_METRIC), str_c(report_names[i]));
		ok = tsdb_series(db, t->tenant, label_builder_done(&b, a), &m->reports[i], &e) == RC_OK;
	}
	if (ok)
		m->n_reports = n;
	else
		log_warn("collect", "%s", e.text);
	label_builder_fini(&b);
	arena_destroy(&a);
	return ok;
}

static void
add_reports(struct page_memory *m, const double values[REPORTS], msec_t now, samples *out)
{
	for (int i = 0; i < m->n_reports; i++)
		*vec_add(out) = (struct tsdb_sample){m->reports[i], now, values[i]};
}

/* False: its series cannot begin. */
static bool
add_report(struct page_memory *m, struct tsdb *db, const struct target *t, const struct page_report *r, msec_t now, samples *out)
{
	const struct conf_scrape *l = r->limits;
	const double values[REPORTS] = {r->up, r->seconds, (double)r->counts.scraped, (double)r->counts.kept, (double)r->counts.added,
	    l ? (double)l->scrape_timeout / 1000 : 0, l ? (double)l->sample_limit : 0, r->bytes};
	int n = REPORTS - (l ? 0 : REPORTS_OF_LIMITS);
	if (m->n_reports < n && !find_reports(m, db, t, n))
		return false;
	add_reports(m, values, now, out);
	return true;
}

enum rc
page_store(struct page_memory *m, struct tsdb *db, const struct target *t, const struct page_rules *rules, const struct page_body *body, msec_t now,
    struct page_counts *n, struct err *e)
{
	struct storing s = {.memory = m, .db = db, .target = t, .rules = rules, .arena = arena_create(), .page = arena_create(), .now = now};
	struct tsdb_counts counts;
	*n = (struct page_counts){0};
	m->scrape++;
	m->ends_all = rules->job->track_timestamps_staleness;
	make_room(&s);
	enum rc rc = read_page(&s, body, n, e);
	if (rc == RC_OK)
		rc = tsdb_admit(db, t->tenant, n->kept, e);
	if (rc == RC_OK)
		rc = begin_series(&s, e);
	if (rc == RC_OK && body->report) {
		struct page_report good = *body->report;
		good.up = true;
		good.counts = *n;
		(void)add_report(m, db, t, &good, now, &s.samples);
	}
	if (rc == RC_OK && s.samples.n)
		rc = tsdb_append(db, s.samples.p, s.samples.n, &counts, e);
	if (rc == RC_OK && s.histograms.n)
		rc = tsdb_append_histograms(db, s.histograms.p, s.histograms.n, &counts, e);
	if (rc == RC_OK && s.described != m->described)
		describe(&s, body);
	if (rc == RC_OK) {
		keep_order(&s);
		if (s.seen < map_count(m->lines))
			end_missing(m, db, now);
	} else {
		page_end(m, db, now); /* [P1] */
	}
	vec_fini(&s.order);
	label_builder_fini(&s.builder);
	vec_fini(&s.samples);
	vec_fini(&s.histograms);
	vec_fini(&s.fresh);
	vec_fini(&s.waiting);
	arena_destroy(&s.arena);
	arena_destroy(&s.page);
	return rc;
}

void
page_report_store(struct page_memory *m, struct tsdb *db, const struct target *t, const struct page_report *r, msec_t now)
{
	samples s = {0};
	if (add_report(m, db, t, r, now, &s))
		append(db, &s, "the report of a scrape");
	vec_fini(&s);
}

void
page_leave(struct page_memory *m, struct tsdb *db, msec_t now)
{
	samples s = {0};
	double values[REPORTS];
	page_end(m, db, now);
	for (int i = 0; i < REPORTS; i++)
		values[i] = tsdb_stale();
	add_reports(m, values, now, &s);
	append(db, &s, "the end of a target's reports");
	vec_fini(&s);
}
