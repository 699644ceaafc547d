/*
 * play_peer.h — inside the plays: the machines of other people, as the doors of HTTP and of the runner see them.
 *
 * IDEA   One table: each row says what stands at a URL, at a port, at a host or behind the name of a plug-in, and how it
 *        behaves.  A request asks the host first, then the port, then the URL; what is not in the table is not there.
 *        How it behaves is fixed when the request arrives, what it says comes later.
 */
#ifndef MAIN_PLAY_PEER_H
#define MAIN_PLAY_PEER_H

#include "base/loop.h"
#include "check/runner_client.h"
#include "net/http_client.h"

enum peer_kind { PEER_URL, PEER_PORT, PEER_HOST, PEER_PLUGIN };
enum peer_manner { PEER_ANSWERS, PEER_REFUSES, PEER_HANGS };

struct peer {
	enum peer_kind kind;
	struct str name; /* the URL; host:port; the host; the plug-in's file name */
	enum peer_manner manner;
	int status; /* of HTTP, or the exit status */
	struct str text;
	msec_t takes;
};

/* A webhook that was taken. */
struct played_hook {
	struct str url, body;
	msec_t at;
};

struct peers;
struct peers *peers_create(void);
void peers_destroy(struct peers **);
void peers_begin(struct peers *, struct loop *); /* a life begins */
void peers_end(struct peers *);                  /* whoever waits is gone */

/* From now on; texts are copied. */
void peers_set(struct peers *, const struct peer *);
void peers_forget(struct peers *, enum peer_kind, struct str name);

struct http_door *peers_http(struct peers *);
struct runner_door *peers_runner(struct peers *);

size_t peers_hooks(const struct peers *);
const struct played_hook *peers_hook_at(const struct peers *, size_t i);

#endif
