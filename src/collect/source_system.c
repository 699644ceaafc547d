/* source_system.c — open files, the kernel's name, the time. */
#include <stdio.h>
#include <sys/utsname.h>

#include "collect/source.h"

static void
read_files(struct source_host *h, struct buf *b)
{
	struct str text;
	if (!source_file(h, "/proc/sys/fs/file-nr", &text))
		return;
	text = str_trim(text);
	source_put(b, "node_filefd_allocated", "", (double)source_number(&text));
	source_number(&text); /* always 0 */
	source_put(b, "node_filefd_maximum", "", (double)source_number(&text));
}

static void
read_name(struct buf *b)
{
	struct utsname u;
	struct buf labels = {0};
	if (uname(&u) != 0)
		return;
	const struct {
		const char *label, *value;
	} all[] = {{"domainname", u.domainname}, {"machine", u.machine}, {"nodename", u.nodename}, {"release", u.release}, {"sysname", u.sysname},
	    {"version", u.version}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		buf_fmt(&labels, "%s%s=\"", i ? "," : "", all[i].label);
		expo_escape(&labels, str_c(all[i].value));
		buf_ch(&labels, '"');
	}
	source_put(b, "node_uname_info", labels.p, 1);
	buf_fini(&labels);
}

static void
read_system(struct source_host *h, struct buf *b)
{
	read_files(h, b);
	read_name(b);
	source_put_scaled(b, "node_time_seconds", "", (uint64_t)h->now, 3);
}

const struct source system_source = {"system", read_system, "open files, the kernel's name, the time"};
