/* report.c — see report.h. */
#include "conf/report.h"

#include <string.h>

void
report_init(struct report *r)
{
	*r = (struct report){.arena = arena_create()};
}

void
report_fini(struct report *r)
{
	vec_fini(&r->notes);
	arena_destroy(&r->arena);
}

static void
add(struct report *r, struct place at, bool warning, const char *fmt, va_list ap)
{
	size_t *count = warning ? &r->warnings : &r->errors;
	++*count;
	if (r->notes.n == REPORT_NOTES)
		return;
	struct buf text = {0};
	buf_vfmt(&text, fmt, ap);
	struct note *n = vec_add(&r->notes);
	n->at = at;
	n->at.file = at.file ? arena_cstr(r->arena, str_c(at.file)) : NULL;
	n->warning = warning;
	n->text = arena_str(r->arena, buf_view(&text));
	buf_fini(&text);
}

void
report_error(struct report *r, struct place at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(r, at, false, fmt, ap);
	va_end(ap);
}

void
report_warning(struct report *r, struct place at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(r, at, true, fmt, ap);
	va_end(ap);
}

void
place_print(struct place at, struct buf *out)
{
	if (!at.file)
		return;
	buf_c(out, at.file);
	if (at.line)
		buf_fmt(out, ":%u:%u", at.line, at.column);
}

/* By file, in the order in which they were read, then by position; the order of one place stays. */
static bool
before(const struct note *a, const struct note *b)
{
	if (!a->at.file || !b->at.file || strcmp(a->at.file, b->at.file) != 0)
		return false;
	return a->at.line != b->at.line ? a->at.line < b->at.line : a->at.column < b->at.column;
}

static void
sort(struct note *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && before(&p[j], &p[j - 1]); j--) {
			struct note t = p[j];
			p[j] = p[j - 1];
			p[j - 1] = t;
		}
}

void
report_print(const struct report *r, struct buf *out)
{
	sort(r->notes.p, r->notes.n);
	for (size_t i = 0; i < r->notes.n; i++) {
		const struct note *n = &r->notes.p[i];
		place_print(n->at, out);
		if (n->at.file)
			buf_c(out, ": ");
		if (n->warning)
			buf_c(out, "warning: ");
		buf_str(out, n->text);
		buf_ch(out, '\n');
	}
	size_t all = r->errors + r->warnings;
	if (all > r->notes.n)
		buf_fmt(out, "and %zu more\n", all - r->notes.n);
}
