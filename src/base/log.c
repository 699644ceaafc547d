/* log.c — see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/time.h"

enum { LINE = 1400, RECENT = 16 };

static const char *role = "tocsin";
static enum log_level least = LOG_INFO;

static _Thread_local struct {
	char line[RECENT][LINE];
	unsigned next;
} recent;

void
log_setup(const char *name, enum log_level level)
{
	role = name;
	least = level;
}

/* Appends `s` as the inside of a quoted logfmt value; control characters become \xNN. */
static size_t
quote(char *out, size_t size, const char *s)
{
	size_t n = 0;
	for (; *s && n + 8 < size; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c == '\n') {
			out[n++] = '\\';
			out[n++] = 'n';
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
	return n;
}

void
log_line(enum log_level level, const char *room, const char *msg, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	if (level < least)
		return;
	char text[1024], quoted[LINE - 160], at[TIME_TEXT];
	va_list ap;
	va_start(ap, msg);
	vsnprintf(text, sizeof text, msg, ap);
	va_end(ap);
	quote(quoted, sizeof quoted, text);
	char *line = recent.line[recent.next++ % RECENT];
	int n = snprintf(line, LINE, "ts=%s level=%s role=%s room=%s msg=\"%s\"\n",
	    time_rfc3339(clock_wall(clock_real()), at), names[level], role, room, quoted);
	ssize_t written = write(STDERR_FILENO, line, (size_t)n);
	(void)written; /* nowhere left to complain */
}

void
log_recent(int fd)
{
	for (unsigned i = 0; i < RECENT; i++) {
		const char *line = recent.line[(recent.next + i) % RECENT];
		if (!*line)
			continue;
		ssize_t written = write(fd, line, strlen(line));
		(void)written;
	}
}
