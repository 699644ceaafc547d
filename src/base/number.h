/*
 * number.h — numbers as text, where many are written.  Pure; any thread.
 *
 * Each writes at most NUMBER_TEXT bytes, without a NUL, and gives where it ended.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

enum { NUMBER_TEXT = 32 };

char *number_u64(char *out, uint64_t);
char *number_i64(char *out, int64_t);
/* As buf_f64 does. */
char *number_f64(char *out, double);

#endif
