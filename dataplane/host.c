/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The media addresses as a host on their link: ARP and Neighbour Solicitations for them are
 * answered, and pings, in place. What tells where a neighbour is goes to the main lcore
 * (neighbour.c). A request teaches nothing, though RFC 826 allows it: our own requests refresh
 * every entry, and a neighbour that moved announces it.
 */
#include <netinet/icmp6.h>

#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>

#include "dataplane/wire/arp.h"
#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/wire/ndp.h"
#include "dataplane/wire/reply.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

/* One packet of the burst. */
struct visit {
	struct worker *w;
	struct burst *b;
	unsigned int i;
	const struct network *network;
	struct rte_mbuf *m;
	uint8_t *l3;
};

static void drop(const struct visit *v, enum drop reason)
{
	burst_drop(v->b, v->i, reason);
}

static void send_reply(const struct visit *v)
{
	burst_send(v->b, v->i, v->b->port[v->i]);
	v->w->counters[COUNTER_HOST_REPLY]++;
}

static bool is_local(const struct visit *v, const struct address *a)
{
	const struct dataplane *d = v->w->dataplane;

	for (unsigned int k = 0; k < v->network->address_count; k++)
		if (address_equal(&d->addresses[v->network->address[k]].address, a))
			return true;
	return false;
}

/* To the main lcore. */
static void teach(const struct visit *v)
{
	struct notice n = {
		.kind = NOTICE_HOST,
		.component = v->b->l3[v->i],
		.network = v->b->network[v->i],
		.object = v->m,
	};

	if (!worker_notify_hearsay(v->w, n))
		return drop(v, DROP_HOST_FULL);
	v->b->class[v->i] = CLASS_DONE;
}

static void handle_arp(const struct visit *v)
{
	struct arp a;
	bool announced;

	if (arp_parse(&a, v->l3, rte_pktmbuf_data_len(v->m) - v->b->l3[v->i]))
		return drop(v, DROP_HOST_MALFORMED);
	announced = address_equal(&a.sender, &a.target);
	/* Somebody else who claims our address is for the main lcore as well. */
	if (announced || is_local(v, &a.sender) ||
	    (a.operation == RTE_ARP_OP_REPLY && is_local(v, &a.target)))
		return teach(v);
	if (a.operation != RTE_ARP_OP_REQUEST || !is_local(v, &a.target))
		return drop(v, DROP_HOST_UNHANDLED);

	arp_write(v->l3, &(struct arp){
				 .operation = RTE_ARP_OP_REPLY,
				 .sender_mac = v->network->port->mac,
				 .sender = a.target,
				 .target_mac = a.sender_mac,
				 .target = a.sender,
			 });
	reply_ethernet(v->m, v->network, v->b->l3[v->i] + sizeof(struct rte_arp_hdr));
	send_reply(v);
}

/* RFC 4861 7.2.4; to a host that probes for its address (RFC 4862 5.4) through all nodes. */
static void answer_solicitation(const struct visit *v, const struct ndp *n)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(v->m, struct rte_ether_hdr *);
	struct rte_ether_addr group;
	bool probe = address_is_zero(&n->source);
	size_t length;

	if (!is_local(v, &n->target) || is_local(v, &n->source))
		return drop(v, DROP_HOST_UNHANDLED);
	if (!reply_fits(v->m, v->b->l3[v->i] + NDP_LENGTH_MAX))
		return drop(v, DROP_NO_ROOM);
	length = ndp_write(v->l3, &(struct ndp){
					  .advertisement = true,
					  .solicited = !probe,
					  .override = true,
					  .has_mac = true,
					  .mac = v->network->port->mac,
					  .source = n->target,
					  .destination = probe ? ndp_all_nodes : n->source,
					  .target = n->target,
				  });
	reply_ethernet(v->m, v->network, v->b->l3[v->i] + length);
	if (probe) {
		group = ndp_group_mac(&ndp_all_nodes);
		rte_ether_addr_copy(&group, &ether->dst_addr);
	}
	send_reply(v);
}

/* RFC 792, RFC 4443 4.2. The sum of an echo request that is right comes out as zero. */
static void answer_echo(const struct visit *v, bool ipv4)
{
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)burst_payload(v->b, v->i);
	uint16_t length = v->b->length[v->i];
	struct rte_ipv6_hdr *ipv6 = (struct rte_ipv6_hdr *)v->l3;
	const struct address *from = &v->b->source[v->i].address;

	if (icmp->icmp_code != 0 || !address_is_host(from) || is_local(v, from))
		return drop(v, DROP_HOST_UNHANDLED);
	if (ipv4 ? rte_raw_cksum(icmp, length) != 0xffff : rte_ipv6_udptcp_cksum(ipv6, icmp) != 0)
		return drop(v, DROP_HOST_MALFORMED);
	reply_ip(v->m, v->network, v->b->l3[v->i], length);
	icmp->icmp_type = ipv4 ? RTE_IP_ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = ipv4 ? ~rte_raw_cksum(icmp, length) : rte_ipv6_udptcp_cksum(ipv6, icmp);
	send_reply(v);
}

static void handle_icmp(const struct visit *v)
{
	if (v->b->length[v->i] < sizeof(struct rte_icmp_hdr))
		return drop(v, DROP_HOST_MALFORMED);
	if (*burst_payload(v->b, v->i) != RTE_IP_ICMP_ECHO_REQUEST)
		return drop(v, DROP_HOST_UNHANDLED);
	answer_echo(v, true);
}

static void handle_icmpv6(const struct visit *v)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)v->l3;
	struct ndp n;

	if (v->b->length[v->i] < sizeof(struct rte_icmp_hdr))
		return drop(v, DROP_HOST_MALFORMED);
	switch (*burst_payload(v->b, v->i)) {
	case ICMP6_ECHO_REQUEST:
		if (ip->dst_addr[0] == 0xff) /* one ping to a group would be answered by all */
			return drop(v, DROP_HOST_UNHANDLED);
		return answer_echo(v, false);
	case ND_NEIGHBOR_SOLICIT:
	case ND_NEIGHBOR_ADVERT:
		if (ndp_parse(&n, v->l3, sizeof(*ip) + v->b->length[v->i]))
			return drop(v, DROP_HOST_MALFORMED);
		return n.advertisement ? teach(v) : answer_solicitation(v, &n);
	default:
		return drop(v, DROP_HOST_UNHANDLED);
	}
}

static void handle(const struct visit *v)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(v->m, const struct rte_ether_hdr *);
	rte_be16_t type;

	if (!rte_is_valid_assigned_ether_addr(&ether->src_addr))
		return drop(v, DROP_HOST_MALFORMED);
	/* Our own frame came back. */
	if (rte_is_same_ether_addr(&ether->src_addr, &v->network->port->mac))
		return drop(v, DROP_HOST_UNHANDLED);
	memcpy(&type, v->l3 - sizeof(type), sizeof(type));
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP))
		handle_arp(v);
	else if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		handle_icmp(v);
	else
		handle_icmpv6(v);
}

void host_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		struct rte_mbuf *m = b->mbuf[i];

		if (b->class[i] != CLASS_HOST)
			continue;
		handle(&(struct visit){
			.w = w,
			.b = b,
			.i = i,
			.network = &w->dataplane->networks[b->network[i]],
			.m = m,
			.l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, b->l3[i]),
		});
	}
}
