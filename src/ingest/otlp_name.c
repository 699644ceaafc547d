/* otlp_name.c — see otlp_name.h. */
#include "ingest/otlp_name.h"

#include <string.h>

static const struct {
	const char *unit, *word;
} units[] = {{"d", "days"}, {"h", "hours"}, {"min", "minutes"}, {"s", "seconds"}, {"ms", "milliseconds"},
    {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"}, {"KiBy", "kibibytes"},
    {"MiBy", "mebibytes"}, {"GiBy", "gibibytes"}, {"TiBy", "tibibytes"}, {"KBy", "kilobytes"},
    {"MBy", "megabytes"}, {"GBy", "gigabytes"}, {"TBy", "terabytes"}, {"m", "meters"}, {"V", "volts"},
    {"A", "amperes"}, {"J", "joules"}, {"W", "watts"}, {"g", "grams"}, {"Cel", "celsius"}, {"Hz", "hertz"},
    {"1", ""}, {"%", "percent"}},
  per_units[] = {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"}, {"w", "week"},
      {"mo", "month"}, {"y", "year"}};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_letter(c) || is_digit(c) || c == ':';
}

/* The next run of letters and digits off the front; false at the end. */
static bool
next_word(struct str *rest, struct str *word)
{
	size_t from = 0, to;
	while (from < rest->n && !is_word(rest->p[from]))
		from++;
	for (to = from; to < rest->n && is_word(rest->p[to]); to++)
		;
	*word = str_n(rest->p + from, to - from);
	*rest = str_from(*rest, to);
	return word->n > 0;
}

static void
add_word(struct buf *b, size_t start, struct str word)
{
	if (b->n > start)
		buf_ch(b, '_');
	buf_str(b, word);
}

/* Is one of the words of the name made so far this one? */
static bool
has_word(const struct buf *b, size_t start, struct str word)
{
	struct str rest = str_from(buf_view(b), start), one;
	while (next_word(&rest, &one))
		if (str_eq(one, word))
			return true;
	return false;
}

static void
add_once(struct buf *b, size_t start, struct str word)
{
	if (word.n && !has_word(b, start, word))
		add_word(b, start, word);
}

/* The words of a unit that no table has, cleaned. */
static void
add_unit(struct buf *b, size_t start, struct str unit)
{
	struct str word;
	while (next_word(&unit, &word))
		add_once(b, start, word);
}

static struct str
unit_word(struct str unit)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (str_is(unit, units[i].unit))
			return str_c(units[i].word);
	return unit;
}

static struct str
per_word(struct str unit)
{
	for (size_t i = 0; i < sizeof per_units / sizeof *per_units; i++)
		if (str_is(unit, per_units[i].unit))
			return str_c(per_units[i].word);
	return unit;
}

/* "By/s" gives bytes per second; what stands in braces is a remark. */
static void
add_units(struct buf *b, size_t start, struct str unit)
{
	struct str rest = unit, main = STR("");
	(void)str_cut(&rest, '/', &main);
	main = str_trim(main);
	rest = str_trim(rest);
	if (str_chr(main, '{') < 0)
		add_unit(b, start, unit_word(main));
	if (rest.n && str_chr(rest, '{') < 0) {
		add_word(b, start, STR("per"));
		add_unit(b, start, per_word(rest));
	}
}

/* All words of the name but `without`; unescaped the name stays as it is. */
static void
add_name(const struct otlp_metric *m, const struct otlp_naming *how, const char *without, struct buf *b)
{
	struct str rest = m->name, word;
	size_t start = b->n;
	if (!how->escape) {
		buf_str(b, m->name);
		return;
	}
	while (next_word(&rest, &word))
		if (!without || !str_is(word, without))
			add_word(b, start, word);
}

void
otlp_name_metric(const struct otlp_metric *m, const struct otlp_naming *how, struct buf *b)
{
	bool total = how->suffixes && m->kind == OTLP_SUM && m->monotonic;
	bool ratio = how->suffixes && m->kind == OTLP_GAUGE && str_is(m->unit, "1");
	size_t start = b->n;
	if (how->escape && m->name.n && is_digit(m->name.p[0])) {
		buf_ch(b, '_');
		start++;
	}
	size_t at = b->n;
	if (how->escape && !how->suffixes) {
		for (size_t i = 0; i < m->name.n; i++)
			buf_ch(b, is_word(m->name.p[i]) ? m->name.p[i] : '_');
		return;
	}
	add_name(m, how, total ? "total" : ratio ? "ratio" : NULL, b);
	if (how->suffixes)
		add_units(b, at, m->unit);
	if (total && !str_ends(str_from(buf_view(b), at), STR("_total")))
		add_word(b, at, STR("total"));
	if (ratio && !str_ends(str_from(buf_view(b), at), STR("_ratio")))
		add_word(b, at, STR("ratio"));
}

void
otlp_name_label(struct str name, const struct otlp_naming *how, struct buf *b)
{
	if (!how->escape) {
		buf_str(b, name);
		return;
	}
	if (name.n && is_digit(name.p[0]))
		buf_c(b, "key_");
	else if (name.n && !is_letter(name.p[0]) && !str_starts(name, STR("__")))
		buf_c(b, "key");
	for (size_t i = 0; i < name.n; i++)
		buf_ch(b, is_letter(name.p[i]) || is_digit(name.p[i]) ? name.p[i] : '_');
}
