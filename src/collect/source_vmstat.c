/* source_vmstat.c — /proc/vmstat: pages in and out, faults, processes killed for want of memory. */
#include <stdio.h>

#include "collect/source.h"

static bool
is_wanted(struct str key)
{
	return str_starts(key, STR("oom_kill")) || str_starts(key, STR("pgpg")) || str_starts(key, STR("pswp")) ||
	    (str_starts(key, STR("pg")) && str_has(key, STR("fault")));
}

static void
read_vmstat(struct source_host *h, struct buf *b)
{
	struct str text, line, key;
	char name[120];
	if (!source_file(h, "/proc/vmstat", &text))
		return;
	while (str_cut(&text, '\n', &line)) {
		if (!source_word(&line, &key) || !is_wanted(key))
			continue;
		snprintf(name, sizeof name, "node_vmstat_%.*s", STR_ARG(str_to(key, 80)));
		source_put_scaled(b, name, "", source_number(&line), 0);
	}
}

const struct source vmstat_source = {"vmstat", read_vmstat, "pages in and out, faults, processes killed for want of memory"};
