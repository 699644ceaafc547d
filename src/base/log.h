/*
 * log.h — what the daemon says of itself: one logfmt line each, to standard error.
 *
 *     ts=2026-11-20T20:13:42.123Z level=info role=engine room=desk msg="ticket 12 opened" customer=acme
 *
 * From any thread.  The last lines of each thread are kept for a panic.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_setup(const char *role, enum log_level least);

/* `msg` is a printf format for the sentence.  Never a secret, never more than 1 KiB. */
void log_line(enum log_level, const char *room, const char *msg, ...) __attribute__((format(printf, 3, 4)));

#define log_debug(room, ...) log_line(LOG_DEBUG, room, __VA_ARGS__)
#define log_info(room, ...) log_line(LOG_INFO, room, __VA_ARGS__)
#define log_warn(room, ...) log_line(LOG_WARN, room, __VA_ARGS__)
#define log_error(room, ...) log_line(LOG_ERROR, room, __VA_ARGS__)

/* Writes this thread's last lines to `fd`; signal-safe. */
void log_recent(int fd);

#endif
