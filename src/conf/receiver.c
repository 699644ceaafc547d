/* receiver.c — see receiver.h. */
#include "conf/receiver.h"

#define RECORD_SELF struct conf_threading
RECORD_LAYOUT(conf_threading, CONF_THREADING_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_webhook
RECORD_LAYOUT(conf_webhook, CONF_WEBHOOK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_email
RECORD_LAYOUT(conf_email, CONF_EMAIL_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_titled
RECORD_LAYOUT(conf_titled, CONF_TITLED_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_slack_confirm
RECORD_LAYOUT(conf_slack_confirm, CONF_SLACK_CONFIRM_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_slack_action
RECORD_LAYOUT(conf_slack_action, CONF_SLACK_ACTION_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_slack
RECORD_LAYOUT(conf_slack, CONF_SLACK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_link
RECORD_LAYOUT(conf_link, CONF_LINK_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_image
RECORD_LAYOUT(conf_image, CONF_IMAGE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_pagerduty
RECORD_LAYOUT(conf_pagerduty, CONF_PAGERDUTY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_responder
RECORD_LAYOUT(conf_responder, CONF_RESPONDER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_opsgenie
RECORD_LAYOUT(conf_opsgenie, CONF_OPSGENIE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_victorops
RECORD_LAYOUT(conf_victorops, CONF_VICTOROPS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_pushover
RECORD_LAYOUT(conf_pushover, CONF_PUSHOVER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_wechat
RECORD_LAYOUT(conf_wechat, CONF_WECHAT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_telegram
RECORD_LAYOUT(conf_telegram, CONF_TELEGRAM_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_discord
RECORD_LAYOUT(conf_discord, CONF_DISCORD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_webex
RECORD_LAYOUT(conf_webex, CONF_WEBEX_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_msteams
RECORD_LAYOUT(conf_msteams, CONF_MSTEAMS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_msteamsv2
RECORD_LAYOUT(conf_msteamsv2, CONF_MSTEAMSV2_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_jira_field
RECORD_LAYOUT(conf_jira_field, CONF_JIRA_FIELD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_jira
RECORD_LAYOUT(conf_jira, CONF_JIRA_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_rocketchat
RECORD_LAYOUT(conf_rocketchat, CONF_ROCKETCHAT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_mattermost_attachment
RECORD_LAYOUT(conf_mattermost_attachment, CONF_MATTERMOST_ATTACHMENT_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_mattermost_props
RECORD_LAYOUT(conf_mattermost_props, CONF_MATTERMOST_PROPS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_mattermost_priority
RECORD_LAYOUT(conf_mattermost_priority, CONF_MATTERMOST_PRIORITY_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_mattermost
RECORD_LAYOUT(conf_mattermost, CONF_MATTERMOST_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_incidentio
RECORD_LAYOUT(conf_incidentio, CONF_INCIDENTIO_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_sns
RECORD_LAYOUT(conf_sns, CONF_SNS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_receiver
RECORD_LAYOUT(conf_receiver, CONF_RECEIVER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_event_file
RECORD_LAYOUT(conf_event_file, CONF_EVENT_FILE_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_event_recorder
RECORD_LAYOUT(conf_event_recorder, CONF_EVENT_RECORDER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_global_am
RECORD_LAYOUT(conf_global_am, CONF_GLOBAL_AM_KEYS)
#undef RECORD_SELF
