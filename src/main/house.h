/*
 * house.h — what every process of one instance knows from its birth: configuration, folders, sockets.
 *
 * The keeper makes it and forks; a role inherits it as it is.
 */
#ifndef MAIN_HOUSE_H
#define MAIN_HOUSE_H

#include <sys/types.h>

#include "base/loop.h"
#include "conf/conf.h"

/* Whom the roles become that need no root. */
struct house_user {
	bool change; /* false: everybody stays who started us */
	const char *name;
	uid_t uid;
	gid_t gid;
};

struct house {
	struct conf *conf;
	const char *config_path; /* NULL: the embedded defaults */
	const char *data;        /* absolute */
	const char *instance;    /* a name of this data folder, for the ledger's lease */
	bool no_auth;
	struct house_user user;
	int reread_fd;           /* an eventfd: whoever took a new configuration tells the keeper so */
	int http_fd;             /* listening */
	int engine_fd, voice_fd, runner_fd; /* listening Unix sockets in <data>/run */
	char engine_path[108], voice_path[108], runner_path[108];
	char external_url[256];
};

/* A process of the instance. Each runs until it is told to stop and gives its exit status. */
struct process {
	const char *name;
	int (*run)(struct house *);
	void (*claim)(void); /* takes what it could not take any more once it is held (sandbox.h); may be NULL */
};
void claim_core(void);
void claim_engine(void);
void claim_voice(void);
int role_core(struct house *);
int role_engine(struct house *);
int role_runner(struct house *);
int role_voice(struct house *);

/* Where the ledger is: the configured URL, else the data folder. */
struct str house_ledger(const struct house *);

/*
 * Reads the configuration file (again): everything that is to be said of it goes into `text`.  A snapshot without an
 * external_url of its own gets the instance's.
 */
CHECKED enum rc house_load(const struct house *, struct conf **out, struct buf *text);
void house_name_url(const struct house *, struct conf *);

/* Sets what a role's loop needs: SIGTERM and SIGINT stop it.  One loop per process. */
void house_stop_on_signals(struct loop *);
/* SIGHUP, with which a role is born blocked, calls fn(arg) on the loop. */
void house_reload_on_signal(struct loop *, loop_fn *, void *arg);

/* Judges for the texts inside a configuration, from the rooms that own them. */
const struct conf_judges *house_judges(void);

/* tocsin serve: opens everything, starts the roles, keeps them running.  The exit status. */
int keeper_run(struct house *);

#endif
