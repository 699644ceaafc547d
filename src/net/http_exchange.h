/*
 * http_exchange.h — inside the server: one request on one connection, from its first line to the last byte
 * of its answer.  Only http_server.c and http_exchange.c include this.
 *
 *     READING --whole body--> RUNNING --answer--> ANSWERED --sent--> OVER
 *                                |                    ^
 *                                +--> SUSPENDED ------+
 *                                         |
 *                                         +--client left--> GONE --> OVER
 *
 * OWNERSHIP  Two hold an exchange: the connection until it is OVER, the handler until it has answered (and
 *        closed its stream).
 * [I1]   The library's connection is touched under `lock`, and only before OVER.
 * [I2]   SUSPENDED and `parked` are the only times when the library sleeps; who changes them resumes it.
 */
#ifndef NET_HTTP_EXCHANGE_H
#define NET_HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>

#include "net/http_server.h"
#include "net/http_watch.h"

enum exchange_state { EX_READING, EX_RUNNING, EX_SUSPENDED, EX_ANSWERED, EX_GONE, EX_OVER };

struct exchange {
	struct http_req req;       /* first: a request is its exchange */
	struct http_stream stream; /* what the handler holds while it streams */
	pthread_mutex_t lock;      /* recursive: on_cancel may answer */
	unsigned refs;
	enum exchange_state state;
	struct MHD_Connection *mhd;
	char *target;
	const char *target_end; /* in the library's buffer */
	struct buf body;
	size_t body_limit, body_seen, body_paid; /* paid: from the budget of all bodies */
	bool body_refused;                       /* there was not enough left of it */
	bool began; /* its head has been judged */
	void (*cancel)(void *arg);
	void *cancel_arg;
	struct http_parts parts; /* of its answer; `next` NULL: it is in one piece */
	struct {
		bool open, parked, ended, lost;
		struct buf queue;
		size_t sent;
		void (*on_close)(void *arg);
		void *arg;
	} out;
};

extern const struct http_carrier exchange_carrier;

struct exchange *exchange_create(struct MHD_Connection *, const char *target);
/* Reads the head into the request; `method` and `version` as the library passes them, inside its buffer. */
CHECKED enum rc exchange_begin(struct exchange *, const char *method, const char *version, struct err *);
void exchange_drop_body(struct exchange *);
/* The body is whole: the handler's turn.  True when it has answered already. */
bool exchange_run(struct exchange *, http_handler *, void *arg);
/* Suspends the connection until the answer; false when that has come meanwhile. */
bool exchange_sleep(struct exchange *);
/* Is there an answer, and somebody to have it?  Until then the reply is the handler's to write. */
bool exchange_is_answered(struct exchange *);
/* Hands the answer to the library. */
enum MHD_Result exchange_send(struct exchange *);
/* The client has gone. */
void exchange_cancel(struct exchange *);
/* The connection is done with it. */
void exchange_over(struct exchange *);
void exchange_ref(struct exchange *);
void exchange_unref(struct exchange *);

#endif
