/*
 * payload.h — what a receiver is told of a group: as a template's data, and as the webhook's JSON (version
 * 4).
 */
#ifndef ALERT_PAYLOAD_H
#define ALERT_PAYLOAD_H

#include "alert/road_impl.h"

struct told {
	const struct group *group;
	struct held *const *alerts; /* those that are told, in their order */
	size_t n;
	struct str external_url;
	const char *reason;
	msec_t now;
};

struct value payload_data(const struct told *, struct arena *);
/* max 0: all alerts. */
void payload_webhook(const struct told *, size_t max, struct buf *);

#endif
