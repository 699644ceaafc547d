/*
 * prompb2_write.h — making a Prometheus remote-write 2.0 request (io.prometheus.write.v2.Request): each text once.
 *
 *     struct prompb2_writer w;
 *     prompb2_writer_init(&w);
 *     prompb2_writer_add(&w, &series) …
 *     prompb2_writer_finish(&w, &request);
 *     prompb2_writer_fini(&w);
 */
#ifndef WIRE_PROMPB2_WRITE_H
#define WIRE_PROMPB2_WRITE_H

#include "base/map.h"
#include "base/pair.h"
#include "wire/prompb.h"

struct prompb2_writer {
	struct map *symbols; /* to their numbers + 1 */
	struct buf table, series, one, refs, inner;
	size_t n_symbols;
};

void prompb2_writer_init(struct prompb2_writer *);
void prompb2_writer_fini(struct prompb2_writer *);
void prompb2_writer_add(struct prompb2_writer *, const struct prompb_series *);
void prompb2_writer_finish(struct prompb2_writer *, struct buf *request); /* appends; once */

#endif
