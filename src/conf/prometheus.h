/*
 * prometheus.h — the sections of a prometheus.yml, as tables (Prometheus 3.5 and what came since).
 *
 * After loading, a scrape job has its intervals, limits and formats resolved against `global`.
 */
#ifndef CONF_PROMETHEUS_H
#define CONF_PROMETHEUS_H

#include "conf/discovery.h"

extern const char *const conf_maybe[], *const conf_schemes[], *const conf_name_schemes[];
extern const char *const conf_relabel_actions[], *const conf_otlp_strategies[];
enum conf_maybe { CONF_UNSET, CONF_NO, CONF_YES };
enum conf_scheme { CONF_HTTP, CONF_HTTPS };
enum conf_name_scheme { CONF_NAMES_UTF8, CONF_NAMES_LEGACY };
/* In the order of label/relabel.h. */
enum conf_relabel_action {
	CONF_RELABEL_REPLACE,
	CONF_RELABEL_KEEP,
	CONF_RELABEL_DROP,
	CONF_RELABEL_KEEPEQUAL,
	CONF_RELABEL_DROPEQUAL,
	CONF_RELABEL_HASHMOD,
	CONF_RELABEL_LABELMAP,
	CONF_RELABEL_LABELDROP,
	CONF_RELABEL_LABELKEEP,
	CONF_RELABEL_LOWERCASE,
	CONF_RELABEL_UPPERCASE,
};

#define CONF_RELABEL_KEYS(F)                                                                                 \
	F(STRS, source_labels, 0, 0, "", "the labels whose values are joined")                               \
	F(STR, separator, 0, 0, ";", "what joins them")                                                      \
	F(STR, target_label, 0, 0, "", "the label that is written")                                          \
	F(STR, regex, 0, 0, "(.*)", "what the joined value must match, as a whole")                          \
	F(I64, modulus, 0, 0, "0", "for hashmod: the number of buckets")                                     \
	F(STR, replacement, 0, 0, "$1", "what is written; $1 is the first group")                            \
	F(ENUM, action, conf_relabel_actions, 0, "replace", "what to do")
RECORD(conf_relabel, CONF_RELABEL_KEYS)

#define CONF_PARAM_KEYS(F)                                                                                   \
	F(STR, name, 0, 0, "", "the parameter")                                                              \
	F(STRS, values, 0, 0, "", "its values")
RECORD(conf_param, CONF_PARAM_KEYS)

#define CONF_SCRAPE_KEYS(F)                                                                                  \
	F(STR, job_name, 0, KEY_REQUIRED, "", "the job: the label `job` of its targets")                     \
	F(STR, customer, 0, KEY_OURS, "", "the customer that the targets belong to")                         \
	F(BOOL, honor_labels, 0, 0, "false", "labels of the page win over ours")                             \
	F(BOOL, honor_timestamps, 0, 0, "true", "times of the page are believed")                            \
	F(BOOL, track_timestamps_staleness, 0, 0, "false", "series with times of their own go stale too")    \
	F(MANY, params, conf_param, KEY_MAP | KEY_BARE, "", "parameters of the URL")                         \
	F(DUR, scrape_interval, 0, 0, "", "how often; default: global.scrape_interval")                      \
	F(DUR, scrape_timeout, 0, 0, "", "how long a scrape may take; default: global.scrape_timeout")       \
	F(STRS, scrape_protocols, 0, 0, "", "the formats asked for, best first")                             \
	F(STR, fallback_scrape_protocol, 0, 0, "", "the format assumed when the page names none")            \
	F(STR, scrape_failure_log_file, 0, KEY_INERT | KEY_PATH, "", "a file for failed scrapes")            \
	F(STR, metrics_path, 0, 0, "/metrics", "the path")                                                   \
	F(ENUM, scheme, conf_schemes, 0, "http", "http or https")                                            \
	F(BOOL, enable_compression, 0, 0, "true", "ask for gzip")                                            \
	F(SIZE, body_size_limit, 0, 0, "0", "the largest answer, uncompressed; 0: no limit")                 \
	F(I64, sample_limit, 0, 0, "0", "the most samples of one scrape; 0: no limit")                       \
	F(I64, target_limit, 0, 0, "0", "the most targets of one job; 0: no limit")                          \
	F(I64, label_limit, 0, 0, "0", "the most labels of one sample; 0: no limit")                         \
	F(I64, label_name_length_limit, 0, 0, "0", "the longest label name; 0: no limit")                    \
	F(I64, label_value_length_limit, 0, 0, "0", "the longest label value; 0: no limit")                  \
	F(I64, keep_dropped_targets, 0, KEY_INERT, "0", "how many dropped targets are remembered; 0: all")           \
	F(ENUM, metric_name_validation_scheme, conf_name_schemes, 0, "utf8",                                 \
	    "what names may hold: utf8, or legacy for letters, digits and _")                                \
	F(STR, metric_name_escaping_scheme, 0, 0, "allow-utf-8",                                             \
	    "how names are asked for: allow-utf-8, underscores, dots or values")                             \
	F(ENUM, scrape_native_histograms, conf_maybe, 0, "", "ask for pages in protobuf, and take native histograms") \
	F(ENUM, convert_classic_histograms_to_nhcb, conf_maybe, 0, "",                                       \
	    "store classic histograms as native ones with their bounds")                                                       \
	F(ENUM, always_scrape_classic_histograms, conf_maybe, 0, "",                                         \
	    "take the classic form beside the native one")                                                   \
	F(ENUM, extra_scrape_metrics, conf_maybe, 0, "",                                                     \
	    "store the limits of each scrape as series")                                                     \
	F(I64, native_histogram_bucket_limit, 0, KEY_INERT, "0", "the most buckets of one native histogram") \
	F(F64, native_histogram_min_bucket_factor, 0, KEY_INERT, "0", "the least growth of its buckets")     \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the peer is reached")                                   \
	F(ONE, discovery, conf_discovery, KEY_INLINE, "", "where the targets come from")                     \
	F(MANY, relabel_configs, conf_relabel, 0, "", "rewrites targets before they are scraped")            \
	F(MANY, metric_relabel_configs, conf_relabel, 0, "", "rewrites samples before they are stored")
RECORD(conf_scrape, CONF_SCRAPE_KEYS)

#define CONF_ALERTMANAGER_PEER_KEYS(F)                                                                       \
	F(STR, scheme, 0, 0, "http", "http or https")                                                        \
	F(STR, path_prefix, 0, 0, "", "what stands in front of the paths")                                   \
	F(DUR, timeout, 0, 0, "10s", "how long a push may take")                                             \
	F(STR, api_version, 0, 0, "v2", "the API's version")                                                 \
	F(MAYBE, sigv4, conf_sigv4, 0, "", "sign requests for AWS")                                          \
	F(MANY, relabel_configs, conf_relabel, 0, "", "chooses among the discovered")                        \
	F(MANY, alert_relabel_configs, conf_relabel, 0, "", "rewrites alerts for this one")                  \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the peer is reached")                                   \
	F(ONE, discovery, conf_discovery, KEY_INLINE, "", "where they are")
RECORD(conf_alertmanager_peer, CONF_ALERTMANAGER_PEER_KEYS)

#define CONF_ALERTING_KEYS(F)                                                                                \
	F(MANY, alert_relabel_configs, conf_relabel, KEY_INERT, "", "rewrites alerts before they leave")     \
	F(MANY, alertmanagers, conf_alertmanager_peer, KEY_INERT, "",                                        \
	    "other Alertmanagers that alerts of rules are sent to")
RECORD(conf_alerting, CONF_ALERTING_KEYS)

#define CONF_QUEUE_KEYS(F)                                                                                   \
	F(I64, capacity, 0, KEY_INERT, "10000", "samples that a shard may hold")                                     \
	F(I64, max_shards, 0, 0, "50", "the most senders")                                                   \
	F(I64, min_shards, 0, KEY_INERT, "1", "the least senders")                                                   \
	F(I64, max_samples_per_send, 0, 0, "2000", "the most samples of one request")                        \
	F(DUR, batch_send_deadline, 0, 0, "5s", "how long a sample waits for company")                       \
	F(DUR, min_backoff, 0, 0, "30ms", "the first wait after a failure")                                  \
	F(DUR, max_backoff, 0, 0, "5s", "the longest wait after failures")                                   \
	F(BOOL, retry_on_http_429, 0, 0, "false",                                                            \
	    "try again when the peer says \"too many\"; we do anyway when it says when")                     \
	F(DUR, sample_age_limit, 0, 0, "0s", "older samples are dropped; 0: none are")                       \
	F(SIZE, queue_size, 0, KEY_OURS, "4GB", "how much of the log waits for the peer; of more, the oldest is given up")
RECORD(conf_queue, CONF_QUEUE_KEYS)

#define CONF_METADATA_SEND_KEYS(F)                                                                           \
	F(BOOL, send, 0, 0, "true", "send types and help texts")                                             \
	F(DUR, send_interval, 0, 0, "1m", "how often")                                                       \
	F(I64, max_samples_per_send, 0, 0, "2000", "how many at once")
RECORD(conf_metadata_send, CONF_METADATA_SEND_KEYS)

#define CONF_AZUREAD_IDENTITY_KEYS(F)                                                                        \
	F(STR, client_id, 0, 0, "", "the application")                                                       \
	F(STR, tenant_id, 0, 0, "", "the tenant")                                                            \
	F(SECRET, client_secret, 0, 0, "", "the secret")                                                     \
	F(STR, token_file_path, 0, 0, "", "a file that holds the token")                                     \
	F(STR, certificate_path, 0, 0, "", "a file with the certificate")                                    \
	F(STR, certificate_key_path, 0, 0, "", "a file with its key")                                        \
	F(SECRET, certificate_password, 0, 0, "", "its password")                                            \
	F(BOOL, send_certificate_chain, 0, 0, "", "send the whole chain")
RECORD(conf_azuread_identity, CONF_AZUREAD_IDENTITY_KEYS)

#define CONF_AZUREAD_KEYS(F)                                                                                 \
	F(STR, cloud, 0, 0, "", "the cloud's name")                                                          \
	F(STR, scope, 0, 0, "", "the token's scope")                                                         \
	F(MAYBE, managed_identity, conf_azuread_identity, 0, "", "sign in as the machine")                   \
	F(MAYBE, workload_identity, conf_azuread_identity, 0, "", "sign in as the workload")                 \
	F(MAYBE, oauth, conf_azuread_identity, 0, "", "sign in with a secret")                               \
	F(MAYBE, sdk, conf_azuread_identity, 0, "", "sign in as the SDK finds it")                           \
	F(MAYBE, certificate, conf_azuread_identity, 0, "", "sign in with a certificate")
RECORD(conf_azuread, CONF_AZUREAD_KEYS)

#define CONF_GOOGLE_IAM_KEYS(F) F(STR, credentials_file, 0, KEY_PATH, "", "a file of credentials")
RECORD(conf_google_iam, CONF_GOOGLE_IAM_KEYS)

#define CONF_REMOTE_WRITE_KEYS(F)                                                                            \
	F(STR, url, 0, KEY_REQUIRED, "", "where samples are sent")                                           \
	F(STR, customer, 0, KEY_OURS, "default",                                                             \
	    "whose samples are sent; with tenant_header or customer_label everybody's, unless it is written") \
	F(STR, tenant_header, 0, KEY_OURS, "", "the header that says whose the samples of a request are, such as X-Scope-OrgID") \
	F(STR, customer_label, 0, KEY_OURS, "", "the label that says whose a series is, whatever it says itself") \
	F(DUR, remote_timeout, 0, 0, "30s", "how long a request may take")                                   \
	F(PAIRS, headers, 0, 0, "", "further headers")                                                       \
	F(MANY, write_relabel_configs, conf_relabel, 0, "", "rewrites and chooses samples")                  \
	F(STR, name, 0, 0, "", "its name in our own metrics")                                                \
	F(BOOL, send_exemplars, 0, 0, "false", "send exemplars")                                             \
	F(BOOL, send_native_histograms, 0, 0, "false", "send native histograms")                             \
	F(BOOL, round_robin_dns, 0, KEY_INERT, "false", "take the peer's addresses in turn")                         \
	F(STR, protobuf_message, 0, 0, "prometheus.WriteRequest",                                            \
	    "the message, which tells the protocol's version")                                               \
	F(BOOL, failed_request_logging, 0, 0, "false", "log what failed")                                    \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the peer is reached")                                   \
	F(ONE, queue_config, conf_queue, 0, "", "the queue in front of the peer")                            \
	F(ONE, metadata_config, conf_metadata_send, 0, "", "types and help texts")                           \
	F(MAYBE, sigv4, conf_sigv4, 0, "", "sign requests for AWS")                                          \
	F(MAYBE, azuread, conf_azuread, KEY_INERT, "", "sign in at Azure")                                           \
	F(MAYBE, google_iam, conf_google_iam, KEY_INERT, "", "sign in at Google")
RECORD(conf_remote_write, CONF_REMOTE_WRITE_KEYS)

#define CONF_REMOTE_READ_KEYS(F)                                                                             \
	F(STR, url, 0, KEY_REQUIRED, "", "where samples are asked for")                                      \
	F(DUR, remote_timeout, 0, 0, "1m", "how long a request may take")                                    \
	F(SIZE, chunked_read_limit, 0, 0, "50MB", "the largest frame of an answer")                          \
	F(PAIRS, headers, 0, 0, "", "further headers")                                                       \
	F(BOOL, read_recent, 0, 0, "false", "ask even for what we hold ourselves")                           \
	F(STR, name, 0, 0, "", "its name in our own metrics")                                                \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the peer is reached")                                   \
	F(PAIRS, required_matchers, 0, 0, "", "labels that a query must name for the peer to be asked")      \
	F(BOOL, filter_external_labels, 0, 0, "true", "ask with our external labels")
RECORD(conf_remote_read, CONF_REMOTE_READ_KEYS)

#define CONF_TSDB_RETENTION_KEYS(F)                                                                          \
	F(DUR, time, 0, 0, "0s", "how long samples stay")                                                    \
	F(SIZE, size, 0, 0, "0", "how much they may take")                                                   \
	F(F64, percentage, 0, 0, "0", "how much of the disk they may take")
RECORD(conf_tsdb_retention, CONF_TSDB_RETENTION_KEYS)

#define CONF_CHUNK_ENCODING_KEYS(F) F(STR, floats, 0, 0, "", "how floats are encoded")
RECORD(conf_chunk_encoding, CONF_CHUNK_ENCODING_KEYS)

#define CONF_TSDB_KEYS(F)                                                                                    \
	F(DUR, out_of_order_time_window, 0, 0, "0s", "how late a sample may come")                           \
	F(F64, stale_series_compaction_threshold, 0, KEY_INERT, "0",                                         \
	    "the share of stale series that starts a compaction")                                            \
	F(ONE, chunk_encoding, conf_chunk_encoding, KEY_INERT, "", "how samples are encoded")                \
	F(ONE, retention, conf_tsdb_retention, 0, "", "how long samples stay")
RECORD(conf_tsdb, CONF_TSDB_KEYS)

#define CONF_EXEMPLARS_KEYS(F) F(I64, max_exemplars, 0, KEY_INERT, "100000", "how many exemplars are kept")
RECORD(conf_exemplars, CONF_EXEMPLARS_KEYS)

#define CONF_TRACING_KEYS(F)                                                                                 \
	F(STR, client_type, 0, 0, "grpc", "grpc or http")                                                    \
	F(STR, endpoint, 0, 0, "", "where traces are sent")                                                  \
	F(F64, sampling_fraction, 0, 0, "0", "the share of requests that is traced")                         \
	F(BOOL, insecure, 0, 0, "false", "without TLS")                                                      \
	F(ONE, tls_config, conf_tls, 0, "", "TLS towards the peer")                                          \
	F(RAW, headers, node, 0, "", "further headers")                                                      \
	F(STR, compression, 0, 0, "", "gzip")                                                                \
	F(DUR, timeout, 0, 0, "10s", "how long a push may take")
RECORD(conf_tracing, CONF_TRACING_KEYS)

#define CONF_OTLP_KEYS(F)                                                                                    \
	F(BOOL, promote_all_resource_attributes, 0, 0, "false",                                              \
	    "every attribute of the resource becomes a label")                                               \
	F(STRS, promote_resource_attributes, 0, 0, "", "these attributes of the resource become labels")     \
	F(STRS, ignore_resource_attributes, 0, 0, "", "these do not")                                        \
	F(ENUM, translation_strategy, conf_otlp_strategies, 0, "UnderscoreEscapingWithSuffixes",             \
	    "how names are translated")                                                                      \
	F(BOOL, keep_identifying_resource_attributes, 0, 0, "false",                                         \
	    "keep service.name and its kin in target_info")                                                  \
	F(BOOL, start_timestamps, 0, 0, "false",                                                             \
	    "keep since when cumulative points count: rate() sees resets then that their values do not show")    \
	F(BOOL, convert_histograms_to_nhcb, 0, 0, "false", "store histograms as native ones with their bounds") \
	F(BOOL, promote_scope_metadata, 0, 0, "false", "the scope becomes labels (otel_scope_name …)")       \
	F(BOOL, label_name_underscore_sanitization, 0, KEY_INERT, "true",                                            \
	    "a leading _ of a name gets \"key\" in front")                                                   \
	F(BOOL, label_name_preserve_multiple_underscores, 0, KEY_INERT, "true", "leave runs of _ as they are")
RECORD(conf_otlp, CONF_OTLP_KEYS)

#define CONF_RUNTIME_KEYS(F) F(I64, gogc, 0, 0, "75", "the Go collector's percentage; without meaning here")
RECORD(conf_runtime, CONF_RUNTIME_KEYS)

#define CONF_GLOBAL_PROM_KEYS(F)                                                                             \
	F(DUR, scrape_interval, 0, 0, "1m", "how often targets are scraped")                                 \
	F(DUR, scrape_timeout, 0, 0, "10s", "how long a scrape may take")                                    \
	F(STRS, scrape_protocols, 0, 0,                                                                      \
	    "PrometheusText1.0.0, OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4",          \
	    "the formats asked for, best first")                                                             \
	F(DUR, evaluation_interval, 0, 0, "1m", "how often rules are evaluated")                             \
	F(DUR, rule_query_offset, 0, 0, "0s", "how far back rules look, for samples that come late")         \
	F(STR, query_log_file, 0, KEY_PATH, "", "a file with a line of JSON for each query; opened anew at SIGHUP")                            \
	F(STR, scrape_failure_log_file, 0, KEY_INERT | KEY_PATH, "", "a file for failed scrapes")            \
	F(PAIRS, external_labels, 0, 0, "",                                                                  \
	    "labels added to what leaves us; $NAME and ${NAME} are taken from the environment")              \
	F(SIZE, body_size_limit, 0, 0, "0", "the largest answer, uncompressed; 0: no limit")                 \
	F(I64, sample_limit, 0, 0, "0", "the most samples of one scrape; 0: no limit")                       \
	F(I64, target_limit, 0, 0, "0", "the most targets of one job; 0: no limit")                          \
	F(I64, label_limit, 0, 0, "0", "the most labels of one sample; 0: no limit")                         \
	F(I64, label_name_length_limit, 0, 0, "0", "the longest label name; 0: no limit")                    \
	F(I64, label_value_length_limit, 0, 0, "0", "the longest label value; 0: no limit")                  \
	F(I64, keep_dropped_targets, 0, KEY_INERT, "0", "how many dropped targets are remembered; 0: all")           \
	F(ENUM, metric_name_validation_scheme, conf_name_schemes, 0, "utf8",                                 \
	    "what names may hold: utf8, or legacy for letters, digits and _")                                \
	F(STR, metric_name_escaping_scheme, 0, 0, "allow-utf-8",                                             \
	    "how names are asked for: allow-utf-8, underscores, dots or values")                             \
	F(ENUM, scrape_native_histograms, conf_maybe, 0, "", "ask for pages in protobuf, and take native histograms") \
	F(ENUM, convert_classic_histograms_to_nhcb, conf_maybe, 0, "",                                       \
	    "store classic histograms as native ones with their bounds")                                                       \
	F(ENUM, always_scrape_classic_histograms, conf_maybe, 0, "",                                         \
	    "take the classic form beside the native one")                                                   \
	F(ENUM, extra_scrape_metrics, conf_maybe, 0, "", "store the limits of each scrape as series")
RECORD(conf_global_prom, CONF_GLOBAL_PROM_KEYS)

#endif
