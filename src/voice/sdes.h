/*
 * sdes.h — the sound of one call encrypted: SRTP with keys in the session description (RFC 4568).
 *
 * AES_CM_128_HMAC_SHA1_80 alone, which every peer that speaks SDES must have.  Our key is made anew for each call.
 * libre's thread alone.
 *
 * TRAP   The keys travel in the signalling: without TLS there, whoever can hear the call can read them.
 */
#ifndef VOICE_SDES_H
#define VOICE_SDES_H

#include "base/err.h"
#include "voice/re.h"

struct sdes;

/* Offers a key of ours in `audio`, and from then on guards what `rtp` sends and receives, once both keys are known. */
CHECKED enum rc sdes_create(struct sdes **, struct sdp_media *audio, struct rtp_sock *rtp, struct err *);
void sdes_destroy(struct sdes **);
/* After each answer or new offer.  False: the other side gave no key that we can use, and nothing is encrypted. */
bool sdes_take(struct sdes *, const struct sdp_media *audio);
bool sdes_active(const struct sdes *);

#endif
