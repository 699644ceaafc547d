/* f64.cc — the shortest decimal of a double, by the standard library of C++, which has it and C's has not. */
#include <charconv>
#include <cstring>

#include "base/f64.h"

extern "C" int
f64_shortest(double v, char *out, size_t size)
{
	auto r = std::to_chars(out, out + size - 1, v, std::chars_format::scientific);
	if (r.ec != std::errc())
		return 0;
	*r.ptr = '\0';
	return (int)(r.ptr - out);
}

extern "C" int
f64_fixed(double v, char *out, size_t size)
{
	auto r = std::to_chars(out, out + size, v, std::chars_format::fixed);
	return r.ec == std::errc() ? (int)(r.ptr - out) : 0;
}
