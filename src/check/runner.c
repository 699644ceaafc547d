/*
 * runner.c — see runner.h.
 *
 * [R1]   A job is answered once: when it ended, or at its time-out, whatever comes first.  It is forgotten when it was
 *        reaped, so its slot is taken as long as it exists.
 * [R2]   Its process group is killed before its leader is reaped: until then the number cannot be somebody else's.
 * TRAP   A descriptor that one job closed and the next one got, within one round of the loop, may hear of what was
 *        meant for the old one: handlers ask before they believe.
 * TRAP   A plug-in may start something that leaves its group.  We are the reaper of all our descendants: what is a
 *        child of ours and no job was left behind, and is killed.
 */
#include "check/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/os.h"
#include "check/spawn.h"
#include "net/link.h"

enum { CONCURRENT = 128, WAITING_MAX = 20000, CHUNK = 64 << 10, SWEEP = 1000 };

struct job {
	struct runner *runner;
	uint64_t link, id; /* who asked */
	struct spawned child;
	struct buf output;
	struct loop_timer deadline;
	nsec_t since;
	bool answered;
};

struct request {
	uint64_t link, id;
	struct buf body;
};

struct runner {
	struct loop *loop;
	struct link_server *server;
	struct spawn_user user;
	VEC(struct job *) jobs;
	VEC(struct request) waiting; /* from `first` on */
	size_t first;
	struct loop_timer sweep;
};

static void start_waiting(struct runner *);

/* ---- answers ---- */

static void
answer(struct runner *r, uint64_t link, uint64_t id, const struct run_result *result)
{
	struct link *l = link_server_find(r->server, link);
	struct buf b = {0};
	if (!l)
		return;
	record_encode(&run_result_layout, result, &b);
	link_send(l, RUN_RESULT, id, buf_view(&b));
	buf_fini(&b);
}

static void
answer_job(struct job *j, enum run_outcome outcome, int status)
{
	if (j->answered)
		return;
	j->answered = true;
	answer(j->runner, j->link, j->id,
	    &(struct run_result){.outcome = (int)outcome, .status = status, .output = buf_view(&j->output),
	        .micros = (clock_mono(loop_clock(j->runner->loop)) - j->since) / 1000});
}

/* ---- one job ---- */

/* Keeps the beginning, drops the rest.  As read(2). */
static ssize_t
read_some(struct job *j)
{
	static char chunk[CHUNK];
	ssize_t n = read(j->child.out, chunk, sizeof chunk);
	if (n > 0 && j->output.n < RUN_OUTPUT_MAX)
		buf_str(&j->output, str_to(str_n(chunk, (size_t)n), RUN_OUTPUT_MAX - j->output.n));
	return n;
}

static void
close_output(struct job *j)
{
	if (j->child.out < 0)
		return;
	loop_unwatch(j->runner->loop, j->child.out);
	close(j->child.out);
	j->child.out = -1;
}

static void
on_output(void *arg, int fd, unsigned events)
{
	struct job *j = arg;
	ssize_t n = read_some(j);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_output(j);
}

static void
forget(struct job *j)
{
	struct runner *r = j->runner;
	close_output(j);
	loop_timer_cancel(r->loop, &j->deadline);
	loop_unwatch(r->loop, j->child.pidfd);
	close(j->child.pidfd);
	buf_fini(&j->output);
	for (size_t i = 0; i < r->jobs.n; i++) {
		if (r->jobs.p[i] == j) {
			vec_remove(&r->jobs, i);
			break;
		}
	}
	mem_free(j);
}

static bool
has_ended(const struct job *j)
{
	siginfo_t what = {0};
	return waitid(P_PIDFD, (id_t)j->child.pidfd, &what, WEXITED | WNOHANG | WNOWAIT) == 0 && what.si_pid;
}

static void sweep(void *arg);

/* The most that can still be in a pipe is read; whoever else holds it is dead. */
static void
on_end(void *arg, int fd, unsigned events)
{
	struct job *j = arg;
	struct runner *r = j->runner;
	int status = 0;
	if (!has_ended(j))
		return;
	kill(-j->child.pid, SIGKILL); /* [R2] */
	waitpid(j->child.pid, &status, 0);
	for (int i = 0; i < 16 && j->child.out >= 0 && read_some(j) > 0; i++)
		;
	if (WIFSIGNALED(status))
		answer_job(j, RUN_SIGNALLED, WTERMSIG(status));
	else
		answer_job(j, RUN_EXITED, WEXITSTATUS(status));
	forget(j);
	loop_timer_set(r->loop, &r->sweep, SWEEP, sweep, r, "sweep strays");
	start_waiting(r);
}

static void
on_deadline(void *arg)
{
	struct job *j = arg;
	kill(-j->child.pid, SIGKILL);
	answer_job(j, RUN_TIMED_OUT, SIGKILL);
}

static void
start_job(struct runner *r, const struct request *q)
{
	struct arena *a = arena_create();
	struct run_request run;
	struct spawned child;
	struct err e;
	enum rc rc = record_decode(&run_request_layout, &run, buf_view(&q->body), a, &e);
	if (rc == RC_OK)
		rc = spawn(&run, &r->user, &child, &e);
	if (rc != RC_OK) {
		answer(r, q->link, q->id, &(struct run_result){.outcome = RUN_FAILED, .why = str_c(e.text)});
	} else {
		struct job *j = mem_new(struct job);
		*j = (struct job){.runner = r, .link = q->link, .id = q->id, .child = child, .since = clock_mono(loop_clock(r->loop))};
		*vec_add(&r->jobs) = j;
		loop_watch(r->loop, child.out, LOOP_READ, on_output, j, "plug-in output");
		loop_watch(r->loop, child.pidfd, LOOP_READ, on_end, j, "plug-in end");
		loop_timer_set(r->loop, &j->deadline, run.timeout, on_deadline, j, "plug-in time-out");
	}
	arena_destroy(&a);
}

/* ---- strays ---- */

static bool
is_job(const struct runner *r, pid_t pid)
{
	for (size_t i = 0; i < r->jobs.n; i++)
		if (r->jobs.p[i]->child.pid == pid)
			return true;
	return false;
}

/* Comes again as long as there was something to sweep. */
static void
sweep(void *arg)
{
	struct runner *r = arg;
	struct buf children = {0};
	struct str rest, word;
	struct err e;
	int64_t pid;
	bool found = false;
	if (os_read_file("/proc/thread-self/children", 1 << 20, &children, &e) != RC_OK)
		log_warn("check", "%s", e.text);
	rest = buf_view(&children);
	while (str_cut(&rest, ' ', &word)) {
		if (!str_i64(word, &pid) || is_job(r, (pid_t)pid))
			continue;
		found = true;
		kill((pid_t)pid, SIGKILL);
		waitpid((pid_t)pid, NULL, WNOHANG);
	}
	buf_fini(&children);
	if (found)
		loop_timer_set(r->loop, &r->sweep, SWEEP, sweep, r, "sweep strays");
}

/* ---- requests ---- */

static void
start_waiting(struct runner *r)
{
	while (r->first < r->waiting.n && r->jobs.n < CONCURRENT) {
		struct request *q = &r->waiting.p[r->first++];
		start_job(r, q);
		buf_fini(&q->body);
	}
	if (r->first == r->waiting.n)
		r->first = r->waiting.n = 0;
}

static void
on_request(void *arg, struct link *l, const struct frame *f)
{
	struct runner *r = arg;
	if (f->kind != RUN_REQUEST) {
		log_warn("check", "a frame of kind %u was not understood", f->kind);
		return;
	}
	if (r->waiting.n >= WAITING_MAX) {
		answer(r, link_number(l), f->id, &(struct run_result){.outcome = RUN_REFUSED, .why = STR("too many plug-ins wait")});
		return;
	}
	struct request *q = vec_add(&r->waiting);
	q->link = link_number(l);
	q->id = f->id;
	buf_str(&q->body, f->body);
	start_waiting(r);
}

/* ---- life ---- */

struct runner *
runner_create(struct loop *loop, int listen_fd)
{
	struct runner *r = mem_new(struct runner);
	r->loop = loop;
	r->user = spawn_user_find();
	if (!r->user.change)
		log_warn("check", "not started as root: plug-ins run under our own user and can read what we can");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r->server = link_server_create(loop, listen_fd, &(struct link_events){.arg = r, .frame = on_request});
	return r;
}

void
runner_destroy(struct runner **pr)
{
	struct runner *r = *pr;
	if (!r)
		return;
	loop_timer_cancel(r->loop, &r->sweep);
	while (r->jobs.n) {
		struct job *j = r->jobs.p[0];
		kill(-j->child.pid, SIGKILL);
		forget(j);
	}
	vec_fini(&r->jobs);
	for (size_t i = r->first; i < r->waiting.n; i++)
		buf_fini(&r->waiting.p[i].body);
	vec_fini(&r->waiting);
	link_server_destroy(&r->server);
	mem_free(r);
	*pr = NULL;
}
