/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/media.h"

struct bench *media_create(uint32_t streams)
{
	struct bench *f = bench_create();

	f->worker->streams_per_flow = 16;
	if (stream_pool_create(f->worker, streams, SOCKET_ID_ANY))
		abort();
	return f;
}

void media_destroy(struct bench *f)
{
	stream_pool_destroy(f->worker);
	bench_destroy(f);
}

struct leg *media_leg(struct bench *f, struct leg_config *config, uint16_t port)
{
	struct leg *leg = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*leg));

	memset(leg, 0, sizeof(*leg));
	leg_apply(f->worker, leg, config, rte_rdtsc());
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		leg->remote[c] = bench_endpoint("198.51.100.7", port + c);
		leg->latched[c] = true;
	}
	return leg;
}

void media_leg_free(struct bench *f, struct leg *leg)
{
	stream_release_all(f->worker, &leg->flow);
	free(leg);
}

void media_burst(struct burst *b, uint64_t now)
{
	memset(b, 0, sizeof(*b));
	b->now = now;
}

unsigned int media_add(struct bench *f, struct burst *b, struct leg *leg,
		       const struct packet *packet)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->mbufs);
	unsigned int i = b->count++;

	if (!m || i >= BURST_MAX)
		abort();
	memcpy(rte_pktmbuf_append(m, MEDIA_PAYLOAD + packet->length) + MEDIA_PAYLOAD,
	       packet->octets, packet->length);
	b->mbuf[i] = m;
	b->class[i] = packet->class;
	b->payload[i] = MEDIA_PAYLOAD;
	b->length[i] = packet->length;
	b->leg[i] = leg;
	b->flow[i] = &leg->flow;
	b->source[i] = leg->remote[0];
	return i;
}

void media_free(struct burst *b)
{
	rte_pktmbuf_free_bulk(b->mbuf, b->count);
	b->count = 0;
}
