/*
 * prom_block.c — see prom_block.h.
 *
 *     index       magic, version 2 | symbols | series, each on a multiple of 16 | … | table of contents, 52 bytes from the end
 *     symbols     length, count, { varint length, text } …, CRC
 *     series      varint length, { labels: count, number of name, of value … | chunks: count, first time (zigzag), span, place;
 *                 then gap, span, change of place (zigzag) … }, CRC
 *     place       the chunk file's number from 0 (upper 32 bits), and where in it (lower)
 *     chunk       varint length, encoding, bytes, CRC of encoding and bytes
 *     tombstones  magic, version 1 | { place of the series in the index / 16, first and last time (zigzag) } … | CRC of these
 *
 * As Prometheus's tsdb/docs/format describes them; numbers of fixed size are big-endian, CRCs are Castagnoli's.  The files are
 * mapped; every length is checked against what is there.
 */
#include "tsdb/prom_block.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "tsdb/tsdb.h"
#include "wire/crc32c.h"
#include "wire/histogram_chunk.h"
#include "wire/json.h"
#include "wire/proto.h"
#include "wire/xor.h"

enum { TOC = 52, HEAD = 5, CHUNKS_HEAD = 8, CRC = 4, LABELS_MAX = 1 << 16, ENCODING_XOR = 1, META_MAX = 16 << 20, FILES_MAX = 1 << 20 };
enum { MAGIC_INDEX = 0xBAAAD700, MAGIC_CHUNKS = 0x85BD40DD, MAGIC_TOMBSTONES = 0x0130BA30 };

struct tombstone {
	uint64_t series;
	msec_t min, max;
};

struct prom_block {
	char *dir;
	struct str index;
	VEC(struct str) files; /* chunks/000001 … */
	VEC(struct str) symbols;
	VEC(struct tombstone) tombstones;
	size_t at, end; /* of the series */
	struct samples samples;
	struct blobs histograms;
	struct buf packed; /* one of them */
	struct buf labels;
	VEC(struct pair) pairs;
	VEC(msec_t) t; /* of one chunk */
	VEC(double) v;
};

/* ---- bytes ---- */

static uint32_t
be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;
	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static uint64_t
be64(const char *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

static int64_t
unzigzag(uint64_t x)
{
	return (int64_t)(x >> 1) ^ -(int64_t)(x & 1);
}

static enum rc
bad(const struct prom_block *b, const char *what, struct err *e)
{
	return err_set(e, RC_INVALID, "%s: %s", b->dir, what);
}

/* An empty file maps to nothing. */
static enum rc
map_file(const char *path, struct str *out, struct err *e)
{
	struct stat st;
	int fd = os.open(path, O_RDONLY | O_CLOEXEC, 0);
	*out = STR("");
	if (fd < 0)
		return err_errno(e, "cannot open %s", path);
	void *p = MAP_FAILED;
	enum rc rc = fstat(fd, &st) == 0 ? RC_OK : err_errno(e, "cannot look at %s", path);
	if (rc == RC_OK && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (rc == RC_OK && st.st_size > 0 && p == MAP_FAILED)
		rc = err_errno(e, "cannot map %s", path);
	os.close(fd);
	if (rc == RC_OK && st.st_size > 0)
		*out = str_n(p, (size_t)st.st_size);
	return rc;
}

static void
unmap(struct str s)
{
	if (s.n)
		munmap((void *)s.p, s.n);
}

/* A part with its length in front and its CRC behind. */
static bool
take_part(struct str file, uint64_t at, struct str *out)
{
	if (at > file.n || file.n - at < 4)
		return false;
	uint32_t n = be32(file.p + at);
	if (file.n - at - 4 < (uint64_t)n + CRC)
		return false;
	*out = str_n(file.p + at + 4, n);
	return crc32c(*out) == be32(out->p + n);
}

/* ---- opening ---- */

static bool
take_symbols(struct prom_block *b, uint64_t at)
{
	struct str part;
	struct proto p;
	uint64_t n;
	if (!take_part(b->index, at, &part) || part.n < 4)
		return false;
	uint32_t count = be32(part.p);
	proto_init(&p, str_from(part, 4));
	for (; count; count--) {
		if (!proto_varint(&p, &n) || n > (size_t)(p.end - p.at))
			return false;
		*vec_add(&b->symbols) = str_n((const char *)p.at, n);
		p.at += n;
	}
	return true;
}

/* Of the table of contents: symbols, series, and what follows them. */
static enum rc
take_index(struct prom_block *b, struct err *e)
{
	if (b->index.n < HEAD + TOC || be32(b->index.p) != MAGIC_INDEX)
		return bad(b, "its index is none", e);
	if (b->index.p[4] != 2)
		return bad(b, "its index has a version other than 2", e);
	struct str toc = str_from(b->index, b->index.n - TOC);
	if (crc32c(str_to(toc, TOC - CRC)) != be32(toc.p + TOC - CRC))
		return bad(b, "the table of contents of its index is damaged", e);
	uint64_t symbols = be64(toc.p), series = be64(toc.p + 8), end = b->index.n - TOC;
	for (int i = 2; i < 6; i++) { /* the part that follows the series */
		uint64_t other = be64(toc.p + 8 * i);
		end = other > series && other < end ? other : end;
	}
	if (!take_symbols(b, symbols))
		return bad(b, "the symbols of its index are damaged", e);
	if (series > end)
		return bad(b, "the table of contents of its index is impossible", e);
	b->at = series ? series : end;
	b->end = end;
	return RC_OK;
}

static enum rc
map_chunks(struct prom_block *b, struct err *e)
{
	struct buf path = {0};
	enum rc rc = RC_OK;
	for (unsigned i = 1; rc == RC_OK && i < FILES_MAX; i++) {
		buf_clear(&path);
		buf_fmt(&path, "%s/chunks/%06u", b->dir, i);
		if (access(path.p, F_OK) != 0)
			break;
		rc = map_file(path.p, vec_add(&b->files), e);
		struct str f = b->files.p[b->files.n - 1];
		if (rc == RC_OK && (f.n < CHUNKS_HEAD || be32(f.p) != MAGIC_CHUNKS || f.p[4] != 1))
			rc = err_set(e, RC_INVALID, "%s is no file of chunks", path.p);
	}
	buf_fini(&path);
	return rc;
}

static bool
take_tombstones(struct prom_block *b, struct str file)
{
	struct proto p;
	uint64_t series, min, max;
	if (file.n < HEAD + CRC || be32(file.p) != MAGIC_TOMBSTONES || file.p[4] != 1)
		return false;
	struct str body = str_n(file.p + HEAD, file.n - HEAD - CRC);
	if (crc32c(body) != be32(body.p + body.n))
		return false;
	proto_init(&p, body);
	while (p.at < p.end) {
		if (!proto_varint(&p, &series) || !proto_varint(&p, &min) || !proto_varint(&p, &max))
			return false;
		*vec_add(&b->tombstones) = (struct tombstone){series, unzigzag(min), unzigzag(max)};
	}
	return true;
}

static enum rc
read_tombstones(struct prom_block *b, struct err *e)
{
	struct buf path = {0};
	struct str file;
	enum rc rc = RC_OK;
	buf_fmt(&path, "%s/tombstones", b->dir);
	if (access(path.p, F_OK) == 0) {
		rc = map_file(path.p, &file, e);
		if (rc == RC_OK && !take_tombstones(b, file))
			rc = bad(b, "its tombstones are damaged", e);
		unmap(file);
	}
	buf_fini(&path);
	return rc;
}

enum rc
prom_block_open(const char *dir, struct prom_block **out, struct err *e)
{
	struct prom_block *b = mem_new(struct prom_block);
	struct buf path = {0};
	b->dir = mem_dup(dir, strlen(dir));
	buf_fmt(&path, "%s/index", dir);
	enum rc rc = map_file(path.p, &b->index, e);
	if (rc == RC_OK)
		rc = take_index(b, e);
	if (rc == RC_OK)
		rc = map_chunks(b, e);
	if (rc == RC_OK)
		rc = read_tombstones(b, e);
	buf_fini(&path);
	if (rc != RC_OK)
		prom_block_close(&b);
	*out = b;
	return rc;
}

void
prom_block_close(struct prom_block **pb)
{
	struct prom_block *b = *pb;
	if (!b)
		return;
	unmap(b->index);
	for (size_t i = 0; i < b->files.n; i++)
		unmap(b->files.p[i]);
	vec_fini(&b->files);
	vec_fini(&b->symbols);
	vec_fini(&b->tombstones);
	samples_fini(&b->samples);
	blobs_fini(&b->histograms);
	buf_fini(&b->packed);
	buf_fini(&b->labels);
	vec_fini(&b->pairs);
	vec_fini(&b->t);
	vec_fini(&b->v);
	mem_free(b->dir);
	mem_free(b);
	*pb = NULL;
}

/* ---- series ---- */

static enum rc
take_labels(struct prom_block *b, struct proto *p, struct err *e)
{
	uint64_t n, name, value;
	b->pairs.n = 0;
	if (!proto_varint(p, &n) || n > LABELS_MAX)
		return bad(b, "a series of its index is damaged", e);
	for (; n; n--) {
		if (!proto_varint(p, &name) || !proto_varint(p, &value) || name >= b->symbols.n || value >= b->symbols.n)
			return bad(b, "a series of its index has labels that are not there", e);
		*vec_add(&b->pairs) = (struct pair){b->symbols.p[name], b->symbols.p[value]};
	}
	buf_clear(&b->labels);
	return labels_add(&b->labels, b->pairs.p, b->pairs.n, e) == RC_OK ? RC_OK : err_add(e, "in %s", b->dir);
}

/* The bytes of a chunk, behind its encoding. */
static bool
find_chunk(const struct prom_block *b, uint64_t place, int *encoding, struct str *out)
{
	struct proto p;
	uint64_t n, file = place >> 32, at = place & UINT32_MAX;
	if (file >= b->files.n || at > b->files.p[file].n)
		return false;
	proto_init(&p, str_from(b->files.p[file], at));
	if (!proto_varint(&p, &n) || n > (size_t)(p.end - p.at) || (size_t)(p.end - p.at) - n < 1 + CRC)
		return false;
	struct str whole = str_n((const char *)p.at, n + 1);
	*encoding = (unsigned char)whole.p[0];
	*out = str_from(whole, 1);
	return crc32c(whole) == be32(whole.p + whole.n);
}

static bool
read_chunk(struct prom_block *b, struct str chunk)
{
	size_t n = xor_count(chunk);
	while (b->t.n < n) {
		(void)vec_add(&b->t);
		(void)vec_add(&b->v);
	}
	if (!xor_read(chunk, b->t.p, b->v.p))
		return false;
	for (size_t i = 0; i < n; i++)
		samples_add(&b->samples, b->t.p[i], b->v.p[i]);
	return true;
}

static void
take_histogram(void *arg, int64_t t, const struct histogram *h)
{
	struct prom_block *b = arg;
	if (!h) {
		samples_add(&b->samples, t, tsdb_stale());
		return;
	}
	buf_clear(&b->packed);
	histogram_pack(h, &b->packed);
	blobs_add(&b->histograms, t, buf_view(&b->packed));
}

/* False: it has an impossible content. */
static bool
take_chunk(struct prom_block *b, int encoding, struct str chunk, struct prom_series *out)
{
	switch (encoding) {
	case ENCODING_XOR: return read_chunk(b, chunk);
	case HISTOGRAM_CHUNK_INTEGERS:
	case HISTOGRAM_CHUNK_FLOATS: return histogram_chunk_read(encoding, chunk, take_histogram, b);
	default: out->unknown++; return true;
	}
}

/* Where the next chunk is; the times beside it are told again by the chunk itself. */
static bool
next_place(struct proto *p, bool first, uint64_t *place)
{
	uint64_t time, span, by;
	if (!proto_varint(p, &time) || !proto_varint(p, &span) || !proto_varint(p, &by))
		return false;
	*place = first ? by : *place + (uint64_t)unzigzag(by);
	return true;
}

static enum rc
take_chunks(struct prom_block *b, struct proto *p, struct prom_series *out, struct err *e)
{
	uint64_t n, place = 0;
	if (!proto_varint(p, &n))
		return bad(b, "a series of its index is damaged", e);
	for (uint64_t i = 0; i < n; i++) {
		struct str chunk;
		int encoding;
		if (!next_place(p, i == 0, &place) || !find_chunk(b, place, &encoding, &chunk))
			return bad(b, "a chunk is damaged, or not there", e);
		if (!take_chunk(b, encoding, chunk, out))
			return bad(b, "a chunk has an impossible content", e);
	}
	return RC_OK;
}

static enum rc
take_series(struct prom_block *b, uint64_t number, struct str entry, struct prom_series *out, struct err *e)
{
	struct proto p;
	proto_init(&p, entry);
	samples_clear(&b->samples);
	blobs_clear(&b->histograms);
	out->unknown = 0;
	enum rc rc = take_labels(b, &p, e);
	if (rc == RC_OK)
		rc = take_chunks(b, &p, out, e);
	samples_order(&b->samples);
	blobs_order(&b->histograms);
	for (size_t i = 0; i < b->tombstones.n; i++) {
		const struct tombstone *t = &b->tombstones.p[i];
		if (t->series != number)
			continue;
		samples_drop(&b->samples, 0, t->min, t->max);
		blobs_drop(&b->histograms, 0, t->min, t->max);
	}
	out->labels = (struct labels){buf_view(&b->labels)};
	out->samples = &b->samples;
	out->histograms = &b->histograms;
	return rc;
}

enum rc
prom_block_next(struct prom_block *b, struct prom_series *out, struct err *e)
{
	struct proto p;
	uint64_t n;
	b->at = (b->at + 15) / 16 * 16;
	if (b->at >= b->end)
		return RC_ABSENT;
	proto_init(&p, str_n(b->index.p + b->at, b->end - b->at));
	if (!proto_varint(&p, &n) || n > (size_t)(p.end - p.at) || (size_t)(p.end - p.at) - n < CRC)
		return bad(b, "the series of its index are cut", e);
	struct str entry = str_n((const char *)p.at, n);
	uint64_t number = b->at / 16;
	b->at = (size_t)(entry.p + n + CRC - b->index.p);
	if (crc32c(entry) != be32(entry.p + n))
		return bad(b, "a series of its index is damaged", e);
	return take_series(b, number, entry, out, e);
}

enum rc
prom_block_span(const char *dir, msec_t *min, msec_t *max, struct err *e)
{
	struct buf path = {0}, meta = {0};
	struct json j;
	struct str key;
	struct arena *a = arena_create();
	buf_fmt(&path, "%s/meta.json", dir);
	enum rc rc = access(path.p, F_OK) == 0 ? os_read_file(path.p, META_MAX, &meta, e) : RC_ABSENT;
	*min = *max = 0;
	if (rc == RC_OK) {
		json_init(&j, buf_view(&meta), a, 32);
		if (json_object(&j))
			while (json_key(&j, &key)) {
				if (str_is(key, "minTime"))
					json_i64(&j, min);
				else if (str_is(key, "maxTime"))
					json_i64(&j, max);
				else
					json_skip(&j);
			}
		rc = json_end(&j, e) == RC_OK ? RC_OK : err_add(e, "in %s", path.p);
	}
	buf_fini(&path);
	buf_fini(&meta);
	arena_destroy(&a);
	return rc;
}
