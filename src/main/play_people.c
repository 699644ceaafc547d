/* play_people.c — see play_people.h. */
#include "main/play_people.h"

#include <string.h>

#include "base/mem.h"
#include "base/must.h"

enum manner { RINGS, BUSY, DECLINES, VOICEMAIL, ANSWERS, MANNERS };

struct phone {
	char *user;
	enum manner manner;
	char key; /* ANSWERS: what is pressed */
};

/* A receipt that will come back in a while. */
struct coming {
	struct people *people;
	struct loop_timer timer;
	struct receipt receipt;
	char *key;
};

struct smtp_call {
	struct people *people;
	struct loop_timer timer;
	smtp_done *done;
	void *arg;
	bool taken;
};

struct people {
	struct smtp_door smtp; /* first: it leads back to us */
	struct loop *loop;
	sent_fn *sent;
	void *arg;
	bool smtp_down, trunk_down;
	VEC(struct phone) phones;
	VEC(struct played_call) calls;
	VEC(struct played_mail) mails;
	VEC(struct coming *) coming;
	VEC(struct smtp_call *) sending;
};

/* ---- telephones ---- */

bool
people_phone(struct people *p, struct str user, struct str manner, char key)
{
	static const char *const manners[MANNERS] = {"rings", "busy", "declines", "voicemail", "answers"};
	for (int i = 0; i < MANNERS; i++) {
		if (!str_is(manner, manners[i]))
			continue;
		*vec_add(&p->phones) = (struct phone){mem_dup(user.p, user.n), (enum manner)i, key};
		return true;
	}
	return false;
}

static const struct phone *
phone_of(const struct people *p, struct str user)
{
	static const struct phone silent = {.manner = RINGS};
	for (size_t i = p->phones.n; i-- > 0;)
		if (str_is(user, p->phones.p[i].user))
			return &p->phones.p[i];
	return &silent;
}

static void
arrive(void *arg)
{
	struct coming *c = arg;
	c->receipt.key = str_c(c->key);
	c->receipt.at = loop_wall(c->people->loop);
	c->people->sent(c->people->arg, &c->receipt);
}

static void
come_back(struct people *p, struct str key, enum outcome outcome, const char *text, msec_t in)
{
	struct coming *c = mem_new(struct coming);
	*c = (struct coming){.people = p,
	    .receipt = {.outcome = (int)outcome, .text = str_c(text)},
	    .key = mem_dup(key.p, key.n)};
	*vec_add(&p->coming) = c;
	loop_timer_set(p->loop, &c->timer, in, arrive, c, "receipt");
}

static void
ring(struct people *p, struct str key, const struct phone *phone)
{
	come_back(p, key, OUTCOME_ringing, "180 Ringing", 500);
	switch (phone->manner) {
	case RINGS: come_back(p, key, OUTCOME_no_answer, "487 Request Terminated", 35 * SECOND); break;
	case BUSY: come_back(p, key, OUTCOME_busy, "486 Busy Here", SECOND); break;
	case DECLINES: come_back(p, key, OUTCOME_declined, "603 Decline", 4 * SECOND); break;
	case VOICEMAIL:
		come_back(p, key, OUTCOME_answered, "200 OK", 20 * SECOND);
		come_back(p, key, OUTCOME_no_key, "no key was pressed", 60 * SECOND);
		break;
	case ANSWERS:
		come_back(p, key, OUTCOME_answered, "200 OK", 5 * SECOND);
		come_back(
		    p, key, phone->key == '1' ? OUTCOME_acknowledged : OUTCOME_passed, "a key", 12 * SECOND);
		break;
	case MANNERS: break;
	}
}

void
people_call(struct people *p, const struct outbox_row *row)
{
	struct arena *a = arena_create();
	struct notice n = {0};
	struct err e;
	if (record_decode(&notice_layout, &n, row->body, a, &e) != RC_OK) {
		come_back(p, row->key, OUTCOME_failed, "the call was not understood", 0);
	} else if (p->trunk_down) {
		come_back(p, row->key, OUTCOME_unavailable, "no trunk took the call", 4 * SECOND);
	} else {
		struct str user = str_from(n.user, 5); /* "user/" */
		*vec_add(&p->calls) = (struct played_call){mem_dup(row->key.p, row->key.n),
		    mem_dup(user.p, user.n), mem_dup(n.to.p, n.to.n), loop_wall(p->loop)};
		ring(p, row->key, phone_of(p, user));
	}
	arena_destroy(&a);
}

void
people_call_back(struct people *p, struct str key)
{
	for (size_t i = 0; i < p->coming.n; i++)
		if (str_is(key, p->coming.p[i]->key))
			loop_timer_cancel(p->loop, &p->coming.p[i]->timer);
}

/* ---- mails ---- */

static void
forget(struct smtp_call *c)
{
	struct people *p = c->people;
	loop_timer_cancel(p->loop, &c->timer);
	for (size_t i = 0; i < p->sending.n; i++) {
		if (p->sending.p[i] == c) {
			vec_remove(&p->sending, i);
			break;
		}
	}
	mem_free(c);
}

/* A mail as its reader sees it: quoted-printable undone (RFC 2045 6.7). */
static struct buf
as_read(struct str mail)
{
	static const char digits[] = "0123456789ABCDEF";
	struct buf out = {0};
	for (size_t i = 0; i < mail.n; i++) {
		const char *high, *low;
		if (mail.p[i] != '=' || i + 2 >= mail.n) {
			buf_ch(&out, mail.p[i]);
		} else if (mail.p[i + 1] == '\r' && mail.p[i + 2] == '\n') {
			i += 2; /* the line goes on */
		} else if ((high = strchr(digits, mail.p[i + 1])) && *high && (low = strchr(digits, mail.p[i + 2])) && *low) {
			buf_ch(&out, (char)((high - digits) << 4 | (low - digits)));
			i += 2;
		} else {
			buf_ch(&out, '=');
		}
	}
	return out;
}

static void
answer_mail(void *arg)
{
	struct smtp_call *c = arg;
	struct smtp_call own = *c;
	struct smtp_result taken = {.rc = RC_OK, .why = "", .code = 250, .reply = STR("250 Ok")};
	struct smtp_result down = {.rc = RC_IO, .why = "connection refused"};
	forget(c);
	own.done(own.arg, own.taken ? &taken : &down);
}

static struct smtp_call *
smtp_send(struct smtp_door *door, const struct smtp_ask *ask, smtp_done *done, void *arg)
{
	struct people *p = (struct people *)door;
	struct smtp_call *c = mem_new(struct smtp_call);
	*c = (struct smtp_call){.people = p, .done = done, .arg = arg, .taken = !p->smtp_down};
	struct buf text = as_read(ask->message);
	for (size_t i = 0; i < ask->to.n && c->taken; i++)
		*vec_add(&p->mails) = (struct played_mail){mem_dup(ask->to.p[i].p, ask->to.p[i].n),
		    mem_dup(text.p, text.n), loop_wall(p->loop)};
	buf_fini(&text);
	*vec_add(&p->sending) = c;
	loop_timer_set(p->loop, &c->timer, SECOND, answer_mail, c, "mail server");
	return c;
}

static void
smtp_cancel(struct smtp_door *door, struct smtp_call **pc)
{
	if (*pc)
		forget(*pc);
	*pc = NULL;
}

struct smtp_door *
people_smtp(struct people *p)
{
	return &p->smtp;
}

void
people_smtp_down(struct people *p, bool down)
{
	p->smtp_down = down;
}

void
people_trunk_down(struct people *p, bool down)
{
	p->trunk_down = down;
}

/* ---- life ---- */

struct people *
people_create(void)
{
	struct people *p = mem_new(struct people);
	p->smtp = (struct smtp_door){smtp_send, smtp_cancel};
	return p;
}

void
people_begin(struct people *p, struct loop *loop, sent_fn *sent, void *arg)
{
	p->loop = loop;
	p->sent = sent;
	p->arg = arg;
}

void
people_end(struct people *p)
{
	for (size_t i = 0; i < p->coming.n; i++) {
		loop_timer_cancel(p->loop, &p->coming.p[i]->timer);
		mem_free(p->coming.p[i]->key);
		mem_free(p->coming.p[i]);
	}
	p->coming.n = 0;
	while (p->sending.n)
		forget(p->sending.p[0]);
	p->loop = NULL;
}

void
people_destroy(struct people **pp)
{
	struct people *p = *pp;
	if (!p)
		return;
	for (size_t i = 0; i < p->calls.n; i++) {
		mem_free(p->calls.p[i].key);
		mem_free(p->calls.p[i].user);
		mem_free(p->calls.p[i].to);
	}
	for (size_t i = 0; i < p->mails.n; i++) {
		mem_free(p->mails.p[i].to);
		mem_free(p->mails.p[i].text);
	}
	for (size_t i = 0; i < p->phones.n; i++)
		mem_free(p->phones.p[i].user);
	vec_fini(&p->coming);
	vec_fini(&p->sending);
	vec_fini(&p->calls);
	vec_fini(&p->mails);
	vec_fini(&p->phones);
	mem_free(p);
	*pp = NULL;
}

/* ---- what reached them ---- */

size_t
people_calls(const struct people *p)
{
	return p->calls.n;
}

const struct played_call *
people_call_at(const struct people *p, size_t i)
{
	return &p->calls.p[i];
}

size_t
people_mails(const struct people *p)
{
	return p->mails.n;
}

const struct played_mail *
people_mail_at(const struct people *p, size_t i)
{
	return &p->mails.p[i];
}
