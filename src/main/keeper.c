/*
 * keeper.c — opens the sockets, starts the roles, starts them again when they end, and nothing else.
 *
 * IDEA   A role is a fork without exec: it inherits the configuration that was checked and the sockets that are open,
 *        so it is up within a millisecond, and the sockets outlive it.
 * [K1]   One data folder is one instance: a lock on it is held as long as the keeper lives.
 * [K2]   Roles die with the keeper (PDEATHSIG); the lock goes with the last of them.
 * TRAP   A role that ends at once again and again must not eat the machine: the pause before a new start doubles, up
 *        to five seconds, and is back at nothing after a minute of good work.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/loop.h"
#include "base/must.h"
#include "base/os.h"
#include "base/suspect.h"
#include "main/house.h"
#include "main/sandbox.h"

/* In the order of starting; stopped in reverse, so that the engine commits what the others still say. */
static const struct process roles[] = {
    {"engine", role_engine, claim_engine},
    {"voice", role_voice, claim_voice},
    {"runner", role_runner},
    {"core", role_core, claim_core},
};
enum { ROLES = sizeof roles / sizeof *roles };
enum { FIRST_PAUSE = 100, LONGEST_PAUSE = 5000, GOOD_WORK = 60000, PATIENCE = 10000 };

struct child {
	pid_t pid; /* 0: not running */
	msec_t started, due;
	msec_t pause;
};

struct keeper {
	struct house *house;
	struct child children[ROLES];
	sigset_t mask, before;
	int signals;
	bool stopping;
	msec_t stop_since;
};

static msec_t
now(void)
{
	return clock_mono(clock_real()) / 1000000;
}

/* ---- opening ---- */

static enum rc
lock_data(const char *data, struct err *e)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/lock", data);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return err_set(e, RC_CONFLICT, "another tocsin runs in %s", data);
	return RC_OK; /* held until the last process of this instance has ended */
}

static enum rc
listen_unix(const struct house *h, const char *name, char path[108], int *fd, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int n = snprintf(addr.sun_path, sizeof addr.sun_path, "%s/run/%s.sock", h->data, name);
	if (n >= (int)sizeof addr.sun_path)
		return err_set(e, RC_INVALID, "the path of the data folder is too long for a socket: %s", h->data);
	memcpy(path, addr.sun_path, sizeof addr.sun_path);
	os.unlink(path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(*fd, 64) != 0)
		return err_errno(e, "%s", path);
	return RC_OK;
}

/* Not one with another name: whoever may write in the folder must not be able to make us give away a file elsewhere. */
static void
give_entry(const FTSENT *f, const struct house_user *u)
{
	bool elsewhere = f->fts_info == FTS_F && f->fts_statp->st_nlink > 1;
	bool known = f->fts_info == FTS_D || f->fts_info == FTS_F || f->fts_info == FTS_DEFAULT;
	if (known && !elsewhere && f->fts_statp->st_uid != u->uid && lchown(f->fts_accpath, u->uid, u->gid) != 0)
		log_warn("main", "%s cannot be given to %s: %s", f->fts_path, u->name, strerror(errno));
}

/* All that is in the data folder belongs to whom the roles become. */
static void
give_data(const struct house *h)
{
	char *const top[] = {(char *)h->data, NULL};
	FTS *walk = h->user.change ? fts_open(top, FTS_PHYSICAL | FTS_XDEV, NULL) : NULL;
	FTSENT *f;
	while (walk && (f = fts_read(walk)))
		give_entry(f, &h->user);
	if (walk)
		fts_close(walk);
}

/* Another program is another build, also where it has the same version. */
static enum rc
share_suspects(const struct house *h, struct err *e)
{
	struct stat self = {0};
	char path[4096], build[32];
	(void)stat("/proc/self/exe", &self);
	snprintf(path, sizeof path, "%s/suspects", h->data);
	snprintf(build, sizeof build, "%s %lld %llx", TOCSIN_VERSION, (long long)self.st_size, (unsigned long long)self.st_mtime);
	return suspect_share(path, build, e);
}

static enum rc
find_user(struct house *h, struct err *e)
{
	struct str name = h->conf->root->server.user;
	char text[64];
	if (!name.n)
		return RC_OK;
	snprintf(text, sizeof text, "%.*s", STR_ARG(name));
	const struct passwd *p = getpwnam(text);
	if (!p)
		return err_set(e, RC_INVALID, "server.user: there is no user \"%s\" on this machine", text);
	if (p->pw_uid == geteuid())
		return RC_OK;
	if (geteuid() != 0)
		return err_set(e, RC_DENIED, "server.user: only root can become \"%s\"", text);
	h->user = (struct house_user){true, mem_dup(text, strlen(text)), p->pw_uid, p->pw_gid};
	return RC_OK;
}

static enum rc
open_house(struct house *h, struct err *e)
{
	char run[4096];
	snprintf(run, sizeof run, "%s/run", h->data);
	enum rc rc = find_user(h, e);
	if (rc == RC_OK)
		rc = os_make_dirs(run, 0700, e);
	if (rc == RC_OK)
		rc = lock_data(h->data, e);
	if (rc == RC_OK)
		rc = listen_unix(h, "engine", h->engine_path, &h->engine_fd, e);
	if (rc == RC_OK)
		rc = listen_unix(h, "voice", h->voice_path, &h->voice_fd, e);
	if (rc == RC_OK)
		rc = listen_unix(h, "runner", h->runner_path, &h->runner_fd, e);
	if (rc == RC_OK)
		rc = share_suspects(h, e);
	if (rc == RC_OK)
		give_data(h);
	return rc;
}

/* ---- children ---- */

static void
be_role(struct keeper *k, const struct process *r)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* [K2] */
	prctl(PR_SET_NAME, r->name);
	if (getppid() == 1)
		_exit(0); /* the keeper died in between */
	close(k->signals);
	sigaddset(&k->before, SIGHUP); /* held back until the role's loop listens for it */
	sigprocmask(SIG_SETMASK, &k->before, NULL);
	log_setup(r->name, LOG_INFO);
	panic_install();
	metric_role(r->name);
	suspect_role(r->name);
	os_fault_set(OS_FAULT_NONE, 0); /* what the keeper was to suffer */
	os_fault_from_environment(r->name);
	if (r->claim)
		r->claim();
	(void)sandbox_enter(k->house, r->name); /* it says itself what it got */
	int status = r->run(k->house);
	os_fault_report();
	_exit(status);
}

static void
start(struct keeper *k, int i)
{
	struct child *c = &k->children[i];
	os_kill_point();
	pid_t pid = fork();
	if (pid == 0)
		be_role(k, &roles[i]);
	must(pid > 0);
	os_kill_point();
	c->pid = pid;
	c->started = now();
	c->due = 0;
}

/* By its own fault: somebody may have killed it otherwise, or its stop was not heard. */
static bool
is_crash(int status)
{
	static const int faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == faults[i])
			return true;
	return false;
}

static void
ended(struct keeper *k, int i, int status)
{
	struct child *c = &k->children[i];
	os_kill_point();
	c->pid = 0;
	suspect_died(roles[i].name, is_crash(status), clock_wall(clock_real()));
	if (k->stopping)
		return;
	bool good = now() - c->started > GOOD_WORK;
	c->pause = good || !c->pause ? FIRST_PAUSE : c->pause * 2 < LONGEST_PAUSE ? c->pause * 2 : LONGEST_PAUSE;
	c->due = now() + (good ? 0 : c->pause);
	if (WIFSIGNALED(status))
		log_warn("main", "%s was ended by signal %d: starting it again in %d ms", roles[i].name, WTERMSIG(status), (int)c->pause);
	else
		log_warn("main", "%s ended with status %d: starting it again in %d ms", roles[i].name, WEXITSTATUS(status), (int)c->pause);
}

static void
reap(struct keeper *k)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < ROLES; i++)
			if (k->children[i].pid == pid)
				ended(k, i, status);
}

static void
signal_all(struct keeper *k, int sig)
{
	for (int i = 0; i < ROLES; i++)
		if (k->children[i].pid)
			kill(k->children[i].pid, sig);
}

/* The last one still running, or -1. */
static int
last_running(const struct keeper *k)
{
	for (int i = ROLES; i-- > 0;)
		if (k->children[i].pid)
			return i;
	return -1;
}

/* One after the other, from the last; whoever does not go within its patience is killed. */
static void
stop_next(struct keeper *k)
{
	int i = last_running(k);
	if (i < 0)
		return;
	kill(k->children[i].pid, now() - k->stop_since > PATIENCE ? SIGKILL : SIGTERM);
}

/* A role that starts again must not come back with the configuration of our youth. */
static bool
reload(struct keeper *k)
{
	struct conf *fresh = NULL;
	struct buf text = {0};
	bool good = house_load(k->house, &fresh, &text) == RC_OK;
	if (good) {
		conf_unref(&k->house->conf);
		k->house->conf = fresh;
	} else {
		log_error("main", "the old configuration stays: %s", text.p);
	}
	buf_fini(&text);
	return good;
}

static void
on_signal(struct keeper *k)
{
	struct signalfd_siginfo s;
	while (read(k->signals, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGHUP && reload(k))
			signal_all(k, SIGHUP);
		if ((s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT) && !k->stopping) {
			k->stopping = true;
			k->stop_since = now();
			stop_next(k);
		}
	}
}

static int
patience(const struct keeper *k)
{
	msec_t wait = k->stopping ? 200 : 60000;
	for (int i = 0; i < ROLES; i++) {
		const struct child *c = &k->children[i];
		if (!c->pid && c->due - now() < wait)
			wait = c->due - now();
	}
	return wait > 0 ? (int)wait : 0;
}

static void
watch(struct keeper *k)
{
	while (!k->stopping || last_running(k) >= 0) {
		struct pollfd p[] = {{k->signals, POLLIN, 0}, {k->house->reread_fd, POLLIN, 0}};
		eventfd_t asked;
		poll(p, 2, patience(k));
		on_signal(k);
		if (eventfd_read(k->house->reread_fd, &asked) == 0) /* the core and the engine have read it already */
			reload(k);
		int before = last_running(k);
		reap(k);
		for (int i = 0; i < ROLES && !k->stopping; i++)
			if (!k->children[i].pid && k->children[i].due <= now())
				start(k, i);
		if (k->stopping && (last_running(k) != before || now() - k->stop_since > PATIENCE))
			stop_next(k);
	}
}

int
keeper_run(struct house *h)
{
	struct keeper k = {.house = h};
	struct err e;
	os_fault_from_environment("keeper");
	if (open_house(h, &e) != RC_OK) {
		log_error("main", "%s", e.text);
		return 1;
	}
	sigemptyset(&k.mask);
	const int wanted[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		sigaddset(&k.mask, wanted[i]);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &k.mask, &k.before);
	k.signals = signalfd(-1, &k.mask, SFD_CLOEXEC | SFD_NONBLOCK);
	must(k.signals >= 0);
	h->reread_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(h->reread_fd >= 0);
	metric_share();
	for (int i = 0; i < ROLES; i++)
		start(&k, i);
	watch(&k);
	os.unlink(h->engine_path);
	os.unlink(h->voice_path);
	os.unlink(h->runner_path);
	mem_free((char *)h->user.name);
	os_fault_report();
	return 0;
}
