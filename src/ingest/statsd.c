/*
 * statsd.c — see statsd.h.
 *
 * IDEA   Lines wait while a flush looks at the meters, so it asks the store for nothing that it was told before: a meter knows
 *        the references of its series.
 */
#include "ingest/statsd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "wire/statsd.h"

enum { SERIES_MOST = 5 }; /* of a timer */

struct meter {
	struct tsdb_ref refs[SERIES_MOST]; /* of its series, in the order in which a flush puts them */
	uint32_t epoch;                    /* they are good while it is the flusher's; 0: not asked for yet */
	uint32_t known;                    /* a bit for each */
	enum statsd_type type;
	struct str name;
	struct pairs tags; /* a copy in one piece */
	double sum, count; /* sum: a counter's sum, a gauge's value, a timer's sum */
	VEC(double) values;
	size_t seen; /* values since the last flush */
	struct map *members;
	msec_t heard;
	bool stored;   /* it was flushed once, so the sums are whole */
	bool absolute; /* a gauge that was set, not only changed */
};

struct statsd {
	pthread_mutex_t flushing; /* one at a time; taken before: */
	pthread_mutex_t lock;
	struct tsdb *tsdb;
	struct buf tenant;
	struct map *meters; /* type, name, tags -> struct meter */
	size_t limit, lines, bad;
	uint64_t dice;
	struct buf key;
	VEC(struct pair) labels;
	VEC(struct tsdb_sample) samples; /* what a flush stores; its own */
	uint32_t epoch;                  /* another one when a reference was found not to be good any more */
};

struct statsd *
statsd_create(struct tsdb *db, struct str tenant, size_t meters)
{
	struct statsd *s = mem_new(struct statsd);
	s->tsdb = db;
	s->limit = meters;
	s->meters = map_create();
	s->dice = s->epoch = 1;
	pthread_mutex_init(&s->flushing, NULL);
	pthread_mutex_init(&s->lock, NULL);
	buf_str(&s->tenant, tenant);
	return s;
}

static void
meter_destroy(struct meter *m)
{
	mem_free((char *)m->name.p);
	mem_free(m->tags.p);
	vec_fini(&m->values);
	map_destroy(&m->members);
	mem_free(m);
}

void
statsd_destroy(struct statsd **ps)
{
	struct statsd *s = *ps;
	if (!s)
		return;
	map_each (s->meters, e)
		meter_destroy(e->value);
	map_destroy(&s->meters);
	buf_fini(&s->tenant);
	buf_fini(&s->key);
	vec_fini(&s->labels);
	vec_fini(&s->samples);
	pthread_mutex_destroy(&s->flushing);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
	*ps = NULL;
}

/* ---- lines ---- */

static struct meter *
meter_create(const struct statsd_line *l)
{
	struct meter *m = mem_new(struct meter);
	m->type = l->type;
	m->name = str_n(mem_dup(l->name.p, l->name.n), l->name.n);
	m->tags = pairs_dup((struct pairs){(struct pair *)l->tags, l->n});
	return m;
}

static enum rc
meter_of(struct statsd *s, struct statsd_line *l, struct meter **out, struct err *e)
{
	buf_clear(&s->key);
	buf_u8(&s->key, (uint8_t)l->type);
	buf_field(&s->key, l->name);
	enum rc rc = labels_add(&s->key, l->tags, l->n, e);
	if (rc != RC_OK)
		return rc;
	*out = map_get(s->meters, buf_view(&s->key));
	if (*out)
		return RC_OK;
	if (map_count(s->meters) >= s->limit)
		return err_set(e, RC_REFUSED, "more than %zu meters", s->limit);
	*out = meter_create(l);
	map_put(s->meters, buf_view(&s->key), *out);
	return RC_OK;
}

/* The k-th of more than STATSD_VALUES takes the place of one of them with the chance of STATSD_VALUES in k. */
static void
add_value(struct statsd *s, struct meter *m, double v)
{
	m->seen++;
	if (m->values.n < STATSD_VALUES) {
		*vec_add(&m->values) = v;
		return;
	}
	s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
	size_t at = (size_t)((s->dice >> 33) % m->seen);
	if (at < STATSD_VALUES)
		m->values.p[at] = v;
}

static void
add_member(struct meter *m, struct str member)
{
	if (!m->members)
		m->members = map_create();
	if (map_count(m->members) < STATSD_MEMBERS)
		(void)map_put(m->members, member, m);
}

static void
count_line(struct statsd *s, struct meter *m, const struct statsd_line *l)
{
	switch (l->type) {
	case STATSD_COUNTER: m->sum += l->value / l->rate; break;
	case STATSD_GAUGE:
		m->sum = l->relative ? m->sum + l->value : l->value;
		m->absolute |= !l->relative;
		break;
	case STATSD_TIMER:
		m->sum += l->value / l->rate;
		m->count += 1 / l->rate;
		add_value(s, m, l->value);
		break;
	case STATSD_SET: add_member(m, l->text); break;
	}
}

static enum rc
take_line(struct statsd *s, struct str line, msec_t now, struct err *e)
{
	struct statsd_line l;
	struct meter *m;
	if (line.n > STATSD_LINE)
		return err_set(e, RC_INVALID, "a line of more than %d bytes", STATSD_LINE);
	enum rc rc = statsd_parse(line, &l, e);
	if (rc == RC_OK)
		rc = meter_of(s, &l, &m, e);
	if (rc != RC_OK)
		return rc;
	m->heard = now;
	count_line(s, m, &l);
	return RC_OK;
}

enum rc
statsd_take(struct statsd *s, struct str lines, msec_t now, struct err *e)
{
	enum rc first = RC_OK;
	struct err ignored;
	struct str line;
	pthread_mutex_lock(&s->lock);
	while (str_cut(&lines, '\n', &line)) {
		line = str_trim(line);
		if (!line.n)
			continue;
		s->lines++;
		enum rc rc = take_line(s, line, now, first == RC_OK ? e : &ignored);
		s->bad += rc != RC_OK;
		first = first == RC_OK ? rc : first;
	}
	pthread_mutex_unlock(&s->lock);
	return first;
}

void
statsd_counts(struct statsd *s, size_t *lines, size_t *bad)
{
	pthread_mutex_lock(&s->lock);
	*lines = s->lines;
	*bad = s->bad;
	pthread_mutex_unlock(&s->lock);
}

/* ---- flush ---- */

static bool
ask_ref(struct statsd *s, struct pushed *p, const struct meter *m, const char *ending, const char *quantile, struct tsdb_ref *ref)
{
	s->labels.n = 0;
	for (size_t i = 0; i < m->tags.n; i++)
		*vec_add(&s->labels) = m->tags.p[i];
	if (quantile)
		*vec_add(&s->labels) = (struct pair){STR("quantile"), str_c(quantile)};
	buf_clear(&s->key);
	buf_str(&s->key, m->name);
	buf_c(&s->key, ending);
	*vec_add(&s->labels) = (struct pair){STR(LABEL_METRIC), buf_view(&s->key)};
	return pushed_series(p, s->labels.p, s->labels.n, ref);
}

/* `which`: of the meter's series. */
static bool
ref_of(struct statsd *s, struct pushed *p, struct meter *m, unsigned which, const char *ending, const char *quantile, struct tsdb_ref *ref)
{
	if (m->epoch != s->epoch)
		m->known = 0;
	m->epoch = s->epoch;
	if (!(m->known >> which & 1) && ask_ref(s, p, m, ending, quantile, &m->refs[which]))
		m->known |= 1u << which;
	*ref = m->refs[which];
	return m->known >> which & 1;
}

static void
put(struct statsd *s, struct pushed *p, struct meter *m, unsigned which, const char *quantile, msec_t now, double v)
{
	struct tsdb_ref ref;
	if (ref_of(s, p, m, which, "", quantile, &ref))
		*vec_add(&s->samples) = (struct tsdb_sample){ref, now, v};
}

/* A sum of a meter that is new to this process goes on from where the store has it. */
static void
put_sum(struct statsd *s, struct pushed *p, struct meter *m, unsigned which, const char *ending, msec_t now, double *sum, bool gone)
{
	struct tsdb_ref ref;
	msec_t at;
	double before;
	if (!ref_of(s, p, m, which, ending, NULL, &ref))
		return;
	if (!m->stored && tsdb_last(s->tsdb, ref, now - STATSD_KEPT, &at, &before))
		*sum += before;
	*vec_add(&s->samples) = (struct tsdb_sample){ref, now, gone ? tsdb_stale() : *sum};
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static const struct {
	const char *text;
	double rank;
} quantiles[] = {{"0.5", 0.5}, {"0.9", 0.9}, {"0.99", 0.99}};
enum { QUANTILES = sizeof quantiles / sizeof *quantiles };
_Static_assert(QUANTILES + 2 == SERIES_MOST, "a timer has quantiles, a sum and a count");

static void
put_timer(struct statsd *s, struct pushed *p, struct meter *m, msec_t now, bool gone)
{
	size_t n = m->values.n;
	if (n)
		qsort(m->values.p, n, sizeof *m->values.p, by_value);
	for (unsigned i = 0; i < QUANTILES; i++)
		put(s, p, m, i, quantiles[i].text, now,
		    n && !gone ? m->values.p[(size_t)(quantiles[i].rank * (double)(n - 1) + 0.5)]
			       : tsdb_stale());
	put_sum(s, p, m, QUANTILES, "_sum", now, &m->sum, gone);
	put_sum(s, p, m, QUANTILES + 1, "_count", now, &m->count, gone);
	m->values.n = m->seen = 0;
}

static void
put_meter(struct statsd *s, struct pushed *p, struct meter *m, msec_t now, bool gone)
{
	double members = m->members ? (double)map_count(m->members) : 0;
	bool runs = m->type == STATSD_COUNTER || (m->type == STATSD_GAUGE && !m->absolute);
	if (m->type == STATSD_TIMER)
		put_timer(s, p, m, now, gone);
	else if (runs)
		put_sum(s, p, m, 0, "", now, &m->sum, gone);
	else
		put(s, p, m, 0, NULL, now, gone ? tsdb_stale() : m->type == STATSD_SET ? members : m->sum);
	map_destroy(&m->members);
	m->stored = true;
}

/* What there is to store, and what is over goes; with the lock. */
static void
gather(struct statsd *s, struct pushed *p, msec_t now)
{
	VEC(struct str) idle = {0};
	s->samples.n = 0;
	map_each (s->meters, entry) {
		struct meter *m = entry->value;
		bool gone = now - m->heard > STATSD_IDLE;
		put_meter(s, p, m, now, gone);
		if (gone)
			*vec_add(&idle) = entry->key;
	}
	for (size_t i = 0; i < idle.n; i++)
		meter_destroy(map_take(s->meters, idle.p[i]));
	vec_fini(&idle);
}

enum rc
statsd_flush(struct statsd *s, msec_t now, struct err *e)
{
	struct pushed p;
	pthread_mutex_lock(&s->flushing);
	pushed_init(&p, s->tsdb, buf_view(&s->tenant));
	pthread_mutex_lock(&s->lock);
	gather(s, &p, now);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->samples.n; i++)
		pushed_sample(&p, s->samples.p[i].ref, now, s->samples.p[i].v);
	enum rc rc = pushed_end(&p, e);
	if (p.counts.stored.unknown && ++s->epoch == 0)
		s->epoch = 1;
	pushed_fini(&p);
	pthread_mutex_unlock(&s->flushing);
	return rc;
}
