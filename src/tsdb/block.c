/*
 * block.c — reading a block; see block.h.
 *
 * A series is found by its id: each block has, for the ids of its series, their places in it.  Ids are
 * given out in the order of labels when a block is opened, so the table has few holes.
 */
#include "tsdb/block.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/os.h"
#include "tsdb/block_format.h"
#include "tsdb/chunk.h"
#include "wire/proto.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { NOWHERE = UINT32_MAX };

struct part {
	char *path;
	const char *map;
	size_t size;
	ino_t inode;
	uint64_t number;
};

struct block {
	uint64_t serial;
	char *path;
	const char *map;
	size_t size;
	ino_t inode;
	struct block_footer f;
	const struct block_column *columns;
	const struct block_group *groups;
	size_t n_groups;
	struct part *parts;
	size_t n_parts;
	const struct block_range *ranges; /* of group g and part p: g * n_parts + p */
	uint8_t *checked; /* of each group, or range: 1 good, 2 damaged, 0 not looked at yet */
	uint32_t first_id, n_places;
	bool shares; /* the places are another block's */
	uint32_t *places; /* by id - first_id: the place of the series, or NOWHERE */
};

/* ---- opening ---- */

static enum rc
map_file(const char *path, const char **map, size_t *size, ino_t *inode, struct err *e)
{
	int fd = os.open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "cannot open %s", path);
	struct stat st;
	void *p = MAP_FAILED;
	bool ok = fstat(fd, &st) == 0;
	if (ok && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	int why = errno;
	os.close(fd);
	if (ok && st.st_size == 0)
		return err_set(e, RC_INVALID, "%s is empty", path);
	errno = why;
	if (p == MAP_FAILED)
		return err_errno(e, "cannot map %s", path);
	*map = p;
	*size = (size_t)st.st_size;
	*inode = st.st_ino;
	return RC_OK;
}

static bool
refers(const struct block *b)
{
	return memcmp(b->map, BLOCK_MAGIC_REFERS, BLOCK_MAGIC_BYTES) == 0;
}

/* The bytes in front of the times of a block that refers: magic, parts, ranges. */
static uint64_t
head_bytes(uint64_t parts, uint64_t groups)
{
	return BLOCK_MAGIC_BYTES + sizeof parts + parts * sizeof(uint64_t) + groups * parts * sizeof(struct block_range);
}

/* One that is not there is damage of the block, not of the disk: the others may be good. */
static enum rc
map_part(struct block *b, uint64_t number, struct part *part, struct err *e)
{
	struct buf path = {0};
	block_part_path(b->path, number, &path);
	part->path = path.p;
	part->number = number;
	if (access(path.p, F_OK) != 0 && errno == ENOENT)
		return err_set(e, RC_INVALID, "%s refers to %s, which is not there", b->path, path.p);
	return map_file(path.p, &part->map, &part->size, &part->inode, e);
}

static enum rc
map_parts(struct block *b, struct err *e)
{
	uint64_t n, number;
	enum rc rc = RC_OK;
	memcpy(&n, b->map + BLOCK_MAGIC_BYTES, sizeof n);
	if (n == 0 || n > BLOCK_PARTS || b->f.times_at != head_bytes(n, b->n_groups))
		return err_set(e, RC_INVALID, "%s has an impossible number of parts", b->path);
	b->parts = mem_zalloc(n * sizeof *b->parts);
	b->ranges = (const struct block_range *)(b->map + head_bytes(n, 0));
	while (rc == RC_OK && b->n_parts < n) {
		memcpy(&number, b->map + BLOCK_MAGIC_BYTES + sizeof n + b->n_parts * sizeof number, sizeof number);
		rc = map_part(b, number, &b->parts[b->n_parts++], e);
	}
	return rc;
}

static bool
places_are_sane(const struct block_footer *f, uint64_t end)
{
	return f->times_at >= BLOCK_MAGIC_BYTES && f->times_at <= f->labels_at &&
	       f->labels_at <= f->columns_at && f->columns_at <= f->groups_at &&
	       f->groups_at <= f->entries_at && f->entries_at <= end && f->columns_at % 8 == 0 &&
	       f->labels_bytes <= BLOCK_LABELS_MAX &&
	       f->groups_at - f->columns_at == f->columns * sizeof(struct block_column) &&
	       f->columns <= end && f->series <= end && /* no overflow above and below */
	       f->entries_at - f->groups_at ==
		   (f->series + BLOCK_GROUP - 1) / BLOCK_GROUP * sizeof(struct block_group);
}

static bool
parts_are_sane(const struct block *b)
{
	const struct block_footer *f = &b->f;
	for (size_t i = 0; i < f->columns; i++) {
		const struct block_column *c = &b->columns[i];
		if (c->at > f->labels_at - f->times_at || c->bytes > f->labels_at - f->times_at - c->at ||
		    c->n == 0 || c->n > BLOCK_CHUNK_SAMPLES)
			return false;
	}
	for (size_t i = 0; i < b->n_groups; i++) {
		const struct block_group *g = &b->groups[i];
		if (g->entry_at > b->size - f->entries_at ||
		    (!b->parts && (g->at > f->times_at || g->bytes > f->times_at - g->at)))
			return false;
	}
	for (size_t i = 0; i < b->n_groups * b->n_parts; i++) {
		const struct block_range *r = &b->ranges[i];
		if (r->at > b->parts[i % b->n_parts].size || r->bytes > b->parts[i % b->n_parts].size - r->at)
			return false;
	}
	return true;
}

static enum rc
check(struct block *b, struct err *e)
{
	struct block_footer *f = &b->f;
	if (b->size < BLOCK_MAGIC_BYTES + sizeof *f)
		return err_set(e, RC_INVALID, "%s is cut", b->path);
	memcpy(f, b->map + b->size - sizeof *f, sizeof *f);
	uint64_t end = b->size - sizeof *f;
	if ((memcmp(b->map, BLOCK_MAGIC, BLOCK_MAGIC_BYTES) != 0 && !refers(b)) ||
	    memcmp(f->magic, b->map, BLOCK_MAGIC_BYTES) != 0)
		return err_set(e, RC_INVALID, "%s is no block, or cut", b->path);
	if (!places_are_sane(f, end))
		return err_set(e, RC_INVALID, "%s has a damaged footer", b->path);
	size_t from = refers(b) ? BLOCK_MAGIC_BYTES : f->times_at;
	if (XXH3_64bits(b->map + from, end + offsetof(struct block_footer, hash) - from) != f->hash)
		return err_set(e, RC_INVALID, "%s has a damaged index", b->path);
	b->columns = (const struct block_column *)(b->map + f->columns_at);
	b->groups = (const struct block_group *)(b->map + f->groups_at);
	b->n_groups = (f->series + BLOCK_GROUP - 1) / BLOCK_GROUP;
	enum rc rc = refers(b) ? map_parts(b, e) : RC_OK;
	if (rc != RC_OK)
		return rc;
	b->checked = mem_zalloc(b->n_groups * (b->n_parts ? b->n_parts : 1) + 1);
	return parts_are_sane(b) ? RC_OK : err_set(e, RC_INVALID, "%s has an impossible index", b->path);
}

enum rc
block_open(const char *path, struct block **out, struct err *e)
{
	static uint64_t serials;
	struct block *b = mem_new(struct block);
	b->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
	b->path = mem_dup(path, strlen(path));
	enum rc rc = map_file(b->path, &b->map, &b->size, &b->inode, e);
	if (rc == RC_OK)
		rc = check(b, e);
	if (rc != RC_OK)
		block_close(&b);
	*out = b;
	return rc;
}

void
block_close(struct block **pb)
{
	struct block *b = *pb;
	if (!b)
		return;
	if (b->map)
		munmap((void *)b->map, b->size);
	for (size_t i = 0; i < b->n_parts; i++) {
		if (b->parts[i].map)
			munmap((void *)b->parts[i].map, b->parts[i].size);
		mem_free(b->parts[i].path);
	}
	mem_free(b->parts);
	mem_free(b->checked);
	if (!b->shares)
		mem_free(b->places);
	mem_free(b->path);
	mem_free(b);
	*pb = NULL;
}

const char *
block_path(const struct block *b)
{
	return b->path;
}

uint64_t
block_serial(const struct block *b)
{
	return b->serial;
}

msec_t
block_min(const struct block *b)
{
	return b->f.min;
}

msec_t
block_max(const struct block *b)
{
	return b->f.max;
}

uint64_t
block_bytes(const struct block *b)
{
	uint64_t n = b->size;
	for (size_t i = 0; i < b->n_parts; i++)
		n += b->parts[i].size;
	return n;
}

uint64_t
block_series(const struct block *b)
{
	return b->f.series;
}

uint64_t
block_columns(const struct block *b)
{
	return b->f.columns;
}

void
block_column_span(const struct block *b, uint32_t column, msec_t *min, msec_t *max)
{
	*min = b->columns[column].min;
	*max = b->columns[column].max;
}

size_t
block_parts(const struct block *b)
{
	return b->n_parts;
}

const char *
block_part(const struct block *b, size_t i)
{
	return b->parts[i].path;
}

uint64_t
block_part_number(const struct block *b, size_t i)
{
	return b->parts[i].number;
}

static bool
is_file(const char *path, ino_t inode)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_ino == inode;
}

bool
block_is_named(const struct block *b)
{
	bool named = is_file(b->path, b->inode);
	for (size_t i = 0; named && i < b->n_parts; i++)
		named = is_file(b->parts[i].path, b->parts[i].inode);
	return named;
}

uint64_t
block_offset(const struct block *b, const struct block_chunk *c)
{
	return (uint64_t)(c->bytes.p - (b->n_parts ? b->parts[c->part].map : b->map));
}

uint64_t
block_samples(const struct block *b)
{
	return b->f.samples;
}

uint64_t
block_since(const struct block *b)
{
	return b->f.since;
}

uint64_t
block_hash(const struct block *b)
{
	return b->f.hash;
}

size_t
block_ids(const struct block *b, uint32_t *ids)
{
	for (uint32_t i = 0; ids && i < b->n_places; i++)
		if (b->places[i] != NOWHERE)
			ids[b->places[i]] = b->first_id + i;
	return b->f.series;
}

enum rc
block_share_ids(struct block *b, const struct block *of, struct err *e)
{
	if (b->f.series != of->f.series)
		return err_set(e, RC_INVALID, "%s holds %llu series and belongs to a block of %llu", b->path,
		    (unsigned long long)b->f.series, (unsigned long long)of->f.series);
	if (!b->shares)
		mem_free(b->places);
	b->first_id = of->first_id;
	b->n_places = of->n_places;
	b->places = of->places;
	b->shares = true;
	return RC_OK;
}

void
block_own_ids(struct block *b)
{
	if (!b->shares)
		return;
	const uint32_t *theirs = b->places;
	b->places = mem_alloc((b->n_places + 1) * sizeof *b->places);
	memcpy(b->places, theirs, b->n_places * sizeof *b->places);
	b->shares = false;
}

void
block_take_ids(struct block *b, const uint32_t *ids, size_t n)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (size_t i = 0; i < n; i++) {
		least = ids[i] < least ? ids[i] : least;
		most = ids[i] > most ? ids[i] : most;
	}
	b->first_id = least;
	b->n_places = n ? most - least + 1 : 0;
	b->places = mem_alloc((b->n_places + 1) * sizeof *b->places);
	memset(b->places, 0xff, (b->n_places + 1) * sizeof *b->places);
	for (size_t i = 0; i < n; i++)
		b->places[ids[i] - least] = (uint32_t)i;
}

/* ---- entries ---- */

/* The chunks of one series, as its group's entries tell. */
struct entry {
	struct proto p;
	uint64_t left; /* chunks */
	uint64_t *at;  /* of the next chunk, from the beginning of the group; of each part */
	size_t group;
	const struct block_column *column; /* of the chunk that was taken */
	uint32_t part;
	size_t range; /* the place in `checked` of what it is in */
	bool histograms;
	struct str bytes;
};

static bool
entry_begin(const struct block *b, struct entry *x)
{
	return proto_varint(&x->p, &x->left) && x->left <= b->size;
}

/* What a group has of chunks in one part, or in the block itself. */
struct piece {
	const char *p;
	uint64_t bytes, hash;
};

static struct piece
piece_of(const struct block *b, size_t range)
{
	if (!b->n_parts)
		return (struct piece){b->map + b->groups[range].at, b->groups[range].bytes, b->groups[range].hash};
	const struct block_range *r = &b->ranges[range];
	return (struct piece){b->parts[range % b->n_parts].map + r->at, r->bytes, r->hash};
}

static bool
entry_next(const struct block *b, struct entry *x)
{
	uint64_t column, bytes, part = 0;
	if (!proto_varint(&x->p, &column) || !proto_varint(&x->p, &bytes) || column / 2 >= b->f.columns)
		return false;
	if (b->n_parts && (!proto_varint(&x->p, &part) || part >= b->n_parts))
		return false;
	x->part = (uint32_t)part;
	x->range = b->n_parts ? x->group * b->n_parts + part : x->group;
	struct piece piece = piece_of(b, x->range);
	if (bytes > piece.bytes - x->at[part])
		return false;
	x->column = &b->columns[column / 2];
	x->histograms = column & 1;
	x->bytes = str_n(piece.p + x->at[part], bytes);
	x->at[part] += bytes;
	x->left--;
	return true;
}

/* `at`: room for BLOCK_PARTS. */
static void
group_begin(const struct block *b, size_t group, uint64_t *at, struct entry *x)
{
	*x = (struct entry){.group = group, .at = at};
	memset(at, 0, BLOCK_PARTS * sizeof *at);
	size_t from = b->f.entries_at + b->groups[group].entry_at;
	proto_init(&x->p, str_n(b->map + from, b->size - sizeof b->f - from));
}

/* ---- visiting ---- */

struct visit {
	struct block *b;
	const struct block_visitor *v;
	struct proto labels;
	struct entry entry;
	uint64_t at[BLOCK_PARTS]; /* of the entry */
	VEC(uint32_t) pairs; /* the store's numbers by the block's */
	VEC(uint32_t) series;
	VEC(uint32_t) ids;
};

/* The times of the next series, from its entries. */
static bool
span_of(struct visit *v, msec_t *min, msec_t *max, bool *histograms)
{
	if (v->ids.n % BLOCK_GROUP == 0)
		group_begin(v->b, v->ids.n / BLOCK_GROUP, v->at, &v->entry);
	if (!entry_begin(v->b, &v->entry) || !v->entry.left)
		return false;
	*min = INT64_MAX;
	*max = INT64_MIN;
	*histograms = false;
	while (v->entry.left) {
		if (!entry_next(v->b, &v->entry))
			return false;
		*min = v->entry.column->min < *min ? v->entry.column->min : *min;
		*max = v->entry.column->max > *max ? v->entry.column->max : *max;
		*histograms |= v->entry.histograms;
	}
	return true;
}

static bool
visit_series(struct visit *v, void *tenant)
{
	uint64_t shared, rest, number;
	msec_t min, max;
	bool histograms;
	if (v->ids.n >= v->b->f.series || !proto_varint(&v->labels, &shared) ||
	    !proto_varint(&v->labels, &rest) || shared > v->series.n)
		return false;
	v->series.n = shared;
	for (; rest; rest--) {
		if (!proto_varint(&v->labels, &number) || number >= v->pairs.n)
			return false;
		*vec_add(&v->series) = v->pairs.p[number];
	}
	if (!span_of(v, &min, &max, &histograms))
		return false;
	*vec_add(&v->ids) = v->v->series(v->v->arg, tenant, v->series.p, v->series.n, min, max, histograms);
	return true;
}

static bool
visit_pair(struct visit *v, void *tenant)
{
	struct pair pair;
	size_t at = 0;
	struct str rest = str_n((const char *)v->labels.at, (size_t)(v->labels.end - v->labels.at));
	if (!labels_next((struct labels){rest}, &at, &pair) || !pair.name.n || !pair.value.n)
		return false;
	*vec_add(&v->pairs) = v->v->pair(v->v->arg, tenant, str_to(rest, at));
	v->labels.at += at;
	return true;
}

static bool
visit_tenant(struct visit *v)
{
	struct str name;
	uint64_t pairs, series;
	v->pairs.n = v->series.n = 0;
	if (!proto_text(&v->labels, &name) || !proto_varint(&v->labels, &pairs))
		return false;
	void *tenant = v->v->tenant(v->v->arg, name);
	bool ok = true;
	for (; ok && pairs; pairs--)
		ok = visit_pair(v, tenant);
	ok = ok && proto_varint(&v->labels, &series);
	for (; ok && series; series--)
		ok = visit_series(v, tenant);
	return ok;
}

enum rc
block_visit(struct block *b, const struct block_visitor *visitor, struct err *e)
{
	struct visit v = {.b = b, .v = visitor};
	struct buf labels = {0};
	const char *packed = b->map + b->f.labels_at;
	size_t n = ZSTD_findFrameCompressedSize(packed, b->f.columns_at - b->f.labels_at);
	bool ok = !ZSTD_isError(n);
	if (ok)
		ok = ZSTD_decompress(buf_room(&labels, b->f.labels_bytes), b->f.labels_bytes, packed, n) ==
		     b->f.labels_bytes;
	if (ok)
		buf_grew(&labels, b->f.labels_bytes);
	proto_init(&v.labels, buf_view(&labels));
	while (ok && v.labels.at < v.labels.end)
		ok = visit_tenant(&v);
	ok = ok && v.ids.n == b->f.series;
	if (ok)
		block_take_ids(b, v.ids.p, v.ids.n);
	buf_fini(&labels);
	vec_fini(&v.pairs);
	vec_fini(&v.series);
	vec_fini(&v.ids);
	return ok ? RC_OK : err_set(e, RC_INVALID, "%s has impossible labels", b->path);
}

/* ---- reading ---- */

/* Once for each piece; readers may do it at the same time, with the same result. */
static bool
piece_is_good(struct block *b, size_t range)
{
	uint8_t known = __atomic_load_n(&b->checked[range], __ATOMIC_RELAXED);
	if (!known) {
		struct piece x = piece_of(b, range);
		known = XXH3_64bits(x.p, x.bytes) == x.hash ? 1 : 2;
		__atomic_store_n(&b->checked[range], known, __ATOMIC_RELAXED);
	}
	return known == 1;
}

/* The walk stands before the series at this place. */
static void
walk_to(struct block *b, struct block_walk *w, uint32_t place)
{
	if (w->serial == b->serial && w->next <= place && w->next / BLOCK_GROUP == place / BLOCK_GROUP && w->next % BLOCK_GROUP)
		return;
	*w = (struct block_walk){.serial = b->serial, .next = place / BLOCK_GROUP * BLOCK_GROUP};
	w->at = (const unsigned char *)b->map + b->f.entries_at + b->groups[place / BLOCK_GROUP].entry_at;
}

/* Takes the series that is next; `out` NULL: passes it over. */
static bool
walk_series(struct block *b, struct block_walk *w, msec_t min, msec_t max, struct block_chunks *out)
{
	struct entry x = {.group = w->next / BLOCK_GROUP, .at = w->bytes};
	x.p = (struct proto){.at = w->at, .end = (const unsigned char *)b->map + b->size - sizeof b->f};
	if (!entry_begin(b, &x))
		return false;
	while (x.left) {
		if (!entry_next(b, &x))
			return false;
		if (!out || x.column->max < min || x.column->min > max)
			continue;
		if (!piece_is_good(b, x.range))
			return false;
		*vec_add(out) = (struct block_chunk){x.bytes, (uint32_t)(x.column - b->columns), x.column->n, x.part, x.histograms};
	}
	w->next++;
	w->at = x.p.at;
	return true;
}

void
block_prefetch(const struct block *b, const struct block_walk *w, uint32_t id)
{
	uint32_t place = id >= b->first_id && id - b->first_id < b->n_places ? b->places[id - b->first_id] : NOWHERE;
	if (place == NOWHERE || w->serial != b->serial || w->next != place || place % BLOCK_GROUP == 0 || b->n_parts)
		return;
	const char *at = b->map + b->groups[place / BLOCK_GROUP].at + w->bytes[0];
	__builtin_prefetch(w->at);
	__builtin_prefetch(at);
	__builtin_prefetch(at + 64);
	__builtin_prefetch(at + 128);
}

bool
block_chunks(struct block *b, struct block_walk *w, uint32_t id, msec_t min, msec_t max, struct block_chunks *out)
{
	uint32_t place = id >= b->first_id && id - b->first_id < b->n_places ? b->places[id - b->first_id] : NOWHERE;
	bool good = true;
	if (place == NOWHERE || b->f.max < min || b->f.min > max)
		return true;
	walk_to(b, w, place);
	while (good && w->next < place)
		good = walk_series(b, w, min, max, NULL);
	good = good && walk_series(b, w, min, max, out);
	if (!good)
		w->serial = 0;
	return good;
}

bool
block_times(const struct block *b, uint32_t column, msec_t *t)
{
	const struct block_column *c = &b->columns[column];
	return chunk_unpack_times(str_n(b->map + b->f.times_at + c->at, c->bytes), c->n, t);
}

/* One chunk: into `out`, or else into `histograms`. */
static bool
read_chunk(const struct block *b, const struct block_chunk *x, msec_t min, msec_t max, struct samples *out,
    struct blobs *histograms)
{
	msec_t t[BLOCK_CHUNK_SAMPLES];
	double v[BLOCK_CHUNK_SAMPLES];
	if (!block_times(b, x->column, t))
		return false;
	if (!out)
		return blobs_unpack(x->bytes, t, x->n, min, max, histograms);
	if (!chunk_unpack_values(x->bytes, x->n, v))
		return false;
	samples_add_range(out, t, v, x->n, min, max);
	return true;
}

static bool
read_series(struct block *b, uint32_t id, msec_t min, msec_t max, struct samples *out, struct blobs *histograms)
{
	struct block_walk w = {0};
	struct block_chunks chunks = {0};
	bool good = block_chunks(b, &w, id, min, max, &chunks);
	for (size_t i = 0; good && i < chunks.n; i++)
		if (chunks.p[i].histograms == !out)
			good = read_chunk(b, &chunks.p[i], min, max, out, histograms);
	vec_fini(&chunks);
	return good;
}

bool
block_read(struct block *b, uint32_t id, msec_t min, msec_t max, struct samples *out)
{
	return read_series(b, id, min, max, out, NULL);
}

bool
block_read_histograms(struct block *b, uint32_t id, msec_t min, msec_t max, struct blobs *out)
{
	return read_series(b, id, min, max, NULL, out);
}

bool
block_holds(const struct block *b, uint32_t id)
{
	return id >= b->first_id && id - b->first_id < b->n_places && b->places[id - b->first_id] != NOWHERE;
}

void
block_each_chunk(struct block *b, uint32_t id, void (*fn)(void *, msec_t, msec_t, bool), void *arg)
{
	struct entry x;
	uint64_t at[BLOCK_PARTS];
	if (!block_holds(b, id))
		return;
	uint32_t place = b->places[id - b->first_id];
	group_begin(b, place / BLOCK_GROUP, at, &x);
	bool ok = true;
	for (uint32_t i = 0; ok && i <= place % BLOCK_GROUP; i++) {
		ok = entry_begin(b, &x);
		while (ok && x.left) {
			ok = entry_next(b, &x);
			if (ok && i == place % BLOCK_GROUP)
				fn(arg, x.column->min, x.column->max, x.histograms);
		}
	}
}
