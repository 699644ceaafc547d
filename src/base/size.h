/*
 * size.h — amounts of bytes as text: "512KB", "10MB", "1.5GiB".  Every unit is a power of 1024, with or
 * without the i, as Prometheus has it.
 */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* False when it is none, negative, or over 2^62. */
bool size_parse(struct str, int64_t *bytes);
/* In the largest unit that divides it. */
void size_print(struct buf *, int64_t bytes);

#endif
