/*
 * door.h — the engine's side of the phone: a row of the outbox becomes a call, its events become receipts.
 *
 * A key and an end are acknowledged to the phone only when the receipt is durable: then the phone says
 * "recorded". All calls belong to the engine's loop.
 */
#ifndef VOICE_DOOR_H
#define VOICE_DOOR_H

#include "base/loop.h"
#include "flow/notice.h"
#include "ledger/ledger.h"

struct voice_door;

/* Reports a receipt; `durable` is called once it is, with what the engine answered. */
typedef void receipt_durable(void *arg, bool ok);
typedef void receipt_report(void *arg, const struct receipt *, receipt_durable *, void *durable_arg);

struct voice_door *voice_door_create(struct loop *, const char *path, receipt_report *, void *arg);
void voice_door_destroy(struct voice_door **);
void voice_door_call(struct voice_door *, const struct outbox_row *);
void voice_door_cancel(struct voice_door *, struct str key);

#endif
