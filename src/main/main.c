/* main.c — where a process begins: serve and check-config here, everything else in ctl/. */
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "ctl/ctl.h"
#include "main/house.h"
#include "main/play.h"
#include "main/reference.h"
#include "net/listen.h"

/* ---- check-config ---- */

/* May be a Tocsin's that runs: a warning. */
static void
try_port(struct report *r, const char *file, const char *key, struct str address, bool udp)
{
	struct err e;
	int fd;
	if (!address.n)
		return;
	enum rc rc = udp ? listen_udp(address, &fd, &e) : listen_tcp(address, &fd, &e);
	if (rc == RC_OK)
		close(fd);
	else
		report_warning(r, (struct place){file, 0, 0}, "%s (%s): %s; a daemon that runs already has its ports", key,
		    udp ? "UDP" : "TCP", e.text);
}

static void
try_ports(struct report *r, const char *file, const struct conf_root *root)
{
	try_port(r, file, "server.listen", root->server.listen, false);
	for (int udp = 0; udp < 2; udp++) {
		try_port(r, file, "graphite.listen", root->graphite.listen, udp);
		try_port(r, file, "statsd.listen", root->statsd.listen, udp);
	}
}

static int
verb_check_config(struct args *a)
{
	const char *path = args_word(a);
	struct conf *conf = NULL;
	struct report report;
	struct buf text = {0};
	if (!path) {
		fputs("Usage: tocsin check-config FILE\n", stderr);
		return EXIT_USAGE;
	}
	report_init(&report);
	enum rc rc = conf_load(path, house_judges(), &conf, &report);
	if (rc == RC_OK)
		try_ports(&report, path, conf->root);
	report_print(&report, &text);
	fputs(text.p ? text.p : "", stderr);
	printf("%s: %zu errors, %zu warnings\n", path, report.errors, report.warnings);
	conf_unref(&conf);
	report_fini(&report);
	buf_fini(&text);
	return rc == RC_OK ? EXIT_OK : EXIT_FAILED;
}

/* ---- serve ---- */

static enum rc
load_config(struct house *h)
{
	struct buf text = {0};
	enum rc rc = house_load(h, &h->conf, &text);
	fputs(text.p ? text.p : "", stderr);
	buf_fini(&text);
	return rc;
}

/* The folder's own name, made once: the ledger knows by it that a lease is its own. */
static enum rc
name_instance(struct house *h, struct err *e)
{
	char path[PATH_MAX], name[33];
	unsigned char raw[16];
	struct buf b = {0};
	snprintf(path, sizeof path, "%s/instance", h->data);
	enum rc rc = os_read_file(path, 100, &b, e);
	if (rc == RC_ABSENT) {
		randombytes_buf(raw, sizeof raw);
		sodium_bin2hex(name, sizeof name, raw, sizeof raw);
		buf_clear(&b);
		buf_c(&b, name);
		rc = os_replace_file(path, buf_view(&b), 0600, e);
	}
	h->instance = rc == RC_OK ? mem_dup(b.p, b.n) : NULL;
	buf_fini(&b);
	return rc;
}

static enum rc
prepare_data(struct house *h, const char *data, struct err *e)
{
	enum rc rc = os_make_dirs(data, 0700, e);
	if (rc != RC_OK)
		return rc;
	h->data = realpath(data, NULL);
	if (!h->data)
		return err_errno(e, "%s", data);
	return name_instance(h, e);
}

static bool
is_loopback(struct str address)
{
	struct str host, port;
	if (!address_split(address, &host, &port))
		return false;
	return str_is(host, "localhost") || str_starts(host, STR("127.")) || str_is(host, "::1");
}

static enum rc
open_port(struct house *h, const char *listen, struct err *e)
{
	struct str address = listen ? str_c(listen) : h->conf->root->server.listen;
	if (h->no_auth && !is_loopback(address))
		return err_set(e, RC_DENIED, "--no-auth is for loopback addresses only, not for %.*s", STR_ARG(address));
	enum rc rc = listen_tcp(address, &h->http_fd, e);
	struct str host, port, external = h->conf->root->server.external_url;
	if (rc != RC_OK)
		return rc;
	address_split(address, &host, &port);
	if (external.n)
		snprintf(h->external_url, sizeof h->external_url, "%.*s", STR_ARG(external));
	else
		snprintf(h->external_url, sizeof h->external_url, "%s://%.*s:%d",
		    h->conf->root->server.tls_cert_file.n ? "https" : "http", STR_ARG(host.n ? host : STR("localhost")),
		    listen_port(h->http_fd));
	house_name_url(h, h->conf);
	return RC_OK;
}

static const char serve_usage[] = "[--config FILE] [--data DIR] [--listen ADDR:PORT] [--no-auth]";

static int
verb_serve(struct args *a)
{
	struct house h = {.config_path = args_option(a, "config"), .no_auth = args_flag(a, "no-auth")};
	const char *data = args_option(a, "data"), *listen = args_option(a, "listen");
	struct err e;
	if (a->n) {
		fprintf(stderr, "tocsin serve: \"%s\" is not understood.\nUsage: tocsin serve %s\n", a->p[0], serve_usage);
		return EXIT_USAGE;
	}
	log_setup("keeper", LOG_INFO);
	if (load_config(&h) != RC_OK)
		return EXIT_FAILED;
	if (prepare_data(&h, data ? data : "data", &e) != RC_OK || open_port(&h, listen, &e) != RC_OK) {
		log_error("main", "%s", e.text);
		return EXIT_FAILED;
	}
	int status = keeper_run(&h);
	conf_unref(&h.conf);
	free((char *)h.data);
	mem_free((char *)h.instance);
	return status;
}

static int
verb_reference(struct args *a)
{
	struct buf b = {0};
	reference_print(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_fini(&b);
	return EXIT_OK;
}

/* ---- play ---- */

static const char play_usage[] = "[--seed N] [--runs N] FILE … | --statements";

struct playing {
	uint64_t seed;
	int passed, failed;
};

static void
play_one(struct playing *p, const char *path)
{
	struct arena *arena = arena_create();
	struct str title;
	struct err e;
	nsec_t since = clock_mono(clock_real());
	bool ok = play_run(path, p->seed, &title, arena, &e) == RC_OK;
	printf("%s  %.*s (%.0f ms)\n", ok ? "ok  " : "FAIL", STR_ARG(title), (double)(clock_mono(clock_real()) - since) / 1e6);
	if (!ok)
		printf("      %s\n      once more: tocsin play --seed %llu %s\n", e.text, (unsigned long long)p->seed, path);
	fflush(stdout);
	p->passed += ok;
	p->failed += !ok;
	arena_destroy(&arena);
}

static bool
number_option(struct args *a, const char *name, uint64_t *out)
{
	const char *text = args_option(a, name);
	if (!text || str_u64(str_c(text), out))
		return true;
	fprintf(stderr, "tocsin play: --%s %s is not a number\nUsage: tocsin play %s\n", name, text, play_usage);
	return false;
}

static int
print_statements(void)
{
	struct buf b = {0};
	play_statements(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_fini(&b);
	return EXIT_OK;
}

static int
verb_play(struct args *a)
{
	struct playing p = {.seed = randombytes_uniform(1u << 30) + 1};
	uint64_t runs = 1;
	if (args_flag(a, "statements"))
		return print_statements();
	if (!number_option(a, "seed", &p.seed) || !number_option(a, "runs", &runs))
		return EXIT_USAGE;
	if (!a->n) {
		fprintf(stderr, "Usage: tocsin play %s\n", play_usage);
		return EXIT_USAGE;
	}
	for (uint64_t i = 0; i < runs; i++, p.seed++) {
		printf("seed %llu\n", (unsigned long long)p.seed);
		for (int k = 0; k < a->n; k++)
			play_one(&p, a->p[k]);
	}
	printf("%d passed, %d failed\n", p.passed, p.failed);
	return p.failed || !p.passed ? EXIT_FAILED : EXIT_OK;
}

/* ---- the table ---- */

static const struct verb own_verbs[] = {
    {"check-config", "FILE", "Reads a configuration and says everything that is wrong with it.", verb_check_config},
    {"play", play_usage, "Runs scenarios in virtual time and says whether everything went as they expect.", verb_play},
    {"reference", "", "Prints the reference of all keys, resources and routes, as Markdown.", verb_reference},
    {"serve", serve_usage, "Runs the daemon.", verb_serve},
};
enum { OWN = sizeof own_verbs / sizeof *own_verbs, ALL = 64 };

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct verb *)a)->name, ((const struct verb *)b)->name);
}

int
main(int argc, char **argv)
{
	struct verb all[ALL] = {0};
	size_t n = 0;
	must(sodium_init() >= 0);
	panic_install();
	for (size_t i = 0; i < OWN; i++)
		all[n++] = own_verbs[i];
	for (const struct verb *v = ctl_verbs; v->name; v++)
		all[n++] = *v;
	must(n < ALL);
	qsort(all, n, sizeof *all, by_name);
	return ctl_run(all, argc, argv);
}
