/*
 * clip.h — a piece of sound, ready to be sent: G.711 in both laws, so that a packet is a copy of 160 bytes.
 *
 * Pure; a clip is immutable once made.
 */
#ifndef VOICE_CLIP_H
#define VOICE_CLIP_H

#include "base/buf.h"
#include "base/err.h"

enum { CLIP_RATE = 8000, CLIP_FRAME = 160, CLIP_SECONDS_MAX = 180 };

struct clip {
	struct buf ulaw, alaw; /* a sample is a byte; whole frames, the last filled up with silence */
};

/* From a mono or stereo 16-bit PCM WAV file of 8 to 48 kHz; lengths in its header may lie. */
CHECKED enum rc clip_from_wav(struct clip *, struct str wav, struct err *);
/* Three beeps: for when no speech is to be had. */
void clip_beeps(struct clip *);
void clip_fini(struct clip *);

/* Band-limited change of the sampling rate to 8 kHz; appends native-endian 16-bit samples. */
void clip_resample(const int16_t *in, size_t n, unsigned rate, struct buf *out);

#endif
