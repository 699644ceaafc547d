/*
 * play_world.h — inside the plays: the whole program in one thread, and the scripted world around it.
 *
 * A *life* is from start to kill: loop, engine and core live that long, and with them everything that is under way.
 * Clock, files and peers outlive it.
 */
#ifndef MAIN_PLAY_WORLD_H
#define MAIN_PLAY_WORLD_H

#include "engine/engine.h"
#include "main/core.h"
#include "main/play_peer.h"
#include "main/play_people.h"
#include "notify/sender.h"

struct posted;
struct feed;

struct http_seen {
	int status; /* 0: nothing was asked yet */
	struct str body;
};

struct world {
	struct clock *clock;
	uint64_t seed;
	unsigned life;
	char dir[64];
	int home; /* the folder that we came from */
	struct conf *conf;
	struct str yaml;
	struct peers *peers;
	struct people *people;
	VEC(struct feed *) feeds;
	VEC(struct str) tokens; /* users who have one */
	VEC(struct str) consoles; /* users who have one open */
	struct arena *arena;    /* of the whole play */

	/* of one life */
	struct loop *loop;
	struct ledger *ledger;
	struct engine *engine;
	struct core *core;
	struct sender_doors senders;
	VEC(struct posted *) mailbox; /* between core and engine */
	struct loop_timer tick;

	struct reply last;       /* the engine's last answer; its text in `arena` */
	struct http_seen answer; /* of the last request */
};

CHECKED enum rc world_create(struct world *, msec_t start, uint64_t seed, struct err *);
void world_fini(struct world *);
CHECKED enum rc world_start(struct world *, struct err *);
void world_kill(struct world *);
bool world_runs(const struct world *);
/* Takes a configuration, also while it runs: all or nothing. */
CHECKED enum rc world_config(struct world *, struct str yaml, struct err *);
/* Lets time pass; everything that becomes due meanwhile happens at its moment. */
void world_run(struct world *, msec_t span);
/* Everything that is due now. */
void world_settle(struct world *);
/* Asks the engine and waits for its answer; RC of the answer. */
enum rc world_ask(struct world *, enum message, struct str actor, const struct layout *, const void *record);

/* ---- samples ---- */

struct feed_order {
	struct str series; /* name{label="value"} */
	struct str customer;
	double value;
	msec_t every, span; /* 0: once, now */
};
/* Stores a sample as every receiver does. */
CHECKED enum rc world_sample(struct world *, const struct feed_order *, struct err *);

#endif
