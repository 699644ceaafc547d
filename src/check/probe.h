/*
 * probe.h — the kinds of check: each tests a service once and says what it found.
 *
 * What a kind finds has the form of a plug-in's output (wire/perfdata.h), whoever printed it.
 */
#ifndef CHECK_PROBE_H
#define CHECK_PROBE_H

#include "check/definition.h"
#include "check/pinger.h"
#include "check/state.h"
#include "net/dial.h"
#include "net/http_client.h"

struct probe_result {
	bool ran; /* false: we ourselves were not able to; it says nothing about the service */
	enum check_state state;
	struct str text;
	double seconds;
};
typedef void probe_done(void *arg, const struct probe_result *);

struct runner_door;
struct probe_doors {
	struct http_door *http;
	struct runner_door *runner;
	struct clock *clock;
	const struct dialer *dialer; /* NULL: there are no sockets here (a play); what needs them is not possible */
	struct pinger *pinger;       /* the same */
};

struct probe; /* one under way; each kind has its own */
struct check_kind {
	const char *name;
	/* NULL: not possible now.  The answer comes later, from the loop, exactly once unless cancelled. */
	struct probe *(*start)(const struct probe_doors *, struct definition *, probe_done *, void *arg);
	void (*cancel)(struct probe **);
};
extern const struct check_kind http_kind, ping_kind, plugin_kind, tcp_kind, tls_kind;
/* The built-in kind of that name, or NULL. */
const struct check_kind *native_kind(struct str name);

/* What an answer means; appends the line and its measurements.  Pure. */
enum check_state http_judge(const struct service *, const struct http_result *, msec_t now, struct buf *);

#endif
