/*
 * load.c — a fleet of hosts that a Prometheus scrapes and sends on: remote write, as fast as the server takes
 * it or at a rate.
 *
 *     load HOST PORT PATH HOSTS SCRAPES CONNECTIONS FIRST_MS [SAMPLES_PER_SECOND]
 *
 * Each host has 500 series, each request all series of four hosts at one time each, in the order of time.
 * The values are of the kinds that a node_exporter has, in about its shares; half of all samples repeat the
 * one before.  Prints a line of JSON: what was sent, and how long it took; meanwhile, to the standard error, the time of each
 * scrape of the first connection that is done.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/prompb.h"
#include "values.h"
#include "wire/snappy.h"

enum { AT_ONCE = 4, EVERY = 15000, LABELS = 4, ANSWER = 4096 };

/* ---- a connection ---- */

struct lane {
	const char *host, *path;
	int port, scrapes, from, to; /* hosts */
	int64_t first;
	double rate; /* samples a second; 0: as fast as can be */
	uint64_t sent, refused;
	pthread_t thread;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int
dial(const struct lane *l)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	if (fd < 0 || inet_pton(AF_INET, l->host, &a.sin_addr) != 1 || connect(fd, (void *)&a, sizeof a) != 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* The status of the answer, which is read to its end; 0: the connection was closed. */
static int
read_answer(int fd)
{
	char b[ANSWER + 1], *end = NULL;
	size_t n = 0;
	while (!end && n < ANSWER) {
		ssize_t r = read(fd, b + n, ANSWER - n);
		if (r <= 0)
			return 0;
		b[n += (size_t)r] = '\0';
		end = strstr(b, "\r\n\r\n");
	}
	int status = (int)strtol(b + 9, NULL, 10);
	char *length = strcasestr(b, "\r\ncontent-length:");
	size_t body = length && end && length < end ? strtoul(length + 17, NULL, 10) : 0;
	for (size_t got = end ? n - (size_t)(end + 4 - b) : 0; got < body;) {
		ssize_t r = read(fd, b, body - got < ANSWER ? body - got : ANSWER);
		if (r <= 0)
			return 0;
		got += (size_t)r;
	}
	return status;
}

/* Tries again what was not answered, or answered with "later": servers close old connections as they like. */
static void
post(struct lane *l, int *fd, struct str body, uint64_t samples)
{
	struct buf head = {0};
	int status = 0;
	buf_fmt(&head,
	    "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: "
	    "snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: %zu\r\n\r\n",
	    l->path, l->host, l->port, body.n);
	buf_str(&head, body);
	for (int tries = 0; tries < 100 && status / 100 != 2 && status / 100 != 4; tries++) {
		if (tries)
			usleep(20000);
		status = write_all(*fd, head.p, head.n) ? read_answer(*fd) : 0;
		if (status == 0) {
			close(*fd);
			*fd = dial(l);
		}
	}
	*(status / 100 == 2 ? &l->sent : &l->refused) += samples;
	buf_fini(&head);
}

/* ---- hosts ---- */

struct text {
	char name[48], instance[48], part[24];
};

static void
add_host(
    struct buf *request, int host, int64_t t, struct source *sources, struct text *texts, uint64_t *state)
{
	for (size_t i = 0; i < SERIES; i++) {
		struct text *x = &texts[i];
		snprintf(
		    x->instance, sizeof x->instance, "host%04d.site%02d.example.net:9100", host, host % 20);
		struct pair labels[LABELS] = {{STR("__name__"), str_c(x->name)},
		    {STR("instance"), str_c(x->instance)}, {STR("job"), STR("node")},
		    {STR("part"), str_c(x->part)}};
		struct prompb_sample s = {t, i == 0 ? 1 : next_value(&sources[i], state)};
		prompb_add(request, (struct pairs){labels, i == 0 ? 3 : LABELS}, &s, 1);
	}
}

static void
keep_pace(const struct lane *l, const struct timespec *since)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	double passed = (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) / 1e9;
	double due = l->rate > 0 ? (double)l->sent / l->rate : 0;
	if (due > passed)
		usleep((useconds_t)((due - passed) * 1e6));
}

static void *
run_lane(void *arg)
{
	struct lane *l = arg;
	size_t hosts = (size_t)(l->to - l->from);
	uint64_t state = (uint64_t)l->from + 1;
	struct source *sources = mem_alloc(hosts * SERIES * sizeof *sources);
	struct text *texts = mem_zalloc(SERIES * sizeof *texts);
	struct buf request = {0}, packed = {0};
	struct timespec since;
	for (size_t i = 0; i < hosts * SERIES; i++)
		sources[i] = make_source(i % SERIES, &state);
	for (size_t i = 0; i < SERIES; i++) {
		snprintf(
		    texts[i].name, sizeof texts[i].name, i ? "node_measured_thing_%zu_total" : "up", i / 25);
		snprintf(texts[i].part, sizeof texts[i].part, "device-%zu", i % 25);
	}
	int fd = dial(l);
	clock_gettime(CLOCK_MONOTONIC, &since);
	for (int k = 0; k < l->scrapes; k++) {
		for (int h = l->from; h < l->to; h += AT_ONCE) {
			buf_clear(&request);
			buf_clear(&packed);
			int end = h + AT_ONCE < l->to ? h + AT_ONCE : l->to;
			for (int i = h; i < end; i++)
				add_host(&request, i, l->first + (int64_t)k * EVERY + i * 61 % EVERY,
				    &sources[(size_t)(i - l->from) * SERIES], texts, &state);
			snappy_pack(buf_view(&request), &packed);
			post(l, &fd, buf_view(&packed), (uint64_t)(end - h) * SERIES);
			keep_pace(l, &since);
		}
		if (l->from == 0)
			fprintf(stderr, "%lld\n", (long long)(l->first + (int64_t)k * EVERY));
	}
	close(fd);
	buf_fini(&request);
	buf_fini(&packed);
	mem_free(sources);
	mem_free(texts);
	return NULL;
}

int
main(int argc, char **argv)
{
	if (argc < 8) {
		fprintf(stderr,
		    "usage: load HOST PORT PATH HOSTS SCRAPES CONNECTIONS FIRST_MS [SAMPLES_PER_SECOND]\n");
		return 2;
	}
	int hosts = (int)strtol(argv[4], NULL, 10), n = (int)strtol(argv[6], NULL, 10);
	struct lane *lanes = mem_zalloc((size_t)n * sizeof *lanes);
	struct timespec a, b;
	uint64_t sent = 0, refused = 0;
	signal(SIGPIPE, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++) {
		lanes[i] = (struct lane){.host = argv[1],
		    .port = (int)strtol(argv[2], NULL, 10),
		    .path = argv[3],
		    .scrapes = (int)strtol(argv[5], NULL, 10),
		    .from = hosts * i / n,
		    .to = hosts * (i + 1) / n,
		    .first = strtoll(argv[7], NULL, 10),
		    .rate = argc > 8 ? strtod(argv[8], NULL) / n : 0};
		if (pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) != 0)
			die("thread");
	}
	for (int i = 0; i < n; i++) {
		pthread_join(lanes[i].thread, NULL);
		sent += lanes[i].sent;
		refused += lanes[i].refused;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("{\"samples\": %llu, \"refused\": %llu, \"seconds\": %.3f}\n", (unsigned long long)sent,
	    (unsigned long long)refused,
	    (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	mem_free(lanes);
	return refused ? 1 : 0;
}
