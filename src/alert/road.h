/*
 * road.h — the first road of an alert: deduplicate, inhibit, silence, group, tell the receivers.
 *
 * IDEA   What Alertmanager does with goroutines and timers is here a function of (state, event, now).  Alerts
 * and what was told of them are rows; groups are derived: after a restart or a new configuration every alert
 * is routed anew, and the notification log keeps anybody from being told twice. [A1]   The customer is part
 * of an alert's identity and of every group's; inhibition and silences never cross it. [A2]   The journal
 * records changes: an alert that is sent again only moves its end, in memory. [A3]   Nobody is told twice of
 * the same, and of every change at the next flush (the notification log). TRAP   Rows hold the end that an
 * alert had when it last changed.  After a restart every firing alert is therefore given resolve_timeout to
 * be sent again.
 *
 * The engine's thread.  Timers: "group/<hash>", "alert/<customer>/<fingerprint>", "silence/<id>".
 */
#ifndef ALERT_ROAD_H
#define ALERT_ROAD_H

#include "alert/silence.h"
#include "conf/conf.h"
#include "flow/alert.h"
#include "ledger/ledger.h"

struct road;

/* An alert began or ceased to fire: what the second road, the desk, wants to know.  Borrowed for the call. */
struct road_change {
	struct str customer, fingerprint;
	struct pairs labels, annotations;
	struct str group; /* the key of its first group */
	bool firing;
	msec_t at;           /* since when it fires, or when it stopped */
	enum conf_desk desk; /* what its route or receiver says; DESK_DEFAULT: nothing */
};
typedef void road_change_fn(void *arg, struct turn *, const struct road_change *);

struct road *road_create(road_change_fn *, void *arg);
void road_destroy(struct road **);
/* Alerts, silences and the notification log, as they were. */
CHECKED enum rc road_load(struct road *, struct ledger *, msec_t now, struct err *);
/* Takes a configuration (again): compiles it and routes every alert.  On an error the old one stays. */
CHECKED enum rc road_configure(struct road *, struct turn *, struct conf *, struct err *);

/* One alert that came in; RC_INVALID with a sentence, RC_REFUSED over a limit. */
CHECKED enum rc road_alert(struct road *, struct turn *, const struct alert *, struct err *);
/*
 * Tells the desk of the alerts that were held back when they began to fire and are not any more: a silence or what
 * inhibited them is over.  To be called at the end of a turn that may have changed that; costs nothing when none is.
 */
void road_review(struct road *, struct turn *);
bool road_owns_timer(struct str kind);
void road_timer(struct road *, struct turn *, struct str id);
/* The wall clock was set back by so much: groups are told that much sooner by the wall. */
void road_move(struct road *, struct turn *, msec_t by);
struct silences *road_silences(struct road *);

/* ---- asking; see view.h for JSON ---- */
size_t road_count(const struct road *);

#endif
