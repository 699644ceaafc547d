/*
 * demo.h — the customer for trying out: what a first start makes, so that the whole chain can be seen at once.
 */
#ifndef MAIN_DEMO_H
#define MAIN_DEMO_H

#include "flow/record.h"
#include "ledger/book.h"

/*
 * The resources as they are set in one turn; `user` is on call, and made with them when `make_user`.  Looks at this
 * machine for what to check: its resolvers, its gateway, its ssh.
 */
void demo_resources(struct str user, bool make_user, struct arena *, struct resource_batch *out);

#endif
