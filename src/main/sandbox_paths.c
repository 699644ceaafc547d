/*
 * sandbox_paths.c — where a process may write, and what it may not read, held by Landlock.
 *
 * IDEA   Reading stays free for who reads the configuration: a reload may name any file, rule, secret or certificate.
 *        Writing is for the data folder alone.  Who has no business in the data folder cannot even read it: the phone's
 *        process speaks with strangers, and the ledger has everybody's secrets.
 * TRAP   Landlock knows no "all but": the rights are given for every neighbour on the way down to the data folder.
 *        What appears beside them later is not readable for that process.
 * TRAP   Its rights have grown with its versions: only those that the kernel knows may be asked for.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "main/sandbox.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING_1                                                                                            \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |    \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |       \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |    \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)
/* What a file that is no folder can be given. */
#define OF_FILES                                                                                             \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |        \
	    LANDLOCK_ACCESS_FS_EXECUTE)

struct rules {
	int fd;
	uint64_t writing, handled;
};

static void
give(const struct rules *r, const char *path, uint64_t rights)
{
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return; /* nobody can have rights where nothing is */
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rights &= OF_FILES;
	struct landlock_path_beneath_attr rule = {.allowed_access = rights & r->handled, .parent_fd = fd};
	if (rule.allowed_access)
		(void)syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &rule,
		    0); /* not given is refused later */
	close(fd);
}

/* Everything in `folder` but the one. */
static void
give_neighbours(const struct rules *r, const char *folder, const char *but, size_t but_n, uint64_t rights)
{
	char path[PATH_MAX];
	DIR *d = opendir(folder);
	struct dirent *entry;
	while (d && (entry = readdir(d))) {
		bool same = strlen(entry->d_name) == but_n && memcmp(entry->d_name, but, but_n) == 0;
		/* a link might lead around; where it leads has its own name */
		if (same || entry->d_type == DT_LNK || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < sizeof path)
			give(r, path, rights);
	}
	if (d)
		closedir(d);
}

static void
give_all_but(const struct rules *r, const char *path, uint64_t rights)
{
	char folder[PATH_MAX] = "/";
	for (const char *at = path + 1; *at;) {
		size_t n = strcspn(at, "/");
		give_neighbours(r, folder, at, n, rights);
		snprintf(folder, sizeof folder, "%.*s", (int)(at + n - path), path);
		at += n + (at[n] == '/');
	}
}

static void
give_folder_of(const struct rules *r, struct str file)
{
	char path[PATH_MAX];
	if (!file.n || file.n + 2 >= sizeof path)
		return;
	snprintf(path, sizeof path, "%s%.*s", str_chr(file, '/') < 0 ? "./" : "", STR_ARG(file));
	char *slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	give(r, path, r->writing);
}

/* Rights hold for all that is in a folder: one that the data folder lies in cannot be given. */
static bool
holds(const char *folder, const char *path)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

static bool
begin(struct rules *r, const struct keeps *k)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return false;
	r->writing = WRITING_1 | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
		     (version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
	r->handled = r->writing | (k->programs ? 0 : LANDLOCK_ACCESS_FS_EXECUTE) | (k->data ? 0 : READING);
	struct landlock_ruleset_attr attr = {.handled_access_fs = r->handled};
	r->fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	return r->fd >= 0;
}

bool
sandbox_paths(const struct keeps *k, const struct house *h)
{
	struct rules r;
	if (!begin(&r, k))
		return false;
	if (k->data) {
		give(&r, h->data, r.writing);
		give_folder_of(&r, h->conf->root->ledger.head_export);
		give_folder_of(&r, h->conf->root->global.prom.query_log_file);
	} else {
		give_all_but(&r, h->data, READING);
	}
	/* where a test's fault is taken away when it has happened: base/os.h */
	if (getenv("TOCSIN_FAULT_ONCE"))
		give_folder_of(&r, str_c(getenv("TOCSIN_FAULT_ONCE")));
	for (size_t i = 0; i < sizeof k->writes / sizeof *k->writes && k->writes[i]; i++)
		if (!holds(k->writes[i], h->data))
			give(&r, k->writes[i], r.writing | READING);
	bool held = syscall(SYS_landlock_restrict_self, r.fd, 0) == 0;
	close(r.fd);
	return held;
}
