/*
 * curl_pool.c — see curl_pool.h.
 *
 * IDEA   curl says which sockets it waits for and when it wants to be woken; the loop does the waiting.
 * TRAP   A handle must not be removed inside curl's own callbacks: `done` is called from finish(), after
 *        curl_multi_socket_action has returned, and may add, remove and free as it likes.
 */
#include "net/curl_pool.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"

struct curl_pool {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
};

static void
init_once(void)
{
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
}

static void
finish(struct curl_pool *p)
{
	CURLMsg *msg;
	int left;
	while ((msg = curl_multi_info_read(p->multi, &left))) {
		struct curl_job *job = NULL;
		CURLcode code = msg->data.result;
		if (msg->msg != CURLMSG_DONE)
			continue;
		must(curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&job) == CURLE_OK);
		curl_multi_remove_handle(p->multi, job->easy);
		os_kill_point(); /* the other side knows, and we have not noted it */
		job->done(job, code);
	}
}

static void
on_timer(void *arg)
{
	struct curl_pool *p = arg;
	int running;
	os_kill_point();
	curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish(p);
}

static void
on_socket(void *arg, int fd, unsigned events)
{
	struct curl_pool *p = arg;
	int running, ready = 0;
	ready |= events & LOOP_READ ? CURL_CSELECT_IN : 0;
	ready |= events & LOOP_WRITE ? CURL_CSELECT_OUT : 0;
	ready |= events & LOOP_HANGUP ? CURL_CSELECT_ERR : 0;
	os_kill_point(); /* curl sends and receives by itself */
	curl_multi_socket_action(p->multi, fd, ready, &running);
	finish(p);
}

static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct curl_pool *p = arg;
	unsigned events = 0;
	if (what == CURL_POLL_REMOVE) {
		loop_unwatch(p->loop, fd);
		return 0;
	}
	events |= what & CURL_POLL_IN ? LOOP_READ : 0;
	events |= what & CURL_POLL_OUT ? LOOP_WRITE : 0;
	loop_watch(p->loop, fd, events, on_socket, p, "curl");
	return 0;
}

static int
want_timer(CURLM *multi, long in, void *arg)
{
	struct curl_pool *p = arg;
	if (in < 0)
		loop_timer_cancel(p->loop, &p->timer);
	else
		loop_timer_set(p->loop, &p->timer, in, on_timer, p, "curl");
	return 0;
}

struct curl_pool *
curl_pool_create(struct loop *loop, unsigned connections)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_once);
	struct curl_pool *p = mem_new(struct curl_pool);
	p->loop = loop;
	p->multi = curl_multi_init();
	must(p->multi);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)connections);
	return p;
}

void
curl_pool_destroy(struct curl_pool **pp)
{
	struct curl_pool *p = *pp;
	if (!p)
		return;
	curl_multi_cleanup(p->multi);
	loop_timer_cancel(p->loop, &p->timer);
	mem_free(p);
	*pp = NULL;
}

void
curl_pool_add(struct curl_pool *p, struct curl_job *job)
{
	curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
	curl_easy_setopt(job->easy, CURLOPT_ERRORBUFFER, job->why);
	curl_easy_setopt(job->easy, CURLOPT_NOSIGNAL, 1L);
	must(curl_multi_add_handle(p->multi, job->easy) == CURLM_OK);
}

void
curl_pool_remove(struct curl_pool *p, struct curl_job *job)
{
	curl_multi_remove_handle(p->multi, job->easy);
}
