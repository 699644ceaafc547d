/*
 * source_disk.c — /proc/diskstats: what block devices did.
 *
 * Partitions, loops and RAM disks are left out, as node_exporter leaves them out.
 */
#include <stdio.h>

#include "collect/source.h"

enum { SECTOR = 512 };

/* How a column becomes a figure: as it stands, milliseconds, sectors in bytes. */
enum column { PLAIN, MILLIS, SECTORS };

static const struct {
	const char *name;
	enum column kind;
} columns[] = {
    {"node_disk_reads_completed_total", PLAIN},
    {"node_disk_reads_merged_total", PLAIN},
    {"node_disk_read_bytes_total", SECTORS},
    {"node_disk_read_time_seconds_total", MILLIS},
    {"node_disk_writes_completed_total", PLAIN},
    {"node_disk_writes_merged_total", PLAIN},
    {"node_disk_written_bytes_total", SECTORS},
    {"node_disk_write_time_seconds_total", MILLIS},
    {"node_disk_io_now", PLAIN},
    {"node_disk_io_time_seconds_total", MILLIS},
    {"node_disk_io_time_weighted_seconds_total", MILLIS},
    {"node_disk_discards_completed_total", PLAIN},
    {"node_disk_discards_merged_total", PLAIN},
    {"node_disk_discarded_sectors_total", PLAIN},
    {"node_disk_discard_time_seconds_total", MILLIS},
    {"node_disk_flush_requests_total", PLAIN},
    {"node_disk_flush_requests_time_seconds_total", MILLIS},
};

static size_t
digits_at_end(struct str s)
{
	size_t n = 0;
	while (n < s.n && s.p[s.n - 1 - n] >= '0' && s.p[s.n - 1 - n] <= '9')
		n++;
	return n;
}

static bool
is_part(struct str device)
{
	static const struct str whole[] = {STR_INIT("ram"), STR_INIT("loop"), STR_INIT("fd")}, kinds[] = {STR_INIT("h"), STR_INIT("s"), STR_INIT("v"), STR_INIT("xv")};
	size_t digits = digits_at_end(device);
	struct str stem = str_to(device, device.n - digits);
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		if (digits && str_eq(stem, whole[i]))
			return true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) /* sda1, xvdb3 */
		if (digits && stem.n == kinds[i].n + 2 && str_starts(stem, kinds[i]) && stem.p[kinds[i].n] == 'd')
			return true;
	return digits && str_starts(stem, STR("nvme")) && str_ends(stem, STR("p")) && digits_at_end(str_to(stem, stem.n - 1)) > 0;
}

static void
put_device(struct buf *b, struct str device, struct str major, struct str minor, struct str line)
{
	char labels[160];
	struct str word;
	snprintf(labels, sizeof labels, "device=\"%.*s\",major=\"%.*s\",minor=\"%.*s\"", STR_ARG(str_to(device, 60)), STR_ARG(str_to(major, 20)),
	    STR_ARG(str_to(minor, 20)));
	source_put(b, "node_disk_info", labels, 1);
	snprintf(labels, sizeof labels, "device=\"%.*s\"", STR_ARG(str_to(device, 60)));
	for (size_t i = 0; i < sizeof columns / sizeof *columns && source_word(&line, &word); i++) {
		uint64_t n = 0;
		if (!str_u64(word, &n))
			continue;
		source_put_scaled(b, columns[i].name, labels, columns[i].kind == SECTORS ? n * SECTOR : n, columns[i].kind == MILLIS ? 3 : 0);
	}
}

static void
read_disks(struct source_host *h, struct buf *b)
{
	struct str text, line, major, minor, device;
	if (!source_file(h, "/proc/diskstats", &text))
		return;
	while (str_cut(&text, '\n', &line))
		if (source_word(&line, &major) && source_word(&line, &minor) && source_word(&line, &device) && !is_part(device))
			put_device(b, device, major, minor, line);
}

const struct source disk_source = {"disk", read_disks, "reads, writes, discards and flushes of block devices"};
