/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a leg is, and whether its media may go where an SDP says. The session's loop only. */
#ifndef TANDEM_PLACE_H
#define TANDEM_PLACE_H

#include "controlplane/session/call.h"

/* A leg of the party's for its m-line, at an address as it is wished. -EINVAL with the error. */
int place_leg(struct leg **leg, struct party *party, const struct wish *wish, unsigned int line,
	      const struct sdp_media *media, bool pair, struct session_error *error);
/*
 * Refuses what no leg in the dataplane can do, or not this one: it keeps its address and its ports.
 * `mline` counts from 1, for the message.
 */
int place_check(const struct leg *leg, const struct terms *terms, unsigned int mline,
		struct session_error *error);

#endif
