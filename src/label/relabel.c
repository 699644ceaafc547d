/* relabel.c — see relabel.h. */
#include "label/relabel.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/must.h"

const char *const relabel_actions[] = {"replace", "keep", "drop", "keepequal", "dropequal", "hashmod",
    "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase", NULL};

struct rule {
	struct relabel_spec spec; /* texts in the arena of the rules */
	struct regex *regex;
	bool plain; /* regex (.*), and neither target nor replacement refer to it */
	bool (*apply)(const struct rule *, struct str value, struct label_builder *, struct arena *);
};

struct relabel {
	VEC(struct rule) rules;
	struct arena *arena;
};

#define ANYTHING "(.*)"
#define FIRST_GROUP "$1"

void
relabel_spec_init(struct relabel_spec *s)
{
	*s = (struct relabel_spec){
	    .action = RELABEL_REPLACE,
	    .separator = STR(";"),
	    .regex = STR(ANYTHING),
	    .replacement = STR(FIRST_GROUP),
	};
}

/* ---- the actions: false drops the set ---- */

static struct str
expand(const struct rule *r, const struct regex_match *m, struct str how, struct arena *a)
{
	if (str_chr(how, '$') < 0)
		return how;
	struct buf b = {0};
	regex_expand(r->regex, m, how, &b);
	struct str out = arena_str(a, buf_view(&b));
	buf_fini(&b);
	return out;
}

static bool
replace(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	struct regex_match m;
	if (r->plain) {
		label_builder_set(b, r->spec.target_label, r->spec.replacement);
		return true;
	}
	if (!regex_match_whole(r->regex, value, &m))
		return true;
	struct str target = expand(r, &m, r->spec.target_label, a);
	if (label_name_is_valid(target))
		label_builder_set(b, target, expand(r, &m, r->spec.replacement, a));
	return true;
}

static bool
keep(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return regex_matches(r->regex, value);
}

static bool
drop(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return !regex_matches(r->regex, value);
}

static bool
keepequal(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return str_eq(label_builder_get(b, r->spec.target_label), value);
}

static bool
dropequal(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return !keepequal(r, value, b, a);
}

/* The last eight bytes of the MD5, big-endian, modulo. */
static bool
hashmod(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	uint64_t v = 0;
	int ok = EVP_Digest(value.p, value.n, md, NULL, EVP_md5(), NULL);
	must(ok == 1);
	for (int i = 8; i < 16; i++)
		v = v << 8 | md[i];
	struct str text = arena_fmt(a, "%llu", (unsigned long long)(v % (uint64_t)r->spec.modulus));
	label_builder_set(b, r->spec.target_label, text);
	return true;
}

/* A copy of what stands there, since the loop below changes the builder. */
static struct pairs
snapshot(const struct label_builder *b, struct arena *a)
{
	struct pairs ps = {.p = arena_array(a, struct pair, b->set.n + 1), .n = b->set.n};
	if (ps.n)
		memcpy(ps.p, b->set.p, ps.n * sizeof *ps.p);
	return ps;
}

static bool
labelmap(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	struct pairs ps = snapshot(b, a);
	struct regex_match m;
	for (size_t i = 0; i < ps.n; i++)
		if (regex_match_whole(r->regex, ps.p[i].name, &m))
			label_builder_set(b, expand(r, &m, r->spec.replacement, a), ps.p[i].value);
	return true;
}

static bool
remove_names(const struct rule *r, bool matching, struct label_builder *b, struct arena *a)
{
	struct pairs ps = snapshot(b, a);
	for (size_t i = 0; i < ps.n; i++)
		if (regex_matches(r->regex, ps.p[i].name) == matching)
			label_builder_del(b, ps.p[i].name);
	return true;
}

static bool
labeldrop(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return remove_names(r, true, b, a);
}

static bool
labelkeep(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return remove_names(r, false, b, a);
}

/* ASCII letters only; what Go does to other scripts needs its tables. */
static bool
change_case(const struct rule *r, struct str value, char first, struct label_builder *b, struct arena *a)
{
	char *p = arena_cstr(a, value);
	for (size_t i = 0; i < value.n; i++)
		if (p[i] >= first && p[i] <= first + 25)
			p[i] ^= 0x20;
	label_builder_set(b, r->spec.target_label, str_n(p, value.n));
	return true;
}

static bool
lowercase(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return change_case(r, value, 'A', b, a);
}

static bool
uppercase(const struct rule *r, struct str value, struct label_builder *b, struct arena *a)
{
	return change_case(r, value, 'a', b, a);
}

/* What an action wants of its rule. */
static const struct {
	bool (*apply)(const struct rule *, struct str, struct label_builder *, struct arena *);
	bool target;          /* target_label is needed */
	bool only_target;     /* source_labels and target_label, nothing else */
	bool only_regex;      /* regex, nothing else */
	bool own_replacement; /* a replacement may be set */
} actions[] = {
    [RELABEL_REPLACE] = {replace, .target = true, .own_replacement = true},
    [RELABEL_KEEP] = {keep, .own_replacement = true},
    [RELABEL_DROP] = {drop, .own_replacement = true},
    [RELABEL_KEEPEQUAL] = {keepequal, .target = true, .only_target = true},
    [RELABEL_DROPEQUAL] = {dropequal, .target = true, .only_target = true},
    [RELABEL_HASHMOD] = {hashmod, .target = true, .own_replacement = true},
    [RELABEL_LABELMAP] = {labelmap, .own_replacement = true},
    [RELABEL_LABELDROP] = {labeldrop, .only_regex = true},
    [RELABEL_LABELKEEP] = {labelkeep, .only_regex = true},
    [RELABEL_LOWERCASE] = {lowercase, .target = true},
    [RELABEL_UPPERCASE] = {uppercase, .target = true},
};

/* ---- rules ---- */

static enum rc
check(const struct relabel_spec *s, struct err *e)
{
	const char *action = relabel_actions[s->action];
	bool target_refers = s->action == RELABEL_REPLACE && str_chr(s->target_label, '$') >= 0;
	bool touched = !str_is(s->separator, ";") || s->modulus || !str_is(s->replacement, FIRST_GROUP);
	if (s->action == RELABEL_HASHMOD && s->modulus <= 0)
		return err_set(e, RC_INVALID, "the relabel action hashmod needs a modulus above 0");
	if (actions[s->action].target && s->target_label.n == 0)
		return err_set(e, RC_INVALID, "the relabel action %s needs a target_label", action);
	if (actions[s->action].target && !target_refers && !label_name_is_valid(s->target_label))
		return err_set(
		    e, RC_INVALID, "\"%.*s\" is no target_label for %s", STR_ARG(s->target_label), action);
	if (s->action == RELABEL_LABELMAP && s->replacement.n == 0)
		return err_set(e, RC_INVALID, "the relabel action labelmap needs a replacement");
	if (!actions[s->action].own_replacement && !str_is(s->replacement, FIRST_GROUP))
		return err_set(
		    e, RC_INVALID, "a replacement cannot be set for the relabel action %s", action);
	if (actions[s->action].only_target && (touched || !str_is(s->regex, ANYTHING)))
		return err_set(
		    e, RC_INVALID, "the relabel action %s takes source_labels and target_label only", action);
	if (actions[s->action].only_regex && (touched || s->source_labels.n || s->target_label.n))
		return err_set(e, RC_INVALID, "the relabel action %s takes regex only", action);
	return RC_OK;
}

struct relabel *
relabel_create(void)
{
	struct relabel *r = mem_new(struct relabel);
	r->arena = arena_create();
	return r;
}

void
relabel_destroy(struct relabel **pr)
{
	if (!*pr)
		return;
	for (size_t i = 0; i < (*pr)->rules.n; i++)
		regex_destroy(&(*pr)->rules.p[i].regex);
	vec_fini(&(*pr)->rules);
	arena_destroy(&(*pr)->arena);
	mem_free(*pr);
	*pr = NULL;
}

enum rc
relabel_add(struct relabel *rs, const struct relabel_spec *s, struct err *e)
{
	struct rule r = {.spec = *s, .apply = actions[s->action].apply};
	if (check(s, e) != RC_OK || regex_create(s->regex, REGEX_PLACES, &r.regex, e) != RC_OK)
		return RC_INVALID;
	r.spec.separator = arena_str(rs->arena, s->separator);
	r.spec.regex = arena_str(rs->arena, s->regex);
	r.spec.target_label = arena_str(rs->arena, s->target_label);
	r.spec.replacement = arena_str(rs->arena, s->replacement);
	r.spec.source_labels.p = arena_array(rs->arena, struct str, s->source_labels.n + 1);
	for (size_t i = 0; i < s->source_labels.n; i++)
		r.spec.source_labels.p[i] = arena_str(rs->arena, s->source_labels.p[i]);
	r.plain = str_is(s->regex, ANYTHING) && str_chr(s->target_label, '$') < 0 &&
		  str_chr(s->replacement, '$') < 0;
	*vec_add(&rs->rules) = r;
	return RC_OK;
}

size_t
relabel_count(const struct relabel *rs)
{
	return rs->rules.n;
}

static struct str
source_value(const struct rule *r, const struct label_builder *b, struct arena *a)
{
	const struct strs *names = &r->spec.source_labels;
	if (names->n == 0)
		return STR("");
	if (names->n == 1)
		return label_builder_get(b, names->p[0]);
	struct buf joined = {0};
	for (size_t i = 0; i < names->n; i++) {
		if (i)
			buf_str(&joined, r->spec.separator);
		buf_str(&joined, label_builder_get(b, names->p[i]));
	}
	struct str out = arena_str(a, buf_view(&joined));
	buf_fini(&joined);
	return out;
}

bool
relabel_apply(const struct relabel *rs, struct label_builder *b, struct arena *a)
{
	for (size_t i = 0; i < rs->rules.n; i++) {
		const struct rule *r = &rs->rules.p[i];
		if (!r->apply(r, source_value(r, b, a), b, a))
			return false;
	}
	return true;
}
