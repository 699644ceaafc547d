/*
 * resolver.c — see resolver.h.
 *
 * TRAP   c-ares cannot give up one question: a lookup that was cancelled stays until its answer comes, and is then
 *        dropped.
 */
#include "net/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

enum { TRIES = 2, TIMEOUT_MS = 2000, HOST_MAX = 256 };

struct resolver {
	struct loop *loop;
	ares_channel channel;
	struct loop_timer timer;
};

struct lookup {
	struct resolver *resolver;
	struct loop_timer now; /* for what is an address already */
	struct found_addresses found;
	resolve_done *done; /* NULL: cancelled */
	void *arg;
};

/* ---- c-ares on the loop ---- */

static void
plan(struct resolver *r);

static void
on_socket(void *arg, int fd, unsigned events)
{
	struct resolver *r = arg;
	bool reads = events & (LOOP_READ | LOOP_HANGUP), writes = events & LOOP_WRITE;
	ares_process_fd(r->channel, reads ? fd : ARES_SOCKET_BAD, writes ? fd : ARES_SOCKET_BAD);
	plan(r);
}

static void
on_time(void *arg)
{
	struct resolver *r = arg;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	plan(r);
}

static void
plan(struct resolver *r)
{
	struct timeval tv, *next = ares_timeout(r->channel, NULL, &tv);
	if (next)
		loop_timer_set(r->loop, &r->timer, next->tv_sec * SECOND + next->tv_usec / 1000 + 1, on_time, r, "names");
	else
		loop_timer_cancel(r->loop, &r->timer);
}

static void
on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	if (readable || writable)
		loop_watch(r->loop, fd, (readable ? LOOP_READ : 0u) | (writable ? LOOP_WRITE : 0u), on_socket, r, "names");
	else
		loop_unwatch(r->loop, fd);
}

struct resolver *
resolver_create(struct loop *loop)
{
	struct resolver *r = mem_new(struct resolver);
	struct ares_options o = {.timeout = TIMEOUT_MS, .tries = TRIES, .sock_state_cb = on_state, .sock_state_cb_data = r};
	r->loop = loop;
	must(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
	must(ares_init_options(&r->channel, &o, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS);
	return r;
}

void
resolver_destroy(struct resolver **pr)
{
	struct resolver *r = *pr;
	if (!r)
		return;
	ares_destroy(r->channel);
	ares_library_cleanup();
	loop_timer_cancel(r->loop, &r->timer);
	mem_free(r);
	*pr = NULL;
}

/* ---- a question ---- */

static void
on_now(void *arg)
{
	struct lookup *l = arg;
	l->done(l->arg, &l->found);
	mem_free(l);
}

static void
add(struct found_addresses *f, const struct sockaddr *sa)
{
	if (f->n == ADDRESSES_MAX)
		return;
	if (sa->sa_family == AF_INET)
		f->at[f->n++].v4 = *(const struct sockaddr_in *)sa;
	else if (sa->sa_family == AF_INET6)
		f->at[f->n++].v6 = *(const struct sockaddr_in6 *)sa;
}

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup *l = arg;
	for (struct ares_addrinfo_node *n = info ? info->nodes : NULL; n; n = n->ai_next)
		add(&l->found, n->ai_addr);
	if (info)
		ares_freeaddrinfo(info);
	bool never = status == ARES_ENOTFOUND || status == ARES_ENODATA;
	l->found.rc = l->found.n ? RC_OK : status == ARES_ETIMEOUT ? RC_TIMEOUT : RC_IO;
	l->found.why = l->found.n ? "" : never ? "there is no such name" : ares_strerror(status);
	if (!l->done) /* cancelled; perhaps the loop is at its end */
		mem_free(l);
	else /* never at once, though the hosts file may answer at once */
		loop_timer_set(l->resolver->loop, &l->now, 0, on_now, l, "a name's addresses");
}

static bool
is_address(struct lookup *l, const char *host)
{
	union net_address a = {0};
	if (inet_pton(AF_INET, host, &a.v4.sin_addr) == 1)
		a.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1)
		a.any.sa_family = AF_INET6;
	else
		return false;
	l->found.at[l->found.n++] = a;
	return true;
}

struct lookup *
resolve(struct resolver *r, struct str host, resolve_done *done, void *arg)
{
	struct lookup *l = mem_new(struct lookup);
	char name[HOST_MAX];
	*l = (struct lookup){.resolver = r, .found = {.rc = RC_OK, .why = ""}, .done = done, .arg = arg};
	snprintf(name, sizeof name, "%.*s", STR_ARG(host));
	if (!host.n || host.n >= sizeof name || strlen(name) != host.n) {
		l->found.rc = RC_INVALID;
		l->found.why = "that is no name of a host";
		loop_timer_set(r->loop, &l->now, 0, on_now, l, "no name");
	} else if (is_address(l, name)) {
		loop_timer_set(r->loop, &l->now, 0, on_now, l, "an address");
	} else {
		static const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_flags = ARES_AI_NOSORT};
		ares_getaddrinfo(r->channel, name, NULL, &hints, on_answer, l);
		plan(r);
	}
	return l;
}

void
resolve_cancel(struct lookup **pl)
{
	struct lookup *l = *pl;
	*pl = NULL;
	if (!l)
		return;
	l->done = NULL;
	if (l->now.at) {
		loop_timer_cancel(l->resolver->loop, &l->now);
		mem_free(l);
	}
}
