/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of packets become events: whole frames as they are, payloads behind headers. */

#include <rte_ip.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include "dataplane/capture.h"
#include "dataplane/main/legs/captures.h"
#include "dataplane/main/legs/record.h"

#define MOST 32 /* copies in an event: a frame has room for them */
#define HOPS 64

typedef Tandem__Dataplane__V1__CapturedPacket packet_message;

/* --- headers of what was opened -------------------------------------------------------------- */

static void write_udp(struct rte_udp_hdr *udp, const struct captured *copy)
{
	*udp = (struct rte_udp_hdr){
		.src_port = copy->from.port,
		.dst_port = copy->to.port,
		.dgram_len = rte_cpu_to_be_16(sizeof(*udp) + copy->length),
	};
}

/* A cut packet cannot be summed; over IPv4 0 says that nobody has. */
static uint16_t write_ipv4(struct captured *copy)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(copy->octets + CAPTURE_HEADERS) - 1;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)udp - 1;

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16(sizeof(*ip) + sizeof(*udp) + copy->length),
		.time_to_live = HOPS,
		.next_proto_id = IPPROTO_UDP,
	};
	memcpy(&ip->src_addr, address_octets(&copy->from.address), sizeof(ip->src_addr));
	memcpy(&ip->dst_addr, address_octets(&copy->to.address), sizeof(ip->dst_addr));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	write_udp(udp, copy);
	if (copy->size == copy->length)
		udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	return sizeof(*ip) + sizeof(*udp);
}

static uint16_t write_ipv6(struct captured *copy)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(copy->octets + CAPTURE_HEADERS) - 1;
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)udp - 1;

	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(6u << 28),
		.payload_len = rte_cpu_to_be_16(sizeof(*udp) + copy->length),
		.proto = IPPROTO_UDP,
		.hop_limits = HOPS,
	};
	memcpy(ip->src_addr, copy->from.address.octets, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, copy->to.address.octets, sizeof(ip->dst_addr));
	write_udp(udp, copy);
	if (copy->size == copy->length)
		udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
	return sizeof(*ip) + sizeof(*udp);
}

/* What the port does on the way out. */
static void sum_frame(struct captured *copy)
{
	uint8_t *ip = copy->octets + CAPTURE_HEADERS + copy->l3;
	bool ipv4 = ip[0] >> 4 == 4;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + (ipv4 ? sizeof(struct rte_ipv4_hdr)
								    : sizeof(struct rte_ipv6_hdr)));

	if (copy->size != copy->length)
		return;
	udp->dgram_cksum = 0;
	udp->dgram_cksum = ipv4 ? rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)ip, udp)
				: rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)ip, udp);
}

/* --- events ---------------------------------------------------------------------------------- */

static uint64_t time_of(const struct registry *r, const struct capture *capture, uint64_t tsc)
{
	int64_t ticks = tsc - capture->began;

	return capture->began_ns +
	       (int64_t)((__int128)ticks * (int64_t)r->dataplane->clock.ns_per_tick >> 32);
}

static void show(const struct registry *r, packet_message *packet, const struct capture *capture,
		 struct captured *copy)
{
	uint16_t headers = 0;

	if (copy->opened)
		headers =
			address_is_ipv4(&copy->from.address) ? write_ipv4(copy) : write_ipv6(copy);
	else if (copy->unsummed)
		sum_frame(copy);
	tandem__dataplane__v1__captured_packet__init(packet);
	packet->leg = copy->leg;
	packet->time_ns = time_of(r, capture, copy->time);
	packet->sent = copy->way == CAPTURED_SENT;
	packet->length = headers + copy->length;
	packet->octets.data = copy->octets + CAPTURE_HEADERS - headers;
	packet->octets.len = headers + copy->size;
	packet->sealed = copy->sealed;
}

static void tell(struct registry *r, const struct capture *capture, packet_message **packets,
		 size_t count, bool over)
{
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;
	Tandem__Dataplane__V1__Captured captured = TANDEM__DATAPLANE__V1__CAPTURED__INIT;

	captured.capture = capture->id;
	captured.packets = packets;
	captured.n_packets = count;
	captured.over_rate = __atomic_load_n(&capture->over_rate, __ATOMIC_RELAXED);
	captured.lost = __atomic_load_n(&capture->lost, __ATOMIC_RELAXED);
	captured.over = over;
	event.kind = TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CAPTURED;
	event.captured = &captured;
	r->config.event(r->config.arg, &event);
}

void captured_over(struct registry *r, const struct capture *capture)
{
	tell(r, capture, NULL, 0, true);
}

static void tell_of(struct registry *r, const struct capture *capture, void **copies,
		    unsigned int count)
{
	packet_message packets[MOST], *list[MOST];
	unsigned int shown = 0;

	for (unsigned int k = 0; k < count; k++) {
		struct captured *copy = copies[k];

		if (copy->capture != capture->id)
			continue;
		show(r, &packets[shown], capture, copy);
		list[shown] = &packets[shown];
		shown++;
	}
	if (shown)
		tell(r, capture, list, shown, false);
}

unsigned int captured_tell(struct registry *r, unsigned int most)
{
	struct captures *c = &r->captures;
	void *copies[MOST];
	unsigned int count =
		rte_ring_sc_dequeue_burst(c->ring, copies, RTE_MIN(most, (unsigned int)MOST), NULL);

	if (!count)
		return 0;
	for (unsigned int k = 0; k < CAPTURES_MAX; k++)
		if (c->open[k].capture)
			tell_of(r, c->open[k].capture, copies, count);
	rte_mempool_put_bulk(c->pool, copies, count);
	return count;
}
