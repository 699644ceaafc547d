/* conf_test.c — real configurations, broken ones with their exact sentences, the defaults, the peers' tools.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/interval.h"

static struct conf *
must_load(const char *yaml)
{
	struct report r;
	struct conf *c = NULL;
	struct buf text = {0};
	report_init(&r);
	enum rc rc = conf_load_text("t.yml", str_c(yaml), NULL, &c, &r);
	report_print(&r, &text);
	ck_assert_msg(rc == RC_OK, "%s", text.p);
	buf_fini(&text);
	report_fini(&r);
	return c;
}

/* The report of a text that must be refused, or of the warnings of one that is not. */
static void
expect_notes(const char *yaml, enum rc want, const char *notes)
{
	struct report r;
	struct conf *c = NULL;
	struct buf text = {0};
	report_init(&r);
	enum rc rc = conf_load_text("t.yml", str_c(yaml), NULL, &c, &r);
	report_print(&r, &text);
	ck_assert_str_eq(text.p ? text.p : "", notes);
	ck_assert_int_eq(rc, want);
	conf_unref(&c);
	buf_fini(&text);
	report_fini(&r);
}

static const char shop[] = "global:\n"
			   "  scrape_interval: 15s\n"
			   "  scrape_timeout: 12s\n"
			   "  external_labels: {site: milan, cost: '$$5'}\n"
			   "  sample_limit: 5000\n"
			   "scrape_configs:\n"
			   "  - job_name: node\n"
			   "    scrape_interval: 10s\n"
			   "    static_configs:\n"
			   "      - targets: ['db1:9100', 'db2:9100']\n"
			   "        labels: {env: prod}\n"
			   "    relabel_configs:\n"
			   "      - source_labels: [__address__]\n"
			   "        regex: '([^:]+):.*'\n"
			   "        target_label: instance\n"
			   "    metric_relabel_configs:\n"
			   "      - {action: labeldrop, regex: 'tmp_.*'}\n"
			   "  - job_name: web\n"
			   "    scheme: https\n"
			   "    metrics_path: /m\n"
			   "    params: {module: [http_2xx, fast], x: [one]}\n"
			   "    basic_auth: {username: u, password: p}\n"
			   "    tls_config: {insecure_skip_verify: yes, min_version: TLS12}\n"
			   "    http_headers: {X-Tenant: {values: [a, b], secrets: [c]}}\n"
			   "    body_size_limit: 10MB\n"
			   "    sample_limit: 0\n"
			   "    file_sd_configs: [{files: ['targets/*.json']}]\n"
			   "alerting:\n"
			   "  alertmanagers: [{static_configs: [{targets: ['am:9093']}]}]\n"
			   "remote_write:\n"
			   "  - {url: 'http://far/api/v1/write', queue_config: {max_shards: 10}}\n";

UNIT(conf_reads_a_prometheus_yml)
{
	struct conf *c = must_load(shop);
	ck_assert_int_eq(c->kind, CONF_PROMETHEUS);
	ck_assert_int_eq(c->scrapes.n, 2);
	const struct conf_scrape *node = c->scrapes.p[0], *web = c->scrapes.p[1];
	ck_assert_str(node->job_name, "node");
	ck_assert_int_eq(node->scrape_interval, 10 * SECOND);
	ck_assert_int_eq(node->scrape_timeout, 10 * SECOND);
	ck_assert_int_eq(node->sample_limit, 5000);
	ck_assert_int_eq(web->scrape_interval, 15 * SECOND);
	ck_assert_int_eq(web->scrape_timeout, 12 * SECOND);
	ck_assert_int_eq(web->sample_limit, 0);
	ck_assert_int_eq(web->body_size_limit, 10 << 20);
	ck_assert_int_eq(node->relabel_configs.p[0].action, CONF_RELABEL_REPLACE);
	ck_assert_str(node->relabel_configs.p[0].replacement, "$1");
	ck_assert_str(node->discovery.static_configs.p[0].targets.p[1], "db2:9100");
	ck_assert_str(pairs_get(node->discovery.static_configs.p[0].labels, "env"), "prod");
	ck_assert_int_eq(web->params.n, 2);
	ck_assert_str(web->params.p[0].values.p[1], "fast");
	ck_assert_str(web->params.p[1].name, "x");
	ck_assert_str(web->params.p[1].values.p[0], "one");
	ck_assert(web->http.tls_config.insecure_skip_verify && web->http.follow_redirects);
	ck_assert_int_eq(web->http.tls_config.min_version, CONF_TLS_12);
	ck_assert_str(web->http.basic_auth->password, "p");
	ck_assert_ptr_null(web->http.authorization);
	ck_assert_str(web->http.http_headers.p[0].name, "X-Tenant");
	ck_assert_str(web->http.http_headers.p[0].values.p[1], "b");
	ck_assert_str(pairs_get(c->root->global.prom.external_labels, "cost"), "$5");
	ck_assert_int_eq(web->scrape_protocols.n, 4);
	ck_assert_int_eq(c->warnings_n, 2);
	conf_unref(&c);
}
END

/* With keys that only newer peers know, or without. */
#define NIGHT(LABELS, LESS, HEADERS)                                                                         \
	"global: {resolve_timeout: 3m, smtp_smarthost: 'mail:25', smtp_from: 'am@x.org', "                   \
	"smtp_auth_password: s3cret}\n"                                                                      \
	"route:\n"                                                                                           \
	"  receiver: team\n"                                                                                 \
	"  group_by: [alertname, cluster]\n"                                                                 \
	"  group_wait: 10s\n" LABELS "  routes:\n"                                                           \
	"    - matchers: [severity=\"critical\", team=~\"db|net\"]\n"                                        \
	"      receiver: hook\n"                                                                             \
	"      group_wait: 0s\n"                                                                             \
	"      continue: true\n"                                                                             \
	"      mute_time_intervals: [nights]\n" LESS "      routes:\n"                                       \
	"        - {match: {service: files}, group_by: []}\n"                                                \
	"    - {match_re: {service: '^(a|b)$'}, group_by: ['...'], repeat_interval: 1d}\n"                   \
	"receivers:\n"                                                                                       \
	"  - name: team\n"                                                                                   \
	"    email_configs: [{to: 'ops@x.org', headers: {Subject: 'x {{ .Status }}'}}]\n"                    \
	"  - name: hook\n"                                                                                   \
	"    webhook_configs:\n"                                                                             \
	"      - url: 'https://u:p@hooks.x.org/1'\n"                                                         \
	"        http_config: {bearer_token: abc" HEADERS "}\n"                                              \
	"inhibit_rules:\n"                                                                                   \
	"  - source_matchers: ['severity = critical']\n"                                                     \
	"    target_matchers: ['severity =~ \"warning|info\"']\n"                                            \
	"    equal: [alertname]\n"                                                                           \
	"time_intervals:\n"                                                                                  \
	"  - name: nights\n"                                                                                 \
	"    time_intervals:\n"                                                                              \
	"      - {times: [{start_time: '22:00', end_time: '24:00'}], weekdays: ['monday:friday', Sunday]}\n" \
	"      - {days_of_month: ['1:5', '-3:-1'], months: ['may:august', 12], years: ['2026:2030'], "       \
	"location: Europe/Rome}\n"
    static const char night[] = NIGHT("  labels: {a: one, b: two}\n", "      labels: {b: three}\n",
	", http_headers: {X-A: {secrets: [hush]}}");
static const char old_night[] = NIGHT("", "", "");

UNIT(conf_reads_an_alertmanager_yml)
{
	struct conf *c = must_load(night);
	const struct conf_route *top = c->root->route, *crit = &top->routes.p[0], *files = &crit->routes.p[0];
	ck_assert_int_eq(c->kind, CONF_ALERTMANAGER);
	ck_assert_int_eq(c->root->desk.desk, DESK_NONE);
	ck_assert_int_eq(top->group_interval, 5 * MINUTE);
	ck_assert_int_eq(crit->group_wait, 0);
	ck_assert_int_eq(files->group_wait, 0);
	ck_assert(crit->continue_ && !files->continue_);
	ck_assert_str(files->receiver, "hook");
	ck_assert_int_eq(files->group_by.n, 0);
	ck_assert_int_eq(crit->group_by.n, 2);
	ck_assert_int_eq(files->mute_time_intervals.n, 0);
	ck_assert_str(pairs_get(files->labels, "a"), "one");
	ck_assert_str(pairs_get(files->labels, "b"), "three");
	ck_assert_int_eq(top->routes.p[1].repeat_interval, DAY);
	ck_assert_str(
	    c->root->receivers.p[1].webhook_configs.p[0].http_config->authorization->credentials, "abc");
	const struct conf_email *mail = &c->root->receivers.p[0].email_configs.p[0];
	ck_assert_str(mail->smarthost, "mail:25");
	ck_assert_str(mail->auth_password, "s3cret");
	ck_assert_int_eq(mail->require_tls, CONF_YES);
	ck_assert(!mail->send_resolved && c->root->receivers.p[1].webhook_configs.p[0].send_resolved);
	ck_assert_int_eq(c->warnings_n, 1);
	conf_unref(&c);
}
END

UNIT(conf_says_all_that_is_wrong_at_once)
{
	expect_notes("global: {scrape_intervall: 15s, evaluation_interval: soon}\n"
		     "scrape_configs:\n"
		     "  - job_name: a\n"
		     "    scheme: htttp\n"
		     "    static_configs: [{targets: ['http://x/']}]\n"
		     "    scrape_timeout: 2m\n"
		     "  - job_name: a\n"
		     "    honor_labels: maybe\n"
		     "    params: 7\n"
		     "    relabel_configs: [{action: hashmod, target_label: t}]\n"
		     "  - static_configs: [x]\n"
		     "rule_files: rules.yml\n",
	    RC_INVALID,
	    "t.yml:1:10: unknown key \"scrape_intervall\" in global; did you mean \"scrape_interval\"?\n"
	    "t.yml:1:54: evaluation_interval: \"soon\" is not a duration such as 30s, 5m or 1h30m\n"
	    "t.yml:4:13: scheme: \"htttp\" is none of http, https; did you mean \"http\"?\n"
	    "t.yml:5:33: \"http://x/\" is not a target: write host:port; path and scheme are keys of the "
	    "job\n"
	    "t.yml:6:21: a scrape may not take longer than the interval between two\n"
	    "t.yml:7:15: there are two jobs \"a\"; the first stands at t.yml:3:15\n"
	    "t.yml:8:19: honor_labels: \"maybe\" is not true or false\n"
	    "t.yml:9:13: params must be a map, not a single value\n"
	    "t.yml:10:23: hashmod needs a modulus above 0\n"
	    "t.yml:11:5: \"job_name\" is missing in scrape: the job: the label `job` of its targets\n"
	    "t.yml:11:22: static_configs must be a list of maps with the keys of a static targets, not a "
	    "single value\n"
	    "t.yml:12:13: rule_files must be a list of texts, not a single value\n");
}
END

UNIT(conf_checks_peers_of_remote_write)
{
	expect_notes("remote_write:\n"
		     "  - {url: 'ftp://x', protobuf_message: prometheus.WriteReqest}\n"
		     "  - {url: 'http://x', queue_config: {max_shards: 0, min_backoff: 1m}}\n"
		     "  - {url: 'http://x'}\n",
	    RC_INVALID,
	    "t.yml:2:11: the URL must start with http:// or https://\n"
	    "t.yml:2:40: there is no message \"prometheus.WriteReqest\"; did you mean \"prometheus.WriteRequest\"?\n"
	    "t.yml:3:50: from 1 to 1000 requests are under way\n"
	    "t.yml:3:66: min_backoff must be above 0 and not above max_backoff\n"
	    "t.yml:4:11: another peer has this url: give each a name of its own\n");
}
END

UNIT(conf_checks_the_cluster_that_is_asked)
{
	expect_notes("remote_write: [{url: 'http://x'}]\n"
		     "metrics: {remote: {query: {url: 'http://y'}}}\n",
	    RC_OK, "");
	expect_notes("remote_write: [{url: 'http://x', sigv4: {access_key: a}, basic_auth: {username: b}}]\n", RC_INVALID,
	    "t.yml:1:41: a request is signed, or signs in otherwise: not both\n"
	    "t.yml:1:54: access_key and secret_key go together\n");
	expect_notes("metrics: {remote: {query: {url: 'http://y'}}}\n", RC_OK,
	    "t.yml:1:33: warning: samples of ours are not sent there, since there is no remote_write: queries and rules see what others send\n");
	expect_notes("remote_write: [{url: 'http://x'}]\n"
		     "metrics:\n"
		     "  remote:\n"
		     "    query: {url: 'mimir:9009', tenant_header: 'X Scope', customer_label: __name__, timeout: 0s, concurrency: 0}\n",
	    RC_INVALID,
	    "t.yml:4:18: the URL must start with http:// or https://\n"
	    "t.yml:4:47: \"X Scope\" cannot be the name of a header, such as X-Scope-OrgID\n"
	    "t.yml:4:74: \"__name__\" cannot be the label that names a customer\n"
	    "t.yml:4:93: the time must be above 0\n"
	    "t.yml:4:110: from 1 to 1000 questions are under way\n");
	expect_notes("remote_write: [{url: 'http://x'}]\n"
		     "metrics:\n"
		     "  remote:\n"
		     "    query: {timeout: 1s}\n",
	    RC_INVALID,
	    "t.yml:4:12: \"url\" is missing in remote query: where the cluster answers Prometheus's API, up to /api/v1: "
	    "https://mimir.example/prometheus\n");
}
END

UNIT(conf_gives_a_customer_what_is_not_said_as_for_all)
{
	struct conf *c = must_load("limits:\n"
				   "  series_per_customer: 1000\n"
				   "  samples_per_second: 10\n"
				   "  samples_burst: 500\n"
				   "  customers:\n"
				   "    - {customer: acme, series: 0, series_labels: 5}\n"
				   "    - {customer: zenith, samples_per_second: 20}\n");
	const struct conf_customer_limits *p = c->root->limits.customers.p;
	ck_assert(p[0].series == 0 && p[0].series_labels == 5 && p[0].samples_per_second == 10 && p[0].samples_burst == 500);
	ck_assert(p[1].series == 1000 && p[1].series_labels == 256 && p[1].samples_per_second == 20 && p[1].samples_burst == 0);
	conf_unref(&c);
	expect_notes("limits: {customers: [{customer: a, series: -1}, {customer: a}, {}]}\n", RC_INVALID,
	    "t.yml:1:33: the limits of a: a limit cannot be negative\n"
	    "t.yml:1:60: the limits of a stand twice\n"
	    "t.yml:1:64: \"customer\" is missing in customer limits: whose; what is not said here is as for all\n");
}
END

UNIT(conf_checks_retentions)
{
	expect_notes("storage:\n"
		     "  retentions:\n"
		     "    - {matchers: [job=debug], keep: 2d}\n"
		     "    - {keep: 3d}\n"
		     "    - {customer: acme}\n",
	    RC_INVALID,
	    "t.yml:4:7: warning: this entry fits all samples, so those behind it never hold; without customer and matchers it is "
	    "storage.retention\n"
	    "t.yml:5:7: \"keep\" is missing in keep: how long their samples stay, and their windows no longer; 0s: for ever\n");
}
END

UNIT(conf_checks_routes_and_receivers)
{
	expect_notes("route:\n"
		     "  receiver: teem\n"
		     "  matchers: [a=b]\n"
		     "  routes:\n"
		     "    - {receiver: chat, group_by: ['...', x], active_time_intervals: [nigth]}\n"
		     "    - {group_interval: 0s}\n"
		     "receivers:\n"
		     "  - {name: team, webhook_configs: [{url: 'ftp://x'}]}\n"
		     "  - {name: team, email_configs: [{to: a@b}]}\n"
		     "  - {name: chat, slack_configs: [{channel: c}]}\n"
		     "time_intervals:\n"
		     "  - name: night\n"
		     "    time_intervals: [{weekdays: [mnday], days_of_month: ['0'], times: [{start_time: "
		     "'9:00', end_time: '10:00'}]}]\n",
	    RC_INVALID,
	    "t.yml:2:13: there is no receiver \"teem\"; did you mean \"team\"?\n"
	    "t.yml:3:13: the root route takes every alert at any time: it cannot have matchers\n"
	    "t.yml:5:18: warning: alerts that come here are told nobody: nothing of receiver \"chat\" is "
	    "acted on yet\n"
	    "t.yml:5:35: \"...\" means all labels and stands alone\n"
	    "t.yml:5:70: there is no time interval \"nigth\"; did you mean \"night\"?\n"
	    "t.yml:6:24: group_interval cannot be 0\n"
	    "t.yml:8:42: the URL must start with http:// or https://\n"
	    "t.yml:9:12: there are two receivers \"team\"\n"
	    "t.yml:9:34: no mail server is known; set smarthost here, global.smtp_smarthost or "
	    "mail.smarthost\n"
	    "t.yml:9:34: no sender is known; set from here, global.smtp_from or mail.from\n"
	    "t.yml:10:18: warning: \"slack_configs\" is known and accepted, but not acted on yet\n"
	    "t.yml:13:34: weekdays: \"mnday\" is not a day of the week such as monday or monday:friday; did "
	    "you mean \"monday\"?\n"
	    "t.yml:13:58: days_of_month: 0 is not a day of the month: it must be from -31 to 31, without 0\n"
	    "t.yml:13:85: start_time: \"9:00\" is not a time of day from 00:00 to 24:00\n");
}
END

UNIT(conf_merges_anchors_and_refuses_what_grows)
{
	struct conf *c = must_load("scrape_configs:\n"
				   "  - &base {job_name: a, scrape_interval: 5s, scheme: https}\n"
				   "  - {<<: *base, job_name: b, scheme: http}\n"
				   "  - {job_name: c, <<: [{scheme: https}, *base]}\n");
	ck_assert_int_eq(c->scrapes.p[1]->scrape_interval, 5 * SECOND);
	ck_assert_int_eq(c->scrapes.p[1]->scheme, CONF_HTTP);
	ck_assert_int_eq(c->scrapes.p[2]->scheme, CONF_HTTPS);
	conf_unref(&c);
	expect_notes("a: &a [*a]\n", RC_INVALID, "t.yml:1:8: there is no anchor &a before this place\n");
	expect_notes("server: {listen: ':1', listen: ':2'}\n", RC_INVALID,
	    "t.yml:1:24: the key \"listen\" stands here a second time; it was in line 1 already\n");
	expect_notes("server: [\n", RC_INVALID,
	    "t.yml:2:1: this is not YAML: did not find expected node content, while parsing a flow node that "
	    "starts in line 2\n");
	expect_notes(
	    "a: 1\n---\nb: 2\n", RC_INVALID, "t.yml:2:1: a second document begins here; a file holds one\n");
	struct buf deep = {0};
	for (int i = 0; i < 5000; i++)
		buf_ch(&deep, '[');
	expect_notes(deep.p, RC_INVALID, "t.yml:1:49: the document is nested too deeply: over 48 levels\n");
	buf_clear(&deep);
	buf_c(&deep, "chat:\n  workspaces:\n    a0: &a0 [x]\n");
	for (int i = 1; i < 40; i++)
		buf_fmt(&deep, "    a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	struct conf *big = must_load(deep.p); /* raw: nobody walks it */
	conf_unref(&big);
	buf_clear(&deep);
	buf_c(&deep, "a0: &a0 [x]\n");
	for (int i = 1; i < 40; i++)
		buf_fmt(&deep, "a%d: &a%d {routes: [*a%d, *a%d]}\n", i, i, i - 1, i - 1);
	buf_c(&deep, "route: {receiver: x, routes: [*a39]}\n");
	struct report r;
	report_init(&r);
	ck_assert_int_eq(conf_load_text("t.yml", buf_view(&deep), NULL, &big, &r), RC_INVALID);
	report_fini(&r);
	buf_fini(&deep);
}
END

    static const char whole[] =
	"server: {listen: '0.0.0.0:9797', hosts: [mon.example.org], body_limit: 32MB}\n"
	"storage: {retention: 400d, out_of_order_window: 100y, sync: batch, exemplars: {max_exemplars: 10}}\n"
	"ledger: {url: 'postgresql:///tocsin', backup_every: 6h}\n"
	"mail: {smarthost: 'mail:587', from: noc@example.org, username: noc, password_file: mail.secret}\n"
	"voice:\n"
	"  language: it\n"
	"  ring_timeout: 25s\n"
	"  trunks:\n"
	"    - {name: main, proxy: 'sip.example.org', user: '39055', password: x, transport: tls, caller_id: "
	"'+39055'}\n"
	"    - {name: spare, registrar: 'sip2.example.org', user: noc, prefer: 1}\n"
	"desk: {customer_from: [host, default], default_customer: house}\n"
	"limits: {alerts: 5000}\n"
	"route: {receiver: noc, desk: open, routes: [{matchers: [severity=info], desk: none}]}\n"
	"receivers: [{name: noc, email_configs: [{to: noc@example.org}]}]\n"
	"scrape_configs: [{job_name: edge, customer: acme, static_configs: [{targets: [a:1]}]}]\n"
	"chat: {workspaces: [{name: x}]}\n";

UNIT(conf_reads_a_tocsin_yml)
{
	struct conf *c = must_load(whole);
	const struct conf_root *r = c->root;
	ck_assert_int_eq(c->kind, CONF_TOCSIN);
	ck_assert_str(c->external_url, "http://localhost:9797");
	ck_assert_uint_eq(r->server.external_url.n, 0);
	ck_assert_int_eq(r->storage.out_of_order_window, 100 * 365 * DAY);
	ck_assert_int_eq(r->storage.exemplars.max_exemplars, 10);
	ck_assert_int_eq(r->voice.trunks.p[0].transport, TRANSPORT_TLS);
	ck_assert_int_eq(r->voice.trunks.p[1].prefer, 1);
	ck_assert_uint_gt(r->voice.tts.n, 1);
	ck_assert_str(r->desk.customer_from.p[0], "host");
	ck_assert_int_eq(r->route->routes.p[0].desk, DESK_NONE);
	const struct conf_email *mail = &r->receivers.p[0].email_configs.p[0];
	ck_assert_str(mail->smarthost, "mail:587");
	ck_assert_str(mail->from, "noc@example.org");
	ck_assert_str(mail->auth_password_file, "mail.secret");
	ck_assert_int_eq(mail->require_tls, CONF_YES);
	ck_assert_str(c->scrapes.p[0]->customer, "acme");
	ck_assert_int_eq(c->warnings_n, 3);
	ck_assert(!str_has(c->alertmanager_yaml, STR("desk")) &&
		  str_has(c->alertmanager_yaml, STR("noc@example.org")));
	conf_unref(&c);
	expect_notes("server: {listen: here, tls_cert_file: c.pem}\nstorage: {sync: soon}\ndesk: "
		     "{customer_from: [lable]}\n"
		     "voice: {trunks: [{name: a}, {name: a, proxy: p}]}\nprometheus: {}\n",
	    RC_INVALID,
	    "t.yml:1:18: \"here\" must be address:port\n"
	    "t.yml:1:39: HTTPS needs both tls_cert_file and tls_key_file\n"
	    "t.yml:2:17: sync: \"soon\" is neither a duration such as 200ms nor batch nor none\n"
	    "t.yml:3:24: there is no source of customers \"lable\"; did you mean \"label\"?\n"
	    "t.yml:4:18: a trunk needs a proxy or a registrar\n"
	    "t.yml:4:36: there are two trunks \"a\"\n"
	    "t.yml:5:13: \"config_file\" is missing in peer file: the peer's own configuration file\n");
}
END

    /* Every default in every table can be read, and every key has help. */
    static void
    check_table(const struct layout *l, const struct layout **seen, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (seen[i] == l)
			return;
	seen[(*n)++] = l;
	struct arena *a = arena_create();
	record_defaults(l, arena_alloc(a, l->size), a);
	arena_destroy(&a);
	for (size_t i = 0; i < l->n; i++) {
		ck_assert_msg(l->keys[i].help[0], "%s.%s", l->name, l->keys[i].name);
		if (l->keys[i].inside)
			check_table(l->keys[i].inside, seen, n);
	}
}

UNIT(conf_tables_are_sound)
{
	const struct layout *seen[400];
	size_t n = 0;
	check_table(&conf_root_layout, seen, &n);
	check_table(&conf_rules_layout, seen, &n);
	ck_assert_uint_gt(n, 100);
}
END

UNIT(conf_defaults_are_sound)
{
	struct report r;
	struct conf *c;
	report_init(&r);
	ck_assert_int_eq(conf_load(NULL, NULL, &c, &r), RC_OK);
	ck_assert_int_eq(r.warnings, 0);
	ck_assert_ptr_null(c->path);
	ck_assert_int_eq(c->root->storage.retention, 90 * DAY);
	ck_assert_int_eq(c->root->receivers.p[0].desk, DESK_OPEN);
	ck_assert_str(c->root->desk.customer_from.p[1], "host");
	struct conf *again = conf_ref(c);
	conf_unref(&c);
	ck_assert_ptr_null(c);
	ck_assert_str(again->root->server.listen, "127.0.0.1:9797");
	conf_unref(&again);
	report_fini(&r);
}
END

    /* ---- files ---- */

    static char dir[64];

static void
make_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/conf_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static const char *
put(const char *name, const char *text)
{
	static char path[2][128];
	static int turn;
	char *p = path[turn++ % 2];
	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	FILE *f = fopen(p, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return p;
}

static void
remove_dir(void)
{
	unit_remove(dir);
}

UNIT(conf_unites_the_peers_files_with_its_own)
{
	struct report r;
	struct conf *c = NULL;
	struct buf text = {0};
	make_dir();
	put("prometheus.yml", "global: {scrape_interval: 20s}\nrule_files: ['r*.yml']\n"
			      "storage: {tsdb: {out_of_order_time_window: 2h}}\n");
	put("alertmanager.yml",
	    "global: {resolve_timeout: 1m}\nroute: {receiver: x}\nreceivers: [{name: x}]\n");
	put("r1.yml", "groups:\n- name: g\n  evaluate: on_arrival\n  customer: acme\n  rules:\n"
		      "  - {alert: Down, expr: up == 0, for: 5m, labels: {severity: page}}\n  - {record: "
		      "a:b, expr: sum(up)}\n");
	const char *main = put("tocsin.yml",
	    "prometheus: {config_file: prometheus.yml}\nalertmanager: {config_file: alertmanager.yml}\n"
	    "storage: {retention: 100d}\nglobal: {evaluation_interval: 20s}\n");
	report_init(&r);
	enum rc rc = conf_load(main, NULL, &c, &r);
	report_print(&r, &text);
	ck_assert_msg(rc == RC_OK, "%s", text.p);
	ck_assert_int_eq(c->kind, CONF_TOCSIN);
	ck_assert_int_eq(c->root->global.prom.scrape_interval, 20 * SECOND);
	ck_assert_int_eq(c->root->global.am.resolve_timeout, MINUTE);
	ck_assert_int_eq(c->root->storage.retention, 100 * DAY);
	ck_assert_int_eq(c->root->storage.out_of_order_window, 2 * HOUR);
	ck_assert_int_eq(c->root->desk.desk, DESK_OPEN);
	ck_assert_int_eq(c->rules.n, 1);
	const struct conf_rule_group *g = &c->rules.p[0].groups.p[0];
	ck_assert_int_eq(g->evaluate, EVALUATE_ON_ARRIVAL);
	ck_assert_int_eq(g->rules.p[0].for_, 5 * MINUTE);
	struct place at = conf_place(c, &conf_rule_layout, &g->rules.p[1], "expr");
	ck_assert_uint_eq(at.line, 7);
	ck_assert_uint_eq(at.column, 25);
	conf_unref(&c);

	main = put("two.yml", "prometheus: {config_file: prometheus.yml}\nglobal: {scrape_interval: 30s}\n");
	report_fini(&r);
	report_init(&r);
	buf_clear(&text);
	ck_assert_int_eq(conf_load(main, NULL, &c, &r), RC_INVALID);
	report_print(&r, &text);
	char want[256];
	snprintf(want, sizeof want,
	    "%s/prometheus.yml:1:27: \"scrape_interval\" is set here and, to another value, at "
	    "%s/two.yml:2:27; keep one\n",
	    dir, dir);
	ck_assert_str_eq(text.p, want);
	report_fini(&r);
	buf_fini(&text);
	remove_dir();
}
END

UNIT(conf_checks_rules_with_their_place)
{
	struct report r;
	struct conf *c = NULL;
	struct buf text = {0};
	make_dir();
	put("r.yml", "groups:\n- name: g\n  rules:\n  - {alert: A, record: b, expr: x}\n  - {record: c, "
		     "expr: y, for: 5m}\n"
		     "  - {alert: D, exr: z}\n- name: g\n");
	const char *main = put("prometheus.yml", "rule_files: [r.yml, gone.yml, 'none*.yml']\n");
	report_init(&r);
	ck_assert_int_eq(conf_load(main, NULL, &c, &r), RC_INVALID);
	report_print(&r, &text);
	char want[1024];
	snprintf(want, sizeof want,
	    "%s/r.yml:4:24: a rule has either \"alert\" or \"record\"\n"
	    "%s/r.yml:5:31: only alerting rules have for, keep_firing_for and annotations\n"
	    "%s/r.yml:6:5: \"expr\" is missing in rule: the expression\n"
	    "%s/r.yml:6:16: unknown key \"exr\" in rule; did you mean \"expr\"?\n"
	    "%s/r.yml:7:9: there are two groups \"g\"; the first stands in line 2\n"
	    "%s/prometheus.yml:1:21: warning: there is no file %s/gone.yml\n",
	    dir, dir, dir, dir, dir, dir, dir);
	ck_assert_str_eq(text.p, want);
	report_fini(&r);
	buf_fini(&text);
	remove_dir();
}
END

UNIT(conf_gives_groups_the_offset_that_they_do_not_say)
{
	struct report r;
	struct conf *c = NULL;
	make_dir();
	put("r.yml", "groups:\n- {name: none, rules: [{record: a, expr: x}]}\n- {name: own, query_offset: 0s, rules: [{record: b, expr: x}]}\n"
		     "- {name: other, query_offset: 2m, rules: [{record: c, expr: x}]}\n");
	const char *main = put("prometheus.yml", "global: {rule_query_offset: 30s}\nrule_files: [r.yml]\n");
	report_init(&r);
	ck_assert_int_eq(conf_load(main, NULL, &c, &r), RC_OK);
	ck_assert_uint_eq(r.warnings, 0);
	ck_assert_int_eq(c->rules.p[0].groups.p[0].query_offset, 30 * SECOND);
	ck_assert_int_eq(c->rules.p[0].groups.p[1].query_offset, 0);
	ck_assert_int_eq(c->rules.p[0].groups.p[2].query_offset, 2 * MINUTE);
	conf_unref(&c);
	report_fini(&r);
	remove_dir();
}
END

static bool
have(const char *tool)
{
	char cmd[128];
	snprintf(cmd, sizeof cmd, "command -v %s >/dev/null 2>&1", tool);
	bool found = system(cmd) == 0;
	if (!found)
		printf("skipped: %s is not installed\n", tool);
	return found;
}

UNIT(conf_prints_yaml_that_amtool_accepts)
{
	struct buf all = {0};
	buf_c(&all, night);
	buf_c(&all, "server: {listen: ':9797'}\nscrape_configs: [{job_name: x}]\n");
	struct conf *c = must_load(all.p);
	struct str y = c->alertmanager_yaml;
	ck_assert(!str_has(y, STR("s3cret")) && !str_has(y, STR("hush")) && !str_has(y, STR("u:p")) &&
		  !str_has(y, STR("/1")));
	ck_assert(!str_has(y, STR("scrape_configs")) && !str_has(y, STR("listen")));
	struct conf *again = must_load(y.p);
	ck_assert_str(again->alertmanager_yaml, y.p);
	conf_unref(&again);
	if (have("amtool")) {
		conf_unref(&c);
		c = must_load(old_night);
		y = c->alertmanager_yaml;
		make_dir();
		char cmd[256];
		snprintf(cmd, sizeof cmd, "amtool check-config %s >%s/out 2>&1 || { cat %s/out; false; }",
		    put("am.yml", y.p), dir, dir);
		ck_assert_int_eq(system(cmd), 0);
		conf_unref(&c);
		c = must_load(conf_embedded);
		snprintf(cmd, sizeof cmd, "amtool check-config %s >%s/out 2>&1 || { cat %s/out; false; }",
		    put("am.yml", c->alertmanager_yaml.p), dir, dir);
		ck_assert_int_eq(system(cmd), 0);
		remove_dir();
	}
	conf_unref(&c);
	buf_fini(&all);
}
END

/* Our example is one that Prometheus takes, too: then what we read is what it reads. */
UNIT(conf_example_is_accepted_by_promtool)
{
	if (!have("promtool"))
		return;
	make_dir();
	char cmd[256];
	snprintf(cmd, sizeof cmd,
	    "promtool check config --syntax-only %s >%s/out 2>&1 || { cat %s/out; false; }",
	    put("p.yml", "scrape_configs: [{job_name: a, params: {x: [y]}}]\n"), dir, dir);
	ck_assert_int_eq(system(cmd), 0);
	remove_dir();
}
END

UNIT(conf_reference_names_every_key)
{
	struct buf b = {0};
	conf_reference(&b);
	struct str all = buf_view(&b);
	ck_assert(str_has(all, STR("| `scrape_interval` | duration | `1m` |")));
	ck_assert(str_has(all, STR("## receiver\n")) && str_has(all, STR("## openstack_sd\n")));
	ck_assert(str_has(all, STR("| `evaluate` | `interval`, `on_arrival` |")));
	buf_fini(&b);
}
END

UNIT(conf_prints_all_of_itself_without_a_secret)
{
	struct conf *c = must_load("ledger: {url: 'postgresql://me:hush@db:5432/tocsin?a=b'}\n"
				   "mail: {smarthost: 'mx:25', password: hush, from: 'a@b'}\n"
				   "scrape_configs: [{job_name: x, bearer_token: hush, static_configs: [{targets: ['h:1']}]}]\n");
	ck_assert_msg(!str_has(c->yaml, STR("hush")), "%s", c->yaml.p);
	ck_assert(str_has(c->yaml, STR("postgresql://me:xxxxx@db:5432/tocsin?a=b")));
	ck_assert(str_has(c->yaml, STR("smarthost: \"mx:25\"")) && str_has(c->yaml, STR("job_name: x")));
	struct conf *again = must_load(c->yaml.p);
	ck_assert_str(again->yaml, c->yaml.p);
	conf_unref(&again);
	conf_unref(&c);
}
END

UNIT(conf_names_what_only_the_next_start_takes)
{
	static const struct {
		const char *before, *after, *names;
	} cases[] = {
	    {"server: {listen: ':1'}", "server: {listen: ':1'}", ""},
	    {"server: {listen: ':1'}", "server: {listen: ':2', hosts: [a]}", "server.listen server.hosts "},
	    {"{}", "server: {external_url: 'http://x/'}\nlimits: {alerts: 5, series_per_customer: 7, pushed_groups: 9}", "limits.pushed_groups "},
	    {"storage: {tsdb: {retention: {time: 3d}}}", "storage: {tsdb: {retention: {time: 4d}}}", "storage.retention storage.tsdb.retention.time "},
	    {"voice: {trunks: [{name: a, proxy: h, password: x}]}", "voice: {trunks: [{name: a, proxy: h, password: y}]}", "voice.trunks "},
	    {"scrape_configs: [{job_name: a}]", "scrape_configs: [{job_name: b}]", ""},
	    {"access: {failed_logins: 3}", "access: {failed_logins: 4}", "access.failed_logins "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_create();
		struct conf *before = must_load(cases[i].before), *after = must_load(cases[i].after);
		struct strs differ = conf_at_next_start(before, after, a);
		struct buf names = {0};
		for (size_t k = 0; k < differ.n; k++)
			buf_fmt(&names, "%.*s ", STR_ARG(differ.p[k]));
		ck_assert_str(buf_view(&names), cases[i].names);
		buf_fini(&names);
		conf_unref(&before);
		conf_unref(&after);
		arena_destroy(&a);
	}
}
END
