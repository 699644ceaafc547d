/*
 * conf.h — the configuration: one immutable snapshot of typed records.
 *
 * --config takes a tocsin.yml, a prometheus.yml or an alertmanager.yml, told apart by their keys; the files
 * that it names (a peer's configuration, rules, more scrape jobs, templates) are read with it.  A snapshot is
 * either whole or not there: every error is in the report, and the running one stays.
 *
 * Snapshots are counted: conf_load gives one reference; who keeps one longer than the call takes another.
 * From any thread.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "conf/own.h"
#include "conf/rules.h"

/* Two tables of keys that exclude each other, so that a tocsin.yml can hold both. */
#define CONF_GLOBAL_KEYS(F)                                                                                  \
	F(ONE, prom, conf_global_prom, KEY_INLINE | KEY_OF_PROM, "", "what holds for all jobs and rules")    \
	F(ONE, am, conf_global_am, KEY_INLINE | KEY_OF_AM, "", "what holds for all receivers")
RECORD(conf_global, CONF_GLOBAL_KEYS)

#define CONF_ROOT_KEYS(F)                                                                                    \
	F(ONE, global, conf_global, KEY_OF_PROM | KEY_OF_AM, "",                                             \
	    "what holds for all jobs, rules and receivers")                                                  \
	F(STRS, rule_files, 0, KEY_OF_PROM, "", "files of rules; * and ? and [] are known")                  \
	F(STRS, scrape_config_files, 0, KEY_OF_PROM, "", "files with more scrape_configs")                   \
	F(MANY, scrape_configs, conf_scrape, KEY_OF_PROM, "", "jobs: what is scraped, and how")              \
	F(ONE, alerting, conf_alerting, KEY_OF_PROM, "", "other Alertmanagers")                              \
	F(MANY, remote_write, conf_remote_write, KEY_OF_PROM, "", "where samples are sent on")               \
	F(MANY, remote_read, conf_remote_read, KEY_OF_PROM | KEY_INERT, "",                                  \
	    "where samples of others are asked for")                                                         \
	F(ONE, storage, conf_storage, KEY_OF_PROM, "", "the store of samples and log lines")                 \
	F(MAYBE, tracing, conf_tracing, KEY_OF_PROM | KEY_OF_AM | KEY_INERT, "", "traces of our own work")   \
	F(ONE, otlp, conf_otlp, KEY_OF_PROM, "", "how OTLP metrics become series")               \
	F(ONE, runtime, conf_runtime, KEY_OF_PROM | KEY_INERT, "", "the Go run time of Prometheus")          \
	F(STRS, templates, 0, KEY_OF_AM, "", "files of templates for messages; * and ? and [] are known")    \
	F(MAYBE, route, conf_route, KEY_OF_AM, "", "the root of the tree of routes")                         \
	F(MANY, inhibit_rules, conf_inhibit, KEY_OF_AM, "", "which alerts silence which others")             \
	F(MANY, receivers, conf_receiver, KEY_OF_AM, "", "who can be told, and how")                         \
	F(MANY, mute_time_intervals, conf_named_intervals, KEY_OF_AM, "",                                    \
	    "the old way to write time_intervals")                                                           \
	F(MANY, time_intervals, conf_named_intervals, KEY_OF_AM, "", "named parts of the week and the year") \
	F(ONE, event_recorder, conf_event_recorder, KEY_OF_AM | KEY_INERT, "",                               \
	    "a log of Alertmanager's events")                                                                \
	F(ONE, server, conf_server, KEY_OURS, "", "the HTTP port")                                           \
	F(ONE, ledger, conf_ledger, KEY_OURS, "", "the store of tickets, alerts and all else")               \
	F(ONE, mail, conf_mail, KEY_OURS, "", "mails to users, and from receivers that name no server")      \
	F(ONE, voice, conf_voice, KEY_OURS, "", "telephone calls")                                           \
	F(ONE, sms, conf_sms, KEY_OURS, "", "short messages")                                    \
	F(ONE, chat, conf_chat, KEY_OURS | KEY_INERT, "", "chat systems")                                    \
	F(ONE, metrics, conf_metrics, KEY_OURS, "", "where samples are asked for")                           \
	F(ONE, graphite, conf_graphite, KEY_OURS, "", "the port for Graphite's lines")                       \
	F(ONE, statsd, conf_statsd, KEY_OURS, "", "the port for StatsD's lines")                             \
	F(ONE, desk, conf_desk_section, KEY_OURS, "", "how alerts become tickets")                           \
	F(ONE, access, conf_access, KEY_OURS, "", "sessions and networks")                                   \
	F(ONE, limits, conf_limits, KEY_OURS, "", "how much of everything")                                  \
	F(ONE, forecast, conf_forecast, KEY_OURS | KEY_INERT, "", "what will happen")                        \
	F(ONE, cluster, conf_cluster, KEY_OURS | KEY_INERT, "", "several nodes")                             \
	F(MAYBE, prometheus, conf_peer_file, KEY_OURS, "", "a prometheus.yml to read, too")                  \
	F(MAYBE, alertmanager, conf_peer_file, KEY_OURS, "", "an alertmanager.yml to read, too")
RECORD(conf_root, CONF_ROOT_KEYS)

enum conf_kind { CONF_TOCSIN, CONF_PROMETHEUS, CONF_ALERTMANAGER };

struct conf_file {
	struct str path, text;
};

struct conf {
	const struct conf_root *root;
	enum conf_kind kind;
	struct str external_url; /* where people reach us: as written, else from server.listen */
	const char *path; /* NULL: the embedded defaults */
	struct {
		struct conf_scrape *const *p;
		size_t n;
	} scrapes; /* all jobs, those of scrape_config_files too */
	struct {
		const struct conf_rules *p;
		size_t n;
	} rules; /* one a file */
	struct {
		const struct conf_file *p;
		size_t n;
	} templates; /* the files that `templates` names, as they are */
	const struct note *warnings;
	size_t warnings_n;
	struct str
	    alertmanager_yaml;    /* for status.config.original; without our own keys and without secrets */
	struct str yaml;          /* all of the file, without secrets */
	struct conf_inner *inner; /* conf's own */
};

/*
 * Reads the file and all that it names; NULL for the embedded defaults.  On failure the report holds every
 * error; warnings are in it as well as in the snapshot.
 */
CHECKED enum rc conf_load(const char *path, const struct conf_judges *, struct conf **out, struct report *);
/* The same from text; `name` stands in sentences and relative names start from its directory. */
CHECKED enum rc conf_load_text(
    const char *name, struct str yaml, const struct conf_judges *, struct conf **out, struct report *);

struct conf *conf_ref(struct conf *);
void conf_unref(struct conf **); /* accepts a NULL, and nulls */

/* Where a key of a record in this snapshot was set: "file:line:col". */
struct place conf_place(const struct conf *, const struct layout *, const void *record, const char *key);

/* The keys ("server.listen") that differ and that a process reads only when it starts; in `a`. */
struct strs conf_at_next_start(const struct conf *running, const struct conf *fresh, struct arena *a);

extern const char conf_starter_rules[]; /* server.starter_rules */
extern const char conf_embedded[]; /* what Tocsin runs with when nothing is said */

/* The reference of all keys as Markdown, from the tables. */
void conf_reference(struct buf *);

#endif
