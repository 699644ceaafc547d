/* clock.c — see clock.h. */
#include "base/clock.h"

#include <time.h>

#include "base/mem.h"
#include "base/must.h"

struct clock {
	bool scripted;
	msec_t wall;
	nsec_t mono;
};

struct clock *
clock_real(void)
{
	static struct clock real;
	return &real;
}

struct clock *
clock_virtual_create(msec_t start)
{
	struct clock *c = mem_new(struct clock);
	c->scripted = true;
	c->wall = start;
	c->mono = 1000000;
	return c;
}

void
clock_destroy(struct clock **pc)
{
	if (*pc && (*pc)->scripted)
		mem_free(*pc);
	*pc = NULL;
}

bool
clock_is_virtual(const struct clock *c)
{
	return c->scripted;
}

void
clock_virtual_set(struct clock *c, msec_t wall)
{
	must(c->scripted);
	c->wall = wall;
}

void
clock_virtual_advance(struct clock *c, msec_t by)
{
	must(c->scripted && by >= 0);
	c->wall += by;
	c->mono += by * 1000000;
}

static nsec_t
read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (nsec_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

msec_t
clock_wall(const struct clock *c)
{
	return c->scripted ? c->wall : read_clock(CLOCK_REALTIME) / 1000000;
}

nsec_t
clock_mono(const struct clock *c)
{
	return c->scripted ? c->mono : read_clock(CLOCK_MONOTONIC);
}
