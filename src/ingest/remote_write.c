/* remote_write.c — see remote_write.h. */
#include "ingest/remote_write.h"

#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "wire/prompb.h"
#include "wire/snappy.h"

static const struct prompb_limits limits = {.labels = 128, .samples = 100000, .name = 1024, .value = 65536};

struct batch {
	struct tsdb *db;
	struct str tenant;
	struct buf labels;
	VEC(struct tsdb_sample) samples;
	struct remote_write_counts *counts;
	struct err first; /* the first series that was refused, and why */
};

static bool
is_reserved(const struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(p[i].name, "__tenant_id__"))
			return true;
	return false;
}

static void
refuse(struct batch *b, const struct err *why)
{
	if (b->counts->bad_series++ == 0)
		b->first = *why;
}

/* One series of the request: its reference, and its samples behind those of the others. */
static void
add_series(struct batch *b, struct prompb *w)
{
	struct err e;
	struct tsdb_ref ref;
	b->counts->series++;
	b->counts->samples += w->samples.n;
	buf_clear(&b->labels);
	if (is_reserved(w->labels.p, w->labels.n)) {
		err_set(&e, RC_INVALID, "the label __tenant_id__ says whose a series is; nobody may send it");
		refuse(b, &e);
		return;
	}
	if (labels_add(&b->labels, w->labels.p, w->labels.n, &e) != RC_OK ||
	    tsdb_series(b->db, b->tenant, (struct labels){buf_view(&b->labels)}, &ref, &e) != RC_OK) {
		refuse(b, &e);
		return;
	}
	for (size_t i = 0; i < w->samples.n; i++)
		*vec_add(&b->samples) = (struct tsdb_sample){ref, w->samples.p[i].t, w->samples.p[i].v};
}

static enum rc
verdict(const struct batch *b, struct err *e)
{
	const struct tsdb_counts *s = &b->counts->stored;
	size_t refused = s->conflict + s->out_of_order + s->too_old + s->unknown;
	if (b->counts->bad_series)
		return err_set(e, b->first.rc == RC_REFUSED ? RC_REFUSED : RC_INVALID, "%zu of %zu series were refused, the first because: %.800s",
		    b->counts->bad_series, b->counts->series, b->first.text);
	if (refused)
		return err_set(e, RC_INVALID, "%zu samples were refused: %zu out of order, %zu too old, %zu with another value at the same time",
		    refused, s->out_of_order, s->too_old, s->conflict);
	return RC_OK;
}

static enum rc
store(struct batch *b, struct str body, struct err *e)
{
	struct prompb w;
	prompb_init(&w, body, &limits);
	while (prompb_next(&w))
		add_series(b, &w);
	enum rc rc = prompb_end(&w, e);
	prompb_fini(&w);
	if (rc == RC_REFUSED)
		rc = RC_INVALID; /* too large today is too large tomorrow: nobody shall send it again */
	if (rc == RC_OK && b->samples.n)
		rc = tsdb_append(b->db, b->samples.p, b->samples.n, &b->counts->stored, e);
	return rc == RC_OK ? verdict(b, e) : rc;
}

enum rc
remote_write(struct tsdb *db, struct str tenant, struct str packed, size_t unpacked_limit, struct remote_write_counts *counts, struct err *e)
{
	struct buf body = {0};
	struct batch b = {.db = db, .tenant = tenant, .counts = counts};
	*counts = (struct remote_write_counts){0};
	enum rc rc = snappy_unpack(packed, unpacked_limit, &body, e);
	if (rc == RC_OK)
		rc = store(&b, buf_view(&body), e);
	metric_add(METRIC_pushed_samples_total, (int64_t)counts->stored.stored);
	buf_fini(&body);
	buf_fini(&b.labels);
	vec_fini(&b.samples);
	return rc;
}
