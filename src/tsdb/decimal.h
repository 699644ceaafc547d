/*
 * decimal.h — values as integers: most measurements are decimals with few digits, and their integers pack
 * far better than the bits of the doubles do.
 *
 * A scale of 0 to 14 says that value = integer / 10^scale, bit for bit; DECIMAL_BITS, that the integer is
 * the double's bits (NaNs, infinities, -0, numbers with more digits).
 */
#ifndef TSDB_DECIMAL_H
#define TSDB_DECIMAL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { DECIMAL_BITS = 15 };

extern const double decimal_powers[DECIMAL_BITS];

static inline uint64_t
decimal_bits(double v)
{
	uint64_t u;
	memcpy(&u, &v, sizeof u);
	return u;
}

/* False: not at this scale. */
static inline bool
decimal_from(double v, unsigned scale, int64_t *out)
{
	if (scale == DECIMAL_BITS) {
		*out = (int64_t)decimal_bits(v);
		return true;
	}
	double x = v * decimal_powers[scale];
	if (!(x > -9e15 && x < 9e15))
		return false;
	*out = (int64_t)(x + (x < 0 ? -0.5 : 0.5));
	return decimal_bits((double)*out / decimal_powers[scale]) == decimal_bits(v);
}

static inline double
decimal_to(int64_t i, unsigned scale)
{
	double v;
	if (scale == DECIMAL_BITS) {
		memcpy(&v, &i, sizeof v);
		return v;
	}
	return scale ? (double)i / decimal_powers[scale] : (double)i;
}

/* The smallest scale from `scale` on that the value has. */
static inline unsigned
decimal_scale(double v, unsigned scale)
{
	int64_t i;
	while (scale < DECIMAL_BITS && !decimal_from(v, scale, &i))
		scale++;
	return scale;
}

#endif
