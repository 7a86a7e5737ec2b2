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

struct call;
struct leg;
struct party;
struct push;

/* All zero: empty. */
struct departed {
	ProtobufCBinaryData *legs, *parties; /* RecordLeg, RecordParty */
	size_t leg_count, party_count;
	size_t octets;
	unsigned int left_out;
};

void departed_free(struct departed *departed);
/* Those of a blob, in place of what is there; more than there is room for is left out. */
void departed_read(struct departed *departed, const Tandem__State__V2__Call *state);

/* The party is about to leave. */
void departed_add_party(const struct party *party);
/* What a party's legs counted, once they are gone: the call's blob is put with it. */
void departed_add_legs(struct call *call, const Tandem__Relay__V1__Call *report);
/* Deletes the leg in the dataplane, and keeps what it counted if it was ever in force. */
void departed_delete_leg(struct push *push, struct leg *leg);

#endif
