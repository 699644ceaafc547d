/* verb_ticket.c — tickets, and the reasons of everything. */
#include <stdio.h>
#include <string.h>

#include "ctl/table.h"
#include "ctl/verbs.h"
#include "wire/json.h"
#include "wire/url.h"

static const struct column event_columns[] = {
    {"AT", "at", COLUMN_TIME},
    {"BY", "actor", COLUMN_TEXT},
    {"WHAT", "text", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static const struct column ticket_columns[] = {
    {"TICKET", "number", COLUMN_TEXT},
    {"CUSTOMER", "customer", COLUMN_TEXT},
    {"PRIORITY", "priority", COLUMN_WORD},
    {"STATE", "state", COLUMN_WORD},
    {"BY", "assignee", COLUMN_TEXT},
    {"PICKUP", "clocks.pickup.deadline", COLUMN_LEFT},
    {"RESOLUTION", "clocks.resolution.deadline", COLUMN_LEFT},
    {"TITLE", "title", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static const struct column ticket_facts[] = {
    {"Ticket", "number", COLUMN_TEXT},
    {"Title", "title", COLUMN_TEXT},
    {"Customer", "customer", COLUMN_TEXT},
    {"Kind", "kind", COLUMN_TEXT},
    {"State", "state", COLUMN_WORD},
    {"Waits for", "suspension", COLUMN_TEXT},
    {"Until", "until", COLUMN_TIME},
    {"Priority", "priority", COLUMN_WORD},
    {"Team", "team", COLUMN_TEXT},
    {"Works on it", "assignee", COLUMN_TEXT},
    {"Opened", "opened", COLUMN_TIME},
    {"Opened by", "opener", COLUMN_TEXT},
    {"Alerts", "alerts.name", COLUMN_TEXT},
    {"Pickup", "clocks.pickup.state", COLUMN_WORD},
    {"  spent", "clocks.pickup.spent_ms", COLUMN_SPAN},
    {"  of", "clocks.pickup.limit_ms", COLUMN_SPAN},
    {"  time left", "clocks.pickup.deadline", COLUMN_LEFT},
    {"Resolution", "clocks.resolution.state", COLUMN_WORD},
    {"  spent", "clocks.resolution.spent_ms", COLUMN_SPAN},
    {"  of", "clocks.resolution.limit_ms", COLUMN_SPAN},
    {"  time left", "clocks.resolution.deadline", COLUMN_LEFT},
    {NULL, NULL, COLUMN_TEXT},
};
_Static_assert(sizeof ticket_facts / sizeof *ticket_facts <= COLUMNS + 1, "a ticket has more facts than a table takes");

static int
list_tickets(struct args *a, const char *state)
{
	struct buf url = {0};
	buf_c(&url, "/api/tocsin/v1/tickets?state=");
	url_escape_query(&url, str_c(state));
	buf_c(&url, "&customer=");
	url_escape_query(&url, str_c(a->customer));
	int status = ctl_list(a, url.p, ticket_columns, "There is no such ticket.");
	buf_fini(&url);
	return status;
}

/* The ticket's facts, and below them what happened. */
static int
show_ticket(struct args *a, const char *number)
{
	struct buf url = {0};
	struct answer answer;
	buf_c(&url, "/api/tocsin/v1/tickets/");
	url_escape_query(&url, str_c(number));
	int status = ctl_get(a, url.p, &answer);
	if (status == EXIT_OK && a->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		status = facts_print(a, answer.body, ticket_facts);
	buf_c(&url, "/events");
	if (status == EXIT_OK && !a->json) {
		putchar('\n');
		status = ctl_list(a, url.p, event_columns, "Nothing has happened.");
	}
	buf_fini(&url);
	return status;
}

static int
open_ticket(struct args *a, const char *customer, const char *title, const char *type)
{
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "customer");
	jsonw_c(&w, customer);
	jsonw_key(&w, "title");
	jsonw_c(&w, title);
	if (type) {
		jsonw_key(&w, "problem_type");
		jsonw_c(&w, type);
	}
	jsonw_object_end(&w);
	int status = ctl_do(a, "POST", "/api/tocsin/v1/tickets", buf_view(&b), "The ticket was opened.");
	buf_fini(&b);
	return status;
}

/* What can be done to a ticket, and what its one further word is called in the request. */
static const struct {
	const char *verb, *key, *done;
} ticket_words[] = {
    {"accept", NULL, "The proposal was accepted."},
    {"assign", "user", "The ticket was assigned."},
    {"close", "text", "The ticket is closed."},
    {"escalate", NULL, "The ticket climbs."},
    {"message", "text", "The message was written."},
    {"priority", "priority", "The priority was changed."},
    {"reject", "text", "The proposal was rejected."},
    {"resume", NULL, "The ticket is in progress again."},
    {"suspend", "reason", "The ticket waits."},
    {"take", NULL, "The ticket is yours."},
};

static int
change_ticket(struct args *a, const char *number, size_t word, const char *value, const char *const extra[][2])
{
	struct buf url = {0}, b = {0};
	struct json_writer w;
	buf_c(&url, "/api/tocsin/v1/tickets/");
	url_escape_query(&url, str_c(number));
	buf_fmt(&url, "/%s", ticket_words[word].verb);
	jsonw_init(&w, &b);
	jsonw_object(&w);
	if (value && ticket_words[word].key) {
		jsonw_key(&w, ticket_words[word].key);
		jsonw_c(&w, value);
	}
	for (; (*extra)[0]; extra++) {
		if (!(*extra)[1])
			continue;
		jsonw_key(&w, (*extra)[0]);
		jsonw_c(&w, (*extra)[1]);
	}
	jsonw_object_end(&w);
	int status = ctl_do(a, "POST", url.p, buf_view(&b), ticket_words[word].done);
	buf_fini(&url);
	buf_fini(&b);
	return status;
}

int
verb_ticket(struct args *a)
{
	const char *state = args_option(a, "state"), *type = args_option(a, "type");
	const char *const extra[][2] = {{"audience", args_option(a, "audience")}, {"until", args_option(a, "until")}, {"text", args_option(a, "text")}, {NULL, NULL}};
	const char *what = args_word(a), *first = args_word(a), *second = args_word(a);
	int status = what ? args_done(a, verb_self("ticket")) : verb_usage("ticket");
	if (status != EXIT_OK)
		return status;
	if (strcmp(what, "list") == 0)
		return list_tickets(a, state);
	if (first && strcmp(what, "show") == 0)
		return show_ticket(a, first);
	if (second && strcmp(what, "open") == 0)
		return open_ticket(a, first, second, type);
	for (size_t i = 0; first && i < sizeof ticket_words / sizeof *ticket_words; i++)
		if (strcmp(what, ticket_words[i].verb) == 0)
			return change_ticket(a, first, i, second, extra);
	return verb_usage("ticket");
}

int
verb_explain(struct args *a)
{
	const char *subject = args_word(a);
	struct buf url = {0};
	if (!subject)
		return verb_usage("explain");
	buf_c(&url, "/api/tocsin/v1/events?limit=10000&subject=");
	url_escape_query(&url, str_c(subject));
	int status = args_done(a, verb_self("explain"));
	if (status == EXIT_OK)
		status = ctl_list(a, url.p, event_columns, "Nothing is known of it.");
	buf_fini(&url);
	return status;
}
