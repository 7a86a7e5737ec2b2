/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/link_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <net/if.h>

#include <rte_ethdev.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/links/bond.h"
#include "dataplane/main/links/interface.h"
#include "dataplane/main/links/spread.h"

/* What a device says that is an interface of the kernel's is what it said when it began. */
static bool is_up(const struct rte_eth_dev_info *info, const struct rte_eth_link *link)
{
	char name[IF_NAMESIZE];

	if (info->if_index && if_indextoname(info->if_index, name))
		return interface_is_linked(name);
	return link->link_status == RTE_ETH_LINK_UP;
}

static void report_driver(Tandem__Dataplane__V1__Link *link, uint16_t port)
{
	struct rte_eth_dev_info info = {.if_index = 0};
	struct rte_eth_link now;

	if (!rte_eth_dev_info_get(port, &info) && info.driver_name)
		link->driver = strdup(info.driver_name);
	if (!rte_eth_link_get_nowait(port, &now)) {
		link->up = is_up(&info, &now);
		if (now.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
			link->mbits = now.link_speed;
	}
	link->node = rte_eth_dev_socket_id(port);
}

static void report_packets(Tandem__Dataplane__V1__Link *link, uint16_t port)
{
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(port, &stats))
		return;
	link->received = stats.ipackets;
	link->sent = stats.opackets;
	link->missed = stats.imissed;
	link->no_buffer = stats.rx_nombuf;
	link->errors = stats.ierrors + stats.oerrors;
}

int link_report(const struct dataplane *d, Tandem__Dataplane__V1__Reply *reply)
{
	reply->links = calloc(d->port_count, sizeof(reply->links[0]));
	for (unsigned int p = 0; reply->links && p < d->port_count; p++) {
		const struct port *port = &d->ports[p];
		Tandem__Dataplane__V1__Link *link = calloc(1, sizeof(*link));

		if (!link)
			return -ENOMEM;
		tandem__dataplane__v1__link__init(link);
		reply->links[reply->n_links++] = link;
		link->name = strdup(port->name);
		link->spread = strdup(spread_texts[port->spread]);
		link->queues = port->queues;
		bond_report(port->bond, &link->members, &link->members_used);
		link->node = SOCKET_ID_ANY;
		if (rte_eth_dev_is_valid_port(port->id)) {
			report_driver(link, port->id);
			report_packets(link, port->id);
		}
		if (!link->name || !link->spread || !link->driver)
			return -ENOMEM;
	}
	return reply->links || !d->port_count ? 0 : -ENOMEM;
}
