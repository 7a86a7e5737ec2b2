/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole dataplane in one thread: the real registry and the real workers, run by hand, between two
 * networks whose ports are rings. Participants live in the rings' other ends and answer ARP and
 * neighbour discovery like any host.
 */
#ifndef TANDEM_TESTS_RELAY_RIG_H
#define TANDEM_TESTS_RELAY_RIG_H

#include <stdio.h>

#include <rte_ethdev.h>

#include "dataplane/main/workers.h"
#include "dataplane/wire/arp.h"
#include "dataplane/wire/ndp.h"
#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/counters.h"
#include "dataplane/main/floods/filter.h"
#include "dataplane/main/legs/keep.h"
#include "dataplane/main/legs/registry.h"
#include "ebpf/shed_maps.h"
#include "tests/unit/bench.h"

#ifndef RELAY_LEGS
#define RELAY_LEGS 6
#endif
#define RELAY_PACKETS 1023
#define RELAY_QUEUES  2
#define RELAY_EVENTS  64
#define RELAY_FRAMES  256
#define RELAY_FRAME   2048

/* Port 0 is untagged and computes UDP checksums; port 1 is in VLAN 42. */
enum relay_network { PUBLIC, TRUNK, RELAY_NETWORKS };
enum relay_address { PUBLIC_IPV4, PUBLIC_IPV6, TRUNK_IPV4, TRUNK_IPV6, RELAY_ADDRESSES };

static const char *const relay_local[RELAY_ADDRESSES] = {"198.51.100.1", "2001:db8:1::1",
							 "203.0.113.1", "2001:db8:2::1"};

struct relay_frame {
	enum relay_network network;
	size_t length;
	uint8_t octets[RELAY_FRAME];
};

struct relay_event {
	uint64_t leg;
	int kind;
	uint16_t port; /* of the remote endpoint, host byte order; 0: none */
	size_t datagram;
};

struct relay {
	struct dataplane dataplane;
	struct registry *registry;
	struct keep *keep;
	struct bench at[RELAY_NETWORKS]; /* for bench_put_...() */
	struct rte_ring *in[RELAY_NETWORKS][RELAY_QUEUES], *out[RELAY_NETWORKS];
	struct relay_frame sent[RELAY_FRAMES]; /* everything but requests for neighbours */
	unsigned int sent_count;
	unsigned int requests; /* for neighbours */
	bool silent;           /* the neighbours do not answer */
	struct relay_event events[RELAY_EVENTS];
	unsigned int event_count;
	struct shed *shed;
	struct counters counters;
	struct filter *filter;
	const char *what;
};

static inline uint16_t relay_rx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	return rte_ring_dequeue_burst(queue, (void **)packets, count, NULL);
}

/* What a NIC does that was asked to: the field has the sum of the pseudo header already. */
static inline void relay_finish_checksum(struct rte_mbuf *m)
{
	unsigned int at = m->l2_len + m->l3_len;
	struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, at);

	udp->dgram_cksum = ~rte_raw_cksum(udp, m->data_len - at);
	if (!udp->dgram_cksum)
		udp->dgram_cksum = 0xffff;
}

static inline uint16_t relay_tx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	for (uint16_t k = 0; k < count; k++)
		if (packets[k]->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM)
			relay_finish_checksum(packets[k]);
	return rte_ring_enqueue_burst(queue, (void **)packets, count, NULL);
}

/* A port as far as a worker knows it: two functions and their queues. */
static inline void relay_open_port(struct relay *r, enum relay_network n, uint16_t queues)
{
	static void *rx[RELAY_NETWORKS][RTE_MAX_QUEUES_PER_PORT];
	static void *tx[RELAY_NETWORKS][RTE_MAX_QUEUES_PER_PORT];
	struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[n];
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "out-%u", n);
	r->out[n] = rte_ring_create(name, RELAY_FRAMES, SOCKET_ID_ANY, 0);
	for (uint16_t q = 0; q < queues; q++) {
		snprintf(name, sizeof(name), "in-%u-%u", n, q);
		r->in[n][q] = rte_ring_create(name, RELAY_FRAMES, SOCKET_ID_ANY, 0);
		rx[n][q] = r->in[n][q];
		tx[n][q] = r->out[n];
	}
	ops->rx_pkt_burst = relay_rx_burst;
	ops->tx_pkt_burst = relay_tx_burst;
	ops->rxq.data = rx[n];
	ops->txq.data = tx[n];
}

static inline void relay_add_network(struct relay *r, enum relay_network n, uint16_t queues)
{
	struct dataplane *d = &r->dataplane;
	struct network *network = &d->networks[n];

	*network = (struct network){
		.port = n,
		.queues = queues,
		.mtu = 1500,
		.vlan = n == TRUNK ? 42 : 0,
		.dscp = 46,
		.udp_checksum = n == PUBLIC,
		.mac = {{0x02, 0, 0x5e, 0, 0, 0x01 + n}},
		.address_count = 2,
		.address = {2 * n, 2 * n + 1},
	};
	snprintf(network->name, sizeof(network->name), n == TRUNK ? "trunk" : "public");
	for (unsigned int k = 2 * n; k < 2 * n + 2; k++)
		d->addresses[k] = (struct local_address){bench_address(relay_local[k]), network,
							 k % 2 ? 64 : 96 + 24};
	d->network_by_port[n] = network;
	r->at[n].network = network;
	relay_open_port(r, n, queues);
}

static inline void relay_on_event(void *arg, const Tandem__Dataplane__V1__Event *event)
{
	struct relay *r = arg;

	if (r->event_count < RELAY_EVENTS)
		r->events[r->event_count++] = (struct relay_event){
			.leg = event->leg,
			.kind = event->kind,
			.port = event->remote ? event->remote->port : 0,
			.datagram = event->datagram.len,
		};
}

/* What sheds floods knows of a port. */
static inline const struct shed_port *relay_gate(const struct relay *r, unsigned int address,
						 uint16_t port)
{
	return &r->dataplane.shed_ports[address][port];
}

/* And it agrees with the workers' table. */
static inline bool relay_is_open(const struct relay *r, unsigned int address, uint16_t port)
{
	bool open = relay_gate(r, address, port)->flags & SHED_PORT_OPEN;

	if (open != (flow_entry_load(&r->dataplane, address, port).kind != FLOW_CLOSED))
		abort();
	return open;
}

static inline void relay_open_shed(struct relay *r)
{
	struct dataplane *d = &r->dataplane;

	if (shed_create(&r->shed))
		abort();
	for (unsigned int k = 0; k < RELAY_ADDRESSES; k++) {
		struct shed_address address;

		memcpy(address.byte, d->addresses[k].address.octets, sizeof(address.byte));
		if (shed_address_add(r->shed, &address) != (int)k)
			abort();
		d->shed_ports[k] = shed_ports(r->shed, k);
	}
	d->shed_rule = shed_rule(r->shed);
	d->shed_sketch = shed_sketch(r->shed);
}

static inline void relay_create_filter(struct relay *r)
{
	static const Tandem__Dataplane__V1__JudgeKind judges[RELAY_NETWORKS] = {
		[PUBLIC] = TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_WORKER,
	};
	const struct filter_config config = {
		.dataplane = &r->dataplane,
		.shed = r->shed,
		.registry = r->registry,
		.counters = &r->counters,
		.judges = judges,
	};

	r->counters = (struct counters){.dataplane = &r->dataplane, .shed = r->shed};
	if (filter_create(&r->filter, &config))
		abort();
}

static inline struct relay *relay_create(unsigned int workers, uint16_t queues,
					 const struct crypt_engine *engine)
{
	struct relay *r = calloc(1, sizeof(*r));
	struct dataplane *d = &r->dataplane;
	const struct registry_config config = {
		.dataplane = d,
		.engine = engine,
		.event = relay_on_event,
		.arg = r,
	};

	d->worker_count = workers;
	d->network_count = RELAY_NETWORKS;
	d->address_count = RELAY_ADDRESSES;
	d->leg_count = RELAY_LEGS;
	d->mbufs = rte_pktmbuf_pool_create("mbufs", RELAY_PACKETS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	d->table = calloc((size_t)RELAY_ADDRESSES << 16, sizeof(d->table[0]));
	d->legs = aligned_alloc(RTE_CACHE_LINE_SIZE, RELAY_LEGS * sizeof(d->legs[0]));
	memset(d->legs, 0, RELAY_LEGS * sizeof(d->legs[0]));
	for (unsigned int k = 0; k < RELAY_LEGS; k++)
		d->legs[k].index = k;
	if (!d->mbufs || !d->table)
		abort();
	for (unsigned int k = 0; k < RELAY_NETWORKS; k++)
		relay_add_network(r, k, queues);
	relay_open_shed(r);
	for (unsigned int k = 0; k < workers; k++) {
		if (worker_create(&d->workers[k], d, k, 32))
			abort();
		d->workers[k]->engine = engine;
		d->workers[k]->streams_per_flow = 4;
	}
	if (neighbour_start(d) || registry_create(&r->registry, &config) ||
	    keep_create(&r->keep, d->leg_count))
		abort();
	relay_create_filter(r);
	return r;
}

/* Frames that the participants put on the wire. */
static inline void relay_inject(struct relay *r, enum relay_network n, unsigned int queue,
				const void *frame, size_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(r->dataplane.mbufs);

	memcpy(rte_pktmbuf_append(m, length), frame, length);
	if (rte_ring_enqueue(r->in[n][queue], m))
		abort();
}

static inline struct rte_ether_addr relay_mac(enum relay_network n)
{
	return (struct rte_ether_addr){{0x02, 0, 0x5e, 0, 0x01, n}};
}

static inline void relay_answer_arp(struct relay *r, enum relay_network n, uint8_t *frame,
				    unsigned int l3, const struct arp *a)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;

	ether->dst_addr = a->sender_mac;
	ether->src_addr = relay_mac(n);
	arp_write(frame + l3, &(struct arp){.operation = RTE_ARP_OP_REPLY,
					    .sender_mac = relay_mac(n),
					    .sender = a->target,
					    .target_mac = a->sender_mac,
					    .target = a->sender});
	relay_inject(r, n, 0, frame, l3 + sizeof(struct rte_arp_hdr));
}

static inline void relay_answer_ndp(struct relay *r, enum relay_network n, uint8_t *frame,
				    unsigned int l3, const struct ndp *s)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
	size_t length = ndp_write(frame + l3, &(struct ndp){.advertisement = true,
							    .solicited = true,
							    .override = true,
							    .has_mac = true,
							    .mac = relay_mac(n),
							    .source = s->target,
							    .destination = s->source,
							    .target = s->target});

	ether->dst_addr = r->dataplane.networks[n].mac;
	ether->src_addr = relay_mac(n);
	relay_inject(r, n, 0, frame, l3 + length);
}

/* True: it was a request for a neighbour. */
static inline bool relay_is_request(struct relay *r, enum relay_network n, uint8_t *frame,
				    size_t length)
{
	unsigned int l3 = n == TRUNK ? 18 : 14;
	struct arp a;
	struct ndp s;

	if (frame[l3 - 2] == 0x08 && frame[l3 - 1] == 0x06 &&
	    !arp_parse(&a, frame + l3, length - l3) && a.operation == RTE_ARP_OP_REQUEST) {
		if (!r->silent)
			relay_answer_arp(r, n, frame, l3, &a);
		return true;
	}
	if (frame[l3 - 2] == 0x86 && !ndp_parse(&s, frame + l3, length - l3) && !s.advertisement) {
		if (!r->silent)
			relay_answer_ndp(r, n, frame, l3, &s);
		return true;
	}
	return false;
}

static inline unsigned int relay_collect(struct relay *r)
{
	unsigned int count = 0;

	for (unsigned int n = 0; n < RELAY_NETWORKS; n++) {
		struct rte_mbuf *m;

		for (; !rte_ring_dequeue(r->out[n], (void **)&m); count++) {
			struct relay_frame *f = &r->sent[r->sent_count];

			if (m->nb_segs != 1 || m->data_len != m->pkt_len ||
			    m->data_len > sizeof(f->octets) || r->sent_count >= RELAY_FRAMES - 1)
				abort();
			f->network = n;
			f->length = m->data_len;
			memcpy(f->octets, rte_pktmbuf_mtod(m, void *), f->length);
			rte_pktmbuf_free(m);
			if (relay_is_request(r, n, f->octets, f->length))
				r->requests++;
			else
				r->sent_count++;
		}
	}
	return count;
}

static inline void relay_work(struct relay *r, unsigned int worker)
{
	worker_poll(r->dataplane.workers[worker]);
}

/* Until nobody has anything to do. */
static inline void relay_run(struct relay *r)
{
	unsigned int quiet = 0;

	for (unsigned int turn = 0; quiet < 3; turn++) {
		unsigned int handled;

		if (turn == 10000)
			abort();
		for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
			relay_work(r, k);
		handled = registry_poll(r->registry) + relay_collect(r);
		quiet = handled ? 0 : quiet + 1;
	}
}

/* Nothing is left behind: every buffer is in its pool again. */
static inline bool relay_is_idle(const struct relay *r)
{
	const struct dataplane *d = &r->dataplane;

	for (unsigned int k = 0; k < d->worker_count; k++)
		if (d->workers[k]->open_orders)
			return false;
	return rte_mempool_full(d->mbufs);
}

static inline void relay_destroy(struct relay *r)
{
	struct dataplane *d = &r->dataplane;

	filter_destroy(r->filter);
	registry_destroy(r->registry);
	keep_destroy(r->keep);
	neighbour_stop(d);
	r->silent = true; /* what was asked last is not answered any more */
	relay_collect(r);
	if (!relay_is_idle(r))
		abort();
	for (unsigned int k = 0; k < d->worker_count; k++) {
		if (d->workers[k]->free_stream_count != 32)
			abort();
		worker_destroy(d->workers[k]);
	}
	for (unsigned int n = 0; n < RELAY_NETWORKS; n++) {
		rte_ring_free(r->out[n]);
		for (unsigned int q = 0; q < RELAY_QUEUES; q++)
			rte_ring_free(r->in[n][q]);
	}
	shed_close(r->shed);
	rte_mempool_free(d->mbufs);
	free(d->legs);
	free(d->table);
	free(r);
}

static inline uint64_t relay_drops(const struct relay *r, enum drop reason)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
		sum += r->dataplane.workers[k]->drops[reason];
	return sum;
}

static inline uint64_t relay_all_drops(const struct relay *r)
{
	uint64_t sum = 0;

	for (unsigned int reason = DROP_NONE + 1; reason < DROP_MAX; reason++)
		sum += relay_drops(r, reason);
	return sum;
}

static inline uint64_t relay_counter(const struct relay *r, enum worker_counter counter)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
		sum += r->dataplane.workers[k]->counters[counter];
	return sum;
}

#endif
