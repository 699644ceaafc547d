/*
 * tls.c — a check built in: who stands at a port proves who it is: chain, name, and how long the certificate is good.
 *
 * IDEA   The handshake is done whatever the certificate is, and judged afterwards: so every reason is said at once,
 *        the days among them.
 * TRAP   The system's roots take 20 ms to read: one context serves all checks.  A renewed set is taken at the next
 *        start.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "check/probe.h"
#include "check/finding.h"

struct probe {
	struct loop *loop;
	struct clock *clock;
	struct definition *def;
	struct dial *dial;
	SSL *ssl;
	int fd;
	nsec_t since;
	struct loop_timer patience;
	probe_done *done;
	void *arg;
};

static SSL_CTX *
context(void)
{
	static SSL_CTX *shared; /* of the loop's thread, for as long as the process lives */
	if (shared)
		return shared;
	shared = SSL_CTX_new(TLS_client_method());
	must(shared);
	SSL_CTX_set_default_verify_paths(shared);
	SSL_CTX_set_session_cache_mode(shared, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(shared, SSL_VERIFY_NONE, NULL);
	return shared;
}

static void
probe_free(struct probe *p)
{
	loop_timer_cancel(p->loop, &p->patience);
	dial_cancel(&p->dial);
	if (p->fd >= 0) {
		loop_unwatch(p->loop, p->fd);
		os.close(p->fd);
	}
	SSL_free(p->ssl);
	definition_unref(&p->def);
	mem_free(p);
}

static struct str
name_of(const struct definition *d)
{
	return d->spec.tls.server_name.n ? d->spec.tls.server_name : d->address;
}

/* ---- judging ---- */

static msec_t
end_of(const X509 *cert)
{
	struct tm tm;
	if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return 0;
	return (msec_t)timegm(&tm) * SECOND;
}

static void
judge_certificate(struct probe *p, struct finding *v, double *days)
{
	const struct tls_check *c = &p->def->spec.tls;
	X509 *cert = SSL_get1_peer_certificate(p->ssl);
	msec_t now = clock_wall(p->clock), until = end_of(cert);
	long bad = SSL_get_verify_result(p->ssl);
	*days = (double)(until - now) / (double)DAY;
	if (!cert)
		finding_add(v, CHECK_CRITICAL, "it shows no certificate");
	else if (bad != X509_V_OK && !c->insecure)
		finding_add(v, CHECK_CRITICAL, "%s", X509_verify_cert_error_string(bad));
	finding_certificate(v, c->certificate_warning, c->certificate_critical, until, now);
	if (cert && v->state == CHECK_OK)
		finding_add(v, CHECK_OK, "%s, the certificate is good for %.0f days", SSL_get_version(p->ssl), *days);
	X509_free(cert);
}

static void
conclude(struct probe *p, enum rc rc, const char *why)
{
	const struct tls_check *c = &p->def->spec.tls;
	int64_t micros = (clock_mono(clock_real()) - p->since) / 1000;
	struct finding v = {0};
	struct buf text = {0};
	double days = 0;
	if (rc != RC_OK) {
		finding_add(&v, finding_of_failure(&p->def->spec, rc), "port %lld: %s", (long long)c->port, why);
	} else {
		finding_time(&v, c->warning, c->critical, micros / 1000);
		judge_certificate(p, &v, &days);
	}
	struct probe_result r = {.ran = true, .state = v.state, .seconds = (double)micros / 1e6};
	finding_print(&v, "TLS", &text);
	if (rc == RC_OK) {
		finding_time_perf(&text, micros, c->warning, c->critical);
		buf_fmt(&text, " certificate_days=%.2f;%.0f:;%.0f:", days, (double)c->certificate_warning / (double)DAY, (double)c->certificate_critical / (double)DAY);
	}
	r.text = buf_view(&text);
	probe_done *done = p->done;
	void *arg = p->arg;
	probe_free(p);
	done(arg, &r);
	buf_fini(&text);
}

/* ---- shaking hands ---- */

static void
on_patience(void *arg)
{
	struct probe *p = arg;
	conclude(p, RC_TIMEOUT, p->fd < 0 ? "no connection in time" : "no handshake in time");
}

static void
shake(void *arg, int fd, unsigned events)
{
	struct probe *p = arg;
	ERR_clear_error();
	int n = SSL_connect(p->ssl), wants = SSL_get_error(p->ssl, n);
	if (n == 1) {
		conclude(p, RC_OK, "");
	} else if (wants == SSL_ERROR_WANT_READ || wants == SSL_ERROR_WANT_WRITE) {
		loop_watch(p->loop, p->fd, wants == SSL_ERROR_WANT_READ ? LOOP_READ : LOOP_WRITE, shake, p, "tls check");
	} else {
		const char *why = ERR_reason_error_string(ERR_peek_error());
		conclude(p, RC_IO, why ? why : "it broke the handshake off");
	}
}

static void
on_connected(void *arg, const struct dial_result *r)
{
	struct probe *p = arg;
	char name[256];
	p->dial = NULL;
	if (r->rc != RC_OK) {
		conclude(p, r->rc, r->why);
		return;
	}
	p->fd = r->fd;
	p->ssl = SSL_new(context());
	must(p->ssl);
	snprintf(name, sizeof name, "%.*s", STR_ARG(name_of(p->def)));
	X509_VERIFY_PARAM *param = SSL_get0_param(p->ssl);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) != 1) {
		SSL_set1_host(p->ssl, name);
		SSL_set_tlsext_host_name(p->ssl, name);
	}
	SSL_set_fd(p->ssl, p->fd);
	shake(p, p->fd, LOOP_WRITE);
}

static struct probe *
tls_start(const struct probe_doors *doors, struct definition *d, probe_done *done, void *arg)
{
	if (!doors->dialer)
		return NULL;
	struct probe *p = mem_new(struct probe);
	*p = (struct probe){.loop = doors->dialer->loop, .clock = doors->clock, .def = definition_ref(d), .fd = -1, .since = clock_mono(clock_real()),
	    .done = done, .arg = arg};
	loop_timer_set(p->loop, &p->patience, d->spec.timeout, on_patience, p, "tls check");
	p->dial = dial(doors->dialer, d->address, (int)d->spec.tls.port, on_connected, p);
	return p;
}

static void
tls_cancel(struct probe **pp)
{
	struct probe *p = *pp;
	*pp = NULL;
	probe_free(p);
}

const struct check_kind tls_kind = {"tls", tls_start, tls_cancel};
