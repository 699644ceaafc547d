/* verb_alert.c — alerts and silences. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/time.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "wire/json.h"
#include "wire/url.h"

/* ---- alerts ---- */

static const struct column alert_columns[] = {
    {"ALERT", "labels.alertname", COLUMN_TEXT},
    {"SEVERITY", "labels.severity", COLUMN_WORD},
    {"STATE", "status.state", COLUMN_WORD},
    {"SINCE", "startsAt", COLUMN_TIME},
    {"FINGERPRINT", "fingerprint", COLUMN_TEXT},
    {"SUMMARY", "annotations.summary", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

/* "name=value" split at its first '='; false when there is none. */
static bool
label_split(const char *word, struct str *name, struct str *value)
{
	struct str s = str_c(word);
	ptrdiff_t eq = str_chr(s, '=');
	if (eq < 1)
		return false;
	*name = str_to(s, (size_t)eq);
	*value = str_from(s, (size_t)eq + 1);
	return true;
}

static void
add_label(struct json_writer *w, struct str name, struct str value)
{
	jsonw_key_str(w, name);
	jsonw_str(w, value);
}

/* The words that are left, as labels. */
static bool
add_labels(struct args *a, struct json_writer *w)
{
	struct str name, value;
	for (const char *word; (word = args_word(a));) {
		if (!label_split(word, &name, &value))
			return false;
		add_label(w, name, value);
	}
	return true;
}

static bool
alert_body(struct args *a, const char *name, const char *summary, bool over, struct buf *b)
{
	struct json_writer w;
	jsonw_init(&w, b);
	jsonw_array(&w);
	jsonw_object(&w);
	jsonw_key(&w, "labels");
	jsonw_object(&w);
	add_label(&w, STR("alertname"), str_c(name));
	if (!add_labels(a, &w))
		return false;
	jsonw_object_end(&w);
	if (summary) {
		jsonw_key(&w, "annotations");
		jsonw_object(&w);
		add_label(&w, STR("summary"), str_c(summary));
		jsonw_object_end(&w);
	}
	if (over) {
		jsonw_member_time(&w, "endsAt", clock_wall(clock_real()));
	}
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	return true;
}

int
verb_alert(struct args *a)
{
	const char *summary = args_option(a, "summary");
	bool over = args_flag(a, "resolve");
	const char *name = args_word(a);
	struct buf b = {0};
	if (name && strcmp(name, "list") == 0 && a->n == 0)
		return ctl_list(a, "/api/v2/alerts", alert_columns, "No alert is firing.");
	int status = name && alert_body(a, name, summary, over, &b) ? args_done(a, verb_self("alert")) : verb_usage("alert");
	if (status == EXIT_OK)
		status = ctl_do(a, "POST", "/api/v2/alerts", buf_view(&b), over ? "The alert is over." : "The alert was taken.");
	buf_fini(&b);
	return status;
}

/* ---- silences ---- */

static const struct column silence_columns[] = {
    {"ID", "id", COLUMN_TEXT},
    {"STATE", "status.state", COLUMN_WORD},
    {"ENDS IN", "endsAt", COLUMN_LEFT},
    {"BY", "createdBy", COLUMN_TEXT},
    {"LABELS", "matchers.name", COLUMN_TEXT},
    {"VALUES", "matchers.value", COLUMN_TEXT},
    {"COMMENT", "comment", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static bool
add_matchers(struct args *a, struct json_writer *w)
{
	struct str name, value;
	jsonw_key(w, "matchers");
	jsonw_array(w);
	for (const char *word; (word = args_word(a));) {
		if (!label_split(word, &name, &value))
			return false;
		jsonw_object(w);
		add_label(w, STR("name"), name);
		add_label(w, STR("value"), value);
		jsonw_key(w, "isRegex");
		jsonw_bool(w, false);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	return true;
}

static int
add_silence(struct args *a, const char *span, const char *comment)
{
	struct buf b = {0};
	struct json_writer w;
	msec_t length, now = clock_wall(clock_real());
	if (!span || !duration_parse(str_c(span), &length)) {
		fputs("tocsin silence add: --for takes a duration such as 2h\n", stderr);
		return EXIT_USAGE;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	bool good = add_matchers(a, &w);
	jsonw_member_time(&w, "startsAt", now);
	jsonw_member_time(&w, "endsAt", now + length);
	jsonw_key(&w, "createdBy");
	jsonw_c(&w, getenv("USER") ? getenv("USER") : "tocsin");
	jsonw_key(&w, "comment");
	jsonw_c(&w, comment ? comment : "");
	jsonw_object_end(&w);
	int status = good ? ctl_do(a, "POST", "/api/v2/silences", buf_view(&b), "The silence is in force.") : verb_usage("silence");
	buf_fini(&b);
	return status;
}

int
verb_silence(struct args *a)
{
	const char *span = args_option(a, "for"), *comment = args_option(a, "comment"), *what = args_word(a);
	if (what && strcmp(what, "list") == 0)
		return ctl_list(a, "/api/v2/silences", silence_columns, "There is no silence.");
	if (what && strcmp(what, "add") == 0)
		return add_silence(a, span, comment);
	const char *id = args_word(a);
	if (!what || !id || strcmp(what, "expire") != 0)
		return verb_usage("silence");
	struct buf url = {0};
	buf_c(&url, "/api/v2/silence/");
	url_escape_query(&url, str_c(id));
	int status = ctl_do(a, "DELETE", url.p, STR(""), "The silence has ended.");
	buf_fini(&url);
	return status;
}
