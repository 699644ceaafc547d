/* senders.h — the functions behind the rows of sender.c. */
#ifndef NOTIFY_SENDERS_H
#define NOTIFY_SENDERS_H

#include "notify/sender.h"

void console_send(const struct sender_doors *, const struct outbox_row *);
void mail_send(const struct sender_doors *, const struct outbox_row *);
void sms_send(const struct sender_doors *, const struct outbox_row *);
void webhook_send(const struct sender_doors *, const struct outbox_row *);

/* A row of the first road (alert/) rather than a notice to a person. */
bool is_dispatch(const struct outbox_row *);
void dispatch_send(const struct sender_doors *, const struct outbox_row *);

#endif
