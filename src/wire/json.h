/*
 * json.h — RFC 8259, strictly: a pull reader over bytes that stay where they are, and a streaming writer.
 *
 * READER  Walks a document without building a tree:
 *
 *             struct json j;
 *             struct str key;
 *             json_init(&j, text, arena, 64);
 *             if (json_object(&j))
 *                     while (json_key(&j, &key)) {
 *                             if (str_is(key, "name")) json_str(&j, &name);
 *                             else json_skip(&j);
 *                     }
 *             if (json_end(&j, err) != RC_OK) …
 *
 *         The first error sticks: every later call answers false, and json_end says line, column and what was
 *         expected.  Strings without escapes are views into the text; others are unescaped into the arena.
 *         Refused: depth over the limit, lone surrogates, ill-formed UTF-8, control characters, duplicate
 *         commas, leading zeros, anything behind the document.
 * WRITER  Commas and quotes by itself; text that is not UTF-8 gets U+FFFD for each bad byte.  Numbers are the
 *         shortest that read back the same; a double that JSON cannot hold (NaN, Inf) is written as null.
 *
 * One thread at a time; nothing is owned.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT, JSON_BAD };

struct json {
	const char *start, *at, *end;
	const char *value; /* where the value that was read last begins: json_fail points there */
	struct arena *arena;
	unsigned depth, depth_limit;
	bool first;  /* the next element of the open array or object is its first */
	bool failed;
	struct err err;
};

void json_init(struct json *, struct str text, struct arena *, unsigned depth_limit);
enum json_type json_peek(struct json *);           /* the type of the next value; does not move */
bool json_object(struct json *);                   /* enters an object; an error when it is none */
bool json_key(struct json *, struct str *key);     /* the next key, or false at the end (which it leaves) */
bool json_array(struct json *);                    /* enters an array */
bool json_more(struct json *);                     /* is there a next element?  false leaves the array */
bool json_str(struct json *, struct str *);
bool json_f64(struct json *, double *);
bool json_i64(struct json *, int64_t *);           /* an error when it has a fraction or does not fit */
bool json_bool(struct json *, bool *);
bool json_null(struct json *);                     /* consumes a null when the next value is one; else false, no error */
bool json_skip(struct json *);                     /* any value */
bool json_raw(struct json *, struct str *text);    /* any value, as it stands */
/* Makes the reader fail at the last value with a sentence; for what is well-formed JSON but not what was wanted. */
void json_fail(struct json *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* RC_OK when the whole text was one well-formed document and was read to its end. */
CHECKED enum rc json_end(struct json *, struct err *);

struct json_writer {
	struct buf *out;
	unsigned depth;
	uint64_t wrote; /* bit per depth: something stands there already, a comma is due */
	bool after_key;
};

void jsonw_init(struct json_writer *, struct buf *out);
void jsonw_object(struct json_writer *);
void jsonw_object_end(struct json_writer *);
void jsonw_array(struct json_writer *);
void jsonw_array_end(struct json_writer *);
void jsonw_key(struct json_writer *, const char *key);
void jsonw_key_str(struct json_writer *, struct str key);
void jsonw_str(struct json_writer *, struct str);
void jsonw_c(struct json_writer *, const char *);
void jsonw_i64(struct json_writer *, int64_t);
void jsonw_f64(struct json_writer *, double);
void jsonw_bool(struct json_writer *, bool);
void jsonw_null(struct json_writer *);
void jsonw_raw(struct json_writer *, struct str json); /* a value that is JSON already */
/* A msec_t as an RFC 3339 string. */
void jsonw_time(struct json_writer *, int64_t msec);
/* A key with its value. */
void jsonw_member(struct json_writer *, const char *key, struct str value);
void jsonw_member_time(struct json_writer *, const char *key, int64_t msec);

#endif
