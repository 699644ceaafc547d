/*
 * phrases.c — see phrases.h.
 *
 * TRAP   Mandarin is cmn-latn-pinyin: the voices cmn and zh of espeak-ng 1.51 spell the pinyin in English
 * letters.
 */
#include "voice/phrases.h"

#include "base/must.h"

static const struct language languages[LANGUAGES] = {
    {"en", "en"},
    {"it", "it"},
    {"fr", "fr"},
    {"sv", "sv"},
    {"zh", "cmn-latn-pinyin"},
    {"de", "de"},
    {"es", "es"},
};

static const char *const texts[PHRASES][LANGUAGES] = {
#define PHRASE(name, when, ...) {__VA_ARGS__},
#include "voice/phrases.def"
#undef PHRASE
};

const struct language *
language_named(struct str name)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (name.n >= 2 && str_eq_nocase(str_to(name, 2), str_c(languages[i].name)) &&
		    (name.n == 2 || name.p[2] == '-' || name.p[2] == '_'))
			return &languages[i];
	return &languages[0];
}

struct str
phrase_text(enum phrase p, const struct language *l)
{
	must(p < PHRASES && l >= languages && l < languages + LANGUAGES);
	return str_c(texts[p][l - languages]);
}

/* "1204" is said "1, 2, 0, 4"; letters stay as they are. */
static void
add_spelled(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		if (i && digit)
			buf_c(out, ", ");
		buf_ch(out, s.p[i]);
	}
}

/* Adds a sentence with its one fact filled in; nothing when the fact is empty. */
static void
add_sentence(struct buf *out, struct str sentence, const char *placeholder, struct str fact, bool spelled)
{
	const char *at = memmem(sentence.p, sentence.n, placeholder, strlen(placeholder));
	if (!fact.n)
		return;
	must(at);
	buf_str(out, str_to(sentence, (size_t)(at - sentence.p)));
	if (spelled)
		add_spelled(out, fact);
	else
		buf_str(out, fact);
	buf_str(out, str_from(sentence, (size_t)(at - sentence.p) + strlen(placeholder)));
	buf_ch(out, ' ');
}

void
phrase_prompt(const struct language *l, const struct phrase_facts *facts, struct buf *out)
{
	buf_str(out, phrase_text(PHRASE_WHO, l));
	buf_ch(out, ' ');
	add_sentence(out, phrase_text(PHRASE_TICKET, l), "{ticket}", facts->ticket, true);
	add_sentence(out, phrase_text(PHRASE_CUSTOMER, l), "{customer}", facts->customer, false);
	add_sentence(out, phrase_text(PHRASE_SUMMARY, l), "{summary}", facts->summary, false);
	buf_str(out, phrase_text(PHRASE_MENU, l));
}

void
phrase_code(const struct language *l, struct str code, struct buf *out)
{
	for (int i = 0; i < 2; i++)
		add_sentence(out, phrase_text(PHRASE_CODE, l), "{ticket}", code, true);
}

enum phrase
phrase_after_key(char digit)
{
	return digit == '1' ? PHRASE_TAKEN : digit == '2' ? PHRASE_PASSED_ON : PHRASE_RECORDED;
}
