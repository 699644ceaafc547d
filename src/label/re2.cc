// re2.cc — see re2.h; C++ for the sake of one library.
#include <re2/re2.h>

#include <cstdio>

extern "C" {
#include "label/re2.h"
}

using piece = ::re2::StringPiece;

enum { GROUPS_MAX = 64, MEMORY_MAX = 8 << 20 };

struct re2_program {
	RE2 regex;
	re2_program(piece pattern, const RE2::Options &o) : regex(pattern, o) {}
};

struct re2_program *
re2_create(const char *pattern, size_t n, char *why, size_t size)
{
	RE2::Options o;
	o.set_log_errors(false);
	o.set_dot_nl(true);
	o.set_max_mem(MEMORY_MAX);
	struct re2_program *r = new struct re2_program(piece(pattern, n), o);
	if (r->regex.ok())
		return r;
	snprintf(why, size, "%s", r->regex.error().c_str());
	delete r;
	return nullptr;
}

void
re2_destroy(struct re2_program *r)
{
	delete r;
}

int
re2_groups(const struct re2_program *r)
{
	return r->regex.NumberOfCapturingGroups();
}

int
re2_group_named(const struct re2_program *r, const char *name, size_t n)
{
	const auto &names = r->regex.NamedCapturingGroups();
	auto found = names.find(std::string(name, n));
	return found == names.end() ? -1 : found->second;
}

bool
re2_match(const struct re2_program *r, const char *text, size_t len, size_t from, bool whole, struct re2_span *out, int n)
{
	piece groups[GROUPS_MAX];
	if (n > GROUPS_MAX)
		n = GROUPS_MAX;
	auto anchor = whole ? RE2::ANCHOR_BOTH : RE2::UNANCHORED;
	if (!r->regex.Match(piece(text, len), from, len, anchor, groups, n))
		return false;
	for (int i = 0; i < n; i++)
		out[i] = {groups[i].data(), groups[i].size()};
	return true;
}
