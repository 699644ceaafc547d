/* resource_kinds.c — every kind of resource: one row each. */
#include <stddef.h>

#include "access/user.h"
#include "check/watched.h"
#include "desk/agreement.h"
#include "engine/drill.h"
#include "engine/engine.h"
#include "ingest/heartbeat.h"
#include "oncall/schedule.h"

const struct resource_kind resource_kinds[] = {
    {"calendar", &calendar_layout, true, calendar_check, "working hours and holidays in a time zone"},
    {"check_command", &check_command_layout, false, check_command_check, "how a plug-in is called: written by administrators alone"},
    {"contact", &contact_layout, true, NULL, "a customer's person"},
    {"contract", &contract_layout, true, contract_check, "what a customer bought: clocks, calendar, on-call right, matrix"},
    {"customer", &customer_layout, false, NULL, "who is served, and the boundary of isolation"},
    {"drill", &drill_plan_layout, false, drill_plan_check, "a rehearsal of the whole chain, again and again"},
    {"heartbeat", &heartbeat_layout, true, heartbeat_check, "a job that must report inside its window"},
    {"host", &host_layout, true, host_check, "what is watched"},
    {"override", &override_layout, false, override_check, "somebody stands in on a schedule for a while"},
    {"policy", &policy_layout, true, policy_check, "who is called, step by step"},
    {"problem_type", &problem_type_layout, true, NULL, "what a person chooses who opens a ticket"},
    {"schedule", &schedule_layout, false, schedule_check, "whose turn it is"},
    {"service", &service_layout, true, service_check, "a check on a host"},
    {"team", &team_layout, false, NULL, "people who work together"},
    {"user", &user_layout, false, user_check, "one of ours"},
    {NULL, NULL, false, NULL, NULL},
};
