/*
 * proof.c — a person proves a telephone or a mailbox: a code goes there, and comes back.
 *
 * [P1]   What is proved is the address that the code was sent to: when a user's mail or phone changes, `verified` loses
 *        its word, whoever changed it.  No file and no form can add one.
 * TRAP   A code is worth ten minutes and five tries, and another one costs a minute: six digits are not guessed.
 */
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "access/user.h"
#include "engine/engine_impl.h"
#include "engine/proof.h"
#include "notify/channels.h"

enum { GOOD_FOR = 10 * 60 * 1000, TRIES = 5, PAUSE = 60 * 1000, CODES = 1000000 };

#define RECORD_SELF struct proof_order
RECORD_LAYOUT(proof_order, PROOF_ORDER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct proof
RECORD_LAYOUT(proof, PROOF_KEYS)
#undef RECORD_SELF

static const struct {
	int channel;
	const char *word;
} kinds[] = {{CHANNEL_MAIL, "mail"}, {CHANNEL_CALL, "phone"}};

/* What a way proves: a call and a short message prove the same phone. */
static const char *
word_of(int channel)
{
	return kinds[channel != CHANNEL_MAIL].word;
}

static struct str
address_of(const struct user *u, int channel)
{
	return channel == CHANNEL_MAIL ? u->mail : u->phone;
}

static void
keep(struct turn *t, const struct proof *p)
{
	turn_put(t, (struct row_change){.space = STR("proof"), .key = p->user, .sort = p->sent}, &proof_layout, p);
}

static bool
find(struct engine *e, struct str user, struct proof *out)
{
	struct str bytes;
	struct err ignored;
	return ledger_get(e->ledger, STR("proof"), user, e->turn->arena, &bytes, &ignored) == RC_OK &&
	    record_decode(&proof_layout, out, bytes, e->turn->arena, &ignored) == RC_OK;
}

/* ---- sending ---- */

static void
send_code(struct engine *e, const struct user *u, const struct proof *p)
{
	struct turn *t = e->turn;
	struct notice n = {.user = arena_fmt(t->arena, "user/%.*s", STR_ARG(p->user)), .to = p->to, .language = str_c(languages[u->language]), .code = p->code};
	struct str subject = n.user;
	struct str key = arena_fmt(t->arena, "proof/%.*s/%lld", STR_ARG(p->user), (long long)p->sent);
	turn_send(t, (struct send){.key = key, .channel = str_c(channels[p->channel]), .subject = subject}, &notice_layout, &n);
	turn_event(t, EVENT_access_changed, STR(""), subject, 0, "A code to prove the %s of %.*s was sent", word_of((int)p->channel), STR_ARG(p->user));
}

static enum rc
begin(struct engine *e, const struct proof_order *o, const struct user *u, struct err *err)
{
	struct turn *t = e->turn;
	struct proof p, before;
	struct buf how = {0};
	int channel = channel_of(o->by);
	if (channel != CHANNEL_MAIL && channel != CHANNEL_CALL && channel != CHANNEL_SMS)
		return err_set(err, RC_INVALID, "by: mail, call or sms");
	bool works = channel_look(e->conf, (enum channel)channel, &how);
	buf_fini(&how);
	if (!works)
		return err_set(err, RC_CONFLICT, "%s is not configured: %s", channels[channel], channel_key((enum channel)channel));
	if (!address_of(u, channel).n)
		return err_set(err, RC_INVALID, "user %.*s has no %s", STR_ARG(o->user), word_of(channel));
	if (find(e, o->user, &before) && t->now - before.sent < PAUSE && t->now >= before.sent)
		return err_set(err, RC_REFUSED, "a code was sent a moment ago: wait a minute for another one");
	p = (struct proof){.user = o->user, .channel = channel, .to = address_of(u, channel), .sent = t->now,
	    .code = arena_fmt(t->arena, "%06u", randombytes_uniform(CODES))};
	keep(t, &p);
	send_code(e, u, &p);
	return RC_OK;
}

/* ---- proving ---- */

static bool
has(struct strs words, const char *word)
{
	for (size_t i = 0; i < words.n; i++)
		if (str_is(words.p[i], word))
			return true;
	return false;
}

static void
mark(struct engine *e, struct str name, const struct user *u, const char *word)
{
	struct turn *t = e->turn;
	struct user *fresh = arena_new(t->arena, struct user);
	struct buf spec = {0};
	const void *ignored;
	const struct resource *now = book_resource(e->book, "user", STR(""), name, t->now, &ignored);
	record_copy(&user_layout, fresh, u, t->arena);
	fresh->verified = (struct strs){arena_array(t->arena, struct str, u->verified.n + 1), 0};
	for (size_t i = 0; i < u->verified.n; i++)
		fresh->verified.p[fresh->verified.n++] = u->verified.p[i];
	if (!has(u->verified, word))
		fresh->verified.p[fresh->verified.n++] = str_c(word);
	record_encode(&user_layout, fresh, &spec);
	struct resource r = {.kind = STR("user"), .name = name, .managed = now ? now->managed : STR(""), .spec = arena_str(t->arena, buf_view(&spec))};
	book_set(e->book, t, &r, fresh, 0);
	buf_fini(&spec);
}

static enum rc
confirm(struct engine *e, const struct proof_order *o, const struct user *u, struct err *err)
{
	struct proof p;
	bool there = find(e, o->user, &p) && p.code.n && e->turn->now - p.sent < GOOD_FOR && p.tries < TRIES;
	if (!there || !str_eq(address_of(u, p.channel), p.to))
		return err_set(err, RC_CONFLICT, "there is no code that is still good: ask for another one");
	if (o->code.n != p.code.n || sodium_memcmp(o->code.p, p.code.p, p.code.n) != 0) {
		p.tries++;
		keep(e->turn, &p);
		return err_set(err, RC_INVALID, "that is not the code; %lld tries are left", (long long)(TRIES - p.tries));
	}
	mark(e, o->user, u, word_of((int)p.channel));
	p.code = STR("");
	keep(e->turn, &p);
	return RC_OK;
}

enum rc
proof_handle(struct engine *e, const struct proof_order *o, struct err *err)
{
	const struct user *u = book_find(e->book, "user", STR(""), o->user, e->turn->now);
	if (!u)
		return err_set(err, RC_ABSENT, "there is no user \"%.*s\"", STR_ARG(str_to(o->user, 63)));
	return o->code.n ? confirm(e, o, u, err) : begin(e, o, u, err);
}

void
proof_carry(struct engine *e, struct str name, struct user *fresh)
{
	const struct user *now = book_find(e->book, "user", STR(""), name, e->turn->now);
	struct strs kept = {arena_array(e->turn->arena, struct str, 2), 0};
	for (size_t i = 0; now && i < sizeof kinds / sizeof *kinds; i++)
		if (has(now->verified, kinds[i].word) && str_eq(address_of(now, kinds[i].channel), address_of(fresh, kinds[i].channel)))
			kept.p[kept.n++] = str_c(kinds[i].word);
	fresh->verified = kept;
}
