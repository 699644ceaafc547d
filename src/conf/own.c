/* own.c — see own.h. */
#include "conf/own.h"

const char *const conf_starttls[] = {"required", "wanted", "never", "implicit", NULL};
const char *const conf_transports[] = {"udp", "tcp", "tls", NULL};
const char *const conf_srtp[] = {"off", "optional", "required", NULL};

#define RECORD_SELF struct conf_server
RECORD_LAYOUT(conf_server, CONF_SERVER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_keep
RECORD_LAYOUT(conf_keep, CONF_KEEP_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_storage
RECORD_LAYOUT(conf_storage, CONF_STORAGE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_ledger
RECORD_LAYOUT(conf_ledger, CONF_LEDGER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_mail
RECORD_LAYOUT(conf_mail, CONF_MAIL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_trunk
RECORD_LAYOUT(conf_trunk, CONF_TRUNK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_voice
RECORD_LAYOUT(conf_voice, CONF_VOICE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_remote_query
RECORD_LAYOUT(conf_remote_query, CONF_REMOTE_QUERY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_metrics_remote
RECORD_LAYOUT(conf_metrics_remote, CONF_METRICS_REMOTE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_metrics
RECORD_LAYOUT(conf_metrics, CONF_METRICS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_graphite
RECORD_LAYOUT(conf_graphite, CONF_GRAPHITE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_statsd
RECORD_LAYOUT(conf_statsd, CONF_STATSD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_sms_gateway
RECORD_LAYOUT(conf_sms_gateway, CONF_SMS_GATEWAY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_sms
RECORD_LAYOUT(conf_sms, CONF_SMS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_chat
RECORD_LAYOUT(conf_chat, CONF_CHAT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_desk_section
RECORD_LAYOUT(conf_desk_section, CONF_DESK_SECTION_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_access
RECORD_LAYOUT(conf_access, CONF_ACCESS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_customer_limits
RECORD_LAYOUT(conf_customer_limits, CONF_CUSTOMER_LIMITS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_limits
RECORD_LAYOUT(conf_limits, CONF_LIMITS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_forecast
RECORD_LAYOUT(conf_forecast, CONF_FORECAST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_cluster
RECORD_LAYOUT(conf_cluster, CONF_CLUSTER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_peer_file
RECORD_LAYOUT(conf_peer_file, CONF_PEER_FILE_KEYS)
#undef RECORD_SELF
