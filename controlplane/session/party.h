/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose packets those are: from a leg or an address to the calls that have it. */
#ifndef TANDEM_PARTY_H
#define TANDEM_PARTY_H

#include "controlplane/session/session.h"

struct sdp_address;

/* A call and one of its participants. The texts are the session's, until the loop's next turn. */
struct party {
	const char *call_id, *tag;
};

/* Whose leg that is; false: no call has it. */
bool party_of_leg(struct session *session, uint64_t leg, struct party *party);

/* How many calls have media that comes from such an address. */
unsigned int party_count(const struct session *session,
			 bool (*is_such)(void *arg, const struct sdp_address *address), void *arg);

#endif
