/*
 * source_units.c — systemd's services: which run, by their control groups, and which have failed, as systemctl says.
 *
 * IDEA   No D-Bus: whoever owns the runner asks `systemctl` for failed units and hands over what it printed; a service
 *        that runs is a folder.  One that has done its work and ended is in neither.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "collect/source.h"

static const char *const folders[] = {"/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice"};

static void
put_unit(struct buf *b, struct str name, const char *is)
{
	static const char *const states[] = {"active", "activating", "deactivating", "failed", "inactive"};
	struct buf labels = {0};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		buf_clear(&labels);
		buf_c(&labels, "name=\"");
		expo_escape(&labels, name);
		buf_fmt(&labels, "\",state=\"%s\"", states[i]);
		source_put(b, "node_systemd_unit_state", labels.p, str_is(str_c(states[i]), is));
	}
	buf_fini(&labels);
}

static void
put_running(struct source_host *h, struct buf *b)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d = NULL;
	for (size_t i = 0; i < sizeof folders / sizeof *folders && !d; i++) {
		snprintf(path, sizeof path, "%s%s", h->root, folders[i]);
		d = opendir(path);
	}
	while (d && (entry = readdir(d)))
		if (str_ends(str_c(entry->d_name), STR(".service")))
			put_unit(b, str_c(entry->d_name), "active");
	if (d)
		closedir(d);
}

static void
read_units(struct source_host *h, struct buf *b)
{
	struct str text = h->units, line, name;
	if (!h->systemd)
		return;
	put_running(h, b);
	while (str_cut(&text, '\n', &line))
		if (source_word(&line, &name) && str_chr(name, '.') > 0)
			put_unit(b, name, "failed");
}

const struct source units_source = {"units", read_units, "services of systemd: which run, which have failed"};
