/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the XDP program does for other networks: the policy of ebpf/policy.h, over the same tables,
 * before anything else is done with a packet. What it drops leaves the burst at once.
 *
 * Each worker has sources of its own, so that a source which reaches several of them is allowed its
 * rate by each; ports have one bucket for all.
 */
#include <rte_prefetch.h>

#include "dataplane/blocks.h"
#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/offence.h"
#include "dataplane/sources.h"
#include "dataplane/stages.h"
#include "dataplane/turn.h"
#include "dataplane/worker.h"
#include "ebpf/policy.h"

#define PREFETCH_AHEAD 4 /* packets */

/* What one burst is judged with. */
struct judge {
	struct worker *worker;
	const struct dataplane *dataplane;
	const struct port *port;
	uint64_t now; /* ns */
};

static inline void *find_media(const struct judge *j, const struct network *network,
			       const struct shed_address *a)
{
	for (unsigned int k = 0; k < network->address_count; k++) {
		unsigned int index = network->address[k];
		const struct address *own = &j->dataplane->addresses[index].address;

		if (own->half[0] == a->half[0] && own->half[1] == a->half[1])
			return j->dataplane->shed_ports[index];
	}
	return NULL;
}

/* The media address of one of the port's networks; NULL: classify will say what it is. */
static inline void *policy_media(void *judge, const struct shed_address *a)
{
	const struct judge *j = judge;
	void *media = NULL;

	for (unsigned int k = 0; k < j->port->network_count && !media; k++)
		media = find_media(j, j->port->networks[k], a);
	return media;
}

static inline struct shed_port *policy_port(void *media, __u32 entry)
{
	return (struct shed_port *)media + entry;
}

static inline const struct shed_rule *policy_rule(void *judge)
{
	return ((const struct judge *)judge)->dataplane->shed_rule;
}

static inline int policy_blocked(void *judge, const struct shed_address *a)
{
	return block_list_has(((const struct judge *)judge)->worker->blocks, a);
}

static inline __u64 policy_now(void *judge)
{
	return ((const struct judge *)judge)->now;
}

static inline __u64 *policy_source(void *judge, const struct shed_address *source)
{
	return source_find(((const struct judge *)judge)->worker->sources, source);
}

static inline void policy_remember(void *judge, const struct shed_address *source, __u64 due)
{
	source_add(((const struct judge *)judge)->worker->sources, source, due);
}

static inline __u64 *policy_client(void *judge, const struct shed_client *client)
{
	const struct turn *t = ((const struct judge *)judge)->dataplane->turn;
	struct endpoint from = {.port = client->port};
	struct allocation *a;

	if (!t)
		return NULL;
	from.address.half[0] = client->address.half[0];
	from.address.half[1] = client->address.half[1];
	a = turn_find(t, turn_hash(t, client->listener, &from), client->listener, &from);
	return a ? &a->due : NULL;
}

static inline struct shed_sketch *policy_sketch(void *judge)
{
	return ((const struct judge *)judge)->dataplane->shed_sketch;
}

/*
 * Asks for the entry of the port that a packet is probably meant for. What is read here is checked
 * later: nothing but what is in the caches depends on it.
 */
static inline void prefetch_port(struct judge *j, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	bool tagged = frame[12] == RTE_ETHER_TYPE_VLAN >> 8 && !frame[13];
	const uint8_t *ip = frame + (tagged ? 18 : 14);
	bool ipv4 = ip[0] >> 4 == 4;
	struct address to = ipv4 ? address_from_ipv4(ip + 16) : address_from_ipv6(ip + 24);
	struct shed_address address = {.half = {to.half[0], to.half[1]}};
	const struct shed_port *ports = policy_media(j, &address);
	const char *port;
	rte_be16_t number;

	if (!ports)
		return;
	memcpy(&number, ip + (ipv4 ? 22 : 42), sizeof(number));
	port = (const char *)&ports[rte_be_to_cpu_16(number)];
	for (unsigned int k = 0; k < sizeof(struct shed_port); k += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(port + k);
}

/* True: it goes on. */
static inline bool judge_packet(struct judge *j, const struct rte_mbuf *m, uint64_t now)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct policy p = {.frame = {frame, frame + rte_pktmbuf_data_len(m)}, .judge = j};
	enum shed_reason reason = policy_verdict(&p);

	j->worker->sheds[reason]++;
	if (likely(!shed_reason_drops(reason)))
		return true;
	offence_sample(j->worker, m, SHED_SAMPLE_OCTETS, reason, p.port ? p.port->leg : SHED_NO_LEG,
		       &p.source, now);
	return false;
}

static void judge_burst(struct judge *j, struct burst *b)
{
	struct rte_mbuf *dropped[BURST_MAX];
	unsigned int drops = 0, left = 0;

	for (unsigned int i = 0; i < b->count && i < PREFETCH_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(b->mbuf[i], const void *));
	for (unsigned int i = 0; i < b->count; i++) {
		if (i + PREFETCH_AHEAD < b->count)
			rte_prefetch0(rte_pktmbuf_mtod(b->mbuf[i + PREFETCH_AHEAD], const void *));
		prefetch_port(j, b->mbuf[i]);
	}
	for (unsigned int i = 0; i < b->count; i++) {
		struct rte_mbuf *m = b->mbuf[i];

		if (judge_packet(j, m, b->now))
			b->mbuf[left++] = m;
		else
			dropped[drops++] = m;
	}
	b->count = left;
	if (drops)
		rte_pktmbuf_free_bulk(dropped, drops);
}

/* A burst is of one port, unless it was handed over by workers that have judged it. */
void shed_stage(struct worker *w, struct burst *b)
{
	const struct dataplane *d = w->dataplane;
	struct judge j = {.worker = w, .dataplane = d};

	if (b->handed_over || !b->count)
		return;
	j.port = d->port_by_id[b->port[0]];
	if (likely(!j.port->judged))
		return;
	j.now = clock_ns(&d->clock, b->now);
	judge_burst(&j, b);
}
