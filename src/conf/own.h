/*
 * own.h — the sections that are Tocsin's own.
 */
#ifndef CONF_OWN_H
#define CONF_OWN_H

#include "conf/receiver.h"

extern const char *const conf_starttls[], *const conf_transports[], *const conf_srtp[];
enum conf_srtp_use { SRTP_OFF, SRTP_OPTIONAL, SRTP_REQUIRED };
enum conf_starttls { STARTTLS_REQUIRED, STARTTLS_WANTED, STARTTLS_NEVER, STARTTLS_IMPLICIT };
enum conf_transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

#define CONF_SERVER_KEYS(F)                                                                                  \
	F(STR, listen, 0, 0, "127.0.0.1:9797", "the address of the HTTP port: console and APIs")             \
	F(STR, external_url, 0, 0, "",                                                                       \
	    "how others reach this server, for links in messages; default: from listen")                     \
	F(STR, user, 0, 0, "", "started as root: whom the processes become that need no root; empty: nobody else") \
	F(BOOL, sandbox, 0, 0, "true",                                                                       \
	    "processes give up what they do not need: capabilities, system calls, writing outside the data folder") \
	F(BOOL, demo, 0, 0, "false",                                                                         \
	    "a first start makes a customer for trying out, with a contract, a schedule and checks of this machine; " \
	    "true without a configuration file")                                                             \
	F(BOOL, watch_machine, 0, 0, "false",                                                                \
	    "this machine's own figures are stored every 15 s as node_exporter names them, and Tocsin's beside them; " \
	    "true without a configuration file")                                                             \
	F(BOOL, starter_rules, 0, 0, "false",                                                                \
	    "where rule_files names none: rules for disks, memory, load, clock, units, certificates and ourselves; " \
	    "true without a configuration file")                                                             \
	F(STRS, hosts, 0, 0, "", "further names that a request may be addressed to (the Host header)")       \
	F(STR, tls_cert_file, 0, KEY_PATH, "", "a certificate: the port speaks HTTPS")                       \
	F(STR, tls_key_file, 0, KEY_PATH, "", "its private key")                                             \
	F(SIZE, body_limit, 0, 0, "64MB", "the largest body of a request, as it comes")                      \
	F(SIZE, uncompressed_limit, 0, 0, "256MB", "the largest body of a request, uncompressed")            \
	F(SIZE, bodies_limit, 0, 0, "1GB",                                                                   \
	    "what the bodies of all requests under way may take, as they come and unpacked; 0: no limit")    \
	F(SIZE, header_limit, 0, KEY_INERT, "32KB", "the largest header of a request")                               \
	F(DUR, header_timeout, 0, 0, "10s", "how long a header may take to arrive")                          \
	F(DUR, request_timeout, 0, 0, "2m", "how long a request may take in all")                            \
	F(I64, max_connections, 0, 0, "4096", "the most connections at a time")                              \
	F(I64, max_connections_per_host, 0, 0, "1024", "the most connections of one address")                \
	F(DUR, query_timeout, 0, 0, "2m", "how long a query may run")                                        \
	F(I64, query_concurrency, 0, 0, "20", "how many queries run side by side")                           \
	F(I64, query_max_samples, 0, 0, "50000000", "the most samples that one query may hold in memory")    \
	F(I64, query_total_samples, 0, 0, "100000000", "… and all queries that run side by side; 0: no limit") \
	F(DUR, query_lookback, 0, 0, "5m", "how far back a query looks for the last sample")
RECORD(conf_server, CONF_SERVER_KEYS)

#define CONF_KEEP_KEYS(F)                                                                                    \
	F(STR, customer, 0, 0, "", "of this customer; empty: of every one")                                  \
	F(STRS, matchers, 0, KEY_BARE, "", "of the series that match: `job=debug`, `__name__=~go_.*`; empty: of all") \
	F(DUR, keep, 0, KEY_REQUIRED, "", "how long their samples stay, and their windows no longer; 0s: for ever")
RECORD(conf_keep, CONF_KEEP_KEYS)

#define CONF_STORAGE_KEYS(F)                                                                                 \
	F(STR, path, 0, KEY_INERT, "", "the data directory; default: what --data says")                              \
	F(DUR, retention, 0, 0, "0s",                                                                        \
	    "how long samples stay; 0: what storage.tsdb.retention.time says, or 15d")                       \
	F(MANY, retentions, conf_keep, 0, "",                                                                \
	    "samples that stay longer or shorter than that: the first entry that fits a series holds")       \
	F(DUR, retention_5m, 0, 0, "0s",                                                                     \
	    "how long the windows of five minutes stay (least, greatest, sum, count, first and last of each series); 0: as long as samples") \
	F(DUR, retention_1h, 0, 0, "0s", "how long those of an hour stay; 0: as long as samples")            \
	F(SIZE, retention_size, 0, 0, "0",                                                                   \
	    "how much the blocks of samples and windows may take, the oldest going first, samples before windows; 0: no limit") \
	F(DUR, out_of_order_window, 0, 0, "1h", "how late a sample may come; 100y welcomes any, 0s none") \
	F(STR, sync, 0, 0, "200ms",                                                                          \
	    "how soon samples are on disk: a duration, `batch` (before a write is acknowledged) or `none`")  \
	F(DUR, log_retention, 0, KEY_INERT, "30d", "how long log lines stay")                                        \
	F(ONE, tsdb, conf_tsdb, 0, "", "the same in the words of a prometheus.yml")                          \
	F(ONE, exemplars, conf_exemplars, 0, "", "exemplars")
RECORD(conf_storage, CONF_STORAGE_KEYS)

#define CONF_LEDGER_KEYS(F)                                                                                  \
	F(STR, url, 0, 0, "", "PostgreSQL, as postgresql://…; empty: SQLite in the data directory")          \
	F(STR, backup_dir, 0, KEY_INERT, "", "where copies of the ledger are kept; empty: none are made")            \
	F(DUR, backup_every, 0, KEY_INERT, "1d", "how often one is made")                                            \
	F(I64, backup_keep, 0, KEY_INERT, "7", "how many stay")                                                      \
	F(DUR, event_retention, 0, KEY_INERT, "0s", "how long events stay; 0: for ever")                             \
	F(STR, head_export, 0, 0, "",                                                                        \
	    "where signed heads of the journal go every day: a file, or mailto:address")
RECORD(conf_ledger, CONF_LEDGER_KEYS)

#define CONF_MAIL_KEYS(F)                                                                                    \
	F(STR, smarthost, 0, 0, "",                                                                          \
	    "the server that takes our mails, host:port; default: global.smtp_smarthost")                    \
	F(STR, from, 0, 0, "", "the sender; default: global.smtp_from")                                      \
	F(STR, reply_to, 0, KEY_INERT, "", "where answers go")                                                       \
	F(STR, hello, 0, 0, "", "how we greet; default: global.smtp_hello")                                  \
	F(STR, username, 0, 0, "", "the name to sign in with")                                               \
	F(SECRET, password, 0, 0, "", "the password")                                                        \
	F(STR, password_file, 0, KEY_PATH, "", "a file that holds it")                                       \
	F(ENUM, starttls, conf_starttls, 0, "required",                                                      \
	    "plain connections: required, wanted or never; implicit: TLS from the first byte")               \
	F(ONE, tls_config, conf_tls, 0, "", "certificates")                                                  \
	F(DUR, timeout, 0, 0, "1m", "how long a mail may take")                                              \
	F(I64, per_minute, 0, KEY_INERT, "600", "the most mails in a minute; 0: no limit")
RECORD(conf_mail, CONF_MAIL_KEYS)

#define CONF_TRUNK_KEYS(F)                                                                                   \
	F(STR, name, 0, KEY_REQUIRED, "", "its name")                                                        \
	F(STR, proxy, 0, 0, "", "the provider's SIP address, host or host:port")                             \
	F(STR, registrar, 0, 0, "", "where we register; empty: a trunk without registration")                \
	F(STR, user, 0, 0, "", "who we are there")                                                           \
	F(SECRET, password, 0, 0, "", "the password")                                                        \
	F(STR, password_file, 0, KEY_PATH, "", "a file that holds it")                                       \
	F(STR, auth_user, 0, 0, "", "the name to sign in with, where it is not `user`")                      \
	F(ENUM, transport, conf_transports, 0, "udp", "udp, tcp or tls")                                     \
	F(ENUM, srtp, conf_srtp, 0, "off",                                                                   \
	    "is the sound encrypted, with keys in the SIP messages: off, optional or required")              \
	F(DUR, keepalive, 0, 0, "30s", "how often it is asked whether it is there, by OPTIONS; 0s: never")   \
	F(STR, from, 0, 0, "", "the From of our calls; default: user@proxy")                                 \
	F(STR, caller_id, 0, 0, "", "the number that is shown")                                              \
	F(STR, verify, 0, 0, "full", "certificates of tls: full, or none")                                   \
	F(STR, ca_file, 0, KEY_PATH, "", "who may have signed them; default: the system's")                  \
	F(STRS, addresses, 0, 0, "", "addresses that calls may come from, besides the proxy's")              \
	F(I64, max_calls, 0, 0, "30", "the most calls at a time")                                            \
	F(I64, prefer, 0, 0, "0", "trunks with the smaller number are tried first")
RECORD(conf_trunk, CONF_TRUNK_KEYS)

#define CONF_VOICE_KEYS(F)                                                                                   \
	F(MANY, trunks, conf_trunk, 0, "", "the ways out")                                                   \
	F(DUR, ring_timeout, 0, 0, "35s", "how long it rings")                                               \
	F(DUR, answer_timeout, 0, 0, "60s", "how long an answered call waits for a key")                     \
	F(STR, language, 0, 0, "en", "the language of announcements; a user's own wins")                     \
	F(STRS, tts, 0, 0, "espeak-ng, -v, %l, --stdin, --stdout",                                           \
	    "the program that turns text on its standard input into a WAV file on its standard output: %l "  \
	    "is the voice")                                                                                  \
	F(STR, listen, 0, 0, "0.0.0.0:5060", "the SIP address")                                              \
	F(STR, rtp_ports, 0, 0, "20000-20999", "the ports of the media")                                     \
	F(STR, external_address, 0, 0, "", "our address as the trunk sees it, behind a NAT")                 \
	F(SIZE, clip_cache, 0, 0, "64MB", "how much spoken text is kept")
RECORD(conf_voice, CONF_VOICE_KEYS)

#define CONF_REMOTE_QUERY_KEYS(F)                                                                            \
	F(STR, url, 0, KEY_REQUIRED, "",                                                                     \
	    "where the cluster answers Prometheus's API, up to /api/v1: https://mimir.example/prometheus")   \
	F(STR, name, 0, 0, "", "what it is called in errors and figures; default: its host")                 \
	F(STR, tenant_header, 0, 0, "",                                                                      \
	    "the header that tells the cluster whose samples are asked for, such as X-Scope-OrgID; of several customers it is a|b") \
	F(STR, customer_label, 0, 0, "",                                                                     \
	    "for a cluster that does not know customers: this label, with the customer's name, is required in every selector that is sent; " \
	    "with neither only the customer `default` is asked for there")                                   \
	F(PAIRS, headers, 0, 0, "", "further headers")                                                       \
	F(DUR, timeout, 0, 0, "30s", "how long a query may take")                                            \
	F(SIZE, answer_limit, 0, 0, "64MB", "the largest answer, as it comes")                               \
	F(I64, concurrency, 0, 0, "20", "how many questions of people are under way at a time, and as many of rules; more wait") \
	F(MAYBE, sigv4, conf_sigv4, 0, "", "sign requests for AWS")                                          \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the cluster is reached")
RECORD(conf_remote_query, CONF_REMOTE_QUERY_KEYS)

#define CONF_METRICS_REMOTE_KEYS(F)                                                                          \
	F(MAYBE, query, conf_remote_query, 0, "",                                                            \
	    "queries and rules are asked of a Prometheus-compatible cluster, where remote_write sends the samples")
RECORD(conf_metrics_remote, CONF_METRICS_REMOTE_KEYS)

#define CONF_METRICS_KEYS(F) F(ONE, remote, conf_metrics_remote, 0, "", "samples that others keep")
RECORD(conf_metrics, CONF_METRICS_KEYS)

#define CONF_GRAPHITE_KEYS(F)                                                                                \
	F(STR, listen, 0, 0, "", "the address for lines by TCP and UDP, such as 127.0.0.1:2003; empty: off")  \
	F(STR, customer, 0, 0, "default", "whose they are")                                                  \
	F(STRS, templates, 0, 0, "",                                                                         \
	    "what of a dotted name is what: `servers.* .host.measurement*`; the first whose filter fits")
RECORD(conf_graphite, CONF_GRAPHITE_KEYS)

#define CONF_STATSD_KEYS(F)                                                                                  \
	F(STR, listen, 0, 0, "", "the address for lines by UDP and TCP, such as 127.0.0.1:8125; empty: off")  \
	F(STR, customer, 0, 0, "default", "whose they are")                                                  \
	F(DUR, flush, 0, 0, "10s", "how often what was gathered is stored")                                  \
	F(I64, meters, 0, 0, "100000", "the most counters, gauges, timers and sets at a time")
RECORD(conf_statsd, CONF_STATSD_KEYS)

#define CONF_SMS_GATEWAY_KEYS(F)                                                                             \
	F(STR, name, 0, KEY_REQUIRED, "", "what it is called in the journal")                                \
	F(SECRET, url, 0, KEY_REQUIRED, "", "the provider's address; {to}, {text} and {from} are filled in, percent-encoded") \
	F(STR, method, 0, 0, "", "default: POST with a body, GET without")                                   \
	F(STR, body, 0, 0, "", "what is sent; {to}, {text} and {from} are filled in as its type wants them") \
	F(STR, content_type, 0, 0, "application/json", "the body's type: application/json, application/x-www-form-urlencoded or another") \
	F(STR, from, 0, 0, "", "the sender that the provider wants to hear")                                 \
	F(STR, accepted, 0, 0, "", "what the answer must contain beside a status of 2xx; empty: the status is enough") \
	F(DUR, timeout, 0, 0, "10s", "how long it may take, before the next gateway is tried")               \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached: authorization, TLS, proxy")
RECORD(conf_sms_gateway, CONF_SMS_GATEWAY_KEYS)

#define CONF_SMS_KEYS(F) F(MANY, gateways, conf_sms_gateway, 0, "", "the providers of short messages, in the order in which they are tried")
RECORD(conf_sms, CONF_SMS_KEYS)

#define CONF_CHAT_KEYS(F) F(RAW, workspaces, node, 0, "", "the chat systems")
RECORD(conf_chat, CONF_CHAT_KEYS)

#define CONF_DESK_SECTION_KEYS(F)                                                                            \
	F(STRS, customer_from, 0, 0, "label, host, default",                                                 \
	    "where an alert's customer comes from, in this order: label, host, default")                     \
	F(STR, customer_label, 0, 0, "customer", "the label that names the customer")                        \
	F(STR, default_customer, 0, 0, "default", "the customer when nothing else names one")                \
	F(ENUM, desk, conf_desk_words, 0, "",                                                                \
	    "what becomes of alerts of customers without a contract; default: open, or none with a plain "   \
	    "alertmanager.yml")                                                                              \
	F(STR, default_policy, 0, 0, "", "the escalation policy when the contract names none")               \
	F(STR, ticket_prefix, 0, KEY_INERT, "", "what stands in front of a ticket's number")                         \
	F(STR, language, 0, KEY_INERT, "en", "the language of tickets and reports")
RECORD(conf_desk_section, CONF_DESK_SECTION_KEYS)

#define CONF_ACCESS_KEYS(F)                                                                                  \
	F(DUR, session_idle, 0, KEY_INERT, "12h", "a session ends when it was not used for so long")                 \
	F(DUR, session_max, 0, 0, "7d", "… and at the latest after this")                                    \
	F(I64, failed_logins, 0, 0, "10",                                                                    \
	    "so many failures in a quarter of an hour lock a name and an address")                           \
	F(BOOL, require_totp, 0, KEY_INERT, "false", "everybody needs a second factor")                              \
	F(STRS, allow_addresses, 0, 0, "",                                                                   \
	    "networks that requests of users and customers may reach although they are private")             \
	F(STRS, trusted_proxies, 0, KEY_INERT, "", "networks whose X-Forwarded-For is believed")
RECORD(conf_access, CONF_ACCESS_KEYS)

#define CONF_CUSTOMER_LIMITS_KEYS(F)                                                                         \
	F(STR, customer, 0, KEY_REQUIRED, "", "whose; what is not said here is as for all")                  \
	F(I64, series, 0, 0, "0", "the most active series; 0: no limit")                                     \
	F(I64, series_labels, 0, 0, "0", "the most labels of a series; 0: no limit")                         \
	F(SIZE, series_label_size, 0, 0, "0", "the largest name or value of a series' label; 0: no limit")   \
	F(I64, samples_per_second, 0, 0, "0", "the most samples that are brought in a second; 0: no limit")  \
	F(I64, samples_burst, 0, 0, "0", "… and at once; 0: as many as ten seconds bring")
RECORD(conf_customer_limits, CONF_CUSTOMER_LIMITS_KEYS)

#define CONF_LIMITS_KEYS(F)                                                                                  \
	F(I64, series, 0, KEY_INERT, "0", "the most active series; 0: what memory holds")                            \
	F(I64, series_per_customer, 0, 0, "0", "… of one customer; 0: no limit")                             \
	F(I64, series_labels, 0, 0, "256", "the most labels of a series; 0: no limit")                       \
	F(SIZE, series_label_size, 0, 0, "16KB", "the largest name or value of a series' label; 0: no limit") \
	F(I64, samples_per_second, 0, 0, "0",                                                                \
	    "the most samples that one customer brings in a second, by whatever door, on average; 0: no limit") \
	F(I64, samples_burst, 0, 0, "0", "… and at once; 0: as many as ten seconds bring")                   \
	F(MANY, customers, conf_customer_limits, 0, "", "customers with other limits than these")            \
	F(I64, pushed_groups, 0, 0, "10000", "the most groups of one customer that jobs push; 0: no limit") \
	F(I64, alerts, 0, 0, "100000", "the most alerts at a time")                                          \
	F(I64, alerts_per_customer, 0, 0, "20000", "… of one customer")                                      \
	F(I64, groups, 0, 0, "50000", "the most alert groups")                                               \
	F(I64, silences, 0, 0, "10000", "the most silences that are not expired")                            \
	F(SIZE, silence_size, 0, 0, "16KB", "the largest silence")                                           \
	F(I64, labels, 0, 0, "128", "the most labels of an alert")                                           \
	F(SIZE, label_size, 0, 0, "4KB", "the largest label or annotation name and value")                   \
	F(I64, webhook_alerts, 0, KEY_INERT, "0", "the most alerts in one webhook notification; 0: all")
RECORD(conf_limits, CONF_LIMITS_KEYS)

#define CONF_FORECAST_KEYS(F) F(RAW, models, node, 0, "", "what will happen")
RECORD(conf_forecast, CONF_FORECAST_KEYS)

#define CONF_CLUSTER_KEYS(F) F(RAW, nodes, node, 0, "", "several nodes")
RECORD(conf_cluster, CONF_CLUSTER_KEYS)

#define CONF_PEER_FILE_KEYS(F) F(STR, config_file, 0, KEY_REQUIRED, "", "the peer's own configuration file")
RECORD(conf_peer_file, CONF_PEER_FILE_KEYS)

#endif
