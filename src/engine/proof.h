/*
 * proof.h — what is asked about proving a person's mail or phone, and what is kept of it.
 */
#ifndef ENGINE_PROOF_H
#define ENGINE_PROOF_H

#include "flow/record.h"

#define PROOF_ORDER_KEYS(F)                                                                                  \
	F(STR, user, 0, KEY_HIDDEN, "", "whose")                                                             \
	F(STR, by, 0, 0, "", "mail, call or sms: a code is sent that way")                                        \
	F(STR, code, 0, 0, "", "the code that came: it is checked")
RECORD(proof_order, PROOF_ORDER_KEYS)

/* In the ledger's space "proof", key: the user. */
#define PROOF_KEYS(F)                                                                                        \
	F(STR, user, 0, 0, "", "whose")                                                                      \
	F(I64, channel, 0, 0, "", "enum channel: mail, call or sms")                                              \
	F(STR, to, 0, 0, "", "where the code went")                                                          \
	F(STR, code, 0, 0, "", "six digits; empty: it was used")                                             \
	F(TIME, sent, 0, 0, "", "when")                                                                      \
	F(I64, tries, 0, 0, "", "how often a wrong one came")
RECORD(proof, PROOF_KEYS)

#endif
