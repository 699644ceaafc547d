/*
 * f64.h — the fewest digits that read back as the same double: "1.5e+00".  Pure; any thread.
 */
#ifndef BASE_F64_H
#define BASE_F64_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
/* Writes into `out` with a NUL behind; its length, or 0 when there is no room (32 bytes are enough). */
int f64_shortest(double v, char *out, size_t size);
/* The same digits without an exponent and without a NUL; of numbers from 1e-6 to 1e15, 32 bytes are enough. */
int f64_fixed(double v, char *out, size_t size);
#ifdef __cplusplus
}
#endif

#endif
