/*
 * source_timex.c — adjtimex: how far the clock may be wrong, and whether somebody keeps it right.
 *
 * TRAP   libc's function asks by clock_adjtime, which can set clocks and is refused to us; adjtimex with modes 0 reads.
 */
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "collect/source.h"

#define PPM (65536.0 * 1e6) /* frequencies are parts per million, shifted by 16 bits */

static void
read_timex(struct source_host *h, struct buf *b)
{
	struct timex t = {0};
	long state = syscall(SYS_adjtimex, &t);
	if (state < 0)
		return;
	double unit = t.status & STA_NANO ? 1e9 : 1e6;
	source_put(b, "node_timex_estimated_error_seconds", "", (double)t.esterror / 1e6);
	source_put(b, "node_timex_frequency_adjustment_ratio", "", 1 + (double)t.freq / PPM);
	source_put(b, "node_timex_loop_time_constant", "", (double)t.constant);
	source_put(b, "node_timex_maxerror_seconds", "", (double)t.maxerror / 1e6);
	source_put(b, "node_timex_offset_seconds", "", (double)t.offset / unit);
	source_put(b, "node_timex_status", "", t.status);
	source_put(b, "node_timex_sync_status", "", state != TIME_ERROR);
	source_put(b, "node_timex_tai_offset_seconds", "", t.tai);
	source_put(b, "node_timex_tick_seconds", "", (double)t.tick / 1e6);
}

const struct source timex_source = {"timex", read_timex, "how far the clock may be wrong, and whether it is kept right"};
