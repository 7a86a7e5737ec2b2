/* SPDX-License-Identifier: BSD-3-Clause */
/* New Ethernet, IP and UDP headers, prebuilt in the egress, before a payload. Any thread. */
#ifndef TANDEM_REWRITE_H
#define TANDEM_REWRITE_H

#include "dataplane/drop.h"
#include "dataplane/egress.h"

/*
 * The payload is `length` octets at offset `payload`, and may end behind the packet's data, in its
 * buffer. DROP_NONE, or why the frame is none.
 */
static inline enum drop rewrite_frame(const struct egress *e, struct rte_mbuf *m, uint16_t payload,
				      uint16_t length)
{
	uint8_t *frame;

	if (unlikely(e->length - e->l3 + length > e->mtu))
		return DROP_TOO_LARGE;
	if (e->length <= payload)
		frame = (uint8_t *)rte_pktmbuf_adj(m, payload - e->length);
	else
		frame = (uint8_t *)rte_pktmbuf_prepend(m, e->length - payload);
	if (unlikely(!frame))
		return DROP_NO_ROOM;
	/* Ethernet padding, if there was any, goes. */
	rte_pktmbuf_data_len(m) = rte_pktmbuf_pkt_len(m) = e->length + length;
	return unlikely(egress_fill(e, m, length)) ? DROP_NO_NEIGHBOUR : DROP_NONE;
}

#endif
