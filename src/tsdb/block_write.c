/* block_write.c — making a block; see block.h. */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "tsdb/block.h"
#include "tsdb/block_format.h"
#include "tsdb/chunk.h"
#include "wire/proto.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PENDING = 1 << 20, ZSTD_LEVEL = 6 };

enum rc
block_writer_create(const char *path, struct block_writer **out, struct err *e)
{
	struct block_writer *w = mem_new(struct block_writer);
	struct buf name = {0};
	buf_fmt(&name, "%s.new", path);
	w->path = mem_dup(path, strlen(path));
	w->temporary = name.p;
	w->min = INT64_MAX;
	w->max = INT64_MIN;
	randombytes_buf(&w->seed, sizeof w->seed);
	w->fd = os.open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	*out = w;
	if (w->fd >= 0) {
		buf_c(&w->pending, BLOCK_MAGIC);
		return RC_OK;
	}
	enum rc rc = err_errno(e, "cannot create %s", w->temporary);
	block_writer_abandon(out);
	return rc;
}

static void
part_fini(struct block_tenant_part *p)
{
	buf_fini(&p->names);
	buf_fini(&p->pairs);
	buf_fini(&p->series);
	mem_free(p->slots);
	vec_fini(&p->places);
	vec_fini(&p->last);
	vec_fini(&p->now);
	*p = (struct block_tenant_part){0};
}

void
block_writer_abandon(struct block_writer **pw)
{
	struct block_writer *w = *pw;
	if (!w)
		return;
	if (w->fd >= 0) {
		os.close(w->fd);
		os.unlink(w->temporary);
	}
	mem_free(w->path);
	mem_free(w->temporary);
	buf_fini(&w->pending);
	buf_fini(&w->times);
	buf_fini(&w->labels);
	buf_fini(&w->entries);
	part_fini(&w->part);
	vec_fini(&w->columns);
	vec_fini(&w->column_keys);
	mem_free(w->column_slots);
	vec_fini(&w->groups);
	vec_fini(&w->ids);
	block_sources_fini(w, w->fd < 0);
	mem_free(w);
	*pw = NULL;
}

static enum rc
write_pending(struct block_writer *w, struct err *e)
{
	enum rc rc = os_write_all(w->fd, buf_view(&w->pending), e);
	if (rc != RC_OK)
		return err_add(e, "writing %s", w->temporary);
	w->at += w->pending.n;
	buf_clear(&w->pending);
	return RC_OK;
}

/* ---- labels ---- */

static void
add_text(struct buf *b, struct str s)
{
	proto_add_varint(b, s.n);
	buf_str(b, s);
}

/* What is known of the tenant goes to the labels of the block. */
static void
end_tenant(struct block_writer *w)
{
	struct block_tenant_part *p = &w->part;
	if (p->n_series) {
		add_text(&w->labels, p->name);
		proto_add_varint(&w->labels, p->n_pairs);
		buf_str(&w->labels, buf_view(&p->pairs));
		proto_add_varint(&w->labels, p->n_series);
		buf_str(&w->labels, buf_view(&p->series));
		w->tenants++;
	}
	part_fini(p);
}

static void
begin_tenant(struct block_writer *w, struct str name)
{
	end_tenant(w);
	buf_str(&w->part.names, name);
	w->part.name = buf_view(&w->part.names);
}

static struct str
pair_text(const struct block_tenant_part *p, size_t number)
{
	return str_n(p->pairs.p + p->places.p[number].at, p->places.p[number].bytes);
}

static uint32_t *
pair_slot(const struct block_tenant_part *p, struct str text)
{
	size_t i = XXH3_64bits(text.p, text.n) & (p->n_slots - 1);
	while (p->slots[i] && !str_eq(pair_text(p, p->slots[i] - 1), text))
		i = (i + 1) & (p->n_slots - 1);
	return &p->slots[i];
}

static void
grow_pairs(struct block_tenant_part *p)
{
	mem_free(p->slots);
	p->n_slots = p->n_slots ? p->n_slots * 2 : 256;
	p->slots = mem_zalloc(p->n_slots * sizeof *p->slots);
	for (size_t i = 0; i < p->n_pairs; i++)
		*pair_slot(p, pair_text(p, i)) = (uint32_t)i + 1;
}

static uint32_t
pair_number(struct block_tenant_part *p, struct str text)
{
	if ((p->n_pairs + 1) * 4 > p->n_slots * 3)
		grow_pairs(p);
	uint32_t *slot = pair_slot(p, text);
	if (!*slot) {
		*vec_add(&p->places) = (struct block_place){(uint32_t)p->pairs.n, (uint32_t)text.n};
		buf_str(&p->pairs, text);
		*slot = (uint32_t)++p->n_pairs;
	}
	return *slot - 1;
}

/* How much it shares with the series before, and the numbers of its other pairs. */
static void
add_labels(struct block_tenant_part *p, struct labels ls)
{
	struct pair pair;
	size_t shared = 0;
	p->now.n = 0;
	for (size_t at = 0, start = 0; labels_next(ls, &at, &pair); start = at)
		*vec_add(&p->now) = pair_number(p, str_n(ls.bytes.p + start, at - start));
	while (shared < p->now.n && shared < p->last.n && p->now.p[shared] == p->last.p[shared])
		shared++;
	proto_add_varint(&p->series, shared);
	proto_add_varint(&p->series, p->now.n - shared);
	for (size_t i = shared; i < p->now.n; i++)
		proto_add_varint(&p->series, p->now.p[i]);
	p->last.n = 0;
	for (size_t i = 0; i < p->now.n; i++)
		*vec_add(&p->last) = p->now.p[i];
	p->n_series++;
}

/* ---- times ---- */

/* Lists of times are told apart by 128 bits of hash, keyed anew for each block. */
static struct block_times_key
key_of_times(const struct block_writer *w, const msec_t *t, size_t n)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(t, n * sizeof *t, w->seed);
	return (struct block_times_key){h.low64, h.high64};
}

static uint32_t *
column_slot(const struct block_writer *w, struct block_times_key k)
{
	size_t i = k.low & (w->n_column_slots - 1);
	for (; w->column_slots[i]; i = (i + 1) & (w->n_column_slots - 1)) {
		const struct block_times_key *x = &w->column_keys.p[w->column_slots[i] - 1];
		if (x->low == k.low && x->high == k.high)
			break;
	}
	return &w->column_slots[i];
}

static void
grow_columns(struct block_writer *w)
{
	mem_free(w->column_slots);
	w->n_column_slots = w->n_column_slots ? w->n_column_slots * 2 : 256;
	w->column_slots = mem_zalloc(w->n_column_slots * sizeof *w->column_slots);
	for (size_t i = 0; i < w->columns.n; i++)
		*column_slot(w, w->column_keys.p[i]) = (uint32_t)i + 1;
}

/* The column of these times, which series before may have had. */
uint32_t
block_writer_column(struct block_writer *w, const msec_t *t, size_t n)
{
	struct block_times_key k = key_of_times(w, t, n);
	if ((w->columns.n + 1) * 4 > w->n_column_slots * 3)
		grow_columns(w);
	uint32_t *slot = column_slot(w, k);
	if (!*slot) {
		size_t at = w->times.n;
		chunk_pack_times(t, n, &w->times);
		*vec_add(&w->columns) = (struct block_column){.min = t[0],
		    .max = t[n - 1],
		    .at = at,
		    .bytes = (uint32_t)(w->times.n - at),
		    .n = (uint32_t)n};
		*vec_add(&w->column_keys) = k;
		*slot = (uint32_t)w->columns.n;
	}
	return *slot - 1;
}

/* ---- series ---- */

static void
end_group(struct block_writer *w)
{
	if (!w->groups.n)
		return;
	struct block_group *g = &w->groups.p[w->groups.n - 1];
	if (w->merged) {
		block_sources_end_group(w);
		return;
	}
	g->bytes = (uint32_t)(w->pending.n - w->group_at);
	g->hash = XXH3_64bits(w->pending.p + w->group_at, g->bytes);
}

static enum rc
begin_group(struct block_writer *w, struct err *e)
{
	enum rc rc = RC_OK;
	end_group(w);
	if (w->pending.n >= PENDING)
		rc = write_pending(w, e);
	if (rc != RC_OK)
		return rc;
	w->group_at = w->pending.n;
	*vec_add(&w->groups) =
	    (struct block_group){.at = w->at + w->pending.n, .entry_at = (uint32_t)w->entries.n};
	return RC_OK;
}

void
block_writer_note(struct block_writer *w, msec_t min, msec_t max, size_t samples)
{
	w->samples += samples;
	w->min = min < w->min ? min : w->min;
	w->max = max > w->max ? max : w->max;
}

/* The chunk of these times, of which `start` says where it begins in `pending`. */
static void
add_entry(struct block_writer *w, const msec_t *t, size_t n, bool histograms, size_t start)
{
	proto_add_varint(&w->entries, (uint64_t)block_writer_column(w, t, n) * 2 + histograms);
	proto_add_varint(&w->entries, w->pending.n - start);
	block_writer_note(w, t[0], t[n - 1], n);
}

/* Into how many chunks. */
static size_t
chunks_of(size_t n)
{
	return (n + BLOCK_CHUNK_SAMPLES - 1) / BLOCK_CHUNK_SAMPLES;
}

static void
add_samples(struct block_writer *w, const struct samples *s)
{
	for (size_t left = chunks_of(s->n), from = 0, n; left; left--, from += n) {
		size_t start = w->pending.n;
		n = (s->n - from) / left; /* all of about one size */
		chunk_pack_values(s->v + from, n, &w->pending);
		add_entry(w, s->t + from, n, false, start);
	}
}

static void
add_histograms(struct block_writer *w, const struct blobs *b)
{
	for (size_t left = chunks_of(b->t.n), from = 0, n; left; left--, from += n) {
		size_t start = w->pending.n;
		n = (b->t.n - from) / left;
		blobs_pack(b, from, n, &w->pending);
		add_entry(w, b->t.p + from, n, true, start);
	}
}

enum rc
block_writer_series(struct block_writer *w, struct str tenant, struct labels ls, uint32_t id, size_t chunks, struct err *e)
{
	enum rc rc = w->ids.n % BLOCK_GROUP == 0 ? begin_group(w, e) : RC_OK;
	if (rc != RC_OK)
		return rc;
	if (!w->part.n_series || !str_eq(w->part.name, tenant))
		begin_tenant(w, tenant);
	add_labels(&w->part, ls);
	*vec_add(&w->ids) = id;
	proto_add_varint(&w->entries, chunks);
	return RC_OK;
}

enum rc
block_writer_add(struct block_writer *w, struct str tenant, struct labels ls, uint32_t id,
    const struct samples *s, const struct blobs *histograms, struct err *e)
{
	size_t chunks = chunks_of(s->n) + chunks_of(histograms->t.n);
	if (chunks == 0)
		return RC_OK;
	enum rc rc = block_writer_series(w, tenant, ls, id, chunks, e);
	if (rc != RC_OK)
		return rc;
	add_samples(w, s);
	add_histograms(w, histograms);
	return RC_OK;
}

enum rc
block_writer_add_windows(struct block_writer *w, struct str tenant, struct labels ls, uint32_t id, const struct tier_list *l, struct err *e)
{
	enum rc rc = block_writer_series(w, tenant, ls, id, chunks_of(l->n), e);
	for (size_t left = chunks_of(l->n), from = 0, n; rc == RC_OK && left; left--, from += n) {
		size_t start = w->pending.n;
		n = (l->n - from) / left;
		tier_pack(l, from, n, &w->pending);
		add_entry(w, l->end + from, n, false, start);
	}
	return rc;
}

enum rc
block_writer_add_nothing(struct block_writer *w, struct str tenant, struct labels ls, uint32_t id, msec_t end, struct err *e)
{
	enum rc rc = block_writer_series(w, tenant, ls, id, 1, e);
	if (rc != RC_OK)
		return rc;
	size_t start = w->pending.n;
	tier_pack(NULL, 0, 0, &w->pending);
	add_entry(w, &end, 1, false, start);
	return RC_OK;
}

uint64_t
block_writer_samples(const struct block_writer *w)
{
	return w->samples;
}

/* ---- the end ---- */

static uint64_t
pack_labels(struct block_writer *w, struct buf *out)
{
	end_tenant(w);
	size_t room = ZSTD_compressBound(w->labels.n);
	size_t n =
	    ZSTD_compress(buf_room(out, room), room, w->labels.p ? w->labels.p : "", w->labels.n, ZSTD_LEVEL);
	must(!ZSTD_isError(n));
	buf_grew(out, n);
	return w->labels.n;
}

static void
align(struct buf *b, uint64_t before)
{
	while ((before + b->n) % sizeof(uint64_t))
		buf_ch(b, '\0');
}

/* Everything behind the chunks. */
static enum rc
write_index(struct block_writer *w, uint64_t since, struct err *e)
{
	end_group(w);
	struct buf *b = &w->pending;
	size_t hashed = w->merged ? BLOCK_MAGIC_BYTES : 0; /* from there on in `pending` */
	const char *magic = w->merged ? BLOCK_MAGIC_REFERS : BLOCK_MAGIC;
	enum rc rc = RC_OK;
	if (w->merged)
		block_sources_head(w);
	else
		rc = write_pending(w, e);
	if (rc != RC_OK)
		return rc;
	struct block_footer f = {.times_at = w->at + b->n,
	    .columns = w->columns.n,
	    .series = w->ids.n,
	    .samples = w->samples,
	    .since = since,
	    .min = w->min,
	    .max = w->max};
	buf_str(b, buf_view(&w->times));
	f.labels_at = w->at + b->n;
	f.labels_bytes = pack_labels(w, b);
	align(b, w->at);
	f.columns_at = w->at + b->n;
	buf_add(b, w->columns.p, w->columns.n * sizeof *w->columns.p);
	f.groups_at = w->at + b->n;
	buf_add(b, w->groups.p, w->groups.n * sizeof *w->groups.p);
	f.entries_at = w->at + b->n;
	buf_str(b, buf_view(&w->entries));
	memcpy(f.magic, magic, BLOCK_MAGIC_BYTES);
	buf_add(b, &f, offsetof(struct block_footer, hash));
	f.hash = XXH3_64bits(b->p + hashed, b->n - hashed);
	buf_add(b, &f.hash, sizeof f - offsetof(struct block_footer, hash));
	return write_pending(w, e);
}

static enum rc
appear(struct block_writer *w, struct err *e)
{
	if (os.fsync(w->fd) != 0)
		return err_errno(e, "cannot make %s durable", w->temporary);
	if (os.rename(w->temporary, w->path) != 0)
		return err_errno(e, "cannot rename %s", w->temporary);
	os.close(w->fd);
	w->fd = -1;
	const char *slash = strrchr(w->path, '/');
	char *dir = slash ? mem_dup(w->path, (size_t)(slash - w->path)) : mem_dup(".", 1);
	enum rc rc = os_sync_dir(dir, e);
	mem_free(dir);
	return rc;
}

enum rc
block_writer_finish(struct block_writer **pw, uint64_t since, struct block **out, struct err *e)
{
	struct block_writer *w = *pw;
	enum rc rc = write_index(w, since, e);
	if (rc == RC_OK)
		rc = appear(w, e);
	if (rc == RC_OK)
		rc = block_open(w->path, out, e);
	if (rc == RC_OK)
		block_take_ids(*out, w->ids.p, w->ids.n);
	block_writer_abandon(pw);
	return rc;
}
