/*
 * suggest.h — rules that are worth a look: never fired, always fire, flap, are over by themselves within minutes; each with a
 * change where one can be proposed, and what that change would have done over the same history.
 */
#ifndef REPLAY_SUGGEST_H
#define REPLAY_SUGGEST_H

#include "base/mem.h"
#include "replay/history.h"

enum finding { NEVER_FIRED, ALWAYS_FIRES, FLAPS, SHORT_LIVED };
extern const char *const suggest_findings[];

struct suggestion {
	const struct history_rule *rule;
	enum finding finding;
	struct str text, change; /* change: "for: 10m"; empty: none is proposed */
	int64_t fired_then;      /* with the change; -1: it was not tried */
};
struct suggestions {
	struct history *history; /* of the rules as they are */
	VEC(struct suggestion) list;
};

CHECKED enum rc suggest_run(const struct history_ask *, struct suggestions **, struct err *);
void suggestions_destroy(struct suggestions **);

#endif
