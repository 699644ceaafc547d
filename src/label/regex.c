/*
 * regex.c — see regex.h.
 *
 * IDEA   A pattern is first read as alternatives of literals, or as a literal between two wildcards (`.*`,
 *        `.+`). What fits is matched by comparing bytes; RE2 builds its program for those only when groups
 *        or places will be asked for (REGEX_PLACES).
 * TRAP   Label values are UTF-8, so a wildcard of ours may take any byte; RE2's takes whole characters.
 */
#include "label/regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "label/re2.h"

enum wild { WILD_NONE, WILD_ANY, WILD_SOME }; /* nothing, .*, .+ */

struct regex {
	struct str pattern;
	VEC(struct str) literals; /* sorted, owned; none: see below */
	bool between;             /* front + middle + back is all there is */
	enum wild front, back;
	struct str middle;      /* owned */
	struct re2_program *re; /* NULL: the shortcut is all that is needed */
};

/* ---- shortcuts ---- */

static bool
is_operator(char c)
{
	return c == '\0' || strchr("\\.+*?()|[]{}^$", c);
}

static bool
is_quantifier(struct str s)
{
	return s.n && strchr("*+?{", s.p[0]) && s.p[0];
}

/* Takes the literal characters that `*s` begins with; false when the last of them is repeated by what
 * follows. */
static bool
take_literal(struct str *s, struct buf *out)
{
	size_t before = out->n;
	while (s->n) {
		bool escaped = s->p[0] == '\\' && s->n > 1 && is_operator(s->p[1]) && s->p[1];
		if (!escaped && is_operator(s->p[0]))
			break;
		buf_ch(out, s->p[escaped]);
		*s = str_from(*s, escaped + 1u);
	}
	return out->n == before || !is_quantifier(*s);
}

static enum wild
take_wild(struct str *s)
{
	if (s->n < 2 || s->p[0] != '.' || (s->p[1] != '*' && s->p[1] != '+') ||
	    is_quantifier(str_from(*s, 2)))
		return WILD_NONE;
	enum wild w = s->p[1] == '*' ? WILD_ANY : WILD_SOME;
	*s = str_from(*s, 2);
	return w;
}

/* "(a|b)" and "(?:a|b)" without their parentheses, when those are the outermost and only ones. */
static struct str
without_group(struct str s)
{
	if (s.n < 2 || s.p[0] != '(' || s.p[s.n - 1] != ')' || s.p[s.n - 2] == '\\')
		return s;
	size_t skip = str_starts(s, STR("(?:")) ? 3 : 1;
	struct str in = s.n > skip ? str_n(s.p + skip, s.n - skip - 1) : STR("");
	return str_chr(in, '(') < 0 && str_chr(in, ')') < 0 && !str_starts(in, STR("?")) ? in : s;
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
drop_literals(struct regex *r)
{
	for (size_t i = 0; i < r->literals.n; i++)
		mem_free((char *)r->literals.p[i].p);
	vec_fini(&r->literals);
}

/* a|b|c */
static bool
read_literals(struct regex *r)
{
	struct str rest = without_group(r->pattern);
	struct buf b = {0};
	bool ok = true;
	for (bool more = true; ok && more;) {
		buf_clear(&b);
		ok = take_literal(&rest, &b);
		*vec_add(&r->literals) = str_n(mem_dup(b.p ? b.p : "", b.n), b.n);
		more = rest.n && rest.p[0] == '|';
		rest = str_from(rest, more);
	}
	buf_fini(&b);
	if (!ok || rest.n) {
		drop_literals(r);
		return false;
	}
	qsort(r->literals.p, r->literals.n, sizeof *r->literals.p, by_bytes);
	return true;
}

/* .*foo, foo.+, .* …; leaves the literal beginning of any other pattern in `middle` for regex_prefix. */
static void
read_between(struct regex *r)
{
	struct str rest = r->pattern;
	struct buf b = {0};
	r->front = take_wild(&rest);
	bool ok = take_literal(&rest, &b);
	r->back = take_wild(&rest);
	r->between = ok && rest.n == 0;
	if (!r->between && (r->front != WILD_NONE || !ok || str_chr(r->pattern, '|') >= 0))
		buf_clear(&b);
	r->middle = str_n(mem_dup(b.p ? b.p : "", b.n), b.n);
	buf_fini(&b);
}

/* ---- creating ---- */

static enum rc
build(struct regex *r, struct err *e)
{
	char why[256];
	r->re = re2_create(r->pattern.p, r->pattern.n, why, sizeof why);
	if (!r->re)
		return err_set(
		    e, RC_INVALID, "bad regular expression \"%.*s\": %s", STR_ARG(r->pattern), why);
	if (re2_groups(r->re) >= REGEX_GROUPS)
		return err_set(e, RC_REFUSED, "the regular expression \"%.*s\" has more than %d groups",
		    STR_ARG(r->pattern), REGEX_GROUPS - 1);
	return RC_OK;
}

enum rc
regex_create(struct str pattern, enum regex_use use, struct regex **out, struct err *e)
{
	*out = NULL;
	if (pattern.n > REGEX_LENGTH)
		return err_set(e, RC_REFUSED, "a regular expression of %zu bytes; the limit is %d", pattern.n,
		    REGEX_LENGTH);
	struct regex *r = mem_new(struct regex);
	r->pattern = str_n(mem_dup(pattern.p, pattern.n), pattern.n);
	if (!read_literals(r))
		read_between(r);
	if (use == REGEX_PLACES || (!r->literals.n && !r->between)) {
		enum rc rc = build(r, e);
		if (rc != RC_OK) {
			regex_destroy(&r);
			return rc;
		}
	}
	*out = r;
	return RC_OK;
}

void
regex_destroy(struct regex **pr)
{
	struct regex *r = *pr;
	if (!r)
		return;
	drop_literals(r);
	if (r->re)
		re2_destroy(r->re);
	mem_free((char *)r->middle.p);
	mem_free((char *)r->pattern.p);
	mem_free(r);
	*pr = NULL;
}

struct str
regex_pattern(const struct regex *r)
{
	return r->pattern;
}

static const struct re2_program *
program(const struct regex *r)
{
	must(r->re);
	return r->re;
}

/* ---- matching ---- */

static bool
matches_between(const struct regex *r, struct str s)
{
	size_t front = r->front == WILD_SOME, back = r->back == WILD_SOME;
	if (s.n < r->middle.n + front + back)
		return false;
	if (r->middle.n == 0)
		return r->front != WILD_NONE || r->back != WILD_NONE || s.n == 0;
	if (r->front == WILD_NONE && r->back == WILD_NONE)
		return str_eq(s, r->middle);
	if (r->front == WILD_NONE)
		return str_starts(s, r->middle);
	if (r->back == WILD_NONE)
		return str_ends(s, r->middle);
	return str_has(str_n(s.p + front, s.n - front - back), r->middle);
}

bool
regex_matches(const struct regex *r, struct str text)
{
	if (r->literals.n == 1)
		return str_eq(text, r->literals.p[0]);
	if (r->literals.n)
		return bsearch(&text, r->literals.p, r->literals.n, sizeof text, by_bytes) != NULL;
	if (r->between)
		return matches_between(r, text);
	return str_starts(text, r->middle) && re2_match(r->re, text.p, text.n, 0, true, NULL, 0);
}

bool
regex_found(const struct regex *r, struct str text)
{
	return re2_match(program(r), text.p, text.n, 0, false, NULL, 0);
}

const struct str *
regex_literals(const struct regex *r, size_t *n)
{
	*n = r->literals.n;
	return r->literals.n ? r->literals.p : NULL;
}

struct str
regex_prefix(const struct regex *r)
{
	return r->front == WILD_NONE ? r->middle : STR("");
}

static bool
match(const struct regex *r, struct str text, size_t from, bool whole, struct regex_match *m)
{
	struct re2_span spans[REGEX_GROUPS];
	const struct re2_program *re = program(r);
	m->n = (size_t)re2_groups(re) + 1;
	if (!re2_match(re, text.p, text.n, from, whole, spans, (int)m->n))
		return false;
	for (size_t i = 0; i < m->n; i++)
		m->group[i] = spans[i].p ? str_n(spans[i].p, spans[i].n) : STR("");
	return true;
}

bool
regex_match_whole(const struct regex *r, struct str text, struct regex_match *m)
{
	return match(r, text, 0, true, m);
}

bool
regex_match_next(const struct regex *r, struct str text, size_t from, struct regex_match *m)
{
	return from <= text.n && match(r, text, from, false, m);
}

/* ---- templates ---- */

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* Takes "name" or "{name}" off the front, with `*s` behind the dollar. */
static bool
take_name(struct str *s, struct str *name)
{
	bool braces = s->n && s->p[0] == '{';
	struct str rest = str_from(*s, braces);
	size_t n = 0;
	while (n < rest.n && is_word(rest.p[n]))
		n++;
	if (n == 0 || (braces && (n == rest.n || rest.p[n] != '}')))
		return false;
	*name = str_to(rest, n);
	*s = str_from(rest, n + braces);
	return true;
}

static struct str
group_called(const struct regex *r, const struct regex_match *m, struct str name)
{
	int64_t i;
	bool number = name.p[0] >= '0' && name.p[0] <= '9';
	if (!number)
		i = re2_group_named(program(r), name.p, name.n);
	else if (!str_i64(name, &i))
		i = -1;
	return i >= 0 && (uint64_t)i < m->n ? m->group[i] : STR("");
}

void
regex_expand(const struct regex *r, const struct regex_match *m, struct str how, struct buf *out)
{
	while (how.n) {
		ptrdiff_t dollar = str_chr(how, '$');
		if (dollar < 0) {
			buf_str(out, how);
			return;
		}
		buf_add(out, how.p, (size_t)dollar);
		how = str_from(how, (size_t)dollar + 1);
		struct str name;
		if (how.n && how.p[0] == '$') {
			buf_ch(out, '$');
			how = str_from(how, 1);
		} else if (take_name(&how, &name)) {
			buf_str(out, group_called(r, m, name));
		} else {
			buf_ch(out, '$');
		}
	}
}

void
regex_replace_all(const struct regex *r, struct str text, struct str how, struct buf *out)
{
	struct regex_match m;
	size_t from = 0, done = 0;
	while (regex_match_next(r, text, from, &m)) {
		size_t start = (size_t)(m.group[0].p - text.p), end = start + m.group[0].n;
		/* an empty match just behind the last one does not count */
		if (end > start || start > done || done == 0) {
			buf_add(out, text.p + done, start - done);
			regex_expand(r, &m, how, out);
			done = end;
		}
		size_t step = end > from ? 0 : str_utf8_sequence(str_from(text, end));
		from = end > from ? end : end + (step ? step : 1);
	}
	buf_str(out, str_from(text, done));
}
