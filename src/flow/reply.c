/* reply.c — the tables of reply.h. */
#include "flow/reply.h"

#include <stddef.h>

const char *const rc_words[] = {"ok", "not_found", "invalid", "denied", "conflict", "refused", "timeout", "cancelled", "failed", NULL};

#define RECORD_SELF struct reply
RECORD_LAYOUT(reply, REPLY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct news
RECORD_LAYOUT(news, NEWS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct redact_request
RECORD_LAYOUT(redact_request, REDACT_REQUEST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct store_note
RECORD_LAYOUT(store_note, STORE_NOTE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct ask
RECORD_LAYOUT(ask, ASK_KEYS)
#undef RECORD_SELF
