/*
 * demo.c — see demo.h.
 *
 * IDEA   Written as an administrator would write it, in YAML, and read by the same reader: it is also the shortest
 *        example of all of it.  Every name begins with "demo", which is how it is found again to be removed.
 */
#include "main/demo.h"

#include <arpa/inet.h>
#include <stdio.h>
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
	read_yaml(arena_str(a, buf_view(&yaml)), a, out);
	buf_fini(&yaml);
}
