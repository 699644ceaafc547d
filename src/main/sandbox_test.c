/* sandbox_test.c — what a role cannot do any more, tried by a process that entered its sandbox. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "main/sandbox.h"

static char folder[] = "/tmp/tocsin-sandbox-XXXXXX", data[64], beside[64], ledger[80];

static struct house
make_house(void)
{
	static struct report report;
	struct house h = {.data = data};
	ck_assert(mkdtemp(folder));
	snprintf(data, sizeof data, "%s/data", folder);
	snprintf(beside, sizeof beside, "%s/beside", folder);
	snprintf(ledger, sizeof ledger, "%s/ledger.db", data);
	ck_assert(mkdir(data, 0700) == 0);
	report_init(&report);
	ck_assert_int_eq(conf_load(NULL, house_judges(), &h.conf, &report), RC_OK);
	log_setup("test", LOG_ERROR + 1);
	return h;
}

/* Can this file be made, and read again?  0, or the error. */
static int
try_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	int e = fd < 0 ? errno : 0;
	close(fd);
	return e;
}

static void *
be_thread(void *arg)
{
	*(bool *)arg = true;
	return NULL;
}

/* The number of the first thing that was not as it must be; 0: all was. */
typedef int trial(unsigned got);

static int
inside(const char *role, trial *fn)
{
	struct house h = make_house();
	int status, fd = open(data, O_RDONLY | O_DIRECTORY);
	pid_t pid = fork();
	if (pid == 0)
		_exit(fn(sandbox_enter(&h, role)));
	ck_assert(waitpid(pid, &status, 0) == pid);
	unlinkat(fd, "ledger.db", 0);
	close(fd);
	unlink(beside);
	rmdir(data);
	rmdir(folder);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static int
try_engine(unsigned got)
{
	char program[] = "true", *const argv[] = {program, NULL};
	bool ran = false;
	pthread_t t;
	if (try_file(ledger) != 0)
		return 1;
	if ((got & SANDBOX_PATHS) && try_file(beside) != EACCES)
		return 2;
	if (pthread_create(&t, NULL, be_thread, &ran) != 0 || pthread_join(t, NULL) != 0 || !ran)
		return 3;
	if (open("/etc/passwd", O_RDONLY) < 0)
		return 4;
	if (!(got & SANDBOX_CALLS))
		return 0;
	if (fork() != -1 || errno != EPERM)
		return 5;
	if (execv("/bin/true", argv) != -1 || errno != EPERM)
		return 6;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != -1 || errno != EPERM)
		return 7;
	return setuid(getuid()) != -1 || errno != EPERM ? 8 : 0;
}

static int
try_core(unsigned got)
{
	cap_t caps = cap_get_proc(), none = cap_init();
	/* another user's folder would be the one reason for a capability; this one is ours */
	return cap_compare(caps, none) != 0 ? 20 : try_engine(got);
}

/* Speech is a program, which inherits what was taken away and runs nevertheless. */
static int
try_voice(unsigned got)
{
	int status = 0;
	if ((got & SANDBOX_PATHS) && (try_file(ledger) != EACCES || open(data, O_RDONLY | O_DIRECTORY) >= 0))
		return 1;
	pid_t pid = fork();
	if (pid < 0)
		return 2;
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c",
		    "echo spoken > /dev/null && mount -t tmpfs none /mnt 2>/dev/null; [ $? != 0 ]", NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 3;
}

/* Becomes another user, whose program may use what is setuid; nothing else is left of root. */
static int
try_runner(unsigned got)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t admin = CAP_SET, setuid_too = CAP_SET;
	cap_get_flag(caps, CAP_SYS_ADMIN, CAP_PERMITTED, &admin);
	cap_get_flag(caps, CAP_SETUID, CAP_EFFECTIVE, &setuid_too);
	if (admin != CAP_CLEAR)
		return 1;
	if (geteuid() == 0 && (setuid_too != CAP_SET || setresuid(65534, 65534, 65534) != 0))
		return 2;
	return 0;
}

UNIT(an_engine_starts_nothing_and_writes_only_its_data)
{
	ck_assert_int_eq(inside("engine", try_engine), 0);
}
END
UNIT(a_core_has_no_capabilities)
{
	ck_assert_int_eq(inside("core", try_core), 0);
}
END
UNIT(the_phone_cannot_see_the_ledger_and_still_speaks)
{
	ck_assert_int_eq(inside("voice", try_voice), 0);
}
END
UNIT(a_runner_only_changes_its_user)
{
	ck_assert_int_eq(inside("runner", try_runner), 0);
}
END
