/* book_test.c — what is in force when, and when the clock was set back. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/book.h"

#define NOTE_KEYS(F) F(STR, text, 0, 0, "", "what it says")
RECORD(note, NOTE_KEYS)
#define RECORD_SELF struct note
RECORD_LAYOUT(note, NOTE_KEYS)
#undef RECORD_SELF

static const struct resource_kind kinds[] = {
    {"note", &note_layout, true, NULL, "a test"}, {NULL, NULL, false, NULL, NULL}};

struct desk_of_one {
	char dir[64];
	struct ledger *ledger;
	struct book *book;
	struct turn *turn;
	msec_t now;
};

static void
begin(struct desk_of_one *d, msec_t now)
{
	struct err e;
	*d = (struct desk_of_one){.dir = "/tmp/tocsin-book-XXXXXX", .now = now};
	ck_assert_ptr_nonnull(mkdtemp(d->dir));
	ck_assert_msg(ledger_open(&d->ledger, str_c(d->dir), "test", now, &e) == RC_OK, "%s", e.text);
	d->book = book_create(kinds);
	d->turn = turn_create();
}

static void
commit(struct desk_of_one *d)
{
	struct err e;
	if (!turn_is_empty(d->turn))
		book_clock_keep(d->book, d->turn);
	ck_assert_msg(ledger_commit(d->ledger, d->turn, &e) == RC_OK, "%s", e.text);
}

/* A turn at this wall time; `text`: the note is set, from `from` on (0: from now). */
static void
turn_at(struct desk_of_one *d, msec_t now, const char *text, msec_t from)
{
	struct note n = {.text = str_c(text)};
	struct resource r = {.kind = STR("note"), .name = STR("n")};
	d->now = now;
	turn_reset(d->turn, now);
	book_clock(d->book, d->turn);
	if (text)
		book_set(d->book, d->turn, &r, &n, from);
	commit(d);
}

/* From memory, and from the ledger as another process reads it. */
static void
holds(struct desk_of_one *d, msec_t at, const char *text)
{
	struct book *read = book_create(kinds);
	struct err e;
	ck_assert_msg(book_load(read, d->ledger, &e) == RC_OK, "%s", e.text);
	for (int i = 0; i < 2; i++) {
		const struct note *n = book_find(i ? read : d->book, "note", STR(""), STR("n"), at);
		if (!text)
			ck_assert_ptr_null(n);
		else
			ck_assert_msg(n && str_is(n->text, text), "%s: at %lld it is %.*s, not %s",
			    i ? "read" : "here", (long long)at, n ? (int)n->text.n : 4,
			    n ? n->text.p : "none", text);
	}
	book_destroy(&read);
}

static void
end(struct desk_of_one *d)
{
	book_destroy(&d->book);
	turn_destroy(&d->turn);
	ledger_close(&d->ledger);
	unit_remove(d->dir);
}

#define H(h, m) (1000 * DAY + (h)*HOUR + (m)*MINUTE)

UNIT(book_what_was_agreed_from_now_on_outlives_a_clock_set_back)
{
	struct desk_of_one d;
	begin(&d, H(1, 0));
	turn_at(&d, H(1, 0), "old", 0);
	turn_at(&d, H(2, 30), "first", 0);
	holds(&d, H(2, 0), "old");
	holds(&d, H(2, 30), "first");
	turn_at(&d, H(2, 0), NULL, 0); /* the clock was set back */
	holds(&d, H(2, 0), "first");
	turn_at(&d, H(2, 10), "second", 0);
	holds(&d, H(2, 5), "first");
	holds(&d, H(2, 10), "second");
	holds(&d, H(2, 40), "second"); /* not what was made at 2:30 the first time */
	for (int m = 11; m < 40; m++)
		turn_at(&d, H(2, m), NULL, 0);
	holds(&d, H(2, 40), "second");
	holds(&d, H(1, 30), "old"); /* what was there once stays */
	turn_at(&d, H(3, 0), "third", 0);
	holds(&d, H(2, 59), "second");
	holds(&d, H(3, 0), "third");
	end(&d);
}
END

UNIT(book_a_date_that_was_asked_for_follows_the_wall)
{
	struct desk_of_one d;
	begin(&d, H(1, 0));
	turn_at(&d, H(1, 0), "old", 0);
	turn_at(&d, H(1, 10), "dated", H(2, 20));
	turn_at(&d, H(1, 5), NULL, 0); /* nothing was agreed meanwhile from then on: nothing to keep */
	holds(&d, H(2, 0), "old");
	holds(&d, H(2, 20), "dated");
	end(&d);
}
END

UNIT(book_a_clock_that_woke_in_1970_leaves_history_as_it_was)
{
	struct desk_of_one d;
	begin(&d, H(1, 0));
	turn_at(&d, H(1, 0), "first", 0);
	turn_at(&d, H(5, 0), "second", 0);
	turn_at(&d, MINUTE, NULL, 0);
	holds(&d, MINUTE, "second");
	turn_at(&d, 2 * MINUTE, "wrong time", 0);
	holds(&d, 3 * MINUTE, "wrong time");
	turn_at(&d, H(6, 0), NULL, 0); /* set right */
	holds(&d, H(6, 0), "wrong time");
	holds(&d, H(5, 30), "wrong time"); /* made at no right time: after all that came before */
	holds(&d, H(2, 0), "first");
	holds(&d, MINUTE, "second");
	turn_at(&d, H(7, 0), "third", 0);
	holds(&d, H(7, 0), "third");
	end(&d);
}
END

UNIT(book_the_clock_may_be_set_back_again_and_again)
{
	struct desk_of_one d;
	char text[16];
	msec_t now = H(3, 0);
	begin(&d, now);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "v%d", i);
		turn_at(&d, now, NULL, 0);
		turn_at(&d, now + MINUTE, text, 0);
		holds(&d, now + MINUTE, text);
		now -= i % 3 ? 2 * MINUTE : 20 * MINUTE;
		turn_at(&d, now, NULL, 0);
		holds(&d, now, text);
	}
	end(&d);
}
END

UNIT(book_a_timeline_says_the_same_as_asking_at_every_moment)
{
	struct desk_of_one d;
	struct version v[64];
	begin(&d, H(1, 0));
	turn_at(&d, H(1, 0), "a", 0);
	turn_at(&d, H(2, 30), "b", 0);
	turn_at(&d, H(2, 0), NULL, 0);
	turn_at(&d, H(2, 10), "c", 0);
	for (int m = 11; m < 90; m++)
		turn_at(&d, H(2, m), m == 70 ? "d" : NULL, 0);
	size_t n = book_timeline(d.book, "note", STR(""), STR("n"), v, 64), k = 0;
	ck_assert_uint_ge(n, 4);
	for (msec_t t = H(1, 0); t < H(4, 0); t += MINUTE / 2) {
		while (k + 1 < n && v[k + 1].from <= t)
			k++;
		ck_assert_ptr_eq(v[k].spec, book_find(d.book, "note", STR(""), STR("n"), t));
	}
	ck_assert_uint_eq(book_timeline(d.book, "note", STR(""), STR("n"), v, 2), 2);
	ck_assert_str(((const struct note *)v[1].spec)->text, "d");
	end(&d);
}
END
