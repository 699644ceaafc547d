/* road_impl.h — what the files of alert/ share and nobody else sees. */
#ifndef ALERT_ROAD_IMPL_H
#define ALERT_ROAD_IMPL_H

#include "alert/road.h"
#include "alert/route.h"
#include "base/map.h"
#include "tmpl/tmpl.h"

/* An alert's row. */
#define HELD_ALERT_KEYS(F)                                                                                   \
	F(STR, customer, 0, 0, "", "whose alert it is")                                                      \
	F(PAIRS, labels, 0, 0, "", "what identifies it")                                                     \
	F(PAIRS, annotations, 0, 0, "", "what people read")                                                  \
	F(STR, generator_url, 0, 0, "", "where its sender explains it")                                      \
	F(TIME, starts_at, 0, 0, "", "since when it fires")                                                  \
	F(TIME, ends_at, 0, 0, "", "until when, as it was known at the last change")                         \
	F(TIME, updated_at, 0, 0, "", "when it last came in")                                                \
	F(BOOL, timeout, 0, 0, "", "the end is ours, not its sender's")                                      \
	F(BOOL, resolved, 0, 0, "", "it has stopped, and that was recorded")
RECORD(held_alert, HELD_ALERT_KEYS)

/* What an integration was last told of a group. */
#define NFLOG_KEYS(F)                                                                                        \
	F(STR, firing, 0, 0, "", "fingerprints, 8 bytes each, sorted")                                       \
	F(STR, resolved, 0, 0, "", "the same")                                                               \
	F(TIME, at, 0, 0, "", "when")                                                                        \
	F(TIME, expires, 0, 0, "", "when it is forgotten")
RECORD(nflog, NFLOG_KEYS)

struct held {
	struct held_alert a; /* its pairs and texts are pieces of memory of their own */
	struct labels labels;
	uint64_t fingerprint;
	char hex[17];
	char *key;                /* customer/fingerprint */
	unsigned refs;            /* groups that hold it */
	bool silenced, inhibited; /* as last recorded */
	bool withheld;            /* it fires, and the desk was not told: something holds it back */
};

struct group {
	const struct route *route;
	char *customer;
	char *key; /* as receivers see it */
	char *id;  /* its timer */
	struct pairs labels;
	VEC(struct held *) alerts;
	msec_t next; /* when it is flushed */
	bool muted;  /* as last recorded */
};

struct logged {
	struct nflog entry; /* texts owned */
	char *key;
};

/* The alerts that can inhibit, by rule, customer and equal labels. */
struct sources {
	VEC(struct held *) alerts;
};

struct road {
	road_change_fn *changed;
	void *arg;
	struct routes *routes;
	struct tmpl_set *templates;
	struct silences *silences;
	struct map *alerts;    /* key -> struct held */
	struct map *customers; /* name -> size_t: how many alerts */
	struct map *groups;    /* id -> struct group */
	struct map *nflog;     /* group id/receiver/integration -> struct logged */
	struct map *sources;   /* rule/customer/values -> struct sources */
	size_t withheld;       /* how many alerts are */
};

static inline bool
held_fires(const struct held *h, msec_t now)
{
	return h->a.ends_at > now;
}

/* road.c: records that it stopped, when it has and that is not recorded yet. */
void road_end(struct road *, struct turn *, struct held *);

/* inhibit.c */
void inhibit_add(struct road *, struct held *);
void inhibit_remove(struct road *, struct held *);
void inhibit_clear(struct road *);
/* The alert that holds this one back, or NULL. */
const struct held *inhibited_by(const struct road *, const struct held *, msec_t now);

/* group.c */
void group_insert(struct road *, struct turn *, struct held *, struct road_change *);
void group_flush(struct road *, struct turn *, struct str id);
void groups_clear(struct road *, struct turn *);
/* Which intervals keep a route silent at this time; the arena holds the names. */
struct strs group_muted_by(const struct group *, msec_t now, struct arena *);

/* held.c */
struct held *held_create(const struct held_alert *);
void held_set(struct held *, const struct held_alert *); /* labels and customer stay */
void held_destroy(struct held *);
void held_forget(struct road *, struct turn *, struct held *);
void held_save(struct turn *, const struct held *);
struct str held_subject(struct turn *, const struct held *);

/* nflog.c */
struct str nflog_key(struct turn *, const struct group *, const char *kind, size_t index);
const struct nflog *nflog_get(const struct road *, struct str key, msec_t now);
void nflog_put(struct road *, struct turn *, struct str key, const struct nflog *);
/* Forgets what no longer matters: expired, or of a group that is gone and all of whose ends were told. */
void nflog_sweep(struct road *, struct turn *);
void nflog_settled(struct road *, struct turn *, const struct group *);
void nflog_clear(struct road *);
CHECKED enum rc nflog_load(struct road *, struct ledger *, struct err *);
/* Why an integration is told now; NULL: it is not. */
const char *nflog_reason(
    const struct nflog *, const struct nflog *now_is, bool send_resolved, msec_t repeat, msec_t now);

#endif
