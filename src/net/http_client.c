/*
 * http_client.c — see http_client.h.
 *
 * TRAP   With a CA directory set, curl builds a new store of certificates for each connection (28 ms instead
 * of 0.9 ms): CURLOPT_CAPATH is NULL and the bundle file stays, which curl keeps parsed. TRAP   Headers
 * arrive for every answer on the way (redirects, 100 Continue): a status line starts anew. TRAP   A refused
 * address looks to curl like a socket that could not be opened; the sentence is kept aside.
 */
#include "net/http_client.h"

#include "base/budget.h"
#include "base/must.h"
#include "net/curl_pool.h"
#include "wire/gzip.h"

enum { SPARE_HANDLES = 64, DEFAULT_TIMEOUT = 30 * 1000, DEFAULT_MAX_BODY = 16 << 20, MAX_REDIRECTS = 10, MAX_HEADERS = 64 << 10 };

struct http_call {
	struct curl_job job; /* first */
	struct http_client *client;
	struct http_call *next, **prev; /* under way */
	http_done *done;
	void *arg;
	struct curl_slist *headers, *connect_to;
	struct arena *arena;
	VEC(struct pair) answer_headers;
	size_t header_bytes;
	struct buf body; /* as it came */
	struct buf plain; /* unpacked */
	size_t max_body;
	msec_t timeout;
	bool too_large, packed;
	bool charged; /* body.n bytes of the budget are ours */
	struct err refused;
};

struct http_client {
	struct http_door door; /* first */
	struct curl_pool *pool;
	const struct address_policy *policy;
	struct http_call *calls;
	VEC(CURL *) spare; /* handles for the next ones: a new one costs as much as the rest of a request */
};

enum { ROOM_MOST = 1 << 20 };

/* For as much as the answer says that it has, which is only a hint. */
static void
make_room(struct http_call *c)
{
	curl_off_t length = -1;
	curl_easy_getinfo(c->job.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && (size_t)length <= c->max_body)
		(void)buf_room(&c->body, length < ROOM_MOST ? (size_t)length : ROOM_MOST);
}

static size_t
take_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct http_call *c = arg;
	if (n > c->max_body - c->body.n) {
		c->too_large = true;
		return 0;
	}
	if (!c->body.n)
		make_room(c);
	if (c->charged && budget_take(BUDGET_bodies, n, &c->refused) != RC_OK)
		return 0;
	buf_add(&c->body, bytes, n);
	return n;
}

static size_t
take_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct http_call *c = arg;
	struct str line = str_trim(str_n(bytes, n)), name;
	c->header_bytes += n;
	if (c->header_bytes > MAX_HEADERS) {
		c->too_large = true;
		return 0;
	}
	if (str_starts(line, STR("HTTP/")) && str_chr(line, ':') < 0)
		c->answer_headers.n = 0;
	else if (str_chr(line, ':') > 0 && str_cut(&line, ':', &name))
		*vec_add(&c->answer_headers) =
		    (struct pair){arena_str(c->arena, name), arena_str(c->arena, str_trim(line))};
	return n;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_call *c = arg;
	if (address_judge(c->client->policy, &to->addr, &c->refused) != RC_OK)
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static int64_t
time_of(CURL *easy, CURLINFO what)
{
	curl_off_t us = 0;
	curl_easy_getinfo(easy, what, &us);
	return us;
}

static msec_t
certificate_end(CURL *easy)
{
	struct curl_certinfo *info = NULL;
	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || info->num_of_certs < 1)
		return 0;
	for (struct curl_slist *line = info->certinfo[0]; line; line = line->next) {
		struct str text = str_c(line->data);
		if (!str_starts(text, STR("Expire date:")))
			continue;
		time_t at = curl_getdate(line->data + strlen("Expire date:"), NULL);
		return at < 0 ? 0 : (msec_t)at * SECOND;
	}
	return 0;
}

static void
fill_timings(struct http_result *r, CURL *easy)
{
	r->resolve_us = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
	r->connect_us = time_of(easy, CURLINFO_CONNECT_TIME_T);
	r->tls_us = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
	r->first_byte_us = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
	r->total_us = time_of(easy, CURLINFO_TOTAL_TIME_T);
}

static void
fill_answer(struct http_result *r, struct http_call *c)
{
	CURL *easy = c->job.easy;
	long status = 0, redirects = 0, version = 0;
	char *url = NULL, *peer = NULL;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_COUNT, &redirects);
	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &peer);
	r->status = (int)status;
	r->redirects = (unsigned)redirects;
	r->version = version == CURL_HTTP_VERSION_2_0   ? STR("2")
		     : version == CURL_HTTP_VERSION_1_0 ? STR("1.0")
							: STR("1.1");
	r->url = str_c(url);
	r->peer = str_c(peer);
	r->headers = (struct pairs){c->answer_headers.p, c->answer_headers.n};
	r->body = buf_view(&c->body);
	r->certificate_until = certificate_end(easy);
}

/* What went wrong, in words that name the cause. */
static enum rc
explain(struct http_call *c, CURLcode code, struct err *err)
{
	const char *why = c->job.why[0] ? c->job.why : curl_easy_strerror(code);
	switch (code) {
	case CURLE_OK:
		return RC_OK;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(err, RC_INVALID, "not a URL that can be asked for: %s", why);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, RC_TIMEOUT, "no full answer within %lld ms", (long long)c->timeout);
	case CURLE_TOO_MANY_REDIRECTS:
		return err_set(err, RC_IO, "more than %d redirects", MAX_REDIRECTS);
	default:
		break;
	}
	if (c->too_large)
		return err_set(err, RC_REFUSED, "the answer is over the limit of %zu bytes", c->max_body);
	if (c->refused.rc != RC_OK) {
		*err = c->refused;
		return err->rc;
	}
	return err_set(err, RC_IO, "%s", why);
}

/* Unpacked here, in one piece: curl does it piece by piece, with another library, at four times the price. */
static enum rc
unpack_body(struct http_call *c, struct http_result *r, struct err *err)
{
	struct str how = http_result_header(r, "Content-Encoding");
	if (c->packed || !c->body.n || (!str_eq_nocase(how, STR("gzip")) && !str_eq_nocase(how, STR("x-gzip"))))
		return RC_OK;
	enum rc rc = gzip_unpack(buf_view(&c->body), c->max_body, &c->plain, err);
	r->body = buf_view(&c->plain);
	return rc == RC_OK ? rc : err_add(err, "in the answer's body");
}

/* Nothing of one request, nor of its secrets, is left for the next. */
static void
handle_free(struct http_client *client, CURL *easy)
{
	if (client->spare.n >= SPARE_HANDLES) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	*vec_add(&client->spare) = easy;
}

static CURL *
handle_make(struct http_client *client)
{
	CURL *easy = client->spare.n ? client->spare.p[--client->spare.n] : curl_easy_init();
	must(easy);
	return easy;
}

static void
call_free(struct http_call *c)
{
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	handle_free(c->client, c->job.easy);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->connect_to);
	vec_fini(&c->answer_headers);
	if (c->charged)
		budget_give(BUDGET_bodies, c->body.n);
	buf_fini(&c->body);
	buf_fini(&c->plain);
	arena_destroy(&c->arena);
	mem_free(c);
}

static void
call_done(struct curl_job *job, CURLcode code)
{
	struct http_call *c = (struct http_call *)job;
	struct err err = {0};
	struct http_result r = {.rc = explain(c, code, &err), .why = err.text};
	fill_timings(&r, job->easy);
	if (r.rc == RC_OK) {
		fill_answer(&r, c);
		r.rc = unpack_body(c, &r, &err);
	}
	c->done(c->arg, &r);
	call_free(c);
}

static void
set_text(struct http_call *c, CURLoption option, struct str value)
{
	if (value.n)
		curl_easy_setopt(c->job.easy, option, arena_cstr(c->arena, value));
}

static void
set_tls(struct http_call *c, const struct http_ask *ask)
{
	CURL *easy = c->job.easy;
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, ask->insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, ask->insecure ? 0L : 2L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, ask->want_certificate ? 1L : 0L);
	set_text(c, CURLOPT_CAINFO, ask->ca_file);
	set_text(c, CURLOPT_SSLCERT, ask->cert_file);
	set_text(c, CURLOPT_SSLKEY, ask->key_file);
	if (ask->ca_pem.n) {
		struct curl_blob blob = {(void *)ask->ca_pem.p, ask->ca_pem.n, CURL_BLOB_COPY};
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
	}
}

/* The name the certificate is checked against is the URL's host; another one is reached by connecting
 * elsewhere. */
static void
set_server_name(struct http_call *c, const struct http_ask *ask)
{
	if (!ask->server_name.n)
		return;
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;
	if (curl_url_set(u, CURLUPART_URL, arena_cstr(c->arena, ask->url), 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_HOST, arena_cstr(c->arena, ask->server_name), 0) == CURLUE_OK) {
		char *url = NULL;
		struct str via = arena_fmt(c->arena, "::%s:%s", host, port);
		struct str keep = arena_fmt(c->arena, "Host: %s:%s", host, port);
		must(curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK);
		curl_easy_setopt(c->job.easy, CURLOPT_URL, url);
		curl_easy_setopt(
		    c->job.easy, CURLOPT_CONNECT_TO, c->connect_to = curl_slist_append(NULL, via.p));
		c->headers = curl_slist_append(c->headers, keep.p);
		curl_free(url);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static void
add_header(struct http_call *c, struct str name, struct str value)
{
	/* "Name;" is curl's way of sending a header without a value, "Name:" of not sending its own */
	struct str line = value.n ? arena_fmt(c->arena, "%.*s: %.*s", STR_ARG(name), STR_ARG(value))
				  : arena_fmt(c->arena, "%.*s;", STR_ARG(name));
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < 0x20)
			((char *)line.p)[i] = ' ';
	c->headers = curl_slist_append(c->headers, line.p);
}

static void
set_headers(struct http_call *c, const struct http_ask *ask)
{
	for (size_t i = 0; i < ask->headers.n; i++)
		add_header(c, ask->headers.p[i].name, ask->headers.p[i].value);
	if (ask->bearer.n)
		add_header(c, STR("Authorization"), arena_fmt(c->arena, "Bearer %.*s", STR_ARG(ask->bearer)));
	c->headers = curl_slist_append(c->headers, "Expect:");
	c->headers = curl_slist_append(c->headers, ask->plain ? "Accept-Encoding: identity" : "Accept-Encoding: gzip");
	curl_easy_setopt(c->job.easy, CURLOPT_HTTPHEADER, c->headers);
	if (ask->user.n || ask->password.n) {
		curl_easy_setopt(c->job.easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		set_text(c, CURLOPT_USERNAME, ask->user);
		set_text(c, CURLOPT_PASSWORD, ask->password);
	}
}

static void
set_method(struct http_call *c, const struct http_ask *ask)
{
	CURL *easy = c->job.easy;
	if (str_is(ask->method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (ask->body.n || str_is(ask->method, "POST")) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.n);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, ask->body.n ? ask->body.p : "");
	}
	if (!str_is(ask->method, "POST"))
		set_text(c, CURLOPT_CUSTOMREQUEST, ask->method);
}

static void
set_limits(struct http_call *c, const struct http_ask *ask)
{
	CURL *easy = c->job.easy;
	c->max_body = ask->max_body ? ask->max_body : DEFAULT_MAX_BODY;
	c->timeout = ask->timeout ? ask->timeout : DEFAULT_TIMEOUT;
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)c->timeout);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->timeout);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, ask->no_redirects ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	set_text(c, CURLOPT_PROXY, ask->proxy);
	if (ask->http1)
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static void
set_callbacks(struct http_call *c)
{
	CURL *easy = c->job.easy;
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
}

static struct http_call *
client_request(struct http_door *door, const struct http_ask *ask, http_done *done, void *arg)
{
	struct http_client *client = (struct http_client *)door;
	struct http_call *c = mem_new(struct http_call);
	c->client = client;
	c->done = done;
	c->arg = arg;
	c->packed = ask->packed;
	c->charged = ask->charged;
	c->arena = arena_create();
	c->job = (struct curl_job){.easy = handle_make(client), .done = call_done};
	c->next = client->calls;
	c->prev = &client->calls;
	if (c->next)
		c->next->prev = &c->next;
	client->calls = c;

	set_text(c, CURLOPT_URL, ask->url);
	set_callbacks(c);
	set_limits(c, ask);
	set_tls(c, ask);
	set_server_name(c, ask);
	set_method(c, ask);
	set_headers(c, ask);
	curl_pool_add(client->pool, &c->job);
	return c;
}

static void
client_cancel(struct http_door *door, struct http_call **pc)
{
	struct http_client *client = (struct http_client *)door;
	if (!*pc)
		return;
	curl_pool_remove(client->pool, &(*pc)->job);
	call_free(*pc);
	*pc = NULL;
}

struct http_client *
http_client_create(struct loop *loop, unsigned connections, const struct address_policy *policy)
{
	struct http_client *client = mem_new(struct http_client);
	client->door = (struct http_door){client_request, client_cancel};
	client->pool = curl_pool_create(loop, connections);
	client->policy = policy;
	return client;
}

void
http_client_destroy(struct http_client **pc)
{
	struct http_client *client = *pc;
	if (!client)
		return;
	while (client->calls) {
		struct http_call *c = client->calls;
		client_cancel(&client->door, &c);
	}
	for (size_t i = 0; i < client->spare.n; i++)
		curl_easy_cleanup(client->spare.p[i]);
	vec_fini(&client->spare);
	curl_pool_destroy(&client->pool);
	mem_free(client);
	*pc = NULL;
}

struct http_door *
http_client_door(struct http_client *client)
{
	return &client->door;
}

struct str
http_result_header(const struct http_result *r, const char *name)
{
	for (size_t i = 0; i < r->headers.n; i++)
		if (str_eq_nocase(r->headers.p[i].name, str_c(name)))
			return r->headers.p[i].value;
	return STR("");
}
