/*
 * letter.c — see letter.h.
 *
 * IDEA   The engine says which development it is and hands its facts; the words are chosen here, when the letter is
 *        written.  Sentences of the journal are English, and are never sent to somebody who reads another language.
 */
#include "notify/letter.h"

#include "base/must.h"
#include "base/time.h"
#include "base/tz.h"

enum { TITLE_MAX = 200 };

static const struct {
	const char *name;
	const char *text[LETTER_LANGUAGES];
} letters[LETTERS] = {
#define LETTER(name, when, ...) {#name, {__VA_ARGS__}},
#include "notify/letters.def"
#undef LETTER
};

static const char *const order[LETTER_LANGUAGES] = {"en", "it", "fr", "sv", "zh"};

struct str
letter_text(enum letter l, struct str language)
{
	size_t column = 0;
	must(l < LETTERS);
	for (size_t i = 1; i < LETTER_LANGUAGES; i++)
		if (str_is(language, order[i]))
			column = i;
	return str_c(letters[l].text[column]);
}

enum letter
letter_named(const char *prefix, struct str word)
{
	size_t n = strlen(prefix);
	for (int i = 0; word.n && i < LETTERS; i++)
		if (str_starts(str_c(letters[i].name), str_c(prefix)) &&
		    str_eq_nocase(str_c(letters[i].name + n), word))
			return (enum letter)i;
	return LETTERS;
}

/* The words of a table's entry in the notice's language; the entry itself when the catalogue has none. */
static struct str
named(const char *prefix, struct str word, const struct notice *n)
{
	enum letter l = letter_named(prefix, word);
	return l == LETTERS ? word : letter_text(l, n->language);
}

static struct str
fact(const struct notice *n, struct str name, char step[24])
{
	if (str_is(name, "who"))
		return n->who;
	if (str_is(name, "policy"))
		return n->policy;
	if (str_is(name, "state"))
		return named("", n->state, n);
	must(str_is(name, "step"));
	snprintf(step, 24, "%lld", (long long)n->step);
	return str_c(step);
}

static void
add_filled(struct buf *out, enum letter l, const struct notice *n)
{
	struct str rest = letter_text(l, n->language), before, name;
	char step[24];
	while (str_cut(&rest, '{', &before)) {
		buf_str(out, before);
		if (str_cut(&rest, '}', &name))
			buf_str(out, fact(n, name, step));
	}
	buf_str(out, before);
}

static void
add_word(struct buf *out, enum letter l, const struct notice *n)
{
	buf_str(out, letter_text(l, n->language));
}

/* The longest beginning of whole characters within `max` bytes. */
static size_t
whole_characters(struct str s, size_t max)
{
	size_t n = s.n < max ? s.n : max;
	while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void
letter_subject(const struct notice *n, struct buf *out)
{
	if (n->code.n) {
		add_word(out, LETTER_CODE, n);
		return;
	}
	buf_fmt(out, "[%.*s] ", STR_ARG(named("", n->priority, n)));
	add_word(out, LETTER_TICKET, n);
	buf_fmt(out, " %lld: %.*s", (long long)n->ticket, STR_ARG(str_to(n->title, whole_characters(n->title, TITLE_MAX))));
}

/* "Priorità: alta"; nothing when there is no value. */
static void
add_line(struct buf *out, enum letter label, struct str value, const struct notice *n)
{
	if (!value.n)
		return;
	add_word(out, label, n);
	buf_fmt(out, ": %.*s\n", STR_ARG(value));
}

/* "Risolta entro: 2026-03-03 18:00 Europe/Rome" */
static void
add_promise(struct buf *out, enum letter label, msec_t by, const struct notice *n)
{
	struct err e;
	const struct tz *zone = tz_load(n->time_zone.n ? n->time_zone : STR("UTC"), &e);
	if (!by)
		return;
	struct civil c = tz_civil(zone ? zone : tz_utc(), by);
	add_word(out, label, n);
	buf_fmt(out, ": %04d-%02d-%02d %02d:%02d %s\n", c.year, c.month, c.day, c.hour, c.minute, tz_name(zone ? zone : tz_utc()));
}

static void
add_news(const struct notice *n, struct buf *out)
{
	enum letter l = letter_named("NEWS_", n->news);
	if (l != LETTERS) {
		buf_c(out, "\n");
		add_filled(out, l, n);
		buf_c(out, "\n");
	}
	if (n->text.n)
		buf_fmt(out, "\n%.*s\n", STR_ARG(n->text));
}

void
letter_body(const struct notice *n, const char *external_url, struct buf *out)
{
	if (n->code.n) {
		add_line(out, LETTER_CODE, n->code, n);
		return;
	}
	add_word(out, LETTER_TICKET, n);
	buf_fmt(out, " %lld: %.*s\n\n", (long long)n->ticket, STR_ARG(n->title));
	add_line(out, LETTER_PRIORITY, named("", n->priority, n), n);
	add_line(out, LETTER_CUSTOMER, n->customer_title, n);
	add_promise(out, LETTER_PICKUP_BY, n->pickup_by, n);
	add_promise(out, LETTER_RESOLUTION_BY, n->resolution_by, n);
	add_news(n, out);
	if (str_starts(n->user, STR("user/"))) {
		buf_c(out, "\n");
		add_filled(out, n->page.n && n->policy.n ? LETTER_WHY_PAGE : LETTER_WHY_NOTICE, n);
		buf_c(out, "\n");
	} else if (n->why.n) {
		buf_fmt(out, "\n%.*s\n", STR_ARG(n->why));
	}
	buf_c(out, "\n");
	add_word(out, n->page.n ? LETTER_TAKE_IT : LETTER_OPEN_IT, n);
	buf_fmt(out, ": %s/ticket/%lld\n", external_url, (long long)n->ticket);
}

void
letter_short(const struct notice *n, const char *external_url, struct buf *out)
{
	struct buf link = {0};
	letter_subject(n, out);
	if (n->code.n) {
		buf_fmt(out, ": %.*s", STR_ARG(n->code));
		return;
	}
	buf_fmt(out, ". %.*s", STR_ARG(n->customer_title));
	buf_fmt(&link, " %s/ticket/%lld", external_url, (long long)n->ticket);
	if (out->n + link.n > SMS_BYTES)
		buf_cut(out, whole_characters(buf_view(out), SMS_BYTES - link.n));
	buf_str(out, buf_view(&link));
	buf_fini(&link);
}
