/*
 * http_exchange.c — see http_exchange.h.
 *
 * TRAP   A connection is suspended under `lock`: an answer from another thread that comes in between finds
 *        RUNNING, and the sleep never begins.
 * TRAP   MHD 0.9.75 ends a header value at a NUL and says nothing.  It cuts the head in place, though, so the
 *        bytes between the pieces it gives out are looked at: only what it wrote NULs over may stand there.
 * TRAP   What the client must be told when its stream breaks off is nothing: MHD closes the connection, and
 *        an event source reconnects by itself.
 */
#include "net/http_exchange.h"

#include "base/budget.h"
#include "base/must.h"

enum { STREAM_BLOCK = 16 << 10 };

static bool stream_send(struct http_stream *, struct str bytes);
static void stream_close(struct http_stream *);

struct exchange *
exchange_create(struct MHD_Connection *mhd, const char *target)
{
	struct exchange *x = mem_new(struct exchange);
	pthread_mutexattr_t recursive;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&x->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	x->refs = 1;
	x->mhd = mhd;
	x->target = mem_dup(target, strlen(target));
	x->target_end = target + strlen(target);
	x->stream = (struct http_stream){stream_send, stream_close};
	return x;
}

void
exchange_ref(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	x->refs++;
	pthread_mutex_unlock(&x->lock);
}

void
exchange_drop_body(struct exchange *x)
{
	buf_fini(&x->body);
	budget_give(BUDGET_bodies, x->body_paid);
	x->body_paid = 0;
}

void
exchange_unref(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	unsigned left = --x->refs;
	pthread_mutex_unlock(&x->lock);
	if (left)
		return;
	if (x->parts.fini)
		x->parts.fini(x->parts.arg);
	http_req_fini(&x->req);
	exchange_drop_body(x);
	buf_fini(&x->out.queue);
	mem_free(x->target);
	pthread_mutex_destroy(&x->lock);
	mem_free(x);
}

/* Reading the head: where in the library's buffer it stands, and whether every byte of it was seen. */
struct head {
	struct http_req *req;
	const char *at, *end;
	unsigned cuts; /* how many bytes the library may have written NULs over since `at` */
	bool hidden;
};

enum { ONE = 1, LINE_END = 2 };

/* Goes on to `to` over nothing but what may stand there. */
static void
head_skip(struct head *h, const char *to)
{
	h->hidden |= to < h->at || to > h->end;
	for (; !h->hidden && h->at < to; h->at++)
		h->hidden = *h->at ? !strchr(":\r\n \t", *h->at) : h->cuts-- == 0;
	h->at = to;
}

static enum MHD_Result
head_add(
    void *arg, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value, size_t value_n)
{
	struct head *h = arg;
	http_req_add_header(h->req, str_n(name, name_n), str_n(value, value_n));
	head_skip(h, name);
	h->at += name_n;
	h->cuts = ONE;
	if (value_n) {
		head_skip(h, value);
		h->at += value_n;
		h->cuts = 0;
	}
	h->cuts += LINE_END;
	return MHD_YES;
}

enum rc
exchange_begin(struct exchange *x, const char *method, const char *version, struct err *err)
{
	size_t size = MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
	struct head h = {&x->req, x->target_end, method + size, ONE, false};
	x->began = true;
	enum rc rc = http_req_init(&x->req, &exchange_carrier, str_c(method), str_c(x->target), err);
	head_skip(&h, version);
	h.at += strlen(version);
	h.cuts = LINE_END;
	MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, head_add, &h);
	h.cuts += LINE_END;
	head_skip(&h, h.end);
	if (rc == RC_OK && h.hidden)
		return err_set(err, RC_INVALID, "the head has NULs or folded lines");
	return rc;
}

/* Wakes the library's connection if it sleeps.  Under the lock. */
static void
set_state(struct exchange *x, enum exchange_state next)
{
	bool asleep = x->state == EX_SUSPENDED;
	x->state = next;
	if (asleep)
		MHD_resume_connection(x->mhd);
}

static void
unpark(struct exchange *x)
{
	if (x->out.parked)
		MHD_resume_connection(x->mhd);
	x->out.parked = false;
}

bool
exchange_run(struct exchange *x, http_handler *handle, void *arg)
{
	x->req.body = buf_view(&x->body);
	x->state = EX_RUNNING;
	exchange_ref(x); /* the handler's, given back with its answer */
	handle(arg, &x->req);
	pthread_mutex_lock(&x->lock);
	bool answered = x->state == EX_ANSWERED;
	pthread_mutex_unlock(&x->lock);
	return answered;
}

bool
exchange_sleep(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	bool sleeps = x->state == EX_RUNNING && !atomic_load(&x->req.cancelled);
	if (sleeps) {
		x->state = EX_SUSPENDED;
		MHD_suspend_connection(x->mhd);
	}
	pthread_mutex_unlock(&x->lock);
	return sleeps;
}

/* The carrier's side. */

static void
carry_answer(struct http_req *r)
{
	struct exchange *x = (struct exchange *)r;
	pthread_mutex_lock(&x->lock);
	x->cancel = NULL;
	if (x->state == EX_RUNNING || x->state == EX_SUSPENDED)
		set_state(x, EX_ANSWERED);
	pthread_mutex_unlock(&x->lock);
	exchange_unref(x);
}

static void
carry_parts(struct http_req *r, const struct http_parts *parts)
{
	((struct exchange *)r)->parts = *parts;
	carry_answer(r);
}

static bool
carry_on_cancel(struct http_req *r, void (*fn)(void *arg), void *arg)
{
	struct exchange *x = (struct exchange *)r;
	pthread_mutex_lock(&x->lock);
	bool here = !atomic_load(&r->cancelled);
	if (here) {
		x->cancel = fn;
		x->cancel_arg = arg;
	}
	pthread_mutex_unlock(&x->lock);
	return here;
}

/* The stream broke off: tells its owner, once.  Under the lock. */
static void
lose_stream(struct exchange *x)
{
	if (!x->out.open || x->out.lost || x->out.ended)
		return;
	x->out.lost = true;
	unpark(x);
	x->out.on_close(x->out.arg);
}

static struct http_stream *
carry_stream(struct http_req *r, void (*on_close)(void *arg), void *arg)
{
	struct exchange *x = (struct exchange *)r;
	pthread_mutex_lock(&x->lock);
	x->cancel = NULL;
	x->out.open = true;
	x->out.on_close = on_close;
	x->out.arg = arg;
	if (x->state == EX_RUNNING || x->state == EX_SUSPENDED)
		set_state(x, EX_ANSWERED);
	else
		lose_stream(x);
	pthread_mutex_unlock(&x->lock);
	return &x->stream;
}

const struct http_carrier exchange_carrier = {carry_answer, carry_stream, carry_parts, carry_on_cancel};

static struct exchange *
exchange_of(struct http_stream *s)
{
	return (struct exchange *)((char *)s - offsetof(struct exchange, stream));
}

static bool
stream_send(struct http_stream *s, struct str bytes)
{
	struct exchange *x = exchange_of(s);
	pthread_mutex_lock(&x->lock);
	if (x->out.queue.n - x->out.sent + bytes.n > HTTP_STREAM_QUEUE)
		lose_stream(x);
	bool good = !x->out.lost;
	if (good) {
		buf_drop(&x->out.queue, x->out.sent);
		x->out.sent = 0;
		buf_str(&x->out.queue, bytes);
		unpark(x);
	}
	pthread_mutex_unlock(&x->lock);
	return good;
}

static void
stream_close(struct http_stream *s)
{
	struct exchange *x = exchange_of(s);
	pthread_mutex_lock(&x->lock);
	x->out.ended = true;
	unpark(x);
	pthread_mutex_unlock(&x->lock);
	exchange_unref(x);
}

/* The library's side. */

static ssize_t
read_stream(void *arg, uint64_t pos, char *to, size_t max)
{
	struct exchange *x = arg;
	pthread_mutex_lock(&x->lock);
	ssize_t n = (ssize_t)(x->out.queue.n - x->out.sent);
	if (x->out.lost) {
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (n > 0) {
		n = (size_t)n < max ? n : (ssize_t)max;
		memcpy(to, x->out.queue.p + x->out.sent, (size_t)n);
		x->out.sent += (size_t)n;
	} else if (x->out.ended) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		x->out.parked = true;
		MHD_suspend_connection(x->mhd);
	}
	pthread_mutex_unlock(&x->lock);
	return n;
}

/* What is left of the last part, or the next one. */
static ssize_t
read_parts(void *arg, uint64_t pos, char *to, size_t max)
{
	struct exchange *x = arg;
	struct buf *part = &x->out.queue;
	while (x->out.sent == part->n && !x->out.ended) {
		buf_clear(part);
		x->out.sent = 0;
		x->out.ended = !x->parts.next(x->parts.arg, part);
	}
	size_t n = part->n - x->out.sent;
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	n = n < max ? n : max;
	memcpy(to, part->p + x->out.sent, n);
	x->out.sent += n;
	return (ssize_t)n;
}

static struct MHD_Response *
make_response(struct exchange *x)
{
	struct http_reply *reply = &x->req.reply;
	struct MHD_Response *response;
	if (x->out.open || x->parts.next) {
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, x->out.open ? read_stream : read_parts, x, NULL);
	} else {
		struct buf body = reply->body;
		reply->body = (struct buf){0};
		response = MHD_create_response_from_buffer_with_free_callback(body.n, body.p, mem_free);
	}
	must(response);
	if (reply->type.n)
		MHD_add_response_header(response, "Content-Type", reply->type.p);
	for (size_t i = 0; i < reply->headers.n; i++)
		MHD_add_response_header(response, reply->headers.p[i].name.p, reply->headers.p[i].value.p);
	return response;
}

bool
exchange_is_answered(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	bool answered = x->state == EX_ANSWERED || x->state == EX_READING; /* READING: refused by the server */
	pthread_mutex_unlock(&x->lock);
	return answered;
}

enum MHD_Result
exchange_send(struct exchange *x)
{
	struct MHD_Response *response = make_response(x);
	enum MHD_Result queued = MHD_queue_response(x->mhd, (unsigned)x->req.reply.status, response);
	MHD_destroy_response(response);
	return queued;
}

void
exchange_cancel(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	atomic_store(&x->req.cancelled, true);
	if (x->cancel)
		x->cancel(x->cancel_arg);
	x->cancel = NULL;
	lose_stream(x);
	if (x->state == EX_SUSPENDED)
		set_state(x, EX_GONE);
	pthread_mutex_unlock(&x->lock);
}

void
exchange_over(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	x->state = EX_OVER;
	lose_stream(x);
	pthread_mutex_unlock(&x->lock);
	exchange_unref(x);
}
