/* source_pressure.c — /proc/pressure: how long work waited for processors, memory and disks. */
#include <stdio.h>

#include "collect/source.h"

enum { MICROS_DIGITS = 6 };

static const struct {
	const char *file, *line, *name;
} table[] = {
    {"/proc/pressure/cpu", "some", "node_pressure_cpu_waiting_seconds_total"},
    {"/proc/pressure/io", "full", "node_pressure_io_stalled_seconds_total"},
    {"/proc/pressure/io", "some", "node_pressure_io_waiting_seconds_total"},
    {"/proc/pressure/memory", "full", "node_pressure_memory_stalled_seconds_total"},
    {"/proc/pressure/memory", "some", "node_pressure_memory_waiting_seconds_total"},
};

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12" */
static bool
total_of(struct str text, const char *which, uint64_t *out)
{
	struct str line, word;
	while (str_cut(&text, '\n', &line)) {
		if (!source_word(&line, &word) || !str_is(word, which))
			continue;
		while (source_word(&line, &word))
			if (str_starts(word, STR("total=")))
				return str_u64(str_from(word, 6), out);
	}
	return false;
}

static void
read_pressure(struct source_host *h, struct buf *b)
{
	struct str text;
	uint64_t micros;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (source_file(h, table[i].file, &text) && total_of(text, table[i].line, &micros))
			source_put_scaled(b, table[i].name, "", micros, MICROS_DIGITS);
}

const struct source pressure_source = {"pressure", read_pressure, "how long work waited for processors, memory and disks"};
