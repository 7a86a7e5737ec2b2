/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/bench.h"

const struct rte_ether_addr bench_peer_mac = {{0x02, 0, 0x5e, 0, 0, 0x99}};

int bench_environment(void **state)
{
	static char arguments[][24] = {"test",
				       "--no-huge",
				       "--no-pci",
				       "--no-telemetry",
				       "--no-shconf",
				       "--lcores=(0-4)@(0-1)",
				       "--log-level=error",
				       "-m64"};
	char *argv[RTE_DIM(arguments) + 1] = {NULL};

	for (unsigned int k = 0; k < RTE_DIM(arguments); k++)
		argv[k] = arguments[k];
	return rte_eal_init(RTE_DIM(arguments), argv) < 0;
}

struct address bench_address(const char *text)
{
	struct address a;

	if (address_parse(&a, text))
		abort();
	return a;
}

struct endpoint bench_endpoint(const char *text, uint16_t port)
{
	return (struct endpoint){.address = bench_address(text), .port = rte_cpu_to_be_16(port)};
}

struct bench *bench_create(void)
{
	struct bench *t = calloc(1, sizeof(*t));
	struct dataplane *d = &t->dataplane;

	t->mbufs = rte_pktmbuf_pool_create("mbufs", 127, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	d->mbufs = t->mbufs;
	d->flows = calloc((size_t)BENCH_ADDRESSES << 16, sizeof(d->flows[0]));
	d->port_count = d->network_count = 1;
	d->address_count = BENCH_ADDRESSES;
	t->network = &d->networks[0];
	d->port_by_id[BENCH_PORT] = &d->ports[0];
	d->ports[0] = (struct port){
		.name = "test",
		.id = BENCH_PORT,
		.mac = {{0x02, 0, 0x5e, 0, 0, 0x01}},
		.network_count = 1,
		.networks = {t->network},
	};
	*t->network = (struct network){
		.name = "test",
		.port = &d->ports[0],
		.mtu = 1500,
		.dscp = 46,
		.address_count = BENCH_ADDRESSES,
		.address = {BENCH_IPV4, BENCH_IPV6},
		.gateway4 = bench_address("198.51.100.254"),
		.gateway6 = bench_address("2001:db8::fe"),
	};
	d->addresses[BENCH_IPV4] =
		(struct local_address){bench_address("198.51.100.1"), t->network, 96 + 24};
	d->addresses[BENCH_IPV6] =
		(struct local_address){bench_address("2001:db8::1"), t->network, 64};

	t->worker = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*t->worker));
	memset(t->worker, 0, sizeof(*t->worker));
	t->worker->dataplane = d;
	t->worker->hz = rte_get_tsc_hz();
	t->worker->notices = rte_ring_create_elem("notices", sizeof(struct notice), BENCH_NOTICES,
						  SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	d->workers[0] = t->worker;
	d->worker_count = 1;
	return t;
}

void bench_destroy(struct bench *t)
{
	rte_ring_free(t->worker->notices);
	rte_mempool_free(t->mbufs);
	free(t->dataplane.flows);
	free(t->worker);
	free(t);
}

size_t bench_put_ip(uint8_t *frame, const struct bench *t, uint8_t protocol,
		    const struct address *from, const struct address *to, uint16_t length)
{
	bool ipv4 = address_is_ipv4(to);
	rte_be16_t type = rte_cpu_to_be_16(ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	struct rte_ether_hdr ether = {.dst_addr = t->network->port->mac,
				      .src_addr = bench_peer_mac};
	struct rte_vlan_hdr tag = {rte_cpu_to_be_16(t->network->vlan), type};
	size_t at = sizeof(ether);

	ether.ether_type = t->network->vlan ? rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN) : type;
	memcpy(frame, &ether, sizeof(ether));
	if (t->network->vlan) {
		memcpy(frame + at, &tag, sizeof(tag));
		at += sizeof(tag);
	}
	if (ipv4) {
		struct rte_ipv4_hdr ip = {
			.version_ihl = RTE_IPV4_VHL_DEF,
			.total_length = rte_cpu_to_be_16(sizeof(ip) + length),
			.packet_id = rte_cpu_to_be_16(4711),
			.time_to_live = 57,
			.next_proto_id = protocol,
		};

		memcpy(&ip.src_addr, &from->octets[12], 4);
		memcpy(&ip.dst_addr, &to->octets[12], 4);
		ip.hdr_checksum = rte_ipv4_cksum(&ip);
		memcpy(frame + at, &ip, sizeof(ip));
		return at + sizeof(ip);
	}
	struct rte_ipv6_hdr ip = {
		.vtc_flow = rte_cpu_to_be_32(6u << 28),
		.payload_len = rte_cpu_to_be_16(length),
		.proto = protocol,
		.hop_limits = 255,
	};

	memcpy(ip.src_addr, from->octets, 16);
	memcpy(ip.dst_addr, to->octets, 16);
	memcpy(frame + at, &ip, sizeof(ip));
	return at + sizeof(ip);
}

size_t bench_put_udp(uint8_t *frame, const struct bench *t, const struct endpoint *from,
		     const struct endpoint *to, const void *payload, uint16_t length)
{
	struct rte_udp_hdr udp = {from->port, to->port, rte_cpu_to_be_16(sizeof(udp) + length), 0};
	size_t at = bench_put_ip(frame, t, IPPROTO_UDP, &from->address, &to->address,
				 sizeof(udp) + length);

	memcpy(frame + at, &udp, sizeof(udp));
	memcpy(frame + at + sizeof(udp), payload, length);
	/* RFC 8200 8.1: over IPv6 there must be one. */
	if (!address_is_ipv4(&to->address)) {
		udp.dgram_cksum = rte_ipv6_udptcp_cksum(
			(const void *)(frame + at - sizeof(struct rte_ipv6_hdr)), frame + at);
		memcpy(frame + at, &udp, sizeof(udp));
	}
	return at + sizeof(udp) + length;
}

void bench_receive(struct bench *t, struct burst *b, const void *frame, size_t length)
{
	memset(b, 0, sizeof(*b));
	b->count = 1;
	b->now = rte_rdtsc();
	b->port[0] = BENCH_PORT;
	b->mbuf[0] = rte_pktmbuf_alloc(t->mbufs);
	memcpy(rte_pktmbuf_append(b->mbuf[0], length), frame, length);
	b->mbuf[0]->ol_flags = t->rx_flags;
	classify_stage(t->worker, b);
}

bool bench_take_notice(struct bench *t, struct notice *n)
{
	return rte_ring_sc_dequeue_elem(t->worker->notices, n, sizeof(*n)) == 0;
}

void bench_release(struct burst *b)
{
	if (b->class[0] != CLASS_DONE)
		rte_pktmbuf_free(b->mbuf[0]);
	b->count = 0;
}

bool bench_is_idle(const struct bench *t)
{
	return rte_mempool_full(t->mbufs) && rte_ring_empty(t->worker->notices);
}

int bench_set_up(void **state)
{
	*state = bench_create();
	return 0;
}

int bench_tear_down(void **state)
{
	bool idle = bench_is_idle(*state);

	bench_destroy(*state);
	return idle ? 0 : -1;
}
