/*
 * sign_in.c — who asks: no-auth, a token (bearer or basic password), a session's cookie; signing in and out.
 *
 * TRAP   A wrong password costs the guesser more than it costs us: after ten failures in a quarter of an hour a name
 *        and an address have to wait, before anything is hashed.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api/api_impl.h"
#include "base/must.h"

enum { QUARTER = 15 * 60 * 1000 };
#define COOKIE "tocsin_session"

/* ---- identities ---- */

static bool
become(struct call *c, struct str user)
{
	struct book *b = api_book(c->api);
	const struct user *u = book_find(b, "user", STR(""), user, c->now);
	bool ok = u != NULL;
	if (u) {
		struct user own;
		record_copy(&user_layout, &own, u, c->arena);
		c->who = (struct identity){
		    .actor = arena_fmt(c->arena, "%s/%.*s", u->role == ROLE_CONTACT ? "contact" : "user", STR_ARG(user)),
		    .name = arena_str(c->arena, user),
		    .role = (enum role)u->role,
		    .customers = own.customers,
		};
	}
	api_book_done(c->api);
	c->signed_in = ok;
	return ok;
}

/* The credential of a secret, when it is still good. */
static bool
credential_of(struct call *c, struct str secret, struct credential *out)
{
	struct ledger *l = api_ledger(c->api);
	struct str bytes;
	struct err e;
	if (!l || ledger_get(l, STR("credential"), secret_id(secret, c->arena), c->arena, &bytes, &e) != RC_OK)
		return false;
	if (record_decode(&credential_layout, out, bytes, c->arena, &e) != RC_OK || out->removed)
		return false;
	return !out->expires || out->expires > c->now;
}

/* "Basic dXNlcjpwYXNz" -> the password, which is a token; the user name is free. */
static struct str
basic_password(struct call *c, struct str base64)
{
	char *plain = arena_alloc(c->arena, base64.n + 1);
	size_t n;
	if (sodium_base642bin((unsigned char *)plain, base64.n, base64.p, base64.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return STR("");
	ptrdiff_t colon = str_chr(str_n(plain, n), ':');
	return colon < 0 ? STR("") : str_from(str_n(plain, n), (size_t)colon + 1);
}

static struct str
presented_secret(struct call *c)
{
	struct str auth = http_header(c->req, "Authorization");
	if (str_starts(auth, STR("Bearer ")))
		return str_from(auth, 7);
	if (str_starts(auth, STR("Token "))) /* InfluxDB's clients */
		return str_from(auth, 6);
	if (str_starts(auth, STR("Basic ")))
		return basic_password(c, str_from(auth, 6));
	c->by_cookie = http_cookie(c->req, COOKIE).n > 0;
	return http_cookie(c->req, COOKIE);
}

bool
identify(struct call *c)
{
	struct credential cred;
	c->who = (struct identity){.actor = STR(""), .role = ROLE_NONE};
	if (c->api->house.no_auth) {
		c->who = (struct identity){.actor = STR("user/anybody"), .name = STR("anybody"), .role = ROLE_ADMIN};
		c->signed_in = true;
		return true;
	}
	c->secret = presented_secret(c);
	if (!c->secret.n)
		return true;
	bool good = credential_of(c, c->secret, &cred) && cred.kind != CREDENTIAL_ONE_TIME && become(c, cred.user);
	if (good || c->by_cookie)
		return true; /* an old cookie is nobody: the page offers to sign in */
	answer_error(c, RC_DENIED, "the token is not known, or has expired");
	return false;
}

/* ---- failures ---- */

struct failures {
	msec_t since;
	int64_t n;
};

static struct failures *
failures_of(struct call *c, struct str key)
{
	struct failures *f = map_get(c->api->failures, key);
	if (!f && map_count(c->api->failures) > 100000)
		return NULL; /* somebody invents names: the address is still counted */
	if (!f) {
		f = mem_new(struct failures);
		map_put(c->api->failures, key, f);
	}
	if (c->now - f->since > QUARTER)
		*f = (struct failures){.since = c->now};
	return f;
}

/* Adds `n` failures to the name and the address; true when either may still try. */
static bool
may_try(struct call *c, struct str user, int n)
{
	struct str keys[] = {arena_fmt(c->arena, "user %.*s", STR_ARG(str_to(user, 100))), arena_fmt(c->arena, "from %.*s", STR_ARG(c->req->peer))};
	int64_t limit = c->api->house.conf->root->access.failed_logins;
	bool may = true;
	pthread_mutex_lock(&c->api->failures_lock);
	for (int i = 0; i < 2; i++) {
		struct failures *f = failures_of(c, keys[i]);
		if (!f)
			continue;
		f->n += n;
		may = may && f->n < limit;
	}
	pthread_mutex_unlock(&c->api->failures_lock);
	return may;
}

/* ---- signing in ---- */

#define SIGN_IN_KEYS(F)                                                                                      \
	F(STR, user, 0, KEY_REQUIRED, "", "the name of a user")                                              \
	F(STR, password, 0, KEY_REQUIRED, "", "the password, or the one-time password of the first start")
RECORD(sign_in, SIGN_IN_KEYS)
#define RECORD_SELF struct sign_in
RECORD_LAYOUT(sign_in, SIGN_IN_KEYS)
#undef RECORD_SELF

/* From the sign-in page rather than from a program. */
static bool
is_form(struct call *c)
{
	return http_type_is(c->req, "application/x-www-form-urlencoded");
}

static void
refuse(struct call *c, enum rc rc, const char *why)
{
	if (is_form(c))
		sign_in_page(c, why);
	else
		answer_error(c, rc, "%s", why);
}

static bool
read_sign_in(struct call *c, struct sign_in *s)
{
	if (!is_form(c))
		return body_record(c, &sign_in_layout, s);
	*s = (struct sign_in){http_param(c->req, "user"), http_param(c->req, "password")};
	return true;
}

void
session_begun(struct call *c, const struct reply *r)
{
	struct buf b = {0};
	struct json_writer w;
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	struct str cookie = arena_fmt(c->arena, COOKIE "=%.*s; Path=/; HttpOnly; SameSite=Strict%s", STR_ARG(c->secret), c->req->tls ? "; Secure" : "");
	http_answer_header(c->req, "Set-Cookie", cookie);
	if (is_form(c)) {
		http_answer_header(c->req, "Location", STR("/text"));
		http_answer(c->req, 303, NULL, STR(""));
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_member(&w, "user", c->who.name);
	jsonw_key(&w, "role");
	jsonw_c(&w, roles[c->who.role]);
	jsonw_member(&w, "csrf", secret_csrf(c->secret, c->arena));
	jsonw_key(&w, "one_time"); /* then a password of one's own is due */
	jsonw_bool(&w, c->req->user != NULL);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}

static bool
password_is(struct call *c, const struct sign_in *s, struct credential *one_time)
{
	struct str hash = STR("");
	if (credential_of(c, s->password, one_time) && one_time->kind == CREDENTIAL_ONE_TIME && str_eq(one_time->user, s->user))
		return true;
	*one_time = (struct credential){0};
	struct book *b = api_book(c->api);
	const struct user *u = book_find(b, "user", STR(""), s->user, c->now);
	if (u)
		hash = arena_str(c->arena, u->password);
	api_book_done(c->api);
	return password_fits(s->password, hash);
}

void
handle_session_begin(struct call *c)
{
	struct sign_in s;
	struct credential used;
	if (!read_sign_in(c, &s))
		return;
	if (!may_try(c, s.user, 0)) {
		refuse(c, RC_REFUSED, "too many wrong passwords: wait a quarter of an hour");
		return;
	}
	if (!password_is(c, &s, &used) || !become(c, s.user)) {
		may_try(c, s.user, 1);
		refuse(c, RC_DENIED, "the user or the password is wrong");
		return;
	}
	c->secret = secret_make(c->arena);
	c->req->user = used.id.n ? c : NULL;
	struct credential *made = arena_array(c->arena, struct credential, 2);
	made[0] = (struct credential){.id = secret_id(c->secret, c->arena), .kind = CREDENTIAL_SESSION, .user = c->who.name, .created = c->now,
	    .expires = c->now + c->api->house.conf->root->access.session_max};
	made[1] = used;
	made[1].removed = true; /* a one-time password dies with its first use */
	struct credential_batch batch = {.credentials = {made, used.id.n ? 2 : 1}};
	ask_engine(c, MESSAGE_credentials, &credential_batch_layout, &batch, session_begun);
}

static void
ended(struct call *c, const struct reply *r)
{
	http_answer_header(c->req, "Set-Cookie", STR(COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
	answer_reply(c, r);
}

void
handle_session_end(struct call *c)
{
	struct credential gone = {.id = secret_id(c->secret, c->arena), .user = c->who.name, .removed = true};
	struct credential_batch batch = {.credentials = {&gone, 1}};
	ask_engine(c, MESSAGE_credentials, &credential_batch_layout, &batch, ended);
}

void
handle_me(struct call *c)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_member(&w, "user", c->who.name);
	jsonw_key(&w, "role");
	jsonw_c(&w, roles[c->who.role]);
	jsonw_key(&w, "customers");
	jsonw_array(&w);
	for (size_t i = 0; i < c->who.customers.n; i++)
		jsonw_str(&w, c->who.customers.p[i]);
	jsonw_array_end(&w);
	jsonw_key(&w, "no_auth");
	jsonw_bool(&w, c->api->house.no_auth);
	if (c->by_cookie) {
		jsonw_member(&w, "csrf", secret_csrf(c->secret, c->arena));
	}
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}
