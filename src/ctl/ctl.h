/*
 * ctl.h — the command line: one row per verb.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Exit statuses, for scripts. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_UNREACHABLE = 4 };

/* What stands on the command line: words and --options, in order. */
struct args {
	char **p;
	int n;
	struct arena *arena;
	bool json;         /* --json */
	const char *url;   /* --url, TOCSIN_URL, or http://127.0.0.1:9797 */
	const char *token; /* --token or TOCSIN_TOKEN */
	const char *customer; /* --customer: the tenant of the request */
};

struct verb {
	const char *name, *usage, *help;
	int (*run)(struct args *);
};
extern const struct verb ctl_verbs[]; /* alphabetical; ended by a NULL name */

/* Takes --name VALUE (or --name=VALUE) out of the arguments; NULL when it is not there. */
const char *args_option(struct args *, const char *name);
bool args_flag(struct args *, const char *name); /* takes --name out */
/* The next word, or NULL; takes it out. */
const char *args_word(struct args *);
/* Complains about what is left over: EXIT_USAGE, else EXIT_OK. */
int args_done(struct args *, const struct verb *);

/* Runs a verb of the table, or prints help: the main program of everything but serve. */
int ctl_run(const struct verb *verbs, int argc, char **argv);

/* ---- files at rest ---- */
/* Nobody else works in the data directory until the descriptor is closed; RC_CONFLICT: a tocsin runs there. */
CHECKED enum rc ctl_lock_data(const char *data, int *fd, struct err *);

/* ---- asking the daemon ---- */
struct answer {
	int status;
	struct str body; /* in the arena */
};
/* RC_IO: nobody answered there. */
CHECKED enum rc ctl_ask(struct args *, const char *method, const char *path, const char *type, struct str body, struct answer *, struct err *);
/* The same, complaining on standard error: an exit status, EXIT_OK with the answer. */
int ctl_send(struct args *, const char *method, const char *path, const char *type, struct str body, struct answer *);
int ctl_get(struct args *, const char *path, struct answer *);
void ctl_print_raw(const struct answer *); /* --json: as the daemon says it */
/* Changes something: says so with `done`, or prints the answer (--json). */
int ctl_do(struct args *, const char *method, const char *path, struct str json, const char *done);
/* Shows a list as a table, or as the daemon says it (--json). */
struct column;
int ctl_list(struct args *, const char *path, const struct column *, const char *none);
/* The error sentence of a JSON answer, or the body itself. */
struct str ctl_error_of(struct args *, const struct answer *);

#endif
