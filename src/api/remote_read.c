/*
 * remote_read.c — a Prometheus asks for our samples.
 *
 * Samples in one message, or (for who would rather have that) a stream of frames with XOR chunks:
 *     frame: length (varint), CRC (4 bytes, big-endian), a ChunkedReadResponse with one series or a part of it
 * Where native histograms are in the answer it is samples for everybody: there are no chunks of them here.  Both pay from
 * the same budgets as queries do.
 */
#include <string.h>

#include "api/tenant.h"
#include "base/budget.h"
#include "label/matcher.h"
#include "wire/crc32c.h"
#include "wire/histogram.h"
#include "wire/prompb.h"
#include "wire/prompb_read.h"
#include "wire/snappy.h"
#include "wire/xor.h"

struct reading {
	struct call *call;
	struct strs tenants;
	size_t paid, limit; /* samples */
	struct buf out, result;
	VEC(struct pair) labels;
	VEC(struct prompb_sample) samples;
	VEC(struct str) histograms; /* messages, in the arena */
	struct arena *arena;
	bool chunks, histograms_met;
	int64_t query; /* its place among those of the request */
};

/* From the store's bytes to messages. */
static void
read_histograms(struct reading *r, const struct tsdb_view *v)
{
	struct histogram h;
	struct buf message = {0};
	arena_reset(r->arena);
	r->histograms.n = 0;
	for (size_t i = 0; i < v->n_histograms; i++) {
		if (!histogram_unpack(v->histograms[i], r->arena, &h))
			continue;
		buf_clear(&message);
		histogram_to_proto(&h, v->histogram_t[i], &message);
		*vec_add(&r->histograms) = arena_str(r->arena, buf_view(&message));
	}
	buf_fini(&message);
}

/* What a series costs, in samples: of a histogram's bytes sixteen are one. */
static size_t
cost_of(const struct tsdb_view *v)
{
	size_t bytes = 0;
	for (size_t i = 0; i < v->n_histograms; i++)
		bytes += v->histograms[i].n;
	return v->n + v->n_histograms + bytes / 16;
}

/* ---- chunks ---- */

enum { CHUNK_SAMPLES = 120, FRAME_MAX = 1 << 20, CHUNK_XOR = 1 };

static void
put_labels(struct labels ls, struct buf *series)
{
	struct buf label = {0};
	labels_each (ls, l) {
		buf_clear(&label);
		proto_put_bytes(&label, 1, l.it.name);
		proto_put_bytes(&label, 2, l.it.value);
		proto_put_bytes(series, 1, buf_view(&label));
	}
	buf_fini(&label);
}

static void
put_chunk(const struct tsdb_view *v, size_t from, size_t n, struct buf *series)
{
	struct buf bytes = {0}, chunk = {0};
	xor_write(&bytes, v->t + from, v->v + from, n);
	proto_put_varint(&chunk, 1, (uint64_t)v->t[from]);
	proto_put_varint(&chunk, 2, (uint64_t)v->t[from + n - 1]);
	proto_put_varint(&chunk, 3, CHUNK_XOR);
	proto_put_bytes(&chunk, 4, buf_view(&bytes));
	proto_put_bytes(series, 2, buf_view(&chunk));
	buf_fini(&bytes);
	buf_fini(&chunk);
}

static void
put_frame(struct reading *r, struct str series)
{
	struct buf message = {0};
	proto_put_bytes(&message, 1, series);
	proto_put_varint(&message, 2, (uint64_t)r->query);
	proto_add_varint(&r->out, message.n);
	buf_u32(&r->out, crc32c(buf_view(&message)));
	buf_str(&r->out, buf_view(&message));
	buf_fini(&message);
}

static void
add_chunks(struct reading *r, const struct tsdb_view *v)
{
	for (size_t at = 0, n; at < v->n;) {
		buf_clear(&r->result);
		put_labels(v->labels, &r->result);
		for (; at < v->n && r->result.n < FRAME_MAX; at += n) {
			n = v->n - at < CHUNK_SAMPLES ? v->n - at : CHUNK_SAMPLES;
			put_chunk(v, at, n, &r->result);
		}
		put_frame(r, buf_view(&r->result));
	}
}

/* ---- */

static enum rc
add_series(struct reading *r, const struct tsdb_view *v, struct err *e)
{
	size_t cost = cost_of(v);
	if (!cost)
		return RC_OK;
	if (r->paid + cost > r->limit)
		return err_set(e, RC_REFUSED, "more than server.query_max_samples (%zu) samples", r->limit);
	if (budget_take(BUDGET_query_samples, cost, e) != RC_OK)
		return RC_REFUSED;
	r->paid += cost;
	r->histograms_met |= v->n_histograms > 0;
	if (r->chunks) {
		add_chunks(r, v);
		return RC_OK;
	}
	r->labels.n = r->samples.n = 0;
	labels_each (v->labels, l)
		*vec_add(&r->labels) = l.it;
	for (size_t i = 0; i < v->n; i++)
		*vec_add(&r->samples) = (struct prompb_sample){v->t[i], v->v[i]};
	read_histograms(r, v);
	prompb_add_all(&r->result, &(struct prompb_series){.labels = {r->labels.p, r->labels.n}, .samples = r->samples.p, .n_samples = r->samples.n,
				       .histograms = r->histograms.p, .n_histograms = r->histograms.n});
	return RC_OK;
}

static enum rc
answer_query(struct reading *r, const struct prompb_read *q, const struct matchers *ms, struct err *e)
{
	struct tsdb_select sel = {.tenants = r->tenants, .matchers = ms, .min = q->from, .max = q->to};
	struct tsdb_cursor *cur = NULL;
	struct tsdb_view v;
	enum rc rc = tsdb_cursor_create(r->call->api->house.tsdb, &sel, &cur, e);
	buf_clear(&r->result);
	while (rc == RC_OK && !(r->chunks && r->histograms_met) && tsdb_cursor_next(cur, &v))
		rc = add_series(r, &v, e);
	tsdb_cursor_destroy(&cur);
	if (!r->chunks)
		proto_put_bytes(&r->out, 1, buf_view(&r->result));
	r->query++;
	return rc;
}

static enum rc
one_query(struct reading *r, const struct prompb_read *q, struct err *e)
{
	static const enum match_op ops[] = {
	    [PROMPB_EQ] = MATCH_EQ, [PROMPB_NE] = MATCH_NE, [PROMPB_RE] = MATCH_RE, [PROMPB_NRE] = MATCH_NRE};
	struct matchers ms = {0};
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < q->matchers.n; i++)
		rc = matchers_add(
		    &ms, q->matchers.p[i].name, ops[q->matchers.p[i].op], q->matchers.p[i].value, e);
	if (rc == RC_OK)
		rc = answer_query(r, q, &ms, e);
	matchers_fini(&ms);
	return rc;
}

static enum rc
read_all(struct reading *r, struct str body, struct err *e)
{
	struct prompb_read q;
	enum rc rc = RC_OK;
	prompb_read_init(&q, body);
	while (rc == RC_OK && prompb_read_next(&q))
		rc = one_query(r, &q, e);
	if (rc == RC_OK)
		rc = prompb_read_end(&q, e);
	prompb_read_fini(&q);
	return rc;
}

static enum rc
unpack_and_read(struct reading *r, struct err *e)
{
	struct buf body = {0};
	enum rc rc = snappy_unpack(r->call->req->body, 1 << 20, &body, e);
	r->chunks = rc == RC_OK && prompb_read_wants_chunks(buf_view(&body));
	if (rc == RC_OK)
		rc = read_all(r, buf_view(&body), e);
	if (rc == RC_OK && r->chunks && r->histograms_met) { /* once more, as samples */
		r->chunks = false;
		r->query = 0;
		buf_clear(&r->out);
		rc = read_all(r, buf_view(&body), e);
	}
	buf_fini(&body);
	return rc;
}

static void
answer(struct reading *r)
{
	struct buf packed = {0};
	if (r->chunks) {
		http_answer_buf(r->call->req, 200, "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse", &r->out);
		return;
	}
	snappy_pack(buf_view(&r->out), &packed);
	http_answer_header(r->call->req, "Content-Encoding", STR("snappy"));
	http_answer_buf(r->call->req, 200, "application/x-protobuf", &packed);
}

void
handle_remote_read(struct call *c)
{
	struct reading r = {.call = c, .limit = (size_t)c->api->house.conf->root->server.query_max_samples};
	struct err e;
	if (!tenant_read(c, &r.tenants))
		return;
	if (budget_take(BUDGET_queries, 1, &e) != RC_OK) {
		answer_error(c, RC_IO, "%s", e.text);
		return;
	}
	r.arena = arena_create();
	enum rc rc = unpack_and_read(&r, &e);
	budget_give(BUDGET_queries, 1);
	budget_give(BUDGET_query_samples, r.paid);
	if (rc == RC_OK)
		answer(&r);
	else
		answer_error(c, rc, "%s", e.text);
	buf_fini(&r.out);
	buf_fini(&r.result);
	vec_fini(&r.labels);
	vec_fini(&r.samples);
	vec_fini(&r.histograms);
	arena_destroy(&r.arena);
}
