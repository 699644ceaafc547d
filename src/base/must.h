/*
 * must.h — we are wrong.
 *
 * `must` guards our own logic, in release builds too; input from outside never
 * reaches one.  A failed `must` prints what the thread was working on
 * (`panic_note`), the last log lines of the thread and a backtrace, and aborts;
 * the keeper starts the process anew.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#include <stddef.h>

#define must(cond) ((cond) ? (void)0 : panic_at(__FILE__, __LINE__, #cond))
#define panic(why) panic_at(__FILE__, __LINE__, why)

_Noreturn void panic_at(const char *file, int line, const char *what);

/* What this thread is working on; printed when it panics.  Borrowed until replaced; NULL for nothing. */
void panic_note(const char *what, const void *bytes, size_t n);

/* Prints a backtrace on SIGSEGV, SIGBUS, SIGFPE and SIGILL too.  Once per process. */
void panic_install(void);

#endif
