/*
 * alert.h — a label set that fires or has stopped, on its way from a rule or a foreign sender to the engine.
 */
#ifndef FLOW_ALERT_H
#define FLOW_ALERT_H

#include "flow/record.h"

#define ALERT_KEYS(F)                                                                                        \
	F(STR, customer, 0, 0, "", "whose alert it is: an attribute beside the labels")                      \
	F(PAIRS, labels, 0, 0, "", "what identifies it, alertname among them")                               \
	F(PAIRS, annotations, 0, 0, "", "what people read")                                                  \
	F(TIME, starts_at, 0, 0, "", "since when it fires; unset: since it was received")                    \
	F(TIME, ends_at, 0, 0, "", "until when; unset: until nobody has sent it for resolve_timeout")        \
	F(STR, generator_url, 0, 0, "", "where its sender explains it")                                      \
	F(TIME, received, 0, KEY_HIDDEN, "", "when it came in")
RECORD(alert, ALERT_KEYS)

#define ALERT_BATCH_KEYS(F) F(MANY, alerts, alert, 0, "", "alerts that came in together")
RECORD(alert_batch, ALERT_BATCH_KEYS)

#endif
