/* verify.c — see verify.h. */
#include "tsdb/verify.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "tsdb/block.h"
#include "tsdb/block_format.h"
#include "tsdb/deletion.h"
#include "tsdb/wal.h"

/* ---- a block: its series are numbered as they come ---- */

struct numbering {
	uint32_t pairs, series;
};

static void *
visit_tenant(void *arg, struct str name)
{
	((struct numbering *)arg)->pairs = 0;
	return arg;
}

static uint32_t
visit_pair(void *arg, void *tenant, struct str text)
{
	return ((struct numbering *)arg)->pairs++;
}

static uint32_t
visit_series(void *arg, void *tenant, const uint32_t *pairs, size_t n, msec_t min, msec_t max, bool histograms)
{
	return ((struct numbering *)arg)->series++;
}

static enum rc
read_all(struct block *b, uint32_t series, struct err *e)
{
	struct samples samples = {0};
	struct blobs histograms = {0};
	bool good = true;
	uint64_t n = 0;
	for (uint32_t id = 0; good && id < series; id++) {
		samples_clear(&samples);
		blobs_clear(&histograms);
		good = block_read(b, id, INT64_MIN, INT64_MAX, &samples) &&
		       block_read_histograms(b, id, INT64_MIN, INT64_MAX, &histograms);
		n += samples.n + histograms.t.n;
	}
	samples_fini(&samples);
	blobs_fini(&histograms);
	if (!good)
		return err_set(e, RC_INVALID, "%s has a damaged chunk", block_path(b));
	return n == block_samples(b) ? RC_OK
				     : err_set(e, RC_INVALID, "%s has %llu samples and says %llu", block_path(b),
					   (unsigned long long)n, (unsigned long long)block_samples(b));
}

struct counting {
	struct tier_list windows;
	struct block_chunks chunks;
	struct block_walk walk;
	uint64_t n; /* with those that say that nothing is known */
	msec_t width;
};

static bool
count_windows(struct block *b, struct counting *c)
{
	msec_t ends[BLOCK_CHUNK_SAMPLES];
	bool good = true;
	for (size_t i = 0; good && i < c->chunks.n; i++) {
		const struct block_chunk *x = &c->chunks.p[i];
		tier_list_clear(&c->windows);
		good = block_times(b, x->column, ends);
		if (tier_is_packed(x->bytes))
			good = good && tier_unpack(x->bytes, ends, x->n, c->width, TIER_ALL | TIER_AS_IT_IS, INT64_MIN, INT64_MAX, &c->windows);
		c->n += x->n;
	}
	return good;
}

/* Of a tier: every window. */
static enum rc
read_windows(struct block *b, uint32_t series, struct err *e)
{
	struct counting c = {.width = tier_widths[strncmp(strrchr(block_path(b), '/') + 1, "tier-1h-", 8) == 0]};
	bool good = true;
	for (uint32_t id = 0; good && id < series; id++) {
		c.chunks.n = 0;
		good = block_chunks(b, &c.walk, id, INT64_MIN, INT64_MAX, &c.chunks) && count_windows(b, &c);
	}
	tier_list_fini(&c.windows);
	vec_fini(&c.chunks);
	if (!good)
		return err_set(e, RC_INVALID, "%s has a damaged chunk", block_path(b));
	return c.n == block_samples(b) ? RC_OK
				       : err_set(e, RC_INVALID, "%s has %llu windows and says %llu", block_path(b),
					     (unsigned long long)c.n, (unsigned long long)block_samples(b));
}

static enum rc
verify_blocks(
    const char *path, enum rc (*read)(struct block *, uint32_t, struct err *), struct verified *v, struct err *e)
{
	struct numbering n = {0};
	const struct block_visitor visitor = {visit_tenant, visit_pair, visit_series, &n};
	struct block *b = NULL;
	enum rc rc = block_open(path, &b, e);
	if (rc == RC_OK)
		rc = block_visit(b, &visitor, e);
	if (rc == RC_OK)
		rc = read(b, n.series, e);
	if (b) {
		v->bytes = block_bytes(b);
		v->samples = block_samples(b);
		v->min = block_min(b);
		v->max = block_max(b);
	}
	v->series = n.series;
	block_close(&b);
	return rc;
}

static enum rc
verify_block(const char *path, struct verified *v, struct err *e)
{
	return verify_blocks(path, read_all, v, e);
}

static enum rc
verify_tier(const char *path, struct verified *v, struct err *e)
{
	return verify_blocks(path, read_windows, v, e);
}

/* ---- files ---- */

static enum rc
verify_damaged(const char *path, struct verified *v, struct err *e)
{
	return err_set(e, RC_INVALID, "%s was set aside when the store was opened", path);
}

static enum rc
verify_log(const char *path, struct verified *v, struct err *e)
{
	return wal_check(path, &v->records, &v->rest, e);
}

static enum rc
verify_deletions(const char *path, struct verified *v, struct err *e)
{
	size_t n;
	enum rc rc = deletions_check(path, &n, e);
	v->records = n;
	return rc;
}

static const struct {
	const char *kind, *start, *end;
	enum rc (*verify)(const char *path, struct verified *, struct err *);
} kinds[] = {
    {"damaged", "", ".damaged", verify_damaged},
    {"block", "block-", "", verify_block},
    {"tier", "tier-", "", verify_tier},
    {"part", "part-", "", verify_block},
    {"log", "wal-", "", verify_log},
    {"deletions", "deletions", "", verify_deletions},
};

static void
verify_file(const char *dir, const char *name, void (*fn)(void *, const struct verified *), void *arg)
{
	struct buf path = {0};
	struct err e;
	struct verified v = {.name = str_c(name)};
	buf_fmt(&path, "%s/%s", dir, name);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!str_starts(v.name, str_c(kinds[i].start)) || !str_ends(v.name, str_c(kinds[i].end)) ||
		    str_ends(v.name, STR(".new")) || str_ends(v.name, STR(".gone")))
			continue;
		v.kind = kinds[i].kind;
		if (kinds[i].verify(path.p, &v, &e) != RC_OK)
			v.damage = e.text;
		if (!v.damage || access(path.p, F_OK) == 0) /* it has not gone meanwhile */
			fn(arg, &v);
		break;
	}
	buf_fini(&path);
}

enum rc
tsdb_verify(const char *dir, void (*fn)(void *, const struct verified *), void *arg, struct err *e)
{
	struct dirent **files;
	int n = scandir(dir, &files, NULL, alphasort);
	if (n < 0)
		return err_errno(e, "cannot read the folder %s", dir);
	for (int i = 0; i < n; i++) {
		verify_file(dir, files[i]->d_name, fn, arg);
		free(files[i]);
	}
	free(files);
	return RC_OK;
}
