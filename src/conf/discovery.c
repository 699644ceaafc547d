/* discovery.c — see discovery.h. */
#include "conf/discovery.h"

#define RECORD_SELF struct conf_filter
RECORD_LAYOUT(conf_filter, CONF_FILTER_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_static_targets
RECORD_LAYOUT(conf_static_targets, CONF_STATIC_TARGETS_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_file_sd
RECORD_LAYOUT(conf_file_sd, CONF_FILE_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_aws_sd
RECORD_LAYOUT(conf_aws_sd, CONF_AWS_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_azure_sd
RECORD_LAYOUT(conf_azure_sd, CONF_AZURE_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_consul_sd
RECORD_LAYOUT(conf_consul_sd, CONF_CONSUL_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_digitalocean_sd
RECORD_LAYOUT(conf_digitalocean_sd, CONF_DIGITALOCEAN_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_dns_sd
RECORD_LAYOUT(conf_dns_sd, CONF_DNS_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_docker_sd
RECORD_LAYOUT(conf_docker_sd, CONF_DOCKER_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_dockerswarm_sd
RECORD_LAYOUT(conf_dockerswarm_sd, CONF_DOCKERSWARM_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_ec2_sd
RECORD_LAYOUT(conf_ec2_sd, CONF_EC2_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_ecs_sd
RECORD_LAYOUT(conf_ecs_sd, CONF_ECS_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_elasticache_sd
RECORD_LAYOUT(conf_elasticache_sd, CONF_ELASTICACHE_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_eureka_sd
RECORD_LAYOUT(conf_eureka_sd, CONF_EUREKA_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_gce_sd
RECORD_LAYOUT(conf_gce_sd, CONF_GCE_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_hetzner_sd
RECORD_LAYOUT(conf_hetzner_sd, CONF_HETZNER_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_http_sd
RECORD_LAYOUT(conf_http_sd, CONF_HTTP_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_ionos_sd
RECORD_LAYOUT(conf_ionos_sd, CONF_IONOS_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_kubernetes_namespaces
RECORD_LAYOUT(conf_kubernetes_namespaces, CONF_KUBERNETES_NAMESPACES_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_kubernetes_selector
RECORD_LAYOUT(conf_kubernetes_selector, CONF_KUBERNETES_SELECTOR_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_kubernetes_metadata
RECORD_LAYOUT(conf_kubernetes_metadata, CONF_KUBERNETES_METADATA_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_kubernetes_sd
RECORD_LAYOUT(conf_kubernetes_sd, CONF_KUBERNETES_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_kuma_sd
RECORD_LAYOUT(conf_kuma_sd, CONF_KUMA_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_lightsail_sd
RECORD_LAYOUT(conf_lightsail_sd, CONF_LIGHTSAIL_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_linode_sd
RECORD_LAYOUT(conf_linode_sd, CONF_LINODE_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_marathon_sd
RECORD_LAYOUT(conf_marathon_sd, CONF_MARATHON_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_msk_sd
RECORD_LAYOUT(conf_msk_sd, CONF_MSK_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_nomad_sd
RECORD_LAYOUT(conf_nomad_sd, CONF_NOMAD_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_oci_sd
RECORD_LAYOUT(conf_oci_sd, CONF_OCI_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_openstack_sd
RECORD_LAYOUT(conf_openstack_sd, CONF_OPENSTACK_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_outscale_sd
RECORD_LAYOUT(conf_outscale_sd, CONF_OUTSCALE_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_ovhcloud_sd
RECORD_LAYOUT(conf_ovhcloud_sd, CONF_OVHCLOUD_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_puppetdb_sd
RECORD_LAYOUT(conf_puppetdb_sd, CONF_PUPPETDB_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_rds_sd
RECORD_LAYOUT(conf_rds_sd, CONF_RDS_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_scaleway_sd
RECORD_LAYOUT(conf_scaleway_sd, CONF_SCALEWAY_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_stackit_sd
RECORD_LAYOUT(conf_stackit_sd, CONF_STACKIT_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_triton_sd
RECORD_LAYOUT(conf_triton_sd, CONF_TRITON_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_uyuni_sd
RECORD_LAYOUT(conf_uyuni_sd, CONF_UYUNI_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_vultr_sd
RECORD_LAYOUT(conf_vultr_sd, CONF_VULTR_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_zookeeper_sd
RECORD_LAYOUT(conf_zookeeper_sd, CONF_ZOOKEEPER_SD_KEYS)
#undef RECORD_SELF
#define RECORD_SELF struct conf_discovery
RECORD_LAYOUT(conf_discovery, CONF_DISCOVERY_KEYS)
#undef RECORD_SELF
