/* core_store.c — see core_store.h. */
#include "main/core_store.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/time.h"
#include "collect/forward.h"

struct core_store {
	struct tsdb *tsdb;
	struct conf *conf;
	struct tsdb_keep *keeps;
	struct matchers *matchers; /* of each of them */
	size_t n;
};

/* How often the log becomes durable; `none`: when a block is written. */
static msec_t
sync_every(const struct conf_storage *s)
{
	msec_t every = 0;
	if (str_is(s->sync, "none"))
		return 365 * DAY;
	(void)duration_parse(s->sync, &every); /* batch: 0 */
	return every;
}

static enum rc
take_keep(const struct conf_keep *k, struct matchers *m, struct tsdb_keep *out, struct err *e)
{
	for (size_t i = 0; i < k->matchers.n; i++)
		if (matchers_parse(m, k->matchers.p[i], e) != RC_OK)
			return err_add(e, "in storage.retentions");
	*out = (struct tsdb_keep){.tenant = k->customer, .matchers = m, .keep = k->keep};
	return RC_OK;
}

static enum rc
take_keeps(struct core_store *s, const struct conf_storage *c, struct err *e)
{
	enum rc rc = RC_OK;
	s->keeps = mem_zalloc((c->retentions.n + 1) * sizeof *s->keeps);
	s->matchers = mem_zalloc((c->retentions.n + 1) * sizeof *s->matchers);
	for (; rc == RC_OK && s->n < c->retentions.n; s->n++)
		rc = take_keep(&c->retentions.p[s->n], &s->matchers[s->n], &s->keeps[s->n], e);
	return rc;
}

static struct tsdb_limits
usual_limits(const struct conf_limits *l)
{
	return (struct tsdb_limits){(uint64_t)l->series_per_customer, (uint64_t)l->series_labels, (uint64_t)l->series_label_size, (uint64_t)l->samples_per_second,
	    (uint64_t)l->samples_burst};
}

static enum rc
open_tsdb(struct core_store *s, const char *data, struct clock *clock, struct err *e)
{
	const struct conf_root *root = s->conf->root;
	char dir[4096], remote[4096];
	snprintf(dir, sizeof dir, "%s/samples", data);
	snprintf(remote, sizeof remote, "%s/remote", data);
	struct tsdb_options o = {.dir = dir,
	    .clock = clock,
	    .log_hold = forwards_oldest(remote),
	    .sync_every = sync_every(&root->storage),
	    .retention = root->storage.retention,
	    .tier_keep = {root->storage.retention_5m, root->storage.retention_1h},
	    .keeps = s->keeps,
	    .n_keeps = s->n,
	    .size = (uint64_t)root->storage.retention_size,
	    .out_of_order = root->storage.out_of_order_window,
	    .limits = usual_limits(&root->limits)};
	return tsdb_open(&o, &s->tsdb, e);
}

void
core_store_limit(struct core_store *s, const struct conf *conf)
{
	const struct conf_limits *l = &conf->root->limits;
	struct tsdb_customer_limits *own = mem_zalloc((l->customers.n + 1) * sizeof *own);
	struct tsdb_limits usual = usual_limits(l);
	for (size_t i = 0; i < l->customers.n; i++) {
		const struct conf_customer_limits *c = &l->customers.p[i];
		own[i] = (struct tsdb_customer_limits){c->customer,
		    {(uint64_t)c->series, (uint64_t)c->series_labels, (uint64_t)c->series_label_size, (uint64_t)c->samples_per_second, (uint64_t)c->samples_burst}};
	}
	tsdb_limit(s->tsdb, &usual, own, l->customers.n);
	mem_free(own);
}

enum rc
core_store_open(struct core_store **out, const struct conf *conf, const char *data, struct clock *clock, struct err *e)
{
	struct core_store *s = mem_new(struct core_store);
	s->conf = conf_ref((struct conf *)conf);
	enum rc rc = take_keeps(s, &conf->root->storage, e);
	if (rc == RC_OK)
		rc = open_tsdb(s, data, clock, e);
	if (rc != RC_OK)
		core_store_close(&s);
	*out = s;
	return rc;
}

void
core_store_close(struct core_store **ps)
{
	struct core_store *s = *ps;
	if (!s)
		return;
	tsdb_close(&s->tsdb);
	for (size_t i = 0; i < s->n; i++)
		matchers_fini(&s->matchers[i]);
	mem_free(s->matchers);
	mem_free(s->keeps);
	conf_unref(&s->conf);
	mem_free(s);
	*ps = NULL;
}

struct tsdb *
core_store_tsdb(struct core_store *s)
{
	return s->tsdb;
}
