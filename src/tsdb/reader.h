/*
 * reader.h — reading the samples of many series, one after the other.
 *
 * IDEA   Series of one scrape have the same times, and a query reads hundreds of such series.  A list of times that was
 *        seen before is not unpacked again but given out again, with its number, so that whoever reads knows that
 *        what it has found out about these times holds here too.  Values are unpacked to where they are read.
 *
 * One for each cursor; every call with the store's lock held.
 */
#ifndef TSDB_READER_H
#define TSDB_READER_H

#include "tsdb/store.h"

struct reader;

/* Samples as the question wants them: its range, and what is of no interest. */
struct reader *reader_create(struct tsdb *, const struct tsdb_select *);
void reader_destroy(struct reader **);
/* Which columns of windows are wanted from now on. */
void reader_want(struct reader *, unsigned columns);
/* Fills in what is of numbers; good until the next read. */
void reader_read(struct reader *, const struct series *, struct tsdb_view *);

#endif
