/*
 * sandbox_calls.c — the system calls that are nobody's business here, refused by seccomp.
 *
 * IDEA   A list of what is refused, not of what is allowed: libraries change what they call with every release, and a
 *        daemon that dies of a new libc is no safer.  Refused is what turns a hole in one process into a hole in the
 *        machine: other programs, other processes' memory, the kernel's own doors.
 * TRAP   clone3 keeps its flags in memory, where a filter cannot look: it is "not there", and libc takes clone.
 * TRAP   Where a program of ours is to go on, a refused call is reported and fails with EPERM (SIGSYS, whose handler
 *        gives the call its answer).  A program that we start would die of SIGSYS: there it is a plain EPERM, which
 *        the kernel's own log has.
 * TRAP   adjtimex stays: it is how the state of the clock is read, and setting it takes a capability that nobody has.
 */
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"
#include "main/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
enum { FILTERED = 0 }; /* its leak check traces the process from a clone of it */
#else
enum { FILTERED = 1 };
#endif

#define N(name)                                                                                              \
	{                                                                                                    \
#name, SCMP_SYS(name)                                                                        \
	}

struct call {
	const char *name;
	int number; /* negative: not on this machine */
};

static const struct call for_nobody[] = {N(acct), N(add_key), N(bpf), N(chroot),
    N(clock_adjtime), N(clock_settime), N(delete_module), N(fanotify_init), N(finit_module), N(fsconfig),
    N(fsmount), N(fsopen), N(fspick), N(init_module), N(io_uring_enter), N(io_uring_register),
    N(io_uring_setup), N(ioperm), N(iopl), N(kcmp), N(kexec_file_load), N(kexec_load), N(keyctl), N(mount),
    N(mount_setattr), N(move_mount), N(name_to_handle_at), N(open_by_handle_at), N(open_tree),
    N(perf_event_open), N(personality), N(pidfd_getfd), N(pivot_root), N(process_madvise),
    N(process_vm_readv), N(process_vm_writev), N(ptrace), N(quotactl), N(reboot), N(request_key),
    N(sethostname), N(setdomainname), N(setns), N(settimeofday), N(swapoff), N(swapon), N(syslog), N(umount2),
    N(unshare), N(userfaultfd), N(vhangup)};

/* By who starts no programs. */
static const struct call for_programs[] = {N(clone), N(execve), N(execveat), N(fork), N(setfsgid),
    N(setfsuid), N(setgid), N(setgroups), N(setregid), N(setresgid), N(setresuid), N(setreuid), N(setuid),
    N(vfork)};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *
name_of(int number)
{
	for (size_t i = 0; i < COUNT(for_nobody); i++)
		if (for_nobody[i].number == number)
			return for_nobody[i].name;
	for (size_t i = 0; i < COUNT(for_programs); i++)
		if (for_programs[i].number == number)
			return for_programs[i].name;
	return "a call";
}

/* It comes from the call itself, so what the thread was doing is whole. */
static void
on_refused(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	int e = errno;
	log_error("main",
	    "refused by the sandbox: %s; this is a bug, or somebody is inside who should not be",
	    name_of(info->si_syscall));
	errno = e;
#if defined(__x86_64__)
	u->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	u->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#else
	(void)u;
	_exit(1);
#endif
}

static bool
refuse(scmp_filter_ctx f, uint32_t how, const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool threads = strcmp(calls[i].name, "clone") == 0;
		int rc = threads ? seccomp_rule_add(f, how, calls[i].number, 1,
				       SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0))
				 : seccomp_rule_add(f, how, calls[i].number, 0);
		if (rc != 0 && rc != -EDOM && rc != -EINVAL)
			return false;
	}
	return true;
}

static bool
fill(scmp_filter_ctx f, const struct keeps *k)
{
	uint32_t how = k->programs ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_TRAP;
	/* new privileges are dropped by who may; here it would be everybody */
	if (seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0) != 0 ||
	    (k->programs && seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1) != 0))
		return false;
	if (!refuse(f, how, for_nobody, COUNT(for_nobody)))
		return false;
	/* what is typed into the terminal that we were started from */
	if (seccomp_rule_add(
		f, how, SCMP_SYS(ioctl), 1, SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI)) != 0)
		return false;
	return k->programs || (refuse(f, how, for_programs, COUNT(for_programs)) &&
				  seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0);
}

bool
sandbox_calls(const struct keeps *k)
{
	struct sigaction sa = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
	if (!FILTERED)
		return false;
	if (!k->programs)
		sigaction(SIGSYS, &sa, NULL);
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int rc = f && fill(f, k) ? seccomp_load(f) : -ENOSYS;
	seccomp_release(f);
	if (rc != 0)
		log_info("main", "system calls cannot be filtered: %s",
		    k->gains && geteuid() != 0 ? "plug-ins may gain rights, and only root may filter those"
					       : strerror(-rc));
	return rc == 0;
}
