/* reference.h — the reference in docs/, from the tables. */
#ifndef MAIN_REFERENCE_H
#define MAIN_REFERENCE_H

#include "base/buf.h"

void reference_print(struct buf *);

#endif
