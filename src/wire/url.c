/* url.c — see url.h. */
#include "wire/url.h"

#include <string.h>

static bool
is_plain(unsigned char c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.~", c));
}

static void
escape(struct buf *out, struct str s, const char *blank)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_plain(c))
			buf_ch(out, (char)c);
		else if (c == ' ')
			buf_c(out, blank);
		else
			buf_fmt(out, "%%%02X", c);
	}
}

void
url_escape_query(struct buf *out, struct str s)
{
	escape(out, s, "+");
}

void
url_escape_part(struct buf *out, struct str s)
{
	escape(out, s, "%20");
}
