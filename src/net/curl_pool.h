/*
 * curl_pool.h — libcurl's transfers on our loop: what the HTTP and the mail client share.
 *
 * A transfer is an easy handle with its settings; the pool runs it and says when it is done.  The loop's
 * thread alone.
 */
#ifndef NET_CURL_POOL_H
#define NET_CURL_POOL_H

#include <curl/curl.h>

#include "base/loop.h"

struct curl_pool;
struct curl_job; /* embedded in its owner */

struct curl_job {
	CURL *easy; /* owned by the job's owner */
	void (*done)(struct curl_job *, CURLcode);
	char why[CURL_ERROR_SIZE];
};

/* Keeps up to `connections` open connections for later. */
struct curl_pool *curl_pool_create(struct loop *, unsigned connections);
void curl_pool_destroy(struct curl_pool **); /* all jobs are removed before */
/* Calls job->done once, from the loop, not from within this call. */
void curl_pool_add(struct curl_pool *, struct curl_job *);
/* Stops a job without a word; also right for one that is done. */
void curl_pool_remove(struct curl_pool *, struct curl_job *);

#endif
