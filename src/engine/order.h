/*
 * order.h — what is asked of the engine about silences, and about the state of the alert road.
 */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include "alert/silence.h"

#define SILENCE_ORDER_KEYS(F)                                                                                \
	F(ONE, silence, silence, 0, "", "to be made, changed, or (by its id and customer) ended")            \
	F(BOOL, admin, 0, 0, "", "who asks may set all_customers")
RECORD(silence_order, SILENCE_ORDER_KEYS)

extern const char *const view_subjects[];
enum view_subject { VIEW_ALERTS, VIEW_GROUPS, VIEW_SILENCES, VIEW_SILENCE, VIEW_RECEIVERS, VIEW_STATUS, VIEW_CAUSES };
/* One of Alertmanager's answers, as JSON in the reply's text. */
#define VIEW_REQUEST_KEYS(F)                                                                                 \
	F(ENUM, subject, view_subjects, 0, "", "what")                                                       \
	F(STR, customer, 0, 0, "", "whose; empty: of all")                                                   \
	F(BOOL, limited, 0, 0, "", "who asks may know of this customer only: no configuration")              \
	F(STRS, customers, 0, 0, "", "causes: of these customers only; none: of all")                        \
	F(STR, id, 0, 0, "", "silence: which")                                                               \
	F(STRS, matchers, 0, 0, "", "only what matches all of these")                                        \
	F(STR, receiver, 0, 0, "", "only what goes to receivers whose name matches this expression")         \
	F(BOOL, no_active, 0, 0, "", "leave these out")                                                      \
	F(BOOL, no_silenced, 0, 0, "", "leave these out")                                                    \
	F(BOOL, no_inhibited, 0, 0, "", "leave these out")                                                   \
	F(BOOL, no_unprocessed, 0, 0, "", "leave these out")                                                 \
	F(BOOL, no_muted, 0, 0, "", "leave these out")
RECORD(view_request, VIEW_REQUEST_KEYS)

#endif
