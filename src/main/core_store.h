/* core_store.h — the store of samples as the configuration wants it. */
#ifndef MAIN_CORE_STORE_H
#define MAIN_CORE_STORE_H

#include "conf/conf.h"
#include "tsdb/tsdb.h"

struct core_store;

/* In <data>/samples. */
CHECKED enum rc core_store_open(struct core_store **, const struct conf *, const char *data, struct clock *, struct err *);
void core_store_close(struct core_store **);
/* Other limits of customers, from now on. */
void core_store_limit(struct core_store *, const struct conf *);
struct tsdb *core_store_tsdb(struct core_store *);

#endif
