/* house.c — see house.h. */
#include "main/house.h"

#include <signal.h>
#include <stddef.h>

#include "alert/judges.h"
#include "base/loop.h"
#include "promql/promql.h"

struct str
house_ledger(const struct house *h)
{
	struct str url = h->conf->root->ledger.url;
	return url.n ? url : str_c(h->data);
}

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
	return &judges;
}
