/* err.c — see err.h. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to e->text; a text that does not fit ends with an ellipsis. */
static void
append(struct err *e, const char *fmt, va_list ap)
{
	size_t at = strlen(e->text);
	size_t room = ERR_TEXT - at;
	int n = vsnprintf(e->text + at, room, fmt, ap);
	if (n < 0 || (size_t)n >= room)
		memcpy(e->text + ERR_TEXT - 4, "…", 4);
}

enum rc
err_set(struct err *e, enum rc rc, const char *fmt, ...)
{
	if (!e)
		return rc;
	e->rc = rc;
	e->wait = 0;
	e->text[0] = '\0';
	va_list ap;
	va_start(ap, fmt);
	append(e, fmt, ap);
	va_end(ap);
	return rc;
}

static void
append_c(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	append(e, fmt, ap);
	va_end(ap);
}

enum rc
err_add(struct err *e, const char *fmt, ...)
{
	if (!e)
		return RC_IO;
	append_c(e, "%s", "; ");
	va_list ap;
	va_start(ap, fmt);
	append(e, fmt, ap);
	va_end(ap);
	return e->rc;
}

enum rc
err_errno(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	enum rc rc = saved == ENOENT ? RC_ABSENT : saved == ETIMEDOUT ? RC_TIMEOUT : RC_IO;
	if (!e)
		return rc;
	e->rc = rc;
	e->text[0] = '\0';
	va_list ap;
	va_start(ap, fmt);
	append(e, fmt, ap);
	va_end(ap);
	append_c(e, ": %s", strerror(saved));
	errno = saved;
	return rc;
}

const char *
rc_name(enum rc rc)
{
	static const char *const names[] = {
	    [RC_OK] = "ok",
	    [RC_ABSENT] = "not_found",
	    [RC_INVALID] = "invalid",
	    [RC_DENIED] = "denied",
	    [RC_CONFLICT] = "conflict",
	    [RC_REFUSED] = "refused",
	    [RC_TIMEOUT] = "timeout",
	    [RC_CANCELLED] = "cancelled",
	    [RC_IO] = "failed",
	};
	return names[rc];
}
