/* ledger_impl.h — what the files of ledger/ share and nobody else sees. */
#ifndef LEDGER_LEDGER_IMPL_H
#define LEDGER_LEDGER_IMPL_H

#include "base/map.h"
#include "ledger/db.h"
#include "ledger/ledger.h"

enum { HASH = 32 };
enum { LEASE = 10 * 1000 }; /* ms that a writer's right is good without being renewed */

/* The end of one chain, in memory of the writer. */
struct chain {
	int64_t n;
	char hash[HASH];
};

struct ledger {
	struct db *db;
	bool writer;
	char *holder;
	int64_t epoch;
	int64_t seq;       /* the last one given */
	msec_t recorded;   /* the last one written */
	struct map *chains; /* name -> struct chain */
};

/* One row of the journal as it stands in the database. */
struct journal_row {
	int64_t seq, n;
	msec_t at, recorded;
	struct str chain, kind, subject, actor, digest, payload, hash;
	bool redacted; /* the payload is NULL */
};

/* The columns of every query that reads the journal, in the order of struct journal_row. */
#define JOURNAL_COLUMNS "seq, chain, n, at, recorded, kind, subject, actor, digest, payload, hash"
struct journal_row journal_row(const struct db_value *columns);

void journal_digest(struct str payload, char out[HASH]);
/* [J1] */
void journal_hash(const char previous[HASH], const struct journal_row *, char out[HASH]);

#endif
