/*
 * play.h — inside main/: scenarios in virtual time.
 *
 * IDEA   A play runs the real engine over a real ledger, in one thread, on a clock that jumps from one due moment to the
 *        next.  What is replaced is the doors: telephones, the mail server and webhooks do what the script says.  `kill`
 *        drops all memory and every effect that was not committed; `start` opens the same files.
 */
#ifndef MAIN_PLAY_H
#define MAIN_PLAY_H

#include "engine/engine.h"
#include "flow/notice.h"

enum phone_manner { PHONE_RINGS, PHONE_BUSY, PHONE_DECLINES, PHONE_VOICEMAIL, PHONE_ANSWERS };

struct phone {
	char *user;
	enum phone_manner manner;
	char key; /* ANSWERS: what is pressed */
};

/* Something that left the house. */
struct played_call {
	char *key, *user, *to;
	msec_t at;
	bool over;
};
struct played_mail {
	char *to, *text; /* text: the subject, an empty line, the body */
	msec_t at;
};

/* A receipt that will come back in a while. */
struct coming {
	struct world *world;
	struct loop_timer timer;
	struct receipt receipt;
	char *key;
	unsigned life; /* of which start: what was under way when we were killed comes back to nobody */
};

struct world {
	struct clock *clock;
	struct loop *loop;
	char dir[64];
	struct conf *conf;
	struct ledger *ledger;
	struct engine *engine;
	struct arena *arena; /* of the whole play */
	VEC(struct phone) phones;
	VEC(struct played_call) calls;
	VEC(struct played_mail) mails;
	VEC(struct coming *) coming;
	size_t hooks;
	bool smtp_down, trunk_down;
	unsigned life;
	struct reply last; /* the engine's last answer; its text in `arena` */
};

CHECKED enum rc world_create(struct world *, msec_t start, struct err *);
void world_fini(struct world *);
CHECKED enum rc world_start(struct world *, struct err *);
void world_kill(struct world *);
CHECKED enum rc world_config(struct world *, struct str yaml, struct err *);
/* Lets time pass; everything that becomes due meanwhile happens at its moment. */
void world_run(struct world *, msec_t span);
/* Asks the engine and waits for its answer; RC of the answer. */
enum rc world_ask(struct world *, enum message, struct str actor, const struct layout *, const void *record);

/* Runs one file: RC_INVALID with "file:line: what" at the first thing that is not as it says. */
CHECKED enum rc play_run(const char *path, struct str *title, struct arena *, struct err *);

#endif
