/*
 * phrases.h — what the phone says, from one catalogue in seven languages.  Pure.
 */
#ifndef VOICE_PHRASES_H
#define VOICE_PHRASES_H

#include "base/buf.h"

enum phrase {
#define PHRASE(name, ...) PHRASE_##name,
#include "voice/phrases.def"
#undef PHRASE
	PHRASES
};

enum { LANGUAGES = 7 };

struct language {
	const char *name;  /* "zh" */
	const char *voice; /* espeak-ng's */
};

/* The language called so, also "zh-CN" or "it_IT"; English when it is not spoken here. */
const struct language *language_named(struct str name);
struct str phrase_text(enum phrase, const struct language *);

struct phrase_facts {
	struct str ticket, customer, summary;
};

/* The words of a page: who calls, the ticket digit by digit, the customer, the summary, the keys. */
void phrase_prompt(const struct language *, const struct phrase_facts *, struct buf *out);
/* A code, digit by digit, twice. */
void phrase_code(const struct language *, struct str code, struct buf *out);
/* What is said after a key that was recorded. */
enum phrase phrase_after_key(char digit);

#endif
