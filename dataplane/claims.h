/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of the flows that one participant hears an SSRC belongs to: two that sent one SSRC under
 * one key would repeat keystream. There are several where a bundle hears legs of different payload
 * types, and their workers may differ.
 *
 * A word for each SSRC, which keeps it as long as the key serves: the SSRC above the lane of the
 * flow that has it, one compare-and-swap; 0: free. A flow that has let go leaves its SSRCs to
 * those who know what it sent.
 */
#ifndef TANDEM_CLAIMS_H
#define TANDEM_CLAIMS_H

#include <stdint.h>

#include "dataplane/drop.h"

#define CLAIMS     32
#define CLAIM_LEFT 0x80000000u /* in the place of a lane, with the turn of what was sent */

struct claims {
	uint64_t word[CLAIMS]; // workers: rw, main: rw
	uint32_t users;        // main: rw
};

/*
 * Worker: the SSRC for the flow with this lane, from 1 to CLAIM_LEFT - 1, which knows what was sent
 * up to `turn` (struct sent). DROP_NONE or DROP_SSRC_TAKEN: another flow has it, or has left more
 * behind than is known here, or 32 others were there.
 */
enum drop claims_take(struct claims *claims, uint32_t ssrc, uint32_t lane, uint32_t turn);

/* Main lcore: the flow with this lane sends no more, and what it sent is in `turn`. */
void claims_leave(struct claims *claims, uint32_t lane, uint32_t turn);

#endif
