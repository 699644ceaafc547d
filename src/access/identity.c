/* identity.c — see identity.h. */
#include "access/identity.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "base/must.h"

const char *const credential_kinds[] = {"token", "session", "one_time", NULL};
#define RECORD_SELF struct credential
RECORD_LAYOUT(credential, CREDENTIAL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct credential_batch
RECORD_LAYOUT(credential_batch, CREDENTIAL_BATCH_KEYS)
#undef RECORD_SELF

bool
access_sees(const struct identity *who, struct str customer)
{
	if (who->customers.n == 0)
		return who->role > ROLE_CONTACT;
	for (size_t i = 0; i < who->customers.n; i++)
		if (str_eq(who->customers.p[i], customer))
			return true;
	return false;
}

struct str
access_home(const struct identity *who)
{
	return who->customers.n ? who->customers.p[0] : STR("default");
}

struct str
secret_make(struct arena *a)
{
	unsigned char raw[32];
	char text[64];
	randombytes_buf(raw, sizeof raw);
	sodium_bin2base64(text, sizeof text, raw, sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(raw, sizeof raw);
	return arena_fmt(a, "tocsin_%s", text);
}

struct str
password_make(struct arena *a)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* none that is mistaken for another */
	char text[25];
	for (size_t i = 0; i < 24; i++)
		text[i] = i % 5 == 4 ? '-' : letters[randombytes_uniform(sizeof letters - 1)];
	text[24] = '\0';
	return arena_str(a, str_c(text));
}

static struct str
hex_of(struct str prefix, struct str s, struct arena *a)
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)prefix.p, prefix.n);
	crypto_hash_sha256_update(&state, (const unsigned char *)s.p, s.n);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	return arena_str(a, str_c(hex));
}

struct str
secret_id(struct str secret, struct arena *a)
{
	return hex_of(STR(""), secret, a);
}

struct str
secret_csrf(struct str secret, struct arena *a)
{
	return hex_of(STR("csrf:"), secret, a);
}

enum { ARGON_PASSES = 2, ARGON_BYTES = 19 << 20 };

struct str
password_hash(struct str password, struct arena *a)
{
	char out[crypto_pwhash_STRBYTES];
	int rc = crypto_pwhash_str_alg(out, password.p, password.n, ARGON_PASSES, ARGON_BYTES, crypto_pwhash_ALG_ARGON2ID13);
	must(rc == 0); /* fails for want of memory only */
	return arena_str(a, str_c(out));
}

bool
password_fits(struct str password, struct str hash)
{
	char text[crypto_pwhash_STRBYTES] = "";
	if (hash.n == 0 || hash.n >= sizeof text)
		return false;
	memcpy(text, hash.p, hash.n);
	return crypto_pwhash_str_verify(text, password.p, password.n) == 0;
}
