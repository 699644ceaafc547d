/*
 * judges.h — what conf/ cannot judge by itself and the rooms up to this one can: regular expressions,
 * matchers, templates, time zones.  PromQL stays with whoever fills it in.
 */
#ifndef ALERT_JUDGES_H
#define ALERT_JUDGES_H

#include "conf/check.h"

/* For an alertmanager.yml; a rule's templates are of the other dialect, and are judged by
 * conf_judges.rule_template. */
void judges_fill(struct conf_judges *);

#endif
