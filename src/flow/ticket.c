/* ticket.c — the words of ticket.h. */
#include "flow/ticket.h"

#include <stddef.h>

const char *const ticket_states[] = {"proposed", "new", "assigned", "in_progress", "suspended", "closed", "rejected", NULL};
const char *const ticket_kinds[] = {"incident", "request", "problem", "change", "consulting", "on_site", NULL};
const char *const priorities[] = {"", "low", "medium", "high", "critical", NULL};
const char *const modalities[] = {"ticket", "wait", "mail", "sms", "call", NULL};
const char *const suspensions[] = {"", "process", "customer", "supplier", NULL};
const char *const audiences[] = {"internal", "customer", "supplier", NULL};

#define RECORD_SELF struct ticket_alert
RECORD_LAYOUT(ticket_alert, TICKET_ALERT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct ticket_link
RECORD_LAYOUT(ticket_link, TICKET_LINK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct escalation
RECORD_LAYOUT(escalation, ESCALATION_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct ticket
RECORD_LAYOUT(ticket, TICKET_KEYS)
#undef RECORD_SELF
