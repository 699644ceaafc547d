/*
 * wal.c — see wal.h.
 *
 * [I1]   `written` bytes of the present segment are whole records.
 * [I2]   `durable` counts over all segments and never goes back.
 * TRAP   After a failed fsync the kernel may have dropped the pages and say yes the next time.  So a
 *        failure is final: `broken` refuses everything until the log was rolled into a new segment.
 */
#include "tsdb/wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/os.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEAD = WAL_HEAD, SEGMENT_MAX = 1 << 30, READ = 1 << 18 };

struct wal {
	char *dir;
	int fd;
	uint64_t number, first; /* the present segment, and the oldest that may still be there */
	uint64_t needed;        /* by a start of the store: older ones are only held */
	uint64_t hold;
	uint64_t written;       /* of the present segment */
	uint64_t total;         /* of all, since the start */
	pthread_mutex_t lock;   /* of what stands below, and of `fd` against wal_roll */
	pthread_cond_t synced;
	uint64_t durable;
	bool syncing, broken;
	struct buf record;
};

static char *
segment_path(const char *dir, uint64_t number)
{
	struct buf b = {0};
	buf_fmt(&b, "%s/wal-%08llu", dir, (unsigned long long)number);
	return b.p;
}

/* ---- reading ---- */

static uint32_t
get32(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* Takes the next whole record off the front. */
static bool
take_record(struct str *rest, struct str *payload)
{
	uint64_t hash;
	if (rest->n < HEAD || rest->n - HEAD < get32(rest->p))
		return false;
	*payload = str_n(rest->p + HEAD, get32(rest->p));
	memcpy(&hash, rest->p + 4, sizeof hash);
	if (XXH3_64bits(payload->p, payload->n) != hash)
		return false;
	*rest = str_from(*rest, HEAD + payload->n);
	return true;
}

/* A file that is read from its beginning to its end, of which little is in memory. */
struct stream {
	int fd;
	uint64_t at, left; /* behind what is in `bytes`, and what is there behind that */
	struct buf bytes;
	size_t used; /* of `bytes` */
};

static enum rc
stream_open(struct stream *s, const char *path, struct err *e)
{
	struct stat st;
	*s = (struct stream){.fd = os.open(path, O_RDONLY | O_CLOEXEC, 0)};
	if (s->fd < 0)
		return err_errno(e, "cannot open %s", path);
	if (fstat(s->fd, &st) != 0)
		return err_errno(e, "cannot read %s", path);
	s->left = (uint64_t)st.st_size;
	return RC_OK;
}

static void
stream_close(struct stream *s)
{
	if (s->fd >= 0)
		os.close(s->fd);
	buf_fini(&s->bytes);
}

/* Some more bytes into `bytes`, of which the used ones go. */
static enum rc
stream_fill(struct stream *s, struct err *e)
{
	size_t want = s->left < READ ? (size_t)s->left : READ;
	buf_drop(&s->bytes, s->used);
	s->used = 0;
	ssize_t n = os.pread(s->fd, buf_room(&s->bytes, want), want, (off_t)s->at);
	if (n < 0 && errno == EINTR)
		return RC_OK;
	if (n < 0)
		return err_errno(e, "cannot read the log of samples");
	buf_grew(&s->bytes, (size_t)n);
	s->at += (uint64_t)n;
	s->left = n ? s->left - (uint64_t)n : 0;
	return RC_OK;
}

/* RC_ABSENT: what is left is no whole record.  The payload is good until the next call. */
static enum rc
next_record(struct stream *s, struct str *payload, struct err *e)
{
	for (;;) {
		struct str rest = str_from(buf_view(&s->bytes), s->used);
		if (take_record(&rest, payload)) {
			s->used = s->bytes.n - rest.n;
			return RC_OK;
		}
		uint64_t whole = rest.n < HEAD ? HEAD : HEAD + (uint64_t)get32(rest.p);
		if (rest.n >= whole || s->left < whole - rest.n)
			return RC_ABSENT;
		enum rc rc = stream_fill(s, e);
		if (rc != RC_OK)
			return rc;
	}
}

static enum rc
read_segment(const char *path, uint64_t number, const struct wal_reader *reader, struct err *e)
{
	struct stream s;
	struct str payload;
	reader->segment(reader->arg, number);
	enum rc rc = stream_open(&s, path, e);
	while (rc == RC_OK && (rc = next_record(&s, &payload, e)) == RC_OK)
		rc = reader->record(reader->arg, payload, e);
	uint64_t rest = s.bytes.n - s.used + s.left;
	if (rc == RC_ABSENT && rest)
		log_warn("tsdb",
		    "%s ends with %llu bytes that are no whole record; nothing of them was acknowledged", path,
		    (unsigned long long)rest);
	stream_close(&s);
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* Is there a record anywhere in it?  Only ones of a usual size are looked for. */
static bool
holds_record(struct str bytes)
{
	enum { USUAL = 1 << 16 };
	struct str payload;
	for (size_t i = 1; i + HEAD < bytes.n; i++) {
		struct str from = str_from(bytes, i);
		uint32_t n = get32(from.p);
		if (n > 0 && n <= USUAL && take_record(&from, &payload))
			return true;
	}
	return false;
}

enum rc
wal_check(const char *path, uint64_t *records, uint64_t *left, struct err *e)
{
	struct buf b = {0};
	struct str payload;
	enum rc rc = os_read_file(path, SEGMENT_MAX, &b, e);
	struct str rest = buf_view(&b);
	*records = 0;
	while (rc == RC_OK && take_record(&rest, &payload))
		++*records;
	*left = rest.n;
	if (rc == RC_OK && holds_record(rest))
		rc = err_set(e, RC_INVALID, "%s is damaged at byte %zu", path, b.n - rest.n);
	buf_fini(&b);
	return rc;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

struct numbers {
	uint64_t *p;
	size_t n, cap;
};

static enum rc
list_segments(const char *dir, struct numbers *out, struct err *e)
{
	DIR *d = opendir(dir);
	if (!d)
		return err_errno(e, "cannot read the folder %s", dir);
	for (struct dirent *f; (f = readdir(d));) {
		uint64_t number;
		struct str name = str_c(f->d_name);
		if (str_starts(name, STR("wal-")) && str_u64(str_from(name, 4), &number))
			*vec_add(out) = number;
	}
	closedir(d);
	if (out->n)
		qsort(out->p, out->n, sizeof *out->p, by_number);
	return RC_OK;
}

/* ---- segments ---- */

static enum rc
begin(struct wal *w, uint64_t number, int *fd, struct err *e)
{
	char *path = segment_path(w->dir, number);
	enum rc rc = RC_OK;
	*fd = os.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);
	if (*fd < 0)
		rc = err_errno(e, "cannot create %s", path);
	else
		rc = os_sync_dir(w->dir, e);
	if (rc != RC_OK && *fd >= 0) {
		os.close(*fd);
		os.unlink(path);
	}
	mem_free(path);
	return rc;
}

enum rc
wal_open(const char *dir, uint64_t from, uint64_t hold, const struct wal_reader *reader, struct wal **out, struct err *e)
{
	struct numbers found = {0};
	struct wal *w = mem_new(struct wal);
	w->dir = mem_dup(dir, strlen(dir));
	w->fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->synced, NULL);
	enum rc rc = list_segments(dir, &found, e);
	w->first = found.n ? found.p[0] : from;
	w->hold = hold;
	w->number = found.n && found.p[found.n - 1] >= from ? found.p[found.n - 1] + 1 : from;
	if (rc == RC_OK)
		rc = wal_drop_before(w, from, e);
	for (size_t i = 0; rc == RC_OK && i < found.n; i++) {
		if (found.p[i] < from)
			continue;
		char *path = segment_path(dir, found.p[i]);
		rc = read_segment(path, found.p[i], reader, e);
		mem_free(path);
	}
	vec_fini(&found);
	if (rc == RC_OK)
		rc = begin(w, w->number, &w->fd, e);
	if (rc != RC_OK)
		wal_close(&w);
	*out = w;
	return rc;
}

void
wal_close(struct wal **pw)
{
	struct wal *w = *pw;
	if (!w)
		return;
	if (w->fd >= 0)
		os.close(w->fd);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->synced);
	buf_fini(&w->record);
	mem_free(w->dir);
	mem_free(w);
	*pw = NULL;
}

/* ---- writing ---- */

static enum rc
say_broken(struct err *e)
{
	return err_set(
	    e, RC_IO, "the log of samples could not be written and is set aside until the next block");
}

bool
wal_is_broken(struct wal *w)
{
	pthread_mutex_lock(&w->lock);
	bool broken = w->broken;
	pthread_mutex_unlock(&w->lock);
	return broken;
}

static void
set_broken(struct wal *w)
{
	pthread_mutex_lock(&w->lock);
	w->broken = true;
	pthread_cond_broadcast(&w->synced);
	pthread_mutex_unlock(&w->lock);
}

enum rc
wal_append(struct wal *w, struct str payload, struct err *e)
{
	uint32_t n = (uint32_t)payload.n;
	uint64_t hash = XXH3_64bits(payload.p, payload.n);
	if (wal_is_broken(w))
		return say_broken(e);
	if (w->written + HEAD + payload.n > SEGMENT_MAX)
		return err_set(e, RC_REFUSED, "the log of samples is full until the next block is written");
	buf_clear(&w->record);
	buf_add(&w->record, &n, sizeof n);
	buf_add(&w->record, &hash, sizeof hash);
	buf_str(&w->record, payload);
	enum rc rc = os_write_all(w->fd, buf_view(&w->record), e);
	if (rc != RC_OK) {
		if (os.ftruncate(w->fd, (off_t)w->written) != 0) /* [I1] */
			set_broken(w);
		return err_add(e, "writing the log of samples");
	}
	w->written += w->record.n;
	__atomic_add_fetch(&w->total, w->record.n, __ATOMIC_RELEASE);
	return RC_OK;
}

/* With the lock held; releases it while the disk works. */
static enum rc
lead_sync(struct wal *w, struct err *e)
{
	uint64_t reached = __atomic_load_n(&w->total, __ATOMIC_ACQUIRE);
	w->syncing = true;
	pthread_mutex_unlock(&w->lock);
	int failed = os.fdatasync(w->fd);
	enum rc rc = failed ? err_errno(e, "cannot make the log of samples durable") : RC_OK;
	pthread_mutex_lock(&w->lock);
	w->syncing = false;
	if (failed)
		w->broken = true;
	else
		w->durable = reached;
	pthread_cond_broadcast(&w->synced);
	return rc;
}

enum rc
wal_sync(struct wal *w, struct err *e)
{
	uint64_t want = __atomic_load_n(&w->total, __ATOMIC_ACQUIRE);
	enum rc rc = RC_OK;
	pthread_mutex_lock(&w->lock);
	if (w->broken)
		rc = say_broken(e);
	while (rc == RC_OK && w->durable < want) {
		if (w->broken)
			rc = say_broken(e);
		else if (w->syncing)
			pthread_cond_wait(&w->synced, &w->lock);
		else
			rc = lead_sync(w, e);
	}
	pthread_mutex_unlock(&w->lock);
	return rc;
}

enum rc
wal_roll(struct wal *w, uint64_t *number, struct err *e)
{
	int fd;
	if (!wal_is_broken(w)) {
		enum rc rc = wal_sync(w, e);
		if (rc != RC_OK)
			return rc;
	}
	enum rc rc = begin(w, w->number + 1, &fd, e);
	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&w->lock);
	while (w->syncing)
		pthread_cond_wait(&w->synced, &w->lock);
	os.close(w->fd);
	w->fd = fd;
	w->written = 0;
	w->durable = __atomic_load_n(&w->total, __ATOMIC_ACQUIRE); /* a broken one's rest goes to a block */
	w->broken = false;
	pthread_mutex_unlock(&w->lock);
	*number = ++w->number;
	return RC_OK;
}

enum rc
wal_drop_before(struct wal *w, uint64_t number, struct err *e)
{
	uint64_t hold = __atomic_load_n(&w->hold, __ATOMIC_RELAXED);
	w->needed = number;
	for (; w->first < number && !(hold && w->first >= hold); w->first++) {
		char *path = segment_path(w->dir, w->first);
		int failed = os.unlink(path) != 0 && errno != ENOENT;
		enum rc rc = failed ? err_errno(e, "cannot remove %s", path) : RC_OK;
		mem_free(path);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* The first `limit` bytes. */
static enum rc
copy_bytes(const char *path, int to, uint64_t limit, struct err *e)
{
	struct stream s;
	enum rc rc = stream_open(&s, path, e);
	s.left = s.left < limit ? s.left : limit;
	while (rc == RC_OK && s.left) {
		rc = stream_fill(&s, e);
		if (rc == RC_OK)
			rc = os_write_all(to, buf_view(&s.bytes), e);
		s.used = s.bytes.n;
	}
	stream_close(&s);
	return rc;
}

static enum rc
copy_segment(const struct wal *w, uint64_t number, uint64_t limit, const char *to, struct err *e)
{
	char *path = segment_path(w->dir, number), *copy = segment_path(to, number);
	int fd = os.open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	enum rc rc = fd >= 0 ? copy_bytes(path, fd, limit, e) : err_errno(e, "cannot create %s", copy);
	if (rc == RC_OK && os.fsync(fd) != 0)
		rc = err_errno(e, "cannot make %s durable", copy);
	if (fd >= 0)
		os.close(fd);
	mem_free(path);
	mem_free(copy);
	return rc;
}

enum rc
wal_copy(const struct wal *w, uint64_t bytes, const char *to, struct err *e)
{
	enum rc rc = RC_OK;
	for (uint64_t n = w->needed; rc == RC_OK && n <= w->number; n++) {
		char *path = segment_path(w->dir, n);
		if (access(path, F_OK) == 0)
			rc = copy_segment(w, n, n == w->number ? bytes : SEGMENT_MAX, to, e);
		mem_free(path);
	}
	return rc;
}

void
wal_hold(struct wal *w, uint64_t number)
{
	__atomic_store_n(&w->hold, number, __ATOMIC_RELAXED);
}

uint64_t
wal_segment(const struct wal *w)
{
	return w->number;
}

uint64_t
wal_bytes(const struct wal *w)
{
	return w->written;
}
