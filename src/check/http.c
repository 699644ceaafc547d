/* http.c — a check built in: a page is asked for, and what comes back is judged. */
#include "base/mem.h"
#include "base/time.h"
#include "check/probe.h"
#include "check/finding.h"

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

static void
judge_answer(struct finding *j, const struct http_check *h, const struct http_result *r, msec_t now)
{
	if (!http_status_fits(h->status, r->status))
		finding_add(j, CHECK_CRITICAL, "status %d", r->status);
	if (h->phrase.n && !str_has(r->body, h->phrase))
		finding_add(j, CHECK_CRITICAL, "\"%.*s\" does not stand in the page", STR_ARG(str_to(h->phrase, 100)));
	finding_time(j, h->warning, h->critical, r->total_us / 1000);
	finding_certificate(j, h->certificate_warning, h->certificate_critical, r->certificate_until, now);
	if (j->state == CHECK_OK)
		finding_add(j, CHECK_OK, "status %d, %zu bytes in %.3f s", r->status, r->body.n, (double)r->total_us / 1e6);
}

enum check_state
http_judge(const struct service *s, const struct http_result *r, msec_t now, struct buf *out)
{
	struct finding v = {0};
	if (r->rc == RC_OK)
		judge_answer(&v, &s->http, r, now);
	else
		finding_add(&v, finding_of_failure(s, r->rc), "%s", r->why ? r->why : rc_name(r->rc));
	finding_print(&v, "HTTP", out);
	if (r->rc == RC_OK) {
		finding_time_perf(out, r->total_us, s->http.warning, s->http.critical);
		buf_fmt(out, " size=%zuB;;;0", r->body.n);
	}
	return v.state;
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
