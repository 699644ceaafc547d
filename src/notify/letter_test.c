#include "notify/letter.h"

#include "access/user.h"
#include "flow/ticket.h"
#include "unit.h"

static size_t
count(struct str s, const char *what)
{
	size_t n = 0;
	struct str rest = s, skipped;
	for (const char *at; (at = memmem(rest.p, rest.n, what, strlen(what))); n++) {
		skipped = str_from(rest, (size_t)(at - rest.p) + strlen(what));
		rest = skipped;
	}
	return n;
}

UNIT(no_language_has_a_hole)
{
	static const char *const facts[] = {"{who}", "{policy}", "{step}", "{state}", "{"};
	for (int l = 0; l < LETTERS; l++)
		for (size_t i = 0; languages[i]; i++) {
			struct str text = letter_text((enum letter)l, str_c(languages[i])),
				   english = letter_text((enum letter)l, STR("en"));
			ck_assert(text.n > 0 && str_utf8(text));
			for (size_t k = 0; k < sizeof facts / sizeof *facts; k++)
				ck_assert_uint_eq(count(text, facts[k]), count(english, facts[k]));
			ck_assert(i == 0 || l == LETTER_TICKET ||
				  !str_eq(text, english)); /* French says ticket, too */
		}
}
END

UNIT(every_word_of_the_tables_is_in_the_catalogue)
{
	for (int i = PRIORITY_LOW; priorities[i]; i++)
		ck_assert_int_ne(letter_named("", str_c(priorities[i])), LETTERS);
	for (int i = 0; ticket_states[i]; i++)
		ck_assert_int_ne(letter_named("", str_c(ticket_states[i])), LETTERS);
	for (int i = SUSPENDED_PROCESS; suspensions[i]; i++) {
		char word[64];
		snprintf(word, sizeof word, "suspended_%s", suspensions[i]);
		ck_assert_int_ne(letter_named("NEWS_", str_c(word)), LETTERS);
	}
	ck_assert_int_eq(letter_named("NEWS_", STR("nothing")), LETTERS);
	ck_assert_int_eq(letter_named("", STR("")), LETTERS);
}
END

UNIT(a_letter_is_wholly_in_its_language)
{
	struct buf b = {0};
	struct notice n = {.ticket = 12,
	    .title = STR("x"),
	    .priority = STR("critical"),
	    .language = STR("it"),
	    .customer_title = STR("Acme"),
	    .user = STR("contact/buyer"),
	    .news = STR("taken"),
	    .who = STR("Anna B."),
	    .text = STR("y")};
	letter_subject(&n, &b);
	ck_assert_str(buf_view(&b), "[critica] Chiamata 12: x");
	buf_clear(&b);
	letter_body(&n, "http://t", &b);
	ck_assert_str(buf_view(&b),
	    "Chiamata 12: x\n\nPriorità: critica\nCliente: Acme\n\nAnna B. la sta seguendo.\n\ny\n\n"
	    "La chiamata: http://t/ticket/12\n");
	buf_clear(&b);
	n = (struct notice){.ticket = 12,
	    .title = STR("x"),
	    .priority = STR("high"),
	    .language = STR("zh"),
	    .user = STR("user/first"),
	    .page = STR("p"),
	    .policy = STR("night"),
	    .step = 2};
	letter_body(&n, "http://t", &b);
	ck_assert_str(buf_view(&b), "工单 12: x\n\n优先级: 高\n\n通知您是因为轮到您：策略 night，第 2 "
				    "步。\n\n接单: http://t/ticket/12\n");
	buf_fini(&b);
}
END

UNIT(a_short_message_ends_with_its_link_and_between_characters)
{
	struct buf b = {0}, title = {0};
	struct notice n = {.ticket = 12, .title = STR("x"), .priority = STR("high"), .language = STR("en"), .customer_title = STR("Acme")};
	letter_short(&n, "http://t", &b);
	ck_assert_str(buf_view(&b), "[high] Ticket 12: x. Acme http://t/ticket/12");
	for (int i = 0; i < 300; i++)
		buf_c(&title, i % 3 ? "é" : "接");
	n.title = buf_view(&title);
	for (int i = 0; i < 4; i++) { /* whatever character the limit falls into */
		buf_clear(&b);
		n.customer_title = str_n("Acme", (size_t)i);
		letter_short(&n, "http://t", &b);
		ck_assert_uint_le(b.n, SMS_BYTES);
		ck_assert(str_utf8(buf_view(&b)) && str_ends(buf_view(&b), STR(" http://t/ticket/12")));
	}
	n = (struct notice){.code = STR("123456"), .language = STR("en")};
	buf_clear(&b);
	letter_short(&n, "http://t", &b);
	ck_assert(str_ends(buf_view(&b), STR(": 123456")));
	buf_fini(&title);
	buf_fini(&b);
}
END
