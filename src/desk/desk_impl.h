/* desk_impl.h — what the files of desk/ share and nobody else sees. */
#ifndef DESK_DESK_IMPL_H
#define DESK_DESK_IMPL_H

#include "base/map.h"
#include "desk/desk.h"

/* An open ticket in memory. */
struct held {
	struct ticket ticket; /* first: a struct ticket * is a struct held * */
	struct arena *arena;  /* its texts; made anew at every save, so it never grows */
	struct sla_history history;
	unsigned told; /* bits of enum sla_told: what was warned of already */
};

enum sla_told { TOLD_PICKUP_WARNED = 1, TOLD_PICKUP_BREACHED = 2, TOLD_RESOLUTION_WARNED = 4, TOLD_RESOLUTION_BREACHED = 8 };

struct desk {
	struct book *book;
	struct map *tickets; /* by number as text: struct held */
	struct map *groups;  /* customer '\x1f' group: struct held */
	int64_t last;        /* the last number given */
	struct held *closed; /* the last one that was forgotten: still borrowed by who closed it */
};

struct held *desk_held(const struct desk *, int64_t number);
struct held *desk_by_group(const struct desk *, struct str customer, struct str group);

/* Gives the ticket a number, remembers it, records ticket_opened.  The ticket's texts may be borrowed. */
struct held *desk_add(struct desk *, struct turn *, const struct ticket *, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Records the change of state with its sentence, saves, sets the timers of the clocks; a closed one is forgotten. */
/* The move that was recorded last, by its name in notify/letters.def, and what the person who made it wrote. */
void desk_moved(struct turn *, const char *move, struct str remark);
void desk_move(struct desk *, struct turn *, struct held *, enum event_kind, msec_t at, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void desk_set_timers(struct desk *, struct turn *, struct held *);
void desk_note_told(struct held *, const struct event *);

const struct contract *desk_contract(const struct desk *, struct str customer, msec_t at, struct str *name);
const struct calendar *desk_calendar(const struct desk *, struct str customer, struct str name, msec_t at);

/* Links it with another ticket, or ends that (`on` false); already so: nothing happens. */
CHECKED enum rc desk_link(struct desk *, struct turn *, struct ticket *, int64_t other, bool on, struct err *);

/* Gives it to the team and person whose skills fit; true when a person was found. */
bool desk_assign_by_skill(struct desk *, struct turn *, struct held *, struct strs skills);

#endif
