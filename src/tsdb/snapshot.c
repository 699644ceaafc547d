/*
 * snapshot.c — the store as it is, in a folder of its own.
 *
 * IDEA   Blocks never change, so a further link to each is a copy that costs nothing.  The head is written to a
 *        block first; what is then left in the log is little, and is copied as far as it went at one moment.
 */
#include "tsdb/store.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"

static enum rc
link_file(const char *from, const char *to, struct err *e)
{
	struct buf path = {0};
	buf_fmt(&path, "%s%s", to, strrchr(from, '/'));
	enum rc rc = os.link(from, path.p) == 0 ? RC_OK : err_errno(e, "cannot make %s a further link to %s", path.p, from);
	buf_fini(&path);
	return rc;
}

static enum rc
link_blocks(const struct tsdb *db, const char *to, struct err *e)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < db->blocks.n; i++) {
		const struct block *b = db->blocks.p[i];
		rc = link_file(block_path(b), to, e);
		for (size_t k = 0; rc == RC_OK && k < block_parts(b); k++)
			rc = link_file(block_part(b, k), to, e);
	}
	for (size_t i = 0; rc == RC_OK && i < db->tiers.all.n; i++)
		rc = link_file(block_path(db->tiers.all.p[i]->block), to, e);
	return rc;
}

static enum rc
fill(struct tsdb *db, const char *to, bool head, struct err *e)
{
	uint64_t segment;
	enum rc rc = head ? flush_head(db, true, &segment, e) : RC_OK;
	if (rc == RC_OK)
		rc = link_blocks(db, to, e);
	if (rc == RC_OK && db->deletions.n)
		rc = deletions_save(db, to, e);
	pthread_rwlock_rdlock(&db->lock);
	uint64_t bytes = wal_bytes(db->wal);
	pthread_rwlock_unlock(&db->lock);
	if (rc == RC_OK && head)
		rc = wal_copy(db->wal, bytes, to, e);
	return rc == RC_OK ? os_sync_dir(to, e) : rc;
}

/* What is left of a snapshot that failed. */
static void
clear(const char *dir)
{
	struct buf path = {0};
	DIR *d = opendir(dir);
	for (struct dirent *f; d && (f = readdir(d));) {
		buf_clear(&path);
		buf_fmt(&path, "%s/%s", dir, f->d_name);
		os.unlink(path.p);
	}
	if (d)
		closedir(d);
	rmdir(dir);
	buf_fini(&path);
}

static enum rc
appear(const char *from, const char *to, struct err *e)
{
	char *folder = mem_dup(to, strlen(to)), *slash = strrchr(folder, '/');
	enum rc rc = os.rename(from, to) == 0 ? RC_OK : err_errno(e, "cannot rename %s", from);
	if (slash)
		*slash = '\0';
	if (rc == RC_OK)
		rc = os_sync_dir(slash ? folder : ".", e);
	mem_free(folder);
	return rc;
}

/* A process that was killed leaves what it had begun. */
void
snapshots_clear(const char *dir)
{
	struct buf path = {0};
	buf_fmt(&path, "%s/snapshots", dir);
	size_t n = path.n;
	DIR *d = opendir(path.p);
	for (struct dirent *f; d && (f = readdir(d));) {
		if (!str_ends(str_c(f->d_name), STR(".new")))
			continue;
		buf_cut(&path, n);
		buf_fmt(&path, "/%s", f->d_name);
		log_info("tsdb", "%s is of a snapshot that was stopped and is removed", path.p);
		clear(path.p);
	}
	if (d)
		closedir(d);
	buf_fini(&path);
}

enum rc
tsdb_snapshot(struct tsdb *db, const char *to, bool head, struct err *e)
{
	struct buf fresh = {0};
	if (access(to, F_OK) == 0)
		return err_set(e, RC_CONFLICT, "%s is there already", to);
	buf_fmt(&fresh, "%s.new", to);
	clear(fresh.p);
	pthread_mutex_lock(&db->work);
	enum rc rc = os_make_dirs(fresh.p, 0750, e);
	if (rc == RC_OK)
		rc = fill(db, fresh.p, head, e);
	pthread_mutex_unlock(&db->work);
	if (rc == RC_OK)
		rc = appear(fresh.p, to, e);
	if (rc != RC_OK)
		clear(fresh.p);
	else
		log_info("tsdb", "a snapshot was made in %s", to);
	buf_fini(&fresh);
	return rc;
}
