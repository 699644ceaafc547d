/*
 * deltas.h — counts that come as differences, as running sums.
 *
 * IDEA   A sum is kept for each series that sends differences, in memory.  It begins where the store has the series' last
 *        one, if that is not older than DELTAS_KEPT, so a restart is no reset, and who repeats after it what was stored
 *        before is found out.
 *
 * Bounded: `limit` series of all tenants together, and who has sent nothing for DELTAS_IDLE makes room.  Any thread.
 */
#ifndef INGEST_DELTAS_H
#define INGEST_DELTAS_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum { DELTAS_IDLE = 60 * 60 * 1000, DELTAS_KEPT = 24 * 60 * 60 * 1000 };

struct deltas;

struct deltas *deltas_create(size_t limit);
void deltas_destroy(struct deltas **);
/* What time it is, from now on. */
void deltas_now(struct deltas *, msec_t now);
bool deltas_knows(struct deltas *, struct str tenant, struct str series);
/* Where one that is not known yet begins: at this sum, of that time. */
void deltas_begin(struct deltas *, struct str tenant, struct str series, msec_t t, double sum);
/*
 * Adds what came for `t` and gives the sum.  RC_CONFLICT: it was there already, or something later was: a sender repeats
 * itself.  RC_REFUSED: too many.
 */
CHECKED enum rc deltas_add(struct deltas *, struct str tenant, struct str series, msec_t t, double v, double *sum, struct err *);

#endif
