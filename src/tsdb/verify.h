/*
 * verify.h — is a folder of samples what it was?  Every checksum of every file, and every chunk unpacked.
 *
 * Reads only; beside a running daemon, too (files that go meanwhile are passed over).
 */
#ifndef TSDB_VERIFY_H
#define TSDB_VERIFY_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct verified {
	struct str name; /* the file, without its folder */
	const char *kind; /* block, tier, log, deletions, damaged (set aside earlier) */
	uint64_t bytes, series, samples; /* of a block; of a tier: windows */
	msec_t min, max;                 /* of a block; of a tier: of the windows' ends */
	uint64_t records, rest;          /* of a log: whole ones, and bytes behind them */
	const char *damage;              /* NULL: all is well */
};

/* Calls fn for each file, by name. */
CHECKED enum rc tsdb_verify(const char *dir, void (*fn)(void *arg, const struct verified *), void *arg, struct err *);

#endif
