/* push.h — what the doors for pushed samples share. */
#ifndef API_PUSH_H
#define API_PUSH_H

#include "api/api_impl.h"

/* A request's body as it was meant, unpacked within the budget. */
struct push_body {
	struct str text;
	/* ours */
	struct buf plain;
	size_t charged;
};

/* Answers the error itself and gives false. */
bool push_body_open(struct call *, struct push_body *);
void push_body_close(struct push_body *);

#endif
