/* source_net.c — /proc/net/dev and /sys/class/net: what network devices carried, and which are up. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "collect/source.h"

static const char *const columns[] = {"node_network_receive_bytes_total", "node_network_receive_packets_total", "node_network_receive_errs_total",
    "node_network_receive_drop_total", "node_network_receive_fifo_total", "node_network_receive_frame_total", "node_network_receive_compressed_total",
    "node_network_receive_multicast_total", "node_network_transmit_bytes_total", "node_network_transmit_packets_total",
    "node_network_transmit_errs_total", "node_network_transmit_drop_total", "node_network_transmit_fifo_total", "node_network_transmit_colls_total",
    "node_network_transmit_carrier_total", "node_network_transmit_compressed_total"};

static void
read_counters(struct source_host *h, struct buf *b)
{
	struct str text, line, device;
	char labels[80];
	if (!source_file(h, "/proc/net/dev", &text))
		return;
	while (str_cut(&text, '\n', &line)) {
		ptrdiff_t colon = str_chr(line, ':');
		if (colon < 0)
			continue;
		device = str_trim(str_to(line, (size_t)colon));
		line = str_from(line, (size_t)colon + 1);
		if (str_is(device, "lo"))
			continue;
		snprintf(labels, sizeof labels, "device=\"%.*s\"", STR_ARG(str_to(device, 40)));
		for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
			source_put_scaled(b, columns[i], labels, source_number(&line), 0);
	}
}

static void
read_states(struct source_host *h, struct buf *b)
{
	char path[PATH_MAX], labels[80];
	struct dirent *entry;
	struct str text;
	snprintf(path, sizeof path, "%s/sys/class/net", h->root);
	DIR *d = opendir(path);
	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof path, "/sys/class/net/%.60s/operstate", entry->d_name);
		if (*entry->d_name == '.' || !source_file(h, path, &text))
			continue;
		snprintf(labels, sizeof labels, "device=\"%.40s\"", entry->d_name);
		source_put(b, "node_network_up", labels, str_is(str_trim(text), "up"));
	}
	if (d)
		closedir(d);
}

static void
read_net(struct source_host *h, struct buf *b)
{
	read_counters(h, b);
	read_states(h, b);
}

const struct source net_source = {"net", read_net, "what network devices carried, and which are up"};
