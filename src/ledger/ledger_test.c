/*
 * ledger_test.c — turns are whole or not at all; the journal notices every change.
 *
 * Everything runs over SQLite, and over PostgreSQL too where TOCSIN_TEST_POSTGRES names a database that may be
 * emptied.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "base/os.h"
#include "ledger/db.h"
#include "ledger/ledger.h"

static char folder[64];

static void
clean_postgres(const char *url)
{
	struct db *db;
	struct err e;
	ck_assert_msg(db_open(&db, url, false, &e) == RC_OK, "%s", e.text);
	ck_assert_msg(db_script(db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &e) == RC_OK, "%s", e.text);
	db_close(&db);
}

static const char *
fresh(bool postgres)
{
	static char url[512];
	if (postgres) {
		snprintf(url, sizeof url, "%s", getenv("TOCSIN_TEST_POSTGRES"));
		clean_postgres(url);
		return url;
	}
	snprintf(folder, sizeof folder, "/tmp/tocsin-ledger-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof url, "%s", folder);
	return url;
}

static void
sweep(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (folder[0])
		ck_assert_int_eq(system(command), 0);
	folder[0] = '\0';
}

static struct ledger *
opened(const char *url, msec_t now)
{
	struct ledger *l;
	struct err e;
	ck_assert_msg(ledger_open(&l, str_c(url), "test", now, &e) == RC_OK, "%s", e.text);
	return l;
}

#define EACH_ENGINE(pg) for (int pg = 0; pg <= (getenv("TOCSIN_TEST_POSTGRES") != NULL); pg++)

/* Two chains, some rows, a timer, a thing to send. */
static void
one_turn(struct turn *t, int i)
{
	char key[32];
	snprintf(key, sizeof key, "ticket/%d", i);
	turn_reset(t, 1000 + i);
	struct event *ev = turn_event(t, EVENT_ticket_opened, i % 2 ? STR("acme") : STR("zenith"), str_c(key), 0,
	    "Ticket %d was opened", i);
	turn_fact(t, ev, "priority", STR("critical"));
	turn_fact_i64(t, ev, "number", i);
	turn_event(t, EVENT_started, STR(""), STR("engine"), 500, "and the system says so");
	struct event_payload p = {.text = ev->text};
	turn_put(t, (struct row_change){STR("ticket"), str_c(key), STR("acme"), STR("new"), i, {0}, false}, &event_payload_layout, &p);
	turn_timer(t, str_c(key), 5000 + i);
	turn_send(t, (struct send){.key = str_c(key), .channel = STR("mail"), .subject = str_c(key)}, &event_payload_layout, &p);
}

static struct ledger *
filled(const char *url, int turns)
{
	struct ledger *l = opened(url, 1000);
	struct turn *t = turn_create();
	struct err e;
	for (int i = 1; i <= turns; i++) {
		one_turn(t, i);
		ck_assert_msg(ledger_commit(l, t, &e) == RC_OK, "%s", e.text);
	}
	turn_destroy(&t);
	return l;
}

static bool
count_row(void *arg, const struct row *r)
{
	++*(int *)arg;
	return true;
}

static bool
count_event(void *arg, const struct event *ev)
{
	++*(int *)arg;
	return true;
}

static bool
count_timer(void *arg, const struct due_timer *t)
{
	++*(int *)arg;
	return true;
}

static bool
count_outbox(void *arg, const struct outbox_row *r)
{
	++*(int *)arg;
	return true;
}

struct counts {
	int rows, events, timers, sends;
};

static struct counts
counts(struct ledger *l)
{
	struct counts c = {0};
	struct err e;
	ck_assert(ledger_scan(l, STR("ticket"), count_row, &c.rows, &e) == RC_OK);
	ck_assert(ledger_events(l, &(struct event_query){0}, count_event, &c.events, &e) == RC_OK);
	ck_assert(ledger_timers(l, count_timer, &c.timers, &e) == RC_OK);
	ck_assert(ledger_outbox(l, count_outbox, &c.sends, &e) == RC_OK);
	return c;
}

UNIT(ledger_keeps_what_a_turn_decided)
{
	EACH_ENGINE(pg) {
		const char *url = fresh(pg);
		struct ledger *l = filled(url, 10);
		struct err e;
		ledger_close(&l);
		l = opened(url, 2000);
		struct counts c = counts(l);
		ck_assert(c.rows == 10 && c.events == 20 && c.timers == 10 && c.sends == 10);
		int n = 0;
		ck_assert(ledger_events(l, &(struct event_query){.subject = STR("ticket/3")}, count_event, &n, &e) == RC_OK);
		ck_assert_int_eq(n, 1);
		n = 0;
		struct row_query q = {.space = STR("ticket"), .customer = STR("acme"), .tag = STR("new"), .before = 6};
		ck_assert(ledger_list(l, &q, count_row, &n, &e) == RC_OK);
		ck_assert_int_eq(n, 5);
		/* settled and cancelled and removed: gone */
		struct turn *t = turn_create();
		turn_reset(t, 3000);
		turn_settle(t, STR("ticket/1"), 1, 0, STR("sent"));
		turn_timer_cancel(t, STR("ticket/2"));
		turn_remove(t, STR("ticket"), STR("ticket/3"));
		ck_assert(ledger_commit(l, t, &e) == RC_OK);
		c = counts(l);
		ck_assert(c.rows == 9 && c.events == 20 && c.timers == 9 && c.sends == 9);
		turn_destroy(&t);
		struct verdict v;
		ck_assert_msg(ledger_verify(l, STR(""), &v, &e) == RC_OK && v.intact, "%s", v.text);
		ck_assert_int_eq(v.events, 20);
		ledger_close(&l);
		sweep();
	}
}
END

UNIT(ledger_has_one_writer_at_a_time)
{
	EACH_ENGINE(pg) {
		const char *url = fresh(pg);
		struct ledger *a = opened(url, 1000), *b;
		struct err e;
		ck_assert_int_eq(ledger_open(&b, str_c(url), "standby", 2000, &e), RC_CONFLICT);
		ck_assert_ptr_nonnull(strstr(e.text, "\"test\""));
		/* the lease runs out: the standby takes over, and the first one cannot commit any more */
		ck_assert_int_eq(ledger_open(&b, str_c(url), "standby", 60000, &e), RC_OK);
		struct turn *t = turn_create();
		one_turn(t, 1);
		ck_assert_int_eq(ledger_commit(a, t, &e), RC_CONFLICT);
		one_turn(t, 1);
		ck_assert_int_eq(ledger_commit(b, t, &e), RC_OK);
		ck_assert_int_eq(counts(b).events, 2);
		turn_destroy(&t);
		ledger_close(&a);
		ledger_close(&b);
		sweep();
	}
}
END

/* The N-th system call fails, for every N and every way of failing: the turn is there wholly or not at all, the
 * ledger goes on afterwards, and its chains are intact. */
UNIT(ledger_turn_is_whole_whatever_fails)
{
	static const enum os_fault kinds[] = {OS_FAULT_ENOSPC, OS_FAULT_EIO};
	for (size_t k = 0; k < 2; k++) {
		int failures = 0;
		for (uint64_t nth = 1;; nth++) {
			const char *url = fresh(false);
			struct ledger *l = filled(url, 3);
			struct turn *t = turn_create();
			struct err e;
			struct verdict v;
			one_turn(t, 4);
			os_fault_set(kinds[k], nth);
			enum rc rc = ledger_commit(l, t, &e);
			bool hit = os_fault_hit();
			os_fault_set(OS_FAULT_NONE, 0);
			failures += rc != RC_OK;
			int want = rc == RC_OK ? 4 : 3;
			ck_assert_int_eq(counts(l).rows, want);
			one_turn(t, 5);
			ck_assert_msg(ledger_commit(l, t, &e) == RC_OK, "after call %d: %s", (int)nth, e.text);
			ledger_close(&l);
			l = opened(url, 9000);
			ck_assert_int_eq(counts(l).rows, want + 1);
			ck_assert_int_eq(counts(l).events, 2 * want + 2);
			ck_assert_msg(ledger_verify(l, STR(""), &v, &e) == RC_OK && v.intact, "%s", v.text);
			turn_destroy(&t);
			ledger_close(&l);
			sweep();
			if (!hit)
				break;
		}
		ck_assert_int_gt(failures, 0);
	}
}
END

/* ---- tampering ---- */

static void
tamper(const char *url, const char *sql)
{
	struct db *db;
	struct err e;
	char path[600];
	snprintf(path, sizeof path, strncmp(url, "postgres", 8) == 0 ? "%s" : "%s/ledger.db", url);
	ck_assert(db_open(&db, path, false, &e) == RC_OK);
	ck_assert_msg(db_script(db, sql, &e) == RC_OK, "%s: %s", sql, e.text);
	db_close(&db);
}

static void
expect_verdict(const char *url, const char *heads, const char *says)
{
	struct ledger *l = opened(url, 9000);
	struct verdict v;
	struct err e;
	ck_assert_msg(ledger_verify(l, str_c(heads), &v, &e) == RC_OK, "%s", e.text);
	ck_assert_msg(v.intact == (strstr(says, "intact") != NULL) && strstr(v.text, says), "'%s' does not say '%s'", v.text, says);
	ledger_close(&l);
}

/* Row 3 of chain acme is ticket 5 (chains alternate); seq 9. */
UNIT(verify_names_the_first_bad_row_for_every_column)
{
	static const char *const sqlite[] = {"chain = 'acmf'", "n = 30", "at = at + 1", "recorded = recorded + 1",
	    "kind = 'ticket_openee'", "subject = 'ticket/6'", "actor = 'enginf'", "seq = 90",
	    "digest = CAST(x'00' || substr(digest, 2) AS BLOB)", "payload = CAST(x'00' || substr(payload, 2) AS BLOB)",
	    "hash = CAST(x'00' || substr(hash, 2) AS BLOB)", "payload = NULL"};
	static const char *const postgres[] = {"chain = 'acmf'", "n = 30", "at = at + 1", "recorded = recorded + 1",
	    "kind = 'ticket_openee'", "subject = 'ticket/6'", "actor = 'enginf'", "seq = 90",
	    "digest = set_byte(digest, 0, get_byte(digest, 0) # 1)", "payload = set_byte(payload, 0, get_byte(payload, 0) # 1)",
	    "hash = set_byte(hash, 0, get_byte(hash, 0) # 1)", "payload = NULL"};
	EACH_ENGINE(pg) {
		for (size_t i = 0; i < sizeof sqlite / sizeof *sqlite; i++) {
			const char *url = fresh(pg);
			struct ledger *l = filled(url, 10);
			ledger_close(&l);
			char sql[256];
			snprintf(sql, sizeof sql, "UPDATE event SET %s WHERE chain = 'acme' AND n = 3", (pg ? postgres : sqlite)[i]);
			tamper(url, sql);
			expect_verdict(url, "", "chain \"acme\", row 3:");
			sweep();
		}
	}
}
END

UNIT(verify_finds_deleted_swapped_and_cut_rows)
{
	EACH_ENGINE(pg) {
		const char *url = fresh(pg);
		struct ledger *l = filled(url, 10);
		ledger_close(&l);
		tamper(url, "DELETE FROM event WHERE chain = 'acme' AND n = 3");
		expect_verdict(url, "", "chain \"acme\", row 3: it is missing");
		sweep();

		url = fresh(pg);
		l = filled(url, 10);
		ledger_close(&l);
		tamper(url, "UPDATE event SET n = -3 WHERE chain = 'acme' AND n = 3;"
			    "UPDATE event SET n = 3 WHERE chain = 'acme' AND n = 4;"
			    "UPDATE event SET n = 4 WHERE chain = 'acme' AND n = -3");
		expect_verdict(url, "", "chain \"acme\", row 3:");
		sweep();

		/* the tail is cut, and the table of chains made to fit: only the signed head outside knows */
		url = fresh(pg);
		l = filled(url, 10);
		struct buf heads = {0};
		struct err e;
		char key[80];
		snprintf(key, sizeof key, "/tmp/tocsin-key-%d", (int)getpid());
		ck_assert_msg(ledger_heads(l, key, 5000, &heads, &e) == RC_OK, "%s", e.text);
		ledger_close(&l);
		expect_verdict(url, heads.p, "intact, and as the signed heads say");
		tamper(url, "DELETE FROM event WHERE chain = 'acme' AND n = 5");
		expect_verdict(url, "", "its tail was cut");
		tamper(url, "UPDATE chain SET n = 4 WHERE name = 'acme'");
		expect_verdict(url, "", "intact");
		expect_verdict(url, heads.p, "a signed head names row 5: its tail was cut");
		heads.p[30] ^= 1;
		l = opened(url, 9000);
		struct verdict v;
		ck_assert_int_eq(ledger_verify(l, buf_view(&heads), &v, &e), RC_INVALID);
		ledger_close(&l);
		unlink(key);
		buf_fini(&heads);
		sweep();
	}
}
END

UNIT(verify_calls_a_redaction_a_redaction)
{
	EACH_ENGINE(pg) {
		const char *url = fresh(pg);
		struct ledger *l = filled(url, 10);
		struct err e;
		ck_assert_int_eq(ledger_redact(l, STR("acme"), 99, STR("user/officer"), STR("asked for"), 6000, &e), RC_ABSENT);
		ck_assert_msg(ledger_redact(l, STR("acme"), 3, STR("user/officer"), STR("asked for"), 6000, &e) == RC_OK, "%s", e.text);
		ledger_close(&l);
		expect_verdict(url, "", "1 redacted: intact");
		sweep();
	}
}
END
