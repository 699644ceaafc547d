#include "wire/mime.h"

#include "unit.h"

UNIT(dates_are_those_of_rfc_5322)
{
	static const struct {
		msec_t at;
		const char *text;
	} rows[] = {
	    {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
	    {-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
	    {1795205622123, "Fri, 20 Nov 2026 20:13:42 +0000"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = {0};
		mime_date(rows[i].at, &b);
		ck_assert_str(buf_view(&b), rows[i].text);
		buf_fini(&b);
	}
}
END

UNIT(header_text_is_encoded_only_where_it_must_be)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"plain words", "plain words"},
	    {"caf\xc3\xa9", "=?UTF-8?B?Y2Fmw6k=?="},
	    {"a\r\nBcc: x", "=?UTF-8?B?YQ0KQmNjOiB4?="},
	    {"=?x?=", "=?UTF-8?B?PT94Pz0=?="},
	    {"", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = {0};
		mime_header_text(str_c(rows[i].in), &b);
		ck_assert_str(buf_view(&b), rows[i].out);
		buf_fini(&b);
	}
}
END

UNIT(long_headers_are_cut_between_characters)
{
	struct buf in = {0}, out = {0};
	for (int i = 0; i < 100; i++)
		buf_c(&in, i % 3 ? "\xe4\xbd\xa0" : "\xf0\x9f\x94\x94");
	mime_header_text(buf_view(&in), &out);
	struct str rest = buf_view(&out), line;
	while (str_cut(&rest, '\n', &line)) {
		line = str_trim(line);
		ck_assert_uint_le(line.n, 75);
		ck_assert(str_starts(line, STR("=?UTF-8?B?")) && str_ends(line, STR("?=")));
	}
	buf_fini(&in);
	buf_fini(&out);
}
END

UNIT(quoted_printable_keeps_lines_short_and_ends_visible)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"a=b\n", "a=3Db\r\n"},
	    {"caf\xc3\xa9", "caf=C3=A9"},
	    {"end \nnext\t", "end=20\r\nnext=09"},
	    {"crlf\r\nlf\nlone\r", "crlf\r\nlf\r\nlone=0D"},
	    {"", ""},
	};
	struct buf b = {0}, in = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&b);
		mime_quoted_printable(str_c(rows[i].in), &b);
		ck_assert_str(buf_view(&b), rows[i].out);
	}
	for (int i = 0; i < 500; i++)
		buf_ch(&in, (char)(i * 7));
	buf_clear(&b);
	mime_quoted_printable(buf_view(&in), &b);
	struct str rest = buf_view(&b), line;
	while (str_cut(&rest, '\n', &line))
		ck_assert_uint_le(str_trim(line).n, 76);
	buf_fini(&b);
	buf_fini(&in);
}
END

UNIT(a_mail_has_all_it_needs)
{
	static const struct mime_address to[] = {
	    {STR_INIT("Night \"shift\""), STR_INIT("night@example.org")},
	    {STR_INIT(""), STR_INIT("a@example.org>\r\nBcc: <x@example.org")},
	};
	static const struct str references[] = {STR_INIT("t1@example.org"), STR_INIT("t2@example.org")};
	static const struct mime_mail m = {
	    .from = {STR_INIT(""), STR_INIT("tocsin@example.org")},
	    .to = to,
	    .to_n = 2,
	    .reply_to = STR_INIT("desk@example.org\r\nBcc: y@example.org"),
	    .subject = STR_INIT("Ticket 12"),
	    .message_id = STR_INIT("t3@example.org"),
	    .in_reply_to = STR_INIT("t2@example.org"),
	    .references = references,
	    .references_n = 2,
	    .automatic = true,
	    .text = STR_INIT("disk full\n"),
	    .html = STR_INIT("<p>disk full</p>"),
	};
	struct buf b = {0};
	mime_compose(&m, &b);
	static const char *const lines[] = {
	    "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n",
	    "From: <tocsin@example.org>\r\n",
	    "To: \"Night \\\"shift\\\"\" <night@example.org>,\r\n <a@example.orgBcc:x@example.org>\r\n",
	    "Reply-To: <desk@example.orgBcc:y@example.org>\r\n",
	    "Subject: Ticket 12\r\n",
	    "Message-ID: <t3@example.org>\r\n",
	    "In-Reply-To: <t2@example.org>\r\n",
	    "References: <t1@example.org>\r\n <t2@example.org>\r\n",
	    "Auto-Submitted: auto-generated\r\n",
	    "MIME-Version: 1.0\r\n",
	    "\r\n\r\ndisk full\r\n",
	    "\r\n\r\n<p>disk full</p>\r\n--=_",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		ck_assert_msg(strstr(b.p, lines[i]) != NULL, "no %s in:\n%s", lines[i], b.p);
	buf_fini(&b);
}
END
