/*
 * clip.c — see clip.h.
 *
 * IDEA   The rate is changed by a windowed-sinc filter, evaluated for each output sample at its own phase:
 * rate and 8000 are reduced to up/down, there are `up` phases of TAPS coefficients each, computed once.  For
 * 22050 Hz that is 160/441.  The low-pass is at 3.5 kHz, below the 4 kHz that G.711 can carry. TRAP   A WAV
 * file that was written to a pipe has lengths of 0, 0x7ffff000 or 0xffffffff: the data goes to the end.
 */
#include "voice/clip.h"

#include <math.h>

#include "base/mem.h"
#include "voice/re.h"

enum { TAPS = 64, LOW_PASS_HZ = 3500, SILENCE_ULAW = 0xff, SILENCE_ALAW = 0xd5 };

static unsigned
common_divisor(unsigned a, unsigned b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* The coefficients for one phase, `shift` input samples (0..1) after the middle; they sum to one. */
static void
make_phase(double *h, double shift, unsigned rate)
{
	double cut = 2.0 * LOW_PASS_HZ / rate, sum = 0;
	for (int k = 0; k < TAPS; k++) {
		double x = k - TAPS / 2 + 1 - shift;
		double sinc = fabs(x) < 1e-9 ? cut : sin(M_PI * cut * x) / (M_PI * x);
		double window = 0.5 + 0.5 * cos(M_PI * x / (TAPS / 2 + 1));
		h[k] = sinc * window;
		sum += h[k];
	}
	for (int k = 0; k < TAPS; k++)
		h[k] /= sum;
}

static int16_t
clamp(double v)
{
	return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : lrint(v));
}

void
clip_resample(const int16_t *in, size_t n, unsigned rate, struct buf *out)
{
	unsigned divisor = common_divisor(rate, CLIP_RATE), up = CLIP_RATE / divisor, down = rate / divisor;
	double *phases = mem_alloc(sizeof(double) * TAPS * up);
	for (unsigned p = 0; p < up; p++)
		make_phase(phases + (size_t)p * TAPS, (double)p / up, rate);
	for (uint64_t i = 0; i * down / up < n; i++) {
		const double *h = phases + i * down % up * TAPS;
		int64_t first = (int64_t)(i * down / up) - TAPS / 2 + 1;
		double sum = 0;
		for (int k = 0; k < TAPS; k++)
			if (first + k >= 0 && first + k < (int64_t)n)
				sum += h[k] * in[first + k];
		int16_t sample = clamp(sum);
		buf_add(out, &sample, sizeof sample);
	}
	mem_free(phases);
}

static void
encode(struct clip *c, const int16_t *pcm, size_t n)
{
	size_t whole = (n + CLIP_FRAME - 1) / CLIP_FRAME * CLIP_FRAME;
	char *u = buf_room(&c->ulaw, whole), *a = buf_room(&c->alaw, whole);
	memset(u, SILENCE_ULAW, whole);
	memset(a, SILENCE_ALAW, whole);
	for (size_t i = 0; i < n; i++) {
		int16_t v = pcm[i] == INT16_MIN ? -INT16_MAX : pcm[i];
		u[i] = (char)g711_pcm2ulaw(v);
		a[i] = (char)g711_pcm2alaw(v);
	}
	buf_grew(&c->ulaw, whole);
	buf_grew(&c->alaw, whole);
}

struct wav {
	unsigned channels, rate, bits;
	struct str data;
};

static uint32_t
little_endian(const char *p, size_t n)
{
	uint32_t v = 0;
	while (n--)
		v = v << 8 | (unsigned char)p[n];
	return v;
}

static enum rc
parse_wav(struct str in, struct wav *w, struct err *err)
{
	if (in.n < 12 || !str_starts(in, STR("RIFF")) || !str_starts(str_from(in, 8), STR("WAVE")))
		return err_set(err, RC_INVALID, "what the speech program wrote is no WAV file");
	for (in = str_from(in, 12); in.n >= 8;) {
		struct str name = str_to(in, 4), body = str_from(in, 8);
		size_t size = little_endian(in.p + 4, 4);
		if (str_is(name, "data")) {
			w->data = size ? str_to(body, size) : body;
			return RC_OK;
		}
		if (str_is(name, "fmt ") && body.n >= 16) {
			w->channels = little_endian(body.p + 2, 2);
			w->rate = little_endian(body.p + 4, 4);
			w->bits = little_endian(body.p + 14, 2);
		}
		in = str_from(body, size + size % 2);
	}
	return err_set(err, RC_INVALID, "the WAV file holds no sound");
}

enum rc
clip_from_wav(struct clip *c, struct str in, struct err *err)
{
	struct wav w = {0};
	enum rc rc = parse_wav(in, &w, err);
	if (rc != RC_OK)
		return rc;
	if (w.bits != 16 || w.channels < 1 || w.channels > 2 || w.rate < CLIP_RATE || w.rate > 48000)
		return err_set(err, RC_INVALID,
		    "a WAV file of %u Hz, %u bits, %u channels; expected 16-bit PCM of 8 to 48 kHz", w.rate,
		    w.bits, w.channels);
	size_t n = w.data.n / (2 * w.channels);
	if (n > (size_t)w.rate * CLIP_SECONDS_MAX)
		return err_set(err, RC_REFUSED, "the speech is longer than %d s", CLIP_SECONDS_MAX);
	int16_t *pcm = mem_alloc((n + 1) * sizeof *pcm);
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)little_endian(w.data.p + i * 2 * w.channels, 2);
	struct buf at_8k = {0};
	clip_resample(pcm, n, w.rate, &at_8k);
	encode(c, (const int16_t *)at_8k.p, at_8k.n / sizeof *pcm);
	buf_fini(&at_8k);
	mem_free(pcm);
	return RC_OK;
}

void
clip_beeps(struct clip *c)
{
	int16_t pcm[CLIP_RATE];
	for (int i = 0; i < CLIP_RATE; i++)
		pcm[i] = i < CLIP_RATE / 2 ? (int16_t)(8000 * sin(2 * M_PI * 440 * i / CLIP_RATE)) : 0;
	for (int i = 0; i < 3; i++)
		encode(c, pcm, CLIP_RATE);
}

void
clip_fini(struct clip *c)
{
	buf_fini(&c->ulaw);
	buf_fini(&c->alaw);
}
