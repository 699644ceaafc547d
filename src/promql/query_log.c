/* query_log.c — see query_log.h. */
#include "promql/query_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "base/time.h"
#include "wire/json.h"

static struct {
	pthread_mutex_t lock;
	int fd; /* -1: nobody wants it */
	bool complained;
} file = {PTHREAD_MUTEX_INITIALIZER, -1, false};

enum rc
query_log_open(struct str path, struct err *e)
{
	char name[4096];
	int fd = -1;
	if (path.n >= sizeof name)
		return err_set(e, RC_INVALID, "the path of the query log is too long");
	snprintf(name, sizeof name, "%.*s", STR_ARG(path));
	if (path.n && (fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)) < 0)
		return err_set(e, RC_IO, "cannot open the query log %s: %s", name, strerror(errno));
	pthread_mutex_lock(&file.lock);
	if (file.fd >= 0)
		close(file.fd);
	file.fd = fd;
	file.complained = false;
	pthread_mutex_unlock(&file.lock);
	return RC_OK;
}

bool
query_log_is_on(void)
{
	return __atomic_load_n(&file.fd, __ATOMIC_RELAXED) >= 0;
}

/* ---- a line ---- */

static void
put(struct json_writer *w, const char *key, struct str value)
{
	jsonw_key(w, key);
	jsonw_str(w, value);
}

static void
put_time(struct json_writer *w, const char *key, msec_t t)
{
	char text[TIME_TEXT];
	put(w, key, str_c(time_rfc3339(t, text)));
}

static void
put_steps(struct json_writer *w, const struct promql_result *r, msec_t start, msec_t step)
{
	struct buf all = {0};
	for (size_t i = 0; i < r->n_steps; i++) {
		msec_t t = start + (msec_t)i * step;
		buf_fmt(&all, "%s[%lld", i ? "," : "", (long long)(t / 1000));
		if (t % 1000)
			buf_fmt(&all, ".%03d", (int)(t % 1000 < 0 ? -(t % 1000) : t % 1000));
		buf_fmt(&all, ",%llu]", (unsigned long long)r->steps[i]);
	}
	jsonw_key(w, "totalQueryableSamplesPerStep");
	jsonw_array(w);
	jsonw_raw(w, buf_view(&all));
	jsonw_array_end(w);
	buf_fini(&all);
}

/* What was read instead of samples: {"5m":288,"1h":0}. */
static void
put_windows(struct json_writer *w, const struct promql_result *r)
{
	jsonw_key(w, "windows");
	jsonw_object(w);
	for (int level = 0; level < TIERS; level++) {
		jsonw_key(w, tier_names[level]);
		jsonw_i64(w, (int64_t)r->windows[level]);
	}
	jsonw_object_end(w);
}

void
query_stats_json(struct json_writer *w, const struct promql_result *r, msec_t start, msec_t step, double seconds, bool each_step)
{
	static const char *const parts[] = {
	    "evalTotalTime", "resultSortTime", "queryPreparationTime", "innerEvalTime", "execQueueTime", "execTotalTime"};
	jsonw_object(w);
	jsonw_key(w, "timings");
	jsonw_object(w);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		jsonw_key(w, parts[i]);
		jsonw_f64(w, i == 0 || i == 3 || i == 5 ? seconds : 0);
	}
	jsonw_object_end(w);
	jsonw_key(w, "samples");
	jsonw_object(w);
	if (r && r->steps && each_step)
		put_steps(w, r, start, step);
	jsonw_key(w, "totalQueryableSamples");
	jsonw_i64(w, r ? (int64_t)r->samples : 0);
	jsonw_key(w, "peakSamples");
	jsonw_i64(w, r ? (int64_t)r->peak : 0);
	jsonw_object_end(w);
	if (r && (r->windows[0] || r->windows[1]))
		put_windows(w, r);
	jsonw_object_end(w);
}

static void
put_params(struct json_writer *w, const struct query_line *l)
{
	jsonw_key(w, "params");
	jsonw_object(w);
	put_time(w, "end", l->end);
	put(w, "query", l->query);
	put_time(w, "start", l->start);
	jsonw_key(w, "step");
	jsonw_i64(w, l->step / 1000);
	jsonw_object_end(w);
}

static void
put_origin(struct json_writer *w, const struct query_line *l)
{
	jsonw_key(w, l->group.n ? "ruleGroup" : "httpRequest");
	jsonw_object(w);
	if (l->group.n) {
		put(w, "file", l->file);
		put(w, "name", l->group);
	} else {
		put(w, "clientIP", l->client);
		put(w, "method", l->method);
		put(w, "path", l->path);
	}
	jsonw_object_end(w);
}

static void
write_line(struct str line)
{
	struct err e;
	pthread_mutex_lock(&file.lock);
	if (file.fd >= 0 && os_write_all(file.fd, line, &e) != RC_OK && !file.complained) {
		file.complained = true;
		log_error("promql", "the query log is not written: %s", e.text);
	}
	pthread_mutex_unlock(&file.lock);
}

void
query_log_add(const struct query_line *l)
{
	struct buf b = {0};
	struct json_writer w;
	if (!query_log_is_on())
		return;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	put_time(&w, "time", l->now);
	put(&w, "level", STR("INFO"));
	put(&w, "msg", STR("promql query logged"));
	put_params(&w, l);
	if (l->error)
		put(&w, "error", str_c(l->error));
	jsonw_key(&w, "stats");
	query_stats_json(&w, l->result, l->start, l->step, l->seconds, false);
	put_origin(&w, l);
	jsonw_object_end(&w);
	buf_ch(&b, '\n');
	write_line(buf_view(&b));
	buf_fini(&b);
}
