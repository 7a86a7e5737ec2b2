/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parties and legs that leave a call which goes on: what they were is kept for the call's record
 * (departed.h) while anybody wants records. The session's loop only.
 */
#ifndef TANDEM_LEAVING_H
#define TANDEM_LEAVING_H

#include "controlplane/session/call.h"

struct push;

/* The party is about to leave. */
void leaving_party(const struct party *party);
/* What a party's legs counted, once they are gone: the call's blob is put with it. */
void leaving_legs(struct call *call, const Tandem__Relay__V1__Call *report);
/* Deletes the leg in the dataplane, and keeps what it counted if it was ever in force. */
void leaving_delete_leg(struct push *push, struct leg *leg);

#endif
