/* play_peer.c — see play_peer.h. */
#include "main/play_peer.h"

#include <stdio.h>

#include "base/mem.h"

enum { HTTP_TIMEOUT = 30 * 1000, REFUSAL = 1 };

/* Something under way: an HTTP call or a run of a plug-in. */
struct job {
	struct peers *peers;
	struct loop_timer timer;
	uint64_t id;
	http_done *done; /* of HTTP */
	run_done *ran;   /* of a plug-in */
	void *arg;
	struct arena *arena;
	struct http_result page;
	struct run_result run;
};

struct peers {
	struct http_door http;
	struct runner_door runner;
	struct loop *loop;
	struct arena *arena;
	VEC(struct peer) table;
	VEC(struct job *) jobs;
	VEC(struct played_hook) hooks;
	uint64_t last;
};

/* ---- the table ---- */

static const struct peer *
find(const struct peers *p, enum peer_kind kind, struct str name)
{
	for (size_t i = 0; i < p->table.n; i++)
		if (p->table.p[i].kind == kind && str_eq(p->table.p[i].name, name))
			return &p->table.p[i];
	return NULL;
}

void
peers_forget(struct peers *p, enum peer_kind kind, struct str name)
{
	const struct peer *was = find(p, kind, name);
	if (was)
		vec_remove(&p->table, (size_t)(was - p->table.p));
}

void
peers_set(struct peers *p, const struct peer *peer)
{
	struct peer own = *peer;
	peers_forget(p, peer->kind, peer->name);
	own.name = arena_str(p->arena, peer->name);
	own.text = arena_str(p->arena, peer->text);
	*vec_add(&p->table) = own;
}

/* "http://db1:8080/health?x" -> "db1", "db1:8080" */
static void
split_url(struct str url, struct arena *a, struct str *host, struct str *port)
{
	bool tls = str_starts(url, STR("https://"));
	struct str rest = str_from(url, tls ? 8 : 7), authority;
	if (!str_cut(&rest, '/', &authority))
		authority = rest;
	ptrdiff_t colon = str_chr(authority, ':');
	*host = colon < 0 ? authority : str_to(authority, (size_t)colon);
	*port = colon < 0 ? arena_fmt(a, "%.*s:%d", STR_ARG(authority), tls ? 443 : 80) : authority;
}

/* Who deals with a request to this URL: the host that is down, the port that does not serve, or the page. */
static struct peer
page_at(const struct peers *p, struct str url, struct arena *a)
{
	struct str host, port;
	split_url(url, a, &host, &port);
	const struct peer *found = find(p, PEER_HOST, host);
	if (!found)
		found = find(p, PEER_PORT, port);
	if (!found)
		found = find(p, PEER_URL, url);
	if (!found && str_chr(url, '?') > 0) /* a page that was given without a query answers any */
		found = find(p, PEER_URL, str_to(url, (size_t)str_chr(url, '?')));
	return found ? *found : (struct peer){.manner = PEER_REFUSES};
}

/* ---- under way ---- */

static struct job *
job_create(struct peers *p, void *arg)
{
	struct job *j = mem_new(struct job);
	j->peers = p;
	j->arg = arg;
	j->arena = arena_create();
	j->id = ++p->last;
	*vec_add(&p->jobs) = j;
	return j;
}

static void
job_destroy(struct job *j)
{
	struct peers *p = j->peers;
	loop_timer_cancel(p->loop, &j->timer);
	for (size_t i = 0; i < p->jobs.n; i++) {
		if (p->jobs.p[i] == j) {
			vec_remove(&p->jobs, i);
			break;
		}
	}
	arena_destroy(&j->arena);
	mem_free(j);
}

/* ---- HTTP ---- */

static void
end_call(void *arg)
{
	struct job *j = arg;
	http_done *done = j->done;
	void *done_arg = j->arg;
	struct http_result r = j->page;
	struct arena *a = j->arena; /* holds the texts until the callback has seen them */
	j->arena = NULL;
	job_destroy(j);
	done(done_arg, &r);
	arena_destroy(&a);
}

/* How long it takes; fills in what comes of it. */
static msec_t
play_page(struct job *j, const struct peer *peer, msec_t timeout)
{
	struct http_result *r = &j->page;
	if (peer->manner == PEER_REFUSES) {
		*r = (struct http_result){
		    .rc = RC_IO, .why = "connection refused", .total_us = REFUSAL * 1000};
		return REFUSAL;
	}
	if (peer->manner == PEER_HANGS || peer->takes >= timeout) {
		struct str why = arena_fmt(j->arena, "no full answer within %lld ms", (long long)timeout);
		*r = (struct http_result){.rc = RC_TIMEOUT, .why = why.p, .total_us = timeout * 1000};
		return timeout;
	}
	*r = (struct http_result){.rc = RC_OK,
	    .why = "",
	    .status = peer->status,
	    .body = arena_str(j->arena, peer->text),
	    .peer = STR("192.0.2.1"),
	    .version = STR("1.1"),
	    .total_us = peer->takes * 1000};
	return peer->takes;
}

static struct http_call *
request(struct http_door *door, const struct http_ask *ask, http_done *done, void *arg)
{
	struct peers *p = (struct peers *)door;
	struct job *j = job_create(p, arg);
	struct peer peer = page_at(p, ask->url, j->arena);
	j->done = done;
	msec_t takes = play_page(j, &peer, ask->timeout ? ask->timeout : HTTP_TIMEOUT);
	j->page.url = arena_str(j->arena, ask->url);
	if (str_is(ask->method, "POST") && j->page.status / 100 == 2)
		*vec_add(&p->hooks) = (struct played_hook){
		    arena_str(p->arena, ask->url), arena_str(p->arena, ask->body), loop_wall(p->loop)};
	loop_timer_set(p->loop, &j->timer, takes, end_call, j, "peer");
	return (struct http_call *)j;
}

static void
cancel_request(struct http_door *door, struct http_call **call)
{
	if (*call)
		job_destroy((struct job *)*call);
	*call = NULL;
}

/* ---- plug-ins ---- */

static void
end_run(void *arg)
{
	struct job *j = arg;
	run_done *ran = j->ran;
	void *run_arg = j->arg;
	struct run_result r = j->run;
	struct arena *a = j->arena;
	j->arena = NULL;
	job_destroy(j);
	ran(run_arg, &r);
	arena_destroy(&a);
}

static msec_t
play_run_of(struct job *j, const struct peer *peer, msec_t timeout)
{
	struct run_result *r = &j->run;
	if (!peer) {
		*r = (struct run_result){.outcome = RUN_FAILED, .why = STR("No such file or directory")};
		return REFUSAL;
	}
	if (peer->manner == PEER_HANGS || peer->takes >= timeout) {
		*r = (struct run_result){.outcome = RUN_TIMED_OUT, .micros = timeout * 1000};
		return timeout;
	}
	*r = (struct run_result){.outcome = RUN_EXITED,
	    .status = peer->status,
	    .output = arena_str(j->arena, peer->text),
	    .micros = peer->takes * 1000};
	return peer->takes;
}

static struct peers *
peers_of(struct runner_door *door)
{
	return (struct peers *)((char *)door - offsetof(struct peers, runner));
}

static struct str
file_name(struct str path)
{
	while (str_chr(path, '/') >= 0)
		path = str_from(path, (size_t)str_chr(path, '/') + 1);
	return path;
}

static uint64_t
run(struct runner_door *door, const struct run_request *q, run_done *done, void *arg)
{
	struct peers *p = peers_of(door);
	if (find(p, PEER_HOST, STR("runner")))
		return 0;
	struct job *j = job_create(p, arg);
	j->ran = done;
	msec_t takes = play_run_of(j, find(p, PEER_PLUGIN, file_name(q->argv.p[0])), q->timeout);
	loop_timer_set(p->loop, &j->timer, takes, end_run, j, "plug-in");
	return j->id;
}

static void
cancel_run(struct runner_door *door, uint64_t id)
{
	struct peers *p = peers_of(door);
	for (size_t i = 0; i < p->jobs.n; i++) {
		if (p->jobs.p[i]->id == id) {
			job_destroy(p->jobs.p[i]);
			return;
		}
	}
}

/* ---- life ---- */

struct peers *
peers_create(void)
{
	struct peers *p = mem_new(struct peers);
	p->http = (struct http_door){request, cancel_request};
	p->runner = (struct runner_door){run, cancel_run};
	p->arena = arena_create();
	return p;
}

void
peers_begin(struct peers *p, struct loop *loop)
{
	p->loop = loop;
}

void
peers_end(struct peers *p)
{
	while (p->jobs.n)
		job_destroy(p->jobs.p[0]);
	p->loop = NULL;
}

void
peers_destroy(struct peers **pp)
{
	struct peers *p = *pp;
	if (!p)
		return;
	vec_fini(&p->table);
	vec_fini(&p->jobs);
	vec_fini(&p->hooks);
	arena_destroy(&p->arena);
	mem_free(p);
	*pp = NULL;
}

struct http_door *
peers_http(struct peers *p)
{
	return &p->http;
}

struct runner_door *
peers_runner(struct peers *p)
{
	return &p->runner;
}

size_t
peers_hooks(const struct peers *p)
{
	return p->hooks.n;
}

const struct played_hook *
peers_hook_at(const struct peers *p, size_t i)
{
	return &p->hooks.p[i];
}
