/* api.c — finding the route, judging the right, and what every handler needs.  See api.h. */
#include <stdio.h>
#include <string.h>

#include "api/api_impl.h"
#include "base/time.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/must.h"
#include "base/os.h"
#include "base/suspect.h"
#include "engine/engine.h"
#include "promql/range_cache.h"

const struct route routes[] = {
#define ROUTE(method, path, right, handler, help) {#method, path, RIGHT_##right, handle_##handler, help},
#include "api/routes.def"
#undef ROUTE
};
const size_t routes_n = sizeof routes / sizeof *routes;

enum { DELTAS = 200000, RANGES_BYTES = 32 << 20, RANGES_WORTH = 2 * 1000 * 1000 /* ns */ };

static void
close_reader(void *ledger)
{
	struct ledger *l = ledger;
	ledger_close(&l);
}

struct api *
api_create(const struct api_house *house)
{
	struct api *a = mem_new(struct api);
	a->house = *house;
	a->book_stale = true;
	a->started = a->configured = clock_wall(house->clock);
	a->conf = conf_ref((struct conf *)house->conf);
	pthread_mutex_init(&a->conf_lock, NULL);
	a->failures = map_create();
	a->live_arena = arena_create();
	a->deltas = deltas_create(DELTAS);
	a->ranges = range_cache_create(RANGES_BYTES, RANGES_WORTH);
	must(pthread_key_create(&a->reader, close_reader) == 0);
	pthread_rwlock_init(&a->lock, NULL);
	pthread_mutex_init(&a->live_lock, NULL);
	pthread_mutex_init(&a->failures_lock, NULL);
	return a;
}

void
api_destroy(struct api **pa)
{
	struct api *a = *pa;
	if (!a)
		return;
	struct ledger *own = pthread_getspecific(a->reader);
	ledger_close(&own);
	pthread_key_delete(a->reader);
	book_destroy(&a->book);
	map_each(a->failures, e)
		mem_free(e->value);
	map_destroy(&a->failures);
	deltas_destroy(&a->deltas);
	range_cache_destroy(&a->ranges);
	vec_fini(&a->live);
	arena_destroy(&a->live_arena);
	conf_unref(&a->conf);
	buf_fini(&a->at_next_start);
	pthread_mutex_destroy(&a->conf_lock);
	pthread_rwlock_destroy(&a->lock);
	pthread_mutex_destroy(&a->live_lock);
	pthread_mutex_destroy(&a->failures_lock);
	mem_free(a);
	*pa = NULL;
}

/* ---- reading ---- */

struct ledger *
api_ledger(struct api *a)
{
	struct ledger *l = pthread_getspecific(a->reader);
	struct err e;
	if (l)
		return l;
	if (ledger_open(&l, a->house.ledger_url, NULL, 0, &e) != RC_OK) {
		log_warn("api", "%s", e.text);
		return NULL;
	}
	pthread_setspecific(a->reader, l);
	return l;
}

static void
read_book(struct api *a)
{
	struct ledger *l = api_ledger(a);
	struct err e;
	struct book *fresh = book_create(resource_kinds);
	if (!l || book_load(fresh, l, &e) != RC_OK) {
		book_destroy(&fresh);
		if (!a->book)
			a->book = book_create(resource_kinds);
		return; /* the old one serves; the next request tries again */
	}
	book_destroy(&a->book);
	a->book = fresh;
	a->book_stale = false;
}

struct book *
api_book(struct api *a)
{
	pthread_rwlock_rdlock(&a->lock);
	if (!a->book_stale)
		return a->book;
	pthread_rwlock_unlock(&a->lock);
	pthread_rwlock_wrlock(&a->lock);
	if (a->book_stale)
		read_book(a);
	pthread_rwlock_unlock(&a->lock);
	pthread_rwlock_rdlock(&a->lock);
	return a->book;
}

void
api_book_done(struct api *a)
{
	pthread_rwlock_unlock(&a->lock);
}

/* ---- answers ---- */

int
status_of(enum rc rc)
{
	static const int status[] = {[RC_OK] = 200, [RC_ABSENT] = 404, [RC_INVALID] = 400, [RC_DENIED] = 403, [RC_CONFLICT] = 409,
	    [RC_REFUSED] = 429, [RC_TIMEOUT] = 504, [RC_CANCELLED] = 499, [RC_IO] = 503};
	return status[rc];
}

void
answer_json(struct call *c, int status, struct buf *take)
{
	http_answer_buf(c->req, status, "application/json", take);
}

void
answer_list(struct call *c, struct json_writer *w, struct buf *take, bool read)
{
	jsonw_array_end(w);
	if (read) {
		answer_json(c, 200, take);
		return;
	}
	buf_fini(take);
	answer_error(c, RC_IO, "the ledger cannot be read");
}

void
answer_rows(struct call *c, struct str space, row_fn *each)
{
	struct ledger *ledger = api_ledger(c->api);
	struct buf b = {0};
	struct err e;
	struct row_listing l = {.call = c};
	jsonw_init(&l.w, &b);
	jsonw_array(&l.w);
	answer_list(c, &l.w, &b, ledger && ledger_scan(ledger, space, each, &l, &e) == RC_OK);
}

void
answer_wait(struct call *c)
{
	http_answer_header(c->req, "Retry-After", arena_fmt(c->arena, "%u", c->wait ? c->wait : 1));
}

/* Prometheus's clients read errorType, our own read code; both read error. */
void
answer_error(struct call *c, enum rc rc, const char *fmt, ...)
{
	struct buf text = {0}, b = {0};
	struct json_writer w;
	va_list ap;
	metric_add(METRIC_http_refused_total, 1);
	va_start(ap, fmt);
	buf_vfmt(&text, fmt, ap);
	va_end(ap);
	jsonw_init(&w, &b);
	if (str_starts(c->req->path, STR("/api/v2/"))) {
		jsonw_str(&w, buf_view(&text));
	} else {
		jsonw_object(&w);
		jsonw_key(&w, "status");
		jsonw_c(&w, "error");
		jsonw_key(&w, "errorType");
		jsonw_c(&w, rc == RC_INVALID ? "bad_data" : rc_name(rc));
		jsonw_member(&w, "error", buf_view(&text));
		jsonw_object_end(&w);
	}
	buf_fini(&text);
	if (rc == RC_REFUSED || rc == RC_IO)
		answer_wait(c);
	answer_json(c, status_of(rc), &b);
}

bool
body_record(struct call *c, const struct layout *l, void *record)
{
	struct json j;
	struct err e;
	struct str body = c->req->body.n ? c->req->body : STR("{}");
	json_init(&j, body, c->arena, 32);
	record_from_json(l, record, &j, c->arena);
	if (json_end(&j, &e) == RC_OK)
		return true;
	answer_error(c, RC_INVALID, "%s", e.text);
	return false;
}

bool
param_i64(struct call *c, const char *name, int64_t otherwise, int64_t *out)
{
	struct str text = http_param(c->req, name);
	*out = otherwise;
	if (!text.n || str_i64(text, out))
		return true;
	answer_error(c, RC_INVALID, "%s=%.*s is not a whole number", name, STR_ARG(str_to(text, 60)));
	return false;
}

bool
param_instant(struct call *c, const char *name, msec_t *out)
{
	struct str text = http_param(c->req, name);
	if (!text.n || time_parse_rfc3339(text, out))
		return true;
	answer_error(c, RC_INVALID, "%s=%.*s is not a time such as 2026-11-20T08:00:00Z", name, STR_ARG(str_to(text, 60)));
	return false;
}

/* ---- what has killed twice ---- */

/* One fingerprint a request: the same one, sent again, has the same. */
static uint64_t
print_of(const struct http_req *r)
{
	return (str_hash(r->method) * 31 + str_hash(r->target)) * 31 + str_hash(r->body);
}

/* This thread works on it from now on; copies, since an answer takes the request away. */
static void
work_on(const struct call *c)
{
	suspect_begin(c->print, "%.*s %.*s with %zu bytes from %.*s", STR_ARG(str_to(c->req->method, 10)), STR_ARG(str_to(c->req->path, 80)), c->req->body.n,
	    STR_ARG(str_to(c->req->peer, 40)));
}

static bool
barred(struct call *c)
{
	struct buf b = {0};
	if (!suspect_barred(c->print))
		return false;
	metric_add(METRIC_quarantine_refusals_total, 1);
	buf_fmt(&b, "{\"status\":\"error\",\"errorType\":\"internal\",\"error\":\"this very request has ended the server %d times and is not tried again (%016llx)\"}",
	    SUSPECT_DEATHS, (unsigned long long)c->print);
	answer_json(c, 500, &b);
	return true;
}

/* ---- asking the engine ---- */

struct asked {
	struct call *call;
	replied_fn *fn;
};

static void
on_reply(void *arg, const struct reply *r)
{
	struct asked *a = arg; /* in the request's arena */
	work_on(a->call);
	a->fn(a->call, r);
	suspect_end();
}

void
ask_engine(struct call *c, enum message kind, const struct layout *l, const void *record, replied_fn *fn)
{
	struct buf b = {0};
	struct asked *a = arena_new(c->arena, struct asked);
	*a = (struct asked){c, fn};
	record_encode(l, record, &b);
	c->api->house.ask(c->api->house.arg, kind, c->who.actor, buf_view(&b), on_reply, a);
	buf_fini(&b);
}

void
answer_reply(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	struct json_writer w;
	if (r->rc != RC_OK) {
		answer_error(c, (enum rc)r->rc, "%.*s", STR_ARG(r->text));
		return;
	}
	jsonw_init(&w, &b);
	record_to_json(&reply_layout, r, true, &w);
	answer_json(c, 200, &b);
}

/* ---- routes ---- */

/* Does the path fit the pattern?  Fills the parts. */
static bool
fits(const char *pattern, struct str path, struct str part[4])
{
	struct str p = str_c(pattern), a, b;
	int n = 0;
	if (path.n == 1)
		return p.n == 1;
	while (str_cut(&p, '/', &a)) {
		if (str_ends(a, STR("*}"))) {
			part[n] = path;
			return path.n > 0;
		}
		if (!str_cut(&path, '/', &b))
			return false;
		if (a.n && a.p[0] == '{') {
			if (!b.n || n == 4)
				return false;
			part[n++] = b;
		} else if (!str_eq(a, b)) {
			return false;
		}
	}
	return !str_cut(&path, '/', &b);
}

static const struct route *
find_route(const struct http_req *req, struct str part[4], bool *path_known)
{
	for (size_t i = 0; i < routes_n; i++) {
		if (!fits(routes[i].path, req->path, part))
			continue;
		*path_known = true;
		bool head = str_is(req->method, "HEAD") && strcmp(routes[i].method, "GET") == 0;
		if (head || str_is(req->method, routes[i].method))
			return &routes[i];
	}
	return NULL;
}

static const enum role least_role[] = {[RIGHT_ANYBODY] = ROLE_NONE, [RIGHT_CONTACT] = ROLE_CONTACT, [RIGHT_VIEWER] = ROLE_VIEWER,
    [RIGHT_OPERATOR] = ROLE_OPERATOR, [RIGHT_ADMIN] = ROLE_ADMIN};

static bool
changes_something(const struct http_req *r)
{
	return !str_is(r->method, "GET") && !str_is(r->method, "HEAD");
}

/* A cookie travels by itself; what changes anything must show that the page itself sent it. */
static bool
forged(struct call *c)
{
	if (!c->by_cookie || !changes_something(c->req))
		return false;
	return !str_eq(http_header(c->req, "X-CSRF-Token"), secret_csrf(c->secret, c->arena));
}

/* Samples come in bulk: their bodies may be as large as server.body_limit says. */
static bool
takes_bulk(const struct route *r)
{
	static api_handler *const bulk[] = {handle_am_alerts_post, handle_influx_write, handle_job_post, handle_job_put, handle_otlp_metrics, handle_remote_write};
	for (size_t i = 0; i < sizeof bulk / sizeof *bulk; i++)
		if (r->handle == bulk[i])
			return true;
	return false;
}

/* What a job prints and what is pushed is no form, whatever the sender's program says that it sends. */
static enum rc
decode_params(struct http_req *req, const struct route *r, struct err *e)
{
	return r->handle == handle_ping || takes_bulk(r) ? http_query_decode(req, e) : http_params_decode(req, e);
}

static void
handle(struct call *c)
{
	struct http_req *req = c->req;
	bool path_known = false;
	struct err e;
	const struct route *r = find_route(req, c->part, &path_known);
	if (!r) {
		if (path_known)
			answer_error(c, RC_INVALID, "%.*s is not a method of %.*s", STR_ARG(req->method), STR_ARG(req->path));
		else
			answer_error(c, RC_ABSENT, "there is nothing at %.*s", STR_ARG(str_to(req->path, 200)));
		return;
	}
	if (decode_params(req, r, &e) != RC_OK) {
		answer_error(c, RC_INVALID, "%s", e.text);
		return;
	}
	if (!identify(c))
		return;
	if (r->right != RIGHT_ANYBODY && !c->signed_in) {
		/* a browser's script must not make the browser ask for a password of its own accord */
		bool script = http_header(req, "Sec-Fetch-Site").n > 0;
		http_answer_header(req, "WWW-Authenticate", script ? STR("Bearer realm=\"tocsin\"") : STR("Basic realm=\"tocsin\""));
		struct buf b = {0};
		buf_c(&b, "{\"status\":\"error\",\"errorType\":\"unauthorized\",\"error\":\"sign in, or send a token\"}");
		answer_json(c, 401, &b);
	} else if (c->who.role < least_role[r->right]) {
		answer_error(c, RC_DENIED, "this needs the right of %s", roles[least_role[r->right]]);
	} else if (forged(c)) {
		answer_error(c, RC_DENIED, "the header X-CSRF-Token is missing or wrong");
	} else {
		metric_add(METRIC_http_answers_total, 1);
		r->handle(c);
	}
}

void
api_handle(void *api, struct http_req *req)
{
	struct call *c = arena_new(req->arena, struct call);
	*c = (struct call){.api = api, .req = req, .arena = req->arena, .print = print_of(req)};
	c->now = clock_wall(c->api->house.clock);
	if (barred(c))
		return;
	work_on(c);
	os_fault_meet(req->target);
	os_fault_meet(req->body);
	handle(c);
	suspect_end();
}

size_t
api_body_limit(void *api, const struct http_req *req)
{
	const struct api *a = api;
	bool path_known;
	struct str part[4];
	const struct route *r = find_route(req, part, &path_known);
	return r && takes_bulk(r) ? (size_t)a->house.conf->root->server.body_limit : 1 << 20;
}

void
api_decorate(void *api, struct http_req *req)
{
	http_answer_header(req, "Content-Security-Policy", STR("default-src 'self'; frame-ancestors 'none'; base-uri 'none'"));
	http_answer_header(req, "X-Content-Type-Options", STR("nosniff"));
	http_answer_header(req, "Referrer-Policy", STR("no-referrer"));
	http_answer_header(req, "Cache-Control", STR("no-store"));
}

void
html_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char *as = s.p[i] == '<' ? "&lt;" : s.p[i] == '>' ? "&gt;" : s.p[i] == '&' ? "&amp;" : s.p[i] == '"' ? "&quot;" : s.p[i] == '\'' ? "&#39;" : NULL;
		if (as)
			buf_c(b, as);
		else
			buf_ch(b, s.p[i]);
	}
}

struct event
event_for(const struct identity *who, const struct event *ev, struct arena *a)
{
	struct event shown = *ev;
	if (who->customers.n == 0 || !pairs_get(ev->facts, "to").n)
		return shown;
	shown.facts = (struct pairs){arena_array(a, struct pair, ev->facts.n), 0};
	for (size_t i = 0; i < ev->facts.n; i++)
		if (!str_is(ev->facts.p[i].name, "to"))
			shown.facts.p[shown.facts.n++] = ev->facts.p[i];
	return shown;
}
