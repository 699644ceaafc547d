/*
 * identity.h — who asks, and the one filter by customer.
 *
 * Every query, list, export and live stream passes access_sees; there is no other filter.
 */
#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include "access/user.h"
#include "flow/record.h"

struct identity {
	struct str actor;      /* "user/first": what stands in the journal */
	struct str name;       /* "first" */
	enum role role;
	struct strs customers; /* what it may see; none: everything (never for contacts) */
};

/* May this identity see and touch what belongs to this customer? */
bool access_sees(const struct identity *, struct str customer);
/* The customer of whoever names none: the first of its own, or "default". */
struct str access_home(const struct identity *);

/* ---- credentials: what proves an identity ---- */

extern const char *const credential_kinds[];
enum credential_kind { CREDENTIAL_TOKEN, CREDENTIAL_SESSION, CREDENTIAL_ONE_TIME };
/* In the ledger's space "credential", key: id.  The secret itself is nowhere. */
#define CREDENTIAL_KEYS(F)                                                                                   \
	F(STR, id, 0, 0, "", "the hex SHA-256 of the secret")                                                \
	F(ENUM, kind, credential_kinds, 0, "", "token, session or one_time")                                 \
	F(STR, user, 0, 0, "", "whose it is")                                                                \
	F(STR, name, 0, 0, "", "what a person calls it")                                                     \
	F(TIME, created, 0, 0, "", "since when")                                                             \
	F(TIME, expires, 0, 0, "", "until when; unset: until it is removed")                                 \
	F(BOOL, removed, 0, 0, "", "it is gone")
RECORD(credential, CREDENTIAL_KEYS)
#define CREDENTIAL_BATCH_KEYS(F) F(MANY, credentials, credential, 0, "", "made, or removed, in one turn")
RECORD(credential_batch, CREDENTIAL_BATCH_KEYS)

/* A new secret: "tocsin_" and 43 characters that are safe in URLs and headers. */
struct str secret_make(struct arena *);
/* A password that a person can type: 20 letters and digits in groups. */
struct str password_make(struct arena *);
struct str secret_id(struct str secret, struct arena *); /* the id of its credential */
/* The token that a cookie's session must show in X-CSRF-Token when it changes anything. */
struct str secret_csrf(struct str secret, struct arena *);

/* argon2id, 19 MiB, two passes: some 20 ms; call it where waiting is allowed. */
struct str password_hash(struct str password, struct arena *);
bool password_fits(struct str password, struct str hash);

#endif
