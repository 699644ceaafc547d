/* engine_impl.h — what the files of engine/ share and nobody else sees. */
#ifndef ENGINE_ENGINE_IMPL_H
#define ENGINE_ENGINE_IMPL_H

#include "alert/road.h"
#include "base/map.h"
#include "base/suspect.h"
#include "base/time.h"
#include "desk/desk.h"
#include "engine/agenda.h"
#include "engine/engine.h"
#include "flow/notice.h"
#include "notify/page.h"

/* A message that waits for its turn, or for its turn's commit. */
struct waiting {
	enum message kind;
	struct buf actor, body;
	reply_fn *reply;
	void *arg;
	struct reply answer;
	struct buf answer_text, answer_id;
};

/* An outbox row in memory until it is settled. */
struct pending {
	struct outbox_row row; /* its texts are in `bytes` */
	struct buf bytes;
	bool in_flight;
};

/* What the desk must know of the drill that is handed to it just now, and what it answers. */
struct drilling {
	struct str to, by, asker, trouble;
	int64_t ticket;
	struct str fingerprint;
};

struct engine {
	struct loop *loop;
	struct ledger *ledger;
	struct engine_doors doors;
	struct conf *conf;
	msec_t started;
	char *folder; /* heads.key and quarantine/ are in it */
	struct road *road;
	struct book *book;
	struct desk *desk;
	struct pages *pages;
	struct turn *turn;

	VEC(struct waiting *) inbox;
	struct agenda *timers;     /* by id */
	struct map *pending;       /* outbox key -> struct pending */
	struct agenda *sends;      /* those of `pending` that are not in flight, by key */
	struct loop_timer wake;
	msec_t wall_offset;        /* of the wall clock from elapsed time, as of the last turn */
	bool wall_known;
	msec_t alive;              /* when the core was last heard */
	bool watched, core_missing;
	bool heads_planned; /* the daily signing has its timer */
	msec_t careful_until;      /* one thing a turn until then */
	uint64_t suspects_seen;    /* the changes that `told` knows of */
	VEC(struct suspect) told;  /* who has an alert for being in quarantine */
	struct map *beats; /* key -> struct beat */
	struct drilling *drilling; /* while its alert is on the road */
	bool out_of_step;          /* memory was dropped and not read again yet [G2] */
	struct arena *consoles_arena; /* of `consoles` */
	struct consoles *consoles;    /* NULL: nobody has said yet */
	char trouble[ERR_TEXT];
};

/* consoles.c */
void engine_consoles(struct engine *, const struct consoles *);

/* outbox.c */
CHECKED enum rc engine_outbox_load(struct engine *, struct err *);
void engine_outbox_add(struct engine *, const struct send *);
void engine_outbox_settle(struct engine *, const struct settle *);
void engine_outbox_pump(struct engine *, msec_t now); /* sends what is due and not in flight */
void engine_outbox_clear(struct engine *);
/* Decides about a receipt: settled, or when to try again.  Part of the turn. */
void engine_outbox_receipt(struct engine *, struct turn *, const struct receipt *);

/* handle.c */
void engine_handle(struct engine *, struct waiting *); /* decides one message; fills its answer */
void engine_alarm(struct engine *, struct str id);     /* decides one timer */
/* The second road: what the desk does about an alert that began or ceased. */
void engine_desk(void *engine, struct turn *, const struct road_change *);

/* What follows from the desk's answer: people are called, told, or left in peace. */
void engine_follow(struct engine *, struct desk_next);

/* set.c */
void engine_uuid(char out[37]); /* a random one: RFC 9562, version 4 */
CHECKED enum rc engine_set_resources(struct engine *, const struct resource_batch *, int64_t *changed, struct err *);

/* drill.c */
struct drill_order;
struct drill_plan;
CHECKED enum rc drill_start(struct engine *, const struct drill_order *, int64_t *ticket, struct err *);
/* Is it a drill's alert?  Then what the desk makes of it is changed. */
bool drill_describe(const struct engine *, const struct road_change *, struct desk_alert *);
void engine_drills(struct engine *); /* once a turn, when everything else was decided */
struct desk_next drill_timer(struct engine *, int64_t ticket);                             /* "drill/<ticket>" */
void drill_planned(struct engine *, const struct resource *, const struct drill_plan *);   /* NULL: it is gone */
void drill_plan_due(struct engine *, struct str name);                                     /* "drillplan/<name>" */

/* beat.c */
struct heartbeat;
struct heartbeat_ping;
CHECKED enum rc beats_load(struct engine *, struct err *);
void beats_clear(struct engine *);
void beat_name(struct engine *, const struct resource *, struct heartbeat *, void (*make)(char out[37])); /* gives it a uuid */
void beat_changed(struct engine *, const struct resource *, const struct heartbeat *);                   /* NULL: it is gone */
CHECKED enum rc beat_heard(struct engine *, const struct heartbeat_ping *, struct err *);
void beat_due(struct engine *, struct str key); /* "beat/<key>" */

/* proof.c */
struct proof_order;
struct user;
CHECKED enum rc proof_handle(struct engine *, const struct proof_order *, struct err *);
/* A new version of a user has what the one in force had proved, as far as its addresses are the same. */
void proof_carry(struct engine *, struct str name, struct user *);

/* inform.c: mails to the customer about what this turn recorded; before its commit. */
void engine_inform(struct engine *);

/* heads.c: the timer "heads/daily" */
void engine_sign_heads(struct engine *);

/* clock.c: once a turn, first */
void engine_clock(struct engine *);

/* watch.c */
void engine_heard(struct engine *); /* the core's sign of life */
void engine_watch(struct engine *); /* once a turn */

/* quarantine.c */
void quarantine_begin(struct engine *); /* once, when it is made */
bool quarantine_careful(const struct engine *);
uint64_t quarantine_print(unsigned kind, struct str bytes);
/* RC_INVALID, with the sentence for who sent it, when it is not to be handled again; then it is kept. */
CHECKED enum rc quarantine_judge(struct engine *, uint64_t print, const char *kind, struct str bytes, struct err *);
void quarantine_watch(struct engine *); /* once a turn */

/* view.c */
CHECKED enum rc engine_view(struct engine *, const void *view_request, struct buf *out, struct err *);

#endif
