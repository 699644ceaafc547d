/* core_machine.c — see core_machine.h. */
#include "main/core_machine.h"

#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "collect/machine.h"

enum { UNITS_EVERY = 60 * 1000, UNITS_TIMEOUT = 10 * 1000, FIRST = 1000 };

struct core_machine {
	struct loop *loop;
	struct runner_door *runner;
	struct api *api;
	struct machine *machine;
	struct loop_timer timer;
	uint64_t asked; /* the program under way; 0: none */
};

static void ask_units(void *arg);

static void
on_units(void *arg, const struct run_result *r)
{
	struct core_machine *c = arg;
	c->asked = 0;
	if (r && r->outcome == RUN_EXITED && r->status == 0)
		machine_units(c->machine, r->output);
}

static void
ask_units(void *arg)
{
	struct core_machine *c = arg;
	static struct str argv[] = {STR_INIT("/usr/bin/systemctl"), STR_INIT("list-units"), STR_INIT("--state=failed"), STR_INIT("--plain"), STR_INIT("--no-legend"),
	    STR_INIT("--no-pager")};
	struct run_request q = {.argv = {argv, sizeof argv / sizeof *argv}, .timeout = UNITS_TIMEOUT};
	if (!c->asked)
		c->asked = c->runner->run(c->runner, &q, on_units, c);
	loop_timer_set(c->loop, &c->timer, c->asked ? UNITS_EVERY : FIRST, ask_units, c, "ask for failed units");
}

static void
own_metrics(void *arg, struct buf *b)
{
	api_own_metrics(arg, b);
}

struct core_machine *
core_machine_create(struct loop *loop, struct tsdb *db, struct runner_door *runner, struct api *api)
{
	struct core_machine *c = mem_new(struct core_machine);
	c->loop = loop;
	c->runner = runner;
	c->api = api;
	c->machine = machine_create(&(struct machine_house){.tsdb = db, .root = "", .own = own_metrics, .arg = api});
	if (machine_has_systemd(c->machine))
		loop_timer_set(loop, &c->timer, FIRST, ask_units, c, "ask for failed units");
	else
		log_info("main", "systemd does not run here: no states of units");
	machine_start(c->machine);
	return c;
}

void
core_machine_destroy(struct core_machine **pc)
{
	struct core_machine *c = *pc;
	if (!c)
		return;
	loop_timer_cancel(c->loop, &c->timer);
	if (c->asked)
		c->runner->cancel(c->runner, c->asked);
	machine_destroy(&c->machine);
	mem_free(c);
	*pc = NULL;
}
