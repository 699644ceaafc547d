/*
 * wal.h — the write-ahead log: segments wal-00000001, wal-00000002 … of checksummed records.
 *
 *     record:  length (4 bytes, of the payload) | hash (8, of the payload) | payload
 *
 * A record that was written whole survives the process; after wal_sync it survives the machine.  A segment
 * is read up to its first record that does not fit: behind it nothing was acknowledged.  A start never
 * writes on where it found an end, it begins a new segment.
 *
 * One writer at a time (the store's lock); wal_sync may run beside it, several callers share one fsync.
 */
#ifndef TSDB_WAL_H
#define TSDB_WAL_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct wal;

enum { WAL_HEAD = 12 }; /* bytes of a record in front of its payload */

typedef enum rc wal_read_fn(void *arg, struct str payload, struct err *);

/* Who reads the log at a start: `segment` is told when another one begins.  A record is held in memory, a segment is not. */
struct wal_reader {
	wal_read_fn *record;
	void (*segment)(void *arg, uint64_t number);
	void *arg;
};
/* Removes the segments before `from`, reads the others in order, then begins a new one.  `hold`: as wal_hold. */
CHECKED enum rc wal_open(const char *dir, uint64_t from, uint64_t hold, const struct wal_reader *, struct wal **, struct err *);
/* Segments from this one on stay although nobody needs them here; 0: none. */
void wal_hold(struct wal *, uint64_t number);
void wal_close(struct wal **);
/* On an error nothing of the record stays. */
CHECKED enum rc wal_append(struct wal *, struct str payload, struct err *);
CHECKED enum rc wal_sync(struct wal *, struct err *);
/* Makes the present segment durable and begins the next; `*number` is the new one's. */
CHECKED enum rc wal_roll(struct wal *, uint64_t *number, struct err *);
/* Removes the segments before `number`. */
CHECKED enum rc wal_drop_before(struct wal *, uint64_t number, struct err *);
/* Copies of all segments in another folder, of the present one so many bytes (wal_bytes); no segment comes or goes
 * meanwhile. */
CHECKED enum rc wal_copy(const struct wal *, uint64_t bytes, const char *to, struct err *);
/* Reads one segment's records; `*rest`: bytes at its end that are none, which a stop at any moment leaves.  RC_INVALID: there
 * are whole records behind them, so they were records once. */
CHECKED enum rc wal_check(const char *path, uint64_t *records, uint64_t *rest, struct err *);
bool wal_is_broken(struct wal *); /* it could not be written: only a roll helps */
uint64_t wal_segment(const struct wal *); /* the present one */
uint64_t wal_bytes(const struct wal *);   /* of the present one */

#endif
