/* ping.c — a check built in: does the host answer at all? */
#include "base/mem.h"
#include "check/probe.h"
#include "check/finding.h"

struct probe {
	struct loop *loop;
	struct pinger *pinger;
	const struct address_policy *policy;
	struct definition *def;
	struct lookup *lookup;
	struct echo *echo;
	struct loop_timer timer;
	int64_t sent;
	probe_done *done;
	void *arg;
};

static void
probe_free(struct probe *p)
{
	loop_timer_cancel(p->loop, &p->timer);
	resolve_cancel(&p->lookup);
	echo_cancel(&p->echo);
	definition_unref(&p->def);
	mem_free(p);
}

static void
conclude(struct probe *p, enum rc rc, const char *why, int64_t micros)
{
	const struct ping_check *c = &p->def->spec.ping;
	struct finding v = {0};
	struct buf text = {0};
	if (rc != RC_OK)
		finding_add(&v, finding_of_failure(&p->def->spec, rc), "%s", why);
	else
		finding_time(&v, c->warning, c->critical, micros / 1000);
	if (rc == RC_OK && v.state == CHECK_OK)
		finding_add(&v, CHECK_OK, "it answers in %.3f ms%s", (double)micros / 1000, p->sent > 1 ? ", not at the first time" : "");
	struct probe_result r = {.ran = true, .state = v.state, .seconds = (double)micros / 1e6};
	finding_print(&v, "PING", &text);
	if (rc == RC_OK) {
		finding_time_perf(&text, micros, c->warning, c->critical);
		buf_fmt(&text, " unanswered=%lld;;;0", (long long)p->sent - 1);
	}
	r.text = buf_view(&text);
	probe_done *done = p->done;
	void *arg = p->arg;
	probe_free(p);
	done(arg, &r);
	buf_fini(&text);
}

static void
on_echo(void *arg, int64_t micros)
{
	struct probe *p = arg;
	p->echo = NULL;
	conclude(p, RC_OK, "", micros);
}

static msec_t
spacing(const struct probe *p)
{
	return p->def->spec.timeout / p->def->spec.ping.packets;
}

static void
on_silence(void *arg)
{
	struct probe *p = arg;
	struct err e;
	if (p->sent >= p->def->spec.ping.packets) {
		conclude(p, RC_TIMEOUT, "no answer", 0);
	} else if (echo_again(p->echo, &e) != RC_OK) {
		conclude(p, e.rc, e.text, 0);
	} else {
		p->sent++;
		loop_timer_set(p->loop, &p->timer, spacing(p), on_silence, p, "ping");
	}
}

static void
on_found(void *arg, const struct found_addresses *f)
{
	struct probe *p = arg;
	struct err e;
	p->lookup = NULL;
	if (f->rc != RC_OK) {
		conclude(p, f->rc, f->why, 0);
		return;
	}
	if (address_judge(p->policy, &f->at[0].any, &e) == RC_OK)
		p->echo = echo_send(p->pinger, &f->at[0], on_echo, p, &e);
	if (!p->echo) {
		conclude(p, e.rc, e.text, 0);
		return;
	}
	p->sent = 1;
	loop_timer_set(p->loop, &p->timer, spacing(p), on_silence, p, "ping");
}

static void
on_no_name(void *arg)
{
	conclude(arg, RC_TIMEOUT, "its name is not resolved in time", 0);
}

static struct probe *
ping_start(const struct probe_doors *doors, struct definition *d, probe_done *done, void *arg)
{
	if (!doors->dialer || !doors->pinger)
		return NULL;
	struct probe *p = mem_new(struct probe);
	*p = (struct probe){.loop = doors->dialer->loop, .pinger = doors->pinger, .policy = doors->dialer->policy, .def = definition_ref(d), .done = done, .arg = arg};
	loop_timer_set(p->loop, &p->timer, d->spec.timeout, on_no_name, p, "ping");
	p->lookup = resolve(doors->dialer->resolver, d->address, on_found, p);
	return p;
}

static void
ping_cancel(struct probe **pp)
{
	struct probe *p = *pp;
	*pp = NULL;
	probe_free(p);
}

const struct check_kind ping_kind = {"ping", ping_start, ping_cancel};
