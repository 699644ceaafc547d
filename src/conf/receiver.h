/*
 * receiver.h — the receivers of an alertmanager.yml (Alertmanager 0.33 and what came since), and its globals.
 *
 * Acted on: webhooks and mail.  After loading, both have what they left out from `global`.
 */
#ifndef CONF_RECEIVER_H
#define CONF_RECEIVER_H

#include "conf/prometheus.h"
#include "conf/route.h"

#define CONF_THREADING_KEYS(F)                                                                               \
	F(BOOL, enabled, 0, 0, "false", "mails of a group make one thread")                                  \
	F(STR, thread_by_date, 0, 0, "daily", "a new thread: daily or none")
RECORD(conf_threading, CONF_THREADING_KEYS)

#define CONF_WEBHOOK_KEYS(F)                                                                                 \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, url, 0, 0, "", "where the notification is posted; may be a template")                      \
	F(STR, url_file, 0, KEY_PATH, "", "a file that holds the URL")                                       \
	F(I64, max_alerts, 0, 0, "0", "the most alerts of one notification; 0: all")                         \
	F(DUR, timeout, 0, 0, "0s", "how long a request may take; 0: group_interval")                        \
	F(RAW, payload, node, KEY_INERT, "", "another body than the usual")
RECORD(conf_webhook, CONF_WEBHOOK_KEYS)

#define CONF_EMAIL_KEYS(F)                                                                                   \
	F(BOOL, send_resolved, 0, 0, "false", "tell it when alerts are resolved, too")                       \
	F(STR, to, 0, KEY_REQUIRED, "", "the addresses, with commas; may be a template")                     \
	F(STR, from, 0, 0, "", "the sender; default: global.smtp_from")                                      \
	F(STR, hello, 0, 0, "", "how we greet; default: global.smtp_hello")                                  \
	F(STR, smarthost, 0, 0, "", "the mail server, host:port; default: global.smtp_smarthost")            \
	F(STR, auth_username, 0, 0, "", "default: global.smtp_auth_username")                                \
	F(SECRET, auth_password, 0, 0, "", "default: global.smtp_auth_password")                             \
	F(STR, auth_password_file, 0, KEY_PATH, "", "default: global.smtp_auth_password_file")               \
	F(SECRET, auth_secret, 0, 0, "", "default: global.smtp_auth_secret")                                 \
	F(STR, auth_secret_file, 0, KEY_PATH, "", "default: global.smtp_auth_secret_file")                   \
	F(STR, auth_identity, 0, 0, "", "default: global.smtp_auth_identity")                                \
	F(PAIRS, headers, 0, 0, "", "further headers, and Subject; templates")                               \
	F(STR, html, 0, 0, "{{ template \"email.default.html\" . }}", "the HTML body, a template")           \
	F(STR, text, 0, 0, "", "the text body, a template")                                                  \
	F(ENUM, require_tls, conf_maybe, 0, "", "default: global.smtp_require_tls")                          \
	F(ENUM, force_implicit_tls, conf_maybe, 0, "", "default: global.smtp_force_implicit_tls")            \
	F(MAYBE, tls_config, conf_tls, 0, "", "default: global.smtp_tls_config")                             \
	F(ONE, threading, conf_threading, KEY_INERT, "", "threads of mails")
RECORD(conf_email, CONF_EMAIL_KEYS)

#define CONF_TITLED_KEYS(F)                                                                                  \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, value, 0, 0, "", "the text")                                                                  \
	F(ENUM, short_, conf_maybe, 0, "", "side by side with others")
RECORD(conf_titled, CONF_TITLED_KEYS)

#define CONF_SLACK_CONFIRM_KEYS(F)                                                                           \
	F(STR, text, 0, 0, "", "the question")                                                               \
	F(STR, title, 0, 0, "", "its title")                                                                 \
	F(STR, ok_text, 0, 0, "", "the word for yes")                                                        \
	F(STR, dismiss_text, 0, 0, "", "the word for no")
RECORD(conf_slack_confirm, CONF_SLACK_CONFIRM_KEYS)

#define CONF_SLACK_ACTION_KEYS(F)                                                                            \
	F(STR, type, 0, 0, "", "button")                                                                     \
	F(STR, text, 0, 0, "", "its text")                                                                   \
	F(STR, url, 0, 0, "", "where it leads")                                                              \
	F(STR, style, 0, 0, "", "its style")                                                                 \
	F(STR, name, 0, 0, "", "its name")                                                                   \
	F(STR, value, 0, 0, "", "its value")                                                                 \
	F(MAYBE, confirm, conf_slack_confirm, 0, "", "ask before")
RECORD(conf_slack_action, CONF_SLACK_ACTION_KEYS)

#define CONF_SLACK_KEYS(F)                                                                                   \
	F(BOOL, send_resolved, 0, 0, "false", "tell it when alerts are resolved, too")                       \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, api_url, 0, 0, "", "the webhook")                                                          \
	F(STR, api_url_file, 0, KEY_PATH, "", "a file that holds it")                                        \
	F(SECRET, app_token, 0, 0, "", "the token of an app")                                                \
	F(STR, app_token_file, 0, KEY_PATH, "", "a file that holds it")                                      \
	F(STR, app_url, 0, 0, "", "where an app posts")                                                      \
	F(STR, channel, 0, 0, "", "the channel")                                                             \
	F(STR, username, 0, 0, "", "the name shown")                                                         \
	F(STR, color, 0, 0, "", "the colour")                                                                \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, title_link, 0, 0, "", "where the title leads")                                                \
	F(STR, pretext, 0, 0, "", "what stands in front")                                                    \
	F(STR, text, 0, 0, "", "the text")                                                                   \
	F(STR, message_text, 0, 0, "", "the message around")                                                 \
	F(STR, footer, 0, 0, "", "the foot")                                                                 \
	F(STR, fallback, 0, 0, "", "the text for poor clients")                                              \
	F(STR, callback_id, 0, 0, "", "the id of answers")                                                   \
	F(STR, icon_emoji, 0, 0, "", "an emoji as icon")                                                     \
	F(STR, icon_url, 0, 0, "", "an image as icon")                                                       \
	F(STR, image_url, 0, 0, "", "an image")                                                              \
	F(STR, thumb_url, 0, 0, "", "a small image")                                                         \
	F(MANY, fields, conf_titled, 0, "", "fields")                                                        \
	F(BOOL, short_fields, 0, 0, "false", "fields side by side")                                          \
	F(BOOL, link_names, 0, 0, "false", "names become links")                                             \
	F(STRS, mrkdwn_in, 0, 0, "", "where marks are read")                                                 \
	F(MANY, actions, conf_slack_action, 0, "", "buttons")                                                \
	F(BOOL, update_message, 0, 0, "false", "change the first message instead of posting another")        \
	F(DUR, timeout, 0, 0, "0s", "how long a request may take")
RECORD(conf_slack, CONF_SLACK_KEYS)

#define CONF_LINK_KEYS(F)                                                                                    \
	F(STR, href, 0, 0, "", "where it leads")                                                             \
	F(STR, text, 0, 0, "", "its text")
RECORD(conf_link, CONF_LINK_KEYS)

#define CONF_IMAGE_KEYS(F)                                                                                   \
	F(STR, src, 0, 0, "", "the image")                                                                   \
	F(STR, alt, 0, 0, "", "its text")                                                                    \
	F(STR, href, 0, 0, "", "where it leads")
RECORD(conf_image, CONF_IMAGE_KEYS)

#define CONF_PAGERDUTY_KEYS(F)                                                                               \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, service_key, 0, 0, "", "the key of an old integration")                                    \
	F(STR, service_key_file, 0, KEY_PATH, "", "a file that holds it")                                    \
	F(SECRET, routing_key, 0, 0, "", "the key of an Events v2 integration")                              \
	F(STR, routing_key_file, 0, KEY_PATH, "", "a file that holds it")                                    \
	F(STR, url, 0, 0, "", "where events go")                                                             \
	F(STR, client, 0, 0, "", "who we are")                                                               \
	F(STR, client_url, 0, 0, "", "where we are")                                                         \
	F(STR, description, 0, 0, "", "the sentence")                                                        \
	F(STR, source, 0, 0, "", "what is affected")                                                         \
	F(STR, severity, 0, 0, "", "how bad")                                                                \
	F(STR, class, 0, 0, "", "the kind")                                                                  \
	F(STR, component, 0, 0, "", "the part")                                                              \
	F(STR, group, 0, 0, "", "the group")                                                                 \
	F(RAW, details, node, 0, "", "further facts")                                                        \
	F(MANY, images, conf_image, 0, "", "images")                                                         \
	F(MANY, links, conf_link, 0, "", "links")                                                            \
	F(DUR, timeout, 0, 0, "0s", "how long a request may take")
RECORD(conf_pagerduty, CONF_PAGERDUTY_KEYS)

#define CONF_RESPONDER_KEYS(F)                                                                               \
	F(STR, id, 0, 0, "", "by id")                                                                        \
	F(STR, name, 0, 0, "", "by name")                                                                    \
	F(STR, username, 0, 0, "", "by user name")                                                           \
	F(STR, type, 0, 0, "", "team, teams, user, escalation or schedule")
RECORD(conf_responder, CONF_RESPONDER_KEYS)

#define CONF_OPSGENIE_KEYS(F)                                                                                \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, api_key, 0, 0, "", "the key")                                                              \
	F(STR, api_key_file, 0, KEY_PATH, "", "a file that holds it")                                        \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(STR, message, 0, 0, "", "the headline")                                                            \
	F(STR, description, 0, 0, "", "the text")                                                            \
	F(STR, source, 0, 0, "", "who we are")                                                               \
	F(STR, entity, 0, 0, "", "what is affected")                                                         \
	F(STR, actions, 0, 0, "", "actions, with commas")                                                    \
	F(STR, tags, 0, 0, "", "tags, with commas")                                                          \
	F(STR, note, 0, 0, "", "a note")                                                                     \
	F(STR, priority, 0, 0, "", "P1 to P5")                                                               \
	F(PAIRS, details, 0, 0, "", "further facts")                                                         \
	F(MANY, responders, conf_responder, 0, "", "who is called")                                          \
	F(BOOL, update_alerts, 0, 0, "false", "change message and description later, too")
RECORD(conf_opsgenie, CONF_OPSGENIE_KEYS)

#define CONF_VICTOROPS_KEYS(F)                                                                               \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, api_key, 0, 0, "", "the key")                                                              \
	F(STR, api_key_file, 0, KEY_PATH, "", "a file that holds it")                                        \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(STR, routing_key, 0, 0, "", "the route there")                                                     \
	F(STR, message_type, 0, 0, "", "CRITICAL, WARNING or INFO")                                          \
	F(STR, state_message, 0, 0, "", "the text")                                                          \
	F(STR, entity_display_name, 0, 0, "", "the headline")                                                \
	F(STR, monitoring_tool, 0, 0, "", "who we are")                                                      \
	F(PAIRS, custom_fields, 0, 0, "", "further facts")
RECORD(conf_victorops, CONF_VICTOROPS_KEYS)

#define CONF_PUSHOVER_KEYS(F)                                                                                \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, user_key, 0, 0, "", "who is told")                                                         \
	F(STR, user_key_file, 0, KEY_PATH, "", "a file that holds it")                                       \
	F(SECRET, token, 0, 0, "", "the application")                                                        \
	F(STR, token_file, 0, KEY_PATH, "", "a file that holds it")                                          \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, message, 0, 0, "", "the text")                                                                \
	F(STR, url, 0, 0, "", "a link")                                                                      \
	F(STR, url_title, 0, 0, "", "its text")                                                              \
	F(STR, device, 0, 0, "", "one device alone")                                                         \
	F(STR, sound, 0, 0, "", "the sound")                                                                 \
	F(STR, priority, 0, 0, "", "the priority")                                                           \
	F(DUR, retry, 0, 0, "1m", "how often it sounds until somebody answers")                              \
	F(DUR, expire, 0, 0, "1h", "when it stops")                                                          \
	F(DUR, ttl, 0, 0, "0s", "when the message goes")                                                     \
	F(BOOL, html, 0, 0, "false", "the text is HTML")                                                     \
	F(BOOL, monospace, 0, 0, "false", "in a fixed width")
RECORD(conf_pushover, CONF_PUSHOVER_KEYS)

#define CONF_WECHAT_KEYS(F)                                                                                  \
	F(BOOL, send_resolved, 0, 0, "false", "tell it when alerts are resolved, too")                       \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, api_secret, 0, 0, "", "the secret")                                                        \
	F(STR, api_secret_file, 0, KEY_PATH, "", "a file that holds it")                                     \
	F(STR, corp_id, 0, 0, "", "the company")                                                             \
	F(STR, message, 0, 0, "", "the text")                                                                \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(STR, to_user, 0, 0, "", "users")                                                                   \
	F(STR, to_party, 0, 0, "", "parties")                                                                \
	F(STR, to_tag, 0, 0, "", "tags")                                                                     \
	F(STR, agent_id, 0, 0, "", "the agent")                                                              \
	F(STR, message_type, 0, 0, "", "text or markdown")
RECORD(conf_wechat, CONF_WECHAT_KEYS)

#define CONF_TELEGRAM_KEYS(F)                                                                                \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(SECRET, bot_token, 0, 0, "", "the token")                                                          \
	F(STR, bot_token_file, 0, KEY_PATH, "", "a file that holds it")                                      \
	F(I64, chat_id, 0, 0, "0", "the chat")                                                               \
	F(STR, chat_id_file, 0, KEY_PATH, "", "a file that holds it")                                        \
	F(I64, message_thread_id, 0, 0, "0", "the thread")                                                   \
	F(STR, message, 0, 0, "", "the text")                                                                \
	F(BOOL, disable_notifications, 0, 0, "false", "without a sound")                                     \
	F(STR, parse_mode, 0, 0, "HTML", "HTML, MarkdownV2 or none")
RECORD(conf_telegram, CONF_TELEGRAM_KEYS)

#define CONF_DISCORD_KEYS(F)                                                                                 \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, webhook_url, 0, 0, "", "the webhook")                                                      \
	F(STR, webhook_url_file, 0, KEY_PATH, "", "a file that holds it")                                    \
	F(STR, content, 0, 0, "", "the message around")                                                      \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, message, 0, 0, "", "the text")                                                                \
	F(STR, username, 0, 0, "", "the name shown")                                                         \
	F(STR, avatar_url, 0, 0, "", "the image shown")
RECORD(conf_discord, CONF_DISCORD_KEYS)

#define CONF_WEBEX_KEYS(F)                                                                                   \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(STR, message, 0, 0, "", "the text")                                                                \
	F(STR, room_id, 0, KEY_REQUIRED, "", "the room")
RECORD(conf_webex, CONF_WEBEX_KEYS)

#define CONF_MSTEAMS_KEYS(F)                                                                                 \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, webhook_url, 0, 0, "", "the webhook")                                                      \
	F(STR, webhook_url_file, 0, KEY_PATH, "", "a file that holds it")                                    \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, summary, 0, 0, "", "the summary")                                                             \
	F(STR, text, 0, 0, "", "the text")
RECORD(conf_msteams, CONF_MSTEAMS_KEYS)

#define CONF_MSTEAMSV2_KEYS(F)                                                                               \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, webhook_url, 0, 0, "", "the webhook")                                                      \
	F(STR, webhook_url_file, 0, KEY_PATH, "", "a file that holds it")                                    \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, text, 0, 0, "", "the text")
RECORD(conf_msteamsv2, CONF_MSTEAMSV2_KEYS)

#define CONF_JIRA_FIELD_KEYS(F)                                                                              \
	F(STR, template, 0, 0, "", "the template")                                                           \
	F(ENUM, enable_update, conf_maybe, 0, "", "change it later, too")
RECORD(conf_jira_field, CONF_JIRA_FIELD_KEYS)

#define CONF_JIRA_KEYS(F)                                                                                    \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(STR, api_type, 0, 0, "auto", "auto, cloud or datacenter")                                          \
	F(STR, project, 0, KEY_REQUIRED, "", "the project")                                                  \
	F(ONE, summary, conf_jira_field, KEY_BARE, "", "the headline")                                       \
	F(ONE, description, conf_jira_field, KEY_BARE, "", "the text")                                       \
	F(STRS, labels, 0, 0, "", "labels")                                                                  \
	F(STR, priority, 0, 0, "", "the priority")                                                           \
	F(STR, issue_type, 0, KEY_REQUIRED, "", "the type")                                                  \
	F(STR, reopen_transition, 0, 0, "", "what reopens an issue")                                         \
	F(STR, resolve_transition, 0, 0, "", "what resolves an issue")                                       \
	F(STR, wont_fix_resolution, 0, 0, "", "a resolution that is not reopened")                           \
	F(DUR, reopen_duration, 0, 0, "0s", "how long an issue may be reopened")                             \
	F(RAW, fields, node, 0, "", "further fields")                                                        \
	F(RAW, custom_fields, node, 0, "", "further fields")
RECORD(conf_jira, CONF_JIRA_KEYS)

#define CONF_ROCKETCHAT_KEYS(F)                                                                              \
	F(BOOL, send_resolved, 0, 0, "false", "tell it when alerts are resolved, too")                       \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(SECRET, token_id, 0, 0, "", "the id of the token")                                                 \
	F(STR, token_id_file, 0, KEY_PATH, "", "a file that holds it")                                       \
	F(SECRET, token, 0, 0, "", "the token")                                                              \
	F(STR, token_file, 0, KEY_PATH, "", "a file that holds it")                                          \
	F(STR, channel, 0, 0, "", "the channel")                                                             \
	F(STR, color, 0, 0, "", "the colour")                                                                \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, title_link, 0, 0, "", "where the title leads")                                                \
	F(STR, text, 0, 0, "", "the text")                                                                   \
	F(STR, icon_url, 0, 0, "", "an image as icon")                                                       \
	F(STR, image_url, 0, 0, "", "an image")                                                              \
	F(STR, thumb_url, 0, 0, "", "a small image")                                                         \
	F(STR, emoji, 0, 0, "", "an emoji as icon")                                                          \
	F(RAW, fields, node, 0, "", "fields")                                                                \
	F(BOOL, short_fields, 0, 0, "false", "fields side by side")                                          \
	F(BOOL, link_names, 0, 0, "false", "names become links")                                             \
	F(RAW, actions, node, 0, "", "buttons")
RECORD(conf_rocketchat, CONF_ROCKETCHAT_KEYS)

#define CONF_MATTERMOST_ATTACHMENT_KEYS(F)                                                                   \
	F(STR, fallback, 0, 0, "", "the text for poor clients")                                              \
	F(STR, color, 0, 0, "", "the colour")                                                                \
	F(STR, pretext, 0, 0, "", "what stands in front")                                                    \
	F(STR, text, 0, 0, "", "the text")                                                                   \
	F(STR, author_name, 0, 0, "", "the author")                                                          \
	F(STR, author_link, 0, 0, "", "where the author leads")                                              \
	F(STR, author_icon, 0, 0, "", "the author as image")                                                 \
	F(STR, title, 0, 0, "", "the title")                                                                 \
	F(STR, title_link, 0, 0, "", "where the title leads")                                                \
	F(STR, thumb_url, 0, 0, "", "a small image")                                                         \
	F(STR, footer, 0, 0, "", "the foot")                                                                 \
	F(STR, footer_icon, 0, 0, "", "an image at the foot")                                                \
	F(STR, image_url, 0, 0, "", "an image")                                                              \
	F(MANY, fields, conf_titled, 0, "", "fields")
RECORD(conf_mattermost_attachment, CONF_MATTERMOST_ATTACHMENT_KEYS)

#define CONF_MATTERMOST_PROPS_KEYS(F) F(STR, card, 0, 0, "", "a card")
RECORD(conf_mattermost_props, CONF_MATTERMOST_PROPS_KEYS)

#define CONF_MATTERMOST_PRIORITY_KEYS(F)                                                                     \
	F(STR, priority, 0, 0, "", "standard, important or urgent")                                          \
	F(BOOL, requested_ack, 0, 0, "false", "ask for an answer")                                           \
	F(BOOL, persistent_notifications, 0, 0, "false", "sound until somebody answers")
RECORD(conf_mattermost_priority, CONF_MATTERMOST_PRIORITY_KEYS)

#define CONF_MATTERMOST_KEYS(F)                                                                              \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(SECRET, webhook_url, 0, 0, "", "the webhook")                                                      \
	F(STR, webhook_url_file, 0, KEY_PATH, "", "a file that holds it")                                    \
	F(STR, channel, 0, 0, "", "the channel")                                                             \
	F(STR, username, 0, 0, "", "the name shown")                                                         \
	F(STR, icon_url, 0, 0, "", "an image as icon")                                                       \
	F(STR, icon_emoji, 0, 0, "", "an emoji as icon")                                                     \
	F(STR, type, 0, 0, "", "the type of the post")                                                       \
	F(ONE, look, conf_mattermost_attachment, KEY_INLINE, "", "how it looks")                             \
	F(MANY, attachments, conf_mattermost_attachment, 0, "", "more of the same")                          \
	F(MAYBE, props, conf_mattermost_props, 0, "", "properties")                                          \
	F(MAYBE, priority, conf_mattermost_priority, 0, "", "how urgent")
RECORD(conf_mattermost, CONF_MATTERMOST_KEYS)

#define CONF_INCIDENTIO_KEYS(F)                                                                              \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(STR, url, 0, 0, "", "where events go")                                                             \
	F(STR, url_file, 0, KEY_PATH, "", "a file that holds it")                                            \
	F(SECRET, alert_source_token, 0, 0, "", "the token")                                                 \
	F(STR, alert_source_token_file, 0, KEY_PATH, "", "a file that holds it")                             \
	F(I64, max_alerts, 0, 0, "0", "the most alerts of one event; 0: all")                                \
	F(DUR, timeout, 0, 0, "0s", "how long a request may take")                                           \
	F(RAW, metadata, node, 0, "", "further facts")
RECORD(conf_incidentio, CONF_INCIDENTIO_KEYS)

#define CONF_SNS_KEYS(F)                                                                                     \
	F(BOOL, send_resolved, 0, 0, "true", "tell it when alerts are resolved, too")                        \
	F(MAYBE, http_config, conf_http, 0, "", "how it is reached; default: global.http_config")            \
	F(STR, api_url, 0, 0, "", "the API")                                                                 \
	F(ONE, sigv4, conf_sigv4, 0, "", "how requests are signed")                                          \
	F(STR, topic_arn, 0, 0, "", "a topic")                                                               \
	F(STR, phone_number, 0, 0, "", "a telephone")                                                        \
	F(STR, target_arn, 0, 0, "", "an end point")                                                         \
	F(STR, subject, 0, 0, "", "the subject")                                                             \
	F(STR, message, 0, 0, "", "the text")                                                                \
	F(PAIRS, attributes, 0, 0, "", "attributes")                                                         \
	F(BOOL, use_aws_http_client, 0, 0, "false", "the HTTP client of the SDK")
RECORD(conf_sns, CONF_SNS_KEYS)

#define CONF_RECEIVER_KEYS(F)                                                                                \
	F(STR, name, 0, KEY_REQUIRED, "", "the name that routes use")                                        \
	F(PAIRS, labels, 0, KEY_INERT, "", "labels to find it by")                                           \
	F(ENUM, desk, conf_desk_words, KEY_OURS, "", "what becomes of its alerts at the desk")               \
	F(MANY, discord_configs, conf_discord, KEY_INERT, "", "tells by Discord")                            \
	F(MANY, email_configs, conf_email, 0, "", "tells by mail")                                           \
	F(MANY, incidentio_configs, conf_incidentio, KEY_INERT, "", "tells by incident.io")                  \
	F(MANY, jira_configs, conf_jira, KEY_INERT, "", "tells by Jira")                                     \
	F(MANY, mattermost_configs, conf_mattermost, KEY_INERT, "", "tells by Mattermost")                   \
	F(MANY, msteams_configs, conf_msteams, KEY_INERT, "", "tells by Teams, the old way")                 \
	F(MANY, msteamsv2_configs, conf_msteamsv2, KEY_INERT, "", "tells by Teams")                          \
	F(MANY, opsgenie_configs, conf_opsgenie, KEY_INERT, "", "tells by Opsgenie")                         \
	F(MANY, pagerduty_configs, conf_pagerduty, KEY_INERT, "", "tells by PagerDuty")                      \
	F(MANY, pushover_configs, conf_pushover, KEY_INERT, "", "tells by Pushover")                         \
	F(MANY, rocketchat_configs, conf_rocketchat, KEY_INERT, "", "tells by Rocket.Chat")                  \
	F(MANY, slack_configs, conf_slack, KEY_INERT, "", "tells by Slack")                                  \
	F(MANY, sns_configs, conf_sns, KEY_INERT, "", "tells by Amazon SNS")                                 \
	F(MANY, telegram_configs, conf_telegram, KEY_INERT, "", "tells by Telegram")                         \
	F(MANY, victorops_configs, conf_victorops, KEY_INERT, "", "tells by VictorOps")                      \
	F(MANY, webex_configs, conf_webex, KEY_INERT, "", "tells by Webex")                                  \
	F(MANY, webhook_configs, conf_webhook, 0, "", "tells by a request to any URL")                       \
	F(MANY, wechat_configs, conf_wechat, KEY_INERT, "", "tells by WeChat")
RECORD(conf_receiver, CONF_RECEIVER_KEYS)

#define CONF_EVENT_FILE_KEYS(F) F(STR, path, 0, KEY_REQUIRED, "", "the file")
RECORD(conf_event_file, CONF_EVENT_FILE_KEYS)

#define CONF_EVENT_RECORDER_KEYS(F)                                                                          \
	F(MANY, file_outputs, conf_event_file, 0, "", "write to files")                                      \
	F(RAW, webhook_outputs, node, 0, "", "post to URLs")                                                 \
	F(RAW, kafka_outputs, node, 0, "", "write to Kafka")                                                 \
	F(RAW, stdout_outputs, node, 0, "", "write to standard output")
RECORD(conf_event_recorder, CONF_EVENT_RECORDER_KEYS)

#define CONF_GLOBAL_AM_KEYS(F)                                                                               \
	F(DUR, resolve_timeout, 0, 0, "5m",                                                                  \
	    "an alert without an end is resolved when it was not repeated for so long")                      \
	F(ONE, http_config, conf_http, 0, "", "how receivers are reached")                                   \
	F(STR, smtp_from, 0, 0, "", "the sender of mails")                                                   \
	F(STR, smtp_hello, 0, 0, "localhost", "how we greet mail servers")                                   \
	F(STR, smtp_smarthost, 0, 0, "", "the mail server, host:port")                                       \
	F(STR, smtp_auth_username, 0, 0, "", "the name to sign in with")                                     \
	F(SECRET, smtp_auth_password, 0, 0, "", "the password")                                              \
	F(STR, smtp_auth_password_file, 0, KEY_PATH, "", "a file that holds it")                             \
	F(SECRET, smtp_auth_secret, 0, 0, "", "the secret for CRAM-MD5")                                     \
	F(STR, smtp_auth_secret_file, 0, KEY_PATH, "", "a file that holds it")                               \
	F(STR, smtp_auth_identity, 0, 0, "", "the identity for PLAIN")                                       \
	F(BOOL, smtp_require_tls, 0, 0, "true", "refuse servers without STARTTLS")                           \
	F(ONE, smtp_tls_config, conf_tls, 0, "", "TLS towards mail servers")                                 \
	F(ENUM, smtp_force_implicit_tls, conf_maybe, 0, "",                                                  \
	    "TLS from the first byte; default: on port 465 alone")                                           \
	F(SECRET, slack_api_url, 0, KEY_INERT, "", "the webhook of Slack")                                   \
	F(STR, slack_api_url_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                      \
	F(SECRET, slack_app_token, 0, KEY_INERT, "", "the token of a Slack app")                             \
	F(STR, slack_app_token_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                    \
	F(STR, slack_app_url, 0, KEY_INERT, "", "where a Slack app posts")                                   \
	F(STR, pagerduty_url, 0, KEY_INERT, "", "where events for PagerDuty go")                             \
	F(STR, opsgenie_api_url, 0, KEY_INERT, "", "the API of Opsgenie")                                    \
	F(SECRET, opsgenie_api_key, 0, KEY_INERT, "", "the key for Opsgenie")                                \
	F(STR, opsgenie_api_key_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                   \
	F(STR, wechat_api_url, 0, KEY_INERT, "", "the API of WeChat")                                        \
	F(SECRET, wechat_api_secret, 0, KEY_INERT, "", "the secret for WeChat")                              \
	F(STR, wechat_api_secret_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                  \
	F(STR, wechat_api_corp_id, 0, KEY_INERT, "", "the company at WeChat")                                \
	F(STR, victorops_api_url, 0, KEY_INERT, "", "the API of VictorOps")                                  \
	F(SECRET, victorops_api_key, 0, KEY_INERT, "", "the key for VictorOps")                              \
	F(STR, victorops_api_key_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                  \
	F(STR, telegram_api_url, 0, KEY_INERT, "", "the API of Telegram")                                    \
	F(SECRET, telegram_bot_token, 0, KEY_INERT, "", "the token of the bot")                              \
	F(STR, telegram_bot_token_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                 \
	F(STR, webex_api_url, 0, KEY_INERT, "", "the API of Webex")                                          \
	F(STR, rocketchat_api_url, 0, KEY_INERT, "", "the API of Rocket.Chat")                               \
	F(SECRET, rocketchat_token, 0, KEY_INERT, "", "the token for Rocket.Chat")                           \
	F(STR, rocketchat_token_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                   \
	F(SECRET, rocketchat_token_id, 0, KEY_INERT, "", "its id")                                           \
	F(STR, rocketchat_token_id_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")                \
	F(SECRET, mattermost_webhook_url, 0, KEY_INERT, "", "the webhook of Mattermost")                     \
	F(STR, mattermost_webhook_url_file, 0, KEY_INERT | KEY_PATH, "", "a file that holds it")             \
	F(STR, jira_api_url, 0, KEY_INERT, "", "the API of Jira")
RECORD(conf_global_am, CONF_GLOBAL_AM_KEYS)

#endif
