/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/relay.h"

#include <stdio.h>

#include <rte_ethdev.h>

#include "dataplane/wire/ndp.h"

static uint16_t rx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	return rte_ring_dequeue_burst(queue, (void **)packets, count, NULL);
}

/* What a NIC does that was asked to: the field has the sum of the pseudo header already. */
static void finish_checksum(struct rte_mbuf *m)
{
	unsigned int at = m->l2_len + m->l3_len;
	struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, at);

	udp->dgram_cksum = ~rte_raw_cksum(udp, m->data_len - at);
	if (!udp->dgram_cksum)
		udp->dgram_cksum = 0xffff;
}

/* Where there is little room the last ones go, as of a bond: what is given back is not in order. */
static void turn_round(struct rte_mbuf **packets, uint16_t count)
{
	for (uint16_t k = 0; k < count / 2; k++) {
		struct rte_mbuf *m = packets[k];

		packets[k] = packets[count - 1 - k];
		packets[count - 1 - k] = m;
	}
}

static uint16_t tx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	if (rte_ring_free_count(queue) < count)
		turn_round(packets, count);
	for (uint16_t k = 0; k < count; k++)
		if (packets[k]->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM)
			finish_checksum(packets[k]);
	return rte_ring_enqueue_burst(queue, (void **)packets, count, NULL);
}

/* A port as far as a worker knows it: two functions and their queues. */
void relay_open_port(struct relay *r, enum relay_network n, uint16_t queues)
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
	ops->rx_pkt_burst = rx_burst;
	ops->tx_pkt_burst = tx_burst;
	ops->rxq.data = rx[n];
	ops->txq.data = tx[n];
}

void relay_close_port(struct relay *r, enum relay_network n)
{
	rte_ring_free(r->out[n]);
	for (unsigned int q = 0; q < RELAY_QUEUES; q++)
		rte_ring_free(r->in[n][q]);
}

void relay_inject(struct relay *r, enum relay_network n, unsigned int queue, const void *frame,
		  size_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(r->dataplane.mbufs);

	memcpy(rte_pktmbuf_append(m, length), frame, length);
	if (rte_ring_enqueue(r->in[n][queue], m))
		abort();
}

struct rte_ether_addr relay_mac(enum relay_network n)
{
	return (struct rte_ether_addr){{0x02, 0, 0x5e, 0, 0x01, n}};
}

void relay_answer_arp(struct relay *r, enum relay_network n, uint8_t *frame, unsigned int l3,
		      const struct arp *question)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;

	ether->dst_addr = question->sender_mac;
	ether->src_addr = relay_mac(n);
	arp_write(frame + l3, &(struct arp){.operation = RTE_ARP_OP_REPLY,
					    .sender_mac = relay_mac(n),
					    .sender = question->target,
					    .target_mac = question->sender_mac,
					    .target = question->sender});
	relay_inject(r, n, 0, frame, l3 + sizeof(struct rte_arp_hdr));
}

static void answer_ndp(struct relay *r, enum relay_network n, uint8_t *frame, unsigned int l3,
		       const struct ndp *s)
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

	ether->dst_addr = r->dataplane.ports[n].mac;
	ether->src_addr = relay_mac(n);
	relay_inject(r, n, 0, frame, l3 + length);
}

/* True: it was a request for a neighbour. */
static bool is_request(struct relay *r, enum relay_network n, uint8_t *frame, size_t length)
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
			answer_ndp(r, n, frame, l3, &s);
		return true;
	}
	return false;
}

unsigned int relay_collect(struct relay *r)
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
			if (is_request(r, n, f->octets, f->length))
				r->requests++;
			else
				r->sent_count++;
		}
	}
	return count;
}
