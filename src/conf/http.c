/* http.c — see http.h. */
#include "conf/http.h"

#include "conf/check.h"

const char *const conf_tls_versions[] = {"", "TLS10", "TLS11", "TLS12", "TLS13", NULL};

#define RECORD_SELF struct conf_basic_auth
RECORD_LAYOUT(conf_basic_auth, CONF_BASIC_AUTH_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_authorization
RECORD_LAYOUT(conf_authorization, CONF_AUTHORIZATION_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_tls
RECORD_LAYOUT(conf_tls, CONF_TLS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_proxy_header
RECORD_LAYOUT(conf_proxy_header, CONF_PROXY_HEADER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_proxy
RECORD_LAYOUT(conf_proxy, CONF_PROXY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_oauth2
RECORD_LAYOUT(conf_oauth2, CONF_OAUTH2_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_header
RECORD_LAYOUT(conf_header, CONF_HEADER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_http
RECORD_LAYOUT(conf_http, CONF_HTTP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_sigv4
RECORD_LAYOUT(conf_sigv4, CONF_SIGV4_KEYS)
#undef RECORD_SELF

static void
check_tls(struct check *c, const struct conf_tls *t)
{
	bool cert = t->cert.n || t->cert_file.n || t->cert_ref.n,
	     key = t->key.n || t->key_file.n || t->key_ref.n;
	if (cert != key)
		check_error(c, &conf_tls_layout, t, cert ? "cert_file" : "key_file",
		    "a client certificate and its key go together; the %s is missing",
		    cert ? "key" : "certificate");
	if (t->min_version && t->max_version && t->min_version > t->max_version)
		check_error(c, &conf_tls_layout, t, "min_version", "min_version is newer than max_version");
}

void
conf_check_http(struct check *c, const struct conf_http *h)
{
	check_at_most_one(c, &conf_http_layout, h,
	    (const char *[]){"basic_auth", "authorization", "oauth2", "bearer_token", NULL});
	if (h->authorization && str_eq_nocase(str_trim(h->authorization->type), STR("basic")))
		check_error(c, &conf_authorization_layout, h->authorization, "type",
		    "authorization cannot be of type \"basic\"; write basic_auth instead");
	check_tls(c, &h->tls_config);
	if (h->proxy.proxy_from_environment && (h->proxy.proxy_url.n || h->proxy.no_proxy.n))
		check_error(c, &conf_proxy_layout, &h->proxy, "proxy_from_environment",
		    "the proxy comes from the environment or from proxy_url and no_proxy, not from both");
}
