/*
 * sender.h — the channels that leave by themselves: mail, sms and webhook.  (console is the journal's news, call is voice.)
 *
 * A sender tries a row of the outbox once and says what became of it; trying again is the engine's business.
 * All calls belong to the engine's thread.
 */
#ifndef NOTIFY_SENDER_H
#define NOTIFY_SENDER_H

#include "conf/conf.h"
#include "flow/notice.h"
#include "ledger/ledger.h"
#include "net/http_client.h"
#include "net/smtp.h"

/* What became of a row; called later, once. */
typedef void sent_fn(void *arg, const struct receipt *);

/* Where things leave: real clients, or a play's script. */
struct sender_doors {
	struct smtp_door *smtp;
	struct http_door *http;
	const struct conf *conf; /* borrowed */
	const char *external_url;
	struct loop *loop;
	sent_fn *sent;
	bool (*watched)(void *arg, struct str user); /* may a page be on that person's screen? */
	void *arg;
};

/* One row per channel; alphabetical. */
struct sender_kind {
	const char *channel;
	void (*send)(const struct sender_doors *, const struct outbox_row *);
	const char *help;
};
extern const struct sender_kind sender_kinds[]; /* ended by a NULL channel */

/* Finds the channel's row and sends; a channel without one is answered `unavailable`. */
void sender_send(const struct sender_doors *, const struct outbox_row *);

/* A webhook as it stands in the outbox. */
#define POST_KEYS(F)                                                                                         \
	F(STR, url, 0, 0, "", "where")                                                                       \
	F(STR, type, 0, 0, "application/json", "the content type")                                           \
	F(STR, body, 0, 0, "", "what")                                                                       \
	F(STR, user, 0, 0, "", "basic authentication")                                                       \
	F(STR, password, 0, 0, "", "basic authentication")                                                   \
	F(STR, bearer, 0, 0, "", "a bearer token")                                                           \
	F(DUR, timeout, 0, 0, "", "how long it may take")
RECORD(post, POST_KEYS)

/* For the senders: one receipt with this outcome and text, at the present time. */
void sender_report(const struct sender_doors *, struct str key, enum outcome, struct str text);

#endif
