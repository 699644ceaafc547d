/*
 * err.h — the world failed.
 *
 * A function that can fail through no fault of ours returns `enum rc` and fills its
 * last argument, a `struct err`, with one sentence that a person can act on.  On
 * the way up context is added: "no '=' in matcher "job~x"; in silence "weekend"".
 * "Asked, and not there" is RC_ABSENT or NULL, without text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum rc {
	RC_OK = 0,
	RC_ABSENT,    /* asked, and not there */
	RC_INVALID,   /* what came in is wrong: it will be wrong next time too (HTTP 400) */
	RC_DENIED,    /* who asked may not (403) */
	RC_CONFLICT,  /* somebody was faster, or it stands otherwise (409) */
	RC_REFUSED,   /* over a limit or budget: later, or less (429, 503) */
	RC_TIMEOUT,   /* it took too long (504) */
	RC_CANCELLED, /* who asked has gone */
	RC_IO,        /* disk, network or a peer failed (500) */
};

enum { ERR_TEXT = 1024 };

struct err {
	enum rc rc;
	unsigned wait; /* of RC_REFUSED: seconds after which it is worth coming again; 0: it is not known */
	char text[ERR_TEXT]; /* NUL-terminated; cut, with "…", where it grew too long */
};

#define CHECKED __attribute__((warn_unused_result))

/* Fills `e` (which may be NULL) and returns `rc`, so that `return err_set(e, …)` is one line. */
enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds "; " and the context to what stands there; returns e->rc (RC_IO when `e` is NULL). */
enum rc err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, ending with ": " and the words for errno. */
enum rc err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "invalid", "denied" …: one word for logs and JSON. */
const char *rc_name(enum rc);

#endif
