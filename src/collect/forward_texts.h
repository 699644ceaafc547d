/*
 * forward_texts.h — what metrics are (type, help, unit), on its way to a peer of remote write.
 *
 * IDEA   It changes seldom and is small: it is read from the store as a whole, every metadata_config.send_interval.  Version 1 sends
 *        it in requests of its own, version 2 beside each series.
 *
 * The loop's thread.
 */
#ifndef COLLECT_FORWARD_TEXTS_H
#define COLLECT_FORWARD_TEXTS_H

#include "collect/forward_body.h"
#include "wire/prompb.h"

/* `number` is another one each time, and not 0; `to_find`: forward_texts_find will be asked. */
struct forward_texts *forward_texts_read(struct tsdb *, struct strs customers, uint64_t number, bool to_find);
void forward_texts_destroy(struct forward_texts **);
/* Of a series, which remembers it: by its name, or without the endings that its family's name does not have.  NULL: nothing is known. */
const struct prompb_metadata *forward_texts_find(const struct forward_texts *, struct forward_series *);

/* A request of version 1 with up to `most` metrics of one customer, from the `*at`-th on, packed; false when there are no more. */
bool forward_texts_body(const struct forward_texts *, size_t most, size_t *at, struct str *customer, struct buf *out);

#endif
