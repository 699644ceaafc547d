/* url.h — text inside a URL's query (RFC 3986, and application/x-www-form-urlencoded for the blank). */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include "base/buf.h"

/* Appends `s` so that it is one value of a query: letters, digits and -_.~ as they are, a blank as '+', the rest as %XX. */
void url_escape_query(struct buf *out, struct str s);
/* The same as one part of a path: a blank is %20. */
void url_escape_part(struct buf *out, struct str s);

#endif
