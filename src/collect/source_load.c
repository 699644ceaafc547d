/* source_load.c — /proc/loadavg: how many wanted to run. */
#include "collect/source.h"

static void
read_load(struct source_host *h, struct buf *b)
{
	static const char *const names[] = {"node_load1", "node_load5", "node_load15"};
	struct str text, word;
	double v;
	if (!source_file(h, "/proc/loadavg", &text))
		return;
	for (int i = 0; i < 3 && source_word(&text, &word); i++)
		if (str_f64(word, &v))
			source_put(b, names[i], "", v);
}

const struct source load_source = {"load", read_load, "load averages of 1, 5 and 15 minutes"};
