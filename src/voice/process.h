/*
 * process.h — the phone as a process of its own, which outlives the engine and core.
 *
 * It serves frames (flow/call.h) to whoever connects to its socket.  Keys and ends are sent again, every two
 * seconds and at every new connection, until they are acknowledged: an engine that died in between learns of
 * them.
 */
#ifndef VOICE_PROCESS_H
#define VOICE_PROCESS_H

#include "conf/own.h"

/* Runs until SIGTERM or SIGINT, then hangs up.  `listen_fd`: a listening stream socket.  Returns the exit
 * status. */
int voice_main(int listen_fd, const struct conf_voice *);

#endif
