/* verb_rules.c — rules before they are at work: checked and tested, as promtool does it; replayed over what is stored. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "base/time.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "replay/rule_check.h"
#include "replay/rule_test.h"
#include "wire/json.h"
#include "wire/url.h"

static int
each_file(struct args *a, bool (*what)(const char *path, struct buf *out))
{
	const char *path = args_word(a);
	bool ok = true;
	if (!path)
		return verb_usage("rules");
	for (; path; path = args_word(a)) {
		struct buf out = {0};
		ok = what(path, &out) && ok;
		fputs(out.p, stdout);
		buf_fini(&out);
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

/* ---- replay ---- */

static const struct column rule_columns[] = {{"RULE", "name", COLUMN_TEXT}, {"GROUP", "group", COLUMN_TEXT},
    {"FIRED", "fired", COLUMN_TEXT}, {"PENDING OR FIRED", "episodes", COLUMN_TEXT},
    {"SECONDS FIRING", "secondsFiring", COLUMN_TEXT}, {"EVALUATIONS", "evaluations", COLUMN_TEXT},
    {"TROUBLE", "error", COLUMN_TEXT}, {NULL, NULL, COLUMN_TEXT}};
static const struct column episode_columns[] = {{"PENDING", "pendingAt", COLUMN_TIME},
    {"FIRING", "firingAt", COLUMN_TIME}, {"OVER", "endedAt", COLUMN_TIME}, {"RULE", "rule", COLUMN_TEXT},
    {"VALUE", "value", COLUMN_TEXT}, {"INSTANCE", "labels.instance", COLUMN_TEXT},
    {"HOST", "labels.host", COLUMN_TEXT}, {NULL, NULL, COLUMN_TEXT}};
static const struct column ticket_columns[] = {{"TICKET", "number", COLUMN_TEXT},
    {"OPENED", "openedAt", COLUMN_TIME}, {"CUSTOMER", "customer", COLUMN_TEXT},
    {"PRIORITY", "priority", COLUMN_WORD}, {"MODALITY", "modality", COLUMN_TEXT},
    {"TITLE", "title", COLUMN_TEXT}, {NULL, NULL, COLUMN_TEXT}};
static const struct column page_columns[] = {{"AT", "at", COLUMN_TIME}, {"WHOM", "user", COLUMN_TEXT},
    {"BY", "channel", COLUMN_TEXT}, {"TICKET", "ticket", COLUMN_TEXT}, {"WHY", "why", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT}};
static const struct column suggestion_columns[] = {{"RULE", "name", COLUMN_TEXT},
    {"GROUP", "group", COLUMN_TEXT}, {"FINDING", "finding", COLUMN_TEXT}, {"WHY", "text", COLUMN_TEXT},
    {"CHANGE", "change", COLUMN_TEXT}, {"FIRED", "firedNow", COLUMN_TEXT}, {"THEN", "firedThen", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT}};

static const struct {
	const char *key, *title;
	const struct column *columns;
	const char *none;
} parts[] = {{"rules", "Rules", rule_columns, "There are no rules."},
    {"episodes", "Alerts", episode_columns, "Nothing would have been pending."},
    {"tickets", "Tickets", ticket_columns, "No ticket would have been opened."},
    {"pages", "Pages", page_columns, "Nobody would have been told."},
    {"suggestions", "Suggestions", suggestion_columns, "No rule asks for a look."}};

static void
print_parts(struct args *a, struct str object)
{
	struct json j;
	struct str key, raw;
	json_init(&j, object, a->arena, 16);
	if (!json_object(&j))
		return;
	while (json_key(&j, &key) && json_raw(&j, &raw))
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
			if (str_is(key, parts[i].key)) {
				printf("\n%s\n", parts[i].title);
				table_print(a, raw, parts[i].columns, parts[i].none);
			}
}

static void
print_replay(struct args *a, struct str body)
{
	struct json j;
	struct str key, raw, text;
	json_init(&j, body, a->arena, 16);
	if (!json_object(&j))
		return;
	while (json_key(&j, &key)) {
		if (str_is(key, "assumed") && json_str(&j, &text)) {
			printf("\nAssumed: %.*s.\n", STR_ARG(text));
		} else if (json_raw(&j, &raw) && (str_is(key, "proposed") || str_is(key, "present"))) {
			printf("%s\n",
			    str_is(key, "proposed") ? "== With these rules" : "\n== With the rules at work");
			print_parts(a, raw);
		}
	}
}

/* A moment, or how long ago. */
static bool
moment(const char *text, msec_t *out)
{
	msec_t ago;
	if (time_parse_rfc3339(str_c(text), out))
		return true;
	if (!duration_parse(str_c(text), &ago))
		return false;
	*out = clock_wall(clock_real()) - ago;
	return true;
}

static int
put_moment(struct json_writer *w, const char *key, const char *text)
{
	msec_t t;
	if (!text)
		return EXIT_OK;
	if (!moment(text, &t)) {
		fprintf(stderr,
		    "tocsin rules: --%s takes a time such as 2026-03-01T00:00:00Z, or how long ago: 90d, not "
		    "\"%s\"\n",
		    key, text);
		return EXIT_USAGE;
	}
	jsonw_key(w, key);
	jsonw_time(w, t);
	return EXIT_OK;
}

static int
put_rules(struct json_writer *w, const char *path)
{
	struct buf text = {0};
	struct err e;
	if (!path)
		return EXIT_OK;
	if (os_read_file(path, 32 << 20, &text, &e) != RC_OK) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		buf_fini(&text);
		return EXIT_FAILED;
	}
	jsonw_member(w, "rules", buf_view(&text));
	buf_fini(&text);
	return EXIT_OK;
}

static int
replay(struct args *a)
{
	const char *rules = args_option(a, "rules"), *from = args_option(a, "from"),
		   *to = args_option(a, "to"), *only = args_option(a, "only");
	bool nobody = args_flag(a, "nobody-answers");
	struct buf b = {0};
	struct json_writer w;
	struct answer answer;
	int status = args_done(a, verb_self("rules"));
	if (status != EXIT_OK)
		return status;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	status = put_rules(&w, rules);
	if (status == EXIT_OK)
		status = put_moment(&w, "from", from ? from : "30d");
	if (status == EXIT_OK)
		status = put_moment(&w, "to", to);
	if (only) {
		jsonw_key(&w, "only");
		jsonw_array(&w);
		jsonw_c(&w, only);
		jsonw_array_end(&w);
	}
	jsonw_key(&w, "nobody_answers");
	jsonw_bool(&w, nobody);
	jsonw_object_end(&w);
	if (status == EXIT_OK)
		status = ctl_send(
		    a, "POST", "/api/tocsin/v1/rules/replay", "application/json", buf_view(&b), &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		print_replay(a, answer.body);
	buf_fini(&b);
	return status;
}

static int
suggest(struct args *a)
{
	const char *days = args_option(a, "days");
	struct buf path = {0};
	struct answer answer;
	int status = args_done(a, verb_self("rules"));
	if (status != EXIT_OK)
		return status;
	buf_c(&path, "/api/tocsin/v1/rules/suggest?days=");
	url_escape_query(&path, str_c(days ? days : "30"));
	status = ctl_get(a, path.p, &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		print_parts(a, answer.body);
	buf_fini(&path);
	return status;
}

/* ---- which ---- */

static int
check(struct args *a)
{
	return each_file(a, rule_check_file);
}

static int
test(struct args *a)
{
	return each_file(a, rule_test_run);
}

static const struct {
	const char *name;
	int (*run)(struct args *);
} words[] = {{"check", check}, {"replay", replay}, {"suggest", suggest}, {"test", test}};

int
verb_rules(struct args *a)
{
	const char *word = args_word(a);
	log_setup("rules", LOG_ERROR);
	for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i].name) == 0)
			return words[i].run(a);
	return verb_usage("rules");
}
