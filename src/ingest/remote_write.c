/* remote_write.c — see remote_write.h. */
#include "ingest/remote_write.h"

#include "wire/snappy.h"

static const struct prompb_limits limits = {
    .labels = 128, .label_bytes = 32768, .symbols = 1000000, .samples = 100000, .name = 1024, .value = 65536};

/* One series of the request and its samples. */
static void
add_series(struct pushed *p, struct prompb *w)
{
	struct tsdb_ref ref;
	if (!pushed_series(p, w->labels.p, w->labels.n, &ref))
		return;
	for (size_t i = 0; i < w->samples.n; i++)
		pushed_sample(p, ref, w->samples.p[i].t, w->samples.p[i].v);
}

static enum rc
store(struct pushed *p, struct str body, enum prompb_version version, struct err *e)
{
	struct prompb w;
	struct err bad;
	prompb_init(&w, body, version, &limits);
	while (prompb_next(&w))
		add_series(p, &w);
	enum rc read = prompb_end(&w, &bad), rc = pushed_end(p, e);
	if (read == RC_OK && rc == RC_OK && w.histograms)
		rc = err_set(
		    e, RC_INVALID, "%zu native histograms are not stored yet; the samples are", w.histograms);
	prompb_fini(&w);
	if (read == RC_OK || rc == RC_IO)
		return rc;
	/* too large today is too large tomorrow: nobody shall send it again */
	return err_set(e, RC_INVALID, "%s", bad.text);
}

enum rc
remote_write(struct tsdb *db, struct str tenant, const struct remote_write *r, struct pushed_counts *counts,
    struct err *e)
{
	struct buf body = {0};
	struct pushed p;
	pushed_init(&p, db, tenant);
	enum rc rc = snappy_unpack(r->packed, r->unpacked_limit, &body, e);
	if (rc == RC_OK)
		rc = store(&p, buf_view(&body), r->version, e);
	*counts = p.counts;
	buf_fini(&body);
	pushed_fini(&p);
	return rc;
}
