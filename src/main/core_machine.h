/*
 * core_machine.h — this machine watched by the core: its figures, ours, and the units that systemctl calls failed.
 */
#ifndef MAIN_CORE_MACHINE_H
#define MAIN_CORE_MACHINE_H

#include "api/api.h"
#include "base/loop.h"
#include "check/runner_client.h"

struct core_machine;

struct core_machine *core_machine_create(struct loop *, struct tsdb *, struct runner_door *, struct api *);
void core_machine_destroy(struct core_machine **);

#endif
