/* chunk.c — see chunk.h. */
#include "tsdb/chunk.h"

#include "base/mem.h"
#include "tsdb/decimal.h"
#include "tsdb/ints.h"

_Static_assert(sizeof(double) == sizeof(int64_t), "integers are unpacked where the values will stand");

const double decimal_powers[DECIMAL_BITS] = {
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};

/* All of them at one scale, as low as can be. */
static unsigned
to_integers(const double *v, size_t n, int64_t *out)
{
	unsigned scale = 0;
	size_t good = 0; /* so many stand there at this scale */
	while (good < n) {
		unsigned need = decimal_scale(v[good], scale);
		if (need != scale)
			good = 0;
		scale = need;
		while (good < n && decimal_from(v[good], scale, &out[good]))
			good++;
	}
	return scale;
}

void
chunk_pack_values(const double *v, size_t n, struct buf *out)
{
	int64_t small[512], *x = n <= 512 ? small : mem_alloc(n * sizeof *x);
	buf_ch(out, (char)to_integers(v, n, x));
	ints_pack(x, n, out);
	if (x != small)
		mem_free(x);
}

void
chunk_pack_times(const int64_t *t, size_t n, struct buf *out)
{
	ints_pack(t, n, out);
}

bool
chunk_unpack_times(struct str bytes, size_t n, int64_t *t)
{
	return ints_unpack(bytes, n, t);
}

bool
chunk_unpack_values(struct str bytes, size_t n, double *v)
{
	unsigned scale = bytes.n ? (unsigned char)bytes.p[0] : DECIMAL_BITS + 1;
	if (scale < DECIMAL_BITS)
		return ints_unpack_decimals(str_from(bytes, 1), n, decimal_powers[scale], v);
	return scale == DECIMAL_BITS && ints_unpack(str_from(bytes, 1), n, (int64_t *)v);
}

bool
chunk_has_decimals(struct str bytes)
{
	return bytes.n && (unsigned char)bytes.p[0] < DECIMAL_BITS;
}
