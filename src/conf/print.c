/*
 * print.c — the configuration as an Alertmanager would have it, and all of it; both without secrets.
 *
 * IDEA   What is printed is the tree that was read, walked together with the tables: so it says what the user
 *        wrote, in his order, and the tables decide what is ours and what is secret.
 */
#include <string.h>

#include "conf/inner.h"

struct printer {
	struct buf *out;
	unsigned flags; /* keys must have one of these at the top; 0: everything is shown */
	size_t steps;
};

static void
indent(struct printer *p, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_c(p->out, "  ");
}

/* Double-quoted, so that no text can be taken for anything else. */
static void
quote(struct printer *p, struct str s)
{
	buf_ch(p->out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			buf_fmt(p->out, "\\%c", c);
		else if (c == '\n')
			buf_c(p->out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_fmt(p->out, "\\x%02x", c);
		else
			buf_ch(p->out, (char)c);
	}
	buf_ch(p->out, '"');
}

static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] ||
		    !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-", s.p[i]))
			return false;
	return s.n > 0 && s.p[0] != '-';
}

/*
 * A secret URL keeps its scheme and host: older tools of the peer refuse "<secret>" where a URL should stand.
 * Name and password in front of the host go.
 */
static void
secret(struct printer *p, struct str s)
{
	ptrdiff_t colon = str_chr(s, ':');
	if (!str_starts(s, STR("http://")) && !str_starts(s, STR("https://"))) {
		buf_c(p->out, "<secret>");
		return;
	}
	struct str rest = str_from(s, (size_t)colon + 3);
	ptrdiff_t end = str_chr(rest, '/'), at;
	struct str host = end < 0 ? rest : str_to(rest, (size_t)end);
	while ((at = str_chr(host, '@')) >= 0)
		host = str_from(host, (size_t)at + 1);
	buf_fmt(p->out, "\"%.*s://", (int)colon, s.p);
	for (size_t i = 0; i < host.n; i++)
		buf_ch(p->out, strchr("\"\\{}", host.p[i]) ? '_' : host.p[i]);
	buf_c(p->out, "/<secret>\"");
}

/* The password in scheme://name:password@host, wherever a URL may stand: hidden as the peers do it, so that it stays a URL. */
static bool
find_password(struct str s, size_t *from, size_t *to)
{
	for (size_t i = 0; i + 3 <= s.n; i++) {
		if (memcmp(s.p + i, "://", 3) != 0)
			continue;
		size_t end = i + 3, at = 0;
		for (; end < s.n && !strchr("/?# \n", s.p[end]); end++)
			at = s.p[end] == '@' ? end : at;
		ptrdiff_t colon = at ? str_chr(str_n(s.p + i + 3, at - i - 3), ':') : -1;
		if (colon < 0)
			continue;
		*from = i + 3 + (size_t)colon + 1;
		*to = at;
		return true;
	}
	return false;
}

static void
without_password(struct printer *p, struct str s, size_t from, size_t to)
{
	struct buf b = {0};
	buf_str(&b, str_to(s, from));
	buf_c(&b, "xxxxx");
	buf_str(&b, str_from(s, to));
	quote(p, buf_view(&b));
	buf_fini(&b);
}

static void
scalar(struct printer *p, const struct node *n, bool hide)
{
	size_t from, to;
	if (hide && n->text.n)
		secret(p, n->text);
	else if (find_password(n->text, &from, &to))
		without_password(p, n->text, from, to);
	else if (n->plain && (is_word(n->text) || n->text.n == 0))
		buf_str(p->out, n->text.n ? n->text : STR("null"));
	else
		quote(p, n->text);
	buf_ch(p->out, '\n');
}

static void value(struct printer *, const struct key *, const struct node *, unsigned depth);

static const struct key *
shown(struct printer *p, const struct layout *l, struct str name, unsigned depth)
{
	char none;
	void *base = &none;
	const struct key *k = bind_find(l, name, &base);
	if (!k || (p->flags && (k->flags & KEY_OURS)))
		return NULL;
	return depth == 0 && p->flags && !(k->flags & p->flags) ? NULL : k;
}

static void
pair(struct printer *p, const struct key *k, const struct node_pair *pr, unsigned depth)
{
	indent(p, depth);
	if (is_word(pr->key->text))
		buf_str(p->out, pr->key->text);
	else
		quote(p, pr->key->text);
	buf_ch(p->out, ':');
	value(p, k, pr->value, depth + 1);
}

/* `global` holds two tables; for an Alertmanager only its own is printed. */
static const struct layout *
inside(const struct printer *p, const struct key *k)
{
	if (p->flags && k && k->inside == &conf_global_layout)
		return &conf_global_am_layout;
	return k ? k->inside : NULL;
}

static void
map(struct printer *p, const struct layout *l, const struct node *n, unsigned depth)
{
	for (size_t i = 0; i < n->n && p->steps++ < BIND_STEPS; i++) {
		const struct key *k = l ? shown(p, l, n->pairs[i].key->text, depth) : NULL;
		if (k || !l)
			pair(p, k, &n->pairs[i], depth);
	}
}

/* A map whose keys are names: its values are records, or what stands for their second member. */
static void
named(struct printer *p, const struct key *k, const struct node *n, unsigned depth)
{
	for (size_t i = 0; i < n->n && p->steps++ < BIND_STEPS; i++) {
		struct key entry = {.inside = k->inside};
		pair(p, n->pairs[i].value->kind == NODE_MAP ? &entry : &k->inside->keys[1], &n->pairs[i],
		    depth);
	}
}

static bool
is_secret(const struct key *k)
{
	return k && (k->kind == RK_SECRET || (k->flags & KEY_SECRET));
}

static void
list(struct printer *p, const struct key *k, const struct node *n, unsigned depth)
{
	buf_c(p->out, n->n ? "\n" : " []\n");
	for (size_t i = 0; i < n->n && p->steps++ < BIND_STEPS; i++) {
		indent(p, depth);
		buf_ch(p->out, '-');
		value(p, k, n->items[i], depth + 1);
	}
}

/* Behind "key:" or "-". */
static void
value(struct printer *p, const struct key *k, const struct node *n, unsigned depth)
{
	if (n->kind == NODE_SCALAR) {
		buf_ch(p->out, ' ');
		scalar(p, n, is_secret(k));
	} else if (n->kind == NODE_LIST) {
		list(p, k, n, depth);
	} else {
		size_t at = p->out->n;
		buf_ch(p->out, '\n');
		if (k && (k->flags & KEY_MAP))
			named(p, k, n, depth);
		else
			map(p, inside(p, k), n, depth);
		if (p->out->n == at + 1) {
			buf_cut(p->out, at);
			buf_c(p->out, " {}\n");
		}
	}
}

void
conf_print_alertmanager(const struct node *root, struct buf *out)
{
	struct printer p = {.out = out, .flags = KEY_OF_AM};
	map(&p, &conf_root_layout, root, 0);
}

void
conf_print_all(const struct node *root, struct buf *out)
{
	struct printer p = {.out = out};
	map(&p, &conf_root_layout, root, 0);
}
