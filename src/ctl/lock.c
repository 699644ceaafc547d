/* lock.c — a data directory for ourselves. */
#include <fcntl.h>
#include <sys/file.h>

#include "base/os.h"
#include "ctl/ctl.h"

enum rc
ctl_lock_data(const char *data, int *fd, struct err *e)
{
	struct buf path = {0};
	buf_fmt(&path, "%s/lock", data);
	*fd = os.open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum rc rc = *fd < 0 ? err_errno(e, "%s", data) : RC_OK;
	if (rc == RC_OK && flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		rc = err_set(e, RC_CONFLICT, "a tocsin runs in %s: stop it first", data);
		os.close(*fd);
	}
	buf_fini(&path);
	return rc;
}
