/* json_writer.c — the writer of json.h. */
#include "wire/json.h"

#include <math.h>

#include "base/must.h"
#include "base/time.h"

enum { DEPTH_MAX = 63 };

void
jsonw_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){.out = out};
}

/* The comma that is due before the next key or element. */
static void
comma(struct json_writer *w)
{
	uint64_t bit = 1ull << w->depth;
	if (w->after_key)
		w->after_key = false;
	else if (w->depth > 0 && w->wrote & bit)
		buf_ch(w->out, ',');
	w->wrote |= bit;
}

static void
open(struct json_writer *w, char c)
{
	comma(w);
	must(w->depth < DEPTH_MAX);
	w->depth++;
	w->wrote &= ~(1ull << w->depth);
	buf_ch(w->out, c);
}

static void
leave(struct json_writer *w, char c)
{
	must(w->depth > 0 && !w->after_key);
	w->depth--;
	buf_ch(w->out, c);
}

void
jsonw_object(struct json_writer *w)
{
	open(w, '{');
}

void
jsonw_object_end(struct json_writer *w)
{
	leave(w, '}');
}

void
jsonw_array(struct json_writer *w)
{
	open(w, '[');
}

void
jsonw_array_end(struct json_writer *w)
{
	leave(w, ']');
}

/* What one byte that cannot stand as it is becomes: a named escape or \u00xx. */
static void
add_escape(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"': buf_c(b, "\\\""); break;
	case '\\': buf_c(b, "\\\\"); break;
	case '\b': buf_c(b, "\\b"); break;
	case '\f': buf_c(b, "\\f"); break;
	case '\n': buf_c(b, "\\n"); break;
	case '\r': buf_c(b, "\\r"); break;
	case '\t': buf_c(b, "\\t"); break;
	default: buf_fmt(b, "\\u%04x", c);
	}
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void
add_quoted(struct buf *b, struct str s)
{
	buf_ch(b, '"');
	while (s.n) {
		size_t run = 0;
		while (run < s.n && is_plain((unsigned char)s.p[run]))
			run++;
		buf_add(b, s.p, run);
		s = str_from(s, run);
		if (s.n == 0)
			break;
		size_t n = (unsigned char)s.p[0] < 0x80 ? 1 : str_utf8_sequence(s);
		if (n > 1)
			buf_add(b, s.p, n);
		else if (n == 1)
			add_escape(b, (unsigned char)s.p[0]);
		else
			buf_c(b, "\xef\xbf\xbd");
		s = str_from(s, n ? n : 1);
	}
	buf_ch(b, '"');
}

void
jsonw_key_str(struct json_writer *w, struct str key)
{
	must(w->depth > 0 && !w->after_key);
	comma(w);
	add_quoted(w->out, key);
	buf_ch(w->out, ':');
	w->after_key = true;
}

void
jsonw_key(struct json_writer *w, const char *key)
{
	jsonw_key_str(w, str_c(key));
}

void
jsonw_str(struct json_writer *w, struct str s)
{
	comma(w);
	add_quoted(w->out, s);
}

void
jsonw_c(struct json_writer *w, const char *s)
{
	jsonw_str(w, str_c(s));
}

void
jsonw_i64(struct json_writer *w, int64_t v)
{
	comma(w);
	buf_i64(w->out, v);
}

void
jsonw_f64(struct json_writer *w, double v)
{
	if (!isfinite(v)) {
		jsonw_null(w);
		return;
	}
	comma(w);
	buf_f64(w->out, v);
}

void
jsonw_bool(struct json_writer *w, bool v)
{
	comma(w);
	buf_c(w->out, v ? "true" : "false");
}

void
jsonw_null(struct json_writer *w)
{
	comma(w);
	buf_c(w->out, "null");
}

void
jsonw_raw(struct json_writer *w, struct str json)
{
	comma(w);
	buf_str(w->out, json);
}

void
jsonw_time(struct json_writer *w, int64_t msec)
{
	char text[TIME_TEXT];
	jsonw_c(w, time_rfc3339(msec, text));
}

void
jsonw_member(struct json_writer *w, const char *key, struct str value)
{
	jsonw_key(w, key);
	jsonw_str(w, value);
}

void
jsonw_member_time(struct json_writer *w, const char *key, int64_t msec)
{
	jsonw_key(w, key);
	jsonw_time(w, msec);
}
