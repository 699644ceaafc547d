/*
 * macro.h — $HOSTADDRESS$, $HOSTNAME$, $SERVICEDESC$ and $ARGn$ inside one text.
 *
 * What a macro stands for is never looked into again, and stays inside the text (one element of an argv) that it was
 * in.  $$ is a dollar sign; any other name stays as it stands.  Pure.
 */
#ifndef CHECK_MACRO_H
#define CHECK_MACRO_H

#include "base/buf.h"
#include "base/pair.h"

struct macros {
	struct str address, host, service;
	struct strs args;
};

void macro_expand(struct buf *, struct str text, const struct macros *);

#endif
