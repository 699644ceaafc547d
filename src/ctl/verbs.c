/* verbs.c — what the command line can do with a running daemon, and with a ledger at rest. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/time.h"
#include "ctl/ctl.h"
#include "ledger/ledger.h"
#include "wire/json.h"

static int verb_alert(struct args *);
static int verb_apply(struct args *);
static int verb_backup(struct args *);
static int verb_explain(struct args *);
static int verb_export(struct args *);
static int verb_oncall(struct args *);
static int verb_query(struct args *);
static int verb_restore(struct args *);
static int verb_silence(struct args *);
static int verb_ticket(struct args *);
static int verb_completion(struct args *);
static int verb_verify(struct args *);

const struct verb ctl_verbs[] = {
    {"alert", "NAME [label=value …] [--summary TEXT] [--resolve] [--customer NAME]", "Raises an alert, or says that it is over.", verb_alert},
    {"apply", "-f FILE|DIR [--dry-run]", "Sets people and agreements from YAML, all in one go.", verb_apply},
    {"backup", "--data DIR --to FILE", "Writes a consistent copy of the ledger, also while the daemon runs.", verb_backup},
    {"completion", "", "Prints the completion of verbs for bash: source <(tocsin completion).", verb_completion},
    {"explain", "ticket/NUMBER | alert/FINGERPRINT", "Prints the chain of decisions, each with its reason.", verb_explain},
    {"export", "[--kind KIND]", "Prints people and agreements.", verb_export},
    {"oncall", "", "Says who is on call now, until when, and why.", verb_oncall},
    {"query", "EXPRESSION [--time TIME]", "Asks the store of samples.", verb_query},
    {"restore", "--data DIR --from FILE", "Puts a copy of the ledger back; the daemon must be stopped.", verb_restore},
    {"silence", "list | add LABEL=VALUE … --for DURATION --comment TEXT | expire ID", "Lists, makes and ends silences.", verb_silence},
    {"ticket", "list | show N | take N | close N | message N TEXT | suspend N REASON | resume N | assign N USER | open CUSTOMER TITLE",
	"Lists, shows and changes tickets.", verb_ticket},
    {"verify", "--data DIR | --ledger URL [--heads FILE] [--sign FILE]", "Proves that the journal is what it was, or names the first bad row.", verb_verify},
    {NULL, NULL, NULL, NULL},
};

static const struct verb *
self(const char *name)
{
	const struct verb *v = ctl_verbs;
	while (strcmp(v->name, name) != 0)
		v++;
	return v;
}

static int
usage(const char *name)
{
	fprintf(stderr, "Usage: tocsin %s %s\n", name, self(name)->usage);
	return EXIT_USAGE;
}

/* ---- alerts ---- */

static void
add_label(struct json_writer *w, struct str name, struct str value)
{
	jsonw_key_str(w, name);
	jsonw_str(w, value);
}

static int
verb_alert(struct args *a)
{
	const char *summary = args_option(a, "summary");
	bool over = args_flag(a, "resolve");
	const char *name = args_word(a), *word;
	struct buf b = {0};
	struct json_writer w;
	char now[TIME_TEXT];
	if (!name)
		return usage("alert");
	jsonw_init(&w, &b);
	jsonw_array(&w);
	jsonw_object(&w);
	jsonw_key(&w, "labels");
	jsonw_object(&w);
	add_label(&w, STR("alertname"), str_c(name));
	while ((word = args_word(a))) {
		struct str s = str_c(word);
		ptrdiff_t eq = str_chr(s, '=');
		if (eq < 1)
			return usage("alert");
		add_label(&w, str_to(s, (size_t)eq), str_from(s, (size_t)eq + 1));
	}
	jsonw_object_end(&w);
	if (summary) {
		jsonw_key(&w, "annotations");
		jsonw_object(&w);
		add_label(&w, STR("summary"), str_c(summary));
		jsonw_object_end(&w);
	}
	if (over) {
		jsonw_key(&w, "endsAt");
		jsonw_c(&w, time_rfc3339(clock_wall(clock_real()), now));
	}
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	int status = args_done(a, self("alert"));
	if (status == EXIT_OK)
		status = ctl_show(a, "POST", "/api/v2/alerts", "application/json", buf_view(&b));
	buf_fini(&b);
	return status;
}

/* ---- resources ---- */

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

static int
verb_apply(struct args *a)
{
	bool dry = args_flag(a, "dry-run");
	const char *path = args_option(a, "file");
	struct buf yaml = {0}, url = {0};
	for (const char *w; !path && (w = args_word(a));)
		path = strcmp(w, "-f") == 0 ? NULL : w;
	int status = path ? args_done(a, self("apply")) : usage("apply");
	if (status == EXIT_OK && !read_all(path, &yaml))
		status = EXIT_FAILED;
	if (status == EXIT_OK) {
		buf_fmt(&url, "/api/tocsin/v1/resources?dry_run=%s&file=", dry ? "true" : "false");
		ctl_url_escape(&url, str_c(path));
		status = ctl_show(a, "POST", url.p, "application/yaml", buf_view(&yaml));
	}
	buf_fini(&yaml);
	buf_fini(&url);
	return status;
}

static int
verb_export(struct args *a)
{
	const char *kind = args_option(a, "kind");
	struct buf url = {0};
	buf_c(&url, "/api/tocsin/v1/resources?kind=");
	ctl_url_escape(&url, str_c(kind));
	int status = args_done(a, self("export"));
	if (status == EXIT_OK)
		status = ctl_show(a, "GET", url.p, NULL, STR(""));
	buf_fini(&url);
	return status;
}

static int
verb_oncall(struct args *a)
{
	int status = args_done(a, self("oncall"));
	return status ? status : ctl_show(a, "GET", "/api/tocsin/v1/oncall", NULL, STR(""));
}

static int
verb_query(struct args *a)
{
	const char *time = args_option(a, "time"), *expression = args_word(a);
	struct buf url = {0};
	if (!expression)
		return usage("query");
	buf_c(&url, "/api/v1/query?query=");
	ctl_url_escape(&url, str_c(expression));
	if (time) {
		buf_c(&url, "&time=");
		ctl_url_escape(&url, str_c(time));
	}
	int status = args_done(a, self("query"));
	if (status == EXIT_OK)
		status = ctl_show(a, "GET", url.p, NULL, STR(""));
	buf_fini(&url);
	return status;
}

/* ---- events ---- */

/* One event a line: when, who, what. */
static void
print_event(struct json *j)
{
	struct str key, at = {0}, actor = {0}, text = {0};
	if (!json_object(j))
		return;
	while (json_key(j, &key)) {
		if (str_is(key, "at"))
			json_str(j, &at);
		else if (str_is(key, "actor"))
			json_str(j, &actor);
		else if (str_is(key, "text"))
			json_str(j, &text);
		else
			json_skip(j);
	}
	printf("%.23s  %-16.*s  %.*s\n", at.n ? at.p : "", STR_ARG(actor), STR_ARG(text));
}

static int
show_events(struct args *a, const char *path)
{
	struct answer answer;
	struct err e;
	struct json j;
	if (a->json)
		return ctl_show(a, "GET", path, NULL, STR(""));
	if (ctl_ask(a, "GET", path, NULL, STR(""), &answer, &e) != RC_OK) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		return EXIT_UNREACHABLE;
	}
	if (answer.status != 200) {
		fprintf(stderr, "tocsin: %.*s\n", STR_ARG(ctl_error_of(a, &answer)));
		return EXIT_REFUSED;
	}
	json_init(&j, answer.body, a->arena, 16);
	if (json_array(&j))
		while (json_more(&j))
			print_event(&j);
	return EXIT_OK;
}

static int
verb_explain(struct args *a)
{
	const char *subject = args_word(a);
	struct buf url = {0};
	if (!subject)
		return usage("explain");
	buf_c(&url, "/api/tocsin/v1/events?limit=10000&subject=");
	ctl_url_escape(&url, str_c(subject));
	int status = args_done(a, self("explain"));
	if (status == EXIT_OK)
		status = show_events(a, url.p);
	buf_fini(&url);
	return status;
}

/* ---- silences ---- */

static int
add_silence(struct args *a, const char *span, const char *comment)
{
	struct buf b = {0};
	struct json_writer w;
	const char *word;
	msec_t length;
	if (!span || !duration_parse(str_c(span), &length)) {
		fputs("tocsin silence add: --for takes a duration such as 2h\n", stderr);
		return EXIT_USAGE;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "matchers");
	jsonw_array(&w);
	while ((word = args_word(a))) {
		struct str s = str_c(word);
		ptrdiff_t eq = str_chr(s, '=');
		if (eq < 1)
			return usage("silence");
		jsonw_object(&w);
		jsonw_key(&w, "name");
		jsonw_str(&w, str_to(s, (size_t)eq));
		jsonw_key(&w, "value");
		jsonw_str(&w, str_from(s, (size_t)eq + 1));
		jsonw_key(&w, "isRegex");
		jsonw_bool(&w, false);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_key(&w, "startsAt");
	jsonw_time(&w, clock_wall(clock_real()));
	jsonw_key(&w, "endsAt");
	jsonw_time(&w, clock_wall(clock_real()) + length);
	jsonw_key(&w, "createdBy");
	jsonw_c(&w, getenv("USER") ? getenv("USER") : "tocsin");
	jsonw_key(&w, "comment");
	jsonw_c(&w, comment ? comment : "");
	jsonw_object_end(&w);
	int status = ctl_show(a, "POST", "/api/v2/silences", "application/json", buf_view(&b));
	buf_fini(&b);
	return status;
}

static int
verb_silence(struct args *a)
{
	const char *span = args_option(a, "for"), *comment = args_option(a, "comment"), *what = args_word(a);
	if (what && strcmp(what, "list") == 0)
		return ctl_show(a, "GET", "/api/v2/silences", NULL, STR(""));
	if (what && strcmp(what, "add") == 0)
		return add_silence(a, span, comment);
	const char *id = args_word(a);
	if (!what || !id || strcmp(what, "expire") != 0)
		return usage("silence");
	struct buf url = {0};
	buf_c(&url, "/api/v2/silence/");
	ctl_url_escape(&url, str_c(id));
	int status = ctl_show(a, "DELETE", url.p, NULL, STR(""));
	buf_fini(&url);
	return status;
}

/* ---- tickets ---- */

static int
change_ticket(struct args *a, const char *number, const char *verb, const char *key, const char *value)
{
	struct buf url = {0}, b = {0};
	struct json_writer w;
	buf_c(&url, "/api/tocsin/v1/tickets/");
	ctl_url_escape(&url, str_c(number));
	buf_fmt(&url, "/%s", verb);
	jsonw_init(&w, &b);
	jsonw_object(&w);
	if (value) {
		jsonw_key(&w, key);
		jsonw_c(&w, value);
	}
	jsonw_object_end(&w);
	int status = ctl_show(a, "POST", url.p, "application/json", buf_view(&b));
	buf_fini(&url);
	buf_fini(&b);
	return status;
}

static int
open_ticket(struct args *a, const char *customer, const char *title)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "customer");
	jsonw_c(&w, customer);
	jsonw_key(&w, "title");
	jsonw_c(&w, title);
	jsonw_object_end(&w);
	int status = ctl_show(a, "POST", "/api/tocsin/v1/tickets", "application/json", buf_view(&b));
	buf_fini(&b);
	return status;
}

static int
show_ticket(struct args *a, const char *number)
{
	struct buf url = {0};
	buf_c(&url, "/api/tocsin/v1/tickets/");
	ctl_url_escape(&url, str_c(number));
	int status = ctl_show(a, "GET", url.p, NULL, STR(""));
	buf_fini(&url);
	return status;
}

/* The words that take one more argument, and what it is called in the request. */
static const struct {
	const char *verb, *key;
} ticket_words[] = {{"take", NULL}, {"close", "text"}, {"message", "text"}, {"suspend", "reason"}, {"resume", NULL}, {"assign", "user"},
    {"accept", NULL}, {"reject", "text"}, {"priority", "priority"}, {"escalate", NULL}};

static int
verb_ticket(struct args *a)
{
	const char *what = args_word(a), *first = args_word(a), *second = args_word(a);
	if (!what)
		return usage("ticket");
	int status = args_done(a, self("ticket"));
	if (status != EXIT_OK)
		return status;
	if (strcmp(what, "list") == 0)
		return ctl_show(a, "GET", "/api/tocsin/v1/tickets", NULL, STR(""));
	if (!first)
		return usage("ticket");
	if (strcmp(what, "show") == 0)
		return show_ticket(a, first);
	if (strcmp(what, "open") == 0 && second)
		return open_ticket(a, first, second);
	for (size_t i = 0; i < sizeof ticket_words / sizeof *ticket_words; i++)
		if (strcmp(what, ticket_words[i].verb) == 0)
			return change_ticket(a, first, what, ticket_words[i].key, ticket_words[i].key ? second : NULL);
	return usage("ticket");
}

/* ---- the ledger at rest ---- */

static int
verb_verify(struct args *a)
{
	const char *data = args_option(a, "data"), *url = args_option(a, "ledger"), *heads_file = args_option(a, "heads");
	const char *sign = args_option(a, "sign");
	struct ledger *l = NULL;
	struct verdict v;
	struct err e;
	struct buf heads = {0}, signed_heads = {0};
	if (!data && !url)
		return usage("verify");
	int status = args_done(a, self("verify"));
	if (status != EXIT_OK)
		return status;
	enum rc rc = heads_file ? os_read_file(heads_file, 16 << 20, &heads, &e) : RC_OK;
	if (rc == RC_OK)
		rc = ledger_open(&l, str_c(url ? url : data), NULL, 0, &e);
	if (rc == RC_OK)
		rc = ledger_verify(l, buf_view(&heads), &v, &e);
	if (rc == RC_OK && v.intact && sign) {
		struct str key = arena_fmt(a->arena, "%s/heads.key", data ? data : ".");
		rc = ledger_heads(l, key.p, clock_wall(clock_real()), &signed_heads, &e);
		if (rc == RC_OK)
			rc = os_replace_file(sign, buf_view(&signed_heads), 0644, &e);
	}
	ledger_close(&l);
	buf_fini(&heads);
	buf_fini(&signed_heads);
	if (rc != RC_OK) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		return EXIT_FAILED;
	}
	printf("%s\n", v.text);
	return v.intact ? EXIT_OK : EXIT_FAILED;
}

static int
verb_backup(struct args *a)
{
	const char *data = args_option(a, "data"), *to = args_option(a, "to");
	struct ledger *l = NULL;
	struct err e;
	if (!data || !to)
		return usage("backup");
	int status = args_done(a, self("backup"));
	if (status != EXIT_OK)
		return status;
	enum rc rc = ledger_open(&l, str_c(data), NULL, 0, &e);
	if (rc == RC_OK)
		rc = ledger_backup(l, to, &e);
	ledger_close(&l);
	if (rc == RC_OK)
		return EXIT_OK;
	fprintf(stderr, "tocsin: %s\n", e.text);
	return EXIT_FAILED;
}

/* A copy is looked at before it takes the place of anything. */
static enum rc
restore(const char *data, const char *from, struct arena *a, struct err *e)
{
	struct buf copy = {0};
	struct str target = arena_fmt(a, "%s/ledger.db", data);
	int lock = os.open(arena_fmt(a, "%s/lock", data).p, O_RDWR | O_CREAT, 0600);
	enum rc rc = RC_OK;
	if (lock < 0)
		return err_errno(e, "%s", data);
	if (flock(lock, LOCK_EX | LOCK_NB) != 0)
		rc = err_set(e, RC_CONFLICT, "a tocsin runs in %s: stop it first", data);
	if (rc == RC_OK)
		rc = os_read_file(from, (size_t)1 << 40, &copy, e);
	if (rc == RC_OK && !str_starts(buf_view(&copy), STR("SQLite format 3")))
		rc = err_set(e, RC_INVALID, "%s is not a copy of a ledger", from);
	if (rc == RC_OK) {
		os.unlink(arena_fmt(a, "%.*s-wal", STR_ARG(target)).p);
		os.unlink(arena_fmt(a, "%.*s-shm", STR_ARG(target)).p);
		rc = os_replace_file(target.p, buf_view(&copy), 0600, e);
	}
	os.close(lock);
	buf_fini(&copy);
	return rc;
}

static int
verb_restore(struct args *a)
{
	const char *data = args_option(a, "data"), *from = args_option(a, "from");
	struct err e;
	if (!data || !from)
		return usage("restore");
	int status = args_done(a, self("restore"));
	if (status != EXIT_OK)
		return status;
	if (restore(data, from, a->arena, &e) == RC_OK)
		return EXIT_OK;
	fprintf(stderr, "tocsin: %s\n", e.text);
	return EXIT_FAILED;
}

static int
verb_completion(struct args *a)
{
	printf("complete -W \"serve check-config play reference");
	for (const struct verb *v = ctl_verbs; v->name; v++)
		printf(" %s", v->name);
	printf("\" tocsin\n");
	return EXIT_OK;
}
