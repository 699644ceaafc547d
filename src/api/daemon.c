/* daemon.c — the daemon about itself: health, own metrics, the table of routes as OpenAPI. */
#include <unistd.h>

#include "api/api_impl.h"
#include "base/budget.h"
#include "base/metric.h"
#include "base/os.h"

void
handle_healthy(struct call *c)
{
	http_answer(c->req, 200, "text/plain; charset=utf-8", STR("Tocsin is healthy.\n"));
}

void
handle_ready(struct call *c)
{
	if (api_ledger(c->api))
		http_answer(c->req, 200, "text/plain; charset=utf-8", STR("Tocsin is ready.\n"));
	else
		answer_error(c, RC_IO, "the ledger cannot be read yet");
}

static void
reloaded(struct call *c, const struct reply *r)
{
	struct conf_state s;
	if (r->rc != RC_OK) {
		answer_reply(c, r);
		return;
	}
	api_conf(c->api, c->arena, &s);
	conf_unref(&s.conf);
	if (s.at_next_start.n)
		http_answer(c->req, 200, "text/plain; charset=utf-8", arena_fmt(c->arena, "Taken at the next start: %.*s\n", STR_ARG(s.at_next_start)));
	else
		http_answer(c->req, 200, NULL, STR(""));
}

void
handle_reload(struct call *c)
{
	struct reply nothing = {0};
	ask_engine(c, MESSAGE_reload, &reply_layout, &nothing, reloaded);
}

void
api_own_metrics(struct api *a, struct buf *b)
{
	struct tsdb_state s;
	tsdb_state(a->house.tsdb, &s);
	metric_print(b);
	budget_print(b);
	limits_print(a, b);
	buf_fmt(b,
	    "# HELP tocsin_series Series in the store of samples.\n# TYPE tocsin_series gauge\ntocsin_series %zu\n"
	    "# HELP tocsin_head_samples Samples that are not in a block yet.\n# TYPE tocsin_head_samples gauge\ntocsin_head_samples %llu\n"
	    "# HELP tocsin_log_bytes Size of the write-ahead log.\n# TYPE tocsin_log_bytes gauge\ntocsin_log_bytes %llu\n"
	    "# HELP tocsin_block_bytes Size of all blocks.\n# TYPE tocsin_block_bytes gauge\ntocsin_block_bytes %llu\n"
	    "# HELP tocsin_tier_bytes Size of the windows of 5m and 1h beside the blocks.\n# TYPE tocsin_tier_bytes gauge\ntocsin_tier_bytes %llu\n"
	    "# HELP tocsin_live_streams Open streams of the journal.\n# TYPE tocsin_live_streams gauge\ntocsin_live_streams %zu\n",
	    s.series, (unsigned long long)s.head_samples, (unsigned long long)s.log_bytes, (unsigned long long)s.block_bytes,
	    (unsigned long long)s.tier_bytes, a->live.n);
}

void
handle_own_metrics(struct call *c)
{
	struct buf b = {0};
	api_own_metrics(c->api, &b);
	if (c->signed_in && c->who.role >= ROLE_VIEWER && !c->who.customers.n) /* names of customers are not for anybody */
		limits_print_customers(c, &b);
	http_answer_buf(c->req, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
}

static const char *
lower(struct call *c, const char *method)
{
	char *s = arena_cstr(c->arena, str_c(method));
	for (char *p = s; *p; p++)
		*p = (char)(*p | 32);
	return s;
}

void
handle_openapi(struct call *c)
{
	static const char *const rights[] = {"anybody", "contact", "viewer", "operator", "admin"};
	struct buf b = {0};
	struct json_writer w;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "openapi");
	jsonw_c(&w, "3.1.0");
	jsonw_key(&w, "info");
	jsonw_raw(&w, STR("{\"title\":\"Tocsin\",\"version\":\"" TOCSIN_VERSION "\"}"));
	jsonw_key(&w, "paths");
	jsonw_object(&w);
	for (size_t i = 0; i < routes_n; i++) {
		bool again = i && str_eq(str_c(routes[i].path), str_c(routes[i - 1].path));
		bool more = i + 1 < routes_n && str_eq(str_c(routes[i].path), str_c(routes[i + 1].path));
		if (!again) {
			jsonw_key(&w, routes[i].path);
			jsonw_object(&w);
		}
		jsonw_key(&w, lower(c, routes[i].method));
		jsonw_object(&w);
		jsonw_key(&w, "summary");
		jsonw_c(&w, routes[i].help);
		jsonw_key(&w, "x-right");
		jsonw_c(&w, rights[routes[i].right]);
		jsonw_key(&w, "responses");
		jsonw_raw(&w, STR("{\"default\":{\"description\":\"see the summary\"}}"));
		jsonw_object_end(&w);
		if (!more)
			jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	answer_json(c, 200, &b);
}
