/*
 * channels.h — which ways to a person are set up, and what is missing where one is not.
 */
#ifndef NOTIFY_CHANNELS_H
#define NOTIFY_CHANNELS_H

#include "access/user.h"
#include "conf/conf.h"

/* Appends one sentence: what is set, or which key to set.  True when the channel works. */
bool channel_look(const struct conf *, enum channel, struct buf *how);
/* The channel of a word, or -1. */
int channel_of(struct str word);
/* The key without which a channel does not work: "mail.smarthost"; "" when it needs none. */
const char *channel_key(enum channel);

#endif
