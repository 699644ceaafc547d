/*
 * frame.h — how messages between our processes are cut out of a byte stream.
 *
 *     u32 length of what follows · u16 kind · u64 id · body          all big-endian
 *
 * A reader collects bytes in a buf and takes frames off a view of it:
 *
 *     struct str rest = buf_view(&in);
 *     while ((rc = frame_take(&rest, &f, FRAME_LIMIT, &err)) == RC_OK) …
 *     buf_drop(&in, in.n - rest.n);
 *
 * Pure; any thread.
 */
#ifndef FLOW_FRAME_H
#define FLOW_FRAME_H

#include "base/buf.h"
#include "base/err.h"

enum { FRAME_HEAD = 14, FRAME_LIMIT = 16 << 20 };

struct frame {
	uint16_t kind;
	uint64_t id;
	struct str body; /* a view into what was read */
};

void frame_put(struct buf *, uint16_t kind, uint64_t id, struct str body);

/*
 * Takes the next frame off the front of `*rest`.  RC_ABSENT: not all of it is there yet.  RC_INVALID: the
 * peer does not speak frames, or the body is over `limit`; the stream is of no further use.
 */
CHECKED enum rc frame_take(struct str *rest, struct frame *, size_t limit, struct err *);

#endif
