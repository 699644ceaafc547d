/*
 * http_req.h — one HTTP request as a handler sees it, and its one answer.
 *
 * IDEA   A request knows nothing of the HTTP library: it is a head, a body and a *carrier*, the table of
 *        functions that takes the answer away.  The server is one carrier; tests and plays are others and
 *        feed requests below the library (http_req_init, then the handler).
 *
 * OWNERSHIP  Whoever carries a request creates it; the handler may keep it until it answers.  A handler
 *        answers exactly once, now or later, on any thread, also when the client has gone; after that call
 *        the request is no longer its own.
 * THREADS    One thread at a time works on a request.  Only `cancelled` changes under its hands.
 */
#ifndef NET_HTTP_REQ_H
#define NET_HTTP_REQ_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "flow/record.h"

struct http_req;
struct http_stream;

typedef void http_handler(void *arg, struct http_req *);
typedef VEC(struct pair) http_pairs;

struct http_reply {
	int status;
	struct str type;
	http_pairs headers;
	struct buf body;
};

/*
 * A body that is made as it is taken: `next` appends a part and says whether there is more to come.  Called on any thread, one at
 * a time; `fini` once, when all is taken or nobody takes it any more.
 */
struct http_parts {
	bool (*next)(void *arg, struct buf *out);
	void (*fini)(void *arg);
	void *arg;
	size_t about; /* so many bytes are expected; they decide how long a client may take, and whether it is worth it */
};

struct http_carrier {
	/* Takes the reply, which stands in req->reply, and ends the handler's hold on the request. */
	void (*answer)(struct http_req *);
	/* Answers with req->reply's head and leaves the body open. */
	struct http_stream *(*stream)(struct http_req *, void (*on_close)(void *arg), void *arg);
	/* As answer, with this body instead of the reply's.  NULL: it can only have bodies in one piece. */
	void (*parts)(struct http_req *, const struct http_parts *);
	/* Remembers whom to tell when the client goes away; false when it has gone already. */
	bool (*on_cancel)(struct http_req *, void (*fn)(void *arg), void *arg);
};

struct http_req {
	struct arena *arena; /* the request's own memory; texts below live in it */
	const struct http_carrier *carrier;
	struct str method;
	struct str target;  /* as it stood in the request line: "/a%20b?q=1" */
	struct str path;    /* decoded: "/a b" */
	struct str query;   /* raw, without the '?' */
	http_pairs headers; /* in order, names as they came */
	http_pairs params;  /* decoded from the query, then from a form body: http_params_decode */
	struct str body;
	struct str peer;  /* the address it came from: "192.0.2.1", "::1" */
	struct str local; /* the address it came to */
	bool tls;
	atomic_bool cancelled; /* the client has gone: whatever is worked out is for nobody */
	void *user;            /* the handler's own */
	struct http_reply reply;
};

enum { HTTP_PARAMS_MAX = 2000 };

/* Creates the arena, copies the texts and splits the target.  RC_INVALID: no target at all, or a path with
 * bad escapes. */
CHECKED enum rc http_req_init(
    struct http_req *, const struct http_carrier *, struct str method, struct str target, struct err *);
void http_req_add_header(struct http_req *, struct str name, struct str value); /* copies */
void http_req_fini(struct http_req *);

/* The first header of that name (any case), or the empty string. */
struct str http_header(const struct http_req *, const char *name);
size_t http_header_count(const struct http_req *, const char *name);
/* Is it this media type, whatever its parameters?  http_type_is(req, "application/json") */
bool http_type_is(const struct http_req *, const char *type);
/* The value of a cookie, or the empty string. */
struct str http_cookie(const struct http_req *, const char *name);

/* Decodes the query and, when the body is application/x-www-form-urlencoded, the body. */
CHECKED enum rc http_params_decode(struct http_req *, struct err *);
/* Only the query: the body is something else, whatever its type says. */
CHECKED enum rc http_query_decode(struct http_req *, struct err *);
/* The first parameter of that name, or the empty string. */
struct str http_param(const struct http_req *, const char *name);
bool http_has_param(const struct http_req *, const char *name);

/* Percent-decoding; with `form`, '+' is a space.  False on a bad escape.  What comes out is never longer. */
bool http_unescape(struct str in, bool form, struct buf *out);

/* Adds a header to the answer to come. */
void http_answer_header(struct http_req *, const char *name, struct str value);
/* Answers.  `type` may be NULL when there is no body. */
void http_answer(struct http_req *, int status, const char *type, struct str body);
void http_answer_buf(struct http_req *, int status, const char *type, struct buf *take_body); /* empties it */

/* Takes over what the parts are made from. */
void http_answer_parts(struct http_req *, int status, const char *type, const struct http_parts *);

bool http_on_cancel(struct http_req *, void (*fn)(void *arg), void *arg);

/*
 * An answer without an end, for server-sent events.  on_close is called once, on any thread, when the client
 * has gone, was too slow (over HTTP_STREAM_QUEUE bytes wait) or the server stops; afterwards http_stream_send
 * answers false.  The opener calls http_stream_close in any case: it gives the stream back.
 */
enum { HTTP_STREAM_QUEUE = 1 << 20 };
struct http_stream *http_stream_open(
    struct http_req *, const char *type, void (*on_close)(void *arg), void *arg);
bool http_stream_send(struct http_stream *, struct str bytes); /* any thread */
void http_stream_close(struct http_stream **);

/* What every kind of stream starts with. */
struct http_stream {
	bool (*send)(struct http_stream *, struct str bytes);
	void (*close)(struct http_stream *);
};

#endif
