/*
 * smtp.h — hands one mail to a mail server, on the loop's thread.
 *
 * Who sends holds a door; behind it stands the client, or in a play the script.
 */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include "base/loop.h"
#include "flow/record.h"

struct smtp_call; /* gone once its callback was called or it was cancelled */

enum smtp_tls {
	SMTP_TLS_REQUIRED, /* STARTTLS, or the mail is not sent */
	SMTP_TLS_OPTIONAL, /* STARTTLS where it is offered */
	SMTP_TLS_NONE,
	SMTP_TLS_IMPLICIT, /* TLS from the first byte, port 465 */
};

/* Borrowed for the call that takes it. */
struct smtp_ask {
	struct str server; /* "mail.example.org:587" */
	enum smtp_tls tls;
	struct str user, password;  /* none: no authentication */
	struct str hello;           /* our name in EHLO; "localhost" */
	struct str from;            /* the envelope's addresses, bare: "tocsin@example.org" */
	struct strs to;             /* all of them are accepted, or the mail is not sent */
	struct str message;         /* with CRLF line ends, as wire/mime.h makes it */
	struct str ca_file, ca_pem; /* who may have signed the server's certificate; neither: the system's */
	struct str cert_file, key_file;
	struct str server_name; /* that the certificate must carry; none: the server's own */
	bool insecure;
	msec_t timeout; /* 60 s */
};

struct smtp_result {
	/* RC_OK: the server has taken it.  RC_INVALID: it never will (5xx).  RC_REFUSED: not now (4xx).
	 * RC_IO, RC_TIMEOUT. */
	enum rc rc;
	const char *why;
	int code;
	struct str reply; /* the server's last line: "250 2.0.0 Ok: queued as 4B1C" */
};

typedef void smtp_done(void *arg, const struct smtp_result *);

struct smtp_door {
	struct smtp_call *(*send)(struct smtp_door *, const struct smtp_ask *, smtp_done *, void *arg);
	void (*cancel)(struct smtp_door *, struct smtp_call **);
};

struct smtp_client;

struct smtp_client *smtp_client_create(struct loop *);
void smtp_client_destroy(struct smtp_client **); /* cancels what is under way */
struct smtp_door *smtp_client_door(struct smtp_client *);

#endif
