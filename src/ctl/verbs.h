/* verbs.h — the verbs that talk to a running daemon or read a ledger at rest; each is a row of verbs.c. */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include "ctl/ctl.h"

int verb_alert(struct args *);
int verb_apply(struct args *);
int verb_backup(struct args *);
int verb_drill(struct args *);
int verb_explain(struct args *);
int verb_export(struct args *);
int verb_oncall(struct args *);
int verb_query(struct args *);
int verb_restore(struct args *);
int verb_rules(struct args *);
int verb_silence(struct args *);
int verb_ticket(struct args *);
int verb_tsdb(struct args *);
int verb_verify(struct args *);

/* Its row of the table. */
const struct verb *verb_self(const char *name);
/* Prints how the verb is used: EXIT_USAGE. */
int verb_usage(const char *name);

#endif
