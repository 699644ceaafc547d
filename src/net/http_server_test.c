/*
 * http_server_test.c — hand-written requests over real sockets.
 */
#include "net/http_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/must.h"
#include "net/listen.h"
#include "unit.h"
#include "wire/gzip.h"

enum { BODY_LIMIT = 1000 };

static struct http_server *server;
static int port;
static atomic_int cancelled, closed;
static struct http_stream *_Atomic stream;

static void
count_up(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
}

static void *
answer_late(void *arg)
{
	struct http_req *r = arg;
	usleep(30000);
	http_answer(r, 200, "text/plain", str_is(r->path, "/later") ? STR("late") : STR("unread"));
	return NULL;
}

static void
in_a_thread(struct http_req *r)
{
	pthread_t t;
	must(pthread_create(&t, NULL, answer_late, r) == 0);
	pthread_detach(t);
}

/* Waits for the client to leave, then answers nobody. */
static void *
answer_when_gone(void *arg)
{
	struct http_req *r = arg;
	while (!atomic_load(&r->cancelled))
		usleep(1000);
	http_answer(r, 200, NULL, STR(""));
	return NULL;
}

/* "0,1,2,…" in parts of some kilobytes. */
enum { NUMBERS = 1000000 };
static atomic_int parts_over;

static bool
count_on(void *arg, struct buf *out)
{
	int *next = arg;
	for (int i = 0; i < 1000; i++)
		buf_fmt(out, "%d,", (*next)++);
	return *next < NUMBERS;
}

static void
count_over(void *arg)
{
	mem_free(arg);
	atomic_fetch_add(&parts_over, 1);
}

static void
handle(void *arg, struct http_req *r)
{
	pthread_t t;
	struct buf b = {0};
	if (str_is(r->path, "/later")) {
		in_a_thread(r);
	} else if (str_is(r->path, "/forget")) {
		must(http_on_cancel(r, count_up, &cancelled));
		must(pthread_create(&t, NULL, answer_when_gone, r) == 0);
		pthread_detach(t);
	} else if (str_is(r->path, "/stream")) {
		stream = http_stream_open(r, "text/event-stream", count_up, &closed);
	} else if (str_is(r->path, "/parts")) {
		http_answer_parts(r, 200, "application/json", &(struct http_parts){count_on, count_over, mem_zalloc(sizeof(int)), 7 << 20});
	} else if (str_is(r->path, "/big")) {
		memset(buf_room(&b, 8 << 20), 'x', 8 << 20);
		buf_grew(&b, 8 << 20);
		http_answer_buf(r, 200, "application/json", &b);
	} else {
		buf_fmt(&b, "%.*s %.*s %.*s [%.*s]", STR_ARG(r->method), STR_ARG(r->path), STR_ARG(r->query),
		    STR_ARG(r->body));
		http_answer_buf(r, 200, "text/plain", &b);
	}
}

static size_t
limit(void *arg, const struct http_req *r)
{
	return BODY_LIMIT;
}

static void
decorate(void *arg, struct http_req *r)
{
	http_answer_header(r, "X-Content-Type-Options", STR("nosniff"));
}

static void
start(struct http_server_conf conf)
{
	struct err err = {0};
	ck_assert_msg(listen_tcp(STR("127.0.0.1:0"), &conf.fd, &err) == RC_OK, "%s", err.text);
	port = listen_port(conf.fd);
	conf.threads = 2;
	conf.limit = limit;
	conf.decorate = decorate;
	conf.handle = handle;
	ck_assert_msg(http_server_start(&server, &conf, &err) == RC_OK, "%s", err.text);
}

static int
dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void
say(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		text = str_from(text, (size_t)n);
	}
}

/* Reads until the end of the stream, `until` stands in it, or `ms` passed.  True at the end of the stream. */
static bool
hear(int fd, struct buf *in, const char *until, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (!(until && str_has(buf_view(in), str_c(until)))) {
		if (poll(&p, 1, ms) != 1)
			return false;
		ssize_t n = recv(fd, buf_room(in, 65536), 65536, 0);
		if (n <= 0)
			return true;
		buf_grew(in, (size_t)n);
	}
	return false;
}

/* One request on a connection of its own, closed by us when the answer's status is known. */
static int
status_of(struct str request)
{
	int fd = dial(), status = 0;
	struct buf in = {0};
	say(fd, request);
	hear(fd, &in, "\r\n\r\n", 3000);
	if (in.n > 12)
		status = (int)strtol(in.p + 9, NULL, 10);
	close(fd);
	buf_fini(&in);
	return status;
}

#define HOST "Host: localhost\r\n"

UNIT(bad_requests_are_refused)
{
	static const struct {
		int status;
		struct str request;
	} rows[] = {
	    {200, STR_INIT("GET / HTTP/1.1\r\n" HOST "\r\n")},
	    {200, STR_INIT("GET / HTTP/1.0\r\n" HOST "\r\n")},
	    {400, STR_INIT("GET / HTTP/1.0\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\n\r\n")},
	    {421, STR_INIT("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")},
	    {200, STR_INIT("GET http://localhost/x HTTP/1.1\r\n" HOST "\r\n")},
	    {421, STR_INIT("GET http://evil.example/x HTTP/1.1\r\n" HOST "\r\n")},
	    {400, STR_INIT("POST / HTTP/1.1\r\n" HOST
			   "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
	    {400, STR_INIT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc")},
	    {400, STR_INIT("POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc")},
	    {501, STR_INIT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")},
	    {413, STR_INIT("POST / HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\n" HOST "X : y\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\x01z\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\0z\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\nHost: localhost\0.evil.example\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\nX: a\0b\r\n" HOST "\r\n")},
	    {400, STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\r\n folded: b\r\n\r\n")},
	    {200, STR_INIT("GET / HTTP/1.1\r\nHost:localhost\r\nX:  a  \r\nY:\r\nZ: \r\n\r\n")},
	    {200, STR_INIT("GET / HTTP/1.1\nHost: localhost\nX: \n\n")},
	    {400, STR_INIT("GET /\0 HTTP/1.1\r\n" HOST "\r\n")},
	    {400, STR_INIT("GET /%00 HTTP/1.1\r\n" HOST "\r\n")},
	    {400, STR_INIT("GET /%zz HTTP/1.1\r\n" HOST "\r\n")},
	    {403, STR_INIT(
		      "POST / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n")},
	    {200, STR_INIT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc")},
	    {200, STR_INIT(
		      "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")},
	};
	start((struct http_server_conf){0});
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = status_of(rows[i].request);
		ck_assert_msg(status == rows[i].status, "row %zu: %d, not %d: %s", i, status, rows[i].status,
		    rows[i].request.p);
	}
	http_server_stop(&server, 1000);
}
END

UNIT(a_bad_chunk_ends_the_connection)
{
	struct buf in = {0};
	start((struct http_server_conf){0});
	int fd = dial();
	say(fd, STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"));
	ck_assert(hear(fd, &in, NULL, 3000));
	ck_assert(!str_has(buf_view(&in), STR(" 200 ")));
	close(fd);
	buf_fini(&in);
	http_server_stop(&server, 1000);
}
END

UNIT(a_chunked_body_over_the_limit_is_413_or_cut)
{
	struct buf in = {0}, body = {0};
	start((struct http_server_conf){0});
	for (int i = 0; i < 1001; i++)
		buf_c(&body, "1\r\nx\r\n");
	int fd = dial();
	say(fd, STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
	say(fd, buf_view(&body));
	say(fd, STR("0\r\n\r\n"));
	hear(fd, &in, "\r\n\r\n", 3000);
	ck_assert(str_starts(buf_view(&in), STR("HTTP/1.1 413")));
	close(fd);
	fd = dial();
	buf_clear(&in);
	say(fd, STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
	for (int i = 0; i < 200; i++)
		say(fd, buf_view(&body));
	ck_assert(hear(fd, &in, NULL, 3000));
	ck_assert_uint_eq(in.n, 0);
	close(fd);
	buf_fini(&in);
	buf_fini(&body);
	http_server_stop(&server, 1000);
}
END

UNIT(pipelined_requests_are_answered_in_order)
{
	struct buf in = {0};
	start((struct http_server_conf){0});
	int fd = dial();
	say(fd, STR("GET /later HTTP/1.1\r\n" HOST "\r\nPOST /b?q HTTP/1.1\r\n" HOST
		    "Content-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\n" HOST "\r\n"));
	hear(fd, &in, "GET /c  []", 3000);
	const char *a = strstr(in.p, "late"), *b = strstr(in.p, "POST /b q [hi]"),
		   *c = strstr(in.p, "GET /c");
	ck_assert(a && b && c && a < b && b < c);
	ck_assert_ptr_nonnull(strstr(in.p, "X-Content-Type-Options: nosniff"));
	close(fd);
	buf_fini(&in);
	http_server_stop(&server, 1000);
}
END

    /* Drips `text` into a connection and says how long it took to be cut, in ms. */
    static int64_t
    drip(struct str text)
{
	int fd = dial();
	nsec_t began = clock_mono(clock_real());
	for (size_t i = 0; i < 400; i++) {
		char c;
		say(fd, str_n(text.p + (i < text.n ? i : text.n - 1), 1));
		usleep(10000);
		if (recv(fd, &c, 1, MSG_DONTWAIT) == 0)
			break;
	}
	close(fd);
	return (clock_mono(clock_real()) - began) / 1000000;
}

UNIT(slow_heads_and_slow_bodies_are_cut)
{
	start((struct http_server_conf){.head_time = 300, .request_time = 300});
	int64_t head = drip(STR("GET / HTTP/1.1\r\n" HOST "X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	ck_assert_int_ge(head, 250);
	ck_assert_int_le(head, 2000);
	int64_t line = drip(STR("GET /aaaaaaaaaaaaaaaaaaaaaaa"));
	ck_assert_int_le(line, 2000);
	int fd = dial();
	struct buf in = {0};
	say(fd, STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 900\r\n\r\nabc"));
	ck_assert(hear(fd, &in, NULL, 3000));
	close(fd);
	buf_fini(&in);
	http_server_stop(&server, 1000);
}
END

UNIT(a_client_that_leaves_cancels)
{
	start((struct http_server_conf){0});
	int fd = dial();
	say(fd, STR("GET /forget HTTP/1.1\r\n" HOST "\r\n"));
	usleep(50000);
	ck_assert_int_eq(cancelled, 0);
	close(fd);
	for (int i = 0; i < 200 && http_server_stats(server).active; i++)
		usleep(10000);
	ck_assert_int_eq(cancelled, 1);
	ck_assert_uint_eq(http_server_stats(server).active, 0);
	http_server_stop(&server, 1000);
	usleep(20000); /* the handler still holds its request */
}
END

UNIT(stopping_lets_answers_out_and_cuts_the_rest)
{
	struct buf in = {0};
	start((struct http_server_conf){0});
	int fd = dial(), other = dial();
	say(fd, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	say(other, STR("GET /forget HTTP/1.1\r\n" HOST "\r\n"));
	usleep(10000);
	http_server_stop(&server, 200);
	hear(fd, &in, "late", 1000);
	ck_assert(str_has(buf_view(&in), STR("late")));
	buf_clear(&in);
	ck_assert(hear(other, &in, NULL, 1000));
	ck_assert_uint_eq(in.n, 0);
	ck_assert_int_eq(cancelled, 1);
	close(fd);
	close(other);
	buf_fini(&in);
	usleep(20000);
}
END

    static int
    open_stream(struct buf *in)
{
	int fd = dial();
	say(fd, STR("GET /stream HTTP/1.1\r\n" HOST "\r\n"));
	hear(fd, in, "\r\n\r\n", 3000);
	ck_assert(str_has(buf_view(in), STR("text/event-stream")));
	return fd;
}

UNIT(a_stream_carries_what_is_sent_until_it_is_closed)
{
	struct buf in = {0};
	start((struct http_server_conf){0});
	int fd = open_stream(&in);
	struct http_stream *s = stream;
	for (int i = 0; i < 100; i++) {
		ck_assert(http_stream_send(s, STR("data: hello\n\n")));
		usleep(i % 10 ? 0 : 2000);
	}
	http_stream_close(&s);
	hear(fd, &in, "\r\n0\r\n\r\n", 3000);
	int seen = 0;
	for (const char *p = in.p; (p = strstr(p, "hello")); p++)
		seen++;
	ck_assert_int_eq(seen, 100);
	ck_assert_int_eq(closed, 0);
	close(fd);
	buf_fini(&in);
	http_server_stop(&server, 1000);
}
END

UNIT(a_stream_ends_when_its_client_leaves_or_is_too_slow)
{
	struct buf in = {0}, block = {0};
	start((struct http_server_conf){0});
	int fd = open_stream(&in);
	struct http_stream *s = stream;
	close(fd);
	for (int i = 0; i < 200 && !closed; i++)
		usleep(10000);
	ck_assert_int_eq(closed, 1);
	ck_assert(!http_stream_send(s, STR("x")));
	http_stream_close(&s);

	buf_clear(&in);
	fd = open_stream(&in);
	s = stream;
	memset(buf_room(&block, 65536), 'x', 65536);
	buf_grew(&block, 65536);
	int sent = 0;
	while (http_stream_send(s, buf_view(&block)) && sent < 10000)
		sent++;
	ck_assert_int_lt(sent, 10000);
	ck_assert_int_eq(closed, 2);
	http_stream_close(&s);
	close(fd);
	buf_fini(&in);
	buf_fini(&block);
	http_server_stop(&server, 1000);
}
END

UNIT(a_stream_is_closed_when_the_server_stops)
{
	struct buf in = {0};
	start((struct http_server_conf){0});
	int fd = open_stream(&in);
	http_server_stop(&server, 50);
	ck_assert_int_eq(closed, 1);
	struct http_stream *s = stream;
	http_stream_close(&s);
	close(fd);
	buf_fini(&in);
}
END

UNIT(a_large_answer_is_packed_when_asked)
{
	struct buf in = {0}, out = {0};
	start((struct http_server_conf){0});
	int fd = dial();
	say(fd, STR("GET /big HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"));
	ck_assert(hear(fd, &in, NULL, 5000));
	const char *body = strstr(in.p, "\r\n\r\n") + 4;
	ck_assert_int_eq(gzip_unpack(str_n(body, in.n - (size_t)(body - in.p)), 8 << 20, &out, NULL), RC_OK);
	ck_assert_uint_eq(out.n, 8 << 20);
	close(fd);
	buf_fini(&in);
	buf_fini(&out);
	http_server_stop(&server, 1000);
}
END

static void
expect_numbers(struct str text)
{
	struct str one;
	for (uint64_t i = 0, n; i < NUMBERS; i++)
		ck_assert(str_cut(&text, ',', &one) && str_u64(one, &n) && n == i);
	ck_assert_uint_eq(text.n, 0);
}

UNIT(an_answer_in_parts_comes_whole_or_is_given_up)
{
	struct buf in = {0}, out = {0};
	struct err e;
	atomic_store(&parts_over, 0);
	start((struct http_server_conf){0});
	for (int packed = 0; packed < 2; packed++) {
		int fd = dial();
		buf_clear(&in);
		say(fd, packed ? STR("GET /parts HTTP/1.0\r\n" HOST "Accept-Encoding: gzip\r\n\r\n") : STR("GET /parts HTTP/1.0\r\n" HOST "\r\n"));
		ck_assert(hear(fd, &in, NULL, 5000));
		const char *body = strstr(in.p, "\r\n\r\n") + 4;
		struct str text = str_n(body, in.n - (size_t)(body - in.p));
		if (packed)
			ck_assert_msg(gzip_unpack(text, 16 << 20, &out, &e) == RC_OK, "%s", e.text);
		expect_numbers(packed ? buf_view(&out) : text);
		close(fd);
	}
	int fd = dial();
	say(fd, STR("GET /parts HTTP/1.1\r\n" HOST "\r\n"));
	hear(fd, &in, "\r\n\r\n", 3000);
	close(fd); /* in the middle */
	for (int i = 0; i < 3000 && atomic_load(&parts_over) < 3; i++)
		usleep(1000);
	http_server_stop(&server, 1000);
	ck_assert_int_eq(atomic_load(&parts_over), 3);
	buf_fini(&in);
	buf_fini(&out);
}
END

static void *
hammer(void *arg)
{
	struct buf in = {0};
	for (int i = 0; i < 100; i++) {
		int fd = dial();
		for (int j = 0; j < 5; j++) {
			buf_clear(&in);
			say(fd, j % 2 ? STR("GET /later HTTP/1.1\r\n" HOST "\r\n")
				      : STR("POST /e HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"));
			if (i % 7 == 3 && j == 3)
				break; /* leaves in the middle */
			hear(fd, &in, j % 2 ? "late" : "[x]", 5000);
			if (!str_has(buf_view(&in), j % 2 ? STR("late") : STR("[x]")))
				atomic_fetch_add((atomic_int *)arg, 1);
		}
		close(fd);
	}
	buf_fini(&in);
	return NULL;
}

UNIT(many_connections_at_once)
{
	pthread_t threads[8];
	atomic_int failures = 0;
	start((struct http_server_conf){0});
	for (int i = 0; i < 8; i++)
		must(pthread_create(&threads[i], NULL, hammer, &failures) == 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(failures, 0);
	http_server_stop(&server, 1000);
	usleep(100000);
}
END
