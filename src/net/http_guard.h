/*
 * http_guard.h — may this head in?  What a browser was lured into, and what two parsers would read
 * differently.
 *
 * Pure; any thread.
 */
#ifndef NET_HTTP_GUARD_H
#define NET_HTTP_GUARD_H

#include "net/http_req.h"

enum { HTTP_HEADERS_MAX = 100 };

struct http_guard {
	struct strs
	    names; /* what we may be called beside the loopback names and the address a connection came to */
	bool (*any_origin)(const struct http_req *); /* routes that every web page may post to; may be NULL */
};

/*
 * 0 when the head is in order, else the status to answer, with the reason in `err`:
 *   400  framing that can be read in two ways (Content-Length twice or with Transfer-Encoding), header names
 *        that are no tokens, control characters, no Host or two
 *   403  a state-changing request from a foreign page
 *   421  a Host that is not ours (DNS rebinding)
 *   431  too many headers
 *   501  a transfer coding other than chunked
 */
int http_guard_judge(const struct http_guard *, const struct http_req *, struct err *);

/* "Example.org:9090" -> "Example.org", "[::1]:80" -> "::1"; empty when it is no authority. */
struct str http_host_name(struct str authority);

#endif
