/* ask.c — one request to the daemon, and its answer. */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/table.h"
#include "net/http_client.h"
#include "wire/json.h"

struct asking {
	struct args *args;
	struct answer *answer;
	struct loop *loop;
	enum rc rc;
	char why[300];
	bool done;
};

static void
on_done(void *arg, const struct http_result *r)
{
	struct asking *a = arg;
	a->rc = r->rc;
	snprintf(a->why, sizeof a->why, "%s", r->why ? r->why : "");
	a->answer->status = r->status;
	a->answer->body = arena_str(a->args->arena, r->body);
	a->done = true;
}

enum rc
ctl_ask(struct args *args, const char *method, const char *path, const char *type, struct str body, struct answer *answer, struct err *e)
{
	struct asking a = {.args = args, .answer = answer, .loop = loop_create("ctl", clock_real())};
	struct http_client *client = http_client_create(a.loop, 1, NULL);
	struct http_door *door = http_client_door(client);
	struct pair headers[2];
	size_t n = 0;
	if (type)
		headers[n++] = (struct pair){STR("Content-Type"), str_c(type)};
	if (args->customer)
		headers[n++] = (struct pair){STR("X-Scope-OrgID"), str_c(args->customer)};
	struct http_ask ask = {
	    .method = str_c(method),
	    .url = arena_fmt(args->arena, "%s%s", args->url, path),
	    .headers = {headers, n},
	    .body = body,
	    .bearer = str_c(args->token),
	    .no_redirects = true,
	    .max_body = 1 << 30,
	};
	door->request(door, &ask, on_done, &a);
	while (!a.done)
		loop_turn(a.loop, 1000);
	http_client_destroy(&client);
	loop_destroy(&a.loop);
	return a.rc == RC_OK ? RC_OK : err_set(e, RC_IO, "no answer from %s: %s", args->url, a.why);
}

struct str
ctl_error_of(struct args *args, const struct answer *answer)
{
	struct json j;
	struct str key, text = answer->body;
	json_init(&j, answer->body, args->arena, 16);
	if (json_peek(&j) == JSON_STRING) {
		json_str(&j, &text);
	} else if (json_peek(&j) == JSON_OBJECT && json_object(&j)) {
		while (json_key(&j, &key)) {
			if (str_is(key, "error"))
				json_str(&j, &text);
			else
				json_skip(&j);
		}
	}
	return text;
}

int
ctl_send(struct args *args, const char *method, const char *path, const char *type, struct str body, struct answer *answer)
{
	struct err e;
	if (ctl_ask(args, method, path, type, body, answer, &e) != RC_OK) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		return EXIT_UNREACHABLE;
	}
	if (answer->status / 100 == 2)
		return EXIT_OK;
	fprintf(stderr, "tocsin: %.*s\n", STR_ARG(ctl_error_of(args, answer)));
	return EXIT_REFUSED;
}

int
ctl_get(struct args *args, const char *path, struct answer *answer)
{
	return ctl_send(args, "GET", path, NULL, STR(""), answer);
}

void
ctl_print_raw(const struct answer *answer)
{
	printf("%.*s%s", STR_ARG(answer->body), answer->body.n && answer->body.p[answer->body.n - 1] != '\n' ? "\n" : "");
}

int
ctl_do(struct args *args, const char *method, const char *path, struct str body, const char *done)
{
	struct answer answer;
	int status = ctl_send(args, method, path, body.n ? "application/json" : NULL, body, &answer);
	if (status == EXIT_OK && args->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		puts(done);
	return status;
}

int
ctl_list(struct args *args, const char *path, const struct column *columns, const char *none)
{
	struct answer answer;
	int status = ctl_get(args, path, &answer);
	if (status == EXIT_OK && args->json)
		ctl_print_raw(&answer);
	else if (status == EXIT_OK)
		status = table_print(args, answer.body, columns, none);
	return status;
}
