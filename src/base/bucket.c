/* bucket.c — see bucket.h. */
#include "base/bucket.h"

#include <math.h>

enum { WAIT_MOST = 3600 };

static void
fill(struct bucket *b, double rate, double burst, nsec_t now)
{
	double more = b->at ? (double)(now - b->at) / 1e9 * rate : burst;
	b->level = b->at ? b->level + more : burst;
	b->level = b->level > burst ? burst : b->level;
	b->at = now ? now : 1;
}

bool
bucket_take(struct bucket *b, double rate, double burst, double n, nsec_t now, unsigned *wait)
{
	double needed = n < burst ? n : burst;
	if (rate <= 0)
		return true;
	fill(b, rate, burst, now);
	if (b->level >= needed) {
		b->level -= n;
		return true;
	}
	double seconds = ceil((needed - b->level) / rate);
	*wait = seconds < 1 ? 1 : seconds > WAIT_MOST ? WAIT_MOST : (unsigned)seconds;
	return false;
}

void
bucket_charge(struct bucket *b, double n)
{
	b->level -= n;
}
