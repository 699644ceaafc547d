/* record_test.c — what goes into bytes comes out again, and damage is noticed. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/record.h"
#include "wire/json.h"

static const char *const colours[] = {"", "red", "green", NULL};
#define LEAF_KEYS(F)                                                                                         \
	F(STR, name, 0, KEY_REQUIRED, "", "a name")                                                          \
	F(I64, size, 0, 0, "7", "a size")
RECORD(leaf, LEAF_KEYS)
#define TREE_KEYS(F)                                                                                         \
	F(BOOL, old, 0, 0, "", "is it old")                                                                  \
	F(F64, height, 0, 0, "1.5", "in metres")                                                             \
	F(SECRET, hollow, 0, 0, "", "what is inside")                                                        \
	F(ENUM, colour, colours, 0, "green", "the colour of its leaves")                                     \
	F(TIME, planted, 0, 0, "", "when")                                                                   \
	F(DUR, every, 0, 0, "1h30m", "how often it is watered")                                              \
	F(STRS, birds, 0, 0, "", "who lives in it")                                                          \
	F(PAIRS, labels, 0, 0, "", "what stands on it")                                                      \
	F(ONE, top, leaf, 0, "", "the highest leaf")                                                         \
	F(MANY, leaves, leaf, 0, "", "the others")                                                           \
	F(STR, default_, 0, 0, "", "a reserved word")
RECORD(tree, TREE_KEYS)
#define RECORD_SELF struct leaf
RECORD_LAYOUT(leaf, LEAF_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct tree
RECORD_LAYOUT(tree, TREE_KEYS)
#undef RECORD_SELF

static struct tree
full_tree(struct arena *a)
{
	struct tree t = {.old = true, .hollow = STR("gold"), .planted = 1700000000123, .default_ = STR("x")};
	record_defaults(&tree_layout, &t, a);
	t.top.name = STR("crown");
	t.birds = (struct strs){arena_array(a, struct str, 2), 2};
	t.birds.p[0] = STR("owl");
	t.birds.p[1] = STR("");
	t.labels = (struct pairs){arena_array(a, struct pair, 1), 1};
	t.labels.p[0] = (struct pair){STR("kind"), STR("oak")};
	t.leaves.p = arena_array(a, struct leaf, 2);
	t.leaves.n = 2;
	t.leaves.p[0] = (struct leaf){STR("first"), 1};
	t.leaves.p[1] = (struct leaf){STR("second"), -2};
	return t;
}

UNIT(record_bytes_round_trip)
{
	struct arena *a = arena_create();
	struct tree t = full_tree(a), back;
	struct buf one = {0}, two = {0};
	struct err e;
	record_encode(&tree_layout, &t, &one);
	ck_assert_int_eq(record_decode(&tree_layout, &back, buf_view(&one), a, &e), RC_OK);
	record_encode(&tree_layout, &back, &two);
	ck_assert(str_eq(buf_view(&one), buf_view(&two)));
	ck_assert(back.colour == 2 && back.every == 5400000 && back.height == 1.5 && back.top.size == 7);
	ck_assert_str(back.leaves.p[1].name, "second");
	ck_assert_int_eq(back.leaves.p[1].size, -2);
	ck_assert_str(pairs_get(back.labels, "kind"), "oak");
	ck_assert_uint_eq(back.birds.n, 2);
	buf_fini(&one);
	buf_fini(&two);
	arena_destroy(&a);
}
END

/* Cut anywhere and flipped anywhere: an error or a record, never a crash. */
UNIT(record_decode_survives_damage)
{
	struct arena *a = arena_create();
	struct tree t = full_tree(a), back;
	struct buf b = {0};
	struct err e;
	record_encode(&tree_layout, &t, &b);
	for (size_t n = 1; n < b.n; n++) {
		char *exact = mem_dup(b.p, n);
		enum rc rc = record_decode(&tree_layout, &back, str_n(exact, n), a, &e);
		ck_assert(rc == RC_OK || rc == RC_INVALID);
		mem_free(exact);
		b.p[n] ^= 0x55;
		rc = record_decode(&tree_layout, &back, buf_view(&b), a, &e);
		ck_assert(rc == RC_OK || rc == RC_INVALID);
		b.p[n] ^= 0x55;
	}
	buf_fini(&b);
	arena_destroy(&a);
}
END

UNIT(record_set_says_what_was_expected)
{
	struct arena *a = arena_create();
	struct tree t = {0};
	struct err e;
	ck_assert_int_eq(record_set(record_key(&tree_layout, STR("colour")), &t, STR("gren"), a, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "\"gren\" is none of red, green; did you mean \"green\"?");
	ck_assert_int_eq(record_set(record_key(&tree_layout, STR("every")), &t, STR("5 minutes"), a, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "\"5 minutes\" is not a duration such as 30s, 5m or 1h30m");
	ck_assert_ptr_nonnull(record_key(&tree_layout, STR("default")));
	struct buf b = {0};
	t.hollow = STR("gold");
	record_print(record_key(&tree_layout, STR("hollow")), &t, &b);
	ck_assert_str_eq(b.p, "<secret>");
	buf_fini(&b);
	arena_destroy(&a);
}
END

UNIT(record_json_round_trip_and_errors)
{
	struct arena *a = arena_create();
	struct tree t = full_tree(a), back;
	struct buf b = {0}, one = {0}, two = {0};
	struct json_writer w;
	struct json j;
	struct err e;
	t.hollow = STR(""); /* a secret does not come back */
	jsonw_init(&w, &b);
	record_to_json(&tree_layout, &t, false, &w);
	json_init(&j, buf_view(&b), a, 16);
	ck_assert_msg(record_from_json(&tree_layout, &back, &j, a), "%s", j.err.text);
	ck_assert_int_eq(json_end(&j, &e), RC_OK);
	record_encode(&tree_layout, &t, &one);
	record_encode(&tree_layout, &back, &two);
	ck_assert_msg(str_eq(buf_view(&one), buf_view(&two)), "%s", b.p);

	static const struct {
		const char *json, *says;
	} bad[] = {{"{\"colour\":\"blue\"}", "\"blue\" is none of red, green"}, {"{\"hight\":1}", "did you mean \"height\""},
	    {"{\"leaves\":[{}]}", "a leaf needs \"name\""}, {"{\"height\":\"1\"}", "must not be a text"},
	    {"{\"every\":5}", "must be a text"}, {"[]", "object"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_init(&j, str_c(bad[i].json), a, 16);
		ck_assert(!record_from_json(&tree_layout, &back, &j, a));
		ck_assert_int_eq(json_end(&j, &e), RC_INVALID);
		ck_assert_msg(strstr(e.text, bad[i].says) != NULL, "%s", e.text);
	}
	buf_fini(&b);
	buf_fini(&one);
	buf_fini(&two);
	arena_destroy(&a);
}
END
