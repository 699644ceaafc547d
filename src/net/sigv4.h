/*
 * sigv4.h — requests signed as AWS wants them (Signature Version 4), for its Prometheus service.
 *
 * Any thread; now is a parameter.
 */
#ifndef NET_SIGV4_H
#define NET_SIGV4_H

#include "conf/http.h"
#include "net/http_client.h"

/*
 * Adds X-Amz-Date and Authorization to the request's headers, in `a`; they must be its last ones.  Without access_key, or region,
 * in the configuration it is the environment that says (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_REGION).  RC_INVALID: nothing says.
 */
CHECKED enum rc sigv4_sign(const struct conf_sigv4 *, struct http_ask *, msec_t now, struct arena *a, struct err *);

#endif
