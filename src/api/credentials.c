/*
 * credentials.c — passwords, API tokens, invitations.
 *
 * A secret is shown once and kept as its hash alone.  A new password, or an invitation, ends every other way in but the
 * API tokens, which programs use and which are revoked one by one.
 */
#include <string.h>

#include "api/api_impl.h"
#include "base/log.h"

/* ---- passwords and tokens ---- */

#define NEW_PASSWORD_KEYS(F) F(STR, password, 0, KEY_REQUIRED, "", "the new password, of at least ten characters")
RECORD(new_password, NEW_PASSWORD_KEYS)
#define RECORD_SELF struct new_password
RECORD_LAYOUT(new_password, NEW_PASSWORD_KEYS)
#undef RECORD_SELF

static void
add_credential(struct call *c, struct credential_batch *batch, const struct credential *cred)
{
	size_t n = batch->credentials.n;
	struct credential *grown = arena_array(c->arena, struct credential, n + 1);
	if (n)
		memcpy(grown, batch->credentials.p, n * sizeof *grown);
	record_copy(&credential_layout, &grown[n], cred, c->arena);
	batch->credentials.p = grown;
	batch->credentials.n = n + 1;
}

struct ways {
	struct call *call;
	struct credential_batch *batch;
};

static bool
end_way(void *arg, const struct row *row)
{
	struct ways *w = arg;
	struct credential cred;
	struct err e;
	if (record_decode(&credential_layout, &cred, row->value, w->call->arena, &e) != RC_OK || cred.kind == CREDENTIAL_TOKEN)
		return true;
	cred.removed = true;
	add_credential(w->call, w->batch, &cred);
	return true;
}

/* Adds the end of every session and one-time password of a user. */
static void
ways_in(struct call *c, struct str user, struct credential_batch *batch)
{
	struct ledger *ledger = api_ledger(c->api);
	struct ways w = {c, batch};
	struct row_query q = {.space = STR("credential"), .tag = user, .limit = INT64_MAX};
	struct err e;
	if (ledger && ledger_list(ledger, &q, end_way, &w, &e) != RC_OK)
		log_error("api", "%s", e.text);
}

/* Whoever holds a copy of a cookie is out: a new password ends every session, and whoever set it gets a new one. */
static void
password_kept(struct call *c, const struct reply *r)
{
	struct credential_batch batch = {0};
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	ways_in(c, c->who.name, &batch);
	if (c->by_cookie) {
		c->secret = secret_make(c->arena);
		c->req->user = NULL;
		add_credential(c, &batch, &(struct credential){.id = secret_id(c->secret, c->arena), .kind = CREDENTIAL_SESSION, .user = c->who.name,
		    .created = c->now, .expires = c->now + c->api->house.conf->root->access.session_max});
	}
	ask_engine(c, MESSAGE_credentials, &credential_batch_layout, &batch, c->by_cookie ? session_begun : answer_reply);
}

/* The spec of a user with another password hash; false when there is no such user. */
static bool
with_password(struct call *c, struct str user, struct str hash, struct resource *out)
{
	struct user u;
	struct buf spec = {0};
	struct str managed = STR("");
	const void *now = NULL;
	struct book *b = api_book(c->api);
	const struct resource *known = book_resource(b, "user", STR(""), user, c->now, &now);
	if (known && now) {
		record_copy(&user_layout, &u, now, c->arena);
		managed = arena_str(c->arena, known->managed); /* a password stands in no file: whose the rest is does not change */
	}
	api_book_done(c->api);
	if (!known || !now) {
		answer_error(c, RC_ABSENT, "there is no user \"%.*s\"", STR_ARG(str_to(user, 63)));
		return false;
	}
	u.password = hash;
	record_encode(&user_layout, &u, &spec);
	*out = (struct resource){.kind = STR("user"), .name = user, .managed = managed, .spec = arena_str(c->arena, buf_view(&spec))};
	buf_fini(&spec);
	return true;
}

void
handle_password_set(struct call *c)
{
	struct new_password p;
	if (!body_record(c, &new_password_layout, &p))
		return;
	if (p.password.n < 10 || p.password.n > 500) {
		answer_error(c, RC_INVALID, "a password has from 10 to 500 characters");
		return;
	}
	struct resource r;
	if (!with_password(c, c->who.name, password_hash(p.password, c->arena), &r))
		return;
	struct resource_batch batch = {.resources = {&r, 1}};
	ask_engine(c, MESSAGE_resources, &resource_batch_layout, &batch, password_kept);
}

#define TOKEN_REQUEST_KEYS(F)                                                                                \
	F(STR, name, 0, KEY_REQUIRED, "", "what a person calls it")                                          \
	F(STR, user, 0, 0, "", "whose it is; empty: mine (others': administrators only)")                    \
	F(DUR, lifetime, 0, 0, "1y", "how long it is good")
RECORD(token_request, TOKEN_REQUEST_KEYS)
#define RECORD_SELF struct token_request
RECORD_LAYOUT(token_request, TOKEN_REQUEST_KEYS)
#undef RECORD_SELF

static void
token_made(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	struct json_writer w;
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_member(&w, "token", *(struct str *)c->req->user);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}

void
handle_token_make(struct call *c)
{
	struct token_request t;
	if (!body_record(c, &token_request_layout, &t))
		return;
	struct str user = t.user.n ? t.user : c->who.name;
	if (!str_eq(user, c->who.name) && c->who.role < ROLE_ADMIN) {
		answer_error(c, RC_DENIED, "tokens of others are made by administrators");
		return;
	}
	struct str *secret = arena_new(c->arena, struct str);
	*secret = secret_make(c->arena);
	c->req->user = secret;
	struct credential made = {.id = secret_id(*secret, c->arena), .kind = CREDENTIAL_TOKEN, .user = user, .name = t.name, .created = c->now,
	    .expires = t.lifetime ? c->now + t.lifetime : 0};
	struct credential_batch batch = {.credentials = {&made, 1}};
	ask_engine(c, MESSAGE_credentials, &credential_batch_layout, &batch, token_made);
}

static bool
list_token(void *arg, const struct row *row)
{
	struct row_listing *l = arg;
	struct credential cred;
	struct err e;
	if (record_decode(&credential_layout, &cred, row->value, l->call->arena, &e) == RC_OK && cred.kind == CREDENTIAL_TOKEN &&
	    (str_eq(cred.user, l->call->who.name) || l->call->who.role == ROLE_ADMIN))
		record_to_json(&credential_layout, &cred, true, &l->w);
	return true;
}

void
handle_tokens_list(struct call *c)
{
	answer_rows(c, STR("credential"), list_token);
}

/* ---- revoking, inviting ---- */

void
handle_token_revoke(struct call *c)
{
	struct ledger *ledger = api_ledger(c->api);
	struct credential cred;
	struct str bytes;
	struct err e;
	bool found = ledger && ledger_get(ledger, STR("credential"), c->part[0], c->arena, &bytes, &e) == RC_OK &&
	    record_decode(&credential_layout, &cred, bytes, c->arena, &e) == RC_OK && cred.kind == CREDENTIAL_TOKEN;
	if (!found || (!str_eq(cred.user, c->who.name) && c->who.role < ROLE_ADMIN)) {
		answer_error(c, RC_ABSENT, "there is no such token");
		return;
	}
	cred.removed = true;
	struct credential_batch batch = {.credentials = {&cred, 1}};
	ask_engine(c, MESSAGE_credentials, &credential_batch_layout, &batch, answer_reply);
}

enum { INVITATION = 24 * 3600 * 1000 };

static void
invited(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	struct json_writer w;
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_member(&w, "password", *(struct str *)c->req->user);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}

/* The old password is gone; now the sessions go, and the one-time password comes. */
static void
invite(struct call *c, const struct reply *r)
{
	struct credential_batch batch = {0};
	struct str *password = arena_new(c->arena, struct str);
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	ways_in(c, c->part[0], &batch);
	*password = password_make(c->arena);
	c->req->user = password;
	add_credential(c, &batch, &(struct credential){.id = secret_id(*password, c->arena), .kind = CREDENTIAL_ONE_TIME, .user = c->part[0],
	    .created = c->now, .expires = c->now + INVITATION});
	ask_engine(c, MESSAGE_credentials, &credential_batch_layout, &batch, invited);
}

void
handle_user_invite(struct call *c)
{
	struct resource r;
	if (c->who.customers.n) {
		answer_error(c, RC_DENIED, "an administrator of all customers lets people in");
		return;
	}
	if (!with_password(c, c->part[0], STR(""), &r))
		return;
	struct resource_batch batch = {.resources = {&r, 1}};
	ask_engine(c, MESSAGE_resources, &resource_batch_layout, &batch, invite);
}
