/*
 * dispatch.h — a notification for a receiver, ready to leave: the body of an outbox row of channel "webhook"
 * or "mail".
 *
 * What was decided and rendered is in it; how the other side is reached (URL, server, secrets) is looked up
 * in the configuration by receiver, integration and index when it is sent.
 */
#ifndef FLOW_DISPATCH_H
#define FLOW_DISPATCH_H

#include "flow/record.h"

#define DISPATCH_KEYS(F)                                                                                     \
	F(STR, receiver, 0, 0, "", "the receiver's name")                                                    \
	F(STR, integration, 0, 0, "", "webhook or email")                                                    \
	F(I64, index, 0, 0, "", "which of the receiver's integrations of that kind, from 0")                 \
	F(STR, group, 0, 0, "", "the group's key")                                                           \
	F(STR, reason, 0, 0, "", "why it is sent now")                                                       \
	F(STR, url, 0, 0, "", "webhook: the URL, when it is a template; else it is in the configuration")    \
	F(STR, payload, 0, 0, "", "webhook: the body, JSON")                                                 \
	F(STR, to, 0, 0, "", "email: the addresses, with commas")                                            \
	F(STR, from, 0, 0, "", "email: the sender")                                                          \
	F(STR, subject, 0, 0, "", "email: the subject")                                                      \
	F(STR, html, 0, 0, "", "email: the HTML body")                                                       \
	F(STR, text, 0, 0, "", "email: the text body")                                                       \
	F(PAIRS, headers, 0, 0, "", "email: further headers")
RECORD(dispatch, DISPATCH_KEYS)

#endif
