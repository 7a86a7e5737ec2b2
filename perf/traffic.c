/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/traffic.h"

#include <errno.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_udp.h>

#include "dataplane/rtp.h"

#define SAMPLES_PER_PACKET 160 /* 20 ms at 8 kHz */

/* The receive side of a port: a list of packets that have arrived. */
struct wire {
	struct rte_mbuf *mbuf[RIG_PACKETS];
	uint32_t head, tail;
	uint16_t port;
};

static struct wire wires[RIG_NETWORKS];
static bool loaded;
static uint32_t sent;

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
		m->ol_flags = 0;
		packets[k] = m;
	}
	return count;
}

static uint16_t tx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	if (unlikely(!loaded))
		rte_pktmbuf_free_bulk(packets, count);
	sent += count;
	return count;
}

void traffic_open_ports(void)
{
	static void *rx[RIG_NETWORKS], *tx[RIG_NETWORKS];

	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[n];

		wires[n].port = n;
		rx[n] = tx[n] = &wires[n];
		ops->rx_pkt_burst = rx_burst;
		ops->tx_pkt_burst = tx_burst;
		ops->rxq.data = &rx[n];
		ops->txq.data = &tx[n];
	}
}

uint32_t traffic_sent(void)
{
	return sent;
}

void traffic_skip(void)
{
	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		wires[n].head = wires[n].tail;
}

/* --- packets --------------------------------------------------------------------------------- */

static void put_rtp(uint8_t *p, const struct source *s, uint16_t payload)
{
	const uint16_t seq = rte_cpu_to_be_16(s->index);
	const uint32_t timestamp = rte_cpu_to_be_32((uint32_t)s->index * SAMPLES_PER_PACKET);
	const uint32_t ssrc = rte_cpu_to_be_32(s->ssrc);

	p[0] = 0x80;
	p[1] = 0;
	memcpy(p + 2, &seq, sizeof(seq));
	memcpy(p + 4, &timestamp, sizeof(timestamp));
	memcpy(p + 8, &ssrc, sizeof(ssrc));
	memset(p + RTP_HEADER, 0xd5, payload); /* silence in G.711 A-law */
}

static void put_lengths(uint8_t *frame, uint16_t length)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	udp->dgram_len = rte_cpu_to_be_16(sizeof(*udp) + length);
	ip->total_length = rte_cpu_to_be_16(sizeof(*ip) + sizeof(*udp) + length);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
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
		put_lengths(rte_pktmbuf_mtod(m, uint8_t *), jobs[k].length);
	}
}

static void fill_burst(struct traffic *t, uint32_t first, uint32_t count)
{
	for (uint32_t k = first; k < first + count; k++) {
		struct source *s = t->order[t->next];
		struct rte_mbuf *m = t->mbuf[k];
		uint8_t *frame;

		t->next = t->next + 1 == t->count ? 0 : t->next + 1;
		t->sender[k] = s;
		rte_pktmbuf_reset(m);
		m->data_len = m->pkt_len = sizeof(s->header) + RTP_HEADER + t->payload;
		frame = rte_pktmbuf_mtod(m, uint8_t *);
		memcpy(frame, s->header, sizeof(s->header));
		put_rtp(frame + sizeof(s->header), s, t->payload);
		put_lengths(frame, RTP_HEADER + t->payload);
	}
	if (t->from == FROM_SECURE)
		protect(t, first, count);
	for (uint32_t k = first; k < first + count; k++) {
		struct wire *wire = &wires[t->sender[k]->network];

		wire->mbuf[wire->tail++] = t->mbuf[k];
		t->sender[k]->index++;
	}
}

void traffic_fill(struct traffic *t)
{
	/* Nobody is asked for two packets before the first one has its index. */
	const uint32_t step = RTE_MIN((uint32_t)BURST_MAX, t->count);

	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		wires[n].head = wires[n].tail = 0;
	sent = 0;
	loaded = true;
	for (uint32_t k = 0; k < RIG_PACKETS; k += step)
		fill_burst(t, k, RTE_MIN(step, RIG_PACKETS - k));
}

/* --- who sends ------------------------------------------------------------------------------- */

static uint32_t random_below(uint64_t *state, uint32_t end)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) * end >> 32;
}

int traffic_select(struct traffic *t, enum traffic_from from, uint16_t payload)
{
	uint64_t state = 0x7a6e9d5c3b1f2048;

	t->from = from;
	t->payload = payload;
	t->count = t->next = 0;
	for (uint32_t k = 0; k < t->rig->config.legs; k++)
		if (!t->rig->sources[k].key == (from == FROM_PLAIN))
			t->order[t->count++] = &t->rig->sources[k];
	for (uint32_t k = t->count; k > 1; k--) {
		uint32_t other = random_below(&state, k);
		struct source *s = t->order[k - 1];

		t->order[k - 1] = t->order[other];
		t->order[other] = s;
	}
	return t->count ? 0 : -EINVAL;
}

int traffic_create(struct traffic *t, struct rig *rig)
{
	t->rig = rig;
	t->order = rte_malloc("order", rig->config.legs * sizeof(t->order[0]), RTE_CACHE_LINE_SIZE);
	if (!t->order || rte_pktmbuf_alloc_bulk(rig->dataplane.mbufs, t->mbuf, RIG_PACKETS))
		return -ENOMEM;
	return 0;
}
