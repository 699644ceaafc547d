/*
 * engine.h — the table at which all operational decisions are made, one turn at a time.
 *
 * IDEA   Messages are gathered for a turn (about 200, or 5 ms), decided in order by alert/, desk/, oncall/ and
 *        notify/, and committed in one transaction.  Only then are they answered, and only then does anything
 *        leave the house.
 * [G1]   Nobody reads an answer before what it says is durable.
 * [G2]   When a commit fails, memory is dropped and read again from the ledger; until that succeeds everything is
 *        refused with a clear sentence and tried again each second.
 *
 * An engine lives on one loop.  engine_ask may be called on that loop's thread only (links post to it).
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/loop.h"
#include "conf/conf.h"
#include "flow/message.h"
#include "flow/reply.h"
#include "ledger/book.h"

struct engine;

/* How effects leave.  Answers come back as messages (receipt). */
struct engine_doors {
	void *arg;
	void (*send)(void *arg, const struct outbox_row *); /* try it now; the row is borrowed for the call */
	void (*call_back)(void *arg, struct str key);       /* it is not needed any more */
	void (*tell)(void *arg, const struct news *);       /* what was committed */
	void (*lost)(void *arg, const char *why);           /* another instance has the ledger: end this process */
};

typedef void reply_fn(void *arg, const struct reply *);

/* The configuration is referenced; in `folder` are heads.key, which signs the journal's heads
 * and is made when it is first needed, and what is in quarantine. */
CHECKED enum rc engine_create(struct engine **, struct loop *, struct ledger *, struct conf *, const char *folder, const struct engine_doors *,
    struct err *);
void engine_destroy(struct engine **);

/* Queues a message for the next turn; `reply` (may be NULL) is called once, after the commit. `body` is copied. */
void engine_ask(struct engine *, enum message, struct str actor, struct str body, reply_fn *, void *arg);

/* Takes a new configuration with its next turn; on an error the old one stays. */
CHECKED enum rc engine_configure(struct engine *, struct conf *, struct err *);

/* May a page be on that person's screen?  True as well while the process that serves the console has not said. */
bool engine_watched(const struct engine *, struct str user);

/* All resource kinds, alphabetical, ended by a NULL name. */
extern const struct resource_kind resource_kinds[];

#endif
