/* table.c — see table.h. */
#include "ctl/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/time.h"
#include "wire/json.h"

struct cells {
	struct buf text[COLUMNS];
};

/* ---- reading ---- */

static void
keep(struct cells *c, const struct column *columns, struct str path, struct str value)
{
	for (size_t i = 0; columns[i].title; i++) {
		if (!str_is(path, columns[i].path))
			continue;
		if (c->text[i].n)
			buf_c(&c->text[i], ", ");
		buf_str(&c->text[i], value);
	}
}

static void read_value(struct json *, struct arena *, struct str path, const struct column *, struct cells *);

static void
read_object(struct json *j, struct arena *a, struct str path, const struct column *columns, struct cells *c)
{
	struct str key;
	if (!json_object(j))
		return;
	while (json_key(j, &key))
		read_value(j, a, path.n ? arena_fmt(a, "%.*s.%.*s", STR_ARG(path), STR_ARG(key)) : key, columns, c);
}

static void
read_value(struct json *j, struct arena *a, struct str path, const struct column *columns, struct cells *c)
{
	struct str s;
	switch (json_peek(j)) {
	case JSON_OBJECT:
		read_object(j, a, path, columns, c);
		return;
	case JSON_ARRAY:
		if (json_array(j))
			while (json_more(j))
				read_value(j, a, path, columns, c);
		return;
	case JSON_STRING:
		if (json_str(j, &s))
			keep(c, columns, path, s);
		return;
	case JSON_NULL:
		json_null(j);
		return;
	default:
		if (json_raw(j, &s))
			keep(c, columns, path, s);
	}
}

/* ---- showing ---- */

bool
ctl_colours(void)
{
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

static const struct {
	const char *word, *colour;
} meanings[] = {
    {"critical", "\033[1;31m"},
    {"high", "\033[31m"},
    {"firing", "\033[31m"},
    {"active", "\033[31m"},
    {"breached", "\033[1;31m"},
    {"medium", "\033[33m"},
    {"new", "\033[33m"},
    {"proposed", "\033[33m"},
    {"pending", "\033[33m"},
    {"suspended", "\033[36m"},
    {"suppressed", "\033[36m"},
    {"in_progress", "\033[32m"},
    {"closed", "\033[2m"},
    {"expired", "\033[2m"},
};

static const char *
colour_of(const struct column *col, struct str text)
{
	if (col->kind != COLUMN_WORD)
		return NULL;
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (str_is(text, meanings[i].word))
			return meanings[i].colour;
	return NULL;
}

/* "4m" until then, "-4m" when it has passed. */
static void
print_left(struct buf *out, struct str time)
{
	msec_t t;
	if (!time_parse_rfc3339(time, &t))
		return;
	msec_t left = (t - clock_wall(clock_real())) / 1000 * 1000;
	if (left < 0)
		buf_ch(out, '-');
	duration_print(out, left < 0 ? -left : left);
}

/* As it is shown, instead of how it travels. */
static void
shape(struct buf *cell, const struct column *col)
{
	struct buf out = {0};
	msec_t t;
	int64_t n;
	if (col->kind == COLUMN_TIME && time_parse_rfc3339(buf_view(cell), &t) && cell->n >= 19)
		buf_fmt(&out, "%.10s %.8sZ", cell->p, cell->p + 11);
	else if (col->kind == COLUMN_LEFT)
		print_left(&out, buf_view(cell));
	else if (col->kind == COLUMN_SPAN && str_i64(buf_view(cell), &n))
		duration_print(&out, n / 1000 * 1000);
	else
		return;
	buf_fini(cell);
	*cell = out;
}

/* Columns of the screen that the text takes: its characters. */
static size_t
width(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* What stands in labels and titles came from outside: no control character reaches the terminal. */
static void
print_safe(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		putchar((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

static void
print_cell(const struct column *col, struct str text, size_t pad)
{
	const char *colour = ctl_colours() ? colour_of(col, text) : NULL;
	if (colour)
		fputs(colour, stdout);
	print_safe(text);
	if (colour)
		fputs("\033[0m", stdout);
	printf("%*s", (int)pad, "");
}

static void
cells_fini(struct cells *c)
{
	for (size_t i = 0; i < COLUMNS; i++)
		buf_fini(&c->text[i]);
}

static void
read_cells(struct json *j, struct arena *a, const struct column *columns, struct cells *c)
{
	*c = (struct cells){0};
	read_value(j, a, STR(""), columns, c);
	for (size_t i = 0; columns[i].title; i++)
		shape(&c->text[i], &columns[i]);
}

typedef VEC(struct cells) rows;

static void
print_row(const struct column *columns, const struct cells *c, const size_t *widths)
{
	for (size_t i = 0; columns[i].title; i++) {
		struct str text = c ? buf_view(&c->text[i]) : str_c(columns[i].title);
		bool last = !columns[i + 1].title;
		print_cell(&columns[i], text, last ? 0 : widths[i] - width(text) + 2);
	}
	putchar('\n');
}

static void
print_rows(const struct column *columns, const rows *all)
{
	size_t widths[COLUMNS];
	bool bold = ctl_colours();
	for (size_t i = 0; columns[i].title; i++) {
		widths[i] = width(str_c(columns[i].title));
		for (size_t k = 0; k < all->n; k++) {
			size_t w = width(buf_view(&all->p[k].text[i]));
			widths[i] = w > widths[i] ? w : widths[i];
		}
	}
	fputs(bold ? "\033[1m" : "", stdout);
	print_row(columns, NULL, widths);
	fputs(bold ? "\033[0m" : "", stdout);
	for (size_t k = 0; k < all->n; k++)
		print_row(columns, &all->p[k], widths);
}

static int
done(struct json *j)
{
	struct err e;
	if (json_end(j, &e) == RC_OK)
		return EXIT_OK;
	fprintf(stderr, "tocsin: the daemon's answer is not what was expected: %s\n", e.text);
	return EXIT_FAILED;
}

int
table_print(struct args *args, struct str text, const struct column *columns, const char *none)
{
	struct json j;
	rows all = {0};
	json_init(&j, text, args->arena, 32);
	if (json_array(&j))
		while (json_more(&j))
			read_cells(&j, args->arena, columns, vec_add(&all));
	int status = done(&j);
	if (status == EXIT_OK && !all.n)
		printf("%s\n", none);
	else if (status == EXIT_OK)
		print_rows(columns, &all);
	for (size_t i = 0; i < all.n; i++)
		cells_fini(&all.p[i]);
	vec_fini(&all);
	return status;
}

int
facts_print(struct args *args, struct str text, const struct column *columns)
{
	struct json j;
	struct cells c;
	size_t widest = 0;
	json_init(&j, text, args->arena, 32);
	read_cells(&j, args->arena, columns, &c);
	int status = done(&j);
	for (size_t i = 0; columns[i].title; i++)
		widest = width(str_c(columns[i].title)) > widest ? width(str_c(columns[i].title)) : widest;
	for (size_t i = 0; columns[i].title && status == EXIT_OK; i++) {
		if (!c.text[i].n)
			continue;
		printf("%-*s  ", (int)widest, columns[i].title);
		print_cell(&columns[i], buf_view(&c.text[i]), 0);
		putchar('\n');
	}
	cells_fini(&c);
	return status;
}
