#include "voice/phrases.h"

#include "unit.h"

UNIT(languages_are_found_by_their_tags)
{
	static const struct {
		const char *tag, *voice;
	} rows[] = {{"it", "it"}, {"IT", "it"}, {"zh-CN", "cmn-latn-pinyin"}, {"sv_SE", "sv"}, {"", "en"},
	    {"xx", "en"}, {"ita", "en"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(language_named(str_c(rows[i].tag))->voice, rows[i].voice);
}
END

UNIT(a_prompt_says_what_is_known_and_spells_numbers)
{
	struct buf b = {0};
	phrase_prompt(language_named(STR("en")),
	    &(struct phrase_facts){STR("1204"), STR("Acme"), STR("disk full on db1")}, &b);
	ck_assert_str(buf_view(&b), "This is Tocsin, with an on-call page. Ticket 1, 2, 0, 4. Customer Acme. "
				    "disk full on db1. Press 1 to take it in charge. Press 2 to pass it on.");
	buf_clear(&b);
	phrase_prompt(language_named(STR("it")), &(struct phrase_facts){.summary = STR("x")}, &b);
	ck_assert_ptr_null(strchr(b.p, '{'));
	ck_assert_ptr_null(strstr(b.p, "Cliente"));
	buf_clear(&b);
	phrase_code(language_named(STR("en")), STR("040506"), &b);
	ck_assert_str(buf_view(&b), "This is Tocsin. Your code is 0, 4, 0, 5, 0, 6. This is Tocsin. Your code is 0, 4, 0, 5, 0, 6. ");
	buf_fini(&b);
}
END

UNIT(every_phrase_is_there_in_every_language)
{
	static const char *const tags[] = {"en", "it", "fr", "sv", "zh", "de", "es"};
	for (int p = 0; p < PHRASES; p++)
		for (size_t i = 0; i < LANGUAGES; i++) {
			struct str text = phrase_text((enum phrase)p, language_named(str_c(tags[i])));
			ck_assert(text.n > 0 && str_utf8(text));
		}
}
END
