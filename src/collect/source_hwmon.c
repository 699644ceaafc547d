/* source_hwmon.c — /sys/class/hwmon: temperatures. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/source.h"

enum { SENSORS_MAX = 64, MILLI = 1000 };

/* Lower case; what is no letter, digit or colon becomes an underscore. */
static void
put_clean(struct buf *b, const char *s)
{
	for (; *s; s++) {
		char c = *s >= 'A' && *s <= 'Z' ? (char)(*s | 32) : *s;
		bool keeps = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == '_';
		buf_ch(b, keeps ? c : '_');
	}
}

/* The last two parts of where its device is: "platform_coretemp_0"; else the name that it says; else its own. */
static void
put_chip(struct source_host *h, const char *folder, struct buf *out)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct str name;
	snprintf(path, sizeof path, "%s%.250s/device", h->root, folder);
	char *last = realpath(path, real) ? strrchr(real, '/') : NULL;
	if (last && last > real) {
		*last = '\0';
		const char *before = strrchr(real, '/');
		put_clean(out, before ? before + 1 : real);
		buf_ch(out, '_');
		put_clean(out, last + 1);
		return;
	}
	snprintf(path, sizeof path, "%.250s/name", folder);
	if (source_file(h, path, &name) && str_trim(name).n) {
		snprintf(real, sizeof real, "%.*s", STR_ARG(str_to(str_trim(name), 100)));
		put_clean(out, real);
	} else {
		put_clean(out, strrchr(folder, '/') + 1);
	}
}

static void
put_sensor(struct source_host *h, const char *folder, const char *chip, int n, struct buf *b)
{
	static const struct {
		const char *file, *name;
	} kinds[] = {{"input", "node_hwmon_temp_celsius"}, {"max", "node_hwmon_temp_max_celsius"}, {"crit", "node_hwmon_temp_crit_celsius"}};
	char path[PATH_MAX], labels[400];
	struct str text;
	int64_t milli;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		snprintf(path, sizeof path, "%.250s/temp%d_%s", folder, n, kinds[i].file);
		snprintf(labels, sizeof labels, "chip=\"%.300s\",sensor=\"temp%d\"", chip, n);
		if (source_file(h, path, &text) && str_i64(str_trim(text), &milli))
			source_put(b, kinds[i].name, labels, (double)milli / MILLI);
		else if (i == 0)
			return;
	}
}

static void
read_hwmon(struct source_host *h, struct buf *b)
{
	char path[PATH_MAX];
	struct dirent *entry;
	snprintf(path, sizeof path, "%s/sys/class/hwmon", h->root);
	DIR *d = opendir(path);
	while (d && (entry = readdir(d))) {
		struct buf chip = {0};
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof path, "/sys/class/hwmon/%.200s", entry->d_name);
		put_chip(h, path, &chip);
		for (int i = 1; i <= SENSORS_MAX && chip.n; i++)
			put_sensor(h, path, chip.p, i, b);
		buf_fini(&chip);
	}
	if (d)
		closedir(d);
}

const struct source hwmon_source = {"hwmon", read_hwmon, "temperatures of sensors"};
