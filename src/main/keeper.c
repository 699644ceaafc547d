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
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/loop.h"
#include "base/must.h"
#include "base/os.h"
#include "main/house.h"

/* In the order of starting; stopped in reverse, so that the engine commits what the others still say. */
static const struct process roles[] = {
    {"engine", role_engine},
    {"voice", role_voice},
    {"runner", role_runner},
    {"core", role_core},
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

static enum rc
open_house(struct house *h, struct err *e)
{
	char run[4096];
	snprintf(run, sizeof run, "%s/run", h->data);
	enum rc rc = os_make_dirs(run, 0700, e);
	if (rc == RC_OK)
		rc = lock_data(h->data, e);
	if (rc == RC_OK)
		rc = listen_unix(h, "engine", h->engine_path, &h->engine_fd, e);
	if (rc == RC_OK)
		rc = listen_unix(h, "voice", h->voice_path, &h->voice_fd, e);
	if (rc == RC_OK)
		rc = listen_unix(h, "runner", h->runner_path, &h->runner_fd, e);
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
	os_fault_set(OS_FAULT_NONE, 0); /* what the keeper was to suffer */
	os_fault_from_environment(r->name);
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

static void
ended(struct keeper *k, int i, int status)
{
	struct child *c = &k->children[i];
	os_kill_point();
	c->pid = 0;
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
		if (s.ssi_signo == SIGUSR1) /* the core and the engine have read it already */
			reload(k);
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
		struct pollfd p = {k->signals, POLLIN, 0};
		poll(&p, 1, patience(k));
		on_signal(k);
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
	const int wanted[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		sigaddset(&k.mask, wanted[i]);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &k.mask, &k.before);
	k.signals = signalfd(-1, &k.mask, SFD_CLOEXEC | SFD_NONBLOCK);
	must(k.signals >= 0);
	metric_share();
	for (int i = 0; i < ROLES; i++)
		start(&k, i);
	watch(&k);
	os.unlink(h->engine_path);
	os.unlink(h->voice_path);
	os.unlink(h->runner_path);
	os_fault_report();
	return 0;
}
