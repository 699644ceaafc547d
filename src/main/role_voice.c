/* role_voice.c — the phone's process. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/log.h"
#include "main/house.h"
#include "voice/process.h"

enum { PRIORITY = 5 };

/* Packets must leave on time, whatever else the machine does. */
void
claim_voice(void)
{
	struct sched_param param = {.sched_priority = PRIORITY};
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) != 0)
		log_info("voice", "no real-time priority: %s", strerror(errno));
}

int
role_voice(struct house *h)
{
	return voice_main(h->voice_fd, &h->conf->root->voice);
}
