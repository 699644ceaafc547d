/* record_json.c — records as JSON objects; see record.h. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "flow/record.h"
#include "wire/json.h"

static void
value_to_json(const struct key *k, const void *record, bool whole, struct json_writer *w)
{
	const void *m = (const char *)record + k->at;
	struct buf text = {0};
	switch (k->kind) {
	case RK_BOOL:
		jsonw_bool(w, *(const bool *)m);
		return;
	case RK_I64:
		jsonw_i64(w, *(const int64_t *)m);
		return;
	case RK_F64:
		jsonw_f64(w, *(const double *)m);
		return;
	case RK_STR:
		jsonw_str(w, *(const struct str *)m);
		return;
	case RK_TIME:
		if (*(const msec_t *)m == 0)
			jsonw_null(w);
		else
			jsonw_time(w, *(const msec_t *)m);
		return;
	case RK_SECRET:
	case RK_ENUM:
	case RK_DUR:
	case RK_SIZE:
		record_print(k, record, &text);
		jsonw_str(w, buf_view(&text));
		buf_fini(&text);
		return;
	case RK_STRS: {
		const struct strs *s = m;
		jsonw_array(w);
		for (size_t i = 0; i < s->n; i++)
			jsonw_str(w, s->p[i]);
		jsonw_array_end(w);
		return;
	}
	case RK_PAIRS: {
		const struct pairs *s = m;
		jsonw_object(w);
		for (size_t i = 0; i < s->n; i++) {
			jsonw_key_str(w, s->p[i].name);
			jsonw_str(w, s->p[i].value);
		}
		jsonw_object_end(w);
		return;
	}
	case RK_ONE:
		record_to_json(k->inside, m, whole, w);
		return;
	case RK_MANY: {
		const struct record_list *s = m;
		jsonw_array(w);
		for (size_t i = 0; i < s->n; i++)
			record_to_json(k->inside, (const char *)s->p + i * k->inside->size, whole, w);
		jsonw_array_end(w);
		return;
	}
	case RK_MAYBE:
	case RK_RAW:
		panic("a piece of configuration does not travel");
	}
	panic("unknown kind of key");
}

void
record_to_json(const struct layout *l, const void *record, bool whole, struct json_writer *w)
{
	jsonw_object(w);
	for (size_t i = 0; i < l->n; i++) {
		const struct key *k = &l->keys[i];
		if (k->flags & KEY_HIDDEN || (!whole && !record_is_set(k, record)))
			continue;
		jsonw_key_str(w, key_text(k));
		value_to_json(k, record, whole, w);
	}
	jsonw_object_end(w);
}

/* ---- and back ---- */

static bool
strs_from_json(struct strs *out, struct json *j, struct arena *a)
{
	VEC(struct str) v = {0};
	struct str s;
	if (json_array(j))
		while (json_more(j) && json_str(j, &s))
			*vec_add(&v) = arena_str(a, s);
	out->n = v.n;
	out->p = arena_array(a, struct str, v.n);
	if (v.n)
		memcpy(out->p, v.p, v.n * sizeof *v.p);
	vec_fini(&v);
	return !j->failed;
}

static bool
pairs_from_json(struct pairs *out, struct json *j, struct arena *a)
{
	VEC(struct pair) v = {0};
	struct str name, value;
	if (json_object(j))
		while (json_key(j, &name) && json_str(j, &value))
			*vec_add(&v) = (struct pair){arena_str(a, name), arena_str(a, value)};
	out->n = v.n;
	out->p = arena_array(a, struct pair, v.n);
	if (v.n)
		memcpy(out->p, v.p, v.n * sizeof *v.p);
	vec_fini(&v);
	pairs_sort(out);
	for (size_t i = 1; i < out->n; i++)
		if (str_eq(out->p[i].name, out->p[i - 1].name))
			json_fail(j, "\"%.*s\" stands there twice", STR_ARG(out->p[i].name));
	return !j->failed;
}

static bool
many_from_json(const struct key *k, struct record_list *out, struct json *j, struct arena *a)
{
	struct buf all = {0};
	out->n = 0;
	if (json_array(j)) {
		while (json_more(j)) {
			char *at = buf_room(&all, k->inside->size);
			memset(at, 0, k->inside->size);
			buf_grew(&all, k->inside->size);
			if (!record_from_json(k->inside, all.p + out->n * k->inside->size, j, a))
				break;
			out->n++;
		}
	}
	out->p = arena_alloc(a, out->n * k->inside->size);
	if (out->n)
		memcpy(out->p, all.p, out->n * k->inside->size);
	buf_fini(&all);
	return !j->failed;
}

static bool
scalar_from_json(const struct key *k, void *record, struct json *j, struct arena *a)
{
	struct str text;
	struct err e;
	bool quoted = json_peek(j) == JSON_STRING;
	if (!(quoted ? json_str(j, &text) : json_raw(j, &text)))
		return false;
	bool wants_quotes = k->kind != RK_BOOL && k->kind != RK_I64 && k->kind != RK_F64;
	if (wants_quotes != quoted)
		json_fail(j, "%s must %sbe a text", k->name, wants_quotes ? "" : "not ");
	else if (record_set(k, record, text, a, &e) != RC_OK)
		json_fail(j, "%s: %s", k->name, e.text);
	return !j->failed;
}

static bool
value_from_json(const struct key *k, void *record, struct json *j, struct arena *a)
{
	void *m = (char *)record + k->at;
	if (json_null(j))
		return true; /* as if it were not there */
	switch (k->kind) {
	case RK_STRS:
		return strs_from_json(m, j, a);
	case RK_PAIRS:
		return pairs_from_json(m, j, a);
	case RK_ONE:
		return record_from_json(k->inside, m, j, a);
	case RK_MANY:
		return many_from_json(k, m, j, a);
	default:
		return scalar_from_json(k, record, j, a);
	}
}

static void
unknown_key(const struct layout *l, struct json *j, struct str name)
{
	const char *words[256];
	size_t n = 0;
	for (size_t i = 0; i < l->n && n < 256; i++)
		if (!(l->keys[i].flags & KEY_HIDDEN))
			words[n++] = l->keys[i].name;
	const char *near = str_nearest(name, words, n);
	if (near)
		json_fail(j, "a %s has no \"%.*s\"; did you mean \"%s\"?", l->name, STR_ARG(str_to(name, 60)), near);
	else
		json_fail(j, "a %s has no \"%.*s\"", l->name, STR_ARG(str_to(name, 60)));
}

bool
record_from_json(const struct layout *l, void *record, struct json *j, struct arena *a)
{
	struct str name;
	bool *seen = arena_array(a, bool, l->n);
	memset(record, 0, l->size);
	record_defaults(l, record, a);
	if (!json_object(j))
		return false;
	while (json_key(j, &name)) {
		const struct key *k = record_key(l, name);
		if (!k || k->flags & KEY_HIDDEN) {
			unknown_key(l, j, name);
		} else {
			value_from_json(k, record, j, a);
			seen[k - l->keys] = true;
		}
	}
	for (size_t i = 0; i < l->n && !j->failed; i++)
		if (l->keys[i].flags & KEY_REQUIRED && !seen[i])
			json_fail(j, "a %s needs \"%.*s\": %s", l->name, STR_ARG(key_text(&l->keys[i])), l->keys[i].help);
	return !j->failed;
}
