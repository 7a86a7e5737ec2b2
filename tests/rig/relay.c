/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/relay.h"

#include <stdio.h>

#include "dataplane/main/links/neighbour.h"

#define STREAMS 32

const char *const relay_local[RELAY_ADDRESSES] = {"198.51.100.1", "2001:db8:1::1", "203.0.113.1",
						  "2001:db8:2::1"};

static void add_network(struct relay *r, enum relay_network n, uint16_t queues)
{
	struct dataplane *d = &r->dataplane;
	struct network *network = &d->networks[n];

	d->ports[n] = (struct port){
		.id = n,
		.queues = queues,
		.udp_checksum = n == PUBLIC,
		.spreads_flows = queues >= d->worker_count && queues > 1,
		.mac = {{0x02, 0, 0x5e, 0, 0, 0x01 + n}},
		.network_count = 1,
		.networks = {network},
	};
	*network = (struct network){
		.port = &d->ports[n],
		.mtu = 1500,
		.vlan = n == TRUNK ? 42 : 0,
		.dscp = 46,
		.address_count = 2,
		.address = {2 * n, 2 * n + 1},
	};
	snprintf(network->name, sizeof(network->name), n == TRUNK ? "trunk" : "public");
	for (unsigned int k = 2 * n; k < 2 * n + 2; k++)
		d->addresses[k] = (struct local_address){bench_address(relay_local[k]), network,
							 k % 2 ? 64 : 96 + 24};
	d->port_by_id[n] = &d->ports[n];
	r->at[n].network = network;
	relay_open_port(r, n, queues);
}

static void keep_packet(struct relay *r, uint64_t capture,
			const Tandem__Dataplane__V1__CapturedPacket *packet)
{
	struct relay_captured *to;

	if (r->captured_count++ >= RELAY_CAPTURED)
		return;
	to = &r->captured[r->captured_count - 1];
	*to = (struct relay_captured){
		.capture = capture,
		.leg = packet->leg,
		.time_ns = packet->time_ns,
		.sent = packet->sent,
		.sealed = packet->sealed,
		.length = packet->length,
		.size = packet->octets.len,
	};
	memcpy(to->octets, packet->octets.data, packet->octets.len);
}

static void keep_captured(struct relay *r, const Tandem__Dataplane__V1__Captured *captured)
{
	for (size_t k = 0; k < captured->n_packets; k++)
		keep_packet(r, captured->capture, captured->packets[k]);
	r->over_rate = captured->over_rate;
	r->uncopied = captured->lost;
	r->captures_over += captured->over;
}

static void on_event(void *arg, const Tandem__Dataplane__V1__Event *event)
{
	struct relay *r = arg;

	if (event->captured)
		return keep_captured(r, event->captured);
	if (r->event_count < RELAY_EVENTS)
		r->events[r->event_count++] = (struct relay_event){
			.leg = event->leg,
			.kind = event->kind,
			.port = event->remote ? event->remote->port : 0,
			.origin = event->origin ? event->origin->port : 0,
			.datagram = event->datagram.len,
			.allocation = event->allocation,
		};
}

static void open_shed(struct relay *r)
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

static void create_filter(struct relay *r)
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

static bool is_blocked(void *arg, const struct address *address)
{
	return filter_blocks(((struct relay *)arg)->filter, address);
}

static void create_turn(struct relay *r)
{
	const struct turn_server_config config = {
		.dataplane = &r->dataplane,
		.shed = r->shed,
		.event = on_event,
		.is_blocked = is_blocked,
		.arg = r,
	};

	if (turn_server_create(&r->turn, &config, RELAY_ALLOCATIONS, SOCKET_ID_ANY))
		abort();
	registry_serve_turn(r->registry, r->turn);
	r->counters.turn_excess = turn_server_excess(r->turn);
}

struct relay *relay_create(unsigned int legs, unsigned int workers, uint16_t queues,
			   const struct crypt_engine *engine)
{
	struct relay *r = calloc(1, sizeof(*r));
	struct dataplane *d = &r->dataplane;
	const struct registry_config config = {
		.dataplane = d,
		.engine = engine,
		.event = on_event,
		.arg = r,
	};

	r->reader = READER_READY;
	d->worker_count = workers;
	d->port_count = d->network_count = RELAY_NETWORKS;
	d->address_count = RELAY_ADDRESSES;
	d->leg_count = legs;
	d->mbufs = rte_pktmbuf_pool_create("mbufs", RELAY_PACKETS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	d->flows = calloc((size_t)RELAY_ADDRESSES << 16, sizeof(d->flows[0]));
	d->legs = aligned_alloc(RTE_CACHE_LINE_SIZE, legs * sizeof(d->legs[0]));
	memset(d->legs, 0, legs * sizeof(d->legs[0]));
	for (unsigned int k = 0; k < legs; k++)
		d->legs[k].index = k;
	if (!d->mbufs || !d->flows)
		abort();
	for (unsigned int k = 0; k < RELAY_NETWORKS; k++)
		add_network(r, k, queues);
	open_shed(r);
	for (unsigned int k = 0; k < workers; k++) {
		if (worker_create(&d->workers[k], d, k, STREAMS))
			abort();
		d->workers[k]->engine = engine;
		d->workers[k]->streams_per_flow = 4;
	}
	if (neighbour_start(d) || registry_create(&r->registry, &config) ||
	    keep_create(&r->keep, d->leg_count))
		abort();
	create_filter(r);
	create_turn(r);
	return r;
}

void relay_run(struct relay *r)
{
	unsigned int quiet = 0;

	for (unsigned int turn = 0; quiet < 3; turn++) {
		unsigned int handled;

		if (turn == 10000)
			abort();
		for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
			worker_poll(r->dataplane.workers[k]);
		handled = registry_poll(r->registry) + relay_collect(r);
		handled += registry_tell_captured(r->registry, r->reader);
		quiet = handled ? 0 : quiet + 1;
	}
}

void relay_look(struct relay *r)
{
	relay_run(r);
	r->registry->next_watch = 0;
	relay_run(r);
}

/* Each once: what was freed twice would be there in the place of another. */
static bool all_are_back(struct rte_mempool *mbufs)
{
	struct rte_mbuf *packets[RELAY_PACKETS];
	bool once = true;

	if (!rte_mempool_full(mbufs) ||
	    rte_mempool_get_bulk(mbufs, (void **)packets, RELAY_PACKETS))
		return false;
	for (unsigned int k = 0; k < RELAY_PACKETS; k++)
		packets[k]->port = 0;
	for (unsigned int k = 0; k < RELAY_PACKETS; k++)
		once &= packets[k]->port++ == 0;
	rte_mempool_put_bulk(mbufs, (void **)packets, RELAY_PACKETS);
	return once;
}

bool relay_is_idle(const struct relay *r)
{
	const struct dataplane *d = &r->dataplane;

	for (unsigned int k = 0; k < d->worker_count; k++)
		if (d->workers[k]->open_orders)
			return false;
	return all_are_back(d->mbufs);
}

void relay_destroy(struct relay *r)
{
	struct dataplane *d = &r->dataplane;
	uint32_t streams = 0;

	tandem__dataplane__v1__leg_status__free_unpacked(r->status, NULL);
	filter_destroy(r->filter);
	registry_destroy(r->registry);
	turn_server_destroy(r->turn);
	keep_destroy(r->keep);
	neighbour_stop(d);
	r->silent = true; /* what was asked last gets no answer */
	relay_collect(r);
	if (!relay_is_idle(r))
		abort();
	/* Units go over to other workers with the legs that have them. */
	for (unsigned int k = 0; k < d->worker_count; k++) {
		if (d->workers[k]->free_stream_count != d->workers[k]->stream_count)
			abort();
		streams += d->workers[k]->stream_count;
	}
	if (streams != d->worker_count * STREAMS)
		abort();
	for (unsigned int k = 0; k < d->worker_count; k++)
		worker_destroy(d->workers[k]);
	for (unsigned int n = 0; n < RELAY_NETWORKS; n++)
		relay_close_port(r, n);
	shed_close(r->shed);
	rte_mempool_free(d->mbufs);
	free(d->legs);
	free(d->flows);
	free(r);
}

uint64_t relay_drops(const struct relay *r, enum drop reason)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
		sum += r->dataplane.workers[k]->drops[reason];
	return sum;
}

uint64_t relay_all_drops(const struct relay *r)
{
	uint64_t sum = 0;

	for (unsigned int reason = DROP_NONE + 1; reason < DROP_MAX; reason++)
		sum += relay_drops(r, reason);
	return sum;
}

uint64_t relay_counter(const struct relay *r, enum worker_counter counter)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
		sum += r->dataplane.workers[k]->counters[counter];
	return sum;
}

struct shed_port *relay_shed_port(const struct relay *r, enum relay_address address, uint16_t port)
{
	return &r->dataplane.shed_ports[address][port];
}

bool relay_is_open(const struct relay *r, enum relay_address address, uint16_t port)
{
	bool open = relay_shed_port(r, address, port)->flags & SHED_PORT_OPEN;

	if (open != (flow_entry_load(&r->dataplane, address, port).kind != FLOW_CLOSED))
		abort();
	return open;
}

struct record *relay_record(struct relay *r, uint64_t leg)
{
	struct record *found = record_find(r->registry, leg);

	if (!found)
		abort();
	return found;
}

const Tandem__Dataplane__V1__LegStatus *relay_status(struct relay *r, uint64_t leg)
{
	tandem__dataplane__v1__leg_status__free_unpacked(r->status, NULL);
	r->status = registry_status(r->registry, registry_find(r->registry, leg), true);
	return r->status;
}
