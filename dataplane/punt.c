/* SPDX-License-Identifier: BSD-3-Clause */
/* What only the control plane can answer, DTLS, leaves the burst for the main lcore. */
#include "dataplane/burst.h"
#include "dataplane/leg.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

void punt_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		struct rte_mbuf *m = b->mbuf[i];

		if (likely(b->class[i] != CLASS_DTLS))
			continue;
		/* The datagram alone: no headers before it, no Ethernet padding behind it. */
		rte_pktmbuf_adj(m, b->payload[i]);
		rte_pktmbuf_trim(m, rte_pktmbuf_data_len(m) - b->length[i]);
		if (!worker_notify_hearsay(w, (struct notice){.kind = NOTICE_PUNT,
							      .component = b->component[i],
							      .leg = b->leg[i],
							      .object = m,
							      .remote = b->source[i]})) {
			burst_drop(b, i, DROP_PUNT_FULL);
			continue;
		}
		b->class[i] = CLASS_DONE;
		w->counters[COUNTER_PUNT]++;
	}
}
