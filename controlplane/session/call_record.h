/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of a call that ends (a CDR), as relay.proto has it. The session's loop only. */
#ifndef TANDEM_CALL_RECORD_H
#define TANDEM_CALL_RECORD_H

#include "controlplane/session/call.h"

struct call_record;

/*
 * Of the call as it is now. `report` is all of it, whose statistics may still come, and stays the
 * caller's until the record is freed. `why` is copied. NULL without memory.
 */
struct call_record *call_record_begin(const struct call *call, Tandem__Relay__V1__Call *report,
				      Tandem__Relay__V1__EndKind end, const char *why);
/* What is known before the statistics have come; the record's own, until something else is asked.
 */
const Tandem__Relay__V1__CallRecord *call_record_so_far(struct call_record *record);
/*
 * The statistics have come, or with `incomplete` not all of them. Participants' addresses are
 * pseudonyms where that was asked for, in the report as well. The record's own; NULL without
 * memory.
 */
const Tandem__Relay__V1__CallRecord *call_record_end(struct call_record *record, bool incomplete);
void call_record_free(struct call_record *record);

/* Fills in what a record says of a party, of a leg. The texts and the leg stay where they are. */
void call_record_party(Tandem__Relay__V1__RecordParty *out, const struct party *party);
void call_record_leg(Tandem__Relay__V1__RecordLeg *out, Tandem__Relay__V1__Leg *leg);

#endif
