/*
 * process.c — see process.h.
 *
 * [I1]   A digit or an end is in `pending` before it is sent for the first time, and leaves it by its ack
 * alone. TRAP   A call that has ended is not placed again while its end is unacknowledged: the engine has not
 * heard of it yet, and would ring twice.
 */
#include "voice/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "flow/frame.h"
#include "voice/re.h"
#include "voice/voice.h"

enum {
	RESEND_MS = 2000,
	FAREWELL_MS = 500, /* for the BYEs and CANCELs */
	BODY_MAX = 64 << 10,
	QUEUE_MAX = 4 << 20, /* a peer that reads nothing is dropped */
	FDS = 8192,
};

struct peer {
	struct process *process;
	int fd;
	bool dead; /* to be closed when nobody works on it */
	struct buf in, out;
};

struct pending {
	struct buf key, frame;
	int64_t n;
	bool digit;
};

struct process {
	struct voice *voice;
	int listen_fd;
	VEC(struct peer *) peers;
	VEC(struct pending) pending;
	struct tmr resend, farewell;
};

static struct process *running; /* for the signal handler, which libre gives no argument */

static void on_peer(int flags, void *arg);

static void
peer_close(struct peer *peer)
{
	struct process *p = peer->process;
	for (size_t i = 0; i < p->peers.n; i++)
		if (p->peers.p[i] == peer) {
			vec_remove(&p->peers, i);
			break;
		}
	fd_close(peer->fd);
	close(peer->fd);
	buf_fini(&peer->in);
	buf_fini(&peer->out);
	mem_free(peer);
}

/* Sends what waits; a peer that is gone or reads nothing is marked dead. */
static void
peer_flush(struct peer *peer)
{
	while (peer->out.n && !peer->dead) {
		ssize_t n = os.send(peer->fd, peer->out.p, peer->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			peer->dead = true;
		else
			buf_drop(&peer->out, (size_t)n);
	}
	peer->dead |= peer->out.n > QUEUE_MAX;
	(void)fd_listen(peer->fd, FD_READ | (peer->out.n ? FD_WRITE : 0), on_peer, peer);
}

static void
send_to_all(struct process *p, struct str frame)
{
	for (size_t i = 0; i < p->peers.n; i++) {
		buf_str(&p->peers.p[i]->out, frame);
		peer_flush(p->peers.p[i]);
	}
}

static void
send_pending(struct process *p)
{
	for (size_t i = 0; i < p->pending.n; i++)
		send_to_all(p, buf_view(&p->pending.p[i].frame));
}

static void
on_resend(void *arg)
{
	struct process *p = arg;
	for (size_t i = p->peers.n; i-- > 0;)
		if (p->peers.p[i]->dead)
			peer_close(p->peers.p[i]);
	if (p->peers.n)
		send_pending(p);
	tmr_start(&p->resend, RESEND_MS, on_resend, p);
}

static void
on_event(void *arg, const struct call_event *e)
{
	struct process *p = arg;
	struct buf body = {0}, frame = {0};
	record_encode(&call_event_layout, e, &body);
	frame_put(&frame, CALL_EVENT, (uint64_t)e->n, buf_view(&body));
	if (e->what == CALL_DIGIT || e->what == CALL_ENDED) {
		struct pending *one = vec_add(&p->pending);
		one->n = e->n;
		one->digit = e->what == CALL_DIGIT;
		buf_str(&one->key, e->key);
		buf_str(&one->frame, buf_view(&frame));
	}
	log_info("voice", "call %.*s: %s %.*s%s %.*s", STR_ARG(str_to(e->key, 60)), call_what_words[e->what],
	    STR_ARG(e->digit), e->reason ? call_reason_words[e->reason] : "", STR_ARG(str_to(e->detail, 80)));
	send_to_all(p, buf_view(&frame));
	buf_fini(&body);
	buf_fini(&frame);
}

static bool
is_ended(const struct process *p, struct str key)
{
	for (size_t i = 0; i < p->pending.n; i++)
		if (!p->pending.p[i].digit && str_eq(buf_view(&p->pending.p[i].key), key))
			return true;
	return false;
}

static void
take_ack(struct process *p, const struct call_ack *ack)
{
	for (size_t i = 0; i < p->pending.n; i++) {
		struct pending *one = &p->pending.p[i];
		if (one->n != ack->n || !str_eq(buf_view(&one->key), ack->key))
			continue;
		bool digit = one->digit;
		buf_fini(&one->key);
		buf_fini(&one->frame);
		vec_remove(&p->pending, i);
		if (digit)
			voice_ack(p->voice, ack->key, ack->text);
		return;
	}
}

static void
take_place(struct process *p, const struct call_request *request)
{
	if (is_ended(p, request->key))
		send_pending(p);
	else
		voice_place(p->voice, request);
}

static enum rc
take_frame(struct process *p, const struct frame *f, struct arena *a, struct err *err)
{
	union {
		struct call_request request;
		struct call_say say;
		struct call_ack ack;
	} m;
	static const struct layout *const layouts[] = {
	    [CALL_PLACE] = &call_request_layout,
	    [CALL_SAY] = &call_say_layout,
	    [CALL_ACK] = &call_ack_layout,
	    [CALL_HANG_UP] = &call_ack_layout,
	};
	if (f->kind >= sizeof layouts / sizeof *layouts || !layouts[f->kind])
		return err_set(err, RC_INVALID, "a message of the unknown kind %u", f->kind);
	enum rc rc = record_decode(layouts[f->kind], &m, f->body, a, err);
	if (rc != RC_OK)
		return rc;
	if (f->kind == CALL_PLACE)
		take_place(p, &m.request);
	else if (f->kind == CALL_SAY)
		voice_say(p->voice, &m.say);
	else if (f->kind == CALL_ACK)
		take_ack(p, &m.ack);
	else
		voice_hang_up(p->voice, m.ack.key);
	return RC_OK;
}

/* Takes all whole frames.  A peer that speaks nonsense is dropped. */
static bool
take_frames(struct peer *peer)
{
	struct str rest = buf_view(&peer->in);
	struct arena *a = arena_create();
	struct process *p = peer->process;
	struct err err = {0};
	struct frame f;
	enum rc rc;
	while ((rc = frame_take(&rest, &f, BODY_MAX, &err)) == RC_OK) {
		rc = take_frame(p, &f, a, &err);
		arena_reset(a);
		if (rc != RC_OK)
			break;
	}
	buf_drop(&peer->in, peer->in.n - rest.n);
	arena_destroy(&a);
	if (rc != RC_ABSENT)
		log_error("voice", "dropped a connection: %s", err.text);
	return rc == RC_ABSENT;
}

static void
on_peer(int flags, void *arg)
{
	struct peer *peer = arg;
	bool good = true;
	if (flags & FD_WRITE)
		peer_flush(peer);
	if (flags & FD_READ) {
		ssize_t n = recv(peer->fd, buf_room(&peer->in, 65536), 65536, MSG_DONTWAIT);
		good = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
		if (n > 0) {
			buf_grew(&peer->in, (size_t)n);
			good = take_frames(peer);
		}
	}
	if (!good || peer->dead || (flags & FD_EXCEPT))
		peer_close(peer);
}

static void
on_connection(int flags, void *arg)
{
	struct process *p = arg;
	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct peer *peer = mem_new(struct peer);
	*peer = (struct peer){.process = p, .fd = fd};
	*vec_add(&p->peers) = peer;
	must(fd_listen(fd, FD_READ, on_peer, peer) == 0);
	for (size_t i = 0; i < p->pending.n; i++)
		buf_str(&peer->out, buf_view(&p->pending.p[i].frame));
	peer_flush(peer);
}

static void
on_farewell(void *arg)
{
	re_cancel();
}

static void
on_signal(int sig)
{
	voice_hang_up_all(running->voice);
	tmr_start(&running->farewell, FAREWELL_MS, on_farewell, running);
}

static void
process_fini(struct process *p)
{
	tmr_cancel(&p->resend);
	tmr_cancel(&p->farewell);
	fd_close(p->listen_fd);
	while (p->peers.n)
		peer_close(p->peers.p[0]);
	for (size_t i = 0; i < p->pending.n; i++) {
		buf_fini(&p->pending.p[i].key);
		buf_fini(&p->pending.p[i].frame);
	}
	vec_fini(&p->peers);
	vec_fini(&p->pending);
}

int
voice_main(int listen_fd, const struct conf_voice *conf)
{
	struct process p = {.listen_fd = listen_fd};
	struct err err = {0};
	must(libre_init() == 0);
	(void)fd_setsize(FDS);
	tmr_init(&p.resend);
	tmr_init(&p.farewell);
	running = &p;
	enum rc rc = voice_create(&p.voice, conf, on_event, &p, &err);
	if (rc == RC_OK) {
		must(fd_listen(listen_fd, FD_READ, on_connection, &p) == 0);
		tmr_start(&p.resend, RESEND_MS, on_resend, &p);
		(void)re_main(on_signal);
		voice_destroy(&p.voice);
		process_fini(&p);
	} else {
		log_error("voice", "%s", err.text);
	}
	libre_close();
	return rc == RC_OK ? 0 : 1;
}
