/*
 * play_people.h — inside the plays: telephones and the mail server, and what reached them.
 *
 * What became of a call or a mail is told as the real doors tell it, a while later; a kill drops what is on its way.
 */
#ifndef MAIN_PLAY_PEOPLE_H
#define MAIN_PLAY_PEOPLE_H

#include "base/loop.h"
#include "flow/notice.h"
#include "ledger/ledger.h"
#include "net/smtp.h"
#include "notify/sender.h"

struct people;

/* Something that left the house. */
struct played_call {
	char *key, *user, *to;
	msec_t at;
};
struct played_mail {
	char *to, *text; /* as the server got it */
	msec_t at;
};

struct people *people_create(void);
void people_destroy(struct people **);
/* A life begins: receipts go to `sent`. */
void people_begin(struct people *, struct loop *, sent_fn *sent, void *arg);
void people_end(struct people *);

/* How a user's phone behaves from now on: "rings", "busy", "declines", "voicemail", "answers"; false: none of these. */
bool people_phone(struct people *, struct str user, struct str manner, char key);
void people_smtp_down(struct people *, bool down);
void people_trunk_down(struct people *, bool down);

void people_call(struct people *, const struct outbox_row *);
void people_call_back(struct people *, struct str key);
struct smtp_door *people_smtp(struct people *);

size_t people_calls(const struct people *);
const struct played_call *people_call_at(const struct people *, size_t i);
size_t people_mails(const struct people *);
const struct played_mail *people_mail_at(const struct people *, size_t i);

#endif
