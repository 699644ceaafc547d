/* house.c — see house.h. */
#include "main/house.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "alert/judges.h"
#include "ingest/graphite.h"
#include "base/must.h"
#include "promql/promql.h"

struct str
house_ledger(const struct house *h)
{
	struct str url = h->conf->root->ledger.url;
	return url.n ? url : str_c(h->data);
}

void
house_name_url(const struct house *h, struct conf *conf)
{
	if (!conf->root->server.external_url.n)
		conf->external_url = str_c(h->external_url);
}

enum rc
house_load(const struct house *h, struct conf **out, struct buf *text)
{
	struct report report;
	report_init(&report);
	enum rc rc = conf_load(h->config_path, house_judges(), out, &report);
	report_print(&report, text);
	report_fini(&report);
	if (rc == RC_OK)
		house_name_url(h, *out);
	return rc;
}

/* ---- signals ---- */

static struct loop *stopped_loop;

static void
on_stop(int sig)
{
	loop_stop(stopped_loop);
}

void
house_stop_on_signals(struct loop *l)
{
	stopped_loop = l;
	struct sigaction sa = {.sa_handler = on_stop};
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static struct {
	loop_fn *fn;
	void *arg;
} reload;

static void
on_hang_up(void *arg, int fd, unsigned events)
{
	struct signalfd_siginfo s;
	bool any = false;
	while (read(fd, &s, sizeof s) == sizeof s)
		any = true;
	if (any)
		reload.fn(reload.arg);
}

void
house_reload_on_signal(struct loop *l, loop_fn *fn, void *arg)
{
	sigset_t hang_up;
	sigemptyset(&hang_up);
	sigaddset(&hang_up, SIGHUP);
	int fd = signalfd(-1, &hang_up, SFD_CLOEXEC | SFD_NONBLOCK); /* for the life of the process */
	must(fd >= 0);
	reload.fn = fn;
	reload.arg = arg;
	loop_watch(l, fd, LOOP_READ, on_hang_up, NULL, "reload");
}

/* ---- judges ---- */

static enum rc
judge_promql(struct str text, struct err *e)
{
	struct promql *q = NULL;
	enum rc rc = promql_parse(text, &q, e);
	promql_destroy(&q);
	return rc;
}

const struct conf_judges *
house_judges(void)
{
	static struct conf_judges judges;
	judges_fill(&judges);
	judges.promql = judge_promql;
	judges.graphite = graphite_template_check;
	return &judges;
}
