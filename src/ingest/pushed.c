/* pushed.c — see pushed.h. */
#include "ingest/pushed.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "wire/histogram.h"

void
pushed_init(struct pushed *p, struct tsdb *db, struct str tenant)
{
	*p = (struct pushed){.db = db, .tenant = tenant};
}

void
pushed_fini(struct pushed *p)
{
	buf_fini(&p->labels);
	vec_fini(&p->samples);
	vec_fini(&p->starts);
	vec_fini(&p->histograms);
	buf_fini(&p->packed);
	vec_fini(&p->described);
	arena_destroy(&p->texts);
}

void
pushed_refuse(struct pushed *p, const struct err *why)
{
	if (p->counts.bad_series++ == 0)
		p->first = *why;
}

static enum rc
find_series(struct pushed *p, struct pair *labels, size_t n, struct tsdb_ref *ref, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(labels[i].name, "__tenant_id__"))
			return err_set(e, RC_INVALID,
			    "the label __tenant_id__ says whose a series is; nobody may send it");
	buf_clear(&p->labels);
	enum rc rc = labels_add(&p->labels, labels, n, e);
	return rc == RC_OK ? tsdb_series(p->db, p->tenant, (struct labels){buf_view(&p->labels)}, ref, e)
			   : rc;
}

bool
pushed_series(struct pushed *p, struct pair *labels, size_t n, struct tsdb_ref *ref)
{
	struct err e;
	p->counts.series++;
	if (find_series(p, labels, n, ref, &e) == RC_OK)
		return true;
	pushed_refuse(p, &e);
	return false;
}

/* ---- samples ---- */

static void
add_counts(struct tsdb_counts *sum, const struct tsdb_counts *c)
{
	sum->stored += c->stored;
	sum->duplicate += c->duplicate;
	sum->conflict += c->conflict;
	sum->out_of_order += c->out_of_order;
	sum->too_old += c->too_old;
	sum->unknown += c->unknown;
}

/* They go before the samples that they are of. */
static void
put_starts(struct pushed *p)
{
	if (p->starts.n && p->rc == RC_OK)
		p->rc = tsdb_put_starts(p->db, p->starts.p, p->starts.n, &p->failure);
	p->starts.n = 0;
}

/* [P2] */
static void
admit(struct pushed *p, size_t n)
{
	if (p->rc != RC_OK || !n)
		return;
	if (p->admitted)
		tsdb_charge(p->db, p->tenant, n);
	else
		p->rc = tsdb_admit(p->db, p->tenant, n, &p->failure);
	p->admitted = true;
}

/* [P1] */
static void
append(struct pushed *p)
{
	struct tsdb_counts c;
	admit(p, p->samples.n);
	put_starts(p);
	if (p->samples.n && p->rc == RC_OK) {
		p->rc = tsdb_append(p->db, p->samples.p, p->samples.n, &c, &p->failure);
		if (p->rc == RC_OK)
			add_counts(&p->counts.stored, &c);
	}
	p->samples.n = 0;
}

/* The same of histograms; where they stand is known only now, since the buffer moves as it grows. */
static void
append_histograms(struct pushed *p)
{
	struct tsdb_counts c;
	const char *at = p->packed.p;
	admit(p, p->histograms.n);
	put_starts(p);
	for (size_t i = 0; i < p->histograms.n; at += p->histograms.p[i++].bytes.n)
		p->histograms.p[i].bytes.p = at;
	if (p->histograms.n && p->rc == RC_OK) {
		p->rc = tsdb_append_histograms(p->db, p->histograms.p, p->histograms.n, &c, &p->failure);
		if (p->rc == RC_OK)
			add_counts(&p->counts.stored, &c);
	}
	p->histograms.n = 0;
	buf_clear(&p->packed);
}

void
pushed_start(struct pushed *p, struct tsdb_ref ref, msec_t t, msec_t start)
{
	*vec_add(&p->starts) = (struct tsdb_start){ref, t, start};
}

void
pushed_sample(struct pushed *p, struct tsdb_ref ref, msec_t t, double v)
{
	p->counts.samples++;
	*vec_add(&p->samples) = (struct tsdb_sample){ref, t, v};
	if (p->samples.n == PUSHED_PIECE)
		append(p);
}

enum { PACKED_PIECE = 1 << 20 };

void
pushed_histogram(struct pushed *p, struct tsdb_ref ref, msec_t t, const struct histogram *h)
{
	size_t before = p->packed.n;
	p->counts.samples++;
	histogram_pack(h, &p->packed);
	*vec_add(&p->histograms) = (struct tsdb_histogram){ref, t, str_n(NULL, p->packed.n - before)};
	if (p->packed.n >= PACKED_PIECE)
		append_histograms(p);
}

enum { DESCRIBED = 10000 }; /* of one request: more are passed over */

void
pushed_describe(struct pushed *p, const struct tsdb_metadata *m)
{
	if (p->described.n == DESCRIBED || (p->described.n && str_eq(p->described.p[p->described.n - 1].metric, m->metric)))
		return;
	if (!p->texts)
		p->texts = arena_create();
	*vec_add(&p->described) = (struct tsdb_metadata){arena_str(p->texts, m->metric), m->type, arena_str(p->texts, m->help), arena_str(p->texts, m->unit)};
}

/* Samples are what a request is about: when this fails they are stored all the same. */
static void
keep_described(struct pushed *p)
{
	struct err e;
	if (p->described.n && tsdb_metadata_put(p->db, p->tenant, p->described.p, p->described.n, &e) != RC_OK)
		log_warn("ingest", "what a request says of its metrics is not stored: %s", e.text);
}

enum rc
pushed_end(struct pushed *p, struct err *e)
{
	const struct tsdb_counts *s = &p->counts.stored;
	append(p);
	append_histograms(p);
	keep_described(p);
	metric_add(METRIC_pushed_samples_total, (int64_t)s->stored);
	if (p->rc != RC_OK) {
		*e = p->failure;
		return p->rc;
	}
	if (p->counts.bad_series)
		return err_set(e, p->first.rc == RC_REFUSED ? RC_REFUSED : RC_INVALID,
		    "%zu of %zu series were refused, the first because: %.800s", p->counts.bad_series,
		    p->counts.series, p->first.text);
	size_t refused = s->conflict + s->out_of_order + s->too_old + s->unknown;
	if (refused)
		return err_set(e, RC_INVALID,
		    "%zu samples were refused: %zu out of order, %zu too old, %zu with another value at the "
		    "same time",
		    refused, s->out_of_order, s->too_old, s->conflict);
	return RC_OK;
}
