/*
 * mime.h — writes a mail: headers, a text part, and an HTML part beside it when there is one.
 *
 * Lines end with CRLF and, in the body, stay under 78 characters; nothing that is put in can end a line or a
 * header.  Pure.
 */
#ifndef WIRE_MIME_H
#define WIRE_MIME_H

#include "base/buf.h"
#include "base/clock.h"

struct mime_address {
	struct str name; /* may be empty, any UTF-8 */
	struct str mail; /* "tocsin@example.org" */
};

struct mime_mail {
	struct mime_address from;
	struct str reply_to; /* an address; empty: none */
	const struct mime_address *to, *cc;
	size_t to_n, cc_n;
	struct str subject; /* any UTF-8 */
	msec_t date;
	struct str message_id;        /* without the angle brackets: "ticket-12.3@example.org" */
	struct str in_reply_to;       /* likewise; empty: none */
	const struct str *references; /* likewise, oldest first */
	size_t references_n;
	bool automatic;        /* Auto-Submitted: auto-generated (RFC 3834): no out-of-office comes back */
	struct str text, html; /* UTF-8; html may be empty */
};

void mime_compose(const struct mime_mail *, struct buf *out);

/* RFC 5322 date: "Fri, 20 Nov 2026 20:13:42 +0000". */
void mime_date(msec_t, struct buf *out);
/* Text for a header: as it is, or in RFC 2047 encoded words of at most 75 characters, folded. */
void mime_header_text(struct str, struct buf *out);
/* RFC 2045 6.7, with CRLF for every line feed. */
void mime_quoted_printable(struct str, struct buf *out);

#endif
