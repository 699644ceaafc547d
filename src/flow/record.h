/*
 * record.h — one table per travelling type; everything that reads or writes it comes from that table.
 *
 * IDEA   A type that travels (between processes, into the ledger, through the API, out of a YAML file) is
 *        declared once, as rows with their help text:
 *
 *            #define SHIFT_KEYS(F)                                                                   \
 *                F(STR,  user,  -, KEY_REQUIRED, "",  "who is on call: the name of a user")         \
 *                F(DUR,  every, -, 0,            "1w","how long a turn lasts")                       \
 *                F(ENUM, kind,  shift_kinds, 0,  "",  "…")
 *            RECORD(shift, SHIFT_KEYS)           in the header: struct shift, shift_layout
 *            RECORD_LAYOUT(shift, SHIFT_KEYS)    in one C file
 *
 *        From the layout come: canonical bytes (the ledger's hashes are over them), JSON both ways, the YAML
 *        binder of conf/, --help, OpenAPI and the reference in docs/.  A row without help does not compile.
 *
 * The columns of F: kind, name of the member and of the key (a trailing _ is dropped in text, for C's reserved
 * words), argument (ENUM: its array of words, NULL-terminated; ONE and MANY: the record inside; else `-` is not
 * possible in C, so write 0), flags, default (as a user would write it; "" = none), help.
 *
 * Texts and lists are borrowed: they live in the arena the record was read into.
 */
#ifndef FLOW_RECORD_H
#define FLOW_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pair.h"

enum record_kind {
	RK_BOOL,
	RK_I64,
	RK_F64,
	RK_STR,
	RK_SECRET, /* a text that is never printed: "<secret>" */
	RK_ENUM,   /* int: the position in its words */
	RK_TIME,   /* msec_t since 1970; 0 = unset; RFC 3339 in text */
	RK_DUR,    /* msec_t; "5m" in text */
	RK_STRS,
	RK_PAIRS,
	RK_ONE,   /* a record inside */
	RK_MANY,  /* a list of records */
	RK_SIZE,  /* int64_t: bytes; "10MB" in text, in steps of 1024 */
	RK_MAYBE, /* a record inside that may be absent: a pointer.  Configuration only, as is RK_RAW */
	RK_RAW,   /* a piece of a configuration file as it stands */
};

enum record_flags {
	KEY_REQUIRED = 1,
	KEY_INERT = 2,  /* known and accepted, not acted on yet: a warning where it is set */
	KEY_HIDDEN = 4, /* ours alone: never in JSON for others, never read from outside */
	/* Shapes of a configuration file: */
	KEY_INLINE = 8,  /* ONE: its keys stand beside mine */
	KEY_MAP = 16,    /* MANY: a map; its keys are the first member of each record */
	KEY_BARE = 32,   /* ONE, MANY, MAYBE: a scalar or list stands for the first member (with MAP the second) */
	KEY_SECRET = 64, /* STRS: each is a secret */
	KEY_ROOM = 256,  /* from here on: flags of the room that owns the table */
};

struct layout;
struct key {
	const char *name;
	enum record_kind kind;
	unsigned flags;
	size_t at; /* offset of the member */
	const struct layout *inside;
	const char *const *words;
	const char *fallback;
	const char *help;
};
struct layout {
	const char *name;
	size_t size;
	const struct key *keys;
	size_t n;
};

#define RECORD_C_BOOL(arg) bool
#define RECORD_C_I64(arg) int64_t
#define RECORD_C_F64(arg) double
#define RECORD_C_STR(arg) struct str
#define RECORD_C_SECRET(arg) struct str
#define RECORD_C_ENUM(arg) int
#define RECORD_C_TIME(arg) msec_t
#define RECORD_C_DUR(arg) msec_t
#define RECORD_C_STRS(arg) struct strs
#define RECORD_C_PAIRS(arg) struct pairs
#define RECORD_C_ONE(arg) struct arg
#define RECORD_C_MANY(arg)                                                                                   \
	struct {                                                                                             \
		struct arg *p;                                                                               \
		size_t n;                                                                                    \
	}
#define RECORD_C_SIZE(arg) int64_t
#define RECORD_C_MAYBE(arg) struct arg *
#define RECORD_C_RAW(arg) const struct arg *
#define RECORD_MEMBER(kind, name, arg, flags, fallback, help) RECORD_C_##kind(arg) name;
#define RECORD(name, KEYS)                                                                                   \
	struct name {                                                                                        \
		KEYS(RECORD_MEMBER)                                                                          \
	};                                                                                                   \
	extern const struct layout name##_layout;

#define RECORD_X_BOOL(arg)
#define RECORD_X_I64(arg)
#define RECORD_X_F64(arg)
#define RECORD_X_STR(arg)
#define RECORD_X_SECRET(arg)
#define RECORD_X_ENUM(arg) .words = arg,
#define RECORD_X_TIME(arg)
#define RECORD_X_DUR(arg)
#define RECORD_X_STRS(arg)
#define RECORD_X_PAIRS(arg)
#define RECORD_X_ONE(arg) .inside = &arg##_layout,
#define RECORD_X_MANY(arg) .inside = &arg##_layout,
#define RECORD_X_SIZE(arg)
#define RECORD_X_MAYBE(arg) .inside = &arg##_layout,
#define RECORD_X_RAW(arg)
#define RECORD_ROW(kind_, name_, arg, flags_, fallback_, help_)                                              \
	{.name = #name_,                                                                                     \
	    .kind = RK_##kind_,                                                                              \
	    .flags = (flags_),                                                                               \
	    .at = offsetof(RECORD_SELF, name_),                                                              \
	    RECORD_X_##kind_(arg).fallback = "" fallback_,                                                   \
	    .help = "" help_},
/* #define RECORD_SELF struct name just before, #undef just after. */
#define RECORD_LAYOUT(name_, KEYS)                                                                           \
	static const struct key name_##_keys[] = {KEYS(RECORD_ROW)};                                         \
	const struct layout name_##_layout = {#name_, sizeof(struct name_), name_##_keys,                    \
	    sizeof name_##_keys / sizeof *name_##_keys};

/* A list as it lies in a record, whatever its elements are. */
struct record_list {
	void *p;
	size_t n;
};

/* The key called `name` in text, or NULL. */
const struct key *record_key(const struct layout *, struct str name);
/* A name as text shows it: without the trailing underscore. */
struct str key_text(const struct key *);

/* Sets every default; the texts are static. */
void record_defaults(const struct layout *, void *record, struct arena *);

/*
 * One scalar from text, as YAML, a query string or a default has it; the error names what was expected and, for
 * ENUM, the nearest word.
 */
CHECKED enum rc record_set(const struct key *, void *record, struct str text, struct arena *, struct err *);
/* The same value as text, for a person or for YAML.  Secrets become "<secret>". */
void record_print(const struct key *, const void *record, struct buf *);
bool record_is_set(const struct key *, const void *record); /* differs from zero / empty */

/* Canonical bytes: for each key that is set, in the order of the table: u8 length and name, u32 length and value. */
void record_encode(const struct layout *, const void *record, struct buf *);
/* The inverse; unknown names are passed over (an older or newer table wrote them). Texts are views into `bytes`. */
CHECKED enum rc record_decode(const struct layout *, void *record, struct str bytes, struct arena *, struct err *);
/* A deep copy into `a`. */
void record_copy(const struct layout *, void *to, const void *from, struct arena *a);

struct json;
struct json_writer;
/* An object with the keys that are set (all keys when `whole`). */
void record_to_json(const struct layout *, const void *record, bool whole, struct json_writer *);
/* Reads an object; unknown keys are an error with the nearest known one. Defaults first; REQUIRED is checked. */
bool record_from_json(const struct layout *, void *record, struct json *, struct arena *);

struct str pairs_get(struct pairs, const char *name); /* "" when absent */
void pairs_sort(struct pairs *);
bool pairs_eq(struct pairs, struct pairs);

#endif
