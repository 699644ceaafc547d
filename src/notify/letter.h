/*
 * letter.h — a notice in words, from one catalogue in five languages.  Pure.
 */
#ifndef NOTIFY_LETTER_H
#define NOTIFY_LETTER_H

#include "flow/notice.h"

enum letter {
#define LETTER(name, ...) LETTER_##name,
#include "notify/letters.def"
#undef LETTER
	LETTERS
};

enum { LETTER_LANGUAGES = 5 };

/* A row in a language of access/user.h's table; English for any other. */
struct str letter_text(enum letter, struct str language);
/* The row whose name is prefix and word, the word in lower case as tables of flow/ write it; LETTERS: there is none. */
enum letter letter_named(const char *prefix, struct str word);

/* "[critica] Chiamata 12: the disk is full" */
void letter_subject(const struct notice *, struct buf *out);
/* For a short message: the subject, the customer and where to read on; at most SMS_BYTES. */
enum { SMS_BYTES = 450 };
void letter_short(const struct notice *, const char *external_url, struct buf *out);
void letter_body(const struct notice *, const char *external_url, struct buf *out);

#endif
