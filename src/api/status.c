/*
 * status.c — how the daemon itself is: what of the configuration is not acted on, or not yet, and what is in quarantine.
 *
 * For administrators: it names what belongs to all customers.
 */
#include <stdio.h>

#include "api/api_impl.h"
#include "base/suspect.h"
#include "base/time.h"

/* ---- what is known of the configuration ---- */

void
api_configured(struct api *a, struct conf *fresh, struct strs at_next_start)
{
	struct buf names = {0};
	for (size_t i = 0; i < at_next_start.n; i++)
		buf_fmt(&names, "%s%.*s", i ? ", " : "", STR_ARG(at_next_start.p[i]));
	pthread_mutex_lock(&a->conf_lock);
	conf_unref(&a->conf);
	a->conf = conf_ref(fresh);
	a->configured = clock_wall(a->house.clock);
	a->refused = false;
	buf_fini(&a->at_next_start);
	a->at_next_start = names;
	pthread_mutex_unlock(&a->conf_lock);
}

void
api_refused(struct api *a)
{
	pthread_mutex_lock(&a->conf_lock);
	a->refused = true;
	pthread_mutex_unlock(&a->conf_lock);
}

void
api_conf(struct api *a, struct arena *arena, struct conf_state *out)
{
	pthread_mutex_lock(&a->conf_lock);
	*out = (struct conf_state){conf_ref(a->conf), arena_str(arena, buf_view(&a->at_next_start)), a->configured, a->refused};
	pthread_mutex_unlock(&a->conf_lock);
}

/* ---- as JSON ---- */

static void
put_warnings(struct json_writer *w, const struct conf *conf)
{
	jsonw_key(w, "warnings");
	jsonw_array(w);
	for (size_t i = 0; i < conf->warnings_n; i++) {
		struct buf at = {0};
		place_print(conf->warnings[i].at, &at);
		jsonw_object(w);
		jsonw_member(w, "at", buf_view(&at));
		jsonw_member(w, "text", conf->warnings[i].text);
		jsonw_object_end(w);
		buf_fini(&at);
	}
	jsonw_array_end(w);
}

static struct str
print_text(struct arena *a, uint64_t print)
{
	return arena_fmt(a, "%016llx", (unsigned long long)print);
}

static void
put_quarantine(struct json_writer *w, struct arena *a)
{
	struct suspect all[SUSPECTS_MAX];
	size_t n = suspect_list(all);
	jsonw_key(w, "quarantine");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		jsonw_member(w, "print", print_text(a, all[i].print));
		jsonw_member(w, "role", str_c(all[i].role));
		jsonw_member(w, "what", str_c(all[i].what));
		jsonw_key(w, "deaths");
		jsonw_i64(w, all[i].deaths);
		jsonw_key(w, "refused");
		jsonw_bool(w, all[i].deaths >= SUSPECT_DEATHS);
		jsonw_member_time(w, "last", all[i].last);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_peers(struct call *c, struct json_writer *w)
{
	struct buf b = {0};
	c->api->house.remote_json(c->api->house.arg, &b);
	jsonw_key(w, "remote_write");
	jsonw_raw(w, buf_view(&b));
	buf_fini(&b);
}

static void
put_cluster(struct call *c, const struct conf *conf, struct json_writer *w)
{
	struct buf b = {0};
	cluster_json(c->api->house.cluster, conf, &b);
	jsonw_key(w, "remote_query");
	jsonw_raw(w, buf_view(&b));
	buf_fini(&b);
}

void
handle_status(struct call *c)
{
	struct conf_state s;
	struct buf b = {0};
	struct json_writer w;
	struct str rest, name;
	api_conf(c->api, c->arena, &s);
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_member(&w, "version", STR(TOCSIN_VERSION));
	jsonw_member_time(&w, "started", c->api->started);
	jsonw_member_time(&w, "configured", s.configured);
	jsonw_key(&w, "last_reload_refused");
	jsonw_bool(&w, s.refused);
	jsonw_member(&w, "config", str_c(s.conf->path ? s.conf->path : ""));
	put_warnings(&w, s.conf);
	jsonw_key(&w, "at_next_start");
	jsonw_array(&w);
	for (rest = s.at_next_start; rest.n && str_cut(&rest, ',', &name);)
		jsonw_str(&w, str_trim(name));
	jsonw_array_end(&w);
	put_quarantine(&w, c->arena);
	put_peers(c, &w);
	put_cluster(c, s.conf, &w);
	jsonw_object_end(&w);
	conf_unref(&s.conf);
	answer_json(c, 200, &b);
}

void
handle_quarantine_forget(struct call *c)
{
	char text[17] = "", *end = text;
	if (c->part[0].n < sizeof text)
		snprintf(text, sizeof text, "%.*s", STR_ARG(c->part[0]));
	uint64_t print = strtoull(text, &end, 16);
	if (*text && !*end && suspect_forget(print))
		http_answer(c->req, 200, "application/json", STR("{\"ok\":true}"));
	else
		answer_error(c, RC_ABSENT, "nothing is in quarantine as \"%.*s\"", STR_ARG(str_to(c->part[0], 40)));
}

/* ---- as a page ---- */

static void
warnings_table(struct buf *b, const struct conf *conf)
{
	buf_c(b, "<h1>Configuration</h1>");
	if (!conf->warnings_n)
		buf_c(b, "<p>Every key that is set is acted on.</p>");
	else
		buf_c(b, "<table><tr><th>Where<th>What</tr>");
	for (size_t i = 0; i < conf->warnings_n; i++) {
		struct buf at = {0};
		place_print(conf->warnings[i].at, &at);
		buf_c(b, "<tr>");
		html_cell(b, "", buf_view(&at));
		html_cell(b, "", conf->warnings[i].text);
		buf_c(b, "</tr>");
		buf_fini(&at);
	}
	if (conf->warnings_n)
		buf_c(b, "</table>");
}

static void
quarantine_table(struct buf *b, struct arena *a)
{
	struct suspect all[SUSPECTS_MAX];
	size_t n = suspect_list(all);
	char text[TIME_TEXT];
	buf_c(b, "<h1>Quarantine</h1>");
	buf_c(b, n ? "<table><tr><th>Number<th>Process<th>What<th>Deaths<th>Last (UTC)</tr>" : "<p>Nothing has ended a process.</p>");
	for (size_t i = 0; i < n; i++) {
		buf_c(b, "<tr>");
		html_cell(b, " class=n", print_text(a, all[i].print));
		html_cell(b, "", str_c(all[i].role));
		html_cell(b, "", str_c(all[i].what));
		html_cell(b, "", arena_fmt(a, all[i].deaths >= SUSPECT_DEATHS ? "%d, refused" : "%d", all[i].deaths));
		html_cell(b, " class=n", str_c(time_rfc3339(all[i].last, text)));
		buf_c(b, "</tr>");
	}
	if (n)
		buf_c(b, "</table>");
}

void
handle_page_status(struct call *c)
{
	struct conf_state s;
	struct buf b = {0};
	char text[TIME_TEXT];
	if (!c->signed_in) {
		sign_in_page(c, NULL);
		return;
	}
	if (c->who.role < ROLE_ADMIN) {
		answer_error(c, RC_DENIED, "the state of the daemon is for administrators");
		return;
	}
	api_conf(c->api, c->arena, &s);
	page_begin(&b, "Status");
	buf_fmt(&b, "<p>Tocsin " TOCSIN_VERSION ", started %s.", time_rfc3339(c->api->started, text));
	if (s.refused)
		buf_c(&b, " <span class=bad>The last configuration was refused; the one before it is in force.</span>");
	buf_c(&b, "</p>");
	if (s.at_next_start.n) {
		buf_c(&b, "<p class=bad>Changed, and taken at the next start: ");
		html_text(&b, s.at_next_start);
		buf_c(&b, "</p>");
	}
	warnings_table(&b, s.conf);
	quarantine_table(&b, c->arena);
	conf_unref(&s.conf);
	page_answer(c, 200, &b);
}
