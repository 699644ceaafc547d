/*
 * http_guard.c — see http_guard.h.
 *
 * IDEA   A list of questions in a fixed order; the first one that is answered badly ends the matter.
 * TRAP   A Host that equals the address the connection came to is allowed: a page of a rebound name sends
 *        its own name, never our address, so this opens nothing.
 */
#include "net/http_guard.h"

static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!alnum && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

static bool
is_field_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static int
refuse(struct err *err, int status, const char *why)
{
	(void)err_set(err, RC_INVALID, "%s", why);
	return status;
}

static int
judge_characters(const struct http_guard *g, const struct http_req *r, struct err *err)
{
	if (!is_token(r->method))
		return refuse(err, 400, "the method is not a token");
	if (r->headers.n > HTTP_HEADERS_MAX)
		return refuse(err, 431, "too many headers");
	for (size_t i = 0; i < r->headers.n; i++) {
		if (!is_token(r->headers.p[i].name))
			return refuse(err, 400, "a header name is not a token");
		if (!is_field_value(r->headers.p[i].value))
			return refuse(err, 400, "a header value holds control characters");
	}
	return 0;
}

static int
judge_framing(const struct http_guard *g, const struct http_req *r, struct err *err)
{
	size_t lengths = http_header_count(r, "Content-Length");
	size_t codings = http_header_count(r, "Transfer-Encoding");
	if (lengths > 1)
		return refuse(err, 400, "Content-Length stands there more than once");
	if (lengths && codings)
		return refuse(err, 400, "Content-Length and Transfer-Encoding together");
	if (codings > 1 || (codings && !str_eq_nocase(http_header(r, "Transfer-Encoding"), STR("chunked"))))
		return refuse(err, 501, "the only transfer coding understood is chunked");
	return 0;
}

struct str
http_host_name(struct str authority)
{
	struct str name = authority, rest;
	if (str_starts(authority, STR("["))) {
		ptrdiff_t end = str_chr(authority, ']');
		if (end < 0)
			return STR("");
		name = str_n(authority.p + 1, (size_t)end - 1);
		rest = str_from(authority, (size_t)end + 1);
	} else {
		ptrdiff_t colon = str_chr(authority, ':');
		name = colon < 0 ? authority : str_to(authority, (size_t)colon);
		rest = str_from(authority, name.n);
	}
	uint64_t port;
	if (rest.n && (rest.p[0] != ':' || !str_u64(str_from(rest, 1), &port) || port > 65535))
		return STR("");
	return name;
}

static bool
is_ours(const struct http_guard *g, const struct http_req *r, struct str authority)
{
	static const struct str loopback[] = {STR_INIT("localhost"), STR_INIT("127.0.0.1"), STR_INIT("::1")};
	struct str name = http_host_name(authority);
	if (name.n == 0)
		return false;
	for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
		if (str_eq_nocase(name, loopback[i]))
			return true;
	for (size_t i = 0; i < g->names.n; i++)
		if (str_eq_nocase(name, g->names.p[i]))
			return true;
	return str_eq_nocase(name, r->local);
}

/* The authority in "scheme://authority/…", or the empty string. */
static struct str
authority_of(struct str url)
{
	const char *sep = memmem(url.p, url.n, "://", 3);
	if (!sep)
		return STR("");
	struct str rest = str_from(url, (size_t)(sep - url.p) + 3);
	size_t n = 0;
	while (n < rest.n && !memchr("/?#", rest.p[n], 3))
		n++;
	return str_to(rest, n);
}

static int
judge_host(const struct http_guard *g, const struct http_req *r, struct err *err)
{
	size_t hosts = http_header_count(r, "Host");
	if (hosts != 1)
		return refuse(err, 400, hosts ? "Host stands there more than once" : "there is no Host");
	bool absolute = !str_starts(r->target, STR("/")) && !str_is(r->target, "*");
	if (!is_ours(g, r, http_header(r, "Host")) || (absolute && !is_ours(g, r, authority_of(r->target))))
		return refuse(err, 421, "this Host is not served here; add it to server.hosts");
	return 0;
}

static bool
changes_state(const struct http_req *r)
{
	return !str_is(r->method, "GET") && !str_is(r->method, "HEAD") && !str_is(r->method, "OPTIONS");
}

static int
judge_origin(const struct http_guard *g, const struct http_req *r, struct err *err)
{
	if (!changes_state(r) || (g->any_origin && g->any_origin(r)))
		return 0;
	struct str origin = http_header(r, "Origin");
	if (http_header_count(r, "Origin") && !is_ours(g, r, authority_of(origin)))
		return refuse(err, 403, "a page of another origin may not do this");
	if (str_is(http_header(r, "Sec-Fetch-Site"), "cross-site"))
		return refuse(err, 403, "a page of another site may not do this");
	return 0;
}

int
http_guard_judge(const struct http_guard *g, const struct http_req *r, struct err *err)
{
	static int (*const questions[])(const struct http_guard *, const struct http_req *, struct err *) = {
	    judge_characters,
	    judge_framing,
	    judge_host,
	    judge_origin,
	};
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		int status = questions[i](g, r, err);
		if (status)
			return status;
	}
	return 0;
}
