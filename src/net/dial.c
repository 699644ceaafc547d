/* dial.c — see dial.h. */
#include "net/dial.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"

struct dial {
	struct dialer by;
	struct lookup *lookup;
	struct found_addresses found;
	size_t next;
	int port, fd;
	char why[ERR_TEXT]; /* of the last address that failed */
	enum rc rc;
	dial_done *done;
	void *arg;
};

static void
conclude(struct dial *d, enum rc rc, const char *why)
{
	struct dial_result r = {rc, why, rc == RC_OK ? d->fd : -1};
	d->done(d->arg, &r);
	mem_free(d);
}

static void
fail(struct dial *d, int error)
{
	struct err e;
	errno = error;
	d->rc = err_errno(&e, "no connection");
	d->rc = error == ETIMEDOUT ? RC_TIMEOUT : RC_IO;
	memcpy(d->why, e.text, sizeof d->why);
	if (d->fd >= 0)
		os.close(d->fd);
	d->fd = -1;
}

static void try_next(struct dial *);

static void
on_connected(void *arg, int fd, unsigned events)
{
	struct dial *d = arg;
	int error = 0;
	socklen_t n = sizeof error;
	loop_unwatch(d->by.loop, fd);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (!error) {
		conclude(d, RC_OK, "");
		return;
	}
	fail(d, error);
	try_next(d);
}

/* True when something will come of it. */
static bool
try_one(struct dial *d, union net_address *a)
{
	struct err e;
	bool v6 = a->any.sa_family == AF_INET6;
	if (address_judge(d->by.policy, &a->any, &e) != RC_OK) {
		memcpy(d->why, e.text, sizeof d->why);
		d->rc = RC_DENIED;
		return false;
	}
	if (v6)
		a->v6.sin6_port = htons((uint16_t)d->port);
	else
		a->v4.sin_port = htons((uint16_t)d->port);
	d->fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd >= 0 && (connect(d->fd, &a->any, v6 ? sizeof a->v6 : sizeof a->v4) == 0 || errno == EINPROGRESS)) {
		loop_watch(d->by.loop, d->fd, LOOP_WRITE, on_connected, d, "connect");
		return true;
	}
	fail(d, errno);
	return false;
}

static void
try_next(struct dial *d)
{
	while (d->next < d->found.n)
		if (try_one(d, &d->found.at[d->next++]))
			return;
	conclude(d, d->rc, d->why);
}

static void
on_found(void *arg, const struct found_addresses *f)
{
	struct dial *d = arg;
	d->lookup = NULL;
	d->found = *f;
	if (f->rc != RC_OK)
		conclude(d, f->rc, f->why);
	else
		try_next(d);
}

struct dial *
dial(const struct dialer *by, struct str host, int port, dial_done *done, void *arg)
{
	struct dial *d = mem_new(struct dial);
	d->by = *by;
	d->port = port;
	d->fd = -1;
	d->done = done;
	d->arg = arg;
	d->lookup = resolve(by->resolver, host, on_found, d);
	return d;
}

void
dial_cancel(struct dial **pd)
{
	struct dial *d = *pd;
	*pd = NULL;
	if (!d)
		return;
	resolve_cancel(&d->lookup);
	if (d->fd >= 0) {
		loop_unwatch(d->by.loop, d->fd);
		os.close(d->fd);
	}
	mem_free(d);
}
