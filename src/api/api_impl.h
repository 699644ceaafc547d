/* api_impl.h — what the files of api/ share and nobody else sees. */
#ifndef API_API_IMPL_H
#define API_API_IMPL_H

#include <pthread.h>

#include "api/api.h"
#include "base/map.h"
#include "flow/ticket.h"
#include "ingest/deltas.h"
#include "ledger/ledger.h"
#include "wire/json.h"

enum right { RIGHT_ANYBODY, RIGHT_CONTACT, RIGHT_VIEWER, RIGHT_OPERATOR, RIGHT_ADMIN };

struct live_stream;

struct api {
	struct api_house house;
	pthread_key_t reader; /* struct ledger, one per thread */
	pthread_rwlock_t lock;
	struct book *book;    /* under lock; read anew when a resource was set */
	bool book_stale;
	pthread_mutex_t live_lock;
	VEC(struct live_stream *) live; /* under live_lock, as is: */
	struct arena *live_arena;       /* scratch */
	pthread_mutex_t failures_lock;
	msec_t started;
	pthread_mutex_t conf_lock;
	struct conf *conf;        /* the one in force; under conf_lock, as are: */
	struct buf at_next_start; /* what of it is not in force yet */
	msec_t configured;
	bool refused;             /* the last reload */
	struct deltas *deltas; /* of OTLP; has a lock of its own */
	struct range_cache *ranges; /* the same */
	struct map *failures; /* failed sign-ins by name and by address */
};

/* One request that is being handled: lives in the request's arena. */
struct call {
	struct api *api;
	struct http_req *req;
	struct arena *arena; /* the request's */
	struct identity who;
	bool signed_in;
	bool by_cookie;
	struct str secret; /* the token or cookie that proved it */
	struct str part[4]; /* {…} of the path, in order */
	msec_t now;
	unsigned wait;  /* what Retry-After says where a limit refuses; 0: 1 s */
	uint64_t print; /* of the whole request: base/suspect.h */
};
typedef void api_handler(struct call *);

struct route {
	const char *method, *path;
	enum right right;
	api_handler *handle;
	const char *help;
};
extern const struct route routes[];
extern const size_t routes_n;

/* ---- answers ---- */
void answer_json(struct call *, int status, struct buf *take);
/* Closes a JSON list and answers with it; not read: says so instead. */
void answer_list(struct call *, struct json_writer *, struct buf *take, bool read);
/* Answers with a list of what each makes of the rows of that space of the ledger; each gets a struct row_listing. */
struct row_listing {
	struct call *call;
	struct json_writer w;
};
void answer_rows(struct call *, struct str space, row_fn *each);
void answer_error(struct call *, enum rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void answer_wait(struct call *); /* the header Retry-After */
int status_of(enum rc);

/* Parses the body as a JSON object of this record; answers the error itself and gives false. */
bool body_record(struct call *, const struct layout *, void *record);
/* ?name= as a number; `otherwise` when absent.  Answers the error itself and gives false. */
bool param_i64(struct call *, const char *name, int64_t otherwise, int64_t *out);
/* ?name= as a time; `*out` stays when it is absent.  Answers the error itself and gives false. */
bool param_instant(struct call *, const char *name, msec_t *out);

/* Sends a record to the engine on behalf of who asks; the reply becomes the answer by `fn`. */
typedef void replied_fn(struct call *, const struct reply *);
void ask_engine(struct call *, enum message, const struct layout *, const void *record, replied_fn *);
/* The usual one: {"ok":true,"number":…} or the error. */
void answer_reply(struct call *, const struct reply *);

/* ---- reading ---- */
struct ledger *api_ledger(struct api *); /* this thread's handle, or NULL with a log line */
/* The book, locked for reading. */
struct book *api_book(struct api *);
void api_book_done(struct api *);

/* Reads the ticket of that number, when who asks may see it; answers 404 itself otherwise, whichever it was. */
bool visible_ticket(struct call *, struct str number, struct ticket *out);
/* The configuration in force; `conf` is given back by conf_unref. */
struct conf_state {
	struct conf *conf;
	struct str at_next_start; /* "server.listen, storage.sync" */
	msec_t configured;
	bool refused; /* the last reload was */
};
void api_conf(struct api *, struct arena *, struct conf_state *);

/* An event as this identity may read it: numbers and addresses of our people are for who sees all customers. */
struct event event_for(const struct identity *, const struct event *, struct arena *);

/* Finds out who asks; false when a proof was given and does not hold (it answers itself then). */
bool identify(struct call *);

/* The engine made the session whose secret is c->secret: sets the cookie, says who that is. */
void session_begun(struct call *, const struct reply *);

/* The page with the form; `trouble`: what was wrong with the last try, or NULL. */
void sign_in_page(struct call *, const char *trouble);

/* Prints a struct str as HTML text. */
void html_text(struct buf *, struct str);
void html_cell(struct buf *, const char *attributes, struct str);
/* A plain page with title and navigation; its answer. */
void page_begin(struct buf *, const char *title);
void page_answer(struct call *, int status, struct buf *);

/* Prometheus's envelope up to its data: what follows is a value and the end of the object. */
void prom_success(struct json_writer *, struct buf *);

/* limits.c: refusals by limit; by customer, too, for whoever sees all customers. */
void limits_print(struct api *, struct buf *);
void limits_print_customers(struct call *, struct buf *);

#define ROUTE(method, path, right, handler, help) void handle_##handler(struct call *);
#include "api/routes.def"
#undef ROUTE

#endif
