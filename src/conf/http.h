/*
 * http.h — how an HTTP peer is reached: the settings that scraping, discovery, receivers and remote storage
 * share.
 */
#ifndef CONF_HTTP_H
#define CONF_HTTP_H

#include "conf/bind.h"

#define CONF_BASIC_AUTH_KEYS(F)                                                                              \
	F(STR, username, 0, 0, "", "the name to sign in with")                                               \
	F(STR, username_file, 0, KEY_PATH, "", "a file that holds the name")                                 \
	F(STR, username_ref, 0, KEY_INERT, "", "the name's place in a secret manager")                       \
	F(SECRET, password, 0, 0, "", "the password")                                                        \
	F(STR, password_file, 0, KEY_PATH, "", "a file that holds the password, read at each use")           \
	F(STR, password_ref, 0, KEY_INERT, "", "the password's place in a secret manager")
RECORD(conf_basic_auth, CONF_BASIC_AUTH_KEYS)

#define CONF_AUTHORIZATION_KEYS(F)                                                                           \
	F(STR, type, 0, 0, "Bearer", "the scheme in front of the credentials")                               \
	F(SECRET, credentials, 0, 0, "", "what stands behind the scheme")                                    \
	F(STR, credentials_file, 0, KEY_PATH, "", "a file that holds the credentials, read at each use")     \
	F(STR, credentials_ref, 0, KEY_INERT, "", "the credentials' place in a secret manager")
RECORD(conf_authorization, CONF_AUTHORIZATION_KEYS)

extern const char *const conf_tls_versions[];
enum conf_tls_version { CONF_TLS_ANY, CONF_TLS_10, CONF_TLS_11, CONF_TLS_12, CONF_TLS_13 };

#define CONF_TLS_KEYS(F)                                                                                     \
	F(STR, ca, 0, 0, "", "certificates of authorities, PEM, in place")                                   \
	F(STR, cert, 0, 0, "", "our client certificate, PEM, in place")                                      \
	F(SECRET, key, 0, 0, "", "its private key, PEM, in place")                                           \
	F(STR, ca_file, 0, KEY_PATH, "", "a file of certificates of authorities")                            \
	F(STR, cert_file, 0, KEY_PATH, "", "a file with our client certificate")                             \
	F(STR, key_file, 0, KEY_PATH, "", "a file with its private key")                                     \
	F(STR, ca_ref, 0, KEY_INERT, "", "the authorities' place in a secret manager")                       \
	F(STR, cert_ref, 0, KEY_INERT, "", "the certificate's place in a secret manager")                    \
	F(STR, key_ref, 0, KEY_INERT, "", "the key's place in a secret manager")                             \
	F(STR, server_name, 0, 0, "", "the name that the peer's certificate must carry")                     \
	F(BOOL, insecure_skip_verify, 0, 0, "false", "accept any certificate")                               \
	F(ENUM, min_version, conf_tls_versions, 0, "", "the oldest TLS version that is spoken")              \
	F(ENUM, max_version, conf_tls_versions, 0, "", "the newest TLS version that is spoken")
RECORD(conf_tls, CONF_TLS_KEYS)

#define CONF_PROXY_HEADER_KEYS(F)                                                                            \
	F(STR, name, 0, 0, "", "the header's name")                                                          \
	F(STRS, values, 0, KEY_SECRET, "", "its values")
RECORD(conf_proxy_header, CONF_PROXY_HEADER_KEYS)

#define CONF_PROXY_KEYS(F)                                                                                   \
	F(STR, proxy_url, 0, 0, "", "the proxy that requests go through")                                    \
	F(STR, no_proxy, 0, 0, "", "hosts and networks, with commas, that are reached directly")             \
	F(BOOL, proxy_from_environment, 0, 0, "false", "take the proxy from HTTP_PROXY and its kin")         \
	F(MANY, proxy_connect_header, conf_proxy_header, KEY_MAP | KEY_BARE, "",                             \
	    "headers for the proxy's CONNECT, each with a list of values")
RECORD(conf_proxy, CONF_PROXY_KEYS)

#define CONF_OAUTH2_KEYS(F)                                                                                  \
	F(STR, client_id, 0, 0, "", "who we are to the token server")                                        \
	F(SECRET, client_secret, 0, 0, "", "our secret there")                                               \
	F(STR, client_secret_file, 0, KEY_PATH, "", "a file that holds the secret")                          \
	F(STR, client_secret_ref, 0, 0, "", "the secret's place in a secret manager")                        \
	F(STR, client_certificate_key_id, 0, 0, "", "the id of the key that signs our assertion")            \
	F(SECRET, client_certificate_key, 0, 0, "", "the key that signs our assertion")                      \
	F(STR, client_certificate_key_file, 0, KEY_PATH, "", "a file that holds that key")                   \
	F(STR, client_certificate_key_ref, 0, 0, "", "that key's place in a secret manager")                 \
	F(STR, grant_type, 0, 0, "client_credentials", "the kind of grant that is asked for")                \
	F(STR, signature_algorithm, 0, 0, "RS256", "how the assertion is signed")                            \
	F(STR, iss, 0, 0, "", "the issuer named in the assertion")                                           \
	F(STR, audience, 0, 0, "", "for whom the assertion is meant")                                        \
	F(RAW, claims, node, 0, "", "further claims of the assertion")                                       \
	F(STRS, scopes, 0, 0, "", "the scopes to ask for")                                                   \
	F(STR, token_url, 0, 0, "", "where tokens are fetched")                                              \
	F(PAIRS, endpoint_params, 0, 0, "", "further parameters of the token request")                       \
	F(ONE, tls_config, conf_tls, 0, "", "TLS towards the token server")                                  \
	F(ONE, proxy, conf_proxy, KEY_INLINE, "", "the proxy towards the token server")
RECORD(conf_oauth2, CONF_OAUTH2_KEYS)

#define CONF_HEADER_KEYS(F)                                                                                  \
	F(STR, name, 0, 0, "", "the header's name")                                                          \
	F(STRS, values, 0, 0, "", "its values, one header line each")                                        \
	F(STRS, secrets, 0, KEY_SECRET, "", "values that are never shown")                                   \
	F(STRS, files, 0, KEY_PATH, "", "files that hold a value each")
RECORD(conf_header, CONF_HEADER_KEYS)

#define CONF_HTTP_KEYS(F)                                                                                    \
	F(MAYBE, basic_auth, conf_basic_auth, 0, "", "sign in with a name and a password")                   \
	F(MAYBE, authorization, conf_authorization, 0, "", "sign in with an Authorization header")           \
	F(MAYBE, oauth2, conf_oauth2, KEY_INERT, "", "sign in with a token from an OAuth 2 server")          \
	F(SECRET, bearer_token, 0, 0, "", "the old way to write authorization.credentials")                  \
	F(STR, bearer_token_file, 0, KEY_PATH, "", "the old way to write authorization.credentials_file")    \
	F(ONE, tls_config, conf_tls, 0, "", "certificates and versions for https")                           \
	F(BOOL, follow_redirects, 0, 0, "true", "go where a redirect points")                                \
	F(BOOL, enable_http2, 0, 0, "true", "speak HTTP/2 where the peer does")                              \
	F(ONE, proxy, conf_proxy, KEY_INLINE, "", "the proxy on the way")                                    \
	F(MANY, http_headers, conf_header, KEY_MAP | KEY_INERT, "", "further headers, each with values, secrets or files")
RECORD(conf_http, CONF_HTTP_KEYS)

#define CONF_SIGV4_KEYS(F)                                                                                   \
	F(STR, region, 0, 0, "", "the AWS region; default: AWS_REGION of the environment")                                                           \
	F(STR, access_key, 0, 0, "", "the AWS access key; default: that of the environment")                                                   \
	F(SECRET, secret_key, 0, 0, "", "the AWS secret key")                                                \
	F(STR, profile, 0, KEY_INERT, "", "the named AWS profile")                                                   \
	F(STR, role_arn, 0, KEY_INERT, "", "a role to take on")                                                      \
	F(STR, external_id, 0, KEY_INERT, "", "the external id shown when the role is taken on")                     \
	F(BOOL, use_fips_sts_endpoint, 0, KEY_INERT, "false", "use the FIPS end points")                             \
	F(STR, service_name, 0, 0, "", "the service that requests are signed for; default: aps")
RECORD(conf_sigv4, CONF_SIGV4_KEYS)

/* After loading, `authorization` holds what bearer_token or bearer_token_file said. */

/* At most one way to sign in, both halves of a key pair, no contradicting proxies. */
struct check;
void conf_check_http(struct check *, const struct conf_http *);

#endif
