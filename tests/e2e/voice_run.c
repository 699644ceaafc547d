/*
 * voice_run.c — the phone process alone, for test_voice.py, which plays the engine.
 *
 *     voice_run SOCKET [key=value …] [trunk key=value …] [trunk …]       keys as in tocsin.yml
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "voice/process.h"

enum { TRUNKS_MAX = 4 };

static int
listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	return bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 4) == 0 ? fd : -1;
}

static bool
set(const struct layout *l, void *record, const char *text, struct arena *a)
{
	struct str value = str_c(text), name;
	struct err err = {0};
	const struct key *key = str_cut(&value, '=', &name) ? record_key(l, name) : NULL;
	if (key && record_set(key, record, value, a, &err) == RC_OK)
		return true;
	fprintf(stderr, "%s: %s\n", text, key ? err.text : "no such key");
	return false;
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_create();
	struct conf_trunk trunks[TRUNKS_MAX] = {0};
	struct conf_voice conf = {0};
	size_t n = 0;
	log_setup("voice", LOG_DEBUG);
	record_defaults(&conf_voice_layout, &conf, a);
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "trunk") == 0 && n < TRUNKS_MAX)
			record_defaults(&conf_trunk_layout, &trunks[n++], a);
		else if (!(n ? set(&conf_trunk_layout, &trunks[n - 1], argv[i], a)
			     : set(&conf_voice_layout, &conf, argv[i], a)))
			return 2;
	}
	conf.trunks.p = trunks;
	conf.trunks.n = n;
	int fd = argc > 1 ? listen_at(argv[1]) : -1;
	if (fd < 0) {
		perror("voice_run: cannot listen");
		return 2;
	}
	int rc = voice_main(fd, &conf);
	arena_destroy(&a);
	return rc;
}
