/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What left a call before its end, for its record: packed messages of relay.proto, so that the
 * call's blob has them as they are. What there is no room for is counted. The session's loop only.
 */
#ifndef TANDEM_DEPARTED_H
#define TANDEM_DEPARTED_H

#include <stddef.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/state.pb-c.h"

#define DEPARTED_OCTETS 24576 /* of all of a call's: its blob has to hold them */

/* All zero: empty. */
struct departed {
	ProtobufCBinaryData *legs, *parties; /* RecordLeg, RecordParty */
	size_t leg_count, party_count;
	size_t octets;
	unsigned int left_out;
};

void departed_add_leg(struct departed *departed, const Tandem__Relay__V1__RecordLeg *leg);
void departed_add_party(struct departed *departed, const Tandem__Relay__V1__RecordParty *party);
/* Those of a blob, in place of what is there; more than there is room for is left out. */
void departed_read(struct departed *departed, const Tandem__State__V2__Call *state);
void departed_free(struct departed *departed);

#endif
