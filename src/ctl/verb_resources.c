/* verb_resources.c — people and agreements: set, written back, and who is on call. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "wire/yaml_writer.h"
#include "wire/url.h"

enum { APPLY_LIMIT = 1 << 20 };

static bool
read_one(const char *path, struct buf *b)
{
	struct err e;
	if (os_read_file(path, APPLY_LIMIT, b, &e) != RC_OK) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		return false;
	}
	buf_c(b, "\n---\n");
	return true;
}

static int
yaml_only(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');
	return dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

static bool
read_all(const char *path, struct buf *b)
{
	struct stat st;
	struct dirent **names;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return read_one(path, b);
	int n = scandir(path, &names, yaml_only, alphasort);
	bool ok = true;
	for (int i = 0; i < n; i++) {
		struct buf file = {0};
		buf_fmt(&file, "%s/%s", path, names[i]->d_name);
		ok = ok && read_one(file.p, b);
		buf_fini(&file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return ok;
}

static const struct column applied_facts[] = {
    {"Changed", "changed", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static int
send_yaml(struct args *a, const char *path, bool dry, struct str yaml)
{
	struct buf url = {0};
	struct answer answer;
	buf_fmt(&url, "/api/tocsin/v1/resources?dry_run=%s&file=", dry ? "true" : "false");
	url_escape_query(&url, str_c(path));
	int status = ctl_send(a, "POST", url.p, "application/yaml", yaml, &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		status = facts_print(a, answer.body, applied_facts);
	if (status == EXIT_OK && dry && !a->json)
		puts("Nothing was changed: it was a dry run.");
	buf_fini(&url);
	return status;
}

int
verb_apply(struct args *a)
{
	bool dry = args_flag(a, "dry-run");
	const char *path = args_option(a, "file");
	struct buf yaml = {0};
	for (const char *w; !path && (w = args_word(a));)
		path = strcmp(w, "-f") == 0 ? NULL : w;
	int status = path ? args_done(a, verb_self("apply")) : verb_usage("apply");
	if (status == EXIT_OK && !read_all(path, &yaml))
		status = EXIT_FAILED;
	if (status == EXIT_OK)
		status = send_yaml(a, path, dry, buf_view(&yaml));
	buf_fini(&yaml);
	return status;
}

/* What apply takes: the words that the daemon adds (since when, by whom, from which file) are left out. */
static void
put_document(struct json *j, struct buf *out)
{
	static const char *const kept[] = {"kind", "name", "customer", "spec"};
	struct str key, raw;
	struct json one;
	if (!json_object(j))
		return;
	buf_c(out, "---\n");
	while (json_key(j, &key)) {
		bool keep = false;
		for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
			keep |= str_is(key, kept[i]);
		if (!json_raw(j, &raw) || !keep)
			continue;
		struct str wrapped = arena_fmt(j->arena, "{\"%.*s\":%.*s}", STR_ARG(key), STR_ARG(raw));
		json_init(&one, wrapped, j->arena, 32);
		yaml_from_json(out, &one);
	}
}

static int
print_yaml(struct args *a, struct str json)
{
	struct json j;
	struct err e;
	struct buf out = {0};
	json_init(&j, json, a->arena, 32);
	if (json_array(&j))
		while (json_more(&j))
			put_document(&j, &out);
	enum rc rc = json_end(&j, &e);
	if (rc == RC_OK)
		fwrite(out.p ? out.p : "", 1, out.n, stdout);
	else
		fprintf(stderr, "tocsin: the daemon's answer is not what was expected: %s\n", e.text);
	buf_fini(&out);
	return rc == RC_OK ? EXIT_OK : EXIT_FAILED;
}

int
verb_export(struct args *a)
{
	const char *kind = args_option(a, "kind");
	struct buf url = {0};
	struct answer answer;
	buf_c(&url, "/api/tocsin/v1/resources?kind=");
	url_escape_query(&url, str_c(kind));
	int status = args_done(a, verb_self("export"));
	if (status == EXIT_OK)
		status = ctl_get(a, url.p, &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		status = print_yaml(a, answer.body);
	buf_fini(&url);
	return status;
}

static const struct column duty_columns[] = {
    {"SCHEDULE", "schedule", COLUMN_TEXT},
    {"ON CALL", "user", COLUMN_TEXT},
    {"SINCE", "from", COLUMN_TIME},
    {"FOR", "to", COLUMN_LEFT},
    {"WHY", "why", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

int
verb_oncall(struct args *a)
{
	int status = args_done(a, verb_self("oncall"));
	return status ? status : ctl_list(a, "/api/tocsin/v1/oncall", duty_columns, "There is no schedule.");
}
