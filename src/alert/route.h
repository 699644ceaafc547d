/*
 * route.h — the tree of routes and the rules of inhibition, compiled from a configuration.
 *
 * Read-only once made; it holds a reference to its configuration.  The engine's thread.
 */
#ifndef ALERT_ROUTE_H
#define ALERT_ROUTE_H

#include "conf/conf.h"
#include "label/matcher.h"

struct route {
	const struct conf_route *conf;
	const struct conf_receiver *receiver; /* NULL: told nobody */
	struct matchers matchers;
	char *key; /* "{}/{severity="page"}": as Alertmanager writes it */
	bool by_all;
	VEC(const struct conf_named_intervals *) mute, active;
	struct route *children;
	size_t n;
	size_t index; /* among all routes, in the order of the file */
};

struct inhibit_rule {
	const struct conf_inhibit *conf;
	struct matchers source, target;
};

struct routes {
	struct conf *conf;
	struct route *root; /* NULL: nobody is told */
	VEC(struct inhibit_rule) inhibit;
	size_t count;
};

/* Errors are matchers that cannot be read. */
CHECKED enum rc routes_create(struct conf *, struct routes **, struct err *);
void routes_destroy(struct routes **);

/* Calls for each route that takes the alert, in order. */
typedef void route_fn(void *arg, const struct route *);
void routes_match(const struct routes *, struct labels, route_fn *, void *arg);

/* The alert's labels that make its group, in the arena. */
struct pairs route_group_labels(const struct route *, struct pairs labels, struct arena *);

#endif
