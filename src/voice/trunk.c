/*
 * trunk.c — see trunk.h.
 *
 * TRAP   libre 1.1.0 does not verify the certificate of a SIP server by itself: OpenSSL is told to, with the
 * name. TRAP   libre resolves by DNS alone, not by /etc/hosts: the proxy's address is looked up here, when
 * the trunk starts, and given as a route. TRAP   Toll fraud: nobody is connected from outside.  A call that
 * comes in is answered 603 when it comes from the trunk, else not at all.
 */
#include "voice/trunk.h"

#include <netdb.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/os.h"
#include "net/http_conf.h"
#include "net/listen.h"

enum { REGISTER_SECONDS = 600, HASH = 64, NAMESERVERS = 4 };

static const struct transport {
	const char *name;
	enum sip_transp id;
	uint16_t port;
} transports[] = {
    {"udp", SIP_TRANSP_UDP, 5060}, {"tcp", SIP_TRANSP_TCP, 5060}, {"tls", SIP_TRANSP_TLS, 5061}};

static enum rc
resolve(struct str host, uint16_t port, struct sa *out, struct err *err)
{
	struct addrinfo *found, want = {.ai_socktype = SOCK_DGRAM};
	char host_c[256];
	snprintf(host_c, sizeof host_c, "%.*s", STR_ARG(host));
	int why = getaddrinfo(host_c, NULL, &want, &found);
	if (why)
		return err_set(err, RC_IO, "cannot resolve \"%s\": %s", host_c, gai_strerror(why));
	sa_set_sa(out, found->ai_addr);
	sa_set_port(out, port);
	freeaddrinfo(found);
	return RC_OK;
}

/* The address that the kernel would send from. */
static enum rc
local_towards(const struct sa *peer, struct sa *local, struct err *err)
{
	int fd = socket(sa_af(peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage me;
	socklen_t n = sizeof me;
	bool good = fd >= 0 && connect(fd, &peer->u.sa, peer->len) == 0 &&
		    getsockname(fd, (struct sockaddr *)&me, &n) == 0;
	enum rc rc = good ? RC_OK : err_errno(err, "no way to the trunk's address");
	if (good)
		sa_set_sa(local, (struct sockaddr *)&me);
	if (fd >= 0)
		close(fd);
	return rc;
}

static enum rc
set_peer(struct trunk *t, struct err *err)
{
	const struct transport *tp = &transports[t->conf->transport];
	struct str host = t->conf->proxy, port_text;
	uint64_t port = tp->port;
	t->transport = tp->id;
	if (!host.n)
		return err_set(err, RC_INVALID, "the trunk has no proxy");
	if (address_split(t->conf->proxy, &host, &port_text))
		(void)str_u64(port_text, &port);
	buf_str(&t->tls_name, host);
	enum rc rc = resolve(host, (uint16_t)port, &t->peer, err);
	if (rc != RC_OK)
		return rc;
	buf_str(&t->domain, t->conf->proxy);
	struct buf ip = {0};
	address_print(&t->peer.u.sa, &ip);
	buf_fmt(&t->route,
	    sa_af(&t->peer) == AF_INET6 ? "sip:[%s]:%u;transport=%s;lr" : "sip:%s:%u;transport=%s;lr", ip.p,
	    (unsigned)port, tp->name);
	buf_fini(&ip);
	return local_towards(&t->peer, &t->local, err);
}

static enum rc
set_tls(struct trunk *t, struct err *err)
{
	if (tls_alloc(&t->tls, TLS_METHOD_SSLV23, NULL, NULL) != 0)
		return err_set(err, RC_IO, "cannot set up TLS");
	SSL_CTX *ctx = tls_openssl_context(t->tls);
	X509_VERIFY_PARAM *check = SSL_CTX_get0_param(ctx);
	if (str_is(t->conf->verify, "none"))
		return RC_OK;
	char ca[1024];
	snprintf(ca, sizeof ca, "%.*s", STR_ARG(t->conf->ca_file));
	if (t->conf->ca_file.n ? SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1
			       : SSL_CTX_set_default_verify_paths(ctx) != 1)
		return err_set(err, RC_INVALID, "cannot read certificates from \"%s\"", ca);
	if (X509_VERIFY_PARAM_set1_ip_asc(check, t->tls_name.p) != 1 &&
	    X509_VERIFY_PARAM_set1_host(check, t->tls_name.p, t->tls_name.n) != 1)
		return err_set(err, RC_INVALID, "\"%s\" cannot be in a certificate", t->tls_name.p);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return RC_OK;
}

static enum rc
set_identity(struct trunk *t, struct err *err)
{
	const struct conf_trunk *c = t->conf;
	struct str user = c->user.n ? c->user : STR("tocsin");
	buf_str(&t->name, c->name);
	buf_str(&t->user, user);
	if (c->from.n)
		buf_fmt(
		    &t->uri_from, "%s%.*s", str_starts(c->from, STR("sip:")) ? "" : "sip:", STR_ARG(c->from));
	else
		buf_fmt(&t->uri_from, "sip:%.*s@%s", STR_ARG(user), t->domain.p);
	struct arena *a = arena_create();
	struct str password;
	enum rc rc = conf_secret(c->password, c->password_file, a, &password, err);
	if (rc == RC_OK)
		buf_str(&t->password, password);
	arena_destroy(&a);
	return rc;
}

static bool
is_from_trunk(const struct trunk *t, const struct sip_msg *msg)
{
	if (sa_cmp(&msg->src, &t->peer, SA_ADDR))
		return true;
	for (size_t i = 0; i < t->conf->addresses.n; i++) {
		char ip[64];
		struct sa allowed;
		snprintf(ip, sizeof ip, "%.*s", STR_ARG(t->conf->addresses.p[i]));
		if (sa_set_str(&allowed, ip, 0) == 0 && sa_cmp(&msg->src, &allowed, SA_ADDR))
			return true;
	}
	return false;
}

static void
on_invite(const struct sip_msg *msg, void *arg)
{
	struct trunk *t = arg;
	(void)sip_treply(NULL, t->sip, msg, 603, "Decline");
}

/* What is not part of a call.  A trunk asks with OPTIONS whether we are there; a stranger hears nothing at all, so that
 * who looks for telephones to abuse finds none here. */
static bool
on_request(const struct sip_msg *msg, void *arg)
{
	struct trunk *t = arg;
	if (pl_isset(&msg->to.tag))
		return false; /* of a call: providers send those from many addresses */
	if (!is_from_trunk(t, msg))
		return true;
	if (pl_strcmp(&msg->met, "OPTIONS") != 0)
		return false;
	(void)sip_treply(NULL, t->sip, msg, 200, "OK");
	return true;
}

static void
set_nameservers(struct trunk *t)
{
	struct sa servers[NAMESERVERS];
	uint32_t n = NAMESERVERS;
	char domain[256];
	if (dns_srv_get(domain, sizeof domain, servers, &n) == 0)
		(void)dnsc_alloc(&t->dns, NULL, servers, n);
}

/* libre sends by itself. */
static void
on_message(bool tx, enum sip_transp transport, const struct sa *from, const struct sa *to,
    const uint8_t *text, size_t n, void *arg)
{
	if (tx)
		os_kill_point();
}

static int
add_transport(struct trunk *t, uint16_t port)
{
	sa_set_port(&t->local, port);
	int rc = sip_transp_add(t->sip, t->transport, &t->local, t->tls);
	if (rc == 0 || port == 0)
		return rc;
	sa_set_port(&t->local, 0);
	return sip_transp_add(t->sip, t->transport, &t->local, t->tls);
}

static enum rc
start_stack(struct trunk *t, uint16_t port, struct err *err)
{
	set_nameservers(t);
	if (sip_alloc(&t->sip, t->dns, HASH, HASH, HASH, "tocsin", NULL, NULL) != 0 ||
	    add_transport(t, port) != 0)
		return err_set(err, RC_IO, "cannot open a SIP socket");
	sip_set_trace_handler(t->sip, on_message);
	if (sip_listen(&t->listener, t->sip, true, on_request, t) !=
		0 || /* first: strangers get no further */
	    sipsess_listen(&t->sessions, t->sip, HASH, on_invite, t) != 0)
		return err_set(err, RC_IO, "cannot listen for SIP messages");
	return RC_OK;
}

int
trunk_authenticate(char **user, char **password, const char *realm, void *arg)
{
	const struct trunk *t = arg;
	const struct conf_trunk *c = t->conf;
	struct buf name = {0};
	buf_str(&name, c->auth_user.n ? c->auth_user : buf_view(&t->user));
	int rc = str_dup(user, name.p) || str_dup(password, t->password.p ? t->password.p : "") ? ENOMEM : 0;
	buf_fini(&name);
	return rc;
}

bool
trunk_is_up(const struct trunk *t)
{
	return t->registered && (!t->reach || reach_is_there(t->reach));
}

void
trunk_suspect(struct trunk *t, const char *words)
{
	if (t->reach)
		reach_suspect(t->reach, words);
}

void
trunk_proved(struct trunk *t)
{
	if (t->reach)
		reach_proved(t->reach);
}

static void
count(struct trunk *t)
{
	bool up = trunk_is_up(t);
	if (up != t->counted)
		metric_add(METRIC_voice_trunks_up, up ? 1 : -1);
	t->counted = up;
}

static void
on_reach(void *arg, bool there, const char *words)
{
	struct trunk *t = arg;
	if (there)
		log_info("voice", "trunk %s is there again: %s", t->name.p, words);
	else
		log_warn("voice", "trunk %s is not there: %s", t->name.p, words);
	count(t);
}

static void
start_asking(struct trunk *t)
{
	buf_fmt(&t->uri, "sip:%s;transport=%s", t->domain.p, transports[t->conf->transport].name);
	if (t->conf->keepalive > 0)
		t->reach = reach_create(
		    t->sip, t->uri.p, t->route.p, t->uri_from.p, t->conf->keepalive, on_reach, t);
	if (t->reach && t->conf->registrar.n)
		reach_forgive_silence(t->reach);
	count(t);
}

static void
on_registered(int rc, const struct sip_msg *msg, void *arg)
{
	struct trunk *t = arg;
	uint16_t status = rc || !msg ? 0 : msg->scode;
	t->registered = status >= 200 && status < 300;
	count(t);
	if (status == t->last_status)
		return;
	t->last_status = status;
	if (t->registered)
		log_info("voice", "trunk %s is registered", t->name.p);
	else if (status >= 300)
		log_warn("voice", "trunk %s is not registered: %u %.*s", t->name.p, status,
		    (int)msg->reason.l, msg->reason.p);
	else
		log_warn(
		    "voice", "trunk %s is not registered: %s", t->name.p, rc ? strerror(rc) : "no answer");
}

static enum rc
start_registration(struct trunk *t, struct err *err)
{
	struct buf uri = {0};
	const char *route = t->route.p;
	if (!t->conf->registrar.n) {
		t->registered = true;
		return RC_OK;
	}
	t->last_status = UINT16_MAX;
	buf_fmt(&uri, "sip:%.*s", STR_ARG(t->conf->registrar));
	int rc = sipreg_register(&t->registration, t->sip, uri.p, t->uri_from.p, NULL, t->uri_from.p,
	    REGISTER_SECONDS, t->user.p, &route, 1, 0, trunk_authenticate, t, false, on_registered, t, NULL,
	    NULL);
	buf_fini(&uri);
	return rc ? err_set(err, RC_INVALID, "cannot register: %s", strerror(rc)) : RC_OK;
}

enum rc
trunk_start(struct trunk *t, const struct conf_trunk *conf, const struct trunk_site *site, struct err *err)
{
	*t = (struct trunk){.conf = conf, .external = site->external};
	uint16_t port = sa_isset(&site->listen, SA_PORT) ? sa_port(&site->listen) : 0;
	enum rc rc = set_peer(t, err);
	if (rc == RC_OK && sa_isset(&site->listen, SA_ADDR) && !sa_is_any(&site->listen) &&
	    sa_af(&site->listen) == sa_af(&t->peer))
		sa_cpy(&t->local, &site->listen);
	if (rc == RC_OK)
		rc = set_identity(t, err);
	if (rc == RC_OK && conf->srtp && t->transport != SIP_TRANSP_TLS)
		log_warn("voice",
		    "trunk %s: without transport: tls everybody on the way can read the keys of its SRTP",
		    t->name.p);
	if (rc == RC_OK && t->transport == SIP_TRANSP_TLS)
		rc = set_tls(t, err);
	if (rc == RC_OK)
		rc = start_stack(t, t->transport == SIP_TRANSP_UDP ? port : 0, err);
	if (rc == RC_OK)
		rc = start_registration(t, err);
	if (rc == RC_OK)
		start_asking(t);
	if (rc != RC_OK) {
		trunk_stop(t);
		return err_add(err, "in trunk \"%.*s\"", STR_ARG(conf->name));
	}
	return RC_OK;
}

void
trunk_stop(struct trunk *t)
{
	reach_destroy(&t->reach);
	t->registration = mem_deref(t->registration);
	t->listener = mem_deref(t->listener);
	if (t->sessions)
		sipsess_close_all(t->sessions);
	t->sessions = mem_deref(t->sessions);
	if (t->sip)
		sip_close(t->sip, false);
	t->sip = mem_deref(t->sip);
	t->tls = mem_deref(t->tls);
	t->dns = mem_deref(t->dns);
	buf_fini(&t->name);
	buf_fini(&t->domain);
	buf_fini(&t->uri_from);
	buf_fini(&t->user);
	if (t->password.n)
		explicit_bzero(t->password.p, t->password.n);
	buf_fini(&t->password);
	buf_fini(&t->route);
	buf_fini(&t->tls_name);
	buf_fini(&t->uri);
	t->registered = false;
	count(t);
}

static bool
may_be_dialled(struct str number)
{
	for (size_t i = 0; i < number.n; i++) {
		char c = number.p[i];
		bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!alnum && !strchr("+*-._", c))
			return false;
	}
	return number.n > 0 && number.n <= 64;
}

enum rc
trunk_uri(const struct trunk *t, struct str number, struct buf *out, struct err *err)
{
	struct buf digits = {0};
	bool extension = number.n && !strchr("+(0123456789", number.p[0]);
	for (size_t i = 0; i < number.n; i++) /* as people write them: "+39 06 123-45", "(02) 99" */
		if (!number.p[i] || !strchr(extension ? " " : " ()/-.", number.p[i]))
			buf_ch(&digits, number.p[i]);
	bool good = may_be_dialled(buf_view(&digits));
	if (good)
		buf_fmt(out, "sip:%s@%s;transport=%s", digits.p, t->domain.p,
		    transports[t->conf->transport].name);
	buf_fini(&digits);
	return good ? RC_OK
		    : err_set(err, RC_INVALID, "\"%.*s\" is not a number that can be dialled",
			  STR_ARG(str_to(number, 80)));
}
