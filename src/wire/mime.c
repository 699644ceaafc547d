/*
 * mime.c — see mime.h.
 *
 * IDEA   Parts are always quoted-printable: readable in the raw, safe for long lines, and the boundary "=_…"
 *        cannot occur in them, since '=' is only ever followed by a hexadecimal digit or the line's end.
 */
#include "wire/mime.h"

#include "base/time.h"

enum {
	MOST_PLAIN = 180, /* a long line (998 are allowed) is better to read than base64 */
	LINE = 76,        /* of quoted-printable, with the soft break */
	MOST_ATOM = 320,  /* RFC 5321 allows 254 for an address */
	WORD_BYTES = 42,  /* of text in one encoded word: 4/3 of it and "=?UTF-8?B??=" make 68 */
};

static void
base64(struct str in, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;
		v |= left > 1 ? (uint32_t)(unsigned char)in.p[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned char)in.p[i + 2] : 0;
		buf_ch(out, digits[v >> 18]);
		buf_ch(out, digits[v >> 12 & 63]);
		buf_ch(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_ch(out, left > 2 ? digits[v & 63] : '=');
	}
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n <= MOST_PLAIN && !str_has(s, STR("=?"));
}

/* At most WORD_BYTES, not cutting a character in two. */
static size_t
word_length(struct str s)
{
	size_t n = s.n < WORD_BYTES ? s.n : WORD_BYTES;
	if (n == s.n)
		return n;
	while (n > WORD_BYTES - 4 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void
mime_header_text(struct str s, struct buf *out)
{
	if (is_plain(s)) {
		buf_str(out, s);
		return;
	}
	for (bool first = true; s.n; first = false) {
		size_t n = word_length(s);
		buf_c(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		base64(str_to(s, n), out);
		buf_c(out, "?=");
		s = str_from(s, n);
	}
}

static bool
goes_as_is(unsigned char c)
{
	return (c >= 0x20 && c <= 0x7e && c != '=') || c == '\t';
}

void
mime_quoted_printable(struct str s, struct buf *out)
{
	size_t column = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool line_end = i + 1 == s.n || s.p[i + 1] == '\n' ||
				(s.p[i + 1] == '\r' && i + 2 < s.n && s.p[i + 2] == '\n');
		if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			continue;
		if (c == '\n') {
			buf_c(out, "\r\n");
			column = 0;
			continue;
		}
		bool plain = goes_as_is(c) && !(line_end && (c == ' ' || c == '\t'));
		if (column + (plain ? 1 : 3) > LINE - 1) {
			buf_c(out, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_ch(out, (char)c);
		else
			buf_fmt(out, "=%02X", c);
		column += plain ? 1 : 3;
	}
}

void
mime_date(msec_t at, struct buf *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t seconds = at / SECOND - (at % SECOND < 0);
	struct civil c = civil_from_seconds(seconds);
	buf_fmt(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[c.weekday], c.day, months[c.month - 1],
	    c.year, c.hour, c.minute, c.second);
}

/* An address or an id: what cannot stand in one is left out. */
static void
add_atom(struct buf *out, struct str s)
{
	buf_ch(out, '<');
	s = str_to(s, MOST_ATOM);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x20 && s.p[i] != 0x7f && s.p[i] != '<' && s.p[i] != '>')
			buf_ch(out, s.p[i]);
	buf_ch(out, '>');
}

static void
add_name(struct buf *out, struct str name)
{
	if (!is_plain(name)) {
		mime_header_text(name, out);
		return;
	}
	buf_ch(out, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_ch(out, '\\');
		buf_ch(out, name.p[i]);
	}
	buf_ch(out, '"');
}

static void
add_addresses(struct buf *out, const char *header, const struct mime_address *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_c(out, i ? ",\r\n " : header);
		if (a[i].name.n) {
			add_name(out, a[i].name);
			buf_ch(out, ' ');
		}
		add_atom(out, a[i].mail);
	}
	if (n)
		buf_c(out, "\r\n");
}

static void
add_ids(struct buf *out, const char *header, const struct str *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_c(out, i ? "\r\n " : header);
		add_atom(out, ids[i]);
	}
	if (n)
		buf_c(out, "\r\n");
}

static void
add_headers(const struct mime_mail *m, struct buf *out)
{
	buf_c(out, "Date: ");
	mime_date(m->date, out);
	buf_c(out, "\r\n");
	add_addresses(out, "From: ", &m->from, 1);
	add_ids(out, "Reply-To: ", &m->reply_to, m->reply_to.n > 0);
	add_addresses(out, "To: ", m->to, m->to_n);
	add_addresses(out, "Cc: ", m->cc, m->cc_n);
	buf_c(out, "Subject: ");
	mime_header_text(m->subject, out);
	buf_c(out, "\r\n");
	add_ids(out, "Message-ID: ", &m->message_id, m->message_id.n > 0);
	add_ids(out, "In-Reply-To: ", &m->in_reply_to, m->in_reply_to.n > 0);
	add_ids(out, "References: ", m->references, m->references_n);
	if (m->automatic)
		buf_c(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
	buf_c(out, "MIME-Version: 1.0\r\n");
}

static void
add_part(struct buf *out, const char *type, struct str body)
{
	buf_fmt(out,
	    "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
	    type);
	mime_quoted_printable(body, out);
	buf_c(out, "\r\n");
}

void
mime_compose(const struct mime_mail *m, struct buf *out)
{
	add_headers(m, out);
	if (!m->html.n) {
		add_part(out, "plain", m->text);
		return;
	}
	char boundary[32];
	snprintf(boundary, sizeof boundary, "=_%016llx", (unsigned long long)str_hash(m->message_id));
	buf_fmt(
	    out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	add_part(out, "plain", m->text);
	buf_fmt(out, "--%s\r\n", boundary);
	add_part(out, "html", m->html);
	buf_fmt(out, "--%s--\r\n", boundary);
}
