/*
 * verb_tsdb.c — the store of samples from the command line.
 *
 * analyze, snapshot, export, delete, clean and compact ask the daemon; what works on files is in verb_tsdb_files.c: verify
 * only reads, also while a daemon runs, restore and import want the store at rest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/time.h"
#include "ctl/table.h"
#include "ctl/verb_tsdb.h"
#include "ctl/verbs.h"
#include "wire/json.h"
#include "wire/url.h"

/* ---- analyze ---- */

static const struct column usage_columns[] = {
    {"NAME", "name", COLUMN_TEXT},
    {"VALUES", "values", COLUMN_TEXT},
    {"SERIES", "series", COLUMN_TEXT},
    {"NEW IN A DAY", "fresh", COLUMN_TEXT},
    {"SINCE", "since", COLUMN_TIME},
    {NULL, NULL, 0},
};
static const struct {
	const char *key, *title;
} usages[] = {{"labels", "Labels, by their values"}, {"metrics", "Metrics, by their series"}, {"jobs", "Jobs, by their series"}};

static int
print_usages(struct args *a, struct json *j)
{
	struct str key, list;
	int status = EXIT_OK;
	if (!json_object(j))
		return EXIT_FAILED;
	while (json_key(j, &key)) {
		if (str_is(key, "customer") && json_str(j, &list)) {
			printf("Customer %.*s\n", STR_ARG(list));
			continue;
		}
		size_t i = 0;
		while (i < 3 && !str_is(key, usages[i].key))
			i++;
		if (i == 3 || !json_raw(j, &list)) {
			json_skip(j);
			continue;
		}
		printf("\n%s\n", usages[i].title);
		if (status == EXIT_OK)
			status = table_print(a, list, usage_columns, "none");
	}
	return status;
}

static int
analyze(struct args *a)
{
	struct answer answer;
	struct json j;
	struct err e;
	int status = args_done(a, verb_self("tsdb"));
	if (status == EXIT_OK)
		status = ctl_get(a, "/api/tocsin/v1/cardinality", &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	if (status != EXIT_OK || a->json)
		return status;
	json_init(&j, answer.body, a->arena, 32);
	if (json_array(&j))
		while (status == EXIT_OK && json_more(&j))
			status = print_usages(a, &j);
	return json_end(&j, &e) == RC_OK ? status : tsdb_complain(&e);
}

/* ---- asking for work ---- */

static int
snapshot(struct args *a)
{
	struct answer answer;
	bool skip = args_flag(a, "skip-head");
	int status = args_done(a, verb_self("tsdb"));
	if (status == EXIT_OK)
		status = ctl_send(a, "POST", arena_fmt(a->arena, "/api/v1/admin/tsdb/snapshot?skip_head=%s", skip ? "true" : "false").p, NULL, STR(""),
		    &answer);
	if (status != EXIT_OK)
		return status;
	struct json j;
	struct str key, name = STR("");
	json_init(&j, answer.body, a->arena, 8);
	if (a->json)
		return ctl_print_raw(&answer), EXIT_OK;
	if (json_object(&j))
		while (json_key(&j, &key)) {
			if (!str_is(key, "data") || !json_object(&j)) {
				json_skip(&j);
				continue;
			}
			while (json_key(&j, &key))
				json_str(&j, &name);
		}
	printf("The snapshot is samples/snapshots/%.*s in the data directory.\n", STR_ARG(name));
	return EXIT_OK;
}

static int
clean(struct args *a)
{
	int status = args_done(a, verb_self("tsdb"));
	return status == EXIT_OK ? ctl_do(a, "POST", "/api/v1/admin/tsdb/clean_tombstones", STR(""), "What was deleted has left the disk.") : status;
}

static int
compact(struct args *a)
{
	int status = args_done(a, verb_self("tsdb"));
	return status == EXIT_OK ? ctl_do(a, "POST", "/api/v1/admin/tsdb/compact", STR(""), "The samples are in one block a day.") : status;
}

/* "&start=…": a time as the daemon takes it, or a span back from now. */
static void
add_time(struct buf *url, const char *name, const char *value)
{
	msec_t span;
	if (!value)
		return;
	buf_fmt(url, "&%s=", name);
	if (duration_parse(str_c(value), &span))
		buf_fmt(url, "%lld", (long long)((clock_wall(clock_real()) - span) / 1000));
	else
		url_escape_query(url, str_c(value));
}

static void
add_text(struct buf *url, const char *name, struct str value)
{
	buf_fmt(url, "&%s=", name);
	url_escape_query(url, value);
}

static int
delete(struct args *a)
{
	const char *from = args_option(a, "from"), *to = args_option(a, "to"), *selector = args_word(a);
	struct buf url = {0};
	if (!selector)
		return verb_usage("tsdb");
	buf_c(&url, "/api/v1/admin/tsdb/delete_series?");
	add_text(&url, "match[]", str_c(selector));
	add_time(&url, "start", from);
	add_time(&url, "end", to);
	int status = args_done(a, verb_self("tsdb"));
	if (status == EXIT_OK)
		status = ctl_do(a, "POST", url.p, STR(""), "They are deleted.");
	buf_fini(&url);
	return status;
}

/* ---- export ---- */

static int
export_metric(struct args *a, struct str name, struct str rest)
{
	struct answer answer;
	struct buf url = {0};
	buf_c(&url, "/api/tocsin/v1/samples?");
	add_text(&url, "name", name);
	buf_str(&url, rest);
	int status = ctl_get(a, url.p, &answer);
	if (status == EXIT_OK && fwrite(answer.body.p, 1, answer.body.n, stdout) != answer.body.n) {
		fprintf(stderr, "tocsin tsdb: cannot write: %s\n", strerror(errno));
		status = EXIT_FAILED;
	}
	buf_fini(&url);
	return status;
}

/* Each in memory of its own, which goes when it is written. */
static int
export_all(struct args *a, struct str names, struct str rest)
{
	struct json j;
	struct str key, name;
	struct err e;
	int status = EXIT_OK;
	json_init(&j, names, a->arena, 16);
	if (json_object(&j))
		while (json_key(&j, &key)) {
			if (!str_is(key, "data") || !json_array(&j)) {
				json_skip(&j);
				continue;
			}
			while (json_more(&j)) {
				struct args one = *a;
				one.arena = arena_create();
				if (json_str(&j, &name) && status == EXIT_OK)
					status = export_metric(&one, name, rest);
				arena_destroy(&one.arena);
			}
		}
	if (json_end(&j, &e) != RC_OK)
		return tsdb_complain(&e);
	if (status == EXIT_OK)
		puts("# EOF");
	return status;
}

static int
export(struct args *a)
{
	const char *from = args_option(a, "from"), *to = args_option(a, "to"), *selector = args_word(a);
	struct answer answer;
	struct buf rest = {0}, url = {0};
	add_text(&rest, "match[]", str_c(selector ? selector : "{__name__=~\".+\"}"));
	add_time(&rest, "start", from);
	add_time(&rest, "end", to);
	buf_fmt(&url, "/api/v1/label/__name__/values?%s", rest.p);
	int status = args_done(a, verb_self("tsdb"));
	if (status == EXIT_OK)
		status = ctl_get(a, url.p, &answer);
	if (status == EXIT_OK)
		status = export_all(a, answer.body, buf_view(&rest));
	buf_fini(&rest);
	buf_fini(&url);
	return status;
}

/* ---- */

static const struct {
	const char *name;
	int (*run)(struct args *);
} works[] = {
    {"analyze", analyze},
    {"clean", clean},
    {"compact", compact},
    {"delete", delete},
    {"export", export},
    {"import", tsdb_verb_import},
    {"restore", tsdb_verb_restore},
    {"snapshot", snapshot},
    {"verify", tsdb_verb_verify},
};

int
verb_tsdb(struct args *a)
{
	const char *word = args_word(a);
	for (size_t i = 0; word && i < sizeof works / sizeof *works; i++)
		if (strcmp(works[i].name, word) == 0)
			return works[i].run(a);
	return verb_usage("tsdb");
}
