/*
 * tcp.c — a check built in: a port takes a connection, and perhaps says what it should.
 */
#include <errno.h>

#include "base/mem.h"
#include "base/os.h"
#include "check/probe.h"
#include "check/finding.h"

enum { ANSWER_MAX = 16 << 10, PIECE = 2048 };

struct probe {
	struct loop *loop;
	struct definition *def;
	struct dial *dial;
	int fd; /* -1: not connected */
	nsec_t since;
	struct buf said;
	struct loop_timer patience;
	probe_done *done;
	void *arg;
};

static void
probe_free(struct probe *p)
{
	loop_timer_cancel(p->loop, &p->patience);
	dial_cancel(&p->dial);
	if (p->fd >= 0) {
		loop_unwatch(p->loop, p->fd);
		os.close(p->fd);
	}
	buf_fini(&p->said);
	definition_unref(&p->def);
	mem_free(p);
}

static void
conclude(struct probe *p, enum rc rc, const char *why)
{
	const struct tcp_check *c = &p->def->spec.tcp;
	int64_t micros = (clock_mono(clock_real()) - p->since) / 1000;
	struct finding v = {0};
	struct buf text = {0};
	if (rc != RC_OK)
		finding_add(&v, finding_of_failure(&p->def->spec, rc), "port %lld: %s", (long long)c->port, why);
	else
		finding_time(&v, c->warning, c->critical, micros / 1000);
	if (rc == RC_OK && v.state == CHECK_OK)
		finding_add(&v, CHECK_OK, "port %lld %s in %.3f s", (long long)c->port, c->expect.n ? "says what it should" : "is open", (double)micros / 1e6);
	struct probe_result r = {.ran = true, .state = v.state, .seconds = (double)micros / 1e6};
	finding_print(&v, "TCP", &text);
	if (rc == RC_OK)
		finding_time_perf(&text, micros, c->warning, c->critical);
	r.text = buf_view(&text);
	probe_done *done = p->done;
	void *arg = p->arg;
	probe_free(p);
	done(arg, &r);
	buf_fini(&text);
}

static void
on_patience(void *arg)
{
	struct probe *p = arg;
	conclude(p, RC_TIMEOUT, p->fd < 0 ? "no connection in time" : "it did not say in time what it should");
}

static void
on_answer(void *arg, int fd, unsigned events)
{
	struct probe *p = arg;
	const struct tcp_check *c = &p->def->spec.tcp;
	ssize_t n = os.read(fd, buf_room(&p->said, PIECE), PIECE);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_grew(&p->said, (size_t)n);
	if (str_has(buf_view(&p->said), c->expect))
		conclude(p, RC_OK, "");
	else if (n <= 0 || p->said.n >= ANSWER_MAX)
		conclude(p, RC_IO, n < 0 ? "it broke the connection off" : "it says something else than it should");
}

/* "\r\n" as people write it. */
static void
unescape(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		bool escaped = s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == 'n' || s.p[i + 1] == 'r' || s.p[i + 1] == '\\');
		if (escaped)
			i++;
		buf_ch(out, !escaped ? s.p[i] : s.p[i] == 'n' ? '\n' : s.p[i] == 'r' ? '\r' : '\\');
	}
}

static void
on_connected(void *arg, const struct dial_result *r)
{
	struct probe *p = arg;
	const struct tcp_check *c = &p->def->spec.tcp;
	struct buf out = {0};
	struct err e;
	p->dial = NULL;
	if (r->rc != RC_OK) {
		conclude(p, r->rc, r->why);
		return;
	}
	p->fd = r->fd;
	unescape(c->send, &out);
	enum rc rc = out.n ? os_write_all(p->fd, buf_view(&out), &e) : RC_OK; /* a fresh connection takes 4 KB at once */
	buf_fini(&out);
	if (rc != RC_OK)
		conclude(p, RC_IO, e.text);
	else if (c->expect.n)
		loop_watch(p->loop, p->fd, LOOP_READ, on_answer, p, "tcp check");
	else
		conclude(p, RC_OK, "");
}

static struct probe *
tcp_start(const struct probe_doors *doors, struct definition *d, probe_done *done, void *arg)
{
	if (!doors->dialer)
		return NULL;
	struct probe *p = mem_new(struct probe);
	*p = (struct probe){.loop = doors->dialer->loop, .def = definition_ref(d), .fd = -1, .since = clock_mono(clock_real()), .done = done, .arg = arg};
	loop_timer_set(p->loop, &p->patience, d->spec.timeout, on_patience, p, "tcp check");
	p->dial = dial(doors->dialer, d->address, (int)d->spec.tcp.port, on_connected, p);
	return p;
}

static void
tcp_cancel(struct probe **pp)
{
	struct probe *p = *pp;
	*pp = NULL;
	probe_free(p);
}

const struct check_kind tcp_kind = {"tcp", tcp_start, tcp_cancel};
