/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that were dropped for what they are: for operators, who want to see who sends them and
 * what they look like. Their sources are counted in the sketch of ebpf/sketch.h, where those of
 * packets that were shed are counted too, and of each reason a few heads go to the main lcore.
 */
#ifndef TANDEM_OFFENCE_H
#define TANDEM_OFFENCE_H

#include <stdint.h>

#include "dataplane/drop.h"
#include "ebpf/shed.h"

/* shed_sample.reason: enum shed_reason, or one of these. */
#define OFFENCE_DROP(reason) (SHED_REASON_COUNT + (reason)) /* enum drop */
#define OFFENCE_PASSWORD     (SHED_REASON_COUNT + DROP_MAX) /* an ICE check that was answered 401 */
#define OFFENCE_REASONS      (SHED_REASON_COUNT + DROP_MAX + 1)

#define OFFENCE_SAMPLES 250 /* of each reason and worker, a second at most: as XDP has them */

struct burst;
struct rte_mbuf;
struct worker;

/*
 * Worker: a sample of the frame's first octets, `most` of them, if it is time for one. `leg`:
 * shed_port.leg or SHED_NO_LEG.
 */
void offence_sample(struct worker *w, const struct rte_mbuf *m, uint32_t most, unsigned int reason,
		    uint32_t leg, const struct shed_address *source, uint64_t now);

/*
 * Worker: packet i, which has a leg or none, is one; nothing where nothing is shed. Of media with
 * SRTP the sample ends with the header: the rest may have been deciphered in place.
 */
void offence_note(struct worker *w, const struct burst *b, unsigned int i, unsigned int reason);

#endif
