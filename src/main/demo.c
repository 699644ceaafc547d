/*
 * demo.c — see demo.h.
 *
 * IDEA   Written as an administrator would write it, in YAML, and read by the same reader: it is also the shortest
 *        example of all of it.  Every name begins with "demo", which is how it is found again to be removed.
 */
#include "main/demo.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "base/os.h"
#include "conf/resource.h"
#include "engine/engine.h"

static const char people[] =
    "kind: customer\n"
    "name: demo\n"
    "spec: {title: Demo, contract: demo, demo: true}\n"
    "---\n"
    "kind: calendar\n"
    "name: demo\n"
    "spec: {time_zone: UTC}\n"
    "---\n"
    "kind: team\n"
    "name: demo\n"
    "spec: {title: Demo team, members: [%s]}\n"
    "---\n"
    "kind: schedule\n"
    "name: demo\n"
    "spec: {layers: [{users: [%s], start: \"2026-01-05\"}], fallback: %s}\n"
    "---\n"
    "kind: policy\n"
    "name: demo\n"
    "spec: {steps: [{notify: [\"schedule:demo\"], after: 5m}], repeat: 2}\n"
    "---\n"
    "kind: contract\n"
    "name: demo\n"
    "spec:\n"
    "  title: Demo contract\n"
    "  calendar: demo\n"
    "  on_call: true\n"
    "  auto_close: true\n"
    "  slas:\n"
    "    - {priority: critical, pickup: 15m, resolution: 4h}\n"
    "    - {priority: medium, pickup: 4h, resolution: 2d}\n"
    "  matrix:\n"
    "    - {severity: [critical], priority: critical, modality: call, policy: demo}\n"
    "    - {severity: [warning], priority: medium, modality: ticket, team: demo}\n"
    "    - {priority: low, modality: ticket, team: demo}\n"
    "---\n"
    "kind: problem_type\n"
    "name: demo-fault\n"
    "spec: {title: Something does not work, kind: incident, priority: high}\n"
    "---\n"
    "kind: problem_type\n"
    "name: demo-request\n"
    "spec: {title: I would like something, kind: request, priority: low}\n";

static const char user_of_nobody[] =
    "---\n"
    "kind: user\n"
    "name: %s\n"
    "spec: {title: Whoever sits here, role: admin}\n";

/* ---- what is here to be checked ---- */

enum { FILE_MAX = 1 << 20, DNS = 53, RESOLVERS_MAX = 3 };

static bool
file(const char *path, struct buf *b)
{
	struct err e;
	buf_clear(b);
	return os_read_file(path, FILE_MAX, b, &e) == RC_OK;
}

static bool
field(struct str *line, struct str *out)
{
	*line = str_trim(*line);
	size_t n = 0;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	*out = str_to(*line, n);
	*line = str_from(*line, n);
	return n > 0;
}

/* As /proc/net writes addresses of IPv4: hex, in the machine's own order. */
static bool
hex_address(struct str s, char out[INET_ADDRSTRLEN])
{
	char text[9] = "", *end;
	if (s.n != 8)
		return false;
	memcpy(text, s.p, 8);
	struct in_addr a = {(uint32_t)strtoul(text, &end, 16)};
	return !*end && inet_ntop(AF_INET, &a, out, INET_ADDRSTRLEN);
}

/* The router of the default route. */
static bool
find_gateway(char out[INET_ADDRSTRLEN])
{
	struct buf b = {0};
	bool found = false;
	struct str rest, line, device, to, by;
	if (file("/proc/net/route", &b))
		for (rest = buf_view(&b); !found && str_cut(&rest, '\n', &line);)
			found = field(&line, &device) && field(&line, &to) && field(&line, &by) && str_is(to, "00000000") && !str_is(by, "00000000") &&
			    hex_address(by, out);
	buf_fini(&b);
	return found;
}

/* The address that this machine has towards its router: nothing is sent. */
static bool
find_own(const char *gateway, char out[INET_ADDRSTRLEN])
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(DNS)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && inet_pton(AF_INET, gateway, &a.sin_addr) == 1 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0 && inet_ntop(AF_INET, &a.sin_addr, out, INET_ADDRSTRLEN);
	if (fd >= 0)
		os.close(fd);
	return ok;
}

/* Does somebody listen for SSH, not only on loopback? */
static bool
ssh_listens(void)
{
	static const char *const files[] = {"/proc/net/tcp", "/proc/net/tcp6"};
	struct buf b = {0};
	bool found = false;
	struct str rest, line, word, local, other, state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		for (rest = file(files[i], &b) ? buf_view(&b) : STR(""); !found && str_cut(&rest, '\n', &line);)
			found = field(&line, &word) && field(&line, &local) && field(&line, &other) && field(&line, &state) && str_is(state, "0A") &&
			    str_ends(local, STR(":0016")) && !str_starts(local, STR("0100007F"));
	buf_fini(&b);
	return found;
}

static void
put_service(struct buf *y, const char *host, const char *address, const char *title, const char *name, const char *check)
{
	buf_fmt(y, "---\nkind: host\nname: %s\ncustomer: demo\nspec: {address: \"%s\", title: %s}\n", host, address, title);
	buf_fmt(y, "---\nkind: service\nname: %s\ncustomer: demo\nspec: {host: %s, interval: 1m, retry_interval: 15s, severity: warning, %s}\n", name, host, check);
}

/* Those on loopback are left out: checks may not reach it unless an administrator says so. */
static void
put_resolvers(struct buf *y)
{
	struct buf b = {0};
	struct str rest, line, word, address;
	struct in6_addr ignored;
	char text[64], host[32], name[32];
	int n = 0;
	for (rest = file("/etc/resolv.conf", &b) ? buf_view(&b) : STR(""); n < RESOLVERS_MAX && str_cut(&rest, '\n', &line);) {
		if (!field(&line, &word) || !str_is(word, "nameserver") || !field(&line, &address))
			continue;
		snprintf(text, sizeof text, "%.*s", STR_ARG(str_to(address, 60)));
		bool is = inet_pton(AF_INET, text, &ignored) == 1 || inet_pton(AF_INET6, text, &ignored) == 1;
		if (!is || str_starts(address, STR("127.")) || str_is(address, "::1"))
			continue;
		snprintf(host, sizeof host, "demo-resolver-%d", ++n);
		snprintf(name, sizeof name, "demo-dns-%d", n);
		put_service(y, host, text, "Name server", name, "title: DNS, check: tcp, tcp: {port: 53}");
	}
	buf_fini(&b);
}

static void
put_checks(struct buf *y)
{
	char gateway[INET_ADDRSTRLEN], own[INET_ADDRSTRLEN];
	bool routed = find_gateway(gateway);
	if (routed)
		put_service(y, "demo-gateway", gateway, "Default gateway", "demo-gateway-ping", "title: Ping, check: ping");
	if (routed && ssh_listens() && find_own(gateway, own))
		put_service(y, "demo-machine", own, "This machine", "demo-ssh", "title: SSH, check: tcp, tcp: {port: 22, expect: SSH-}");
	put_resolvers(y);
}

/* ---- reading ---- */

static const struct layout *
layout_of(void *arg, struct str kind)
{
	for (const struct resource_kind *k = resource_kinds; k->name; k++)
		if (str_is(kind, k->name))
			return k->layout;
	return NULL;
}

static void
read_yaml(struct str yaml, struct arena *a, struct resource_batch *out)
{
	struct report report;
	struct resource_document *docs;
	struct resource_kinds_view view = {layout_of, NULL, 0, NULL};
	report_init(&report);
	size_t n = resources_read("(demo)", yaml, &view, a, &report, &docs);
	must(!report.errors);
	report_fini(&report);
	out->resources.p = arena_array(a, struct resource, n);
	out->resources.n = n;
	for (size_t i = 0; i < n; i++) {
		struct buf spec = {0};
		record_encode(docs[i].layout, docs[i].spec, &spec);
		out->resources.p[i] = (struct resource){.kind = docs[i].kind, .name = docs[i].name, .customer = docs[i].customer,
		    .spec = arena_str(a, buf_view(&spec))};
		buf_fini(&spec);
	}
}

void
demo_resources(struct str user, bool make_user, struct arena *a, struct resource_batch *out)
{
	struct buf yaml = {0};
	char name[64];
	snprintf(name, sizeof name, "%.*s", STR_ARG(user));
	buf_fmt(&yaml, people, name, name, name);
	if (make_user)
		buf_fmt(&yaml, user_of_nobody, name);
	put_checks(&yaml);
	read_yaml(arena_str(a, buf_view(&yaml)), a, out);
	buf_fini(&yaml);
}
