/* http_conf.c — see http_conf.h. */
#include "net/http_conf.h"

#include "base/os.h"

enum { SECRET_LIMIT = 64 << 10 };

enum rc
conf_secret(struct str value, struct str file, struct arena *a, struct str *out, struct err *e)
{
	struct buf b = {0};
	*out = value;
	if (value.n || !file.n)
		return RC_OK;
	enum rc rc = os_read_file(arena_cstr(a, file), SECRET_LIMIT, &b, e);
	if (rc == RC_OK)
		*out = arena_str(a, str_trim(buf_view(&b)));
	buf_fini(&b);
	return rc;
}

static enum rc
apply_auth(const struct conf_http *c, struct http_ask *ask, struct arena *a, struct err *e)
{
	if (c->basic_auth) {
		enum rc rc = conf_secret(c->basic_auth->username, c->basic_auth->username_file, a, &ask->user, e);
		return rc == RC_OK ? conf_secret(c->basic_auth->password, c->basic_auth->password_file, a, &ask->password, e) : rc;
	}
	if (c->authorization)
		return conf_secret(c->authorization->credentials, c->authorization->credentials_file, a, &ask->bearer, e);
	return conf_secret(c->bearer_token, c->bearer_token_file, a, &ask->bearer, e);
}

enum rc
http_conf_apply(const struct conf_http *c, struct http_ask *ask, struct arena *a, struct err *e)
{
	ask->ca_pem = c->tls_config.ca;
	ask->ca_file = c->tls_config.ca_file;
	ask->cert_file = c->tls_config.cert_file;
	ask->key_file = c->tls_config.key_file;
	ask->server_name = c->tls_config.server_name;
	ask->insecure = c->tls_config.insecure_skip_verify;
	ask->no_redirects = !c->follow_redirects;
	ask->http1 = !c->enable_http2;
	ask->proxy = c->proxy.proxy_url;
	return apply_auth(c, ask, a, e);
}

void
smtp_conf_tls(const struct conf_tls *c, struct smtp_ask *ask)
{
	ask->ca_pem = c->ca;
	ask->ca_file = c->ca_file;
	ask->cert_file = c->cert_file;
	ask->key_file = c->key_file;
	ask->server_name = c->server_name;
	ask->insecure = c->insecure_skip_verify;
}
