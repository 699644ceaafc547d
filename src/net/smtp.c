/*
 * smtp.c — see smtp.h.
 *
 * TRAP   curl hands every line of the server to the header callback; the last one with a code is the verdict,
 *        be it on the sender, a recipient or the message.  What answers our QUIT ("221 …") is none.
 */
#include "net/smtp.h"

#include "base/mem.h"
#include "base/must.h"
#include "net/curl_pool.h"
#include "net/listen.h"

enum { DEFAULT_TIMEOUT = 60 * 1000, MAX_REPLY = 1000, SERVICE_CLOSING = 221 };

struct smtp_call {
	struct curl_job job; /* first */
	struct smtp_client *client;
	struct smtp_call *next, **prev;
	smtp_done *done;
	void *arg;
	struct arena *arena;
	struct curl_slist *to, *connect_to;
	struct buf message;
	size_t sent;
	struct buf reply;
	msec_t timeout;
};

struct smtp_client {
	struct smtp_door door; /* first */
	struct curl_pool *pool;
	struct smtp_call *calls;
};

static size_t
give_message(char *to, size_t one, size_t room, void *arg)
{
	struct smtp_call *c = arg;
	size_t n = c->message.n - c->sent;
	n = n < one * room ? n : one * room;
	memcpy(to, c->message.p + c->sent, n);
	c->sent += n;
	return n;
}

static int
code_of(struct str line)
{
	int64_t code;
	return line.n >= 3 && str_i64(str_to(line, 3), &code) && code >= 200 && code <= 599 ? (int)code : 0;
}

static size_t
take_reply(char *bytes, size_t one, size_t n, void *arg)
{
	struct smtp_call *c = arg;
	struct str line = str_to(str_trim(str_n(bytes, n)), MAX_REPLY);
	if (code_of(line) && code_of(line) != SERVICE_CLOSING) {
		buf_clear(&c->reply);
		buf_str(&c->reply, line);
	}
	return n;
}

static void
call_free(struct smtp_call *c)
{
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	curl_easy_cleanup(c->job.easy);
	curl_slist_free_all(c->to);
	curl_slist_free_all(c->connect_to);
	buf_fini(&c->message);
	buf_fini(&c->reply);
	arena_destroy(&c->arena);
	mem_free(c);
}

static enum rc
explain(struct smtp_call *c, CURLcode code, int status, struct err *err)
{
	const char *why = c->job.why[0] ? c->job.why : curl_easy_strerror(code);
	if (code == CURLE_OK)
		return RC_OK;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(
		    err, RC_TIMEOUT, "the mail server did not finish within %lld ms", (long long)c->timeout);
	if (code == CURLE_USE_SSL_FAILED)
		return err_set(err, RC_IO, "the mail server offers no STARTTLS, which is required");
	if (status >= 500)
		return err_set(err, RC_INVALID, "the mail server said: %.*s", STR_ARG(buf_view(&c->reply)));
	if (status >= 400)
		return err_set(err, RC_REFUSED, "the mail server said: %.*s", STR_ARG(buf_view(&c->reply)));
	return err_set(err, RC_IO, "%s", why);
}

static void
call_done(struct curl_job *job, CURLcode code)
{
	struct smtp_call *c = (struct smtp_call *)job;
	struct err err = {0};
	struct smtp_result r = {
	    .code = code_of(buf_view(&c->reply)), .reply = buf_view(&c->reply), .why = err.text};
	r.rc = explain(c, code, r.code, &err);
	c->done(c->arg, &r);
	call_free(c);
}

static void
set_text(struct smtp_call *c, CURLoption option, struct str value)
{
	if (value.n)
		curl_easy_setopt(c->job.easy, option, arena_cstr(c->arena, value));
}

/* The name that curl looks for in a certificate is the URL's: with another one we still connect to the server. */
static struct str
name_of_server(struct smtp_call *c, const struct smtp_ask *ask)
{
	struct str host = ask->server, port = {0};
	if (!ask->server_name.n)
		return ask->server;
	(void)address_split(ask->server, &host, &port);
	c->connect_to = curl_slist_append(
	    NULL, arena_cstr(c->arena, arena_fmt(c->arena, "::%.*s", STR_ARG(ask->server))));
	curl_easy_setopt(c->job.easy, CURLOPT_CONNECT_TO, c->connect_to);
	return arena_fmt(c->arena, "%.*s%s%.*s", STR_ARG(ask->server_name), port.n ? ":" : "", STR_ARG(port));
}

static void
set_certificates(struct smtp_call *c, const struct smtp_ask *ask)
{
	CURL *easy = c->job.easy;
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, ask->insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, ask->insecure ? 0L : 2L);
	set_text(c, CURLOPT_CAINFO, ask->ca_file);
	set_text(c, CURLOPT_SSLCERT, ask->cert_file);
	set_text(c, CURLOPT_SSLKEY, ask->key_file);
	if (ask->ca_pem.n) {
		struct curl_blob blob = {(void *)ask->ca_pem.p, ask->ca_pem.n, CURL_BLOB_COPY};
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
	}
}

static void
set_session(struct smtp_call *c, const struct smtp_ask *ask)
{
	static const long use_ssl[] = {CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_NONE, CURLUSESSL_NONE};
	CURL *easy = c->job.easy;
	struct str hello = ask->hello.n ? ask->hello : STR("localhost"), server = name_of_server(c, ask);
	set_text(c, CURLOPT_URL,
	    arena_fmt(c->arena, "smtp%s://%.*s/%.*s", ask->tls == SMTP_TLS_IMPLICIT ? "s" : "",
		STR_ARG(server), STR_ARG(hello)));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, use_ssl[ask->tls]);
	set_certificates(c, ask);
	set_text(c, CURLOPT_USERNAME, ask->user);
	set_text(c, CURLOPT_PASSWORD, ask->password);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)c->timeout);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

static void
set_envelope(struct smtp_call *c, const struct smtp_ask *ask)
{
	CURL *easy = c->job.easy;
	set_text(c, CURLOPT_MAIL_FROM, ask->from);
	for (size_t i = 0; i < ask->to.n; i++)
		c->to = curl_slist_append(c->to, arena_cstr(c->arena, ask->to.p[i]));
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, c->to);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_message);
	curl_easy_setopt(easy, CURLOPT_READDATA, c);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
}

static struct smtp_call *
client_send(struct smtp_door *door, const struct smtp_ask *ask, smtp_done *done, void *arg)
{
	struct smtp_client *client = (struct smtp_client *)door;
	struct smtp_call *c = mem_new(struct smtp_call);
	must(ask->to.n > 0);
	c->client = client;
	c->done = done;
	c->arg = arg;
	c->arena = arena_create();
	c->job = (struct curl_job){.easy = curl_easy_init(), .done = call_done};
	must(c->job.easy);
	c->next = client->calls;
	c->prev = &client->calls;
	if (c->next)
		c->next->prev = &c->next;
	client->calls = c;
	c->timeout = ask->timeout ? ask->timeout : DEFAULT_TIMEOUT;
	buf_str(&c->message, ask->message);
	set_session(c, ask);
	set_envelope(c, ask);
	curl_pool_add(client->pool, &c->job);
	return c;
}

static void
client_cancel(struct smtp_door *door, struct smtp_call **pc)
{
	struct smtp_client *client = (struct smtp_client *)door;
	if (!*pc)
		return;
	curl_pool_remove(client->pool, &(*pc)->job);
	call_free(*pc);
	*pc = NULL;
}

struct smtp_client *
smtp_client_create(struct loop *loop)
{
	struct smtp_client *client = mem_new(struct smtp_client);
	client->door = (struct smtp_door){client_send, client_cancel};
	client->pool = curl_pool_create(loop, 4);
	return client;
}

void
smtp_client_destroy(struct smtp_client **pc)
{
	struct smtp_client *client = *pc;
	if (!client)
		return;
	while (client->calls) {
		struct smtp_call *c = client->calls;
		client_cancel(&client->door, &c);
	}
	curl_pool_destroy(&client->pool);
	mem_free(client);
	*pc = NULL;
}

struct smtp_door *
smtp_client_door(struct smtp_client *client)
{
	return &client->door;
}
