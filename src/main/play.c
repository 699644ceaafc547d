/*
 * play.c — the language of plays: one statement a line, each a row of the table.
 *
 *     WORD argument … { key value; key value }        "quoted" where there are blanks
 *     WORD <<END  …lines…  END                         a text of several lines
 */
#include "main/play.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"
#include "base/time.h"
#include "conf/resource.h"
#include "desk/desk.h"
#include "engine/order.h"
#include "flow/alert.h"

enum { WORDS = 24, FILE_LIMIT = 1 << 20 };

struct statement {
	struct str words[WORDS];
	size_t n;
	struct pairs block; /* { key value; … } */
	struct str text;    /* <<END … END */
};

struct script {
	struct world world;
	bool begun;
	struct str title;
	struct str rest;
	size_t line;
	struct arena *arena;
};

typedef enum rc statement_fn(struct script *, const struct statement *, struct err *);

/* ---- reading ---- */

/* The next word of a line: bare, or in quotes; `;`, `{` and `}` stand for themselves. */
static bool
next_word(struct str *line, struct str *word)
{
	*line = str_trim(*line);
	if (!line->n || line->p[0] == '#')
		return false;
	if (line->p[0] == '"') {
		ptrdiff_t end = str_chr(str_from(*line, 1), '"');
		size_t n = end < 0 ? line->n - 1 : (size_t)end;
		*word = str_n(line->p + 1, n);
		*line = str_from(*line, n + 2);
		return true;
	}
	size_t n = 0;
	if (strchr(";{}", line->p[0]))
		n = 1;
	while (n < line->n && !strchr(" \t;{}", line->p[n]) && !strchr(";{}", line->p[0]))
		n++;
	*word = str_to(*line, n);
	*line = str_from(*line, n);
	return true;
}

static enum rc
read_block(struct script *s, struct str *line, struct statement *st, struct err *e)
{
	struct str name, value, end;
	st->block.p = arena_array(s->arena, struct pair, line->n / 2 + 1);
	while (next_word(line, &name) && !str_is(name, "}")) {
		if (!next_word(line, &value))
			return err_set(e, RC_INVALID, "\"%.*s\" has no value", STR_ARG(name));
		st->block.p[st->block.n++] = (struct pair){name, value};
		if (!next_word(line, &end))
			return err_set(e, RC_INVALID, "the block has no }");
		if (str_is(end, "}"))
			return RC_OK;
		if (!str_is(end, ";"))
			return err_set(e, RC_INVALID, "\"%.*s\" where ; or } was expected", STR_ARG(end));
	}
	return RC_OK;
}

static struct str
read_text(struct script *s, struct str mark)
{
	struct buf b = {0};
	struct str line;
	while (str_cut(&s->rest, '\n', &line)) {
		s->line++;
		if (str_eq(str_trim(line), mark))
			break;
		buf_str(&b, line);
		buf_ch(&b, '\n');
	}
	struct str text = arena_str(s->arena, buf_view(&b));
	buf_fini(&b);
	return text;
}

/* One statement off the line; n = 0 at its end. */
static enum rc
read_statement(struct script *s, struct str *line, struct statement *st, struct err *e)
{
	struct str word;
	memset(st, 0, sizeof *st);
	while (st->n < WORDS && next_word(line, &word)) {
		if (str_is(word, ";"))
			return RC_OK;
		if (str_is(word, "{"))
			return read_block(s, line, st, e);
		if (str_starts(word, STR("<<"))) {
			st->text = read_text(s, str_from(word, 2));
			return RC_OK;
		}
		st->words[st->n++] = word;
	}
	return RC_OK;
}

static struct str
arg(const struct statement *st, size_t i)
{
	return i < st->n ? st->words[i] : STR("");
}

static enum rc
wrong(struct err *e, const char *what, struct str got)
{
	return err_set(e, RC_INVALID, "\"%.*s\" is not %s", STR_ARG(got), what);
}

/* ---- the world ---- */

static enum rc
begin(struct script *s, struct err *e)
{
	if (s->world.engine)
		return RC_OK;
	if (!s->begun)
		return err_set(e, RC_INVALID, "a play begins with `clock TIME`");
	return world_start(&s->world, e);
}

static enum rc
do_play(struct script *s, const struct statement *st, struct err *e)
{
	s->title = arg(st, 1);
	return RC_OK;
}

/* clock TIME at first; later clock TIME or clock -1h sets the wall clock. */
static enum rc
do_clock(struct script *s, const struct statement *st, struct err *e)
{
	struct str a = arg(st, 1);
	msec_t t;
	bool back = a.n && a.p[0] == '-';
	if (back && s->begun && duration_parse(str_from(a, 1), &t))
		t = clock_wall(s->world.clock) - t;
	else if (!time_parse_rfc3339(a, &t))
		return wrong(e, "a time", a);
	if (s->begun) {
		clock_virtual_set(s->world.clock, t);
		return RC_OK;
	}
	s->begun = true;
	return world_create(&s->world, t, e);
}

static enum rc
do_config(struct script *s, const struct statement *st, struct err *e)
{
	enum rc rc = world_config(&s->world, st->text, e);
	return rc == RC_OK && s->world.engine ? engine_configure(s->world.engine, s->world.conf, e) : rc;
}

static const struct layout *
layout_of(void *unused, struct str kind)
{
	for (const struct resource_kind *k = resource_kinds; k->name; k++)
		if (str_is(kind, k->name))
			return k->layout;
	return NULL;
}

static struct str
encoded(const struct resource_document *d, struct arena *a)
{
	struct buf b = {0};
	record_encode(d->layout, d->spec, &b);
	struct str s = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return s;
}

static enum rc
do_resources(struct script *s, const struct statement *st, struct err *e)
{
	struct resource_kinds_view view = {layout_of, NULL, 0, NULL};
	struct resource_document *docs;
	struct report report;
	struct buf text = {0};
	enum rc rc = begin(s, e);
	if (rc != RC_OK)
		return rc;
	report_init(&report);
	size_t n = resources_read("resources", st->text, &view, s->arena, &report, &docs);
	report_print(&report, &text);
	if (report.errors)
		rc = err_set(e, RC_INVALID, "%.*s", STR_ARG(str_trim(buf_view(&text))));
	buf_fini(&text);
	report_fini(&report);
	struct resource *all = arena_array(s->arena, struct resource, n);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		all[i] = (struct resource){.kind = docs[i].kind, .name = docs[i].name, .customer = docs[i].customer, .valid_from = docs[i].valid_from,
		    .removed = docs[i].removed, .spec = docs[i].spec ? encoded(&docs[i], s->arena) : STR("")};
	struct resource_batch batch = {.resources = {all, n}, .why = STR("the play says so")};
	if (rc == RC_OK && world_ask(&s->world, MESSAGE_resources, STR("user/admin"), &resource_batch_layout, &batch) != RC_OK)
		rc = err_set(e, RC_INVALID, "%.*s", STR_ARG(s->world.last.text));
	return rc;
}

static enum rc
do_run(struct script *s, const struct statement *st, struct err *e)
{
	msec_t span;
	if (!duration_parse(arg(st, 1), &span))
		return wrong(e, "a duration", arg(st, 1));
	enum rc rc = s->world.engine ? RC_OK : RC_ABSENT;
	if (rc == RC_OK)
		world_run(&s->world, span);
	else /* nobody is there: an outage */
		clock_virtual_advance(s->world.clock, span);
	return RC_OK;
}

static enum rc
do_kill(struct script *s, const struct statement *st, struct err *e)
{
	world_kill(&s->world);
	return RC_OK;
}

static enum rc
do_start(struct script *s, const struct statement *st, struct err *e)
{
	return begin(s, e);
}

static enum rc
do_phone(struct script *s, const struct statement *st, struct err *e)
{
	static const char *const manners[] = {"rings", "busy", "declines", "voicemail", "answers"};
	struct str user = arg(st, 1), manner = arg(st, 2), key = arg(st, 3);
	for (int i = 0; i < 5; i++) {
		if (!str_is(manner, manners[i]))
			continue;
		*vec_add(&s->world.phones) = (struct phone){mem_dup(user.p, user.n), (enum phone_manner)i, key.n ? key.p[0] : '1'};
		return RC_OK;
	}
	return wrong(e, "one of rings, busy, declines, voicemail, answers", manner);
}

static enum rc
do_smtp(struct script *s, const struct statement *st, struct err *e)
{
	s->world.smtp_down = str_is(arg(st, 1), "down");
	return RC_OK;
}

static enum rc
do_trunk(struct script *s, const struct statement *st, struct err *e)
{
	s->world.trunk_down = str_is(arg(st, 1), "down");
	return RC_OK;
}

/* ---- alerts, silences, tickets ---- */

static enum rc
send_alert(struct script *s, const struct statement *st, bool firing, struct err *e)
{
	struct pair *labels = arena_array(s->arena, struct pair, st->block.n + 1), note;
	size_t n = 0;
	enum rc rc = begin(s, e);
	if (rc != RC_OK)
		return rc;
	struct alert a = {.customer = pairs_get(st->block, "customer"), .received = clock_wall(s->world.clock)};
	labels[n++] = (struct pair){STR("alertname"), arg(st, 1)};
	for (size_t i = 0; i < st->block.n; i++)
		if (str_is(st->block.p[i].name, "summary"))
			note = st->block.p[i], a.annotations = (struct pairs){&note, 1};
		else if (!str_is(st->block.p[i].name, "customer"))
			labels[n++] = st->block.p[i];
	a.labels = (struct pairs){labels, n};
	pairs_sort(&a.labels);
	a.starts_at = firing ? a.received : 0;
	a.ends_at = firing ? clock_wall(s->world.clock) + 3650 * DAY : clock_wall(s->world.clock);
	struct alert_batch batch = {.alerts = {&a, 1}};
	if (world_ask(&s->world, MESSAGE_alerts, STR(""), &alert_batch_layout, &batch) != RC_OK)
		return err_set(e, RC_INVALID, "%.*s", STR_ARG(s->world.last.text));
	return RC_OK;
}

static enum rc
do_fire(struct script *s, const struct statement *st, struct err *e)
{
	return send_alert(s, st, true, e);
}

static enum rc
do_resolve(struct script *s, const struct statement *st, struct err *e)
{
	return send_alert(s, st, false, e);
}

/* silence NAME DURATION { label value; … } */
static enum rc
do_silence(struct script *s, const struct statement *st, struct err *e)
{
	struct silence_matcher *m = arena_array(s->arena, struct silence_matcher, st->block.n);
	struct silence_order o = {.silence = {.customer = arg(st, 1), .created_by = STR("play"), .comment = STR("play")}};
	msec_t span;
	if (!duration_parse(arg(st, 2), &span))
		return wrong(e, "a duration", arg(st, 2));
	for (size_t i = 0; i < st->block.n; i++)
		m[i] = (struct silence_matcher){st->block.p[i].name, st->block.p[i].value, false, true};
	o.silence.matchers.p = m;
	o.silence.matchers.n = st->block.n;
	o.silence.starts_at = clock_wall(s->world.clock);
	o.silence.ends_at = o.silence.starts_at + span;
	if (world_ask(&s->world, MESSAGE_silence_set, STR("user/first"), &silence_order_layout, &o) != RC_OK)
		return err_set(e, RC_INVALID, "%.*s", STR_ARG(s->world.last.text));
	return RC_OK;
}

/* Each key of the block is a key of the record. */
static enum rc
fill(struct script *s, const struct layout *l, void *record, struct pairs block, struct err *e)
{
	for (size_t i = 0; i < block.n; i++) {
		const struct key *k = record_key(l, block.p[i].name);
		if (!k)
			return err_set(e, RC_INVALID, "a %s has no \"%.*s\"", l->name, STR_ARG(block.p[i].name));
		if (record_set(k, record, block.p[i].value, s->arena, e) != RC_OK)
			return RC_INVALID;
	}
	return RC_OK;
}

/* ticket N VERB by ACTOR { … } */
static enum rc
do_ticket(struct script *s, const struct statement *st, struct err *e)
{
	struct ticket_change c = {0};
	if (!str_i64(arg(st, 1), &c.number))
		return wrong(e, "the number of a ticket", arg(st, 1));
	if (record_set(record_key(&ticket_change_layout, STR("verb")), &c, arg(st, 2), s->arena, e) != RC_OK ||
	    fill(s, &ticket_change_layout, &c, st->block, e) != RC_OK)
		return RC_INVALID;
	bool refused = str_is(arg(st, st->n - 1), "refused");
	enum rc rc = world_ask(&s->world, MESSAGE_ticket_change, str_is(arg(st, 3), "by") ? arg(st, 4) : STR("user/first"), &ticket_change_layout, &c);
	if ((rc == RC_OK) == refused)
		return err_set(e, RC_INVALID, "ticket %lld %.*s: %.*s", (long long)c.number, STR_ARG(arg(st, 2)),
		    STR_ARG(refused ? STR("it was not refused") : s->world.last.text));
	return RC_OK;
}

/* open by ACTOR { customer …; title …; problem_type … } */
static enum rc
do_open(struct script *s, const struct statement *st, struct err *e)
{
	struct ticket_request q = {0};
	if (fill(s, &ticket_request_layout, &q, st->block, e) != RC_OK)
		return RC_INVALID;
	if (world_ask(&s->world, MESSAGE_ticket_open, arg(st, 2), &ticket_request_layout, &q) != RC_OK)
		return err_set(e, RC_INVALID, "%.*s", STR_ARG(s->world.last.text));
	return RC_OK;
}

/* ---- expectations ---- */

static enum rc
expect_count(struct err *e, const char *what, size_t have, struct str want)
{
	int64_t n;
	if (!str_i64(want, &n))
		return wrong(e, "a number", want);
	return (int64_t)have == n ? RC_OK : err_set(e, RC_INVALID, "there are %zu %s, not %lld", have, what, (long long)n);
}

static bool
gather_move(void *arg, const struct event *ev)
{
	sla_history_add(arg, ev);
	return true;
}

static void
add_clock(struct buf *b, const char *name, const struct sla_clock *c)
{
	struct buf spent = {0};
	duration_print(&spent, c->spent);
	buf_fmt(b, "%s=%s %s_spent=%s %s_breached=%s ", name, sla_clock_states[c->state], name, spent.p, name, c->breached ? "true" : "false");
	buf_fini(&spent);
}

static enum rc
clocks_text(struct script *s, const struct ticket *k, struct buf *b, struct err *e)
{
	struct sla_history h = {0};
	struct sla_report r;
	struct event_query q = {.subject = ticket_subject(k->number, s->arena)};
	struct book *book = book_create(resource_kinds);
	enum rc rc = ledger_events(s->world.ledger, &q, gather_move, &h, e);
	if (rc == RC_OK)
		rc = book_load(book, s->world.ledger, e);
	if (rc == RC_OK)
		book_sla_derive(book, k->customer, k->contract, &h, clock_wall(s->world.clock), &r);
	if (rc == RC_OK) {
		add_clock(b, "pickup", &r.pickup);
		add_clock(b, "resolution", &r.resolution);
	}
	sla_history_fini(&h);
	book_destroy(&book);
	return rc;
}

/* "name=value " for every scalar of the ticket and its clocks. */
static enum rc
ticket_text(struct script *s, struct str number, struct buf *b, struct err *e)
{
	struct str bytes;
	struct ticket k;
	int64_t n;
	char key[24];
	if (!str_i64(number, &n))
		return wrong(e, "the number of a ticket", number);
	snprintf(key, sizeof key, "%012lld", (long long)n);
	if (ledger_get(s->world.ledger, STR("ticket"), str_c(key), s->arena, &bytes, e) != RC_OK)
		return err_set(e, RC_INVALID, "there is no ticket %lld", (long long)n);
	enum rc rc = record_decode(&ticket_layout, &k, bytes, s->arena, e);
	for (size_t i = 0; rc == RC_OK && i < ticket_layout.n; i++) {
		const struct key *c = &ticket_layout.keys[i];
		if (c->kind == RK_ONE || c->kind == RK_MANY)
			continue;
		buf_fmt(b, "%.*s=", STR_ARG(key_text(c)));
		record_print(c, &k, b);
		buf_ch(b, ' ');
	}
	return rc == RC_OK ? clocks_text(s, &k, b, e) : rc;
}

static enum rc
expect_ticket(struct script *s, const struct statement *st, struct err *e)
{
	struct buf b = {0};
	enum rc rc = ticket_text(s, arg(st, 2), &b, e);
	for (size_t i = 0; rc == RC_OK && i < st->block.n; i++) {
		struct str want = arena_fmt(s->arena, "%.*s=%.*s ", STR_ARG(st->block.p[i].name), STR_ARG(st->block.p[i].value));
		if (!str_has(buf_view(&b), want))
			rc = err_set(e, RC_INVALID, "ticket %.*s is not %.*s: %s", STR_ARG(arg(st, 2)), STR_ARG(want), b.p);
	}
	buf_fini(&b);
	return rc;
}

static enum rc
expect_call(struct script *s, const struct statement *st, struct err *e)
{
	int64_t n;
	char at[TIME_TEXT];
	struct str to = pairs_get(st->block, "to"), when = pairs_get(st->block, "at");
	if (!str_i64(arg(st, 2), &n) || n < 1)
		return wrong(e, "the number of a call", arg(st, 2));
	if ((size_t)n > s->world.calls.n)
		return err_set(e, RC_INVALID, "there were only %zu calls", s->world.calls.n);
	const struct played_call *c = &s->world.calls.p[n - 1];
	if (to.n && !str_is(to, c->user))
		return err_set(e, RC_INVALID, "call %lld was to %s", (long long)n, c->user);
	time_rfc3339(c->at, at);
	if (when.n && !str_starts(str_c(at), when))
		return err_set(e, RC_INVALID, "call %lld was at %s", (long long)n, at);
	return RC_OK;
}

/* expect mail N { to …; has "…"; lacks "…" } */
static enum rc
expect_mail(struct script *s, const struct statement *st, struct err *e)
{
	int64_t n;
	struct str to = pairs_get(st->block, "to"), has = pairs_get(st->block, "has"), lacks = pairs_get(st->block, "lacks");
	if (!str_i64(arg(st, 2), &n) || n < 1)
		return wrong(e, "the number of a mail", arg(st, 2));
	if ((size_t)n > s->world.mails.n)
		return err_set(e, RC_INVALID, "there were only %zu mails", s->world.mails.n);
	const struct played_mail *m = &s->world.mails.p[n - 1];
	if (to.n && !str_is(to, m->to))
		return err_set(e, RC_INVALID, "mail %lld was to %s", (long long)n, m->to);
	if (!str_has(str_c(m->text), has) || (lacks.n && str_has(str_c(m->text), lacks)))
		return err_set(e, RC_INVALID, "mail %lld says: %s", (long long)n, m->text);
	return RC_OK;
}

struct counting {
	struct str kind, subject, has;
	size_t n;
};

static bool
count_event(void *arg, const struct event *ev)
{
	struct counting *c = arg;
	c->n += str_eq(ev->kind, c->kind) && (!c->subject.n || str_eq(ev->subject, c->subject)) && str_has(ev->text, c->has);
	return true;
}

/* expect event KIND [COUNT] { subject …; has "…" } */
static enum rc
expect_event(struct script *s, const struct statement *st, struct err *e)
{
	struct counting c = {.kind = arg(st, 2), .subject = pairs_get(st->block, "subject"), .has = pairs_get(st->block, "has")};
	if (event_kind(c.kind) < 0)
		return wrong(e, "a kind of event", c.kind);
	enum rc rc = ledger_events(s->world.ledger, &(struct event_query){0}, count_event, &c, e);
	if (rc != RC_OK)
		return rc;
	if (arg(st, 3).n)
		return expect_count(e, "such events", c.n, arg(st, 3));
	return c.n ? RC_OK : err_set(e, RC_INVALID, "there is no such event");
}

static bool
count_row(void *arg, const struct row *row)
{
	++*(size_t *)arg;
	return true;
}

static enum rc
do_expect(struct script *s, const struct statement *st, struct err *e)
{
	struct str what = arg(st, 1);
	size_t tickets = 0;
	if (str_is(what, "ticket"))
		return expect_ticket(s, st, e);
	if (str_is(what, "call"))
		return expect_call(s, st, e);
	if (str_is(what, "event"))
		return expect_event(s, st, e);
	if (str_is(what, "calls"))
		return expect_count(e, "calls", s->world.calls.n, arg(st, 2));
	if (str_is(what, "mail"))
		return expect_mail(s, st, e);
	if (str_is(what, "mails"))
		return expect_count(e, "mails", s->world.mails.n, arg(st, 2));
	if (str_is(what, "hooks"))
		return expect_count(e, "webhooks", s->world.hooks, arg(st, 2));
	if (!str_is(what, "tickets"))
		return wrong(e, "something that can be expected", what);
	enum rc rc = ledger_scan(s->world.ledger, STR("ticket"), count_row, &tickets, e);
	return rc == RC_OK ? expect_count(e, "tickets", tickets, arg(st, 2)) : rc;
}

static bool
print_event(void *arg, const struct event *ev)
{
	char at[TIME_TEXT];
	printf("      %s  %-12.*s %.*s\n", time_rfc3339(ev->at, at), STR_ARG(ev->actor), STR_ARG(ev->text));
	return true;
}

/* show SUBJECT, show calls: prints the timeline, for whoever writes a play */
static enum rc
do_show(struct script *s, const struct statement *st, struct err *e)
{
	struct event_query q = {.subject = arg(st, 1)};
	char at[TIME_TEXT];
	for (size_t i = 0; i < s->world.calls.n && str_is(q.subject, "calls"); i++)
		printf("      %s  %s to %s\n", time_rfc3339(s->world.calls.p[i].at, at), s->world.calls.p[i].key, s->world.calls.p[i].user);
	return ledger_events(s->world.ledger, &q, print_event, NULL, e);
}

static enum rc
do_verify(struct script *s, const struct statement *st, struct err *e)
{
	struct verdict v;
	enum rc rc = ledger_verify(s->world.ledger, STR(""), &v, e);
	return rc != RC_OK ? rc : v.intact ? RC_OK : err_set(e, RC_INVALID, "%s", v.text);
}

/* ---- running ---- */

static const struct {
	const char *word;
	statement_fn *fn;
} statements[] = {{"clock", do_clock}, {"config", do_config}, {"expect", do_expect}, {"fire", do_fire}, {"kill", do_kill}, {"open", do_open},
    {"phone", do_phone}, {"play", do_play}, {"resolve", do_resolve}, {"resources", do_resources}, {"run", do_run}, {"show", do_show}, {"silence", do_silence},
    {"smtp", do_smtp}, {"start", do_start}, {"ticket", do_ticket}, {"trunk", do_trunk}, {"verify", do_verify}};
enum { STATEMENTS = sizeof statements / sizeof *statements };

static enum rc
run_statement(struct script *s, const struct statement *st, struct err *e)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (str_is(st->words[0], statements[i].word))
			return statements[i].fn(s, st, e);
	return wrong(e, "a statement of a play", st->words[0]);
}

static enum rc
run_line(struct script *s, struct str line, struct err *e)
{
	struct statement st;
	do {
		enum rc rc = read_statement(s, &line, &st, e);
		if (rc == RC_OK && st.n)
			rc = run_statement(s, &st, e);
		if (rc != RC_OK)
			return rc;
	} while (st.n && str_trim(line).n);
	return RC_OK;
}

enum rc
play_run(const char *path, struct str *title, struct arena *a, struct err *e)
{
	struct script s = {.arena = a};
	struct buf text = {0};
	struct str line;
	enum rc rc = os_read_file(path, FILE_LIMIT, &text, e);
	s.rest = buf_view(&text);
	while (rc == RC_OK && str_cut(&s.rest, '\n', &line)) {
		size_t at = ++s.line;
		struct err why;
		rc = run_line(&s, line, &why);
		if (rc != RC_OK)
			rc = err_set(e, RC_INVALID, "%s:%zu: %s", path, at, why.text);
	}
	*title = arena_str(a, s.title);
	if (s.begun)
		world_fini(&s.world);
	buf_fini(&text);
	return rc;
}
