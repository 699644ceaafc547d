/*
 * core_link.h — the core's side of the engine: asking from any thread, answers on the loop's thread.
 *
 * A question that the engine had when it went away is answered with RC_IO: whether it was done is in the journal.
 */
#ifndef MAIN_CORE_LINK_H
#define MAIN_CORE_LINK_H

#include "base/loop.h"
#include "flow/message.h"
#include "flow/reply.h"

struct core_link;
typedef void core_reply_fn(void *arg, const struct reply *);
typedef void core_news_fn(void *arg, const struct news *);

/* How the engine is asked and told; whether a socket lies in between does not matter here. */
struct engine_door {
	void *arg;
	/* The loop's thread: kept until the engine has committed it (core_link_tell). */
	void (*tell)(void *arg, enum message, struct str body);
	/* Any thread; `reply` may be NULL. */
	void (*ask)(void *arg, enum message, struct str actor, struct str body, core_reply_fn *reply, void *reply_arg);
};

struct core_link *core_link_create(struct loop *, const char *path, core_news_fn *, void *arg);
void core_link_destroy(struct core_link **);
/* The loop's thread.  It is kept, and told again in its order, until the engine has committed it; given up after five
 * deaths of the engine over it, or when 32 MB are waiting. */
void core_link_tell(struct core_link *, enum message, struct str body);
/* Any thread. `reply` may be NULL. */
void core_link_ask(struct core_link *, enum message, struct str actor, struct str body, core_reply_fn *reply, void *arg);

#endif
