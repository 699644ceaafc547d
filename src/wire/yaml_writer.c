/*
 * yaml_writer.c — JSON to YAML, value by value.
 *
 * IDEA   A word that no reader of YAML could take for anything but text stands bare; every other text is quoted as
 *        JSON quotes it, which YAML reads too.  Short lists of plain values stay on their line.
 * TRAP   "no", "1e3", "2026-01-02" and "~" are texts here and something else to YAML: they get quotes.
 */
#include "wire/yaml_writer.h"

#include <string.h>

enum { SHORT_LIST = 8, SHORT_TEXT = 80 };

static bool
is_reserved(struct str s)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(s, str_c(words[i])))
			return true;
	return false;
}

static bool
is_bare(struct str s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	if (!s.n || !memchr(letters, s.p[0], sizeof letters - 1) || is_reserved(s))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!memchr(letters, s.p[i], sizeof letters - 1) && (!s.p[i] || !strchr("0123456789_-./@ ", s.p[i])))
			return false;
	return s.p[s.n - 1] != ' ';
}

static void
put_text(struct buf *out, struct str s)
{
	struct json_writer w;
	if (is_bare(s)) {
		buf_str(out, s);
		return;
	}
	jsonw_init(&w, out);
	jsonw_str(&w, s);
}

static void
put_scalar(struct buf *out, struct json *j)
{
	struct str s;
	if (json_peek(j) == JSON_STRING) {
		if (json_str(j, &s))
			put_text(out, s);
	} else if (json_raw(j, &s)) {
		buf_str(out, s);
	}
}

static bool
is_plain(enum json_type t)
{
	return t != JSON_OBJECT && t != JSON_ARRAY && t != JSON_BAD;
}

/* Few and short, and all of them plain?  Looks ahead without moving. */
static bool
is_short_list(const struct json *at)
{
	struct json j = *at;
	struct str s;
	size_t n = 0, length = 0;
	if (!json_array(&j))
		return false;
	while (json_more(&j)) {
		if (!is_plain(json_peek(&j)) || !json_raw(&j, &s) || ++n > SHORT_LIST || (length += s.n + 2) > SHORT_TEXT)
			return false;
	}
	return !j.failed;
}

static void put(struct buf *out, struct json *j, unsigned depth, bool after_dash);

static void
new_line(struct buf *out, unsigned depth)
{
	buf_ch(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_c(out, "  ");
}

static void
put_short_list(struct buf *out, struct json *j)
{
	const char *between = "[";
	if (!json_array(j))
		return;
	while (json_more(j)) {
		buf_c(out, between);
		put_scalar(out, j);
		between = ", ";
	}
	buf_c(out, between[0] == '[' ? "[]" : "]");
}

static void
put_list(struct buf *out, struct json *j, unsigned depth)
{
	if (!json_array(j))
		return;
	while (json_more(j)) {
		new_line(out, depth);
		buf_c(out, "- ");
		put(out, j, depth + 1, true);
	}
}

/* Behind "key:" or "- ": a plain value on the same line, anything larger below. */
static void
put_value(struct buf *out, struct json *j, unsigned depth)
{
	enum json_type t = json_peek(j);
	struct json ahead = *j;
	struct str s;
	bool empty = t == JSON_OBJECT && json_raw(&ahead, &s) && str_is(s, "{}");
	if (is_plain(t) || empty || (t == JSON_ARRAY && is_short_list(j)))
		buf_ch(out, ' ');
	put(out, j, depth, false);
}

static void
put_map(struct buf *out, struct json *j, unsigned depth, bool after_dash)
{
	struct str key;
	bool any = false;
	if (!json_object(j))
		return;
	while (json_key(j, &key)) {
		if (any || !after_dash)
			new_line(out, depth);
		put_text(out, key);
		buf_ch(out, ':');
		put_value(out, j, depth + 1);
		any = true;
	}
	if (!any)
		buf_c(out, "{}");
}

static void
put(struct buf *out, struct json *j, unsigned depth, bool after_dash)
{
	enum json_type t = json_peek(j);
	if (t == JSON_OBJECT)
		put_map(out, j, depth, after_dash);
	else if (t == JSON_ARRAY && is_short_list(j))
		put_short_list(out, j);
	else if (t == JSON_ARRAY)
		put_list(out, j, depth);
	else
		put_scalar(out, j);
}

void
yaml_from_json(struct buf *out, struct json *j)
{
	put(out, j, 0, true);
	buf_ch(out, '\n');
}
