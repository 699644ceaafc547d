#include "net/http_guard.h"

#include "base/must.h"
#include "unit.h"
#include "wire/gzip.h"

static bool answered;

static void
take_answer(struct http_req *r)
{
	answered = true;
}
static const struct http_carrier carrier = {.answer = take_answer};

/* A request from a line "GET /path" and headers "Name: value\n…". */
static void
make(struct http_req *r, const char *line, const char *headers)
{
	struct str rest = str_c(line), method;
	must(str_cut(&rest, ' ', &method));
	ck_assert_int_eq(http_req_init(r, &carrier, method, rest, NULL), RC_OK);
	struct str left = str_c(headers), one, name;
	while (str_cut(&left, '\n', &one)) {
		must(str_cut(&one, ':', &name));
		http_req_add_header(r, name, str_trim(one));
	}
}

UNIT(a_target_is_split_and_decoded)
{
	static const struct {
		const char *target, *path, *query;
	} rows[] = {
	    {"/", "/", ""},
	    {"/a%20b?q=%20", "/a b", "q=%20"},
	    {"/a?b?c", "/a", "b?c"},
	    {"http://example.org/x?y", "/x", "y"},
	    {"http://example.org", "/", ""},
	    {"*", "*", ""},
	    {"/?u=http://x/", "/", "u=http://x/"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_req r;
		ck_assert_int_eq(http_req_init(&r, &carrier, STR("GET"), str_c(rows[i].target), NULL), RC_OK);
		ck_assert_str(r.path, rows[i].path);
		ck_assert_str(r.query, rows[i].query);
		http_req_fini(&r);
	}
}
END

UNIT(a_bad_target_is_refused)
{
	static const char *const bad[] = {"", "a", "/%", "/%2", "/%zz", "/a%00b", "/a%0d%0ab", "?x"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct http_req r;
		ck_assert_int_eq(http_req_init(&r, &carrier, STR("GET"), str_c(bad[i]), NULL), RC_INVALID);
		http_req_fini(&r);
	}
}
END

UNIT(parameters_come_from_the_query_and_then_the_form)
{
	struct http_req r;
	make(&r, "POST /q?a=1&b=x+y&a=2&flag&=empty",
	    "Content-Type: application/x-www-form-urlencoded; charset=utf-8");
	r.body = STR("c=%7B%7d&a=3");
	ck_assert_int_eq(http_params_decode(&r, NULL), RC_OK);
	ck_assert_str(http_param(&r, "a"), "1");
	ck_assert_str(http_param(&r, "b"), "x y");
	ck_assert_str(http_param(&r, "c"), "{}");
	ck_assert(http_has_param(&r, "flag") && !http_has_param(&r, "none"));
	ck_assert_uint_eq(r.params.n, 7);
	r.body = STR("c=%7");
	ck_assert_int_eq(http_params_decode(&r, NULL), RC_INVALID);
	http_req_fini(&r);
}
END

UNIT(cookies_are_found_by_their_whole_name)
{
	struct http_req r;
	make(&r, "GET /", "Cookie: xsid=no; sid=a=b; other=1");
	ck_assert_str(http_cookie(&r, "sid"), "a=b");
	ck_assert_str(http_cookie(&r, "other"), "1");
	ck_assert_str(http_cookie(&r, "id"), "");
	http_req_fini(&r);
}
END

UNIT(long_answers_are_packed_for_who_takes_gzip)
{
	static const struct {
		const char *accept;
		size_t n;
		bool packed;
	} rows[] = {
	    {"Accept-Encoding: gzip, deflate", 5000, true},
	    {"Accept-Encoding: br, GZIP;q=0.5", 5000, true},
	    {"Accept-Encoding: gzip;q=0", 5000, false},
	    {"Accept-Encoding: identity", 5000, false},
	    {"Accept: x", 5000, false},
	    {"Accept-Encoding: gzip", 1024, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_req r;
		struct buf body = {0};
		make(&r, "GET /", rows[i].accept);
		memset(buf_room(&body, rows[i].n), 'x', rows[i].n);
		buf_grew(&body, rows[i].n);
		answered = false;
		http_answer_buf(&r, 200, "application/json", &body);
		ck_assert(answered);
		ck_assert_int_eq(r.reply.body.n < rows[i].n, rows[i].packed);
		http_req_fini(&r);
	}
}
END

UNIT(a_header_value_stays_one_line)
{
	struct http_req r;
	make(&r, "GET /", "");
	http_answer_header(&r, "Location", STR("/a\r\nSet-Cookie: x"));
	ck_assert_str(r.reply.headers.p[0].value, "/a  Set-Cookie: x");
	http_req_fini(&r);
}
END

    static bool
    ping_is_open(const struct http_req *r)
{
	return str_starts(r->path, STR("/ping/"));
}

UNIT(the_guard_tells_good_heads_from_bad_ones)
{
	static struct str name = STR_INIT("tocsin.example.org");
	static const struct http_guard g = {.names = {&name, 1}, .any_origin = ping_is_open};
	static const struct {
		int status;
		const char *line, *headers;
	} rows[] = {
	    {0, "GET /", "Host: localhost:9090"},
	    {0, "GET /", "Host: [::1]:9090"},
	    {0, "GET /", "Host: Tocsin.Example.org"},
	    {0, "GET /", "Host: 192.0.2.7:80"},
	    {400, "GET /", "Accept: x"},
	    {400, "GET /", "Host: localhost\nHost: localhost"},
	    {421, "GET /", "Host: evil.example"},
	    {421, "GET /", "Host: localhost.evil.example"},
	    {421, "GET /", "Host: localhost:80:90"},
	    {421, "GET /", "Host: localhost:99999"},
	    {421, "GET /", "Host: [::1"},
	    {421, "GET /", "Host: "},
	    {421, "GET http://evil.example/", "Host: localhost"},
	    {0, "GET http://localhost/", "Host: localhost"},
	    {400, "GET /", "Host: localhost\nContent-Length: 1\nContent-Length: 1"},
	    {400, "POST /", "Host: localhost\nContent-Length: 1\nTransfer-Encoding: chunked"},
	    {501, "POST /", "Host: localhost\nTransfer-Encoding: gzip, chunked"},
	    {501, "POST /", "Host: localhost\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked"},
	    {0, "POST /", "Host: localhost\nTransfer-Encoding: Chunked"},
	    {400, "GET /", "Host: localhost\nX : y"},
	    {400, "GET /", "Host: localhost\nX: a\x01z"},
	    {0, "GET /", "Host: localhost\nX: a\tz\xe9"},
	    {400, "G{T /", "Host: localhost"},
	    {0, "GET /", "Host: localhost\nOrigin: https://evil.example"},
	    {403, "POST /", "Host: localhost\nOrigin: https://evil.example"},
	    {403, "POST /", "Host: localhost\nOrigin: null"},
	    {403, "DELETE /", "Host: localhost\nSec-Fetch-Site: cross-site"},
	    {0, "POST /", "Host: localhost\nOrigin: http://localhost:9090"},
	    {0, "POST /ping/x", "Host: localhost\nOrigin: https://evil.example"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_req r;
		make(&r, rows[i].line, rows[i].headers);
		r.local = STR("192.0.2.7");
		struct err err = {0};
		int status = http_guard_judge(&g, &r, &err);
		ck_assert_msg(status == rows[i].status, "%s, %s: %d %s", rows[i].line, rows[i].headers,
		    status, err.text);
		http_req_fini(&r);
	}
}
END
