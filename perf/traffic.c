/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/traffic.h"

#include <errno.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_thash.h>
#include <rte_udp.h>

#include "dataplane/wire/rtp.h"
#include "perf/calls.h"

#define CLOCK 8000       /* Hz */
#define OWN   0x7a6e9d5c /* in the mbuf of a packet that goes round */

/* A queue of a port: a list of packets that have arrived, and how many were sent. */
struct wire {
	struct rte_mbuf *mbuf[RIG_PACKETS];
	uint32_t head, tail;
	uint32_t sent;
	uint16_t port;
	bool copies;    /* packets come that are none of the traffic's own */
	uint64_t flags; /* of each mbuf */
} __rte_cache_aligned;

static struct wire wires[RIG_NETWORKS][RIG_WORKERS_MAX];
static bool loaded;

/* --- ports ----------------------------------------------------------------------------------- */

/* As a driver does, it writes port and lengths into the first cache line of each mbuf. */
static uint16_t rx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	struct wire *wire = queue;
	uint32_t left = wire->tail - wire->head;

	if (count > left)
		count = left;
	for (uint16_t k = 0; k < count; k++) {
		struct rte_mbuf *m = wire->mbuf[wire->head++];

		m->port = wire->port;
		m->nb_segs = 1;
		m->ol_flags = wire->flags;
		packets[k] = m;
	}
	return count;
}

/* What is not of the traffic's own buffers, as a driver does in the end. */
static void free_others(struct rte_mbuf **packets, uint16_t count)
{
	struct rte_mbuf *others[BURST_MAX];
	unsigned int left = 0;

	for (uint16_t k = 0; k < count; k++)
		if (packets[k]->hash.usr != OWN)
			others[left++] = packets[k];
	rte_pktmbuf_free_bulk(others, left);
}

static uint16_t tx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	struct wire *wire = queue;

	if (unlikely(!loaded || wire->copies))
		free_others(packets, count);
	wire->sent += count;
	return count;
}

void traffic_open_ports(const struct rig_config *config)
{
	static void *queues[RIG_NETWORKS][RIG_WORKERS_MAX];

	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[n];

		for (unsigned int q = 0; q < config->workers; q++) {
			wires[n][q].port = n;
			wires[n][q].flags = traffic_flags(config);
			wires[n][q].copies = config->listeners;
			queues[n][q] = &wires[n][q];
		}
		ops->rx_pkt_burst = rx_burst;
		ops->tx_pkt_burst = tx_burst;
		ops->rxq.data = queues[n];
		ops->txq.data = queues[n];
	}
}

static struct wire *wire_of(const struct traffic *t, unsigned int network)
{
	return &wires[network][t->worker->id];
}

uint32_t traffic_sent(const struct traffic *t)
{
	uint32_t sent = 0;

	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		sent += wire_of(t, n)->sent;
	return sent;
}

void traffic_skip(const struct traffic *t)
{
	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		wire_of(t, n)->head = wire_of(t, n)->tail;
}

void traffic_take_back(const struct traffic *t)
{
	for (uint32_t k = 0; k < t->load; k++)
		t->sender[k]->index--;
}

/* --- packets --------------------------------------------------------------------------------- */

/* A participant's clock goes as the relay's does: or all of its packets would be late. */
static uint32_t now(void)
{
	return rte_rdtsc() / (rte_get_tsc_hz() / CLOCK);
}

static void put_rtp(uint8_t *p, const struct source *s, uint16_t payload)
{
	const uint16_t seq = rte_cpu_to_be_16(s->index);
	const uint32_t timestamp = rte_cpu_to_be_32(now());
	const uint32_t ssrc = rte_cpu_to_be_32(s->ssrc);

	p[0] = 0x80;
	p[1] = 0;
	memcpy(p + 2, &seq, sizeof(seq));
	memcpy(p + 4, &timestamp, sizeof(timestamp));
	memcpy(p + 8, &ssrc, sizeof(ssrc));
	memset(p + RTP_HEADER, 0xd5, payload); /* silence in G.711 A-law */
}

/* ChannelData's header, of a participant behind TURN; returns where it ends. */
static uint8_t *put_channel(uint8_t *p, const struct source *s, uint16_t length)
{
	if (!s->channel)
		return p;
	p[0] = s->channel >> 8;
	p[1] = s->channel;
	p[2] = length >> 8;
	p[3] = length;
	return p + 4;
}

static void put_lengths(const struct traffic *t, uint8_t *frame, uint16_t length)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	udp->dgram_len = rte_cpu_to_be_16(sizeof(*udp) + length);
	ip->total_length = rte_cpu_to_be_16(sizeof(*ip) + sizeof(*udp) + length);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->dgram_cksum = 0;
	if (t->rig->config.software_checksums)
		udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
}

static void protect(struct traffic *t, uint32_t first, uint32_t count)
{
	struct crypt_job jobs[BURST_MAX];

	for (uint32_t k = 0; k < count; k++) {
		struct source *s = t->sender[first + k];

		jobs[k] = (struct crypt_job){
			.key = s->key,
			.data = rte_pktmbuf_mtod_offset(t->mbuf[first + k], uint8_t *,
							sizeof(s->header)),
			.length = RTP_HEADER + t->payload,
			.header = RTP_HEADER,
			.ssrc = s->ssrc,
			.index = s->index,
		};
	}
	t->rig->maker->protect(jobs, count);
	for (uint32_t k = 0; k < count; k++) {
		struct rte_mbuf *m = t->mbuf[first + k];

		m->data_len = m->pkt_len = sizeof(t->sender[0]->header) + jobs[k].length;
		put_lengths(t, rte_pktmbuf_mtod(m, uint8_t *), jobs[k].length);
	}
}

static void fill_burst(struct traffic *t, uint32_t first, uint32_t count)
{
	struct traffic_round *round = &t->rounds[t->from];

	for (uint32_t k = first; k < first + count; k++) {
		struct source *s = round->order[round->next];
		struct rte_mbuf *m = t->mbuf[k];
		uint8_t *frame, *rtp;

		round->next = round->next + 1 == round->count ? 0 : round->next + 1;
		t->sender[k] = s;
		rte_pktmbuf_reset(m);
		frame = rte_pktmbuf_mtod(m, uint8_t *);
		memcpy(frame, s->header, sizeof(s->header));
		rtp = put_channel(frame + sizeof(s->header), s, RTP_HEADER + t->payload);
		put_rtp(rtp, s, t->payload);
		m->data_len = m->pkt_len = rtp + RTP_HEADER + t->payload - frame;
		put_lengths(t, frame, m->data_len - sizeof(s->header));
	}
	if (t->from == FROM_SECURE)
		protect(t, first, count);
	for (uint32_t k = first; k < first + count; k++) {
		struct wire *wire = wire_of(t, t->sender[k]->network);

		wire->mbuf[wire->tail++] = t->mbuf[k];
		t->sender[k]->index++;
	}
}

void traffic_fill(struct traffic *t)
{
	struct traffic_round *round = &t->rounds[t->from];
	/* Nobody is asked for two packets before the first one has its index. */
	const uint32_t step = RTE_MIN((uint32_t)BURST_MAX, round->count);

	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		wire_of(t, n)->head = wire_of(t, n)->tail = wire_of(t, n)->sent = 0;
	if (t->load < t->packets)
		round->next = 0;
	for (uint32_t k = 0; k < t->load; k += step)
		fill_burst(t, k, RTE_MIN(step, t->load - k));
}

/* --- who sends ------------------------------------------------------------------------------- */

static uint32_t random_below(uint64_t *state, uint32_t end)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) * end >> 32;
}

static void shuffle(struct traffic_round *round)
{
	uint64_t state = 0x7a6e9d5c3b1f2048;

	for (uint32_t k = round->count; k > 1; k--) {
		uint32_t other = random_below(&state, k);
		struct source *s = round->order[k - 1];

		round->order[k - 1] = round->order[other];
		round->order[other] = s;
	}
}

/* As RSS does, over addresses and UDP ports. */
static unsigned int hash_of(const struct source *s)
{
	static const uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
					0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
					0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
					0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
	const struct rte_ipv4_hdr *ip =
		(const struct rte_ipv4_hdr *)(s->header + RTE_ETHER_HDR_LEN);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(ip + 1);
	union rte_thash_tuple tuple = {.v4 = {.src_addr = rte_be_to_cpu_32(ip->src_addr),
					      .dst_addr = rte_be_to_cpu_32(ip->dst_addr)}};

	tuple.v4.sport = rte_be_to_cpu_16(udp->src_port);
	tuple.v4.dport = rte_be_to_cpu_16(udp->dst_port);
	return rte_softrss((uint32_t *)&tuple, RTE_THASH_V4_L4_LEN, key);
}

static unsigned int queue_of(const struct traffic *t, const struct source *s)
{
	return t->rig->config.rss ? hash_of(s) % t->rig->config.workers : s->leg->worker;
}

static bool is_sender(const struct traffic *t, const struct source *s, enum traffic_from from)
{
	const enum traffic_from its = s->key ? FROM_SECURE : s->channel ? FROM_CLIENT : FROM_PLAIN;

	return calls_speaks(t->rig, s - t->rig->sources) && queue_of(t, s) == t->worker->id &&
	       its == from;
}

static int create_round(struct traffic *t, enum traffic_from from)
{
	struct traffic_round *round = &t->rounds[from];
	const struct rig *rig = t->rig;
	uint32_t count = 0;

	for (uint32_t k = 0; k < rig->config.legs; k++)
		count += is_sender(t, &rig->sources[k], from);
	round->order =
		rte_malloc("order", (count + 1) * sizeof(round->order[0]), RTE_CACHE_LINE_SIZE);
	if (!round->order)
		return -ENOMEM;
	for (uint32_t k = 0; k < rig->config.legs; k++)
		if (is_sender(t, &rig->sources[k], from))
			round->order[round->count++] = &rig->sources[k];
	shuffle(round);
	return 0;
}

int traffic_select(struct traffic *t, enum traffic_from from, uint16_t payload, uint32_t load)
{
	t->from = from;
	t->payload = payload;
	t->load = load;
	return t->rounds[from].count ? 0 : -EINVAL;
}

int traffic_create(struct traffic *t, struct rig *rig, unsigned int worker)
{
	int error = 0;

	t->rig = rig;
	t->packets = rig->config.rss ? RIG_PACKETS / rig->config.workers : RIG_PACKETS;
	t->worker = rig->dataplane.workers[worker];
	for (unsigned int from = 0; from < FROM_MAX && !error; from++)
		error = create_round(t, from);
	if (!error && rte_pktmbuf_alloc_bulk(rig->dataplane.mbufs, t->mbuf, t->packets))
		error = -ENOMEM;
	for (uint32_t k = 0; k < t->packets && !error; k++)
		t->mbuf[k]->hash.usr = OWN;
	loaded = true;
	return error;
}
