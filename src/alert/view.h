/*
 * view.h — Alertmanager's API v2 answers, as pure functions from the road's state to JSON.
 *
 * `customer` empty: of all customers; an alert of another customer than "default" then shows whose it is.
 */
#ifndef ALERT_VIEW_H
#define ALERT_VIEW_H

#include "alert/road.h"

struct view_filter {
	struct str customer;
	bool active, silenced, inhibited, unprocessed, muted; /* show these, too */
	const struct matchers *matchers;                      /* NULL: all */
	const struct regex *receiver;                         /* whole names; NULL: all */
};
void view_filter_init(struct view_filter *); /* everything, as the API's defaults say */

void view_alerts(const struct road *, const struct view_filter *, msec_t now, struct buf *out);
void view_groups(const struct road *, const struct view_filter *, msec_t now, struct buf *out);
/* What fires, one line per customer and alertname, the most urgent first; of these customers only (none: of all). */
void view_causes(const struct road *, struct strs customers, msec_t now, struct buf *out);
/* The filter is matched against the silences' own matchers; by state, as Alertmanager sorts them. */
void view_silences(
    const struct road *, struct str customer, const struct matchers *, msec_t now, struct buf *out);
bool view_silence(
    const struct road *, struct str customer, struct str id, msec_t now, struct buf *out); /* false: none */
/* With a customer: only receivers that are told of its present alerts. */
void view_receivers(const struct road *, const struct str *customer, struct buf *out);
void view_status(const struct road *, const char *version, msec_t started, bool with_config, struct buf *out);

#endif
