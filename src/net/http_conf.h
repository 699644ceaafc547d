/*
 * http_conf.h — a configuration's HTTP settings applied to a request.
 */
#ifndef NET_HTTP_CONF_H
#define NET_HTTP_CONF_H

#include "conf/http.h"
#include "net/http_client.h"
#include "net/smtp.h"

/* Authentication, certificates, redirects, HTTP version, proxy.  Files are read now; texts live in `a`. */
CHECKED enum rc http_conf_apply(const struct conf_http *, struct http_ask *, struct arena *, struct err *);
/* Likewise the certificates of a mail server. */
void smtp_conf_tls(const struct conf_tls *, struct smtp_ask *);
/* A secret that stands in place, else in a file (without its last newline). */
CHECKED enum rc conf_secret(struct str value, struct str file, struct arena *, struct str *out, struct err *);

#endif
