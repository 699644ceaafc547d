/*
 * sandbox.c — see sandbox.h.
 *
 * IDEA   One row for each role says what it keeps; everything else goes: root (where server.user names somebody), all
 *        other capabilities, the way to new privileges, system calls, and writing outside of its folders.
 * TRAP   The runner keeps the way to new privileges: ping is allowed to ping by a capability on its file, check_icmp by
 *        being setuid, and an administrator may have given `nobody` a line in sudoers.  No_new_privs would end all
 *        three.  It holds none of that itself: becoming another user and ending that user's programs is all it can.
 * TRAP   Root without DAC_OVERRIDE cannot enter the folder of another user: where data or configuration lie in one,
 *        that capability stays, and the log says so.
 */
#include "main/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"

#define CAP(name) (CAP_##name + 1)

static const struct keeps table[] = {
    {.role = "core", .data = true},
    {.role = "engine", .data = true},
    {.role = "runner",
	.programs = true,
	.gains = true,
	.root = true,
	.anywhere = true,
	.caps = {CAP(SETUID), CAP(SETGID), CAP(KILL)}},
    {.role = "voice", .programs = true, .writes = {"/tmp", "/dev"}, .caps = {CAP(NET_BIND_SERVICE)}},
};

static const struct keeps *
row_of(const char *role)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].role, role) == 0)
			return &table[i];
	panic("a role without a row");
}

/* ---- root and capabilities ---- */

/* Programs that we start could get them back as root, or from their files. */
static void
drop_bounding(void)
{
	for (int cap = 0; cap <= cap_max_bits(); cap++)
		if (prctl(PR_CAPBSET_READ, cap) == 1 && prctl(PR_CAPBSET_DROP, cap) != 0)
			return; /* not ours to drop: we are not root */
}

static void
become(const struct house_user *u)
{
	must(prctl(PR_SET_KEEPCAPS, 1) == 0);
	must(initgroups(u->name, u->gid) == 0 && setresgid(u->gid, u->gid, u->gid) == 0);
	must(setresuid(u->uid, u->uid, u->uid) == 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the user forgets it */
}

/* Those of the row, as far as we have them. */
static void
set_caps(const struct keeps *k, bool dac, bool permitted_too)
{
	cap_t have = cap_get_proc(), want = have ? cap_dup(have) : NULL;
	must(want);
	cap_clear_flag(want, CAP_EFFECTIVE);
	cap_clear_flag(want, CAP_INHERITABLE);
	if (permitted_too)
		cap_clear_flag(want, CAP_PERMITTED);
	for (size_t i = 0; i <= sizeof k->caps / sizeof *k->caps; i++) {
		bool last = i == sizeof k->caps / sizeof *k->caps;
		cap_value_t cap = last ? (dac ? CAP_DAC_OVERRIDE : -1) : k->caps[i] - 1;
		cap_flag_value_t there = CAP_CLEAR;
		if (cap < 0 || cap_get_flag(have, cap, CAP_PERMITTED, &there) != 0 || there == CAP_CLEAR)
			continue;
		cap_set_flag(want, CAP_PERMITTED, 1, &cap, CAP_SET);
		cap_set_flag(want, CAP_EFFECTIVE, 1, &cap, CAP_SET);
	}
	must(cap_set_proc(want) == 0);
	cap_free(want);
	cap_free(have);
}

/* With the capabilities in force now. */
static bool
can_enter(const struct house *h)
{
	if (faccessat(AT_FDCWD, h->data, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
		return false;
	return !h->config_path || faccessat(AT_FDCWD, h->config_path, R_OK, AT_EACCESS) == 0;
}

static void
drop_rights(const struct keeps *k, const struct house *h)
{
	bool dac = false;
	if (!k->gains)
		drop_bounding();
	if (h->user.change && !k->root)
		become(&h->user);
	set_caps(k, false, false);
	if (k->data && geteuid() == 0 && !can_enter(h)) {
		log_warn("main",
		    "%s or the configuration belongs to another user: this process keeps the right to pass "
		    "over permissions (server.user would end that)",
		    h->data);
		dac = true;
	}
	set_caps(k, dac, true);
	if (!k->gains)
		must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

/* ---- all of it ---- */

unsigned
sandbox_enter(const struct house *h, const char *role)
{
	const struct keeps *k = row_of(role);
	unsigned got = 0;
	if (!h->conf->root->server.sandbox) {
		log_warn(
		    "main", "server.sandbox is off: this process keeps all rights that it was started with");
		return 0;
	}
	/* SQLite's large sorts must not spill where we cannot write */
	if (k->data)
		setenv("SQLITE_TMPDIR", h->data, 1);
	/* with a way to new privileges only root may filter; the others filter when root is gone, and with it setuid */
	if (k->gains && sandbox_calls(k))
		got |= SANDBOX_CALLS;
	drop_rights(k, h);
	if (!k->anywhere && sandbox_paths(k, h))
		got |= SANDBOX_PATHS;
	if (!k->gains && sandbox_calls(k))
		got |= SANDBOX_CALLS;
	log_info("main", "held: uid %u, %s, %s, %s", (unsigned)geteuid(),
	    k->programs ? "may start programs" : "starts no programs",
	    got & SANDBOX_CALLS ? "system calls filtered" : "system calls not filtered",
	    k->anywhere           ? "paths as the user may"
	    : got & SANDBOX_PATHS ? "writes into its folders only"
				  : "no Landlock in this kernel: writes where its user may");
	return got;
}
