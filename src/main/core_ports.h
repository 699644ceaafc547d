/*
 * core_ports.h — the core's ports beside HTTP, for senders that speak lines: Graphite's and StatsD's.  Off unless the configuration names
 * an address.  Loop's thread.
 */
#ifndef MAIN_CORE_PORTS_H
#define MAIN_CORE_PORTS_H

#include "base/loop.h"
#include "conf/conf.h"
#include "tsdb/tsdb.h"

struct core_ports;

/* A port that cannot be opened is said in the log; the others, and all else, go on without it.  `conf` is borrowed. */
struct core_ports *core_ports_open(struct loop *, struct tsdb *, const struct conf *);
void core_ports_close(struct core_ports **);

#endif
