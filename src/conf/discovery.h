/*
 * discovery.h — where targets come from: one table for each kind of service discovery.
 *
 * Acted on: static_configs and file_sd_configs.  The others are known so that a foreign prometheus.yml is
 * read with all its keys checked, and each is warned of.
 */
#ifndef CONF_DISCOVERY_H
#define CONF_DISCOVERY_H

#include "conf/http.h"

#define CONF_FILTER_KEYS(F)                                                                                  \
	F(STR, name, 0, KEY_REQUIRED, "", "what is filtered by")                                             \
	F(STRS, values, 0, 0, "", "the values that pass")
RECORD(conf_filter, CONF_FILTER_KEYS)

#define CONF_STATIC_TARGETS_KEYS(F)                                                                          \
	F(STRS, targets, 0, 0, "", "the addresses, host:port")                                               \
	F(PAIRS, labels, 0, 0, "", "labels that all of them get")
RECORD(conf_static_targets, CONF_STATIC_TARGETS_KEYS)

#define CONF_FILE_SD_KEYS(F)                                                                                 \
	F(STRS, files, 0, KEY_REQUIRED | KEY_PATH, "",                                                       \
	    "files of targets, JSON or YAML; the last part of a path may hold a *")                          \
	F(DUR, refresh_interval, 0, 0, "5m", "how often they are read when no change was noticed")
RECORD(conf_file_sd, CONF_FILE_SD_KEYS)

#define CONF_AWS_SD_KEYS(F)                                                                                  \
	F(STR, role, 0, KEY_REQUIRED, "",                                                                    \
	    "the service to ask: ec2, ecs, elasticache, lightsail, msk or rds")                              \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")                                \
	F(STRS, clusters, 0, 0, "", "the clusters to look at; none: all")                                    \
	F(MANY, filters, conf_filter, 0, "", "what to look for")                                             \
	F(I64, request_concurrency, 0, 0, "20", "how many requests may run side by side")
RECORD(conf_aws_sd, CONF_AWS_SD_KEYS)

#define CONF_AZURE_SD_KEYS(F)                                                                                \
	F(STR, environment, 0, 0, "AzurePublicCloud", "the cloud's name")                                    \
	F(STR, authentication_method, 0, 0, "OAuth", "OAuth, ManagedIdentity, WorkloadIdentity or SDK")      \
	F(STR, subscription_id, 0, 0, "", "the subscription")                                                \
	F(STR, tenant_id, 0, 0, "", "the tenant")                                                            \
	F(STR, client_id, 0, 0, "", "the application")                                                       \
	F(SECRET, client_secret, 0, 0, "", "its secret")                                                     \
	F(STR, resource_group, 0, 0, "", "look only in this group")                                          \
	F(DUR, refresh_interval, 0, 0, "5m", "how often the list is asked for anew")                         \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_azure_sd, CONF_AZURE_SD_KEYS)

#define CONF_CONSUL_SD_KEYS(F)                                                                               \
	F(STR, server, 0, 0, "localhost:8500", "Consul's address")                                           \
	F(STR, path_prefix, 0, 0, "", "what stands in front of its paths")                                   \
	F(SECRET, token, 0, 0, "", "the token")                                                              \
	F(STR, datacenter, 0, 0, "", "the data centre")                                                      \
	F(STR, namespace, 0, 0, "", "the namespace")                                                         \
	F(STR, partition, 0, 0, "", "the admin partition")                                                   \
	F(STR, tag_separator, 0, 0, ",", "what joins the tags in the label")                                 \
	F(STR, scheme, 0, 0, "http", "http or https")                                                        \
	F(STR, username, 0, 0, "", "the old way to write basic_auth.username")                               \
	F(SECRET, password, 0, 0, "", "the old way to write basic_auth.password")                            \
	F(BOOL, allow_stale, 0, 0, "true", "take answers from any server")                                   \
	F(DUR, refresh_interval, 0, 0, "30s", "how often the list is asked for anew")                        \
	F(STRS, services, 0, 0, "", "the services; none: all")                                               \
	F(STRS, tags, 0, 0, "", "tags that a service must have")                                             \
	F(PAIRS, node_meta, 0, 0, "", "metadata that a node must have")                                      \
	F(STR, filter, 0, 0, "", "a filter in Consul's language")                                            \
	F(STR, health_filter, 0, 0, "", "a filter for the health list")                                      \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_consul_sd, CONF_CONSUL_SD_KEYS)

#define CONF_DIGITALOCEAN_SD_KEYS(F)                                                                         \
	F(STR, role, 0, 0, "droplets", "droplets or databases")                                              \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_digitalocean_sd, CONF_DIGITALOCEAN_SD_KEYS)

#define CONF_DNS_SD_KEYS(F)                                                                                  \
	F(STRS, names, 0, KEY_REQUIRED, "", "the names to resolve")                                          \
	F(STR, type, 0, 0, "SRV", "SRV, A, AAAA, MX or NS")                                                  \
	F(DUR, refresh_interval, 0, 0, "30s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "", "the port, for all types but SRV")
RECORD(conf_dns_sd, CONF_DNS_SD_KEYS)

#define CONF_DOCKER_SD_KEYS(F)                                                                               \
	F(STR, host, 0, KEY_REQUIRED, "", "the daemon's address")                                            \
	F(MANY, filters, conf_filter, 0, "", "which containers")                                             \
	F(STR, host_networking_host, 0, 0, "localhost", "the host of containers on the host's network")      \
	F(BOOL, match_first_network, 0, 0, "true", "take a container's first network alone")                 \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_docker_sd, CONF_DOCKER_SD_KEYS)

#define CONF_DOCKERSWARM_SD_KEYS(F)                                                                          \
	F(STR, host, 0, KEY_REQUIRED, "", "the daemon's address")                                            \
	F(STR, role, 0, KEY_REQUIRED, "", "services, tasks or nodes")                                        \
	F(MANY, filters, conf_filter, 0, "", "which of them")                                                \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_dockerswarm_sd, CONF_DOCKERSWARM_SD_KEYS)

#define CONF_EC2_SD_KEYS(F)                                                                                  \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")                                \
	F(MANY, filters, conf_filter, 0, "", "which instances")
RECORD(conf_ec2_sd, CONF_EC2_SD_KEYS)

#define CONF_ECS_SD_KEYS(F)                                                                                  \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")                                \
	F(STRS, clusters, 0, 0, "", "the clusters to look at; none: all")                                    \
	F(I64, request_concurrency, 0, 0, "20", "how many requests may run side by side")
RECORD(conf_ecs_sd, CONF_ECS_SD_KEYS)

#define CONF_ELASTICACHE_SD_KEYS(F)                                                                          \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")                                \
	F(STRS, clusters, 0, 0, "", "the clusters to look at; none: all")                                    \
	F(I64, request_concurrency, 0, 0, "20", "how many requests may run side by side")
RECORD(conf_elasticache_sd, CONF_ELASTICACHE_SD_KEYS)

#define CONF_EUREKA_SD_KEYS(F)                                                                               \
	F(STR, server, 0, KEY_REQUIRED, "", "Eureka's address")                                              \
	F(DUR, refresh_interval, 0, 0, "30s", "how often the list is asked for anew")                        \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_eureka_sd, CONF_EUREKA_SD_KEYS)

#define CONF_GCE_SD_KEYS(F)                                                                                  \
	F(STR, project, 0, KEY_REQUIRED, "", "the project")                                                  \
	F(STR, zone, 0, KEY_REQUIRED, "", "the zone")                                                        \
	F(STR, filter, 0, 0, "", "which instances, in the cloud's language")                                 \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(STR, tag_separator, 0, 0, ",", "what joins the tags in the label")
RECORD(conf_gce_sd, CONF_GCE_SD_KEYS)

#define CONF_HETZNER_SD_KEYS(F)                                                                              \
	F(STR, role, 0, KEY_REQUIRED, "", "robot or hcloud")                                                 \
	F(STR, label_selector, 0, 0, "", "which servers, by label")                                          \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_hetzner_sd, CONF_HETZNER_SD_KEYS)

#define CONF_HTTP_SD_KEYS(F)                                                                                 \
	F(STR, url, 0, KEY_REQUIRED, "", "where the list is fetched")                                        \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_http_sd, CONF_HTTP_SD_KEYS)

#define CONF_IONOS_SD_KEYS(F)                                                                                \
	F(STR, datacenter_id, 0, KEY_REQUIRED, "", "the data centre")                                        \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_ionos_sd, CONF_IONOS_SD_KEYS)

#define CONF_KUBERNETES_NAMESPACES_KEYS(F)                                                                   \
	F(BOOL, own_namespace, 0, 0, "", "the namespace we run in")                                          \
	F(STRS, names, 0, 0, "", "these namespaces")
RECORD(conf_kubernetes_namespaces, CONF_KUBERNETES_NAMESPACES_KEYS)

#define CONF_KUBERNETES_SELECTOR_KEYS(F)                                                                     \
	F(STR, role, 0, KEY_REQUIRED, "", "the kind of object")                                              \
	F(STR, label, 0, 0, "", "by label")                                                                  \
	F(STR, field, 0, 0, "", "by field")
RECORD(conf_kubernetes_selector, CONF_KUBERNETES_SELECTOR_KEYS)

#define CONF_KUBERNETES_METADATA_KEYS(F)                                                                     \
	F(BOOL, node, 0, 0, "", "add the node's labels")                                                     \
	F(BOOL, namespace, 0, 0, "", "add the namespace's labels")                                           \
	F(BOOL, deployment, 0, 0, "", "add the deployment's name")                                           \
	F(BOOL, job, 0, 0, "", "add the job's name")                                                         \
	F(BOOL, cronjob, 0, 0, "", "add the cron job's name")
RECORD(conf_kubernetes_metadata, CONF_KUBERNETES_METADATA_KEYS)

#define CONF_KUBERNETES_SD_KEYS(F)                                                                           \
	F(STR, api_server, 0, 0, "", "the API server; empty: we run in the cluster")                         \
	F(STR, role, 0, KEY_REQUIRED, "", "node, service, pod, endpoints, endpointslice or ingress")         \
	F(STR, kubeconfig_file, 0, KEY_PATH, "", "a kubeconfig to take server and credentials from")         \
	F(ONE, namespaces, conf_kubernetes_namespaces, 0, "", "where to look; none: everywhere")             \
	F(MANY, selectors, conf_kubernetes_selector, 0, "", "which objects")                                 \
	F(ONE, attach_metadata, conf_kubernetes_metadata, 0, "", "what else to attach")                      \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_kubernetes_sd, CONF_KUBERNETES_SD_KEYS)

#define CONF_KUMA_SD_KEYS(F)                                                                                 \
	F(STR, server, 0, KEY_REQUIRED, "", "the control plane's address")                                   \
	F(STR, client_id, 0, 0, "", "who we are there")                                                      \
	F(DUR, refresh_interval, 0, 0, "30s", "how often the list is asked for anew")                        \
	F(DUR, fetch_timeout, 0, 0, "2m", "how long an answer may take")                                     \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_kuma_sd, CONF_KUMA_SD_KEYS)

#define CONF_LIGHTSAIL_SD_KEYS(F)                                                                            \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_lightsail_sd, CONF_LIGHTSAIL_SD_KEYS)

#define CONF_LINODE_SD_KEYS(F)                                                                               \
	F(STR, region, 0, 0, "", "one region alone")                                                         \
	F(STR, tag_separator, 0, 0, ",", "what joins the tags in the label")                                 \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_linode_sd, CONF_LINODE_SD_KEYS)

#define CONF_MARATHON_SD_KEYS(F)                                                                             \
	F(STRS, servers, 0, KEY_REQUIRED, "", "the servers")                                                 \
	F(SECRET, auth_token, 0, 0, "", "the token")                                                         \
	F(STR, auth_token_file, 0, KEY_PATH, "", "a file that holds it")                                     \
	F(DUR, refresh_interval, 0, 0, "30s", "how often the list is asked for anew")                        \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_marathon_sd, CONF_MARATHON_SD_KEYS)

#define CONF_MSK_SD_KEYS(F)                                                                                  \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")                                \
	F(STRS, clusters, 0, 0, "", "the clusters to look at; none: all")                                    \
	F(I64, request_concurrency, 0, 0, "20", "how many requests may run side by side")
RECORD(conf_msk_sd, CONF_MSK_SD_KEYS)

#define CONF_NOMAD_SD_KEYS(F)                                                                                \
	F(BOOL, allow_stale, 0, 0, "true", "take answers from any server")                                   \
	F(STR, namespace, 0, 0, "default", "the namespace")                                                  \
	F(STR, region, 0, 0, "global", "the region")                                                         \
	F(STR, server, 0, 0, "http://localhost:4646", "Nomad's address")                                     \
	F(STR, tag_separator, 0, 0, ",", "what joins the tags in the label")                                 \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_nomad_sd, CONF_NOMAD_SD_KEYS)

#define CONF_OCI_SD_KEYS(F)                                                                                  \
	F(STR, auth, 0, 0, "api_key", "how to sign in")                                                      \
	F(STR, tenancy, 0, 0, "", "the tenancy")                                                             \
	F(STR, user, 0, 0, "", "the user")                                                                   \
	F(STR, fingerprint, 0, 0, "", "the key's fingerprint")                                               \
	F(STR, key_file, 0, KEY_PATH, "", "the private key")                                                 \
	F(SECRET, key_passphrase, 0, 0, "", "its passphrase")                                                \
	F(STR, key_passphrase_file, 0, KEY_PATH, "", "a file that holds the passphrase")                     \
	F(STR, region, 0, KEY_REQUIRED, "", "the region")                                                    \
	F(STRS, compartments, 0, 0, "", "the compartments to look at")                                       \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_oci_sd, CONF_OCI_SD_KEYS)

#define CONF_OPENSTACK_SD_KEYS(F)                                                                            \
	F(STR, identity_endpoint, 0, 0, "", "where to sign in")                                              \
	F(STR, username, 0, 0, "", "the user's name")                                                        \
	F(STR, userid, 0, 0, "", "the user's id")                                                            \
	F(SECRET, password, 0, 0, "", "the password")                                                        \
	F(STR, project_name, 0, 0, "", "the project's name")                                                 \
	F(STR, project_id, 0, 0, "", "the project's id")                                                     \
	F(STR, domain_name, 0, 0, "", "the domain's name")                                                   \
	F(STR, domain_id, 0, 0, "", "the domain's id")                                                       \
	F(STR, application_credential_name, 0, 0, "", "an application credential's name")                    \
	F(STR, application_credential_id, 0, 0, "", "an application credential's id")                        \
	F(SECRET, application_credential_secret, 0, 0, "", "its secret")                                     \
	F(STR, role, 0, KEY_REQUIRED, "", "hypervisor, instance or loadbalancer")                            \
	F(STR, region, 0, KEY_REQUIRED, "", "the region")                                                    \
	F(BOOL, all_tenants, 0, 0, "", "look into all projects")                                             \
	F(STR, availability, 0, 0, "public", "which of the end points: public, admin or internal")           \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, tls_config, conf_tls, 0, "", "TLS towards the service")
RECORD(conf_openstack_sd, CONF_OPENSTACK_SD_KEYS)

#define CONF_OUTSCALE_SD_KEYS(F)                                                                             \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, region, 0, 0, "eu-west-2", "the region")                                                      \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, secret_key_file, 0, KEY_PATH, "", "a file that holds it")                                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_outscale_sd, CONF_OUTSCALE_SD_KEYS)

#define CONF_OVHCLOUD_SD_KEYS(F)                                                                             \
	F(STR, endpoint, 0, 0, "ovh-eu", "the end point")                                                    \
	F(STR, application_key, 0, KEY_REQUIRED, "", "the application")                                      \
	F(SECRET, application_secret, 0, KEY_REQUIRED, "", "its secret")                                     \
	F(SECRET, consumer_key, 0, KEY_REQUIRED, "", "the consumer's key")                                   \
	F(STR, service, 0, KEY_REQUIRED, "", "vps or dedicated_server")                                      \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")
RECORD(conf_ovhcloud_sd, CONF_OVHCLOUD_SD_KEYS)

#define CONF_PUPPETDB_SD_KEYS(F)                                                                             \
	F(STR, url, 0, KEY_REQUIRED, "", "the root of PuppetDB's query service")                             \
	F(STR, query, 0, KEY_REQUIRED, "", "a query in PQL")                                                 \
	F(BOOL, include_parameters, 0, 0, "", "parameters become a label")                                   \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_puppetdb_sd, CONF_PUPPETDB_SD_KEYS)

#define CONF_RDS_SD_KEYS(F)                                                                                  \
	F(STR, region, 0, 0, "", "the region; empty: where we run")                                          \
	F(STR, endpoint, 0, 0, "", "another end point than the region's own")                                \
	F(STR, access_key, 0, 0, "", "the access key")                                                       \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, profile, 0, 0, "", "the named profile")                                                       \
	F(STR, role_arn, 0, 0, "", "a role to take on")                                                      \
	F(STR, external_id, 0, 0, "", "the external id shown when the role is taken on")                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")                                \
	F(STRS, clusters, 0, 0, "", "the clusters to look at; none: all")                                    \
	F(MANY, filters, conf_filter, 0, "", "which instances")                                              \
	F(I64, request_concurrency, 0, 0, "20", "how many requests may run side by side")
RECORD(conf_rds_sd, CONF_RDS_SD_KEYS)

#define CONF_SCALEWAY_SD_KEYS(F)                                                                             \
	F(STR, project_id, 0, KEY_REQUIRED, "", "the project")                                               \
	F(STR, api_url, 0, 0, "https://api.scaleway.com", "the API")                                         \
	F(STR, zone, 0, 0, "fr-par-1", "the zone")                                                           \
	F(STR, access_key, 0, KEY_REQUIRED, "", "the access key")                                            \
	F(SECRET, secret_key, 0, 0, "", "the secret key")                                                    \
	F(STR, secret_key_file, 0, KEY_PATH, "", "a file that holds it")                                     \
	F(STR, name_filter, 0, 0, "", "which servers, by name")                                              \
	F(STRS, tags_filter, 0, 0, "", "which servers, by tag")                                              \
	F(STR, role, 0, KEY_REQUIRED, "", "instance or baremetal")                                           \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_scaleway_sd, CONF_SCALEWAY_SD_KEYS)

#define CONF_STACKIT_SD_KEYS(F)                                                                              \
	F(STR, project, 0, KEY_REQUIRED, "", "the project")                                                  \
	F(STR, region, 0, 0, "eu01", "the region")                                                           \
	F(STR, endpoint, 0, 0, "", "another end point")                                                      \
	F(SECRET, service_account_key, 0, 0, "", "the service account's key")                                \
	F(SECRET, private_key, 0, 0, "", "its private key")                                                  \
	F(STR, service_account_key_path, 0, 0, "", "a file that holds the account's key")                    \
	F(STR, private_key_path, 0, 0, "", "a file that holds the private key")                              \
	F(STR, credentials_file_path, 0, 0, "", "a file of credentials")                                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_stackit_sd, CONF_STACKIT_SD_KEYS)

#define CONF_TRITON_SD_KEYS(F)                                                                               \
	F(STR, account, 0, KEY_REQUIRED, "", "the account")                                                  \
	F(STR, role, 0, 0, "container", "container or cn")                                                   \
	F(STR, dns_suffix, 0, KEY_REQUIRED, "", "what completes a target's name")                            \
	F(STR, endpoint, 0, KEY_REQUIRED, "", "the discovery service")                                       \
	F(STRS, groups, 0, 0, "", "groups to look at")                                                       \
	F(I64, port, 0, 0, "9163", "the port to scrape")                                                     \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(ONE, tls_config, conf_tls, 0, "", "TLS towards the service")                                       \
	F(I64, version, 0, 0, "1", "the service's version")
RECORD(conf_triton_sd, CONF_TRITON_SD_KEYS)

#define CONF_UYUNI_SD_KEYS(F)                                                                                \
	F(STR, server, 0, KEY_REQUIRED, "", "Uyuni's address")                                               \
	F(STR, username, 0, KEY_REQUIRED, "", "the user")                                                    \
	F(SECRET, password, 0, KEY_REQUIRED, "", "the password")                                             \
	F(STR, entitlement, 0, 0, "monitoring_entitled", "which systems")                                    \
	F(STR, separator, 0, 0, ",", "what joins the groups in the label")                                   \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_uyuni_sd, CONF_UYUNI_SD_KEYS)

#define CONF_VULTR_SD_KEYS(F)                                                                                \
	F(DUR, refresh_interval, 0, 0, "60s", "how often the list is asked for anew")                        \
	F(I64, port, 0, 0, "80", "the port to scrape")                                                       \
	F(ONE, http, conf_http, KEY_INLINE, "", "how the service is reached")
RECORD(conf_vultr_sd, CONF_VULTR_SD_KEYS)

#define CONF_ZOOKEEPER_SD_KEYS(F)                                                                            \
	F(STRS, servers, 0, KEY_REQUIRED, "", "the Zookeeper servers")                                       \
	F(STRS, paths, 0, KEY_REQUIRED, "", "the paths to watch")                                            \
	F(DUR, timeout, 0, 0, "10s", "after which a session is given up")
RECORD(conf_zookeeper_sd, CONF_ZOOKEEPER_SD_KEYS)

#define CONF_DISCOVERY_KEYS(F)                                                                               \
	F(MANY, static_configs, conf_static_targets, 0, "", "targets written down here")                     \
	F(MANY, file_sd_configs, conf_file_sd, 0, "", "targets in files that others write")                  \
	F(MANY, aws_sd_configs, conf_aws_sd, KEY_INERT, "", "targets from services of AWS")                  \
	F(MANY, azure_sd_configs, conf_azure_sd, KEY_INERT, "", "targets from instances of Azure")           \
	F(MANY, consul_sd_configs, conf_consul_sd, KEY_INERT, "", "targets from services in Consul")         \
	F(MANY, digitalocean_sd_configs, conf_digitalocean_sd, KEY_INERT, "", "targets from DigitalOcean")   \
	F(MANY, dns_sd_configs, conf_dns_sd, KEY_INERT, "", "targets from names in the DNS")                 \
	F(MANY, docker_sd_configs, conf_docker_sd, KEY_INERT, "",                                            \
	    "targets from containers of a Docker daemon")                                                    \
	F(MANY, dockerswarm_sd_configs, conf_dockerswarm_sd, KEY_INERT, "", "targets from Docker Swarm")     \
	F(MANY, ec2_sd_configs, conf_ec2_sd, KEY_INERT, "", "targets from instances of EC2")                 \
	F(MANY, ecs_sd_configs, conf_ecs_sd, KEY_INERT, "", "targets from tasks of ECS")                     \
	F(MANY, elasticache_sd_configs, conf_elasticache_sd, KEY_INERT, "",                                  \
	    "targets from clusters of ElastiCache")                                                          \
	F(MANY, eureka_sd_configs, conf_eureka_sd, KEY_INERT, "", "targets from Eureka")                     \
	F(MANY, gce_sd_configs, conf_gce_sd, KEY_INERT, "", "targets from instances of Google Cloud")        \
	F(MANY, hetzner_sd_configs, conf_hetzner_sd, KEY_INERT, "", "targets from servers at Hetzner")       \
	F(MANY, http_sd_configs, conf_http_sd, KEY_INERT, "", "targets from lists fetched by HTTP")          \
	F(MANY, ionos_sd_configs, conf_ionos_sd, KEY_INERT, "", "targets from servers at IONOS")             \
	F(MANY, kubernetes_sd_configs, conf_kubernetes_sd, KEY_INERT, "",                                    \
	    "targets from objects of a Kubernetes cluster")                                                  \
	F(MANY, kuma_sd_configs, conf_kuma_sd, KEY_INERT, "", "targets from a Kuma mesh")                    \
	F(MANY, lightsail_sd_configs, conf_lightsail_sd, KEY_INERT, "",                                      \
	    "targets from instances of Lightsail")                                                           \
	F(MANY, linode_sd_configs, conf_linode_sd, KEY_INERT, "", "targets from Linode")                     \
	F(MANY, marathon_sd_configs, conf_marathon_sd, KEY_INERT, "", "targets from tasks of Marathon")      \
	F(MANY, msk_sd_configs, conf_msk_sd, KEY_INERT, "", "targets from clusters of MSK")                  \
	F(MANY, nerve_sd_configs, conf_zookeeper_sd, KEY_INERT, "",                                          \
	    "targets from AirBnB Nerve in Zookeeper")                                                        \
	F(MANY, nomad_sd_configs, conf_nomad_sd, KEY_INERT, "", "targets from services in Nomad")            \
	F(MANY, oci_sd_configs, conf_oci_sd, KEY_INERT, "", "targets from instances of Oracle Cloud")        \
	F(MANY, openstack_sd_configs, conf_openstack_sd, KEY_INERT, "", "targets from OpenStack")            \
	F(MANY, outscale_sd_configs, conf_outscale_sd, KEY_INERT, "", "targets from Outscale")               \
	F(MANY, ovhcloud_sd_configs, conf_ovhcloud_sd, KEY_INERT, "", "targets from OVHcloud")               \
	F(MANY, puppetdb_sd_configs, conf_puppetdb_sd, KEY_INERT, "", "targets from resources in PuppetDB")  \
	F(MANY, rds_sd_configs, conf_rds_sd, KEY_INERT, "", "targets from instances of RDS")                 \
	F(MANY, scaleway_sd_configs, conf_scaleway_sd, KEY_INERT, "", "targets from servers at Scaleway")    \
	F(MANY, serverset_sd_configs, conf_zookeeper_sd, KEY_INERT, "",                                      \
	    "targets from Serversets in Zookeeper")                                                          \
	F(MANY, stackit_sd_configs, conf_stackit_sd, KEY_INERT, "", "targets from servers at STACKIT")       \
	F(MANY, triton_sd_configs, conf_triton_sd, KEY_INERT, "", "targets from Triton")                     \
	F(MANY, uyuni_sd_configs, conf_uyuni_sd, KEY_INERT, "", "targets from Uyuni")                        \
	F(MANY, vultr_sd_configs, conf_vultr_sd, KEY_INERT, "", "targets from Vultr")
RECORD(conf_discovery, CONF_DISCOVERY_KEYS)

#endif
