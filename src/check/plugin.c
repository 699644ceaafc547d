/* plugin.c — a check by a program of its own: Nagios' plug-ins, run by the runner. */
#include "base/mem.h"
#include "check/probe.h"
#include "check/runner_client.h"

struct probe {
	struct runner_door *door;
	uint64_t run;
	struct definition *def;
	probe_done *done;
	void *arg;
};

static void
probe_free(struct probe *p)
{
	definition_unref(&p->def);
	mem_free(p);
}

/* A plug-in's exit status is its state; how it ended otherwise is said in a line of ours before what it printed. */
static enum check_state
judge(const struct service *s, const struct run_result *r, struct buf *text)
{
	switch ((enum run_outcome)r->outcome) {
	case RUN_TIMED_OUT:
		buf_fmt(text, "(timed out after %.1f s) ", (double)s->timeout / 1000);
		return s->timeout_state == TIMEOUT_CRITICAL ? CHECK_CRITICAL : CHECK_UNKNOWN;
	case RUN_SIGNALLED:
		buf_fmt(text, "(ended by signal %d) ", (int)r->status);
		return CHECK_UNKNOWN;
	case RUN_FAILED:
	case RUN_REFUSED:
		buf_fmt(text, "(%.*s) ", STR_ARG(r->why));
		return CHECK_UNKNOWN;
	case RUN_EXITED:
		break;
	}
	if (r->status >= CHECK_OK && r->status <= CHECK_UNKNOWN)
		return (enum check_state)r->status;
	buf_fmt(text, "(exit status %d) ", (int)r->status);
	return CHECK_UNKNOWN;
}

static void
on_result(void *arg, const struct run_result *r)
{
	struct probe *p = arg;
	struct buf text = {0};
	struct probe_result out = {.ran = r && r->outcome != RUN_REFUSED};
	if (out.ran) {
		out.state = judge(&p->def->spec, r, &text);
		buf_str(&text, r->output);
		out.seconds = (double)r->micros / 1e6;
	}
	out.text = buf_view(&text);
	probe_done *done = p->done;
	void *done_arg = p->arg;
	probe_free(p);
	done(done_arg, &out);
	buf_fini(&text);
}

static struct probe *
plugin_start(const struct probe_doors *doors, struct definition *d, probe_done *done, void *arg)
{
	struct probe *p = mem_new(struct probe);
	*p = (struct probe){doors->runner, 0, definition_ref(d), done, arg};
	p->run = p->door->run(p->door, &(struct run_request){.argv = d->argv, .timeout = d->spec.timeout}, on_result, p);
	if (p->run)
		return p;
	probe_free(p);
	return NULL;
}

static void
plugin_cancel(struct probe **pp)
{
	struct probe *p = *pp;
	p->door->cancel(p->door, p->run);
	probe_free(p);
	*pp = NULL;
}

const struct check_kind plugin_kind = {"plugin", plugin_start, plugin_cancel};
