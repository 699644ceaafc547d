/*
 * block.c — see block.h.
 *
 * Numbers are stored as this machine has them; a file of the other byte order fails its hash and is set
 * aside.
 */
#include "tsdb/block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "tsdb/chunk.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC "TSDBLK01"
enum { MAGIC_BYTES = 8, PENDING = 1 << 20 };

struct entry {
	uint64_t key;
	int64_t min, max;
	uint64_t chunk_at, text_at;
	uint32_t chunk_bytes, samples;
	uint64_t chunk_hash;
};

struct footer {
	uint64_t texts_at, entries_at, entries;
	int64_t max;
	uint64_t hash; /* of everything from texts_at up to here */
	char magic[MAGIC_BYTES];
};

uint64_t
block_key(struct str tenant, struct labels ls)
{
	return XXH3_64bits_withSeed(ls.bytes.p, ls.bytes.n, str_hash(tenant));
}

/* ---- writing ---- */

struct block_writer {
	char *path, *temporary;
	int fd;
	uint64_t at; /* bytes before `pending` */
	struct buf pending, texts;
	VEC(struct entry) entries;
	int64_t max;
};

enum rc
block_writer_create(const char *path, struct block_writer **out, struct err *e)
{
	struct block_writer *w = mem_new(struct block_writer);
	struct buf name = {0};
	buf_fmt(&name, "%s.new", path);
	w->path = mem_dup(path, strlen(path));
	w->temporary = name.p;
	w->max = INT64_MIN;
	w->fd = os.open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	*out = w;
	if (w->fd >= 0) {
		buf_c(&w->pending, MAGIC);
		return RC_OK;
	}
	enum rc rc = err_errno(e, "cannot create %s", w->temporary);
	block_writer_abandon(out);
	return rc;
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
	buf_fini(&w->texts);
	vec_fini(&w->entries);
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

static void
add_text(struct buf *b, struct str s)
{
	uint32_t n = (uint32_t)s.n;
	buf_add(b, &n, sizeof n);
	buf_str(b, s);
}

enum rc
block_writer_add(
    struct block_writer *w, struct str tenant, struct labels ls, const struct samples *s, struct err *e)
{
	if (s->n == 0)
		return RC_OK;
	size_t start = w->pending.n;
	chunk_encode(s->t, s->v, s->n, &w->pending);
	size_t n = w->pending.n - start;
	*vec_add(&w->entries) = (struct entry){
	    .key = block_key(tenant, ls),
	    .min = s->t[0],
	    .max = s->t[s->n - 1],
	    .chunk_at = w->at + start,
	    .text_at = w->texts.n,
	    .chunk_bytes = (uint32_t)n,
	    .samples = (uint32_t)s->n,
	    .chunk_hash = XXH3_64bits(w->pending.p + start, n),
	};
	add_text(&w->texts, tenant);
	add_text(&w->texts, ls.bytes);
	if (s->t[s->n - 1] > w->max)
		w->max = s->t[s->n - 1];
	return w->pending.n >= PENDING ? write_pending(w, e) : RC_OK;
}

static int
by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return (x->key > y->key) - (x->key < y->key);
}

/* Texts, entries and footer, behind the chunks. */
static enum rc
write_index(struct block_writer *w, struct err *e)
{
	enum rc rc = write_pending(w, e);
	if (rc != RC_OK)
		return rc;
	while ((w->at + w->texts.n) % sizeof(uint64_t))
		buf_ch(&w->texts, '\0');
	struct footer f = {
	    .texts_at = w->at,
	    .entries_at = w->at + w->texts.n,
	    .entries = w->entries.n,
	    .max = w->max,
	};
	memcpy(f.magic, MAGIC, MAGIC_BYTES);
	if (w->entries.n)
		qsort(w->entries.p, w->entries.n, sizeof *w->entries.p, by_key);
	for (size_t i = 0; i < w->entries.n; i++)
		w->entries.p[i].text_at += f.texts_at;
	buf_str(&w->pending, buf_view(&w->texts));
	buf_add(&w->pending, w->entries.p, w->entries.n * sizeof *w->entries.p);
	buf_add(&w->pending, &f, offsetof(struct footer, hash));
	f.hash = XXH3_64bits(w->pending.p, w->pending.n);
	buf_add(&w->pending, &f.hash, sizeof f - offsetof(struct footer, hash));
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
block_writer_finish(struct block_writer **pw, struct err *e)
{
	enum rc rc = write_index(*pw, e);
	if (rc == RC_OK)
		rc = appear(*pw, e);
	block_writer_abandon(pw);
	return rc;
}

/* ---- reading ---- */

struct block {
	char *path;
	const char *map;
	size_t size;
	const struct entry *entries;
	size_t n;
	msec_t max;
};

static enum rc
map_file(struct block *b, struct err *e)
{
	int fd = os.open(b->path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "cannot open %s", b->path);
	struct stat st;
	void *p = MAP_FAILED;
	bool ok = fstat(fd, &st) == 0;
	if (ok && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	int why = errno;
	os.close(fd);
	if (ok && st.st_size == 0)
		return err_set(e, RC_INVALID, "%s is empty", b->path);
	errno = why;
	if (p == MAP_FAILED)
		return err_errno(e, "cannot map %s", b->path);
	b->map = p;
	b->size = (size_t)st.st_size;
	return RC_OK;
}

static bool
entries_are_sane(const struct block *b, const struct footer *f)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct entry *x = &b->entries[i];
		if (x->chunk_at > f->texts_at || x->chunk_bytes > f->texts_at - x->chunk_at ||
		    x->samples == 0 || x->samples > x->chunk_bytes * 8ull || x->text_at < f->texts_at ||
		    x->text_at >= f->entries_at)
			return false;
	}
	return true;
}

static enum rc
check(struct block *b, struct err *e)
{
	struct footer f;
	if (b->size < MAGIC_BYTES + sizeof f)
		return err_set(e, RC_INVALID, "%s is cut", b->path);
	memcpy(&f, b->map + b->size - sizeof f, sizeof f);
	size_t index_end = b->size - sizeof f;
	if (memcmp(b->map, MAGIC, MAGIC_BYTES) != 0 || memcmp(f.magic, MAGIC, MAGIC_BYTES) != 0)
		return err_set(e, RC_INVALID, "%s is no block, or cut", b->path);
	if (f.texts_at < MAGIC_BYTES || f.texts_at > f.entries_at || f.entries_at > index_end ||
	    f.entries_at % 8 || f.entries != (index_end - f.entries_at) / sizeof(struct entry) ||
	    (index_end - f.entries_at) % sizeof(struct entry))
		return err_set(e, RC_INVALID, "%s has a damaged footer", b->path);
	size_t hashed = index_end + offsetof(struct footer, hash) - f.texts_at;
	if (XXH3_64bits(b->map + f.texts_at, hashed) != f.hash)
		return err_set(e, RC_INVALID, "%s has a damaged index", b->path);
	b->entries = (const struct entry *)(b->map + f.entries_at);
	b->n = f.entries;
	b->max = f.max;
	return entries_are_sane(b, &f) ? RC_OK
				       : err_set(e, RC_INVALID, "%s has an impossible index", b->path);
}

enum rc
block_open(const char *path, struct block **out, struct err *e)
{
	struct block *b = mem_new(struct block);
	b->path = mem_dup(path, strlen(path));
	enum rc rc = map_file(b, e);
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
	mem_free(b->path);
	mem_free(b);
	*pb = NULL;
}

const char *
block_path(const struct block *b)
{
	return b->path;
}

msec_t
block_max(const struct block *b)
{
	return b->max;
}

uint64_t
block_bytes(const struct block *b)
{
	return b->size;
}

/* The texts lie within the hashed part, so they are as they were written. */
static struct str
text(const struct block *b, uint64_t *at)
{
	uint32_t n;
	memcpy(&n, b->map + *at, sizeof n);
	struct str s = str_n(b->map + *at + sizeof n, n);
	*at += sizeof n + n;
	return s;
}

static void
whose(const struct block *b, const struct entry *x, struct str *tenant, struct labels *ls)
{
	uint64_t at = x->text_at;
	*tenant = text(b, &at);
	ls->bytes = text(b, &at);
}

bool
block_series(const struct block *b, size_t i, struct str *tenant, struct labels *ls, msec_t *min, msec_t *max)
{
	if (i >= b->n)
		return false;
	whose(b, &b->entries[i], tenant, ls);
	*min = b->entries[i].min;
	*max = b->entries[i].max;
	return true;
}

static size_t
first_of(const struct block *b, uint64_t key)
{
	size_t low = 0, high = b->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (b->entries[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
read_entry(const struct block *b, const struct entry *x, msec_t min, msec_t max, struct samples *out)
{
	struct str chunk = str_n(b->map + x->chunk_at, x->chunk_bytes);
	if (XXH3_64bits(chunk.p, chunk.n) != x->chunk_hash)
		return false;
	struct samples all = {0};
	samples_reserve(&all, x->samples);
	bool ok = chunk_decode(chunk, x->samples, all.t, all.v);
	if (ok)
		samples_add_range(out, all.t, all.v, x->samples, min, max);
	samples_fini(&all);
	return ok;
}

bool
block_read(const struct block *b, uint64_t key, struct str tenant, struct labels ls, msec_t min, msec_t max,
    struct samples *out)
{
	for (size_t i = first_of(b, key); i < b->n && b->entries[i].key == key; i++) {
		const struct entry *x = &b->entries[i];
		struct str who;
		struct labels what;
		whose(b, x, &who, &what);
		if (!str_eq(who, tenant) || !labels_eq(what, ls))
			continue;
		return x->max < min || x->min > max || read_entry(b, x, min, max, out);
	}
	return true;
}
