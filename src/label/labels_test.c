/* labels_test.c — the canonical form, its changes, and fingerprints known from elsewhere. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "label/labels.h"

/* "a=1,b=2" */
static struct labels
make(const char *text, struct arena *a)
{
	struct pair p[16];
	size_t n = 0;
	struct str rest = str_c(text), part;
	while (rest.n && str_cut(&rest, ',', &part)) {
		size_t eq = (size_t)str_chr(part, '=');
		p[n++] = (struct pair){str_to(part, eq), str_from(part, eq + 1)};
	}
	struct buf b = {0};
	struct err e;
	ck_assert_msg(labels_add(&b, p, n, &e) == RC_OK, "%s", e.text);
	struct labels ls = {arena_str(a, buf_view(&b))};
	buf_fini(&b);
	return ls;
}

UNIT(labels_have_one_form_whatever_the_order)
{
	struct arena *a = arena_create();
	struct labels x = make("b=2,__name__=up,a=1,gone=", a), y = make("a=1,b=2,__name__=up", a);
	struct buf b = {0};
	ck_assert(labels_eq(x, y) && labels_hash(x) == labels_hash(y) && labels_cmp(x, y) == 0);
	ck_assert_uint_eq(labels_count(x), 3);
	ck_assert_str(labels_get(x, STR("b")), "2");
	ck_assert_str(labels_get(x, STR("gone")), "");
	labels_print(&b, x);
	ck_assert_str_eq(b.p, "up{a=\"1\", b=\"2\"}");
	ck_assert(labels_cmp(make("a=1", a), make("a=1,b=1", a)) < 0);
	ck_assert(labels_cmp(make("a=2", a), make("a=1,b=1", a)) > 0);
	buf_fini(&b);
	arena_destroy(&a);
}
END

UNIT(labels_refuse_what_is_no_set)
{
	struct buf b = {0};
	struct err e;
	struct pair twice[] = {{STR("a"), STR("1")}, {STR("a"), STR("2")}}, empty[] = {{STR(""), STR("x")}},
		    bad[] = {{STR("a"), STR("\xff")}};
	ck_assert_int_eq(labels_add(&b, twice, 2, &e), RC_INVALID);
	ck_assert_str_eq(e.text, "the label \"a\" stands there twice");
	ck_assert_int_eq(labels_add(&b, empty, 1, &e), RC_INVALID);
	ck_assert_int_eq(labels_add(&b, bad, 1, &e), RC_INVALID);
	ck_assert_uint_eq(b.n, 0);
	buf_fini(&b);
}
END

/* Bytes from a disk: every good form is valid, every prefix of one that cuts a label is not. */
UNIT(labels_valid_sees_cuts_and_disorder)
{
	struct arena *a = arena_create();
	char wide[600];
	memset(wide, 'w', sizeof wide - 1);
	wide[0] = 'a';
	wide[1] = '=';
	wide[sizeof wide - 1] = '\0';
	struct labels ls = make(wide, a);
	ck_assert(labels_valid(ls.bytes) && labels_valid(STR("")));
	ck_assert_uint_eq(labels_get(ls, STR("a")).n, 597);
	for (size_t n = 1; n < ls.bytes.n; n++)
		ck_assert(!labels_valid(str_to(ls.bytes, n)));
	ck_assert(!labels_valid(STR("\1b\1x\1a\1x")) && !labels_valid(STR("\1a\1x\1a\1x")) && !labels_valid(STR("\1a\0")));
	arena_destroy(&a);
}
END

UNIT(labels_fingerprint_is_alertmanagers)
{
	struct arena *a = arena_create();
	char hex[17];
	labels_fingerprint_hex((struct labels){0}, hex);
	ck_assert_str_eq(hex, "cbf29ce484222325");
	/* FNV-1a over "a" 0xff "b" 0xff, reckoned by hand */
	uint64_t h = 14695981039346656037u;
	for (const char *p = "a\xff" "b\xff"; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	ck_assert_uint_eq(labels_fingerprint(make("a=b", a)), h);
	arena_destroy(&a);
}
END

/* A builder behaves as the plainest array does under a random walk. */
UNIT(label_builder_agrees_with_an_array)
{
	struct arena *a = arena_create();
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"}, *const values[] = {"", "1", "22", "333"};
	int now[6] = {0};
	struct label_builder b = {0};
	srand(9);
	for (int step = 0; step < 20000; step++) {
		int k = rand() % 6;
		now[k] = rand() % 4;
		label_builder_set(&b, str_c(names[k]), str_c(values[now[k]]));
		struct labels ls = label_builder_done(&b, a);
		ck_assert(labels_valid(ls.bytes));
		for (int i = 0; i < 6; i++)
			ck_assert_str(labels_get(ls, str_c(names[i])), values[now[i]]);
		if (step % 100 == 0) {
			label_builder_start(&b, labels_copy(ls, a));
			ck_assert(labels_eq(label_builder_done(&b, a), ls));
		}
	}
	label_builder_fini(&b);
	arena_destroy(&a);
}
END

UNIT(labels_travel_as_pairs)
{
	struct arena *a = arena_create();
	struct labels ls = make("z=1,a=2", a);
	struct pairs ps = labels_to_pairs(ls, a);
	ck_assert_uint_eq(ps.n, 2);
	ck_assert_str(pairs_get(ps, "z"), "1");
	ck_assert(labels_eq(labels_from_pairs(ps, a), ls));
	arena_destroy(&a);
}
END
