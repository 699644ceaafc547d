/* source_cpu.c — /proc/stat: what the processors did, and how much the kernel had to do. */
#include <stdio.h>

#include "collect/source.h"

enum { TICKS_DIGITS = 2 }; /* USER_HZ is 100 for every architecture that Debian runs on */

static void
put_cpu(struct buf *b, struct str cpu, struct str line)
{
	static const char *const modes[] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};
	static const char *const guests[] = {"user", "nice"};
	char labels[80];
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		snprintf(labels, sizeof labels, "cpu=\"%.*s\",mode=\"%s\"", STR_ARG(str_to(cpu, 20)), modes[i]);
		source_put_scaled(b, "node_cpu_seconds_total", labels, source_number(&line), TICKS_DIGITS);
	}
	for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
		snprintf(labels, sizeof labels, "cpu=\"%.*s\",mode=\"%s\"", STR_ARG(str_to(cpu, 20)), guests[i]);
		source_put_scaled(b, "node_cpu_guest_seconds_total", labels, source_number(&line), TICKS_DIGITS);
	}
}

static const struct {
	const char *word, *name;
} single[] = {
    {"intr", "node_intr_total"},
    {"ctxt", "node_context_switches_total"},
    {"btime", "node_boot_time_seconds"},
    {"processes", "node_forks_total"},
    {"procs_running", "node_procs_running"},
    {"procs_blocked", "node_procs_blocked"},
};

static void
read_cpu(struct source_host *h, struct buf *b)
{
	struct str text, line, word;
	if (!source_file(h, "/proc/stat", &text))
		return;
	while (str_cut(&text, '\n', &line)) {
		if (!source_word(&line, &word))
			continue;
		if (str_starts(word, STR("cpu")) && word.n > 3)
			put_cpu(b, str_from(word, 3), line);
		for (size_t i = 0; i < sizeof single / sizeof *single; i++)
			if (str_is(word, single[i].word))
				source_put_scaled(b, single[i].name, "", source_number(&line), 0);
	}
}

const struct source cpu_source = {"cpu", read_cpu, "seconds of each processor by mode, interrupts, forks, boot time"};
