/* forwards.c — all peers of remote write: which there are, and where each stands.  See forward.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/os.h"
#include "base/time.h"
#include "collect/forward_impl.h"
#include "wire/json.h"

#define ENDING ".place"
enum { KEEP_EVERY = 1000, PLACE_MAX = 100 };

/* ---- places on disk ---- */

static bool
parse_place(struct str text, struct tsdb_position *out)
{
	struct str segment;
	text = str_trim(text);
	return str_cut(&text, ' ', &segment) && str_u64(segment, &out->segment) && str_u64(text, &out->bytes);
}

/* False: there is none, or nothing that says where. */
static bool
read_place(const char *dir, const char *name, struct tsdb_position *out)
{
	struct buf path = {0}, text = {0};
	buf_fmt(&path, "%s/%s", dir, name);
	bool good = access(path.p, F_OK) == 0 && os_read_file(path.p, PLACE_MAX, &text, NULL) == RC_OK && parse_place(buf_view(&text), out);
	buf_fini(&path);
	buf_fini(&text);
	return good;
}

static enum rc
write_place(const char *dir, const char *key, struct tsdb_position at, struct err *e)
{
	struct buf path = {0}, text = {0};
	buf_fmt(&path, "%s/%s" ENDING, dir, key);
	buf_fmt(&text, "%llu %llu\n", (unsigned long long)at.segment, (unsigned long long)at.bytes);
	enum rc rc = os_replace_file(path.p, buf_view(&text), 0640, e);
	buf_fini(&path);
	buf_fini(&text);
	return rc;
}

uint64_t
forwards_oldest(const char *dir)
{
	uint64_t oldest = 0;
	DIR *d = opendir(dir);
	for (struct dirent *x; d && (x = readdir(d));) {
		struct tsdb_position at;
		if (str_ends(str_c(x->d_name), STR(ENDING)) && read_place(dir, x->d_name, &at))
			oldest = !oldest || at.segment < oldest ? at.segment : oldest;
	}
	if (d)
		closedir(d);
	return oldest;
}

static struct forward *
find(const struct forward_list *l, struct str key)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_is(key, l->p[i]->key))
			return l->p[i];
	return NULL;
}

/* Of peers that are not configured any more. */
static void
remove_places(const struct forwards *all, const struct forward_list *l)
{
	struct buf path = {0};
	DIR *d = opendir(all->dir);
	for (struct dirent *x; d && (x = readdir(d));) {
		struct str name = str_c(x->d_name);
		if (!str_ends(name, STR(ENDING)) || find(l, str_to(name, name.n - strlen(ENDING))))
			continue;
		buf_clear(&path);
		buf_fmt(&path, "%s/%s", all->dir, x->d_name);
		os.unlink(path.p);
	}
	if (d)
		closedir(d);
	buf_fini(&path);
}

/* ---- life ---- */

struct forwards *
forwards_create(const struct forwards_house *house)
{
	struct forwards *all = mem_new(struct forwards);
	all->house = *house;
	all->samples = mem_dup(house->samples, strlen(house->samples));
	all->dir = mem_dup(house->dir, strlen(house->dir));
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

static void
list_fini(struct forward_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		forward_destroy(&l->p[i]);
	vec_fini(l);
}

void
forwards_destroy(struct forwards **pall)
{
	struct forwards *all = *pall;
	if (!all)
		return;
	all->kept = 0;
	forwards_keep(all);
	list_fini(&all->list);
	conf_unref(&all->conf);
	pthread_mutex_destroy(&all->lock);
	mem_free(all->samples);
	mem_free(all->dir);
	mem_free(all);
	*pall = NULL;
}

/* ---- figures ---- */

static void
set_metrics(const struct forwards *all)
{
	uint64_t bytes = 0;
	msec_t lag = 0, wall = clock_wall(loop_clock(all->house.loop));
	for (size_t i = 0; i < all->list.n; i++) {
		const struct forward_told *t = &all->list.p[i]->told;
		bytes += t->pending;
		if (t->pending && t->newest && wall - t->newest > lag)
			lag = wall - t->newest;
	}
	metric_set(METRIC_remote_write_pending_bytes, (int64_t)bytes);
	metric_set(METRIC_remote_write_lag_milliseconds, lag);
}

/* ---- configuration ---- */

/* What a peer's place is called: its name, as far as a file can have it, or a hash of where it is. */
static void
key_of(const struct conf_remote_write *c, struct buf *out)
{
	bool plain = c->name.n && c->name.n < 100 && c->name.p[0] != '.';
	for (size_t i = 0; plain && i < c->name.n; i++)
		plain = c->name.p[i] > ' ' && c->name.p[i] != '/' && c->name.p[i] != 0x7f;
	buf_clear(out);
	if (plain)
		buf_str(out, c->name);
	else
		buf_fmt(out, "%016llx", (unsigned long long)(str_hash(c->url) * 31 + str_hash(c->customer)));
}

/* Where the one of that key stands: at work, else on disk, else at the end of the log: what is there already is not sent. */
static struct tsdb_position
place_of(struct forwards *all, const char *key)
{
	struct tsdb_position at, end = tsdb_log_end(all->house.tsdb);
	struct buf name = {0};
	const struct forward *now = find(&all->list, str_c(key));
	buf_fmt(&name, "%s" ENDING, key);
	if (now)
		at = now->told.taken;
	else if (!read_place(all->dir, name.p, &at) || at.segment > end.segment)
		at = end;
	buf_fini(&name);
	return at;
}

static enum rc
make_list(struct forwards *all, const struct conf_root *root, struct forward_list *out, struct err *e)
{
	struct buf key = {0};
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < root->remote_write.n; i++) {
		const struct conf_remote_write *c = &root->remote_write.p[i];
		struct forward *f;
		key_of(c, &key);
		if (find(out, buf_view(&key)))
			rc = err_set(e, RC_INVALID, "remote_write: there are two peers \"%s\"", key.p);
		else
			rc = forward_create(all, c, key.p, place_of(all, key.p), &f, e);
		if (rc == RC_OK)
			*vec_add(out) = f;
	}
	buf_fini(&key);
	return rc;
}

static uint64_t
oldest(const struct forward_list *l)
{
	uint64_t segment = 0;
	for (size_t i = 0; i < l->n; i++)
		segment = !segment || l->p[i]->told.taken.segment < segment ? l->p[i]->told.taken.segment : segment;
	return segment;
}

/* The places must be on disk before the log is held by them only. */
static enum rc
write_places(struct forwards *all, const struct forward_list *l, struct err *e)
{
	enum rc rc = l->n ? os_make_dirs(all->dir, 0750, e) : RC_OK;
	for (size_t i = 0; rc == RC_OK && i < l->n; i++)
		rc = write_place(all->dir, l->p[i]->key, l->p[i]->told.taken, e);
	return rc;
}

enum rc
forwards_configure(struct forwards *all, struct conf *conf, struct err *e)
{
	struct forward_list fresh = {0};
	struct conf *before = all->conf;
	all->conf = conf;
	enum rc rc = make_list(all, conf->root, &fresh, e);
	if (rc == RC_OK)
		rc = write_places(all, &fresh, e);
	if (rc != RC_OK) {
		list_fini(&fresh);
		all->conf = before;
		return rc;
	}
	pthread_mutex_lock(&all->lock);
	struct forward_list old = all->list;
	all->list = fresh;
	tsdb_log_hold(all->house.tsdb, oldest(&all->list));
	set_metrics(all);
	pthread_mutex_unlock(&all->lock);
	remove_places(all, &all->list);
	list_fini(&old);
	(void)conf_ref(conf);
	conf_unref(&before);
	return RC_OK;
}

/* ---- from the thread that may wait ---- */

static uint64_t
segment_bytes(const struct forwards *all, uint64_t segment)
{
	char path[4096];
	struct stat st;
	snprintf(path, sizeof path, "%s/wal-%08llu", all->samples, (unsigned long long)segment);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static uint64_t
pending(const struct forwards *all, struct tsdb_position from, struct tsdb_position end)
{
	uint64_t n = 0;
	for (uint64_t i = from.segment; i <= end.segment; i++)
		n += i == end.segment ? end.bytes : segment_bytes(all, i);
	return n > from.bytes ? n - from.bytes : 0;
}

struct kept {
	char *key;
	struct tsdb_position at;
};
struct kept_list {
	struct kept *p;
	size_t n, cap;
};

/* The first segment that `limit` bytes behind the end reach back to. */
static uint64_t
segment_within(const struct forwards *all, struct tsdb_position from, struct tsdb_position end, uint64_t limit)
{
	uint64_t n = end.bytes, segment = end.segment;
	while (segment > from.segment && n + segment_bytes(all, segment - 1) <= limit)
		n += segment_bytes(all, --segment);
	return segment;
}

static void
look_after(struct forwards *all, struct forward *f, struct tsdb_position end, struct kept_list *changed)
{
	uint64_t limit = (uint64_t)f->conf->queue_config.queue_size;
	f->told.pending = pending(all, f->told.taken, end);
	if (limit && f->told.pending > limit)
		f->told.skip = (struct tsdb_position){segment_within(all, f->told.taken, end, limit), 0};
	if (f->told.taken.segment == f->written.segment && f->told.taken.bytes == f->written.bytes)
		return;
	f->written = f->told.taken;
	*vec_add(changed) = (struct kept){mem_dup(f->key, strlen(f->key)), f->written};
}

/* TRAP  A place is written after it was looked up: a peer that is removed in between leaves a file, which the next
 *       configuration or start removes. */
void
forwards_keep(struct forwards *all)
{
	struct kept_list changed = {0};
	struct err e;
	nsec_t mono = clock_mono(loop_clock(all->house.loop));
	if (all->kept && mono - all->kept < (nsec_t)KEEP_EVERY * 1000000)
		return;
	all->kept = mono;
	struct tsdb_position end = tsdb_log_end(all->house.tsdb);
	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; i < all->list.n; i++)
		look_after(all, all->list.p[i], end, &changed);
	if (all->list.n)
		set_metrics(all);
	pthread_mutex_unlock(&all->lock);
	for (size_t i = 0; i < changed.n; i++) {
		if (write_place(all->dir, changed.p[i].key, changed.p[i].at, &e) != RC_OK)
			log_error("collect", "%s", e.text);
		mem_free(changed.p[i].key);
	}
	vec_fini(&changed);
	pthread_mutex_lock(&all->lock);
	if (all->list.n)
		tsdb_log_hold(all->house.tsdb, oldest(&all->list));
	pthread_mutex_unlock(&all->lock);
}

/* Without a name and password in it. */
static struct str
shown_url(struct str url, struct arena *a)
{
	const char *colon = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
	ptrdiff_t at = str_chr(url, '@'), scheme = colon ? colon - url.p : -1;
	struct str rest = scheme < 0 ? url : str_from(url, (size_t)scheme + 3);
	ptrdiff_t slash = str_chr(rest, '/');
	bool within = at >= 0 && scheme >= 0 && at > scheme && (slash < 0 || at < scheme + 3 + slash);
	return within ? arena_fmt(a, "%.*s://%.*s", STR_ARG(str_to(url, (size_t)scheme)), STR_ARG(str_from(url, (size_t)at + 1))) : url;
}

static void
put_number(struct json_writer *w, const char *key, uint64_t n)
{
	jsonw_key(w, key);
	jsonw_i64(w, (int64_t)n);
}

static void
put_forward(struct json_writer *w, const struct forward *f, msec_t wall, struct arena *a)
{
	const struct forward_told *t = &f->told;
	char text[TIME_TEXT];
	jsonw_object(w);
	jsonw_key(w, "name");
	jsonw_c(w, f->key);
	jsonw_key(w, "url");
	jsonw_str(w, shown_url(f->conf->url, a));
	jsonw_key(w, "customer");
	jsonw_str(w, f->conf->customer);
	jsonw_member(w, "tenant_header", f->conf->tenant_header);
	jsonw_member(w, "customer_label", f->conf->customer_label);
	put_number(w, "sent", t->sent);
	put_number(w, "failed", t->failed);
	put_number(w, "retried", t->retried);
	put_number(w, "pending_bytes", t->pending);
	put_number(w, "lag_ms", t->pending && t->newest && wall > t->newest ? (uint64_t)(wall - t->newest) : 0);
	if (t->newest) {
		jsonw_key(w, "newest");
		jsonw_c(w, time_rfc3339(t->newest, text));
	}
	jsonw_key(w, "error");
	jsonw_c(w, t->error);
	jsonw_object_end(w);
}

void
forwards_json(struct forwards *all, struct buf *b)
{
	struct json_writer w;
	struct arena *a = arena_create();
	msec_t wall = clock_wall(loop_clock(all->house.loop));
	jsonw_init(&w, b);
	jsonw_array(&w);
	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; i < all->list.n; i++)
		put_forward(&w, all->list.p[i], wall, a);
	pthread_mutex_unlock(&all->lock);
	jsonw_array_end(&w);
	arena_destroy(&a);
}
