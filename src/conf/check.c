/* check.c — see check.h. */
#include "conf/check.h"

static void
note(struct check *c, bool warning, struct place at, const char *fmt, va_list ap)
{
	struct buf b = {0};
	buf_vfmt(&b, fmt, ap);
	if (warning)
		report_warning(c->report, at, "%s", b.p);
	else
		report_error(c->report, at, "%s", b.p);
	buf_fini(&b);
}

void
check_error(
    struct check *c, const struct layout *l, const void *record, const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	note(c, false, marks_place(c->marks, l, record, key), fmt, ap);
	va_end(ap);
}

void
check_warning(
    struct check *c, const struct layout *l, const void *record, const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	note(c, true, marks_place(c->marks, l, record, key), fmt, ap);
	va_end(ap);
}

void
check_at_most_one(struct check *c, const struct layout *l, const void *record, const char *const *keys)
{
	const char *first = NULL;
	for (; *keys; keys++) {
		if (!marks_get(c->marks, l, record, *keys))
			continue;
		if (first)
			check_error(
			    c, l, record, *keys, "%s and %s exclude each other; keep one", first, *keys);
		else
			first = *keys;
	}
}

void
check_text(struct check *c, enum rc (*judge)(struct str, struct err *), struct str text, struct place at,
    const char *key)
{
	struct err e;
	if (judge && judge(text, &e) != RC_OK)
		report_error(c->report, at, "%s: %s", key, e.text);
}

bool
check_label_name(struct str s, bool utf8)
{
	if (s.n == 0)
		return false;
	if (utf8)
		return str_utf8(s);
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
		if (!letter && !(i > 0 && ch >= '0' && ch <= '9'))
			return false;
	}
	return true;
}

struct place
check_item(struct check *c, const struct layout *l, const void *record, const char *key, size_t i)
{
	const struct node *n = marks_get(c->marks, l, record, key);
	if (n && n->kind == NODE_LIST && i < n->n)
		return n->items[i]->at;
	if (n && n->kind == NODE_MAP && i < n->n)
		return n->pairs[i].value->at;
	return marks_place(c->marks, l, record, key);
}
