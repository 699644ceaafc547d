/* cluster_test.c — two lines that do not wait for each other, and what becomes of questions that are not answered. */
#include "unit.h"

#include <string.h>

#include "base/log.h"
#include "cluster/cluster.h"
#include "cluster/instant.h"

/* A door behind which the test stands: it answers the oldest request, or whichever it likes. */
struct http_call {
	struct http_call *next;
	http_done *done;
	void *arg;
	struct arena *arena;
	struct http_ask ask;
};

static struct http_call *under_way;

static struct http_call *
request(struct http_door *door, const struct http_ask *ask, http_done *done, void *arg)
{
	struct http_call *c = mem_new(struct http_call), **at = &under_way;
	*c = (struct http_call){.done = done, .arg = arg, .arena = arena_create(), .ask = *ask};
	c->ask.url = arena_str(c->arena, ask->url);
	c->ask.body = arena_str(c->arena, ask->body);
	c->ask.headers = (struct pairs){arena_array(c->arena, struct pair, ask->headers.n + 1), ask->headers.n};
	for (size_t i = 0; i < ask->headers.n; i++)
		c->ask.headers.p[i] = (struct pair){arena_str(c->arena, ask->headers.p[i].name), arena_str(c->arena, ask->headers.p[i].value)};
	while (*at)
		at = &(*at)->next;
	*at = c;
	return c;
}

static void
call_free(struct http_call *c)
{
	struct http_call **at = &under_way;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	arena_destroy(&c->arena);
	mem_free(c);
}

static void
cancel(struct http_door *door, struct http_call **c)
{
	call_free(*c);
	*c = NULL;
}

static size_t
calls(void)
{
	size_t n = 0;
	for (const struct http_call *c = under_way; c; c = c->next)
		n++;
	return n;
}

static void
answer(struct http_call *c, int status, const char *body)
{
	c->done(c->arg, &(struct http_result){.rc = RC_OK, .status = status, .body = str_c(body), .why = ""});
	call_free(c);
}

static void
break_off(struct http_call *c, enum rc rc, const char *why)
{
	c->done(c->arg, &(struct http_result){.rc = rc, .why = why});
	call_free(c);
}

struct fixture {
	struct clock *clock;
	struct loop *loop;
	struct http_door door;
	struct cluster *cluster;
	struct conf *conf;
};

static void
fixture_init(struct fixture *f, const char *yaml)
{
	struct report report;
	log_setup("unit", LOG_ERROR + 1);
	*f = (struct fixture){.door = {request, cancel}};
	f->clock = clock_virtual_create(1000 * SECOND);
	f->loop = loop_create("test", f->clock);
	f->cluster = cluster_create(f->loop, &f->door);
	report_init(&report);
	ck_assert(conf_load_text("t.yml", str_c(yaml), NULL, &f->conf, &report) == RC_OK);
	report_fini(&report);
}

static void
fixture_fini(struct fixture *f)
{
	ck_assert_ptr_null(under_way);
	cluster_destroy(&f->cluster);
	conf_unref(&f->conf);
	loop_destroy(&f->loop);
	clock_destroy(&f->clock);
}

static void
turn(struct fixture *f)
{
	while (loop_turn(f->loop, 0))
		;
}

/* What came of a question; -1: nothing yet. */
struct outcome {
	int times, status;
	enum rc rc;
	char why[400];
};

static void
note(void *arg, const struct cluster_answer *a)
{
	struct outcome *o = arg;
	o->times++;
	o->rc = a->rc;
	o->status = a->page ? a->page->status : 0;
	snprintf(o->why, sizeof o->why, "%.390s", a->why);
}

static struct cluster_call *
ask(struct fixture *f, enum cluster_lane lane, struct outcome *o)
{
	static struct str acme = STR_INIT("acme");
	struct pair form[] = {{STR("query"), STR("a + b")}, {STR("time"), STR("5")}};
	*o = (struct outcome){0};
	return cluster_request(f->cluster,
	    &(struct cluster_ask){.conf = f->conf, .lane = lane, .path = STR("/api/v1/query"), .form = {form, 2}, .customers = {&acme, 1}}, note, o);
}

static const char two[] = "metrics: {remote: {query: {url: 'http://u:p@far:9/x/', tenant_header: X-Scope-OrgID, concurrency: 2, timeout: 10s}}}\n";

UNIT(a_question_is_made_of_what_the_configuration_says)
{
	struct fixture f;
	struct outcome o;
	fixture_init(&f, two);
	(void)ask(&f, CLUSTER_PEOPLE, &o);
	ck_assert_str(under_way->ask.url, "http://u:p@far:9/x/api/v1/query");
	ck_assert_str(under_way->ask.body, "query=a+%2B+b&time=5");
	ck_assert_str(under_way->ask.headers.p[1].name, "X-Scope-OrgID");
	ck_assert_str(under_way->ask.headers.p[1].value, "acme");
	ck_assert(under_way->ask.charged && under_way->ask.timeout == 10 * SECOND);
	ck_assert_str(cluster_name(f.conf->root->metrics.remote.query), "far:9"); /* without what signs in */
	answer(under_way, 200, "{}");
	ck_assert(o.times == 1 && o.rc == RC_OK && o.status == 200);
	fixture_fini(&f);
}
END

UNIT(people_and_rules_wait_in_lines_of_their_own)
{
	struct fixture f;
	struct outcome o[4], r[3];
	fixture_init(&f, two);
	for (int i = 0; i < 4; i++)
		(void)ask(&f, CLUSTER_PEOPLE, &o[i]);
	ck_assert_uint_eq(calls(), 2);
	for (int i = 0; i < 3; i++)
		(void)ask(&f, CLUSTER_RULES, &r[i]);
	ck_assert_uint_eq(calls(), 4);
	answer(under_way, 200, "{}"); /* one of people's: the third's turn comes */
	ck_assert_uint_eq(calls(), 4);
	ck_assert(o[0].times == 1 && o[2].times == 0);
	while (under_way)
		answer(under_way, 200, "{}");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(o[i].times, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(r[i].times, 1);
	fixture_fini(&f);
}
END

UNIT(who_takes_a_question_back_makes_room)
{
	struct fixture f;
	struct outcome o[4];
	struct cluster_call *c[4];
	fixture_init(&f, two);
	for (int i = 0; i < 4; i++)
		c[i] = ask(&f, CLUSTER_PEOPLE, &o[i]);
	cluster_cancel(&c[2]); /* it waited */
	cluster_cancel(&c[0]); /* it was asked */
	ck_assert_ptr_null(c[0]);
	ck_assert_uint_eq(calls(), 2);
	while (under_way)
		answer(under_way, 200, "{}");
	ck_assert(o[0].times == 0 && o[1].times == 1 && o[2].times == 0 && o[3].times == 1);
	fixture_fini(&f);
}
END

UNIT(who_is_not_answered_is_told_which_cluster_and_why)
{
	struct fixture f;
	struct outcome o[4];
	struct buf b = {0};
	fixture_init(&f, two);
	for (int i = 0; i < 4; i++)
		(void)ask(&f, CLUSTER_PEOPLE, &o[i]);
	break_off(under_way, RC_IO, "connection refused");
	ck_assert_int_eq(o[0].rc, RC_IO);
	ck_assert_str_eq(o[0].why, "the cluster \"far:9\" does not answer: connection refused");
	clock_virtual_advance(f.clock, 11 * SECOND);
	turn(&f);
	break_off(under_way, RC_TIMEOUT, "no full answer within 10000 ms"); /* the last one's turn comes, too late */
	ck_assert_int_eq(o[1].rc, RC_TIMEOUT);
	ck_assert_int_eq(o[3].times, 0); /* later, not from within */
	turn(&f);
	ck_assert(o[3].times == 1 && o[3].rc == RC_TIMEOUT && strstr(o[3].why, "busy with other questions"));
	break_off(under_way, RC_REFUSED, "the answer is over the limit of 1024 bytes");
	ck_assert(o[2].rc == RC_REFUSED && strstr(o[2].why, "answer_limit"));
	cluster_json(f.cluster, f.conf, &b);
	ck_assert_msg(str_has(buf_view(&b), STR("\"asked\":4,\"failed\":4")), "%s", b.p);
	buf_fini(&b);
	fixture_fini(&f);
}
END

UNIT(the_line_of_people_has_an_end)
{
	static struct outcome o[1004];
	struct fixture f;
	fixture_init(&f, two);
	for (int i = 0; i < 1004; i++)
		(void)ask(&f, CLUSTER_PEOPLE, &o[i]);
	ck_assert_int_eq(o[1003].times, 0);
	turn(&f);
	ck_assert(o[1002].times == 1 && o[1003].times == 1 && strstr(o[1003].why, "wait already"));
	while (under_way)
		answer(under_way, 200, "{}");
	ck_assert(o[1001].times == 1 && o[1001].rc == RC_OK);
	fixture_fini(&f);
}
END

/* ---- for a rule ---- */

struct told {
	int times;
	enum rc rc;
	char why[400];
	double v;
};

static void
tell(void *arg, enum rc rc, const char *why, struct promql_result *r)
{
	struct told *t = arg;
	t->times++;
	t->rc = rc;
	t->v = r && r->n ? r->series[0].points[0].v : -1;
	snprintf(t->why, sizeof t->why, "%.390s", why);
	promql_result_destroy(&r);
}

static struct cluster_instant *
ask_for_rule(struct fixture *f, const char *customer, const char *expression, struct told *t)
{
	struct cluster_instant_question q = {.conf = f->conf, .customer = str_c(customer), .expression = str_c(expression), .at = 12345, .print = 7, .what = STR("a rule")};
	*t = (struct told){0};
	return cluster_instant_ask(f->cluster, &q, tell, t);
}

UNIT(a_rule_is_told_what_there_is_or_why_not)
{
	struct fixture f;
	struct told t;
	fixture_init(&f, "metrics: {remote: {query: {url: 'http://far', customer_label: customer}}}\n");
	(void)ask_for_rule(&f, "acme", "sum(up)", &t);
	ck_assert_str(under_way->ask.body, "query=sum%28up%7Bcustomer%3D%22acme%22%7D%29&time=12.345&timeout=30.000");
	ck_assert(!under_way->ask.charged); /* dashboards cannot keep a rule from its answer */
	answer(under_way, 200, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,\"4\"]}]}}");
	ck_assert(t.times == 1 && t.rc == RC_OK && t.v == 4);
	(void)ask_for_rule(&f, "acme", "up", &t);
	answer(under_way, 422, "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"no\"}");
	ck_assert_int_eq(t.rc, RC_INVALID);
	ck_assert_str_eq(t.why, "the cluster \"far\" answered 422: execution: no");
	(void)ask_for_rule(&f, "acme", "up", &t);
	answer(under_way, 502, "bad gateway");
	ck_assert_int_eq(t.rc, RC_IO);
	(void)ask_for_rule(&f, "acme", "up", &t);
	answer(under_way, 200, "<html>");
	ck_assert(t.rc == RC_IO && strstr(t.why, "from the cluster \"far\""));
	(void)ask_for_rule(&f, "acme", "info(up)", &t);
	ck_assert(!under_way && !t.times);
	turn(&f);
	ck_assert(t.times == 1 && t.rc == RC_INVALID);
	struct cluster_instant *q = ask_for_rule(&f, "acme", "up", &t);
	cluster_instant_cancel(&q);
	ck_assert(!q && !t.times);
	fixture_fini(&f);
}
END

UNIT(without_header_and_label_only_the_default_customer_is_asked_for)
{
	struct fixture f;
	struct told t;
	fixture_init(&f, "metrics: {remote: {query: {url: 'http://far'}}}\n");
	(void)ask_for_rule(&f, "acme", "up", &t);
	turn(&f);
	ck_assert(!under_way && t.rc == RC_DENIED && strstr(t.why, "neither tenant_header nor customer_label"));
	struct cluster_instant *q = ask_for_rule(&f, "default", "up", &t);
	ck_assert_uint_eq(calls(), 1);
	cluster_instant_cancel(&q);
	fixture_fini(&f);
}
END
