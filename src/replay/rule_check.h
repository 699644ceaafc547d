/*
 * rule_check.h — files of rules, read and judged as promtool does it.
 *
 * Any thread; nothing is kept.
 */
#ifndef REPLAY_RULE_CHECK_H
#define REPLAY_RULE_CHECK_H

#include "base/buf.h"
#include "conf/conf.h"

/* The judges of everything that stands in a file of rules. */
const struct conf_judges *rule_judges(void);
/* Says "Checking FILE" and what came of it; true when the file is good. */
bool rule_check_file(const char *path, struct buf *out);

#endif
