/*
 * speech.c — see speech.h.
 *
 * IDEA   An utterance is known by its voice and text; the first who wants it makes it, everybody shares it,
 * and it stays in the cache while there is room.  Nobody is called back: a call looks each 20 ms whether its
 * words are there. TRAP   The text goes in on standard input, never on the command line: it comes from alerts
 * and tickets, and other users can read command lines.  It fits into a pipe (SPEECH_TEXT_MAX), so writing
 * never waits. TRAP   A program that closes its output but does not end is killed: waitpid must not wait.
 */
#include "voice/speech.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "voice/re.h"

enum { WORKERS = 4, WORK_MS = 15 * 1000, ARGS_MAX = 32, WAV_MAX = 48000 * 2 * CLIP_SECONDS_MAX };

struct utterance {
	struct speech *speech;
	struct utterance *next; /* in the queue */
	struct buf key;         /* voice NUL text */
	size_t voice_n;
	unsigned refs;
	uint64_t used;
	bool working, ready;
	struct clip clip;
	pid_t pid;
	int out;
	struct buf wav;
	struct tmr limit;
};

struct speech {
	VEC(char *) command;
	struct map *all;
	size_t cached, cache_bytes;
	uint64_t turn;
	unsigned working;
	struct utterance *first, *last; /* waiting for a worker */
};

static void start_next(struct speech *);

struct speech *
speech_create(struct strs command, size_t cache_bytes)
{
	struct speech *s = mem_new(struct speech);
	must(command.n > 0 && command.n < ARGS_MAX);
	for (size_t i = 0; i < command.n; i++)
		*vec_add(&s->command) = mem_dup(command.p[i].p, command.p[i].n);
	s->all = map_create();
	s->cache_bytes = cache_bytes;
	return s;
}

static size_t
size_of(const struct utterance *u)
{
	return sizeof *u + u->key.n + u->clip.ulaw.n + u->clip.alaw.n;
}

static void
drop(struct utterance *u)
{
	must(u->refs == 0 && u->ready);
	(void)map_take(u->speech->all, buf_view(&u->key));
	u->speech->cached -= size_of(u);
	clip_fini(&u->clip);
	buf_fini(&u->key);
	mem_free(u);
}

/* Forgets what was not said for longest until the rest fits. */
static void
trim(struct speech *s)
{
	while (s->cached > s->cache_bytes) {
		struct utterance *oldest = NULL;
		map_each (s->all, e) {
			struct utterance *u = e->value;
			if (u->refs == 0 && u->ready && (!oldest || u->used < oldest->used))
				oldest = u;
		}
		if (!oldest)
			return;
		drop(oldest);
	}
}

static void
finish(struct utterance *u, bool good)
{
	struct err err = {0};
	tmr_cancel(&u->limit);
	fd_close(u->out);
	close(u->out);
	kill(u->pid, SIGKILL);
	waitpid(u->pid, NULL, 0);
	if (!good)
		(void)err_set(
		    &err, RC_TIMEOUT, "the speech program did not finish in time, or wrote too much");
	if (!good || clip_from_wav(&u->clip, buf_view(&u->wav), &err) != RC_OK || u->clip.ulaw.n == 0) {
		log_warn("voice", "no speech: %s", err.text);
		clip_fini(&u->clip);
		clip_beeps(&u->clip);
	}
	buf_fini(&u->wav);
	u->working = false;
	u->ready = true;
	u->speech->working--;
	u->speech->cached += size_of(u);
	trim(u->speech);
}

static void
on_late(void *arg)
{
	struct utterance *u = arg;
	struct speech *s = u->speech;
	finish(u, false);
	start_next(s);
}

static void
on_wav(int flags, void *arg)
{
	struct utterance *u = arg;
	struct speech *s = u->speech;
	ssize_t n = read(u->out, buf_room(&u->wav, 65536), 65536);
	if (n > 0)
		buf_grew(&u->wav, (size_t)n);
	if (n > 0 && u->wav.n <= WAV_MAX)
		return;
	finish(u, n <= 0);
	start_next(s);
}

/* Starts the program with both ends of its pipes; the text is in the first one already. */
static bool
spawn(struct utterance *u, const int in[2], const int out[2])
{
	struct speech *s = u->speech;
	char *argv[ARGS_MAX + 1] = {NULL};
	posix_spawn_file_actions_t actions;
	for (size_t i = 0; i < s->command.n; i++)
		argv[i] = strcmp(s->command.p[i], "%l") == 0 ? u->key.p : s->command.p[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	int rc = posix_spawnp(&u->pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		log_error("voice", "cannot start %s: %s", argv[0], strerror(rc));
	return rc == 0;
}

static bool
start(struct utterance *u)
{
	int in[2], out[2];
	must(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	struct str text = str_from(buf_view(&u->key), u->voice_n + 1);
	bool good = write(in[1], text.p, text.n) == (ssize_t)text.n && spawn(u, in, out);
	close(in[0]);
	close(in[1]);
	close(out[1]);
	if (!good) {
		close(out[0]);
		return false;
	}
	u->out = out[0];
	fcntl(u->out, F_SETFL, O_NONBLOCK);
	u->working = true;
	u->speech->working++;
	tmr_start(&u->limit, WORK_MS, on_late, u);
	must(fd_listen(u->out, FD_READ, on_wav, u) == 0);
	return true;
}

static void
start_next(struct speech *s)
{
	while (s->first && s->working < WORKERS) {
		struct utterance *u = s->first;
		s->first = u->next;
		if (!s->first)
			s->last = NULL;
		if (start(u))
			continue;
		clip_beeps(&u->clip);
		u->ready = true;
		s->cached += size_of(u);
	}
}

struct utterance *
speech_say(struct speech *s, const char *voice, struct str text)
{
	struct buf key = {0};
	text = str_to(text, SPEECH_TEXT_MAX);
	buf_add(&key, voice, strlen(voice) + 1);
	buf_str(&key, text);
	struct utterance *u = map_get(s->all, buf_view(&key));
	if (u) {
		buf_fini(&key);
	} else {
		u = mem_new(struct utterance);
		u->speech = s;
		u->key = key;
		u->voice_n = strlen(voice);
		tmr_init(&u->limit);
		(void)map_put(s->all, buf_view(&key), u);
		if (s->last)
			s->last->next = u;
		else
			s->first = u;
		s->last = u;
		start_next(s);
	}
	u->refs++;
	u->used = ++s->turn;
	return u;
}

void
utterance_release(struct utterance **pu)
{
	if (*pu) {
		must((*pu)->refs > 0);
		(*pu)->refs--;
		trim((*pu)->speech);
	}
	*pu = NULL;
}

const struct clip *
utterance_clip(const struct utterance *u)
{
	return u->ready ? &u->clip : NULL;
}

void
speech_destroy(struct speech **ps)
{
	struct speech *s = *ps;
	if (!s)
		return;
	s->first = NULL;
	s->cache_bytes = SIZE_MAX;
	map_each (s->all, e) {
		struct utterance *u = e->value;
		if (u->working)
			finish(u, false);
		else if (!u->ready)
			s->cached += size_of(u);
		u->ready = true;
	}
	s->cache_bytes = 0;
	trim(s);
	must(map_count(s->all) == 0);
	map_destroy(&s->all);
	for (size_t i = 0; i < s->command.n; i++)
		mem_free(s->command.p[i]);
	vec_fini(&s->command);
	mem_free(s);
	*ps = NULL;
}
