/* house.c — see house.h. */
#include "main/house.h"

#include <signal.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/tz.h"
#include "label/matcher.h"
#include "label/regex.h"
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
judge_zone(struct str name, struct err *e)
{
	return name.n == 0 || tz_load(name, e) ? RC_OK : RC_INVALID;
}

const struct conf_judges house_judges = {
    .zone = judge_zone,
};
