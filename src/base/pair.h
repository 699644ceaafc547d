/*
 * pair.h — lists of texts, and small maps from text to text.
 */
#ifndef BASE_PAIR_H
#define BASE_PAIR_H

#include "base/str.h"

struct strs {
	struct str *p;
	size_t n;
};
struct pair {
	struct str name, value;
};
/* A small map from text to text, sorted by name, names unique: labels, annotations. */
struct pairs {
	struct pair *p;
	size_t n;
};

/* A copy in one piece, freed by mem_free(copy.p). */
struct pairs pairs_dup(struct pairs);

static inline bool
strs_has(struct strs s, struct str one)
{
	for (size_t i = 0; i < s.n; i++)
		if (str_eq(s.p[i], one))
			return true;
	return false;
}

#endif
