/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the participants send, and the ports that it comes and goes by. A load of packets is made at
 * a time, outside of what is measured: each participant in turn, in a random order that stays the
 * same, as 20 ms after 20 ms of real calls. SRTP is protected as it is made, with indices that
 * go on, so every packet verifies and replay windows and rollover counters advance as in life.
 *
 * A load is as large as the buffers of a port: when its last packet is made, the first ones have
 * left the inner caches, and the pipeline finds them where a NIC leaves them, in the last level.
 *
 * Each worker has traffic of its own, that of the legs it owns, and its own queue of each port.
 */
#ifndef TANDEM_PERF_TRAFFIC_H
#define TANDEM_PERF_TRAFFIC_H

#include <rte_mbuf.h>

#include "perf/rig.h"

/* From which participants: those of plain legs, those of legs with SRTP, or those behind TURN. */
enum traffic_from { FROM_PLAIN, FROM_SECURE, FROM_CLIENT, FROM_MAX };

/* Participants in the order in which they send. */
struct traffic_round {
	struct source **order; /* random */
	uint32_t count;
	uint32_t next; /* whose turn it is */
};

struct traffic {
	struct rig *rig;
	struct worker *worker;
	enum traffic_from from;
	uint16_t payload; /* octets of RTP payload */
	uint32_t packets; /* buffers that it has */
	uint32_t load;    /* packets made at a time */
	struct traffic_round rounds[FROM_MAX];
	struct source *sender[RIG_PACKETS];
	struct rte_mbuf *mbuf[RIG_PACKETS];
};

/* Takes its part of RIG_PACKETS buffers of the rig, for good. 0 or -ENOMEM. */
int traffic_create(struct traffic *t, struct rig *rig, unsigned int worker);
/*
 * Who sends from now on, and how much. Everybody's turn goes on where it was; with a load of less
 * than it has buffers it is the same few who send each time. -EINVAL: there is no such participant.
 */
int traffic_select(struct traffic *t, enum traffic_from from, uint16_t payload, uint32_t load);
/* Makes the next load; it waits in the ports. */
void traffic_fill(struct traffic *t);
/* Packets of this load that were sent. */
uint32_t traffic_sent(const struct traffic *t);
/* The load is as good as received: for measurements that go around the ports. */
void traffic_skip(const struct traffic *t);

/* The pipeline has seen none of this load: the next one has the same numbers. */
void traffic_take_back(const struct traffic *t);

/* Makes the networks' ports. Frames sent before there is traffic are freed. */
void traffic_open_ports(const struct rig_config *config);

/* What a port says of the mbufs it delivers. */
static inline uint64_t traffic_flags(const struct rig_config *config)
{
	return config->software_checksums ? 0 : RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

#endif
