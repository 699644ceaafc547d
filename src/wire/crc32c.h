/* crc32c.h — Castagnoli's CRC, which Prometheus's files and frames have. */
#ifndef WIRE_CRC32C_H
#define WIRE_CRC32C_H

#include <stdint.h>

#include "base/str.h"

uint32_t crc32c(struct str);

#endif
