/* default.c — what Tocsin runs with when nothing is said. */
#include "conf/conf.h"

const char conf_embedded[] =
    "# Tocsin without a configuration: it watches this machine by rules of its own, receives\n"
    "# what is pushed, and every alert opens a ticket.\n"
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
    "desk:\n"
    "  default_policy: demo\n"
    "server:\n"
    "  listen: 127.0.0.1:9797\n"
    "  demo: true\n"
    "  watch_machine: true\n"
    "  starter_rules: true\n";
