/*
 * os.h — the table of system calls that can hurt.
 *
 * IDEA   Whatever writes, sends or makes durable goes through one replaceable table, so that a test can make
 *        the N-th call fail (ENOSPC, EIO, a short write …) or end the process there.  SQLite's file system is
 *        hung onto the same table (ledger/db_sqlite.c).
 *
 *            os.fsync(fd)      instead of      fsync(fd)
 *
 * A plan is process-wide and set before threads start, or from the environment by a child that is to die:
 *     TOCSIN_FAULT=kill:137          end this process at its 137th call
 *     TOCSIN_FAULT=kill:137:engine   only in the process that plays this role
 *     TOCSIN_FAULT=panic:TEXT:engine be wrong (base/must.h) when this text stands in what the process handles
 *     TOCSIN_FAULT=count             count only; os_fault_report prints the number
 *     TOCSIN_FAULT_ONCE=FILE         only while the file is there; the first to die takes it away
 */
#ifndef BASE_OS_H
#define BASE_OS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct os_table {
	int (*open)(const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *p, size_t n);
	ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
	ssize_t (*write)(int fd, const void *p, size_t n);
	ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
	ssize_t (*writev)(int fd, const struct iovec *v, int n);
	int (*fsync)(int fd);
	int (*fdatasync)(int fd);
	int (*ftruncate)(int fd, off_t size);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path);
	int (*link)(const char *from, const char *to);
	int (*mkdir)(const char *path, mode_t mode);
	ssize_t (*send)(int fd, const void *p, size_t n, int flags);
};

/* The calls in use: the kernel's own, or faulty ones. */
extern struct os_table os;

enum os_fault {
	OS_FAULT_NONE,
	OS_FAULT_COUNT,  /* only count */
	OS_FAULT_PANIC,  /* os_fault_meet, when it meets the text */
	OS_FAULT_KILL,   /* _exit(137) instead of the call */
	OS_FAULT_ENOSPC, /* what writes fails so, from the N-th call on until os_fault_set again */
	OS_FAULT_EIO,    /* once */
	OS_FAULT_EINTR,  /* once, before anything happened */
	OS_FAULT_SHORT,  /* a write does half of its work, once */
};

/* The `nth` call that changes the world (write, pwrite, writev, fsync, fdatasync, ftruncate, rename, unlink, link,
 * mkdir, send, and what passes os_kill_point), counted from 1 and from this call on, has the fault. */
void os_fault_set(enum os_fault, uint64_t nth);
uint64_t os_fault_calls(void); /* how many were counted since */
bool os_fault_hit(void);       /* has the fault happened? */
/* Sets what TOCSIN_FAULT asks for, if it asks for this role. */
void os_fault_from_environment(const char *role);
void os_fault_report(void); /* when the process ends: how many calls it made, where they were to be counted */

/* Counts one call of the kind (as the table does) and applies the fault; for code that cannot call the table, such
 * as SQLite's file system: 0, or -1 with errno set. */
int os_fault_point(bool writes);
/* Likewise for what a library sends by itself (an answer over HTTP, a mail, a SIP message) or what starts a process:
 * it is counted and may be where the process ends, but never fails. */
void os_kill_point(void);

#include "base/err.h"
#include "base/str.h"

/* Work begins on this: panics when it holds the text that the environment named. */
void os_fault_meet(struct str bytes);

/* All of `s`, through EINTR and short writes. */
CHECKED enum rc os_write_all(int fd, struct str s, struct err *);
struct buf;
/* A whole file, at most `limit` bytes. */
CHECKED enum rc os_read_file(const char *path, size_t limit, struct buf *, struct err *);
/* Writes a file so that after a crash it is either the old one or the new one: temporary, fsync, rename, fsync of the
 * folder. */
CHECKED enum rc os_replace_file(const char *path, struct str content, mode_t, struct err *);
CHECKED enum rc os_make_dirs(const char *path, mode_t, struct err *); /* as mkdir -p */
CHECKED enum rc os_sync_dir(const char *path, struct err *);
void os_nonblocking(int fd);

#endif
