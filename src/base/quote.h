/*
 * quote.h — quoted text as Go and PromQL write it.
 *
 * "…" and '…' know \a \b \f \n \r \t \v \\ \' \" \ooo \xhh \uhhhh \Uhhhhhhhh; `…` knows nothing.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * The length of the literal that `s` begins with, quotes included; 0 when it does not begin with a quote or does not
 * end (a line feed ends none but `…`).
 */
size_t quote_span(struct str s);
/* What the literal (quotes included) says; a view where it holds no escape, else in the arena.  False: a bad escape. */
bool quote_parse(struct str literal, struct arena *, struct str *out);
/* Text as a "…" literal; what is not UTF-8 becomes \xhh. */
void quote_add(struct buf *, struct str);

#endif
