/*
 * console.c — serves the browser application.
 *
 * IDEA   Every page of the application is the same index.html; which one is shown, the script reads off the path.
 *        Files that carry a hash in their name may be kept for ever, the others are asked for again with their ETag.
 * TRAP   Browsers take brotli over TLS and from loopback only and say so in Accept-Encoding; who takes no packed form
 *        at all gets it unpacked.
 */
#include "api/console.h"

#include <string.h>

#include "api/api_impl.h"
#include "wire/gzip.h"

static const struct {
	const char *ending, *type;
} types[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

static const char *
type_of(struct str name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_ends(name, str_c(types[i].ending)))
			return types[i].type;
	return "application/octet-stream";
}

static const struct web_asset *
asset(struct str name)
{
	for (const struct web_asset *a = web_assets; a->name; a++)
		if (str_is(name, a->name))
			return a;
	return NULL;
}

static struct str
gzip_of(const struct web_asset *a)
{
	return str_n(a->gzip, (size_t)(a->gzip_end - a->gzip));
}

/* The ETag: what is packed is what it is. */
static struct str
etag(struct call *c, const struct web_asset *a)
{
	return arena_fmt(c->arena, "\"%016llx\"", (unsigned long long)str_hash(gzip_of(a)));
}

static void
replace_header(struct call *c, const char *name, struct str value)
{
	for (size_t i = 0; i < c->req->reply.headers.n; i++)
		if (str_is(c->req->reply.headers.p[i].name, name))
			vec_remove(&c->req->reply.headers, i);
	http_answer_header(c->req, name, value);
}

static void
answer_unpacked(struct call *c, const char *type, const struct web_asset *a)
{
	struct buf plain = {0};
	struct err e;
	if (gzip_unpack(gzip_of(a), (size_t)8 << 20, &plain, &e) == RC_OK) {
		http_answer_buf(c->req, 200, type, &plain);
	} else {
		buf_fini(&plain);
		answer_error(c, RC_IO, "%s", e.text);
	}
}

static void
answer_asset(struct call *c, const struct web_asset *a, bool forever)
{
	struct str accepts = http_header(c->req, "Accept-Encoding"), tag = etag(c, a);
	const char *type = type_of(str_c(a->name));
	replace_header(c, "Cache-Control", forever ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
	http_answer_header(c->req, "Vary", STR("Accept-Encoding"));
	http_answer_header(c->req, "ETag", tag);
	if (str_eq(http_header(c->req, "If-None-Match"), tag)) {
		http_answer(c->req, 304, NULL, STR(""));
	} else if (str_has(accepts, STR("br"))) {
		http_answer_header(c->req, "Content-Encoding", STR("br"));
		http_answer(c->req, 200, type, str_n(a->brotli, (size_t)(a->brotli_end - a->brotli)));
	} else if (str_has(accepts, STR("gzip"))) {
		http_answer_header(c->req, "Content-Encoding", STR("gzip"));
		http_answer(c->req, 200, type, gzip_of(a));
	} else {
		answer_unpacked(c, type, a);
	}
}

/* What the board waits for, asked for by the browser beside the script and not after it; app.tsx asks in the same words. */
#define AHEAD(path) "<" path ">; rel=preload; as=fetch; crossorigin"
#define BOARD_TICKETS AHEAD("/api/tocsin/v1/tickets?state=open&fields=row&limit=5000")
#define BOARD_PAGES AHEAD("/api/tocsin/v1/pages")

void
handle_console(struct call *c)
{
	if (str_is(c->req->path, "/") && c->signed_in && c->who.role >= ROLE_VIEWER)
		http_answer_header(c->req, "Link", c->who.role >= ROLE_OPERATOR ? STR(BOARD_TICKETS ", " BOARD_PAGES) : STR(BOARD_TICKETS));
	answer_asset(c, asset(STR("index.html")), false);
}

void
handle_console_asset(struct call *c)
{
	const struct web_asset *a = asset(c->part[0]);
	if (a)
		answer_asset(c, a, !str_starts(c->part[0], STR("console.")) && str_chr(c->part[0], '-') > 0);
	else
		answer_error(c, RC_ABSENT, "there is no file %.*s", STR_ARG(str_to(c->part[0], 100)));
}
