/*
 * http_req.c — see http_req.h.
 *
 * TRAP   An answer is compressed by whoever answers, not by a server thread, so that a large reply does not
 *        hold up the other connections of that thread.
 */
#include "net/http_req.h"

#include "base/must.h"
#include "wire/gzip.h"
#include "wire/gzip_stream.h"

enum { WORTH_PACKING = 1024 };

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
http_unescape(struct str in, bool form, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '%') {
			int high = i + 1 < in.n ? hex_digit(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? hex_digit(in.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (form && c == '+') {
			c = ' ';
		}
		buf_ch(out, c);
	}
	return true;
}

/* Unescapes into the request's arena. */
static bool
unescape(struct http_req *r, struct str in, bool form, struct str *out)
{
	struct buf b = {0};
	bool good = http_unescape(in, form, &b);
	if (good)
		*out = arena_str(r->arena, buf_view(&b));
	buf_fini(&b);
	return good;
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* "http://host/path" (absolute-form, RFC 9112 3.2.2) is "/path"; the host is judged with the headers. */
static struct str
origin_form(struct str target)
{
	if (target.n && target.p[0] == '/')
		return target;
	const char *sep = memmem(target.p, target.n, "://", 3);
	if (!sep)
		return target;
	struct str rest = str_from(target, (size_t)(sep - target.p) + 3);
	ptrdiff_t slash = str_chr(rest, '/');
	return slash < 0 ? STR("/") : str_from(rest, (size_t)slash);
}

enum rc
http_req_init(struct http_req *r, const struct http_carrier *carrier, struct str method, struct str target,
    struct err *err)
{
	*r = (struct http_req){.arena = arena_create(), .carrier = carrier};
	r->method = arena_str(r->arena, method);
	r->target = arena_str(r->arena, target);
	struct str path = origin_form(r->target);
	ptrdiff_t mark = str_chr(path, '?');
	if (mark >= 0) {
		r->query = str_from(path, (size_t)mark + 1);
		path = str_to(path, (size_t)mark);
	}
	if (!unescape(r, path, false, &r->path))
		return err_set(
		    err, RC_INVALID, "the path has a '%%' that is not followed by two hexadecimal digits");
	if (has_control(r->path))
		return err_set(err, RC_INVALID, "the path holds control characters");
	if (!str_starts(r->path, STR("/")) && !str_is(r->path, "*"))
		return err_set(err, RC_INVALID, "the path does not start with '/'");
	return RC_OK;
}

void
http_req_add_header(struct http_req *r, struct str name, struct str value)
{
	*vec_add(&r->headers) = (struct pair){arena_str(r->arena, name), arena_str(r->arena, value)};
}

void
http_req_fini(struct http_req *r)
{
	vec_fini(&r->headers);
	vec_fini(&r->params);
	vec_fini(&r->reply.headers);
	buf_fini(&r->reply.body);
	arena_destroy(&r->arena);
}

struct str
http_header(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->headers.n; i++)
		if (str_eq_nocase(r->headers.p[i].name, str_c(name)))
			return r->headers.p[i].value;
	return STR("");
}

size_t
http_header_count(const struct http_req *r, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < r->headers.n; i++)
		count += str_eq_nocase(r->headers.p[i].name, str_c(name));
	return count;
}

bool
http_type_is(const struct http_req *r, const char *type)
{
	struct str rest = http_header(r, "Content-Type"), first = STR("");
	(void)str_cut(&rest, ';', &first);
	return str_eq_nocase(str_trim(first), str_c(type));
}

struct str
http_cookie(const struct http_req *r, const char *name)
{
	struct str rest = http_header(r, "Cookie"), part, key;
	while (str_cut(&rest, ';', &part)) {
		part = str_trim(part);
		struct str value = part;
		if (str_cut(&value, '=', &key) && str_is(key, name))
			return value;
	}
	return STR("");
}

static enum rc
decode_form(struct http_req *r, struct str form, struct err *err)
{
	struct str part;
	while (str_cut(&form, '&', &part)) {
		if (part.n == 0)
			continue;
		if (r->params.n == HTTP_PARAMS_MAX)
			return err_set(err, RC_INVALID, "more than %d parameters", HTTP_PARAMS_MAX);
		struct pair p = {STR(""), STR("")};
		struct str name = STR(""), value = part;
		(void)str_cut(&value, '=', &name);
		if (!unescape(r, name, true, &p.name) || !unescape(r, value, true, &p.value))
			return err_set(err, RC_INVALID, "the parameter \"%.*s\" has a bad '%%' escape",
			    (int)str_to(name, 80).n, name.p);
		*vec_add(&r->params) = p;
	}
	return RC_OK;
}

enum rc
http_query_decode(struct http_req *r, struct err *err)
{
	vec_fini(&r->params);
	return decode_form(r, r->query, err);
}

enum rc
http_params_decode(struct http_req *r, struct err *err)
{
	enum rc rc = http_query_decode(r, err);
	if (rc == RC_OK && http_type_is(r, "application/x-www-form-urlencoded"))
		rc = decode_form(r, r->body, err);
	return rc;
}

static const struct pair *
find_param(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->params.n; i++)
		if (str_is(r->params.p[i].name, name))
			return &r->params.p[i];
	return NULL;
}

struct str
http_param(const struct http_req *r, const char *name)
{
	const struct pair *p = find_param(r, name);
	return p ? p->value : STR("");
}

bool
http_has_param(const struct http_req *r, const char *name)
{
	return find_param(r, name) != NULL;
}

void
http_answer_header(struct http_req *r, const char *name, struct str value)
{
	char *clean = arena_cstr(r->arena, value); /* whatever the value was made of, it stays one line */
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)clean[i] < 0x20 || clean[i] == 0x7f)
			clean[i] = ' ';
	*vec_add(&r->reply.headers) = (struct pair){arena_str(r->arena, str_c(name)), str_n(clean, value.n)};
}

static bool
reply_has(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->reply.headers.n; i++)
		if (str_eq_nocase(r->reply.headers.p[i].name, str_c(name)))
			return true;
	return false;
}

/* Does Accept-Encoding name gzip, and not with q=0? */
static bool
takes_gzip(const struct http_req *r)
{
	struct str rest = http_header(r, "Accept-Encoding"), part, coding;
	while (str_cut(&rest, ',', &part)) {
		struct str q = part;
		if (!str_cut(&q, ';', &coding) || !str_eq_nocase(str_trim(coding), STR("gzip")))
			continue;
		double weight = 1;
		q = str_trim(q);
		return !str_starts(q, STR("q=")) || !str_f64(str_from(q, 2), &weight) || weight > 0;
	}
	return false;
}

static bool
packs_well(struct str type)
{
	return str_starts(type, STR("text/")) || str_has(type, STR("json")) ||
	       str_has(type, STR("openmetrics")) || str_has(type, STR("javascript")) ||
	       str_has(type, STR("xml"));
}

static void
pack_reply(struct http_req *r)
{
	struct http_reply *reply = &r->reply;
	if (reply->body.n <= WORTH_PACKING || !packs_well(reply->type) || reply_has(r, "Content-Encoding"))
		return;
	http_answer_header(r, "Vary", STR("Accept-Encoding"));
	if (!takes_gzip(r))
		return;
	struct buf packed = {0};
	gzip_pack(buf_view(&reply->body), &packed);
	buf_fini(&reply->body);
	reply->body = packed;
	http_answer_header(r, "Content-Encoding", STR("gzip"));
}

void
http_answer_buf(struct http_req *r, int status, const char *type, struct buf *take_body)
{
	must(r->reply.status == 0 && status >= 200 && status <= 599);
	r->reply.status = status;
	r->reply.type = arena_str(r->arena, str_c(type));
	r->reply.body = *take_body;
	*take_body = (struct buf){0};
	if (!atomic_load(&r->cancelled))
		pack_reply(r);
	r->carrier->answer(r);
}

void
http_answer(struct http_req *r, int status, const char *type, struct str body)
{
	struct buf copy = {0};
	buf_str(&copy, body);
	http_answer_buf(r, status, type, &copy);
}

/* Parts, each packed behind the other. */
struct packing {
	struct http_parts plain;
	struct gzip_stream *stream;
	struct buf part;
};

static bool
pack_next(void *arg, struct buf *out)
{
	struct packing *p = arg;
	size_t before = out->n;
	bool more;
	do {
		buf_clear(&p->part);
		more = p->plain.next(p->plain.arg, &p->part);
		gzip_stream_add(p->stream, buf_view(&p->part), !more, out);
	} while (more && out->n == before);
	return more;
}

static void
pack_fini(void *arg)
{
	struct packing *p = arg;
	p->plain.fini(p->plain.arg);
	gzip_stream_destroy(&p->stream);
	buf_fini(&p->part);
	mem_free(p);
}

static struct http_parts
pack_parts(struct http_req *r, const struct http_parts *plain)
{
	http_answer_header(r, "Vary", STR("Accept-Encoding"));
	if (!takes_gzip(r))
		return *plain;
	struct packing *p = mem_new(struct packing);
	p->plain = *plain;
	p->stream = gzip_stream_create();
	http_answer_header(r, "Content-Encoding", STR("gzip"));
	return (struct http_parts){pack_next, pack_fini, p, plain->about};
}

enum { WORTH_PARTS = 1 << 20 };

void
http_answer_parts(struct http_req *r, int status, const char *type, const struct http_parts *plain)
{
	struct buf all = {0};
	must(r->reply.status == 0);
	if (r->carrier->parts && plain->about >= WORTH_PARTS && !atomic_load(&r->cancelled)) {
		struct http_parts parts = pack_parts(r, plain);
		r->reply.status = status;
		r->reply.type = arena_str(r->arena, str_c(type));
		r->carrier->parts(r, &parts);
		return;
	}
	while (plain->next(plain->arg, &all))
		;
	plain->fini(plain->arg);
	http_answer_buf(r, status, type, &all);
}

bool
http_on_cancel(struct http_req *r, void (*fn)(void *arg), void *arg)
{
	return r->carrier->on_cancel(r, fn, arg);
}

struct http_stream *
http_stream_open(struct http_req *r, const char *type, void (*on_close)(void *arg), void *arg)
{
	must(r->reply.status == 0);
	r->reply.status = 200;
	r->reply.type = arena_str(r->arena, str_c(type));
	return r->carrier->stream(r, on_close, arg);
}

bool
http_stream_send(struct http_stream *s, struct str bytes)
{
	return s->send(s, bytes);
}

void
http_stream_close(struct http_stream **ps)
{
	if (*ps)
		(*ps)->close(*ps);
	*ps = NULL;
}
