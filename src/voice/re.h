/*
 * re.h — libre's headers beside our own.
 *
 * TRAP   libre and base/ both have mem_alloc, mem_zalloc and str_cmp.  Ours are hidden from other libraries
 * by the build (gnu_symbol_visibility), so libre keeps using its own; here only the declarations are kept
 * apart. Objects of libre are made by libre and freed with mem_deref; ours are never handed to it as such.
 * TRAP   The headers need settings that pkg-config does not give; without HAVE_INET6 struct sa would have
 * another size than in the library.
 */
#ifndef VOICE_RE_H
#define VOICE_RE_H

#define HAVE_INTTYPES_H
#define HAVE_STDBOOL_H
#define HAVE_INET6
#define USE_OPENSSL
#define USE_TLS
#define mem_alloc re_mem_alloc
#define mem_zalloc re_mem_zalloc
#define str_cmp re_str_cmp
#include <re/re.h>
#include <rem/rem_dtmf.h>
#include <rem/rem_g711.h>
#undef mem_alloc
#undef mem_zalloc
#undef str_cmp

_Static_assert(sizeof(struct sa) == 32, "struct sa is not the library's");

#endif
