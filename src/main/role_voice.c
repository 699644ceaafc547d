/* role_voice.c — the phone's process. */
#include "main/house.h"
#include "voice/process.h"

int
role_voice(struct house *h)
{
	return voice_main(h->voice_fd, &h->conf->root->voice);
}
