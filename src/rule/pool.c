/* pool.c — see pool.h. */
#include "rule/pool.h"

#include <pthread.h>
#include <time.h>

#include "base/mem.h"
#include "base/must.h"

enum { THREADS_MOST = 8 };

struct pool {
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t work, settled;
	struct pool_job *first, **last;
	pthread_t threads[THREADS_MOST];
	unsigned n;
	bool over;
};

static void
on_loop(void *arg)
{
	struct pool_job *job = arg;
	job->state = POOL_IDLE;
	job->done(job);
}

/* The loop's mailbox may be full for a while. */
static void
tell(struct pool *p, struct pool_job *job)
{
	while (!loop_post(p->loop, on_loop, job, "rules were asked"))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void *
work(void *arg)
{
	struct pool *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->first && !p->over)
			pthread_cond_wait(&p->work, &p->lock);
		struct pool_job *job = p->first;
		if (!job)
			break;
		p->first = job->next;
		p->last = p->first ? p->last : &p->first;
		job->state = POOL_RUNNING;
		pthread_mutex_unlock(&p->lock);
		job->run(job);
		pthread_mutex_lock(&p->lock);
		job->state = POOL_RAN;
		pthread_cond_broadcast(&p->settled);
		pthread_mutex_unlock(&p->lock); /* the loop may want it before it looks into its mailbox */
		tell(p, job);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *
pool_create(struct loop *loop, unsigned threads)
{
	struct pool *p = mem_new(struct pool);
	p->loop = loop;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->settled, NULL);
	for (; p->n < threads && p->n < THREADS_MOST; p->n++)
		must(pthread_create(&p->threads[p->n], NULL, work, p) == 0);
	return p;
}

void
pool_destroy(struct pool **pp)
{
	struct pool *p = *pp;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->over = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->settled);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
	*pp = NULL;
}

void
pool_hand_in(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	job->state = POOL_WAITING;
	job->next = NULL;
	*p->last = job;
	p->last = &job->next;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

void
pool_wait(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	while (job->state == POOL_WAITING || job->state == POOL_RUNNING)
		pthread_cond_wait(&p->settled, &p->lock);
	pthread_mutex_unlock(&p->lock);
}
