#include "voice/clip.h"

#include <math.h>

#include "unit.h"

/* How loud a tone comes out, against how loud it went in. */
static double
gain(unsigned rate, double hz)
{
	enum { SECONDS = 1 };
	static int16_t in[48000 * SECONDS];
	struct buf out = {0};
	double sum = 0;
	for (unsigned i = 0; i < rate; i++)
		in[i] = (int16_t)(10000 * sin(2 * M_PI * hz * i / rate));
	clip_resample(in, rate, rate, &out);
	const int16_t *pcm = (const int16_t *)out.p;
	size_t n = out.n / 2;
	ck_assert_uint_eq(n, CLIP_RATE);
	for (size_t i = 1000; i < n - 1000; i++)
		sum += (double)pcm[i] * pcm[i];
	buf_fini(&out);
	return sqrt(sum / (double)(n - 2000) * 2) / 10000;
}

UNIT(speech_passes_and_what_would_alias_does_not)
{
	static const unsigned rates[] = {16000, 22050, 44100};
	for (size_t i = 0; i < 3; i++) {
		ck_assert_double_eq_tol(gain(rates[i], 300), 1, 0.02);
		ck_assert_double_eq_tol(gain(rates[i], 1000), 1, 0.02);
		ck_assert_double_eq_tol(gain(rates[i], 2500), 1, 0.05);
	}
	ck_assert_double_lt(gain(22050, 5000), 0.01);
	ck_assert_double_lt(gain(22050, 9000), 0.01);
}
END

    static void
    put_le(struct buf *b, uint32_t v, int n)
{
	for (; n--; v >>= 8)
		buf_u8(b, (uint8_t)v);
}

static void
make_wav(struct buf *b, uint32_t data_size, unsigned rate, unsigned bits, size_t samples)
{
	buf_c(b, "RIFF");
	put_le(b, data_size, 4);
	buf_c(b, "WAVEfmt ");
	put_le(b, 16, 4);
	put_le(b, 1, 2);
	put_le(b, 1, 2);
	put_le(b, rate, 4);
	put_le(b, rate * 2, 4);
	put_le(b, 2, 2);
	put_le(b, bits, 2);
	buf_c(b, "data");
	put_le(b, data_size, 4);
	for (size_t i = 0; i < samples; i++)
		put_le(b, (uint32_t)(i * 321), 2);
}

UNIT(a_wav_from_a_pipe_is_read_to_its_end)
{
	static const uint32_t sizes[] = {0, 0x7ffff000, 0xffffffff, 44100};
	for (size_t i = 0; i < 4; i++) {
		struct buf wav = {0};
		struct clip c = {0};
		make_wav(&wav, sizes[i], 22050, 16, 22050);
		ck_assert_int_eq(clip_from_wav(&c, buf_view(&wav), NULL), RC_OK);
		ck_assert_uint_eq(c.ulaw.n, CLIP_RATE);
		ck_assert_uint_eq(c.alaw.n, CLIP_RATE);
		buf_fini(&wav);
		clip_fini(&c);
	}
}
END

UNIT(a_wav_cut_anywhere_is_read_or_refused)
{
	struct buf wav = {0};
	make_wav(&wav, 200, 8000, 16, 100);
	for (size_t n = 0; n <= wav.n; n++) {
		struct clip c = {0};
		enum rc rc = clip_from_wav(&c, str_to(buf_view(&wav), n), NULL);
		ck_assert(n < 44 ? rc == RC_INVALID : rc == RC_OK);
		ck_assert_uint_eq(c.ulaw.n % CLIP_FRAME, 0);
		clip_fini(&c);
	}
	buf_fini(&wav);
}
END

UNIT(sound_of_another_kind_is_refused)
{
	static const struct {
		unsigned rate, bits;
	} rows[] = {{22050, 8}, {4000, 16}, {96000, 16}, {0, 16}, {22050, 24}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf wav = {0};
		struct clip c = {0};
		make_wav(&wav, 200, rows[i].rate, rows[i].bits, 100);
		ck_assert_int_eq(clip_from_wav(&c, buf_view(&wav), NULL), RC_INVALID);
		buf_fini(&wav);
		clip_fini(&c);
	}
}
END
