/*
 * sigv4.c — see sigv4.h.
 *
 * IDEA   A request is written down in one canonical way and signed by a key that holds for a day, a region and a service.  Signed
 *        are the host, the time and the body's hash: no other header means anything to the service.
 * TRAP   The path is escaped once more than it stands in the URL; parameters are sorted.
 */
#include "net/sigv4.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "wire/url.h"

enum { HASH = crypto_hash_sha256_BYTES, HEX = 2 * HASH + 1 };

/* Where a request goes: "https://host:port/path?query" in parts. */
struct target {
	struct str host, path, query;
};

static struct target
target_of(struct str url)
{
	struct target t = {.path = STR("/"), .query = STR("")};
	const char *slashes = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
	struct str rest = slashes ? str_from(url, (size_t)(slashes - url.p) + 3) : url;
	ptrdiff_t query = str_chr(rest, '?');
	if (query >= 0) {
		t.query = str_from(rest, (size_t)query + 1);
		rest = str_to(rest, (size_t)query);
	}
	ptrdiff_t slash = str_chr(rest, '/');
	t.host = slash < 0 ? rest : str_to(rest, (size_t)slash);
	t.path = slash < 0 ? t.path : str_from(rest, (size_t)slash);
	ptrdiff_t at = str_chr(t.host, '@');
	t.host = at < 0 ? t.host : str_from(t.host, (size_t)at + 1);
	return t;
}

static void
put_path(struct buf *b, struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '/')
			buf_ch(b, '/');
		else
			url_escape_part(b, str_n(path.p + i, 1));
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* They are escaped already, but for blanks. */
static void
put_query(struct buf *b, struct str query)
{
	VEC(struct str) all = {0};
	struct str one;
	while (str_cut(&query, '&', &one))
		*vec_add(&all) = one;
	if (all.n)
		qsort(all.p, all.n, sizeof *all.p, by_text);
	for (size_t i = 0; i < all.n; i++) {
		buf_c(b, i ? "&" : "");
		for (size_t k = 0; k < all.p[i].n; k++)
			buf_c(b, all.p[i].p[k] == '+' ? "%20" : (char[]){all.p[i].p[k], 0});
		buf_c(b, str_chr(all.p[i], '=') < 0 ? "=" : "");
	}
	vec_fini(&all);
}

static void
hash_hex(struct str text, char out[HEX])
{
	unsigned char hash[HASH];
	crypto_hash_sha256(hash, (const unsigned char *)text.p, text.n);
	sodium_bin2hex(out, HEX, hash, sizeof hash);
}

static void
hmac(const void *key, size_t n, struct str text, unsigned char out[HASH])
{
	crypto_auth_hmacsha256_state s;
	crypto_auth_hmacsha256_init(&s, key, n);
	crypto_auth_hmacsha256_update(&s, (const unsigned char *)text.p, text.n);
	crypto_auth_hmacsha256_final(&s, out);
}

struct signing {
	struct str key_id, secret, region, service;
	char time[17], day[9]; /* 20150830T123600Z, 20150830 */
};

static void
sign(const struct signing *g, struct str text, char out[HEX])
{
	unsigned char key[HASH];
	struct buf first = {0};
	buf_c(&first, "AWS4");
	buf_str(&first, g->secret);
	hmac(first.p, first.n, str_c(g->day), key);
	hmac(key, HASH, g->region, key);
	hmac(key, HASH, g->service, key);
	hmac(key, HASH, STR("aws4_request"), key);
	hmac(key, HASH, text, key);
	sodium_bin2hex(out, HEX, key, sizeof key);
	sodium_memzero(key, sizeof key);
	explicit_bzero(first.p, first.n);
	buf_fini(&first);
}

static void
put_request(struct buf *b, const struct http_ask *ask, const struct signing *g)
{
	struct target t = target_of(ask->url);
	char body[HEX];
	hash_hex(ask->body, body);
	buf_str(b, ask->method.n ? ask->method : ask->body.n ? STR("POST") : STR("GET"));
	buf_ch(b, '\n');
	put_path(b, t.path);
	buf_ch(b, '\n');
	put_query(b, t.query);
	buf_fmt(b, "\nhost:%.*s\nx-amz-date:%s\n\nhost;x-amz-date\n%s", STR_ARG(t.host), g->time, body);
}

static struct str
authorization(const struct http_ask *ask, const struct signing *g, struct arena *a)
{
	struct buf request = {0}, text = {0};
	char hash[HEX], signature[HEX];
	struct str scope = arena_fmt(a, "%s/%.*s/%.*s/aws4_request", g->day, STR_ARG(g->region), STR_ARG(g->service));
	put_request(&request, ask, g);
	hash_hex(buf_view(&request), hash);
	buf_fmt(&text, "AWS4-HMAC-SHA256\n%s\n%.*s\n%s", g->time, STR_ARG(scope), hash);
	sign(g, buf_view(&text), signature);
	buf_fini(&request);
	buf_fini(&text);
	return arena_fmt(a, "AWS4-HMAC-SHA256 Credential=%.*s/%.*s, SignedHeaders=host;x-amz-date, Signature=%s", STR_ARG(g->key_id), STR_ARG(scope), signature);
}

/* "2015-08-30T12:36:00…" without what stands between the numbers. */
static void
put_time(struct signing *g, msec_t now)
{
	char text[TIME_TEXT];
	size_t n = 0;
	time_rfc3339(now, text);
	for (size_t i = 0; i < 19; i++)
		if (text[i] != '-' && text[i] != ':')
			g->time[n++] = text[i];
	g->time[n++] = 'Z';
	g->time[n] = '\0';
	snprintf(g->day, sizeof g->day, "%.8s", g->time);
}

static struct str
or_environment(struct str said, const char *name)
{
	const char *value = getenv(name);
	return said.n || !value ? said : str_c(value);
}

enum rc
sigv4_sign(const struct conf_sigv4 *c, struct http_ask *ask, msec_t now, struct arena *a, struct err *e)
{
	struct signing g = {.key_id = or_environment(c->access_key, "AWS_ACCESS_KEY_ID"),
	    .secret = c->access_key.n ? c->secret_key : or_environment(c->secret_key, "AWS_SECRET_ACCESS_KEY"),
	    .region = or_environment(c->region, "AWS_REGION"),
	    .service = c->service_name.n ? c->service_name : STR("aps")};
	if (!g.key_id.n || !g.secret.n || !g.region.n)
		return err_set(e, RC_INVALID, "sigv4 needs %s, in the configuration or the environment (%s)", !g.region.n ? "a region" : "access_key and secret_key",
		    !g.region.n ? "AWS_REGION" : "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY");
	put_time(&g, now);
	struct pair *headers = arena_array(a, struct pair, ask->headers.n + 2);
	if (ask->headers.n)
		memcpy(headers, ask->headers.p, ask->headers.n * sizeof *headers);
	headers[ask->headers.n] = (struct pair){STR("X-Amz-Date"), arena_str(a, str_c(g.time))};
	headers[ask->headers.n + 1] = (struct pair){STR("Authorization"), authorization(ask, &g, a)};
	ask->headers = (struct pairs){headers, ask->headers.n + 2};
	return RC_OK;
}
