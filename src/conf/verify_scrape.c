/* verify_scrape.c — what the tables cannot say: jobs, their targets and relabelling. */
#include <string.h>

#include "base/map.h"
#include "conf/inner.h"

/* ---- relabelling ---- */

static bool
needs_target(int action)
{
	return action == CONF_RELABEL_REPLACE || action == CONF_RELABEL_HASHMOD ||
	       action == CONF_RELABEL_LOWERCASE || action == CONF_RELABEL_UPPERCASE ||
	       action == CONF_RELABEL_KEEPEQUAL || action == CONF_RELABEL_DROPEQUAL;
}

/* Keys that an action does not look at: to write one is a misunderstanding. */
static void
check_foreign_keys(struct check *c, const struct conf_relabel *r)
{
	enum { ALONE = 1, EQUAL = 2, CASE = 4 };
	static const struct {
		const char *key;
		int refused_by;
	} keys[] = {{"source_labels", ALONE}, {"target_label", ALONE}, {"regex", EQUAL},
	    {"modulus", ALONE | EQUAL}, {"separator", ALONE | EQUAL}, {"replacement", ALONE | EQUAL | CASE}};
	static const int kind[] = {[CONF_RELABEL_LABELDROP] = ALONE,
	    [CONF_RELABEL_LABELKEEP] = ALONE,
	    [CONF_RELABEL_KEEPEQUAL] = EQUAL,
	    [CONF_RELABEL_DROPEQUAL] = EQUAL,
	    [CONF_RELABEL_LOWERCASE] = CASE,
	    [CONF_RELABEL_UPPERCASE] = CASE};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if ((keys[i].refused_by & kind[r->action]) &&
		    marks_has(c->marks, conf_relabel, r, keys[i].key))
			check_error(c, &conf_relabel_layout, r, keys[i].key, "%s does not look at %s",
			    conf_relabel_actions[r->action], keys[i].key);
}

static void
check_relabel(struct check *c, const struct conf_relabel *r)
{
	const struct layout *l = &conf_relabel_layout;
	check_text(c, c->judges.regex, r->regex, marks_place(c->marks, l, r, "regex"), "regex");
	if (needs_target(r->action) && r->target_label.n == 0)
		check_error(c, l, r, "action", "%s needs a target_label", conf_relabel_actions[r->action]);
	if (r->action == CONF_RELABEL_HASHMOD && r->modulus <= 0)
		check_error(c, l, r, "modulus", "hashmod needs a modulus above 0");
	check_foreign_keys(c, r);
	for (size_t i = 0; i < r->source_labels.n; i++)
		if (!check_label_name(r->source_labels.p[i], true))
			report_error(c->report, check_item(c, l, r, "source_labels", i),
			    "a label's name cannot be empty");
}

/* ---- scraping ---- */

static void
check_targets(struct check *c, const struct conf_static_targets *t)
{
	const struct layout *l = &conf_static_targets_layout;
	for (size_t i = 0; i < t->targets.n; i++)
		if (t->targets.p[i].n == 0 || str_chr(t->targets.p[i], '/') >= 0)
			report_error(c->report, check_item(c, l, t, "targets", i),
			    "\"%.*s\" is not a target: write host:port; path and scheme are keys of the job",
			    STR_ARG(str_to(t->targets.p[i], 80)));
	for (size_t i = 0; i < t->labels.n; i++)
		if (!check_label_name(t->labels.p[i].name, true))
			check_error(c, l, t, "labels", "a label's name cannot be empty");
}

/* "dir/part*.yml": a star only in the last part, and an ending that tells the format. */
static void
check_file_sd(struct check *c, const struct conf_file_sd *f)
{
	static const char *const endings[] = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};
	for (size_t i = 0; i < f->files.n; i++) {
		struct str name = f->files.p[i];
		ptrdiff_t star = str_chr(name, '*');
		bool good = false;
		for (size_t e = 0; e < sizeof endings / sizeof *endings; e++)
			good |= str_ends(name, str_c(endings[e]));
		if (!good || (star >= 0 && str_chr(str_from(name, (size_t)star), '/') >= 0))
			report_error(c->report, check_item(c, &conf_file_sd_layout, f, "files", i),
			    "\"%.*s\" must end with .json, .yml or .yaml, and only its last part may hold a "
			    "*",
			    STR_ARG(str_to(name, 80)));
	}
}

static void
check_protocol(struct check *c, struct place at, struct str protocol)
{
	static const char *const known[] = {"PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0",
	    "PrometheusText0.0.4", "PrometheusText1.0.0"};
	enum { KNOWN = sizeof known / sizeof *known };
	for (size_t k = 0; k < KNOWN; k++)
		if (str_is(protocol, known[k]))
			return;
	const char *near = str_nearest(protocol, known, KNOWN);
	report_error(c->report, at, "\"%.*s\" is no scrape protocol%s%s%s", STR_ARG(str_to(protocol, 40)),
	    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void
check_protocols(struct check *c, const struct layout *l, const void *record, struct strs protocols)
{
	for (size_t i = 0; i < protocols.n; i++)
		check_protocol(c, check_item(c, l, record, "scrape_protocols", i), protocols.p[i]);
}

static void
check_limits(struct check *c, const struct layout *l, const void *record)
{
	static const char *const names[] = {"sample_limit", "target_limit", "label_limit",
	    "label_name_length_limit", "label_value_length_limit", "keep_dropped_targets"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct key *k = record_key(l, str_c(names[i]));
		if (*(const int64_t *)((const char *)record + k->at) < 0)
			check_error(c, l, record, names[i], "%s cannot be negative", names[i]);
	}
}

static void
check_scrape(struct check *c, const struct conf_scrape *s)
{
	const struct layout *l = &conf_scrape_layout;
	if (s->job_name.n == 0 && marks_has(c->marks, conf_scrape, s, "job_name"))
		check_error(c, l, s, "job_name", "a job's name cannot be empty");
	if (s->scrape_interval <= 0)
		check_error(c, l, s, "scrape_interval", "the interval must be above 0");
	else if (s->scrape_timeout > s->scrape_interval)
		check_error(
		    c, l, s, "scrape_timeout", "a scrape may not take longer than the interval between two");
	conf_check_http(c, &s->http);
	check_limits(c, l, s);
	if (marks_has(c->marks, conf_scrape, s, "scrape_protocols"))
		check_protocols(c, l, s, s->scrape_protocols);
	if (s->fallback_scrape_protocol.n)
		check_protocol(
		    c, marks_place(c->marks, l, s, "fallback_scrape_protocol"), s->fallback_scrape_protocol);
	if (s->metric_name_validation_scheme == CONF_NAMES_LEGACY &&
	    str_is(s->metric_name_escaping_scheme, "allow-utf-8"))
		check_error(c, l, s, "metric_name_escaping_scheme",
		    "legacy names cannot be asked for with allow-utf-8");
	for (size_t i = 0; i < s->relabel_configs.n; i++)
		check_relabel(c, &s->relabel_configs.p[i]);
	for (size_t i = 0; i < s->metric_relabel_configs.n; i++)
		check_relabel(c, &s->metric_relabel_configs.p[i]);
	for (size_t i = 0; i < s->discovery.static_configs.n; i++)
		check_targets(c, &s->discovery.static_configs.p[i]);
	for (size_t i = 0; i < s->discovery.file_sd_configs.n; i++)
		check_file_sd(c, &s->discovery.file_sd_configs.p[i]);
}

static void
check_jobs(struct loader *l)
{
	struct map *seen = map_create();
	for (size_t i = 0; i < l->scrapes.n; i++) {
		struct conf_scrape *s = l->scrapes.p[i];
		check_scrape(&l->check, s);
		struct conf_scrape *first = map_put(seen, s->job_name, s);
		if (!first || s->job_name.n == 0)
			continue;
		struct buf where = {0};
		place_print(marks_place(l->check.marks, &conf_scrape_layout, first, "job_name"), &where);
		check_error(&l->check, &conf_scrape_layout, s, "job_name",
		    "there are two jobs \"%.*s\"; the first stands at %s", STR_ARG(s->job_name), where.p);
		buf_fini(&where);
	}
	map_destroy(&seen);
}

/* What may be the name of a header (RFC 9110, 5.6.2). */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", s.p[i]))
			return false;
	return s.n > 0;
}

static void
check_sigv4(struct check *c, const struct conf_sigv4 *s, const struct conf_http *h)
{
	if (!s)
		return;
	if (!s->access_key.n != !s->secret_key.n)
		check_error(c, &conf_sigv4_layout, s, s->access_key.n ? "access_key" : "secret_key", "access_key and secret_key go together");
	if (h->basic_auth || h->authorization || h->bearer_token.n || h->bearer_token_file.n)
		check_error(c, &conf_sigv4_layout, s, NULL, "a request is signed, or signs in otherwise: not both");
}

/* How a cluster is told whose samples are meant. */
static void
check_whose(struct check *c, const struct layout *l, const void *record, struct str header, struct str label)
{
	if (header.n && !is_token(header))
		check_error(c, l, record, "tenant_header", "\"%.*s\" cannot be the name of a header, such as X-Scope-OrgID", STR_ARG(str_to(header, 80)));
	if (label.n && (!check_label_name(label, true) || str_starts(label, STR("__"))))
		check_error(c, l, record, "customer_label", "\"%.*s\" cannot be the label that names a customer", STR_ARG(str_to(label, 80)));
}

static void
check_remote_write(struct check *c, const struct conf_remote_write *r)
{
	static const char *const messages[] = {"io.prometheus.write.v2.Request", "prometheus.WriteRequest"};
	const struct layout *l = &conf_remote_write_layout;
	const struct conf_queue *q = &r->queue_config;
	const char *near = str_nearest(r->protobuf_message, messages, 2);
	if (!str_starts(r->url, STR("http://")) && !str_starts(r->url, STR("https://")))
		check_error(c, l, r, "url", "the URL must start with http:// or https://");
	if (!str_is(r->protobuf_message, messages[0]) && !str_is(r->protobuf_message, messages[1]))
		check_error(c, l, r, "protobuf_message", "there is no message \"%.*s\"; did you mean \"%s\"?",
		    STR_ARG(str_to(r->protobuf_message, 80)), near ? near : messages[1]);
	if (q->max_samples_per_send < 1 || q->max_samples_per_send > 1000000)
		check_error(c, &conf_queue_layout, q, "max_samples_per_send", "a request takes from 1 to 1000000 samples");
	if (q->max_shards < 1 || q->max_shards > 1000)
		check_error(c, &conf_queue_layout, q, "max_shards", "from 1 to 1000 requests are under way");
	if (q->min_backoff <= 0 || q->max_backoff < q->min_backoff)
		check_error(c, &conf_queue_layout, q, "min_backoff", "min_backoff must be above 0 and not above max_backoff");
	if (r->metadata_config.max_samples_per_send < 1 || r->metadata_config.send_interval <= 0)
		check_error(c, &conf_metadata_send_layout, &r->metadata_config, "send_interval", "send_interval and max_samples_per_send must be above 0");
	check_whose(c, l, r, r->tenant_header, r->customer_label);
	check_sigv4(c, r->sigv4, &r->http);
	for (size_t i = 0; i < r->write_relabel_configs.n; i++)
		check_relabel(c, &r->write_relabel_configs.p[i]);
}

static void
check_remote_query(struct check *c, const struct conf_remote_query *q, size_t senders)
{
	const struct layout *l = &conf_remote_query_layout;
	if (q->url.n && !str_starts(q->url, STR("http://")) && !str_starts(q->url, STR("https://")))
		check_error(c, l, q, "url", "the URL must start with http:// or https://");
	if (str_chr(q->url, '?') >= 0)
		check_error(c, l, q, "url", "the URL ends where /api/v1 follows: it has no query");
	check_whose(c, l, q, q->tenant_header, q->customer_label);
	check_sigv4(c, q->sigv4, &q->http);
	if (q->timeout <= 0)
		check_error(c, l, q, "timeout", "the time must be above 0");
	if (q->answer_limit < 1024)
		check_error(c, l, q, "answer_limit", "an answer takes 1KB at the least");
	if (q->concurrency < 1 || q->concurrency > 1000)
		check_error(c, l, q, "concurrency", "from 1 to 1000 questions are under way");
	if (!senders)
		check_warning(c, l, q, "url", "samples of ours are not sent there, since there is no remote_write: queries and rules see what others send");
	conf_check_http(c, &q->http);
}

static void
check_peers(struct loader *l)
{
	const struct conf_root *r = l->root;
	for (size_t i = 0; i < r->remote_write.n; i++) {
		const struct conf_remote_write *x = &r->remote_write.p[i];
		check_remote_write(&l->check, x);
		for (size_t k = 0; k < i; k++) {
			const struct conf_remote_write *y = &r->remote_write.p[k];
			bool same = x->name.n ? str_eq(x->name, y->name) : !y->name.n && str_eq(x->url, y->url) && str_eq(x->customer, y->customer);
			if (same)
				check_error(&l->check, &conf_remote_write_layout, x, x->name.n ? "name" : "url",
				    "another peer has this %s: give each a name of its own", x->name.n ? "name" : "url");
		}
	}
}

void
conf_check_prometheus(struct loader *l)
{
	const struct conf_global_prom *g = &l->root->global.prom;
	struct check *c = &l->check;
	for (size_t i = 0; i < g->external_labels.n; i++)
		if (!check_label_name(g->external_labels.p[i].name, true))
			check_error(c, &conf_global_prom_layout, g, "external_labels",
			    "a label's name cannot be empty");
	if (g->scrape_timeout > g->scrape_interval)
		check_error(c, &conf_global_prom_layout, g, "scrape_timeout",
		    "a scrape may not take longer than the interval between two");
	if (g->evaluation_interval <= 0)
		check_error(
		    c, &conf_global_prom_layout, g, "evaluation_interval", "the interval must be above 0");
	check_protocols(c, &conf_global_prom_layout, g, g->scrape_protocols);
	check_limits(c, &conf_global_prom_layout, g);
	check_jobs(l);
	check_peers(l);
	if (l->root->metrics.remote.query)
		check_remote_query(c, l->root->metrics.remote.query, l->root->remote_write.n);
}
