/* role_runner.c — the process that runs plug-ins: small, and nothing of value is in it. */
#include "base/loop.h"
#include "check/runner.h"
#include "main/house.h"

int
role_runner(struct house *h)
{
	struct loop *loop = loop_create("runner", clock_real());
	house_stop_on_signals(loop);
	struct runner *r = runner_create(loop, h->runner_fd);
	loop_run(loop);
	runner_destroy(&r);
	loop_destroy(&loop);
	return 0;
}
