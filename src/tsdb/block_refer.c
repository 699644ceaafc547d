/*
 * block_refer.c — a block whose chunks stay where they are; see block.h.
 *
 * IDEA   What is merged out of full blocks would be the same chunks once more.  So only their index is merged: 0.02 bytes a
 *        sample instead of 0.86.  A part stays a whole block, so if the index that refers to it is damaged, it can be one again.
 * [F1]   The chunks that a group has in a part are one piece, with one hash: series stand in the same order everywhere.  Where a
 *        part has a series that is not known any more (its retention is over), they are not, and samples must be written.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "base/os.h"
#include "tsdb/block.h"
#include "tsdb/block_format.h"
#include "wire/proto.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

void
block_part_path(const char *block, uint64_t number, struct buf *out)
{
	const char *slash = strrchr(block, '/');
	size_t n = slash ? (size_t)(slash - block) + 1 : 0;
	buf_add(out, block, n);
	buf_fmt(out, "part-%08llu", (unsigned long long)number);
}

static uint64_t
number_of(const char *path)
{
	const char *dash = strrchr(path, '-');
	uint64_t n = 0;
	bool is = dash && str_u64(str_c(dash + 1), &n);
	must(is);
	return n;
}

/* ---- parts ---- */

/* What an attempt that did not come to its end has left may stand there. */
static enum rc
link_part(const char *from, const char *to, struct err *e)
{
	if (os.link(from, to) == 0)
		return RC_OK;
	if (errno == EEXIST && os.unlink(to) == 0 && os.link(from, to) == 0)
		return RC_OK;
	return err_errno(e, "cannot make %s a further link to %s", to, from);
}

/* Durable, before anything refers to them. */
static enum rc
sync_links(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_dup(path, (size_t)(slash - path)) : mem_dup(".", 1);
	enum rc rc = os_sync_dir(dir, e);
	mem_free(dir);
	return rc;
}

/* The block itself becomes a part. */
static enum rc
add_block(struct block_writer *w, const struct block *b, struct err *e)
{
	struct block_source *s = &w->sources[w->n_sources++];
	struct buf path = {0};
	s->number = number_of(block_path(b));
	block_part_path(w->path, s->number, &path);
	enum rc rc = link_part(block_path(b), path.p, e);
	if (rc == RC_OK)
		s->link = mem_dup(path.p, path.n);
	buf_fini(&path);
	return rc;
}

static enum rc
add_sources(struct block_writer *w, struct block *b, struct err *e)
{
	struct block_merged *m = &w->merged[w->n_merged++];
	*m = (struct block_merged){.block = b, .first = w->n_sources};
	m->columns = mem_zalloc((block_columns(b) + 1) * sizeof *m->columns);
	if (!block_is_named(b))
		return RC_ABSENT;
	if (!block_parts(b))
		return add_block(w, b, e);
	for (size_t i = 0; i < block_parts(b); i++)
		w->sources[w->n_sources++].number = block_part_number(b, i);
	return RC_OK;
}

size_t
block_sources(struct block *const *blocks, size_t n)
{
	size_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += block_parts(blocks[i]) ? block_parts(blocks[i]) : 1;
	return sum;
}

enum rc
block_writer_refer(struct block_writer *w, struct block *const *blocks, size_t n, struct err *e)
{
	size_t sources = block_sources(blocks, n);
	enum rc rc = RC_OK;
	must(n && sources <= BLOCK_PARTS && !w->ids.n);
	buf_clear(&w->pending);
	buf_c(&w->pending, BLOCK_MAGIC_REFERS);
	w->merged = mem_zalloc(n * sizeof *w->merged);
	w->sources = mem_zalloc(sources * sizeof *w->sources);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = add_sources(w, blocks[i], e);
	return rc == RC_OK ? sync_links(w->path, e) : rc;
}

/* ---- series ---- */

/* The writer's number of a column of a block. */
static bool
column_of(struct block_writer *w, struct block_merged *m, const struct block_chunk *c, uint32_t *out)
{
	msec_t t[BLOCK_CHUNK_SAMPLES];
	if (!m->columns[c->column]) {
		if (!block_times(m->block, c->column, t))
			return false;
		m->columns[c->column] = block_writer_column(w, t, c->n) + 1;
	}
	*out = m->columns[c->column] - 1;
	return true;
}

static enum rc
refer(struct block_writer *w, const struct block_ref *r, struct err *e)
{
	struct block_merged *m = &w->merged[r->block];
	size_t part = m->first + r->chunk.part;
	struct block_source *s = &w->sources[part];
	uint32_t column;
	if (!column_of(w, m, &r->chunk, &column))
		return err_set(e, RC_INVALID, "%s has a damaged list of times and is not merged", block_path(m->block));
	if (s->from && s->to != r->chunk.bytes.p)
		return RC_ABSENT; /* [F1] */
	proto_add_varint(&w->entries, (uint64_t)column * 2 + r->chunk.histograms);
	proto_add_varint(&w->entries, r->chunk.bytes.n);
	proto_add_varint(&w->entries, part);
	if (!s->from) {
		s->from = r->chunk.bytes.p;
		s->at = block_offset(m->block, &r->chunk);
	}
	s->to = r->chunk.bytes.p + r->chunk.bytes.n;
	const struct block_column *c = &w->columns.p[column];
	block_writer_note(w, c->min, c->max, c->n);
	return RC_OK;
}

enum rc
block_writer_add_refs(struct block_writer *w, struct str tenant, struct labels ls, uint32_t id, const struct block_ref *p,
    size_t n, struct err *e)
{
	enum rc rc = n ? block_writer_series(w, tenant, ls, id, n, e) : RC_OK;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = refer(w, &p[i], e);
	return rc;
}

void
block_sources_end_group(struct block_writer *w)
{
	for (size_t i = 0; i < w->n_sources; i++) {
		struct block_source *s = &w->sources[i];
		size_t n = (size_t)(s->to - s->from);
		*vec_add(&w->ranges) = s->from ? (struct block_range){s->at, XXH3_64bits(s->from, n), n} : (struct block_range){0};
		s->from = s->to = NULL;
	}
}

void
block_sources_head(struct block_writer *w)
{
	uint64_t n = w->n_sources;
	buf_add(&w->pending, &n, sizeof n);
	for (size_t i = 0; i < n; i++)
		buf_add(&w->pending, &w->sources[i].number, sizeof w->sources[i].number);
	if (w->ranges.n)
		buf_add(&w->pending, w->ranges.p, w->ranges.n * sizeof *w->ranges.p);
}

void
block_sources_fini(struct block_writer *w, bool finished)
{
	for (size_t i = 0; i < w->n_sources; i++) {
		if (!finished && w->sources[i].link)
			os.unlink(w->sources[i].link);
		mem_free(w->sources[i].link);
	}
	for (size_t i = 0; i < w->n_merged; i++)
		mem_free(w->merged[i].columns);
	mem_free(w->merged);
	mem_free(w->sources);
	vec_fini(&w->ranges);
}

/* ---- removing ---- */

enum rc
block_remove_parts(const struct block *b, struct err *e)
{
	for (size_t i = 0; i < block_parts(b); i++)
		if (os.unlink(block_part(b, i)) != 0 && errno != ENOENT)
			return err_errno(e, "cannot remove %s", block_part(b, i));
	return RC_OK;
}

enum rc
block_remove_index(const struct block *b, struct err *e)
{
	return os.unlink(block_path(b)) == 0 || errno == ENOENT ? RC_OK : err_errno(e, "cannot remove %s", block_path(b));
}

/* First it is no block any more: a part without one would be taken for one itself. */
enum rc
block_remove(const struct block *b, struct err *e)
{
	struct buf gone = {0};
	enum rc rc = RC_OK;
	if (!block_parts(b))
		return block_remove_index(b, e);
	buf_fmt(&gone, "%s.gone", block_path(b));
	if (os.rename(block_path(b), gone.p) != 0 && errno != ENOENT)
		rc = err_errno(e, "cannot rename %s", block_path(b));
	if (rc == RC_OK)
		rc = block_remove_parts(b, e);
	if (rc == RC_OK && os.unlink(gone.p) != 0 && errno != ENOENT)
		rc = err_errno(e, "cannot remove %s", gone.p);
	buf_fini(&gone);
	return rc;
}
