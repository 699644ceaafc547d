/*
 * http_client.h — requests to other servers, on the loop's thread.
 *
 * IDEA   Who asks holds a *door*, two functions; behind it stands the client, or in a play the script.
 *        A client has one address policy for all its connections: a kept connection was judged when it was
 *        opened, so what an administrator configured and what a customer typed in use two clients.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/loop.h"
#include "flow/record.h"
#include "net/address.h"

struct http_call; /* one request under way; gone once its callback was called or it was cancelled */

/* Texts are borrowed for the call that takes it.  Empty and zero: the default. */
struct http_ask {
	struct str method; /* GET; with a body POST */
	struct str url;    /* http or https */
	struct pairs headers;
	struct str body;
	struct str user, password; /* basic */
	struct str bearer;
	struct str proxy; /* "http://…"; none */
	struct str ca_file, cert_file, key_file,
	    server_name;       /* server_name: what the certificate must be for */
	struct str ca_pem;     /* instead of a file */
	bool insecure;         /* any certificate will do */
	bool no_redirects;     /* the default follows up to ten */
	bool want_certificate; /* fills in certificate_until */
	bool http1;            /* no HTTP/2 */
	bool plain;            /* the answer is not to be packed */
	bool packed;           /* nor unpacked: its Content-Encoding says how it came */
	bool charged;          /* what has come of the answer is taken from the budget of bodies */
	msec_t timeout;        /* 30 s */
	size_t max_body;       /* 16 MiB, unpacked */
};

/* What came back; valid during the callback. */
struct http_result {
	enum rc rc; /* RC_OK: there is a status, whichever */
	const char *why;
	int status;
	struct pairs headers; /* of the last answer, in order */
	struct str body;      /* unpacked */
	struct str url;       /* where redirects have led */
	struct str peer;      /* the address that answered */
	struct str version;   /* "1.1", "2" */
	unsigned redirects;
	int64_t resolve_us, connect_us, tls_us, first_byte_us, total_us; /* since the start */
	msec_t certificate_until; /* when the server's certificate runs out; 0: not asked for, or none */
};

typedef void http_done(void *arg, const struct http_result *);

struct http_door {
	/* Never NULL; the callback comes later, from the loop, exactly once unless cancelled. */
	struct http_call *(*request)(struct http_door *, const struct http_ask *, http_done *, void *arg);
	void (*cancel)(struct http_door *, struct http_call **);
};

struct http_client;

/* `connections` idle ones are kept: more than there are scrape targets.  The policy is borrowed; NULL: no
 * limits. */
struct http_client *http_client_create(struct loop *, unsigned connections, const struct address_policy *);
void http_client_destroy(struct http_client **); /* cancels what is under way */
struct http_door *http_client_door(struct http_client *);

/* The first header of that name, or the empty string. */
struct str http_result_header(const struct http_result *, const char *name);

#endif
