/*
 * message.h — the kinds of message.def, numbered.  0 is a reply, 1 is news.
 */
#ifndef FLOW_MESSAGE_H
#define FLOW_MESSAGE_H

enum message {
	MESSAGE_reply, /* a `reply`, with the id of what it answers */
	MESSAGE_news,  /* `news`, id 0 */
#define MESSAGE(name, record, help) MESSAGE_##name,
#include "flow/message.def"
#undef MESSAGE
	MESSAGES
};

#endif
