/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/spread.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "dataplane/lib/log.h"

#define TABLE_MAX RTE_ETH_RSS_RETA_SIZE_512

const char *const spread_texts[] = {
	[SPREAD_ONE] = "one queue",         [SPREAD_UDP] = "by address and UDP port",
	[SPREAD_IP] = "by address",         [SPREAD_KERNEL] = "as its driver does",
	[SPREAD_HOST] = "as the host does", [SPREAD_FIRST] = "not spread",
};

/* One IP version: its UDP packets by ports, or, where the device cannot, by addresses. */
static uint64_t choose(uint64_t offered, uint64_t udp, uint64_t ip)
{
	return offered & udp ? offered & udp : offered & ip;
}

enum spread spread_ask(struct rte_eth_conf *conf, const struct rte_eth_dev_info *info,
		       unsigned int queues)
{
	const uint64_t udp4 = RTE_ETH_RSS_NONFRAG_IPV4_UDP;
	const uint64_t udp6 = RTE_ETH_RSS_NONFRAG_IPV6_UDP | RTE_ETH_RSS_IPV6_UDP_EX;
	uint64_t types =
		choose(info->flow_type_rss_offloads, udp4,
		       RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER) |
		choose(info->flow_type_rss_offloads, udp6,
		       RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER | RTE_ETH_RSS_IPV6_EX);

	if (queues <= 1)
		return SPREAD_ONE;
	/* Most hosts offer virtio no hash, and choose the queue by themselves. */
	if (!types)
		return strncmp(info->driver_name, "net_virtio", 10) == 0 ? SPREAD_HOST
									 : SPREAD_FIRST;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = types;
	return types & udp4 && types & udp6 ? SPREAD_UDP : SPREAD_IP;
}

void spread_evenly(uint16_t port, const struct rte_eth_dev_info *info, unsigned int queues)
{
	struct rte_eth_rss_reta_entry64 table[TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE] = {0};
	unsigned int size = RTE_MIN(info->reta_size, TABLE_MAX);
	int error;

	for (unsigned int k = 0; k < size; k++) {
		struct rte_eth_rss_reta_entry64 *group = &table[k / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= 1ULL << k % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[k % RTE_ETH_RETA_GROUP_SIZE] = k % queues;
	}
	error = size ? rte_eth_dev_rss_reta_update(port, table, info->reta_size) : -ENOTSUP;
	if (error && error != -ENOTSUP)
		log_warn("port %u: its queues may get unequal shares: %s", port, strerror(-error));
}

static int ask_kernel(const char *interface, void *command)
{
	struct ifreq request = {.ifr_data = command};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCETHTOOL, &request))
		error = -errno;
	close(fd);
	return error;
}

static bool by_ports(const char *interface, uint32_t kind)
{
	const uint64_t wanted = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
	struct ethtool_rxnfc c = {.cmd = ETHTOOL_SRXFH, .flow_type = kind, .data = wanted};

	ask_kernel(interface, &c);
	c = (struct ethtool_rxnfc){.cmd = ETHTOOL_GRXFH, .flow_type = kind};
	return !ask_kernel(interface, &c) && (c.data & wanted) == wanted;
}

enum spread spread_kernel(const char *interface, unsigned int queues)
{
	/* With a size of 0 the table is as it was when the driver began: even. */
	struct ethtool_rxfh_indir table = {.cmd = ETHTOOL_SRXFHINDIR, .size = 0};

	if (queues <= 1)
		return SPREAD_ONE;
	ask_kernel(interface, &table);
	return by_ports(interface, UDP_V4_FLOW) && by_ports(interface, UDP_V6_FLOW) ? SPREAD_UDP
										    : SPREAD_KERNEL;
}
