/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the participants send, and the ports that it comes and goes by. A load of packets is made at
 * a time, outside of what is measured: each participant in turn, in a random order that stays the
 * same, as 20 ms after 20 ms of real calls. SRTP is protected as it is made, with indices that
 * go on, so every packet verifies and replay windows and rollover counters advance as in life.
 *
 * A load is as large as the buffers of a port: when its last packet is made, the first ones have
 * left the inner caches, and the pipeline finds them where a NIC leaves them, in the last level.
 */
#ifndef TANDEM_PERF_TRAFFIC_H
#define TANDEM_PERF_TRAFFIC_H

#include "perf/rig.h"

/* From which participants: those of plain legs, or those of legs with SRTP. */
enum traffic_from { FROM_PLAIN, FROM_SECURE };

struct traffic {
	struct rig *rig;
	enum traffic_from from;
	uint16_t payload;      /* octets of RTP payload */
	uint32_t count;        /* participants that send */
	uint32_t next;         /* whose turn it is */
	struct source **order; /* random */
	struct source *sender[RIG_PACKETS];
	struct rte_mbuf *mbuf[RIG_PACKETS];
};

/* Takes all buffers of the rig, for good. 0 or -ENOMEM. */
int traffic_create(struct traffic *t, struct rig *rig);
/* Who sends from now on, and how much at a time. -EINVAL: there is no such participant. */
int traffic_select(struct traffic *t, enum traffic_from from, uint16_t payload);
/* Makes the next load; it waits in the ports. */
void traffic_fill(struct traffic *t);
/* Packets of this load that were sent. */
uint32_t traffic_sent(void);
/* The load is as good as received: for measurements that go around the ports. */
void traffic_skip(void);

/* Makes the networks' ports. Frames sent before the first load are freed. */
void traffic_open_ports(void);

#endif
