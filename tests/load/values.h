/*
 * values.h — values of the kinds that a node_exporter has, in about its shares; half of all samples repeat the one before.
 */
#ifndef LOAD_VALUES_H
#define LOAD_VALUES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { SERIES = 500 }; /* of a host */

enum kind { CONSTANT, RARE, COUNTER, HUNDREDTHS, PAGES, NANOS, FLOATING, STEPS };

/* How many of a hundred series are of which kind. */
static const struct {
	enum kind kind;
	int share;
} shares[] = {{CONSTANT, 38}, {RARE, 10}, {COUNTER, 20}, {HUNDREDTHS, 12}, {PAGES, 8}, {NANOS, 7},
    {FLOATING, 2}, {STEPS, 3}};

struct source {
	enum kind kind;
	double rate, v;
};

static inline uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull; /* splitmix64 (Steele, Lea, Flood 2014) */
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline double
unit(uint64_t *state)
{
	return (double)(draw(state) >> 11) * 0x1p-53;
}

static inline enum kind
kind_of(size_t series)
{
	int place = (int)(series * 37 % 100);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		if ((place -= shares[i].share) < 0)
			return shares[i].kind;
	return CONSTANT;
}

static inline struct source
make_source(size_t series, uint64_t *state)
{
	double size = pow(10, unit(state) * 6);
	return (struct source){kind_of(series), size, floor(size * 1e4 * unit(state))};
}

static inline double
next_value(struct source *s, uint64_t *state)
{
	double noise = 0.6 + 0.8 * unit(state);
	switch (s->kind) {
	case CONSTANT: break;
	case RARE: s->v += draw(state) % 20 == 0; break;
	case COUNTER: s->v += floor(s->rate * noise); break;
	case HUNDREDTHS: s->v += floor(noise * 300); return s->v / 100;
	case PAGES: s->v += draw(state) % 2 ? floor((noise - 1) * 2000) : 0; return fabs(s->v) * 4096;
	case NANOS: return floor(noise * 1e6) / 1e9;
	case FLOATING: s->v += s->rate * noise / 7; break;
	case STEPS: s->v += (double)(draw(state) % 8 == 0) - (double)(draw(state) % 8 == 0); break;
	}
	return s->v;
}

#endif
