/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many RTP packets a second a participant may be expected to send, from the SDP. It is meant to
 * be generous: what exceeds it several times is a flood, not a call. Pure functions, any thread.
 */
#ifndef TANDEM_PACE_H
#define TANDEM_PACE_H

#include "controlplane/sdp/sdp.h"

/* Of one m-line, of either side. */
unsigned int pace_of(const struct sdp_media *media);

/* The limit for a leg: `pace`, `headroom` times. 0 of either: no limit, 0. */
unsigned int pace_limit(unsigned int pace, unsigned int headroom);

#endif
