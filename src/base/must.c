/* must.c — the last words of a process that found itself wrong. */
#include "base/must.h"

#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/suspect.h"

static _Thread_local struct {
	const char *what;
	const unsigned char *bytes;
	size_t n;
} note;

void
panic_note(const char *what, const void *bytes, size_t n)
{
	note.what = what;
	note.bytes = bytes;
	note.n = n;
}

/* Signal-safe apart from snprintf with plain integers, which glibc keeps so. */
static void
say(const char *s, size_t n)
{
	while (n > 0) {
		ssize_t w = write(STDERR_FILENO, s, n);
		if (w <= 0)
			return;
		s += w;
		n -= (size_t)w;
	}
}

static void
say_note(void)
{
	if (!note.what)
		return;
	char line[256];
	int n = snprintf(line, sizeof line, "  while working on: %s (%zu bytes)\n  ", note.what, note.n);
	say(line, (size_t)n);
	for (size_t i = 0; i < note.n && i < 512; i++) {
		n = snprintf(line, sizeof line, "%02x", note.bytes[i]);
		say(line, (size_t)n);
	}
	say("\n", 1);
}

static void
last_words(void)
{
	suspect_guilty();
	say_note();
	log_recent(STDERR_FILENO);
	void *frames[64];
	backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
}

void
panic_at(const char *file, int line, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof text, "PANIC %s:%d: %s\n", file, line, what);
	say(text, (size_t)(n < (int)sizeof text ? n : (int)sizeof text - 1));
	last_words();
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void
on_fatal(int sig)
{
	char text[64];
	int n = snprintf(text, sizeof text, "PANIC: signal %d\n", sig);
	say(text, (size_t)n);
	last_words();
	signal(sig, SIG_DFL);
	raise(sig);
}

void
panic_install(void)
{
	void *warm[1];
	backtrace(warm, 1); /* loads the unwinder now, while memory is sane */
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], on_fatal);
}
