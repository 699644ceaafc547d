/* http.c — a check built in: a page is asked for, and what comes back is judged. */
#include "base/mem.h"
#include "base/time.h"
#include "check/probe.h"

enum { PAGE_MAX = 4 << 20 };

struct probe {
	struct http_door *door;
	struct clock *clock;
	struct http_call *call;
	struct definition *def;
	probe_done *done;
	void *arg;
};

/* ---- judging ---- */

struct judgement {
	enum check_state state;
	struct buf why;
};

static const int severity[] = {[CHECK_OK] = 0, [CHECK_UNKNOWN] = 1, [CHECK_WARNING] = 2, [CHECK_CRITICAL] = 3};

/* The worst state counts; every reason is said. */
static void __attribute__((format(printf, 3, 4)))
find(struct judgement *j, enum check_state state, const char *fmt, ...)
{
	va_list args;
	if (severity[state] > severity[j->state])
		j->state = state;
	if (j->why.n)
		buf_c(&j->why, ", ");
	va_start(args, fmt);
	buf_vfmt(&j->why, fmt, args);
	va_end(args);
}

static void
judge_time(struct judgement *j, const struct http_check *h, msec_t took)
{
	if (h->critical && took > h->critical)
		find(j, CHECK_CRITICAL, "took %.3f s", (double)took / 1000);
	else if (h->warning && took > h->warning)
		find(j, CHECK_WARNING, "took %.3f s", (double)took / 1000);
}

static void
judge_certificate(struct judgement *j, const struct http_check *h, msec_t until, msec_t now)
{
	if (!until)
		return;
	double days = (double)(until - now) / (double)DAY;
	if (h->certificate_critical && until - now < h->certificate_critical)
		find(j, CHECK_CRITICAL, "its certificate ends in %.1f days", days);
	else if (h->certificate_warning && until - now < h->certificate_warning)
		find(j, CHECK_WARNING, "its certificate ends in %.1f days", days);
}

static void
judge_answer(struct judgement *j, const struct http_check *h, const struct http_result *r, msec_t now)
{
	if (!http_status_fits(h->status, r->status))
		find(j, CHECK_CRITICAL, "status %d", r->status);
	if (h->phrase.n && !str_has(r->body, h->phrase))
		find(j, CHECK_CRITICAL, "\"%.*s\" does not stand in the page", STR_ARG(str_to(h->phrase, 100)));
	judge_time(j, h, r->total_us / 1000);
	judge_certificate(j, h, r->certificate_until, now);
	if (j->state == CHECK_OK)
		find(j, CHECK_OK, "status %d, %zu bytes in %.3f s", r->status, r->body.n, (double)r->total_us / 1e6);
}

static enum check_state
failure_state(const struct service *s, enum rc rc)
{
	if (rc == RC_TIMEOUT)
		return s->timeout_state == TIMEOUT_CRITICAL ? CHECK_CRITICAL : CHECK_UNKNOWN;
	return rc == RC_DENIED || rc == RC_INVALID ? CHECK_UNKNOWN : CHECK_CRITICAL; /* we may not, not: it does not */
}

static void
add_threshold(struct buf *b, msec_t t)
{
	buf_ch(b, ';');
	if (t)
		buf_f64(b, (double)t / 1000);
}

enum check_state
http_judge(const struct service *s, const struct http_result *r, msec_t now, struct buf *out)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	struct judgement j = {0};
	if (r->rc == RC_OK)
		judge_answer(&j, &s->http, r, now);
	else
		find(&j, failure_state(s, r->rc), "%s", r->why ? r->why : rc_name(r->rc));
	for (size_t i = 0; i < j.why.n; i++)
		if (j.why.p[i] == '|' || j.why.p[i] == '\n')
			j.why.p[i] = ' ';
	buf_fmt(out, "HTTP %s: %.*s", words[j.state], STR_ARG(buf_view(&j.why)));
	if (r->rc == RC_OK) {
		buf_fmt(out, " | time=%.6fs", (double)r->total_us / 1e6);
		add_threshold(out, s->http.warning);
		add_threshold(out, s->http.critical);
		buf_fmt(out, ";0 size=%zuB;;;0", r->body.n);
	}
	buf_fini(&j.why);
	return j.state;
}

/* ---- asking ---- */

static void
probe_free(struct probe *p)
{
	definition_unref(&p->def);
	mem_free(p);
}

static void
on_answer(void *arg, const struct http_result *r)
{
	struct probe *p = arg;
	struct buf text = {0};
	struct probe_result out = {.ran = true, .seconds = (double)r->total_us / 1e6};
	out.state = http_judge(&p->def->spec, r, clock_wall(p->clock), &text);
	out.text = buf_view(&text);
	probe_done *done = p->done;
	void *done_arg = p->arg;
	probe_free(p);
	done(done_arg, &out);
	buf_fini(&text);
}

static struct probe *
http_start(const struct probe_doors *doors, struct definition *d, probe_done *done, void *arg)
{
	struct probe *p = mem_new(struct probe);
	const struct http_check *h = &d->spec.http;
	struct http_ask ask = {.url = d->url, .headers = h->headers, .insecure = h->insecure, .no_redirects = !h->follow,
	    .want_certificate = h->certificate_warning || h->certificate_critical, .timeout = d->spec.timeout, .max_body = PAGE_MAX};
	*p = (struct probe){doors->http, doors->clock, NULL, definition_ref(d), done, arg};
	p->call = p->door->request(p->door, &ask, on_answer, p);
	return p;
}

static void
http_cancel(struct probe **pp)
{
	struct probe *p = *pp;
	p->door->cancel(p->door, &p->call);
	probe_free(p);
	*pp = NULL;
}

const struct check_kind http_kind = {"http", http_start, http_cancel};
