/* source_memory.c — /proc/meminfo: what memory is used for. */
#include <stdio.h>

#include "collect/source.h"

/* "Active(anon)" is node_memory_Active_anon_bytes; what is no size has no unit. */
static void
put_line(struct buf *b, struct str key, uint64_t n, bool kilobytes)
{
	char name[120];
	size_t at = (size_t)snprintf(name, sizeof name, "node_memory_");
	for (size_t i = 0; i < key.n && at < 100; i++)
		if (key.p[i] != ')')
			name[at++] = key.p[i] == '(' ? '_' : key.p[i];
	snprintf(name + at, sizeof name - at, "%s", kilobytes ? "_bytes" : "");
	source_put_scaled(b, name, "", kilobytes ? n * 1024 : n, 0);
}

static void
read_memory(struct source_host *h, struct buf *b)
{
	struct str text, line, key, unit;
	if (!source_file(h, "/proc/meminfo", &text))
		return;
	while (str_cut(&text, '\n', &line)) {
		if (!str_cut(&line, ':', &key))
			continue;
		uint64_t n = source_number(&line);
		put_line(b, key, n, source_word(&line, &unit) && str_is(unit, "kB"));
	}
}

const struct source memory_source = {"memory", read_memory, "what memory is used for"};
