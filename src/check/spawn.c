/*
 * spawn.c — see spawn.h.
 *
 * IDEA   vfork: the child borrows our memory until it becomes the program, so starting one costs the same however
 *        large we are.  posix_spawn can set neither limits nor users.
 * TRAP   The child of a vfork runs in our memory: it must not allocate, log, or run our signal handlers.  All signals
 *        are blocked around it and their handlers taken away before they are let in again.  Users are changed by bare
 *        system calls, since libc would tell all threads.
 */
#include "check/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

enum { NOBODY = 65534, CPU_GRACE = 2, ARGV_MAX = 128 };

static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C", home[] = "HOME=/";
static char *const clean_environment[] = {path, language, home, NULL};

struct spawn_user
spawn_user_find(void)
{
	const struct passwd *p = getpwnam("nobody");
	return (struct spawn_user){geteuid() == 0, p ? p->pw_uid : NOBODY, p ? p->pw_gid : NOBODY};
}

/* Everything that the child needs, made ready before it is born. */
struct birth {
	char *const *argv;
	const struct spawn_user *user;
	rlim_t cpu;
	int out, null;
	sigset_t none;
	volatile int trouble; /* its errno */
};

static bool
limit(int what, rlim_t n)
{
	return setrlimit(what, &(struct rlimit){n, n}) == 0;
}

static bool
limits(const struct birth *b)
{
	return limit(RLIMIT_CPU, b->cpu) && limit(RLIMIT_AS, (rlim_t)256 << 20) && limit(RLIMIT_FSIZE, (rlim_t)16 << 20) &&
	    limit(RLIMIT_NOFILE, 256) && limit(RLIMIT_NPROC, 1024) && limit(RLIMIT_CORE, 0);
}

static bool
drop_user(const struct spawn_user *u)
{
	if (!u->change)
		return true;
	return syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, u->gid, u->gid, u->gid) == 0 &&
	    syscall(SYS_setresuid, u->uid, u->uid, u->uid) == 0;
}

static bool
take_descriptors(const struct birth *b)
{
	return dup2(b->null, 0) == 0 && dup2(b->out, 1) == 1 && dup2(b->null, 2) == 2 && close_range(3, ~0u, 0) == 0;
}

_Noreturn static void
be_program(struct birth *b)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	sigaction(SIGPIPE, &plain, NULL);
	sigaction(SIGTERM, &plain, NULL);
	sigaction(SIGINT, &plain, NULL);
	if (setpgid(0, 0) == 0 && take_descriptors(b) && chdir("/") == 0 && limits(b) && drop_user(b->user)) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the user: a change of it forgets this */
		sigprocmask(SIG_SETMASK, &b->none, NULL);
		execve(b->argv[0], b->argv, clean_environment);
	}
	b->trouble = errno;
	_exit(127);
}

static pid_t
give_birth(struct birth *b)
{
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = vfork();
	if (pid == 0)
		be_program(b);
	int e = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return pid;
}

static enum rc
watch_child(pid_t pid, struct spawned *out, const struct birth *b, const char *program, struct err *e)
{
	out->pid = pid;
	out->pidfd = -1;
	if (!b->trouble)
		out->pidfd = pidfd_open(pid, 0);
	if (out->pidfd >= 0)
		return RC_OK;
	errno = b->trouble ? b->trouble : errno;
	err_errno(e, "%s cannot be run", program);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return RC_IO;
}

static enum rc
start(struct birth *b, struct spawned *out, struct err *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(e, "a pipe for %s", b->argv[0]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	b->out = ends[1];
	os_kill_point();
	pid_t pid = give_birth(b);
	os_kill_point();
	enum rc rc = pid < 0 ? err_errno(e, "a process for %s", b->argv[0]) : watch_child(pid, out, b, b->argv[0], e);
	close(ends[1]);
	if (rc == RC_OK)
		out->out = ends[0];
	else
		close(ends[0]);
	return rc;
}

enum rc
spawn(const struct run_request *q, const struct spawn_user *user, struct spawned *out, struct err *e)
{
	char *argv[ARGV_MAX + 1] = {0};
	if (q->argv.n == 0 || q->argv.n > ARGV_MAX || !str_starts(q->argv.p[0], STR("/")))
		return err_set(e, RC_INVALID, "a program by its absolute path and at most %d arguments were expected", ARGV_MAX - 1);
	struct arena *a = arena_create();
	for (size_t i = 0; i < q->argv.n; i++)
		argv[i] = arena_cstr(a, q->argv.p[i]);
	struct birth b = {.argv = argv, .user = user, .cpu = (rlim_t)(q->timeout / SECOND + CPU_GRACE)};
	sigemptyset(&b.none);
	b.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	enum rc rc = b.null < 0 ? err_errno(e, "/dev/null") : start(&b, out, e);
	if (b.null >= 0)
		close(b.null);
	arena_destroy(&a);
	return rc;
}
