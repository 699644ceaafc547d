/* prometheus.c — see prometheus.h. */
#include "conf/prometheus.h"

const char *const conf_maybe[] = {"", "false", "true", NULL};
const char *const conf_schemes[] = {"http", "https", NULL};
const char *const conf_name_schemes[] = {"utf8", "legacy", NULL};
const char *const conf_relabel_actions[] = {"replace", "keep", "drop", "keepequal", "dropequal", "hashmod",
    "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase", NULL};
const char *const conf_otlp_strategies[] = {"UnderscoreEscapingWithSuffixes",
    "UnderscoreEscapingWithoutSuffixes", "NoUTF8EscapingWithSuffixes", "NoTranslation", NULL};

#define RECORD_SELF struct conf_relabel
RECORD_LAYOUT(conf_relabel, CONF_RELABEL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_param
RECORD_LAYOUT(conf_param, CONF_PARAM_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_scrape
RECORD_LAYOUT(conf_scrape, CONF_SCRAPE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_alertmanager_peer
RECORD_LAYOUT(conf_alertmanager_peer, CONF_ALERTMANAGER_PEER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_alerting
RECORD_LAYOUT(conf_alerting, CONF_ALERTING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_queue
RECORD_LAYOUT(conf_queue, CONF_QUEUE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_metadata_send
RECORD_LAYOUT(conf_metadata_send, CONF_METADATA_SEND_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_azuread_identity
RECORD_LAYOUT(conf_azuread_identity, CONF_AZUREAD_IDENTITY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_azuread
RECORD_LAYOUT(conf_azuread, CONF_AZUREAD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_google_iam
RECORD_LAYOUT(conf_google_iam, CONF_GOOGLE_IAM_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_remote_write
RECORD_LAYOUT(conf_remote_write, CONF_REMOTE_WRITE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_remote_read
RECORD_LAYOUT(conf_remote_read, CONF_REMOTE_READ_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_tsdb_retention
RECORD_LAYOUT(conf_tsdb_retention, CONF_TSDB_RETENTION_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_chunk_encoding
RECORD_LAYOUT(conf_chunk_encoding, CONF_CHUNK_ENCODING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_tsdb
RECORD_LAYOUT(conf_tsdb, CONF_TSDB_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_exemplars
RECORD_LAYOUT(conf_exemplars, CONF_EXEMPLARS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_tracing
RECORD_LAYOUT(conf_tracing, CONF_TRACING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_otlp
RECORD_LAYOUT(conf_otlp, CONF_OTLP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_runtime
RECORD_LAYOUT(conf_runtime, CONF_RUNTIME_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_global_prom
RECORD_LAYOUT(conf_global_prom, CONF_GLOBAL_PROM_KEYS)
#undef RECORD_SELF
