/*
 * inner.h — what load.c, settle.c, verify.c and print.c share while a configuration is being read.
 */
#ifndef CONF_INNER_H
#define CONF_INNER_H

#include "conf/conf.h"

struct loader {
	const char *path;
	enum conf_kind kind;
	struct binder binder;
	struct check check;
	struct conf_root *root;
	VEC(struct conf_scrape *) scrapes;
	VEC(struct conf_rules) rules;
	VEC(struct conf_file) templates;
};

/* Fills in what is inherited: jobs from global, routes from their parents, receivers from global. */
void conf_settle(struct loader *);
/* What the tables cannot say. */
void conf_check(struct loader *);
void conf_check_prometheus(struct loader *); /* a part of it */
/*
 * The part of the tree that an Alertmanager knows, as YAML: keys of ours are left out, so a receiver of ours
 * is a bare name; secrets are "<secret>".
 */
void conf_print_alertmanager(const struct node *root, struct buf *out);
/* All of it, our own sections too; without secrets. */
void conf_print_all(const struct node *root, struct buf *out);

#endif
