/* gzip_stream.c — see gzip_stream.h. */
#include "wire/gzip_stream.h"

#include <zlib.h>

#include "base/mem.h"
#include "base/must.h"

enum { WINDOW = 15, GZIP = 16, MEMORY = 8, ROOM = 16 << 10 };

struct gzip_stream {
	z_stream z;
};

struct gzip_stream *
gzip_stream_create(void)
{
	struct gzip_stream *s = mem_new(struct gzip_stream);
	must(deflateInit2(&s->z, Z_BEST_SPEED, Z_DEFLATED, WINDOW + GZIP, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
	return s;
}

void
gzip_stream_destroy(struct gzip_stream **ps)
{
	if (*ps)
		deflateEnd(&(*ps)->z);
	mem_free(*ps);
	*ps = NULL;
}

void
gzip_stream_add(struct gzip_stream *s, struct str part, bool last, struct buf *out)
{
	must(part.n <= UINT_MAX);
	s->z.next_in = (unsigned char *)part.p;
	s->z.avail_in = (unsigned)part.n;
	do {
		s->z.next_out = (unsigned char *)buf_room(out, ROOM);
		s->z.avail_out = ROOM;
		must(deflate(&s->z, last ? Z_FINISH : Z_NO_FLUSH) != Z_STREAM_ERROR);
		buf_grew(out, ROOM - s->z.avail_out);
	} while (s->z.avail_out == 0);
}
