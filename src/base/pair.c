/* pair.c — see pair.h. */
#include "base/pair.h"

#include <string.h>

#include "base/mem.h"

static struct str
put(char **at, struct str s)
{
	struct str copy = {*at, s.n};
	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

struct pairs
pairs_dup(struct pairs p)
{
	size_t texts = 0;
	for (size_t i = 0; i < p.n; i++)
		texts += p.p[i].name.n + p.p[i].value.n;
	struct pairs copy = {mem_alloc(p.n * sizeof *p.p + texts), p.n};
	char *at = (char *)(copy.p + p.n);
	for (size_t i = 0; i < p.n; i++) {
		copy.p[i].name = put(&at, p.p[i].name);
		copy.p[i].value = put(&at, p.p[i].value);
	}
	return copy;
}
