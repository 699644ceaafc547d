/*
 * http_server.c — see http_server.h.
 *
 * IDEA   The library calls on_request() once with the head, once for each piece of the body, once at its end
 * and once after each resume.  Everything that can refuse does so on the head, before a body is read. TRAP A
 * response can be queued on the head or after the whole body, not in between: a chunked body over its limit
 * is read on, unseen, up to OVERRUN bytes, to be answered 413; then the connection is cut. TRAP   The library
 * is told of a time-out by a socket that is shut down (http_watch.h): it must not be called from that thread.
 */
#include "net/http_exchange.h"

#include <unistd.h>

#include "base/budget.h"
#include "base/log.h"
#include "base/must.h"
#include "base/os.h"
#include "net/listen.h"

enum {
	DEFAULT_CONNECTIONS = 10000,
	DEFAULT_HEAD_TIME = 10 * 1000,
	DEFAULT_REQUEST_TIME = 30 * 1000,
	DEFAULT_IDLE_TIME = 75 * 1000,
	MEMORY_PER_CONNECTION = 32 << 10, /* bounds the head: more is 431 or 414 */
	MOST_THREADS = 8,
	OVERRUN = 64 << 10,
	ANSWER_TIME = 60 * 1000,
	ANSWER_RATE = 16, /* bytes for each ms, the slowest reader that is waited for */
};

struct http_server {
	struct http_server_conf conf;
	struct MHD_Daemon *mhd;
	struct http_watch *watch;
	pthread_mutex_t lock; /* guards `now` of all connections, and stats */
	pthread_cond_t settled;
	struct http_server_stats stats;
};

struct connection {
	struct http_watched watched; /* first */
	struct http_server *server;
	struct exchange *now; /* the request under way, or NULL */
	struct buf peer, local;
};

static struct connection *
connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* On the watch's thread: the client of this connection has hung up. */
static void
client_gone(struct http_watched *watched)
{
	struct connection *c = (struct connection *)watched;
	pthread_mutex_lock(&c->server->lock);
	struct exchange *x = c->now;
	if (x)
		exchange_ref(x);
	pthread_mutex_unlock(&c->server->lock);
	if (!x)
		return;
	exchange_cancel(x);
	exchange_unref(x);
}

static void
connection_open(struct http_server *s, struct MHD_Connection *mhd, void **context)
{
	struct connection *c = *context = mem_new(struct connection);
	int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	struct sockaddr_storage local = {0};
	socklen_t n = sizeof local;
	c->server = s;
	(void)getsockname(fd, (struct sockaddr *)&local, &n);
	address_print((struct sockaddr *)&local, &c->local);
	address_print(
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr, &c->peer);
	http_watch_add(s->watch, &c->watched, fd, client_gone);
	http_watch_deadline(s->watch, &c->watched, s->conf.head_time);
}

static void
connection_close(struct connection *c)
{
	http_watch_remove(c->server->watch, &c->watched);
	buf_fini(&c->peer);
	buf_fini(&c->local);
	mem_free(c);
}

static void
on_connection(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		connection_open(arg, mhd, context);
	else
		connection_close(*context);
}

static void *
on_request_line(void *arg, const char *target, struct MHD_Connection *mhd)
{
	struct http_server *s = arg;
	struct connection *c = connection_of(mhd);
	struct exchange *x = exchange_create(mhd, target);
	http_watch_deadline(s->watch, &c->watched, s->conf.head_time);
	pthread_mutex_lock(&s->lock);
	must(!c->now);
	c->now = x;
	s->stats.requests++;
	s->stats.active++;
	pthread_mutex_unlock(&s->lock);
	return x;
}

static void
on_completed(void *arg, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode why)
{
	struct http_server *s = arg;
	struct connection *c = connection_of(mhd);
	struct exchange *x = *request;
	if (!x)
		return;
	*request = NULL;
	os_kill_point(); /* all of it is out */
	http_watch_hangup(s->watch, &c->watched, false);
	http_watch_deadline(s->watch, &c->watched, s->conf.idle_time);
	pthread_mutex_lock(&s->lock);
	c->now = NULL;
	pthread_mutex_unlock(&s->lock);
	if (why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
		exchange_cancel(x);
	exchange_over(x);
	pthread_mutex_lock(&s->lock);
	s->stats.active--;
	pthread_cond_broadcast(&s->settled);
	pthread_mutex_unlock(&s->lock);
}

static enum MHD_Result
send_answer(struct http_server *s, struct connection *c, struct exchange *x)
{
	if (!exchange_is_answered(x))
		return MHD_NO; /* the client has gone */
	os_kill_point();       /* decided, and not a byte of it is out */
	if (x->out.open) {
		http_watch_deadline(s->watch, &c->watched, MSEC_NEVER);
		http_watch_hangup(s->watch, &c->watched, true);
	} else {
		size_t size = x->parts.next ? x->parts.about : x->req.reply.body.n;
		http_watch_hangup(s->watch, &c->watched, false);
		http_watch_deadline(s->watch, &c->watched, ANSWER_TIME + (msec_t)(size / ANSWER_RATE));
	}
	return exchange_send(x);
}

/* Answers without asking a handler. */
static enum MHD_Result
refuse(struct http_server *s, struct exchange *x, int status, const char *why)
{
	pthread_mutex_lock(&s->lock);
	s->stats.refused++;
	pthread_mutex_unlock(&s->lock);
	http_answer_header(&x->req, "Connection", STR("close"));
	x->req.reply.status = status;
	x->req.reply.type = STR("text/plain; charset=utf-8");
	buf_fmt(&x->req.reply.body, "%s\n", why);
	return send_answer(s, connection_of(x->mhd), x);
}

/* 503, which every sender tries again. */
static enum MHD_Result
refuse_busy(struct http_server *s, struct exchange *x)
{
	http_answer_header(&x->req, "Retry-After", STR("1"));
	return refuse(s, x, 503, "too many bodies are under way: try again");
}

static enum MHD_Result
take_head(struct http_server *s, struct exchange *x, const char *method, const char *version)
{
	struct connection *c = connection_of(x->mhd);
	struct err err = {0};
	enum rc rc = exchange_begin(x, method, version, &err);
	x->req.peer = arena_str(x->req.arena, buf_view(&c->peer));
	x->req.local = arena_str(x->req.arena, buf_view(&c->local));
	x->req.tls = s->conf.cert_pem != NULL;
	http_watch_deadline(s->watch, &c->watched, s->conf.request_time);
	if (s->conf.decorate)
		s->conf.decorate(s->conf.arg, &x->req);
	if (rc != RC_OK)
		return refuse(s, x, 400, err.text);
	int status = http_guard_judge(&s->conf.guard, &x->req, &err);
	if (status)
		return refuse(s, x, status, err.text);
	x->body_limit = s->conf.limit(s->conf.arg, &x->req);
	uint64_t length = 0;
	struct str announced = http_header(&x->req, "Content-Length");
	if (announced.n && !str_u64(announced, &length))
		return refuse(s, x, 400, "Content-Length is no number");
	if (length > x->body_limit)
		return refuse(s, x, 413, "the body is larger than what is taken here");
	return budget_has(BUDGET_bodies, length) ? MHD_YES : refuse_busy(s, x);
}

static enum MHD_Result
take_body(struct exchange *x, const char *bytes, size_t n)
{
	x->body_seen += n;
	if (x->body_seen > x->body_limit || x->body_refused || budget_take(BUDGET_bodies, n, NULL) != RC_OK) {
		x->body_refused |= x->body_seen <= x->body_limit;
		exchange_drop_body(x); /* it is read on, unseen */
	} else {
		x->body_paid += n;
		buf_add(&x->body, bytes, n);
	}
	return x->body_seen <= x->body_limit + OVERRUN ? MHD_YES : MHD_NO;
}

static enum MHD_Result
take_end(struct http_server *s, struct exchange *x)
{
	struct connection *c = connection_of(x->mhd);
	if (x->body_seen > x->body_limit)
		return refuse(s, x, 413, "the body is larger than what is taken here");
	if (x->body_refused)
		return refuse_busy(s, x);
	http_watch_deadline(s->watch, &c->watched, MSEC_NEVER);
	if (exchange_run(x, s->conf.handle, s->conf.arg))
		return send_answer(s, c, x);
	http_watch_hangup(s->watch, &c->watched, true);
	return exchange_sleep(x) ? MHD_YES : send_answer(s, c, x);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **request)
{
	struct http_server *s = arg;
	struct exchange *x = *request;
	if (!x->began)
		return take_head(s, x, method, version);
	if (*upload_size > 0) {
		size_t n = *upload_size;
		*upload_size = 0;
		return take_body(x, upload, n);
	}
	return x->state == EX_READING ? take_end(s, x) : send_answer(s, connection_of(mhd), x);
}

static void
on_library_log(void *arg, const char *fmt, va_list ap)
{
	char text[512];
	vsnprintf(text, sizeof text, fmt, ap);
	log_debug("net", "http: %s", text);
}

static size_t
keep_escapes(void *arg, struct MHD_Connection *mhd, char *text)
{
	return strlen(text); /* the target is decoded from its own text */
}

static unsigned
threads_of(const struct http_server_conf *conf)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (conf->threads)
		return conf->threads;
	return cpus < 1 ? 1 : cpus > MOST_THREADS ? MOST_THREADS : (unsigned)cpus;
}

static struct MHD_Daemon *
start_library(struct http_server *s)
{
	const struct http_server_conf *conf = &s->conf;
	struct MHD_OptionItem options[12];
	size_t n = 0;
	unsigned threads = threads_of(conf),
		 flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, conf->connections, NULL};
	options[n++] =
	    (struct MHD_OptionItem){MHD_OPTION_CONNECTION_TIMEOUT, conf->idle_time / SECOND + 1, NULL};
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL};
	options[n++] =
	    (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_CONNECTION, NULL};
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT, conf->per_address, NULL};
	if (threads > 1)
		options[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, threads, NULL};
	if (conf->cert_pem) {
		flags |= MHD_USE_TLS;
		options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (char *)conf->cert_pem};
		options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (char *)conf->key_pem};
	}
	options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER,
	    on_library_log, NULL, /* first: it is there for the others' complaints */
	    MHD_OPTION_LISTEN_SOCKET, conf->fd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, s,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void
server_free(struct http_server **ps)
{
	struct http_server *s = *ps;
	http_watch_destroy(&s->watch);
	pthread_cond_destroy(&s->settled);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
	*ps = NULL;
}

static void
fill_defaults(struct http_server_conf *conf)
{
	if (!conf->connections)
		conf->connections = DEFAULT_CONNECTIONS;
	if (!conf->head_time)
		conf->head_time = DEFAULT_HEAD_TIME;
	if (!conf->request_time)
		conf->request_time = DEFAULT_REQUEST_TIME;
	if (!conf->idle_time)
		conf->idle_time = DEFAULT_IDLE_TIME;
}

enum rc
http_server_start(struct http_server **out, const struct http_server_conf *conf, struct err *err)
{
	struct http_server *s = mem_new(struct http_server);
	s->conf = *conf;
	fill_defaults(&s->conf);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->settled, NULL);
	s->watch = http_watch_create();
	s->mhd = start_library(s);
	if (!s->mhd) {
		server_free(&s);
		return err_set(err, RC_IO,
		    conf->cert_pem ? "cannot start the HTTPS server: are certificate and key a pair, in PEM?"
				   : "cannot start the HTTP server");
	}
	*out = s;
	return RC_OK;
}

/* Waits until no request is under way, at most until `limit` (absolute, CLOCK_REALTIME) when there is one. */
static void
await_settled(struct http_server *s, const struct timespec *limit)
{
	pthread_mutex_lock(&s->lock);
	int rc = 0;
	while (s->stats.active && rc == 0)
		rc = limit ? pthread_cond_timedwait(&s->settled, &s->lock, limit)
			   : pthread_cond_wait(&s->settled, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void
http_server_stop(struct http_server **ps, msec_t grace)
{
	struct http_server *s = *ps;
	if (!s)
		return;
	MHD_socket listening = MHD_quiesce_daemon(s->mhd);
	msec_t until = clock_wall(clock_real()) + grace;
	struct timespec limit = {until / SECOND, until % SECOND * 1000000};
	await_settled(s, &limit);
	http_watch_cut_all(s->watch);
	await_settled(s, NULL);
	MHD_stop_daemon(s->mhd);
	if (listening != MHD_INVALID_SOCKET)
		close(listening);
	server_free(ps);
}

struct http_server_stats
http_server_stats(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	struct http_server_stats stats = s->stats;
	pthread_mutex_unlock(&s->lock);
	return stats;
}
