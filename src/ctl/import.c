/*
 * import.c — see import.h.
 *
 * A page is read twice: the first time only to see that all of it is good.
 */
#include "ctl/import.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "tsdb/prom_block.h"
#include "wire/expo.h"

enum { BATCH = 4096 };

void
import_init(struct import *x, struct tsdb *db, struct str tenant)
{
	*x = (struct import){.db = db, .tenant = tenant, .min = INT64_MAX, .max = INT64_MIN};
}

void
import_fini(struct import *x)
{
	vec_fini(&x->batch);
	buf_fini(&x->labels);
	buf_fini(&x->metadata.family);
	buf_fini(&x->metadata.type);
	buf_fini(&x->metadata.help);
	buf_fini(&x->metadata.unit);
}

static void
count(struct import *x, const struct tsdb_counts *c)
{
	x->counts.stored += c->stored;
	x->counts.duplicate += c->duplicate;
	x->counts.conflict += c->conflict;
	x->counts.out_of_order += c->out_of_order;
	x->counts.unknown += c->unknown;
}

/* What the store is due to do is done here: nobody else ticks. */
static enum rc
send_batch(struct import *x, struct err *e)
{
	struct tsdb_counts c;
	enum rc rc = tsdb_append(x->db, x->batch.p, x->batch.n, &c, e);
	x->batch.n = 0;
	if (rc != RC_OK)
		return rc;
	count(x, &c);
	return tsdb_tick(x->db, e);
}

static void
widen(struct import *x, msec_t t)
{
	x->min = t < x->min ? t : x->min;
	x->max = t > x->max ? t : x->max;
}

static enum rc
add(struct import *x, struct tsdb_ref ref, msec_t t, double v, struct err *e)
{
	*vec_add(&x->batch) = (struct tsdb_sample){ref, t, v};
	widen(x, t);
	return x->batch.n < BATCH ? RC_OK : send_batch(x, e);
}

/* ---- blocks ---- */

/* Those of one series together: each is large. */
static enum rc
import_histograms(struct import *x, struct tsdb_ref ref, const struct blobs *from, struct err *e)
{
	VEC(struct tsdb_histogram) all = {0};
	struct tsdb_counts c = {0};
	for (size_t i = 0; i < from->t.n; i++) {
		*vec_add(&all) = (struct tsdb_histogram){ref, from->t.p[i], blobs_get(from, i)};
		widen(x, from->t.p[i]);
	}
	enum rc rc = all.n ? tsdb_append_histograms(x->db, all.p, all.n, &c, e) : RC_OK;
	count(x, &c);
	vec_fini(&all);
	return rc;
}

static enum rc
import_series(struct import *x, const struct prom_series *s, struct err *e)
{
	struct tsdb_ref ref;
	x->unknown += s->unknown;
	if (!s->samples->n && !s->histograms->t.n)
		return RC_OK;
	x->series++;
	enum rc rc = tsdb_series(x->db, x->tenant, s->labels, &ref, e);
	for (size_t i = 0; rc == RC_OK && i < s->samples->n; i++)
		rc = add(x, ref, s->samples->t[i], s->samples->v[i], e);
	return rc == RC_OK ? import_histograms(x, ref, s->histograms, e) : rc;
}

static enum rc
import_block(struct import *x, const char *dir, struct err *e)
{
	struct prom_block *b;
	struct prom_series s;
	enum rc rc = prom_block_open(dir, &b, e);
	while (rc == RC_OK) {
		rc = prom_block_next(b, &s, e);
		if (rc == RC_OK)
			rc = import_series(x, &s, e);
	}
	prom_block_close(&b);
	if (rc == RC_ABSENT)
		rc = send_batch(x, e);
	x->blocks += rc == RC_OK;
	return rc;
}

struct found {
	char *path;
	msec_t min;
};

static int
by_time(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	return x->min != y->min ? (x->min > y->min) - (x->min < y->min) : strcmp(x->path, y->path);
}

struct found_list {
	struct found *p;
	size_t n, cap;
};

static enum rc
find_blocks(const char *dir, struct found_list *out, struct err *e)
{
	DIR *d = opendir(dir);
	enum rc rc = d ? RC_OK : err_errno(e, "cannot read the folder %s", dir);
	for (struct dirent *f; rc == RC_OK && (f = readdir(d));) {
		struct buf path = {0};
		msec_t min, max;
		buf_fmt(&path, "%s/%s", dir, f->d_name);
		enum rc is = f->d_name[0] == '.' ? RC_ABSENT : prom_block_span(path.p, &min, &max, e);
		if (is == RC_OK)
			*vec_add(out) = (struct found){path.p, min};
		else
			buf_fini(&path);
		rc = is == RC_ABSENT ? RC_OK : is;
	}
	if (d)
		closedir(d);
	return rc;
}

/* The oldest first, so that most samples are newer than what is there. */
static enum rc
import_folder(struct import *x, const char *dir, struct err *e)
{
	struct found_list l = {0};
	msec_t min, max;
	enum rc rc = prom_block_span(dir, &min, &max, e);
	if (rc != RC_ABSENT)
		return rc == RC_OK ? import_block(x, dir, e) : rc;
	rc = find_blocks(dir, &l, e);
	if (rc == RC_OK && !l.n)
		rc = err_set(e, RC_INVALID, "%s holds no block: a block is a folder with meta.json, index and chunks", dir);
	if (l.n)
		qsort(l.p, l.n, sizeof *l.p, by_time);
	for (size_t i = 0; rc == RC_OK && i < l.n; i++)
		rc = import_block(x, l.p[i].path, e);
	for (size_t i = 0; i < l.n; i++)
		mem_free(l.p[i].path);
	vec_fini(&l);
	return rc;
}

/* ---- pages ---- */

/* The reference of the sample's series; what stands on the page is remembered. */
static enum rc
ref_of(struct import *x, struct expo *p, struct tsdb_ref *ref, struct err *e)
{
	if (tsdb_known(x->db, x->tenant, &p->series, 1, ref) == 0)
		return RC_OK;
	buf_clear(&x->labels);
	enum rc rc = labels_add(&x->labels, p->labels.p, p->labels.n, e);
	if (rc == RC_OK)
		rc = tsdb_series(x->db, x->tenant, (struct labels){buf_view(&x->labels)}, ref, e);
	if (rc == RC_OK)
		tsdb_remember(x->db, x->tenant, p->series, *ref);
	x->series += rc == RC_OK;
	return rc;
}

static enum rc
check_sample(struct import *x, struct expo *p, struct err *e)
{
	buf_clear(&x->labels);
	enum rc rc = labels_add(&x->labels, p->labels.p, p->labels.n, e);
	if (rc == RC_OK && !p->has_time)
		rc = err_set(e, RC_INVALID, "%.*s has no time, so it is not known when it was so", STR_ARG(str_to(p->series, 200)));
	return rc;
}

/* ---- what is said of the metrics ---- */

static enum rc
put_metadata(struct import *x, struct err *e)
{
	struct tsdb_metadata m = {buf_view(&x->metadata.family), buf_view(&x->metadata.type), buf_view(&x->metadata.help), buf_view(&x->metadata.unit)};
	enum rc rc = m.metric.n ? tsdb_metadata_put(x->db, x->tenant, &m, 1, e) : RC_OK;
	buf_clear(&x->metadata.family);
	buf_clear(&x->metadata.type);
	buf_clear(&x->metadata.help);
	buf_clear(&x->metadata.unit);
	return rc;
}

/* Texts of one family stand together. */
static enum rc
note_metadata(struct import *x, const struct expo *p, enum expo_item item, struct err *e)
{
	struct buf *to = item == EXPO_TYPE ? &x->metadata.type : item == EXPO_HELP ? &x->metadata.help : &x->metadata.unit;
	enum rc rc = str_eq(buf_view(&x->metadata.family), p->family) ? RC_OK : put_metadata(x, e);
	buf_clear(&x->metadata.family);
	buf_str(&x->metadata.family, p->family);
	buf_clear(to);
	buf_str(to, p->text);
	return rc;
}

/* All of the page: only looked at, or stored. */
static enum rc
read_page(struct import *x, struct str page, enum expo_format format, bool store, struct err *e)
{
	struct expo p;
	enum expo_item item;
	enum rc rc = RC_OK;
	const struct expo_limits none = {0};
	expo_init(&p, page, format, &none);
	while (rc == RC_OK && (item = expo_next(&p)) != EXPO_END) {
		struct tsdb_ref ref;
		if (item != EXPO_SAMPLE) {
			rc = store ? note_metadata(x, &p, item, e) : RC_OK;
			continue;
		}
		rc = store ? ref_of(x, &p, &ref, e) : check_sample(x, &p, e);
		if (rc == RC_OK && store)
			rc = add(x, ref, p.time, p.value, e);
		if (rc != RC_OK)
			(void)err_add(e, "line %zu", p.line_number);
	}
	if (rc == RC_OK)
		rc = expo_end(&p, e);
	if (rc == RC_OK && store)
		rc = put_metadata(x, e);
	expo_fini(&p);
	return rc;
}

static bool
ends_openly(struct str page)
{
	while (page.n && page.p[page.n - 1] == '\n')
		page.n--;
	return str_ends(page, STR("# EOF"));
}

static enum rc
import_page(struct import *x, const char *path, int fd, size_t size, struct err *e)
{
	char *p = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	if (p == MAP_FAILED)
		return err_errno(e, "cannot map %s", path);
	struct str page = str_n(p ? p : "", size);
	enum expo_format format = ends_openly(page) ? EXPO_OPENMETRICS : EXPO_TEXT;
	enum rc rc = read_page(x, page, format, false, e);
	if (rc == RC_OK)
		rc = read_page(x, page, format, true, e);
	if (rc == RC_OK)
		rc = send_batch(x, e);
	if (p)
		munmap(p, size);
	x->pages += rc == RC_OK;
	return rc == RC_OK ? RC_OK : err_add(e, "in %s", path);
}

enum rc
import_path(struct import *x, const char *path, struct err *e)
{
	struct stat st;
	int fd = os.open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "cannot open %s", path);
	enum rc rc = fstat(fd, &st) == 0 ? RC_OK : err_errno(e, "cannot look at %s", path);
	if (rc == RC_OK)
		rc = S_ISDIR(st.st_mode) ? import_folder(x, path, e) : import_page(x, path, fd, (size_t)st.st_size, e);
	os.close(fd);
	return rc;
}
