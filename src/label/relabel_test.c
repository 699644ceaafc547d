/* relabel_test.c — every action, by table. */
#include "unit.h"

#include <string.h>

#include "label/relabel.h"

static struct labels
start(struct arena *a)
{
	static struct pair p[] = {{STR_INIT("a"), STR_INIT("foo")}, {STR_INIT("b"), STR_INIT("bar")},
	    {STR_INIT("c"), STR_INIT("Baz")}};
	return labels_from_pairs((struct pairs){p, 3}, a);
}

UNIT(relabel_every_action)
{
	static const struct {
		enum relabel_action action;
		const char *source, *regex, *target, *replacement, *out; /* out NULL: dropped */
		int64_t modulus;
	} known[] = {
	    {RELABEL_REPLACE, "a", "f(.*)", "d", "ch${1}-ch${1}", "{a=\"foo\", b=\"bar\", c=\"Baz\", d=\"choo-choo\"}", 0},
	    {RELABEL_REPLACE, "a,b", NULL, "d", NULL, "{a=\"foo\", b=\"bar\", c=\"Baz\", d=\"foo;bar\"}", 0},
	    {RELABEL_REPLACE, "a", "no", "d", "x", "{a=\"foo\", b=\"bar\", c=\"Baz\"}", 0},
	    {RELABEL_REPLACE, "a", "f.*", "b", "", "{a=\"foo\", c=\"Baz\"}", 0},
	    {RELABEL_REPLACE, NULL, NULL, "d", "fixed", "{a=\"foo\", b=\"bar\", c=\"Baz\", d=\"fixed\"}", 0},
	    {RELABEL_REPLACE, "a", "(f)(o+)", "x_$1", "$2", "{a=\"foo\", b=\"bar\", c=\"Baz\", x_f=\"oo\"}", 0},
	    {RELABEL_KEEP, "a", "f.*", NULL, NULL, "{a=\"foo\", b=\"bar\", c=\"Baz\"}", 0},
	    {RELABEL_KEEP, "a", "f", NULL, NULL, NULL, 0},
	    {RELABEL_DROP, "a", "f.*", NULL, NULL, NULL, 0},
	    {RELABEL_DROP, "nothing", "", NULL, NULL, NULL, 0},
	    {RELABEL_KEEPEQUAL, "a", NULL, "b", NULL, NULL, 0},
	    {RELABEL_DROPEQUAL, "a", NULL, "b", NULL, "{a=\"foo\", b=\"bar\", c=\"Baz\"}", 0},
	    {RELABEL_HASHMOD, "c", NULL, "d", NULL, "{a=\"foo\", b=\"bar\", c=\"Baz\", d=\"940\"}", 1000},
	    {RELABEL_LABELMAP, NULL, "(a|b)", NULL, "x_$1", "{a=\"foo\", b=\"bar\", c=\"Baz\", x_a=\"foo\", x_b=\"bar\"}", 0},
	    {RELABEL_LABELDROP, NULL, "a|b", NULL, NULL, "{c=\"Baz\"}", 0},
	    {RELABEL_LABELKEEP, NULL, "a|b", NULL, NULL, "{a=\"foo\", b=\"bar\"}", 0},
	    {RELABEL_LOWERCASE, "c", NULL, "c", NULL, "{a=\"foo\", b=\"bar\", c=\"baz\"}", 0},
	    {RELABEL_UPPERCASE, "c", NULL, "d", NULL, "{a=\"foo\", b=\"bar\", c=\"Baz\", d=\"BAZ\"}", 0},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct arena *a = arena_create();
		struct relabel *rs = relabel_create();
		struct relabel_spec s;
		struct str names[4], rest = str_c(known[i].source);
		struct label_builder b = {0};
		struct buf out = {0};
		struct err e;
		relabel_spec_init(&s);
		s.action = known[i].action;
		s.source_labels.p = names;
		while (rest.n && str_cut(&rest, ',', &names[s.source_labels.n]))
			s.source_labels.n++;
		if (known[i].regex)
			s.regex = str_c(known[i].regex);
		if (known[i].target)
			s.target_label = str_c(known[i].target);
		if (known[i].replacement)
			s.replacement = str_c(known[i].replacement);
		s.modulus = known[i].modulus;
		ck_assert_msg(relabel_add(rs, &s, &e) == RC_OK, "%zu: %s", i, e.text);
		label_builder_start(&b, start(a));
		ck_assert_msg(relabel_apply(rs, &b, a) == (known[i].out != NULL), "%zu", i);
		if (known[i].out) {
			labels_print(&out, label_builder_done(&b, a));
			ck_assert_str_eq(out.p, known[i].out);
		}
		buf_fini(&out);
		label_builder_fini(&b);
		relabel_destroy(&rs);
		arena_destroy(&a);
	}
}
END

UNIT(relabel_refuses_rules_that_cannot_work)
{
	struct relabel *rs = relabel_create();
	struct relabel_spec s;
	struct err e;
	relabel_spec_init(&s);
	ck_assert_int_eq(relabel_add(rs, &s, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "the relabel action replace needs a target_label");
	s.action = RELABEL_HASHMOD;
	s.target_label = STR("x");
	ck_assert_int_eq(relabel_add(rs, &s, &e), RC_INVALID);
	s.action = RELABEL_KEEP;
	s.regex = STR("(");
	ck_assert_int_eq(relabel_add(rs, &s, &e), RC_INVALID);
	ck_assert(strstr(e.text, "bad regular expression") != NULL);
	s.action = RELABEL_LABELDROP;
	ck_assert_int_eq(relabel_add(rs, &s, &e), RC_INVALID);
	ck_assert_uint_eq(relabel_count(rs), 0);
	relabel_destroy(&rs);
}
END
