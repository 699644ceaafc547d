/*
 * verb_drill.c — a harmless alert travels the whole chain, and every stage is printed as it is reached.
 *
 * Without --wait it says what the first second brought; with it, until the drill's ticket is closed.
 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "ctl/verbs.h"
#include "flow/drill.h"
#include "wire/json.h"

enum { LOOK_EVERY_MS = 250, SHORT_LOOK = 1000, LONG_LOOK = 20 * 60 * 1000 };

static void
nap(void)
{
	struct timespec t = {0, LOOK_EVERY_MS * 1000000L};
	nanosleep(&t, NULL);
}

/* ---- beginning ---- */

static int
begin(struct args *a, const char *to, const char *by, int64_t *ticket)
{
	struct buf b = {0};
	struct json_writer w;
	struct answer answer;
	struct json j;
	struct drill_view v;
	struct err e;
	jsonw_init(&w, &b);
	record_to_json(&drill_order_layout, &(struct drill_order){.to = str_c(to), .by = str_c(by)}, false, &w);
	int status = ctl_send(a, "POST", "/api/tocsin/v1/drills", "application/json", buf_view(&b), &answer);
	buf_fini(&b);
	if (status != EXIT_OK)
		return status;
	json_init(&j, answer.body, a->arena, 16);
	record_from_json(&drill_view_layout, &v, &j, a->arena);
	*ticket = v.ticket;
	if (json_end(&j, &e) == RC_OK && v.ticket)
		return EXIT_OK;
	fprintf(stderr, "tocsin: the answer was not understood: %.*s\n", STR_ARG(str_to(answer.body, 200)));
	return EXIT_FAILED;
}

/* ---- following ---- */

/* This drill as it stands; false when it cannot be read. */
static bool
look(struct args *a, int64_t ticket, struct drill_view *out)
{
	struct answer answer;
	struct json j;
	struct err e;
	bool found = false;
	if (ctl_get(a, "/api/tocsin/v1/drills?limit=100", &answer) != EXIT_OK)
		return false;
	json_init(&j, answer.body, a->arena, 16);
	if (json_array(&j))
		while (json_more(&j)) {
			struct drill_view v;
			record_from_json(&drill_view_layout, &v, &j, a->arena);
			if (!j.failed && v.ticket == ticket) {
				*out = v;
				found = true;
			}
		}
	return json_end(&j, &e) == RC_OK && found;
}

static size_t
print_stages(const struct drill_view *v, size_t from)
{
	for (; from < v->stages.n; from++)
		printf("%9.3f s  %.*s\n", (double)v->stages.p[from].ms / 1000, STR_ARG(v->stages.p[from].name));
	fflush(stdout);
	return from;
}

/* Prints stages until it is over or patience is. */
static bool
follow(struct args *a, int64_t ticket, msec_t patience, struct drill_view *v)
{
	nsec_t begun = clock_mono(clock_real());
	size_t printed = 0;
	for (;;) {
		if (!look(a, ticket, v))
			return false;
		printed = print_stages(v, printed);
		if (v->over || clock_mono(clock_real()) - begun > patience * 1000000)
			return true;
		nap();
	}
}

/* ---- what is missing ---- */

static void
print_missing(struct args *a)
{
	struct answer answer;
	struct json j;
	struct channel_view v;
	if (ctl_get(a, "/api/tocsin/v1/channels", &answer) != EXIT_OK)
		return;
	json_init(&j, answer.body, a->arena, 16);
	if (!json_array(&j))
		return;
	while (json_more(&j)) {
		record_from_json(&channel_view_layout, &v, &j, a->arena);
		if (!j.failed && !v.configured)
			printf("Not configured: %.*s. To have it: %.*s\n", STR_ARG(v.channel), STR_ARG(v.how));
	}
}

int
verb_drill(struct args *a)
{
	const char *to = args_option(a, "to"), *by = args_option(a, "by");
	bool wait = args_flag(a, "wait");
	int64_t ticket = 0;
	struct drill_view v;
	int status = args_done(a, verb_self("drill"));
	if (status == EXIT_OK)
		status = begin(a, to, by, &ticket);
	if (status != EXIT_OK)
		return status;
	printf("The drill has begun: ticket %lld, %s/ticket/%lld\n", (long long)ticket, a->url, (long long)ticket);
	if (!follow(a, ticket, wait ? LONG_LOOK : SHORT_LOOK, &v))
		return EXIT_FAILED;
	printf("Result: %.*s\n", STR_ARG(v.result));
	print_missing(a);
	return EXIT_OK;
}
