/* road_test.c — the first road in virtual time: who is told of what, when, and why. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/judges.h"
#include "alert/route.h"
#include "alert/view.h"
#include "alert/window.h"
#include "base/map.h"
#include "base/time.h"
#include "flow/dispatch.h"
#include "label/regex.h"

/* ---- a small engine: one road, its timers, a log of what left ---- */

#define T0 ((msec_t)1767225600000) /* 2026-01-01T00:00:00Z, a Thursday */

struct timer {
	char id[160];
	msec_t due;
};
struct world {
	struct road *road;
	struct turn *turn;
	struct conf *conf;
	struct ledger *ledger; /* NULL: nothing is kept */
	msec_t now;
	VEC(struct timer) timers;
	struct buf log, events, changes;
};

static struct world w;

static void
set_timer(struct str id, msec_t due)
{
	for (size_t i = 0; i < w.timers.n; i++)
		if (str_is(id, w.timers.p[i].id)) {
			w.timers.p[i].due = due;
			return;
		}
	struct timer *t = vec_add(&w.timers);
	snprintf(t->id, sizeof t->id, "%.*s", STR_ARG(id));
	t->due = due;
}

static void
cancel_timer(struct str id)
{
	for (size_t i = 0; i < w.timers.n; i++)
		if (str_is(id, w.timers.p[i].id)) {
			vec_remove(&w.timers, i);
			return;
		}
}

/* "+30s hook: first notification: a b -c" where -c is resolved; hosts stand for alerts. */
static void
log_send(const struct send *s)
{
	struct dispatch d;
	struct arena *a = arena_create();
	ck_assert_int_eq(record_decode(&dispatch_layout, &d, s->body, a, NULL), RC_OK);
	buf_fmt(&w.log, "+%llds %.*s %.*s: %.*s:", (long long)(w.now - T0) / 1000, STR_ARG(d.receiver),
	    STR_ARG(d.integration), STR_ARG(d.reason));
	struct str rest = d.payload;
	const char *at;
	while (rest.n && (at = memmem(rest.p, rest.n, "{\"status\":\"", 11))) {
		rest = str_from(rest, (size_t)(at - rest.p) + 11);
		const char *host = memmem(rest.p, rest.n, "\"host\":\"", 8);
		ck_assert_ptr_nonnull(host);
		struct str name = str_from(rest, (size_t)(host - rest.p) + 8);
		buf_fmt(&w.log, " %s%.*s", rest.p[0] == 'r' ? "-" : "", (int)str_chr(name, '"'), name.p);
	}
	if (str_is(d.integration, "email"))
		buf_fmt(&w.log, " to %.*s \"%.*s\"", STR_ARG(d.to), STR_ARG(d.subject));
	buf_ch(&w.log, '\n');
	arena_destroy(&a);
}

static void
apply(void)
{
	struct err e;
	for (size_t i = 0; i < w.turn->timers.n; i++)
		if (w.turn->timers.p[i].cancel)
			cancel_timer(w.turn->timers.p[i].id);
		else
			set_timer(w.turn->timers.p[i].id, w.turn->timers.p[i].due);
	for (size_t i = 0; i < w.turn->sends.n; i++)
		log_send(&w.turn->sends.p[i]);
	for (size_t i = 0; i < w.turn->events.n; i++)
		buf_fmt(&w.events, "%.*s ", STR_ARG(w.turn->events.p[i].kind));
	if (w.ledger)
		ck_assert_msg(ledger_commit(w.ledger, w.turn, &e) == RC_OK, "%s", e.text);
	turn_reset(w.turn, w.now);
}

static void
changed(void *arg, struct turn *t, const struct road_change *c)
{
	buf_fmt(&w.changes, "%s%.*s/%.*s ", c->firing ? "+" : "-", STR_ARG(c->customer),
	    STR_ARG(pairs_get(c->labels, "host")));
}

static void
run_until(msec_t end)
{
	for (;;) {
		size_t first = 0;
		for (size_t i = 1; i < w.timers.n; i++)
			if (w.timers.p[i].due < w.timers.p[first].due)
				first = i;
		if (w.timers.n == 0 || w.timers.p[first].due > end)
			break;
		struct timer t = w.timers.p[first];
		vec_remove(&w.timers, first);
		if (t.due > w.now)
			w.now = t.due;
		turn_reset(w.turn, w.now);
		road_timer(w.road, w.turn, str_c(t.id));
		apply();
	}
	w.now = end;
	turn_reset(w.turn, w.now);
}

static void
configure(const char *yaml)
{
	struct report r;
	struct buf text = {0};
	struct err e;
	report_init(&r);
	enum rc rc = conf_load_text("t.yml", str_c(yaml), NULL, &w.conf, &r);
	report_print(&r, &text);
	ck_assert_msg(rc == RC_OK, "%s", text.p);
	ck_assert_msg(road_configure(w.road, w.turn, w.conf, &e) == RC_OK, "%s", e.text);
	conf_unref(&w.conf);
	apply();
	report_fini(&r);
	buf_fini(&text);
}

static void
start(const char *yaml)
{
	w = (struct world){.now = T0, .turn = turn_create()};
	turn_reset(w.turn, w.now);
	w.road = road_create(changed, NULL);
	configure(yaml);
}

static void
stop(void)
{
	road_destroy(&w.road);
	turn_destroy(&w.turn);
	vec_fini(&w.timers);
	buf_fini(&w.log);
	buf_fini(&w.events);
	buf_fini(&w.changes);
}

static struct pairs
labels_of(const char *text)
{
	struct pairs p = {arena_array(w.turn->arena, struct pair, 16), 0};
	struct str rest = str_c(text), one;
	while (str_cut(&rest, ',', &one)) {
		ptrdiff_t eq = str_chr(one, '=');
		p.p[p.n++] = (struct pair){str_to(one, (size_t)eq), str_from(one, (size_t)eq + 1)};
	}
	pairs_sort(&p);
	return p;
}

/* Sends an alert; `for_ms` from now until its end (0: none stated, negative: it is over). */
static void
push(const char *customer, const char *labels, msec_t for_ms)
{
	struct err e;
	struct alert a = {
	    .customer = str_c(customer), .labels = labels_of(labels), .ends_at = for_ms ? w.now + for_ms : 0};
	a.starts_at = for_ms > 0 ? w.now : 0;
	if (for_ms < 0) {
		a.ends_at = w.now;
		a.starts_at = w.now - 1;
	}
	ck_assert_msg(road_alert(w.road, w.turn, &a, &e) == RC_OK, "%s", e.text);
	apply();
}

static void
fire(const char *labels)
{
	push("", labels, 1000 * HOUR);
}

static void
resolve(const char *labels)
{
	push("", labels, -1);
}

static void
expect_log(const char *want)
{
	ck_assert_str_eq(w.log.p ? w.log.p : "", want);
	buf_clear(&w.log);
}

static void
at(msec_t seconds)
{
	run_until(T0 + seconds * SECOND);
}

#define HOOK                                                                                                 \
	"receivers: [{name: hook, webhook_configs: [{url: 'http://x'}]}, {name: other, webhook_configs: "    \
	"[{url: 'http://y'}]}]\n"
static const char plain[] = "route: {receiver: hook, group_by: [alertname]}\n" HOOK;

UNIT(road_waits_groups_and_repeats_as_alertmanager_does)
{
	start(plain);
	fire("alertname=A,host=a");
	at(29);
	expect_log("");
	at(60);
	expect_log("+30s hook webhook: first notification: a\n");
	fire("alertname=A,host=b");
	fire("alertname=B,host=c");
	at(331);
	expect_log(
	    "+90s hook webhook: first notification: c\n+330s hook webhook: new alerts in the group: a b\n");
	/* the repeat interval must have passed when it is looked at: one flush later than four hours */
	at(15029);
	expect_log("+14790s hook webhook: repeat interval passed: c\n");
	at(15030);
	expect_log("+15030s hook webhook: repeat interval passed: a b\n");
	resolve("alertname=A,host=a");
	at(15330);
	expect_log("+15330s hook webhook: some alerts resolved: -a b\n");
	at(15400);
	resolve("alertname=A,host=b");
	at(20000);
	expect_log("+15630s hook webhook: all alerts resolved: -b\n");
	ck_assert_uint_eq(road_count(w.road), 1);
	ck_assert_str_eq(w.changes.p, "+default/a +default/b +default/c -default/a -default/b ");
	stop();
}
END

UNIT(road_says_nothing_of_what_came_and_went)
{
	start(plain);
	fire("alertname=A,host=a");
	at(10);
	resolve("alertname=A,host=a");
	at(1000);
	expect_log("");
	ck_assert_uint_eq(road_count(w.road), 0);
	ck_assert_uint_eq(w.timers.n, 0);
	resolve("alertname=A,host=never");
	ck_assert_uint_eq(road_count(w.road), 0);
	/* it flaps between two flushes: told once, and then that it ended */
	fire("alertname=A,host=a");
	at(1040);
	expect_log("+1030s hook webhook: first notification: a\n");
	resolve("alertname=A,host=a");
	at(1100);
	fire("alertname=A,host=a");
	at(1331);
	expect_log("");
	resolve("alertname=A,host=a");
	at(1700);
	expect_log("+1630s hook webhook: all alerts resolved: -a\n");
	stop();
}
END

UNIT(road_resolves_what_nobody_sends_any_more)
{
	start("global: {resolve_timeout: 2m}\nroute: {receiver: hook, group_by: [alertname], group_wait: "
	      "10s, group_interval: 30s}\n" HOOK);
	push("", "alertname=A,host=a", 0);
	at(100);
	push("", "alertname=A,host=a", 0); /* moves the end to 220 s, in memory alone */
	ck_assert(w.turn->rows.n == 0);
	expect_log("+10s hook webhook: first notification: a\n");
	at(300);
	expect_log("+220s hook webhook: all alerts resolved: -a\n");
	ck_assert(str_has(buf_view(&w.events), STR("alert_resolved")));
	/* an end that was stated is not shortened by a later one without */
	push("", "alertname=A,host=b", 10 * MINUTE);
	at(310);
	push("", "alertname=A,host=b", 0);
	at(800);
	expect_log("+310s hook webhook: first notification: b\n");
	at(940);
	expect_log("+910s hook webhook: all alerts resolved: -b\n");
	stop();
}
END

UNIT(road_tells_old_alerts_at_once)
{
	start(plain);
	struct err e;
	struct alert a = {
	    .labels = labels_of("alertname=A,host=a"), .starts_at = T0 - HOUR, .ends_at = T0 + HOUR};
	ck_assert_int_eq(road_alert(w.road, w.turn, &a, &e), RC_OK);
	apply();
	at(1);
	expect_log("+0s hook webhook: first notification: a\n");
	stop();
}
END

UNIT(road_routes_through_the_tree)
{
	start("route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 1s\n  routes:\n"
	      "  - {matchers: ['team=\"db\"'], receiver: other, continue: true}\n"
	      "  - {match: {team: db}, match_re: {host: 'x.*'}, group_by: ['...']}\n"
	      "  - {matchers: ['\"odd name\"=\"1\"'], receiver: other, desk: propose}\n" HOOK);
	fire("alertname=A,host=x1,team=db");
	at(2);
	expect_log("+1s other webhook: first notification: x1\n+1s hook webhook: first notification: x1\n");
	fire("alertname=A,host=x2,team=db");
	at(4);
	expect_log("+3s hook webhook: first notification: x2\n");
	fire("alertname=A,host=z,odd name=1");
	fire("alertname=C,host=q");
	at(6);
	expect_log("+5s other webhook: first notification: z\n+5s hook webhook: first notification: q\n");
	stop();
}
END

UNIT(road_inhibits_and_releases)
{
	start("route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 10s}\n" HOOK
	      "inhibit_rules:\n- {source_matchers: [alertname=Down], target_matchers: "
	      "['alertname=~\"Slow|Down\"'], equal: [host]}\n");
	fire("alertname=Down,host=a");
	fire("alertname=Slow,host=a");
	fire("alertname=Slow,host=b");
	push("acme", "alertname=Slow,host=a", HOUR * 100);
	at(5);
	expect_log("+1s hook webhook: first notification: a\n+1s hook webhook: first notification: b\n+1s "
		   "hook webhook: first notification: a\n");
	resolve("alertname=Down,host=a");
	at(12);
	expect_log(
	    "+11s hook webhook: all alerts resolved: -a\n+11s hook webhook: new alerts in the group: a b\n");
	ck_assert(str_has(buf_view(&w.events), STR("alert_inhibited")) &&
		  str_has(buf_view(&w.events), STR("alert_released")));
	stop();
}
END

    static struct silence
    silence_on(const char *customer, const char *label, const char *value, msec_t from, msec_t to)
{
	struct silence_matcher *m = arena_new(w.turn->arena, struct silence_matcher);
	*m = (struct silence_matcher){str_c(label), str_c(value), false, true};
	struct silence s = {.customer = str_c(customer),
	    .starts_at = from,
	    .ends_at = to,
	    .created_by = STR("me"),
	    .comment = STR("why")};
	s.matchers.p = m;
	s.matchers.n = 1;
	return s;
}

UNIT(road_keeps_silence_and_speaks_when_it_ends)
{
	struct err e;
	struct str id;
	start("route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 10s}\n" HOOK);
	struct silence s = silence_on("default", "host", "a", 0, T0 + 25 * SECOND);
	ck_assert_int_eq(silence_set(road_silences(w.road), w.turn, &s, STR("s1"), false, &id, &e), RC_OK);
	apply();
	fire("alertname=A,host=a");
	push("acme", "alertname=A,host=a", HOUR * 100);
	at(5);
	expect_log("+1s hook webhook: first notification: a\n"); /* acme's: the silence is not its own */
	at(40);
	expect_log("+31s hook webhook: first notification: a\n");
	ck_assert(str_has(buf_view(&w.events), STR("silence_set alert_fired")));
	ck_assert(str_has(buf_view(&w.events), STR("silence_ended")) &&
		  str_has(buf_view(&w.events), STR("alert_silenced")));
	at(120 * 3600 + 26);
	ck_assert_ptr_null(silence_get(road_silences(w.road), STR("s1")));
	stop();
}
END

UNIT(silence_changes_keep_or_change_its_id)
{
	struct err e;
	struct str id;
	start(plain);
	struct silences *st = road_silences(w.road);
	struct silence s = silence_on("default", "host", "a", 0, T0 + HOUR);
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("s1"), false, &id, &e), RC_OK);
	s.id = STR("s1");
	s.starts_at = T0;
	s.ends_at = T0 + 2 * HOUR;
	s.comment = STR("longer");
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("s2"), false, &id, &e), RC_OK);
	ck_assert_str(id, "s1");
	ck_assert_str(silence_get(st, id)->comment, "longer");
	at(10);
	struct silence other = silence_on("default", "host", "b", T0, T0 + HOUR);
	other.id = STR("s1");
	ck_assert_int_eq(silence_set(st, w.turn, &other, STR("s3"), false, &id, &e), RC_OK);
	ck_assert_str(id, "s3");
	ck_assert_int_eq(silence_state(silence_get(st, STR("s1")), w.now), SILENCE_EXPIRED);
	ck_assert_int_eq(silence_get(st, id)->starts_at, w.now);
	ck_assert_int_eq(silence_expire(st, w.turn, STR("acme"), STR("s3"), &e), RC_ABSENT);
	ck_assert_int_eq(silence_expire(st, w.turn, STR("default"), STR("s3"), &e), RC_OK);
	ck_assert_int_eq(silence_state(silence_get(st, STR("s3")), w.now), SILENCE_EXPIRED);
	/* an ended one comes back under a new id */
	other.id = STR("s3");
	ck_assert_int_eq(silence_set(st, w.turn, &other, STR("s4"), false, &id, &e), RC_OK);
	ck_assert_str(id, "s4");
	/* a pending one is moved, and ended at once */
	struct silence later = silence_on("default", "host", "c", T0 + HOUR, T0 + 2 * HOUR);
	ck_assert_int_eq(silence_set(st, w.turn, &later, STR("s5"), false, &id, &e), RC_OK);
	ck_assert_int_eq(silence_state(silence_get(st, id), w.now), SILENCE_PENDING);
	later.id = STR("s5");
	later.starts_at += MINUTE;
	ck_assert_int_eq(silence_set(st, w.turn, &later, STR("s6"), false, &id, &e), RC_OK);
	ck_assert_str(id, "s5");
	ck_assert_int_eq(silence_expire(st, w.turn, STR(""), STR("s5"), &e), RC_OK);
	ck_assert_int_eq(silence_state(silence_get(st, STR("s5")), w.now), SILENCE_EXPIRED);
	stop();
}
END

UNIT(silence_refuses_what_makes_no_sense)
{
	struct err e;
	struct str id;
	start(plain);
	struct silences *st = road_silences(w.road);
	struct silence s = silence_on("default", "host", "", 0, T0 + HOUR);
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), false, &id, &e), RC_INVALID);
	s = silence_on("default", "host", "a", T0 + HOUR, T0);
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), false, &id, &e), RC_INVALID);
	s = silence_on("default", "host", "a", T0 - HOUR, T0 - MINUTE);
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), false, &id, &e), RC_INVALID);
	s = silence_on("default", "host", "(", 0, T0 + HOUR);
	s.matchers.p[0].is_regex = true;
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), false, &id, &e), RC_INVALID);
	s = silence_on("default", "host", "a", 0, T0 + HOUR);
	s.all_customers = true;
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), false, &id, &e), RC_DENIED);
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), true, &id, &e), RC_OK);
	s.all_customers = false;
	s.id = STR("gone");
	ck_assert_int_eq(silence_set(st, w.turn, &s, STR("x"), false, &id, &e), RC_ABSENT);
	stop();
}
END

UNIT(road_is_silent_outside_its_hours)
{
	start("route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 30m\n  "
	      "routes:\n"
	      "  - {matchers: [a=b], mute_time_intervals: [night]}\n"
	      "  - {matchers: [a=c], receiver: other, active_time_intervals: [night]}\n" HOOK
	      "time_intervals: [{name: night, time_intervals: [{times: [{start_time: '00:00', end_time: "
	      "'06:00'}], location: Europe/Rome}]}]\n");
	fire("alertname=A,host=x,a=b");
	fire("alertname=A,host=y,a=c");
	at(10);
	expect_log("+1s other webhook: first notification: y\n");
	at(5 * 3600); /* 06:00 in Rome is 05:00 UTC in winter */
	expect_log("+16201s other webhook: repeat interval passed: y\n");
	at(5 * 3600 + 10);
	expect_log("+18001s hook webhook: first notification: x\n");
	ck_assert(str_has(buf_view(&w.events), STR("group_muted")));
	stop();
}
END

UNIT(road_mails_what_fires_and_survives_a_broken_template)
{
	start("global: {smtp_smarthost: 'm:25', smtp_from: a@x}\nroute: {receiver: mail, group_by: "
	      "[alertname], group_wait: 1s, group_interval: 10s}\n"
	      "receivers: [{name: mail, email_configs: [{to: ops@x}, {to: boss@x, send_resolved: true, "
	      "headers: {subject: '{{ .Alerts.Resolved | len }} {{ .Customer }}'}}, "
	      "{to: c@x, html: '{{ index .Alerts 7 }}'}]}]\n");
	fire("alertname=A,host=a");
	fire("alertname=A,host=b");
	at(5);
	expect_log("+1s mail email: first notification: to ops@x \"[FIRING:2] A \"\n+1s mail email: first "
		   "notification: to boss@x \"0 default\"\n"
		   "+1s mail email: first notification: to c@x \"2 alerts: {}:{alertname=\"A\"}\"\n");
	resolve("alertname=A,host=a");
	at(15);
	expect_log("+11s mail email: some alerts resolved: to boss@x \"1 default\"\n");
	resolve("alertname=A,host=b");
	at(25);
	expect_log("+21s mail email: all alerts resolved: to boss@x \"1 default\"\n");
	stop();
}
END

UNIT(road_keeps_customers_apart)
{
	start(plain);
	push("acme", "alertname=A,host=a", HOUR);
	push("bolt", "alertname=A,host=a", HOUR);
	at(31);
	expect_log("+30s hook webhook: first notification: a\n+30s hook webhook: first notification: a\n");
	ck_assert_uint_eq(road_count(w.road), 2);
	push("acme", "alertname=A,host=a", -1);
	ck_assert_str_eq(w.changes.p, "+acme/a +bolt/a -acme/a ");
	stop();
}
END

UNIT(road_refuses_bad_alerts)
{
	static const char *const bad[] = {"", "=x", "a=\xff", "a=1,a=2"};
	struct err e;
	start("limits: {alerts: 3, alerts_per_customer: 2, label_size: 1KB}\nroute: {receiver: hook}\n" HOOK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct alert a = {.labels = labels_of(bad[i])};
		ck_assert_msg(road_alert(w.road, w.turn, &a, &e) == RC_INVALID, "%s", bad[i]);
	}
	struct alert a = {.labels = labels_of("a=b"), .starts_at = T0, .ends_at = T0 - 1};
	ck_assert_int_eq(road_alert(w.road, w.turn, &a, &e), RC_INVALID);
	push("c1", "a=1", HOUR);
	push("c1", "a=2", HOUR);
	a = (struct alert){.customer = STR("c1"), .labels = labels_of("a=3")};
	ck_assert_msg(road_alert(w.road, w.turn, &a, &e) == RC_REFUSED, "%s", e.text);
	push("c2", "a=3", HOUR);
	a = (struct alert){.customer = STR("c3"), .labels = labels_of("a=3")};
	ck_assert_int_eq(road_alert(w.road, w.turn, &a, &e), RC_REFUSED);
	stop();
}
END

/* After a restart and after a new configuration nobody is told twice, and nothing is forgotten. */
UNIT(road_remembers_over_a_restart)
{
	char dir[] = "/tmp/road_test.XXXXXX";
	struct err e;
	struct str id;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	start(plain);
	ck_assert_msg(ledger_open(&w.ledger, str_c(dir), "test", w.now, &e) == RC_OK, "%s", e.text);
	fire("alertname=A,host=a");
	struct silence s = silence_on("default", "host", "quiet", 0, T0 + 100 * HOUR);
	ck_assert_int_eq(silence_set(road_silences(w.road), w.turn, &s, STR("s1"), false, &id, &e), RC_OK);
	apply();
	at(40);
	fire("alertname=A,host=b");
	expect_log("+30s hook webhook: first notification: a\n");
	at(100);
	road_destroy(&w.road);
	w.timers.n = 0;
	w.road = road_create(changed, NULL);
	ck_assert_msg(road_load(w.road, w.ledger, w.now, &e) == RC_OK, "%s", e.text);
	configure(plain);
	ck_assert_uint_eq(road_count(w.road), 2);
	ck_assert_ptr_nonnull(silence_get(road_silences(w.road), STR("s1")));
	at(140);
	expect_log("+100s hook webhook: new alerts in the group: a b\n");
	configure(plain);
	at(1000);
	expect_log("");
	resolve("alertname=A,host=a");
	resolve("alertname=A,host=b");
	at(1400);
	expect_log("+1040s hook webhook: all alerts resolved: -a -b\n");
	ledger_close(&w.ledger);
	stop();
	unit_remove(dir);
}
END

UNIT(window_knows_days_from_the_end_and_zones)
{
	static const struct {
		const char *interval, *when;
		bool in;
	} cases[] = {{"{}", "2026-01-01T00:00:00Z", true},
	    {"{weekdays: ['monday:friday']}", "2026-01-01T00:00:00Z", true},
	    {"{weekdays: ['monday:friday']}", "2026-01-03T12:00:00Z", false},
	    {"{weekdays: [Sunday]}", "2026-01-04T23:59:59Z", true},
	    {"{days_of_month: ['-1']}", "2026-02-28T10:00:00Z", true},
	    {"{days_of_month: ['-1']}", "2028-02-28T10:00:00Z", false},
	    {"{days_of_month: ['1:-1']}", "2026-04-30T10:00:00Z", true},
	    {"{days_of_month: ['-3:-1']}", "2026-04-28T10:00:00Z", true},
	    {"{days_of_month: ['-3:-1']}", "2026-04-27T10:00:00Z", false},
	    {"{months: ['may:august', 12]}", "2026-12-05T00:00:00Z", true},
	    {"{months: ['may:august', 12]}", "2026-09-01T00:00:00Z", false},
	    {"{years: ['2027:2028']}", "2026-06-01T00:00:00Z", false},
	    {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-06-01T17:00:00Z", false},
	    {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-06-01T16:59:59Z", true},
	    {"{times: [{start_time: '22:00', end_time: '24:00'}]}", "2026-06-01T23:59:59Z", true},
	    {"{times: [{start_time: '09:00', end_time: '17:00'}], location: America/New_York}",
		"2026-07-01T20:59:00Z", true},
	    {"{times: [{start_time: '09:00', end_time: '17:00'}], location: America/New_York}",
		"2026-07-01T12:59:00Z", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf yaml = {0};
		struct report r;
		struct conf *c;
		msec_t when;
		buf_fmt(&yaml,
		    "route: {receiver: x}\nreceivers: [{name: x}]\ntime_intervals: [{name: n, "
		    "time_intervals: [%s]}]\n",
		    cases[i].interval);
		report_init(&r);
		ck_assert_int_eq(conf_load_text("t", buf_view(&yaml), NULL, &c, &r), RC_OK);
		ck_assert(time_parse_rfc3339(str_c(cases[i].when), &when));
		ck_assert_msg(window_holds(&c->root->time_intervals.p[0], when) == cases[i].in, "%s %s",
		    cases[i].interval, cases[i].when);
		conf_unref(&c);
		report_fini(&r);
		buf_fini(&yaml);
	}
}
END

UNIT(view_answers_as_the_api_does)
{
	struct view_filter f;
	struct buf b = {0};
	struct err e;
	struct str id;
	start("route: {receiver: hook, group_by: [alertname], routes: [{matchers: [host=b], receiver: "
	      "other}]}\n" HOOK);
	view_filter_init(&f);
	view_alerts(w.road, &f, w.now, &b);
	ck_assert_str_eq(b.p, "[]");
	fire("alertname=A,host=a");
	fire("alertname=A,host=b");
	struct silence s = silence_on("default", "host", "a", 0, T0 + HOUR);
	ck_assert_int_eq(silence_set(road_silences(w.road), w.turn, &s, STR("s1"), false, &id, &e), RC_OK);
	apply();
	buf_clear(&b);
	f.silenced = false;
	view_alerts(w.road, &f, w.now, &b);
	ck_assert_str_eq(b.p, "[{\"annotations\":{},\"endsAt\":\"2026-02-11T16:00:00.000Z\",\"fingerprint\":"
			      "\"3b236f15eb72f585\",\"receivers\":[{\"name\":\"other\"}],"
			      "\"startsAt\":\"2026-01-01T00:00:00.000Z\",\"status\":{\"inhibitedBy\":[],"
			      "\"mutedBy\":[],\"silencedBy\":[],\"state\":\"active\"},"
			      "\"updatedAt\":\"2026-01-01T00:00:00.000Z\",\"generatorURL\":\"\",\"labels\":{"
			      "\"alertname\":\"A\",\"host\":\"b\"}}]");
	view_filter_init(&f);
	struct matchers m = {0};
	ck_assert_int_eq(matchers_parse(&m, STR("host=~\"a.*\""), &e), RC_OK);
	f.matchers = &m;
	buf_clear(&b);
	view_groups(w.road, &f, w.now, &b);
	ck_assert(str_has(buf_view(&b), STR("\"silencedBy\":[\"s1\"],\"state\":\"suppressed\"")));
	ck_assert(str_has(buf_view(&b),
	    STR("\"labels\":{\"alertname\":\"A\"},\"routeLabels\":{},\"receiver\":{\"name\":\"hook\"}}]")));
	ck_assert(!str_has(buf_view(&b), STR("other")));
	matchers_fini(&m);
	buf_clear(&b);
	view_silences(w.road, STR("default"), NULL, w.now, &b);
	ck_assert(str_has(buf_view(&b), STR("\"id\":\"s1\",\"status\":{\"state\":\"active\"}")));
	buf_clear(&b);
	ck_assert(!view_silence(w.road, STR("acme"), STR("s1"), w.now, &b));
	view_receivers(w.road, NULL, &b);
	ck_assert_str_eq(b.p, "[{\"name\":\"hook\"},{\"name\":\"other\"}]");
	buf_clear(&b);
	view_status(w.road, "0.27.0", T0, true, &b);
	ck_assert(str_has(buf_view(&b), STR("\"original\":\"route:\\n  receiver: hook")));
	buf_fini(&b);
	stop();
}
END

    static int
    random_below(int n)
{
	return (int)(lrand48() % n);
}

/* Whatever happens: in the end everything that fires was told and nothing is told twice in a row. */
UNIT(road_tells_everything_in_the_end)
{
	for (int seed = 1; seed <= 20; seed++) {
		bool fires[8] = {0};
		srand48(seed);
		start("route: {receiver: hook, group_by: [alertname], group_wait: 5s, group_interval: 20s, "
		      "repeat_interval: 1000h}\n" HOOK);
		for (int i = 0; i < 200; i++) {
			int host = random_below(8);
			char labels[64];
			snprintf(labels, sizeof labels, "alertname=A%d,host=h%d", host % 2, host);
			fires[host] = random_below(2);
			if (fires[host])
				fire(labels);
			else
				resolve(labels);
			at((w.now - T0) / SECOND + random_below(15));
		}
		at((w.now - T0) / SECOND + 100);
		buf_clear(&w.log);
		at((w.now - T0) / SECOND + 100);
		expect_log("");
		size_t want = 0;
		for (int i = 0; i < 8; i++)
			want += fires[i];
		ck_assert_uint_eq(road_count(w.road), want);
		stop();
	}
}
END

UNIT(judges_give_mistakes_their_place)
{
	struct report r;
	struct conf *c = NULL;
	struct conf_judges j = {0};
	struct buf text = {0};
	judges_fill(&j);
	report_init(&r);
	ck_assert_int_eq(
	    conf_load_text("t.yml",
		STR("route:\n  receiver: x\n  routes:\n  - matchers: ['a=\"b\"', 'c=~\"(\"']\n  - match_re: "
		    "{d: '['}\n"
		    "receivers:\n- name: x\n  webhook_configs: [{url: 'http://x/{{ .Nope'}]\n"
		    "scrape_configs: [{job_name: a, relabel_configs: [{regex: '*', target_label: b}]}]\n"
		    "time_intervals: [{name: n, time_intervals: [{location: Europe/Roma}]}]\n"),
		&j, &c, &r),
	    RC_INVALID);
	report_print(&r, &text);
	static const char *const places[] = {"t.yml:4:25: matchers: ", "t.yml:5:15: match_re: ",
	    "t.yml:8:27: url: template:1:", "t.yml:9:58: regex: ", "t.yml:10:56: location: "};
	ck_assert_uint_eq(r.errors, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_msg(
		    str_has(buf_view(&text), str_c(places[i])), "%s is missing in:\n%s", places[i], text.p);
	report_fini(&r);
	buf_fini(&text);
}
END

    /* ---- the same routes as amtool finds in what we print ---- */

    static const char tree[] =
	"route:\n  receiver: r0\n  routes:\n"
	"  - {matchers: ['team=\"db\"'], receiver: r1, continue: true, routes: [{matchers: "
	"['sev=~\"crit|page\"'], receiver: r2}, {match: {sev: info}}]}\n"
	"  - {match_re: {host: 'web[0-9]+'}, receiver: r3, routes: [{matchers: ['team!=\"\"', "
	"'sev!~\"i.*\"'], receiver: r4, continue: true}, {receiver: r5, matchers: [sev=page]}]}\n"
	"  - {matchers: [team=db, sev=], receiver: r6}\n"
	"receivers: [{name: r0}, {name: r1}, {name: r2}, {name: r3}, {name: r4}, {name: r5}, {name: r6}]\n";

static void
add_name(void *arg, const struct route *r)
{
	struct buf *b = arg;
	buf_fmt(b, "%s%.*s", b->n ? "," : "", STR_ARG(r->conf->receiver));
}

UNIT(routes_are_those_that_amtool_finds)
{
	static const char *const teams[] = {"", "team=db ", "team=net "},
				 *const sevs[] = {"", "sev=crit ", "sev=info ", "sev=page "},
				 *const hosts[] = {"", "host=web7 ", "host=xweb7 "};
	char dir[] = "/tmp/routes_test.XXXXXX", cmd[256];
	struct report r;
	struct conf *c;
	struct routes *rs;
	struct err e;
	if (system("command -v amtool >/dev/null 2>&1") != 0) {
		printf("skipped: amtool is not installed\n");
		return;
	}
	ck_assert_ptr_nonnull(mkdtemp(dir));
	report_init(&r);
	ck_assert_int_eq(conf_load_text("t", str_c(tree), NULL, &c, &r), RC_OK);
	ck_assert_int_eq(routes_create(c, &rs, &e), RC_OK);
	snprintf(cmd, sizeof cmd, "%s/am.yml", dir);
	FILE *f = fopen(cmd, "w");
	ck_assert_ptr_nonnull(f);
	fputs(c->alertmanager_yaml.p, f);
	fclose(f);
	w.turn = turn_create();
	for (int i = 0; i < 36; i++) {
		char labels[128], text[128], line[256] = "";
		struct buf got = {0};
		snprintf(labels, sizeof labels, "%s%s%sa=b", teams[i % 3], sevs[i / 3 % 4], hosts[i / 12]);
		snprintf(cmd, sizeof cmd, "amtool config routes test --config.file=%s/am.yml %s 2>/dev/null",
		    dir, labels);
		f = popen(cmd, "r");
		ck_assert_ptr_nonnull(f);
		ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
		pclose(f);
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, sizeof text, "%s", labels);
		for (char *p = text; *p; p++)
			if (*p == ' ')
				*p = ',';
		routes_match(rs, labels_from_pairs(labels_of(text), w.turn->arena), add_name, &got);
		ck_assert_msg(strcmp(got.p, line) == 0, "%s: ours %s, amtool %s", labels, got.p, line);
		buf_fini(&got);
	}
	turn_destroy(&w.turn);
	routes_destroy(&rs);
	conf_unref(&c);
	report_fini(&r);
	unit_remove(dir);
}
END
