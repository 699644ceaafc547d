/* default.c — what Tocsin runs with when nothing is said. */
#include "conf/conf.h"

const char conf_embedded[] =
    "# Tocsin without a configuration: it receives what is pushed, evaluates no rules,\n"
    "# and every alert that arrives opens a ticket.\n"
    "global:\n"
    "  scrape_interval: 15s\n"
    "  resolve_timeout: 5m\n"
    "storage:\n"
    "  retention: 90d\n"
    "route:\n"
    "  receiver: desk\n"
    "  group_by: [alertname, job]\n"
    "receivers:\n"
    "  - name: desk\n"
    "    desk: open\n"
    "server:\n"
    "  listen: 127.0.0.1:9797\n";
