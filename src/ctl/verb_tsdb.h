/* verb_tsdb.h — what the two files of the verb tsdb share. */
#ifndef CTL_VERB_TSDB_H
#define CTL_VERB_TSDB_H

#include "ctl/ctl.h"

int tsdb_complain(const struct err *); /* the exit status */
int tsdb_verb_import(struct args *);
int tsdb_verb_restore(struct args *);
int tsdb_verb_verify(struct args *);

#endif
