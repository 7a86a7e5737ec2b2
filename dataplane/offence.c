/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/offence.h"
#include "dataplane/allocation.h"

#include <assert.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/worker.h"
#include "ebpf/sketch.h"

static_assert(sizeof(struct shed_sample) % 4 == 0, "the elements of rings are of whole words");

void offence_sample(struct worker *w, const struct rte_mbuf *m, uint32_t most, unsigned int reason,
		    uint32_t leg, const struct shed_address *source, uint64_t now)
{
	struct shed_sample sample = {.reason = reason, .leg = leg, .source = *source};

	if (now - w->sampled[reason] < w->hz / OFFENCE_SAMPLES || !w->samples)
		return;
	w->sampled[reason] = now;
	sample.time = clock_ns(&w->dataplane->clock, now);
	sample.length = m->pkt_len;
	sample.captured = RTE_MIN((uint32_t)m->data_len, most);
	memcpy(sample.octets, rte_pktmbuf_mtod(m, const void *), sample.captured);
	rte_ring_sp_enqueue_elem(w->samples, &sample, sizeof(sample));
}

static uint32_t clear_octets(const struct burst *b, unsigned int i)
{
	if (!b->leg[i] || !b->leg[i]->flow.secure)
		return SHED_SAMPLE_OCTETS;
	return RTE_MIN(b->payload[i] + RTCP_HEADER, SHED_SAMPLE_OCTETS);
}

void offence_note(struct worker *w, const struct burst *b, unsigned int i, unsigned int reason)
{
	const struct dataplane *d = w->dataplane;
	const struct allocation *a = b->allocation[i];
	struct shed_address source, counted;

	if (!d->shed_sketch || !d->shed_rule)
		return;
	/* By way of an allocation it is the client's, and not the relayed address's, which is ours.
	 */
	memcpy(source.byte, a ? a->client.address.octets : b->source[i].address.octets,
	       sizeof(source.byte));
	counted = sketch_source(&source);
	sketch_add(d->shed_sketch, &counted, d->shed_rule->seed);
	offence_sample(w, b->mbuf[i], clear_octets(b, i), reason,
		       b->leg[i] ? b->leg[i]->index : SHED_NO_LEG, &source, b->now);
}
