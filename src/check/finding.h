/*
 * finding.h — what a built-in check found: the worst state counts, every reason is said.  Pure.
 */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include "check/state.h"
#include "check/watched.h"

struct finding {
	enum check_state state;
	struct buf why;
};

void finding_add(struct finding *, enum check_state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Too slow?  Thresholds of 0 are none. */
void finding_time(struct finding *, msec_t warning, msec_t critical, msec_t took);
/* Does a certificate end too soon?  `until` 0: it is not known. */
void finding_certificate(struct finding *, msec_t warning, msec_t critical, msec_t until, msec_t now);
/* What it means that no answer came. */
enum check_state finding_of_failure(const struct service *, enum rc);
/* Appends "HTTP OK: why", with whatever would end the line made harmless; the finding is empty afterwards. */
void finding_print(struct finding *, const char *word, struct buf *);
/* " | time=0.001s;1;3;0" */
void finding_time_perf(struct buf *, int64_t micros, msec_t warning, msec_t critical);

#endif
