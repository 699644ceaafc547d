/*
 * buf.h — text that grows.  Owned by whoever declared it; `{0}` is an empty one.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdint.h>

#include "base/str.h"

struct buf {
	char *p; /* always NUL-terminated once anything was added */
	size_t n, cap;
};

void buf_fini(struct buf *);
void buf_clear(struct buf *);                 /* keeps the memory */
char *buf_room(struct buf *, size_t n);       /* n writable bytes at the end; buf_grew() says how many were used */
void buf_grew(struct buf *, size_t n);
void buf_add(struct buf *, const void *p, size_t n);
void buf_str(struct buf *, struct str);
void buf_c(struct buf *, const char *cstr);
void buf_ch(struct buf *, char);
void buf_fmt(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *, const char *fmt, va_list);
void buf_i64(struct buf *, int64_t);
/* The shortest decimal that reads back as the same double, as JSON and Go print it: 1e+21, 0.1, +Inf, NaN. */
void buf_f64(struct buf *, double);
void buf_f64_plain(struct buf *, double); /* the same digits without an exponent, however many noughts that takes */
void buf_f64_short(struct buf *, double); /* the same digits, as %g: 1e+06 and 1e-05 have exponents already */
/* "d.ddde±xx" with the fewest digits that read back the same; how many. */
int f64_sci(double, char *out, size_t size);
void buf_utf8(struct buf *, uint32_t c);       /* a code point */
void buf_cut(struct buf *, size_t n);         /* keeps the first n bytes */
void buf_drop(struct buf *, size_t n);        /* takes n bytes off the front */

static inline struct str
buf_view(const struct buf *b)
{
	return str_n(b->p ? b->p : "", b->n);
}

/* Binary: big-endian integers and length-prefixed fields (u32 length), as in the ledger and between processes. */
void buf_u8(struct buf *, uint8_t);
void buf_u32(struct buf *, uint32_t);
void buf_u64(struct buf *, uint64_t);
void buf_field(struct buf *, struct str);

#endif
