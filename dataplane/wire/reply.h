/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers written over the packet they answer. Workers; the mbuf is one segment and the worker's
 * own. A VLAN tag stays as it came.
 */
#ifndef TANDEM_REPLY_H
#define TANDEM_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

struct network;

/* Whether the frame may become one of `length` octets. */
static inline bool reply_fits(const struct rte_mbuf *m, uint32_t length)
{
	return length <= (uint32_t)m->buf_len - m->data_off;
}

/* Back to the sender's MAC from the port's; the frame is `length` octets from now on. */
void reply_ethernet(struct rte_mbuf *m, const struct network *network, uint32_t length);

/*
 * Turns Ethernet and the IP header at offset `l3` around; `length` octets follow the IP header. IP
 * options and extension headers are none (classify drops them).
 */
void reply_ip(struct rte_mbuf *m, const struct network *network, unsigned int l3, uint16_t length);

/* The same and UDP, whose payload is `length` octets long and already in its place. */
void reply_udp(struct rte_mbuf *m, const struct network *network, unsigned int l3, uint16_t length);

#endif
