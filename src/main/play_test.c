/* play_test.c — plays are able to fail, and say where; a seed repeats. */
#include "main/play.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "unit.h"

/* What a play of this text says: "" when all went as it expects. */
static void
played(const char *text, uint64_t seed, struct buf *said)
{
	char path[] = "/tmp/tocsin-play-test-XXXXXX";
	struct arena *a = arena_create();
	struct str title;
	struct err e;
	int fd = mkstemp(path);
	log_setup("unit", LOG_ERROR + 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	buf_clear(said);
	if (play_run(path, seed, &title, a, &e) != RC_OK)
		buf_c(said, e.text + strlen(path));
	unlink(path);
	arena_destroy(&a);
}

#define BEGIN "clock 2026-03-03T02:00:00Z\n"
#define DESK                                                                                                 \
	BEGIN "resources <<END\nkind: customer\nname: acme\nspec: {}\n---\nkind: user\nname: first\nspec: "  \
	      "{}\nEND\n"

static const struct {
	const char *text, *says; /* NULL: all went well */
} cases[] = {
    {BEGIN "expect tickets 0; expect calls 0; expect hooks 0; expect mails 0", NULL},
    {BEGIN "expect tickets 1", ":2: there are 0 tickets, not 1"},
    {"run 1m", ":1: a play begins with `clock TIME`"},
    {"clock noon", ":1: \"noon\" is not a time"},
    {BEGIN "dance", ":2: \"dance\" is not a statement of a play"},
    {BEGIN "expect rain", ":2: \"rain\" is not something that can be expected"},
    {BEGIN "run soon", ":2: \"soon\" is not a duration"},
    {BEGIN "file rules.yml <<END\ngroups: []\n", ":2: the text that begins in line 2 has no line \"END\""},
    {BEGIN "file ../rules.yml <<END\nEND\n", ":2: file NAME <<END: a plain name, and a text"},
    {BEGIN "peer http://a/ sings", ":2: \"sings\" is not one of accepts, answers, exits, refuses, hangs"},
    {BEGIN "config <<END\nserver: {listne: x}\nEND\n", "listne"},
    {BEGIN "config refused <<END\nserver: {}\nEND\n", "it was not refused"},
	{BEGIN "config refused <<END\nserver: {listne: x}\nEND\n", NULL},
	{BEGIN "config", "there is no configuration yet"},
    {BEGIN "sample 'x{a=\"1\"}' 5\nexpect query 'x' 5", NULL},
    {BEGIN "sample 'x{a=\"1\"}' 5\nexpect query 'x' 6", ":3: it is x{a=\"1\"} = 5, not 6"},
    {BEGIN "sample 'x{a=\"1\"}' 5\nexpect query 'x' empty", "= 5, not empty"},
    {BEGIN "expect query 'x' 5", "it is empty, not 5"},
    {BEGIN "sample 'x{a=~\"1\"}' 5", "is not one series"},
    {BEGIN "sample x 5 every 10s", "go together"},
    {BEGIN "sample x 5 every 10s for 1m\nrun 2m\nexpect query 'count_over_time(x[5m])' 7", NULL},
    {BEGIN "expect answer { status 200 }", ":2: nothing was asked yet"},
    {BEGIN "request GET /-/healthy\nexpect answer { status 200; contains healthy; lacks ill }", NULL},
    {BEGIN "request GET /-/healthy\nexpect answer { status 500 }", ":3: status 500: the answer was 200"},
    {BEGIN "request GET /-/healthy\nexpect answer { lacks healthy }", "lacks healthy"},
    {DESK "request GET /api/tocsin/v1/me as first\nexpect answer { json.user first; json.role operator }",
	NULL},
    {DESK "request GET /api/tocsin/v1/me as first\nexpect answer { json.user second }",
	"json.user second: the answer was 200"},
    {DESK "request GET /api/tocsin/v1/live?after=0 as first\nexpect answer { status 200; contains "
	  "resource_applied }",
	NULL},
    {DESK "fire A { customer acme }\nexpect tickets 1\nkill; start\nexpect tickets 1\nexpect event "
	  "alert_fired 1\nverify",
	NULL},
    {DESK "fire A { customer acme }\nexpect ticket 1 { state closed }", "ticket 1 is not state=closed"},
    {DESK "fire A { customer acme }\nexpect event alert_fired 2", "there are 1 such events, not 2"},
    {DESK "ticket 7 take by user/first", "ticket 7 take: ticket 7 is not open"},
    {BEGIN "include nowhere.inc", "nowhere.inc"},
};

UNIT(play_says_what_is_not_as_it_says)
{
	struct buf said = {0};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		played(cases[i].text, 1 + i, &said);
		if (cases[i].says)
			ck_assert_msg(
			    said.p && strstr(said.p, cases[i].says), "case %zu: %s", i, said.p ? said.p : "");
		else
			ck_assert_msg(!said.n, "case %zu: %s", i, said.p);
	}
	buf_fini(&said);
}
END

/* Two samples of one series at the same moment: which of them the store keeps is a matter of the lot, and of it alone. */
UNIT(play_draws_the_order_of_one_moment)
{
	static const char text[] =
	    BEGIN "sample z 1 every 10s for 10s\nrun 5s\nsample z 2 every 5s for 5s\nrun 1m\n"
		  "expect query 'last_over_time(z[2m])' 1";
	struct buf said = {0}, again = {0};
	int kept_first = 0;
	for (uint64_t seed = 1; seed <= 16; seed++) {
		played(text, seed, &said);
		played(text, seed, &again);
		ck_assert(str_eq(buf_view(&said), buf_view(&again)));
		kept_first += said.n == 0;
	}
	ck_assert_int_gt(kept_first, 0);
	ck_assert_int_lt(kept_first, 16);
	buf_fini(&said);
	buf_fini(&again);
}
END
