/* os.c — see os.h. */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"

static struct {
	enum os_fault kind;
	uint64_t nth;
	_Atomic uint64_t calls;
	atomic_bool hit;
	const char *role;
	struct str text;  /* of OS_FAULT_PANIC */
	const char *once; /* a file that is gone after the first death; NULL: die every time */
} fault;

static _Noreturn void
die(void)
{
	if (fault.once)
		unlink(fault.once);
	_exit(137);
}

int
os_fault_point(bool writes)
{
	uint64_t n = atomic_fetch_add(&fault.calls, 1) + 1;
	bool here = n == fault.nth;
	switch (fault.kind) {
	case OS_FAULT_KILL:
		if (here)
			die();
		return 0;
	case OS_FAULT_ENOSPC:
		if (n < fault.nth || !writes)
			return 0;
		errno = ENOSPC;
		break;
	case OS_FAULT_EIO:
	case OS_FAULT_EINTR:
		if (!here)
			return 0;
		errno = fault.kind == OS_FAULT_EIO ? EIO : EINTR;
		break;
	default:
		return 0;
	}
	fault.hit = true;
	return -1;
}

void
os_kill_point(void)
{
	if (fault.kind == OS_FAULT_KILL || fault.kind == OS_FAULT_COUNT)
		(void)os_fault_point(false);
}

/* How much of `n` this write may do. */
static size_t
allowed(size_t n)
{
	if (fault.kind != OS_FAULT_SHORT || fault.calls != fault.nth || n < 2)
		return n;
	fault.hit = true;
	return n / 2;
}

static int
plain_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

static ssize_t
faulty_write(int fd, const void *p, size_t n)
{
	return os_fault_point(true) ? -1 : write(fd, p, allowed(n));
}

static ssize_t
faulty_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return os_fault_point(true) ? -1 : pwrite(fd, p, allowed(n), at);
}

static ssize_t
faulty_writev(int fd, const struct iovec *v, int n)
{
	return os_fault_point(true) ? -1 : writev(fd, v, n);
}

static int
faulty_fsync(int fd)
{
	return os_fault_point(false) ? -1 : fsync(fd);
}

static int
faulty_fdatasync(int fd)
{
	return os_fault_point(false) ? -1 : fdatasync(fd);
}

static int
faulty_ftruncate(int fd, off_t size)
{
	return os_fault_point(false) ? -1 : ftruncate(fd, size);
}

static int
faulty_rename(const char *from, const char *to)
{
	return os_fault_point(true) ? -1 : rename(from, to);
}

static int
faulty_unlink(const char *path)
{
	return os_fault_point(false) ? -1 : unlink(path);
}

static int
faulty_link(const char *from, const char *to)
{
	return os_fault_point(false) ? -1 : link(from, to);
}

static int
faulty_mkdir(const char *path, mode_t mode)
{
	return os_fault_point(true) ? -1 : mkdir(path, mode);
}

static ssize_t
faulty_send(int fd, const void *p, size_t n, int flags)
{
	return os_fault_point(false) ? -1 : send(fd, p, allowed(n), flags);
}

#define PLAIN                                                                                                \
	{                                                                                                    \
		.open = plain_open, .close = close, .read = read, .pread = pread, .write = write,            \
		.pwrite = pwrite, .writev = writev, .fsync = fsync, .fdatasync = fdatasync,                  \
		.ftruncate = ftruncate, .rename = rename, .unlink = unlink, .link = link, .mkdir = mkdir, .send = send \
	}

struct os_table os = PLAIN;
static const struct os_table plain = PLAIN;
static const struct os_table faulty = {
    .open = plain_open,
    .close = close,
    .read = read,
    .pread = pread,
    .write = faulty_write,
    .pwrite = faulty_pwrite,
    .writev = faulty_writev,
    .fsync = faulty_fsync,
    .fdatasync = faulty_fdatasync,
    .ftruncate = faulty_ftruncate,
    .rename = faulty_rename,
    .unlink = faulty_unlink,
    .link = faulty_link,
    .mkdir = faulty_mkdir,
    .send = faulty_send,
};

void
os_fault_set(enum os_fault kind, uint64_t nth)
{
	fault.kind = kind;
	fault.nth = nth;
	fault.calls = 0;
	fault.hit = false;
	os = kind == OS_FAULT_NONE ? plain : faulty;
}

uint64_t
os_fault_calls(void)
{
	return fault.calls;
}

bool
os_fault_hit(void)
{
	return fault.hit;
}

void
os_fault_meet(struct str bytes)
{
	if (fault.kind == OS_FAULT_PANIC && fault.text.n && memmem(bytes.p, bytes.n, fault.text.p, fault.text.n))
		panic("what TOCSIN_FAULT named was met");
}

void
os_fault_report(void)
{
	if (fault.kind == OS_FAULT_COUNT)
		fprintf(stderr, "fault: %s made %llu calls\n", fault.role, (unsigned long long)fault.calls);
}

void
os_fault_from_environment(const char *role)
{
	struct str rest = str_c(getenv("TOCSIN_FAULT")), kind, nth = {0}, only;
	if (rest.n == 0 || !str_cut(&rest, ':', &kind))
		return;
	fault.once = getenv("TOCSIN_FAULT_ONCE");
	if (fault.once && access(fault.once, F_OK) != 0)
		return; /* it has happened */
	uint64_t n = 0;
	bool panics = str_is(kind, "panic");
	if (str_cut(&rest, ':', &nth) && !panics)
		must(str_u64(nth, &n) || nth.n == 0);
	if (str_cut(&rest, ':', &only) && !str_is(only, role))
		return;
	fault.role = role;
	fault.text = nth;
	os_fault_set(panics ? OS_FAULT_PANIC : str_is(kind, "kill") ? OS_FAULT_KILL : OS_FAULT_COUNT, n);
}

enum rc
os_write_all(int fd, struct str s, struct err *e)
{
	while (s.n) {
		ssize_t n = os.write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "writing %zu bytes", s.n);
		s = str_from(s, (size_t)n);
	}
	return RC_OK;
}

enum rc
os_read_file(const char *path, size_t limit, struct buf *b, struct err *e)
{
	int fd = os.open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "%s", path);
	enum rc rc = RC_OK;
	for (;;) {
		ssize_t n = os.read(fd, buf_room(b, 65536), 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = err_errno(e, "reading %s", path);
		if (n <= 0)
			break;
		buf_grew(b, (size_t)n);
		if (b->n > limit) {
			rc = err_set(e, RC_REFUSED, "%s is larger than %zu bytes", path, limit);
			break;
		}
	}
	os.close(fd);
	return rc;
}

static void
parent_of(const char *path, struct buf *out)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		buf_c(out, ".");
	else
		buf_add(out, path, slash == path ? 1 : (size_t)(slash - path));
}

enum rc
os_sync_dir(const char *path, struct err *e)
{
	int fd = os.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "%s", path);
	enum rc rc = os.fsync(fd) == 0 ? RC_OK : err_errno(e, "syncing folder %s", path);
	os.close(fd);
	return rc;
}

static enum rc
write_new(const char *path, struct str content, mode_t mode, struct err *e)
{
	int fd = os.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return err_errno(e, "%s", path);
	enum rc rc = os_write_all(fd, content, e);
	if (rc == RC_OK && os.fsync(fd) != 0)
		rc = err_errno(e, "syncing");
	os.close(fd);
	if (rc != RC_OK) {
		err_add(e, "in %s", path);
		os.unlink(path);
	}
	return rc;
}

enum rc
os_replace_file(const char *path, struct str content, mode_t mode, struct err *e)
{
	struct buf temporary = {0}, folder = {0};
	buf_fmt(&temporary, "%s.new", path);
	parent_of(path, &folder);
	enum rc rc = write_new(temporary.p, content, mode, e);
	if (rc == RC_OK && os.rename(temporary.p, path) != 0)
		rc = err_errno(e, "renaming %s", temporary.p);
	if (rc == RC_OK)
		rc = os_sync_dir(folder.p, e);
	buf_fini(&temporary);
	buf_fini(&folder);
	return rc;
}

enum rc
os_make_dirs(const char *path, mode_t mode, struct err *e)
{
	char *p = mem_dup(path, strlen(path));
	enum rc rc = RC_OK;
	for (char *at = p + 1; rc == RC_OK; at++) {
		char was = *at;
		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (os.mkdir(p, mode) != 0 && errno != EEXIST)
			rc = err_errno(e, "creating folder %s", p);
		*at = was;
		if (was == '\0')
			break;
	}
	mem_free(p);
	return rc;
}

void
os_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	must(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
}
