/*
 * client_test.c — the HTTP and mail clients against peers in a thread.
 */
#include <pthread.h>
#include <poll.h>
#include <unistd.h>

#include "base/must.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/listen.h"
#include "net/smtp.h"
#include "unit.h"

static struct http_server *server;
static int port;

static size_t
limit(void *arg, const struct http_req *r)
{
	return 1 << 20;
}

static void
answer_nobody(void *arg)
{
	http_answer(arg, 200, NULL, STR(""));
}

static void
handle(void *arg, struct http_req *r)
{
	struct buf b = {0};
	if (str_is(r->path, "/redirect")) {
		http_answer_header(r, "Location", r->query);
		http_answer(r, 302, NULL, STR(""));
	} else if (str_is(r->path, "/big")) {
		memset(buf_room(&b, 2 << 20), 'x', 2 << 20);
		buf_grew(&b, 2 << 20);
		http_answer_buf(r, 200, "text/plain", &b);
	} else if (str_is(r->path, "/never")) {
		must(http_on_cancel(r, answer_nobody, r));
	} else {
		buf_fmt(&b, "%.*s %.*s auth=%.*s x=%.*s [%.*s]", STR_ARG(r->method), STR_ARG(r->path),
		    STR_ARG(http_header(r, "Authorization")), STR_ARG(http_header(r, "X")), STR_ARG(r->body));
		http_answer_header(r, "X-Seen", STR("yes"));
		http_answer_buf(r, 200, "text/plain", &b);
	}
}

static void
start(void)
{
	struct http_server_conf conf = {.threads = 1, .limit = limit, .handle = handle};
	ck_assert_int_eq(listen_tcp(STR("127.0.0.1:0"), &conf.fd, NULL), RC_OK);
	port = listen_port(conf.fd);
	ck_assert_int_eq(http_server_start(&server, &conf, NULL), RC_OK);
}

struct seen {
	struct loop *loop;
	int calls, status;
	enum rc rc;
	unsigned redirects;
	char why[ERR_TEXT];
	char body[256];
	bool header;
};

static void
note(void *arg, const struct http_result *r)
{
	struct seen *seen = arg;
	seen->calls++;
	seen->rc = r->rc;
	seen->status = r->status;
	seen->redirects = r->redirects;
	snprintf(seen->why, sizeof seen->why, "%s", r->why);
	seen->header = str_is(http_result_header(r, "x-seen"), "yes");
	snprintf(seen->body, sizeof seen->body, "%.*s", STR_ARG(str_to(r->body, 255)));
	loop_stop(seen->loop);
}

static struct seen
ask(struct address_policy *policy, struct http_ask what, const char *path)
{
	struct loop *loop = loop_create("test", clock_real());
	struct http_client *client = http_client_create(loop, 10, policy);
	struct seen seen = {.loop = loop};
	struct buf url = {0};
	buf_fmt(&url, "http://127.0.0.1:%d%s", port, path);
	if (!what.url.n)
		what.url = buf_view(&url);
	struct http_door *door = http_client_door(client);
	(void)door->request(door, &what, note, &seen);
	loop_run(loop);
	ck_assert_int_eq(seen.calls, 1);
	http_client_destroy(&client);
	loop_destroy(&loop);
	buf_fini(&url);
	return seen;
}

UNIT(requests_go_out_as_asked)
{
	struct pair x = {STR_INIT("X"), STR_INIT("y\r\nEvil: z")};
	start();
	struct seen s = ask(NULL, (struct http_ask){0}, "/a");
	ck_assert_int_eq(s.rc, RC_OK);
	ck_assert_int_eq(s.status, 200);
	ck_assert_str_eq(s.body, "GET /a auth= x= []");
	ck_assert(s.header);
	s = ask(NULL, (struct http_ask){.body = STR("hello"), .user = STR("u"), .password = STR("p")}, "/b");
	ck_assert_str_eq(s.body, "POST /b auth=Basic dTpw x= [hello]");
	s = ask(NULL,
	    (struct http_ask){.method = STR("PUT"), .body = STR("b"), .bearer = STR("t"), .headers = {&x, 1}},
	    "/c");
	ck_assert_str_eq(s.body, "PUT /c auth=Bearer t x=y  Evil: z [b]");
	s = ask(NULL, (struct http_ask){.method = STR("HEAD")}, "/d");
	ck_assert_int_eq(s.status, 200);
	ck_assert_str_eq(s.body, "");
	s = ask(NULL, (struct http_ask){.method = STR("POST")}, "/e");
	ck_assert_str_eq(s.body, "POST /e auth= x= []");
	http_server_stop(&server, 1000);
}
END

/* One client, one request after the other. */
static struct seen
ask_again(struct loop *loop, struct http_client *client, struct http_ask what, const char *path)
{
	struct seen seen = {.loop = loop};
	struct buf url = {0};
	struct http_door *door = http_client_door(client);
	buf_fmt(&url, "http://127.0.0.1:%d%s", port, path);
	what.url = buf_view(&url);
	(void)door->request(door, &what, note, &seen);
	while (!seen.calls)
		loop_turn(loop, 1000);
	buf_fini(&url);
	return seen;
}

UNIT(nothing_of_a_request_is_in_the_next)
{
	struct loop *loop = loop_create("test", clock_real());
	struct http_client *client = http_client_create(loop, 10, NULL);
	struct pair x = {STR_INIT("X"), STR_INIT("y")};
	start();
	struct seen s = ask_again(loop, client, (struct http_ask){.method = STR("PUT"), .body = STR("b"), .user = STR("u"), .password = STR("p"), .headers = {&x, 1}}, "/a");
	ck_assert_str_eq(s.body, "PUT /a auth=Basic dTpw x=y [b]");
	s = ask_again(loop, client, (struct http_ask){0}, "/b");
	ck_assert_str_eq(s.body, "GET /b auth= x= []");
	s = ask_again(loop, client, (struct http_ask){.method = STR("HEAD"), .bearer = STR("t")}, "/c");
	ck_assert_str_eq(s.body, "");
	s = ask_again(loop, client, (struct http_ask){.timeout = 100}, "/never");
	ck_assert_int_eq(s.rc, RC_TIMEOUT);
	s = ask_again(loop, client, (struct http_ask){.no_redirects = true}, "/redirect?/b");
	ck_assert_int_eq(s.status, 302);
	s = ask_again(loop, client, (struct http_ask){.body = STR("c")}, "/d");
	ck_assert_str_eq(s.body, "POST /d auth= x= [c]");
	ck_assert_str_eq(s.why, "");
	http_client_destroy(&client);
	loop_destroy(&loop);
	http_server_stop(&server, 1000);
}
END

UNIT(failures_have_their_own_words)
{
	start();
	struct seen s = ask(NULL, (struct http_ask){.max_body = 1 << 20}, "/big");
	ck_assert_int_eq(s.rc, RC_REFUSED);
	s = ask(NULL, (struct http_ask){.timeout = 100}, "/never");
	ck_assert_int_eq(s.rc, RC_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(s.why, "100 ms"));
	static const struct {
		struct str url;
		enum rc rc;
	} rows[] = {
	    {STR_INIT("http://127.0.0.1:1/"), RC_IO},
	    {STR_INIT("file:///etc/passwd"), RC_INVALID},
	    {STR_INIT("gopher://127.0.0.1/"), RC_INVALID},
	    {STR_INIT("http://"), RC_INVALID},
	    {STR_INIT("http://no-such-host.invalid/"), RC_IO},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		s = ask(NULL, (struct http_ask){.url = rows[i].url, .timeout = 5000}, "");
		ck_assert_msg(s.rc == rows[i].rc && s.why[0], "%s: %d %s", rows[i].url.p, s.rc, s.why);
	}
	http_server_stop(&server, 100);
}
END

UNIT(the_policy_judges_names_and_redirects)
{
	start();
	struct address_policy closed = {0}, one = {0};
	ck_assert_int_eq(address_policy_allow(&one, STR("127.0.0.1"), NULL), RC_OK);
	char path[100], url[100];
	struct seen s = ask(&closed, (struct http_ask){0}, "/a");
	ck_assert_int_eq(s.rc, RC_DENIED);
	ck_assert_ptr_nonnull(strstr(s.why, "127.0.0.1 is loopback"));
	snprintf(url, sizeof url, "http://localhost:%d/", port);
	s = ask(&closed, (struct http_ask){.url = str_c(url)}, "");
	ck_assert_int_eq(s.rc, RC_DENIED);
	snprintf(path, sizeof path, "/redirect?http://127.0.0.1:%d/x", port);
	s = ask(&one, (struct http_ask){0}, path);
	ck_assert_int_eq(s.status, 200);
	ck_assert_uint_eq(s.redirects, 1);
	s = ask(&one, (struct http_ask){.no_redirects = true}, path);
	ck_assert_int_eq(s.status, 302);
	snprintf(path, sizeof path, "/redirect?http://127.0.0.2:%d/x", port);
	s = ask(&one, (struct http_ask){0}, path);
	ck_assert_int_eq(s.rc, RC_DENIED);
	s = ask(&one, (struct http_ask){0}, "/redirect?file:///etc/passwd");
	ck_assert_int_eq(s.rc, RC_INVALID);
	address_policy_fini(&one);
	http_server_stop(&server, 1000);
}
END

UNIT(a_cancelled_request_never_calls_back)
{
	start();
	struct loop *loop = loop_create("test", clock_real());
	struct http_client *client = http_client_create(loop, 10, NULL);
	struct http_door *door = http_client_door(client);
	struct seen seen = {.loop = loop};
	char url[100];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/never", port);
	struct http_ask what = {.url = str_c(url)};
	struct http_call *call = door->request(door, &what, note, &seen);
	for (int i = 0; i < 20; i++)
		(void)loop_turn(loop, 5);
	door->cancel(door, &call);
	ck_assert_ptr_null(call);
	(void)door->request(door, &what, note, &seen); /* cancelled by the client's end */
	for (int i = 0; i < 20; i++)
		(void)loop_turn(loop, 5);
	http_client_destroy(&client);
	ck_assert_int_eq(seen.calls, 0);
	loop_destroy(&loop);
	http_server_stop(&server, 100);
}
END

    /* A mail server for one session: answers each line from a script by its first word. */
    struct stub {
	int fd;
	const char *rcpt, *data_end, *extensions;
	struct buf heard;
};

static void
reply(int fd, const char *line)
{
	struct buf b = {0};
	buf_fmt(&b, "%s\r\n", line);
	must(write(fd, b.p, b.n) == (ssize_t)b.n);
	buf_fini(&b);
}

static void
stub_line(struct stub *s, int fd, struct str line, bool *in_data)
{
	if (*in_data) {
		*in_data = !str_is(line, ".");
		if (!*in_data)
			reply(fd, s->data_end);
	} else if (str_starts(line, STR("EHLO"))) {
		reply(fd, s->extensions);
	} else if (str_starts(line, STR("RCPT"))) {
		reply(fd, s->rcpt);
	} else if (str_is(line, "DATA")) {
		*in_data = true;
		reply(fd, "354 go on");
	} else {
		reply(fd, str_is(line, "QUIT")            ? "221 bye"
			  : str_starts(line, STR("AUTH")) ? "334 "
			  : str_starts(line, STR("AHVz")) ? "235 welcome"
							  : "250 ok");
	}
}

static void *
stub_run(void *arg)
{
	struct stub *s = arg;
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	bool in_data = false;
	size_t at = 0;
	poll(&p, 1, 5000);
	int fd = accept(s->fd, NULL, NULL);
	reply(fd, "220 stub");
	for (;;) {
		ssize_t n = read(fd, buf_room(&s->heard, 4096), 4096);
		if (n <= 0)
			break;
		buf_grew(&s->heard, (size_t)n);
		const char *end;
		while ((end = memmem(s->heard.p + at, s->heard.n - at, "\r\n", 2))) {
			struct str line = str_n(s->heard.p + at, (size_t)(end - s->heard.p) - at);
			at += line.n + 2;
			stub_line(s, fd, line, &in_data);
		}
	}
	close(fd);
	return NULL;
}

struct mailed {
	struct loop *loop;
	enum rc rc;
	int code;
	char text[ERR_TEXT];
};

static void
mailed(void *arg, const struct smtp_result *r)
{
	struct mailed *m = arg;
	m->rc = r->rc;
	m->code = r->code;
	snprintf(m->text, sizeof m->text, "%.*s|%s", STR_ARG(r->reply), r->why);
	loop_stop(m->loop);
}

static struct mailed
mail_to(struct stub *stub, enum smtp_tls tls, struct str user)
{
	struct mailed m = {.loop = loop_create("test", clock_real())};
	struct smtp_client *client = smtp_client_create(m.loop);
	struct smtp_door *door = smtp_client_door(client);
	struct str to[] = {STR_INIT("one@example.org"), STR_INIT("two@example.org")};
	pthread_t thread;
	struct buf server_name = {0};
	ck_assert_int_eq(listen_tcp(STR("127.0.0.1:0"), &stub->fd, NULL), RC_OK);
	buf_fmt(&server_name, "127.0.0.1:%d", listen_port(stub->fd));
	must(pthread_create(&thread, NULL, stub_run, stub) == 0);
	(void)door->send(door,
	    &(struct smtp_ask){.server = buf_view(&server_name),
		.tls = tls,
		.user = user,
		.password = user,
		.hello = STR("tocsin.example.org"),
		.from = STR("tocsin@example.org"),
		.to = {to, 2},
		.message = STR("Subject: x\r\n\r\nhello\r\n.dot\r\n")},
	    mailed, &m);
	loop_run(m.loop);
	smtp_client_destroy(&client);
	pthread_join(thread, NULL);
	close(stub->fd);
	buf_fini(&server_name);
	loop_destroy(&m.loop);
	return m;
}

UNIT(a_mail_is_handed_over_with_the_servers_word_for_it)
{
	struct stub stub = {.rcpt = "250 ok",
	    .data_end = "250 2.0.0 queued as 4B1C",
	    .extensions = "250-stub\r\n250 AUTH PLAIN"};
	struct mailed m = mail_to(&stub, SMTP_TLS_OPTIONAL, STR("user"));
	ck_assert_msg(m.rc == RC_OK, "%s", m.text);
	ck_assert_str_eq(m.text, "250 2.0.0 queued as 4B1C|");
	ck_assert_ptr_nonnull(strstr(stub.heard.p, "EHLO tocsin.example.org\r\n"));
	ck_assert_ptr_nonnull(strstr(stub.heard.p, "AUTH PLAIN\r\nAHVzZXIAdXNlcg==\r\n"));
	ck_assert_ptr_nonnull(strstr(stub.heard.p, "MAIL FROM:<tocsin@example.org>\r\n"));
	ck_assert_ptr_nonnull(
	    strstr(stub.heard.p, "RCPT TO:<one@example.org>\r\nRCPT TO:<two@example.org>\r\n"));
	ck_assert_ptr_nonnull(strstr(stub.heard.p, "hello\r\n..dot\r\n.\r\n"));
	buf_fini(&stub.heard);
}
END

UNIT(a_mail_that_is_not_taken_says_why)
{
	static const struct {
		const char *rcpt, *data_end;
		enum smtp_tls tls;
		enum rc rc;
		const char *word;
	} rows[] = {
	    {"550 5.1.1 no such user", "250 ok", SMTP_TLS_NONE, RC_INVALID, "no such user"},
	    {"451 4.3.0 try later", "250 ok", SMTP_TLS_NONE, RC_REFUSED, "try later"},
	    {"250 ok", "554 5.7.1 spam", SMTP_TLS_NONE, RC_INVALID, "spam"},
	    {"250 ok", "250 ok", SMTP_TLS_REQUIRED, RC_IO, "STARTTLS"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stub stub = {
		    .rcpt = rows[i].rcpt, .data_end = rows[i].data_end, .extensions = "250 stub"};
		struct mailed m = mail_to(&stub, rows[i].tls, STR(""));
		ck_assert_msg(
		    m.rc == rows[i].rc && strstr(m.text, rows[i].word), "row %zu: %d %s", i, m.rc, m.text);
		buf_fini(&stub.heard);
	}
}
END
