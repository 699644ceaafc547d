/*
 * nhcb.h — classic histograms of a page as native ones with the same bounds (native histograms with custom buckets).
 *
 * IDEA   The page is written again: where the buckets, sum and count of a histogram stood, one line refers to what they make
 *        together.  So whoever reads pages reads these, too (expo.h, `refers`).
 *
 * What does not hold together (no count, buckets that fall, bounds that are no numbers) stays as it was, and so does a histogram
 * that the page has as a native one already.  Exemplars of its buckets are left out.  Pure; any thread.
 */
#ifndef WIRE_NHCB_H
#define WIRE_NHCB_H

#include "wire/expo.h"
#include "wire/metricpb.h"

/* Appends the page, and the histograms to `natives`, whose with_classic says that the classic lines stay, too.  A page that is none
 * is given out as it is: who reads it says why. */
void nhcb_page(struct str page, enum expo_format, struct metricpb_natives *, struct buf *out);

#endif
