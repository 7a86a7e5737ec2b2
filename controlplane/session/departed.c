/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/departed.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/call_record.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"
#include "controlplane/session/session_state.h"

/* Takes octets that were allocated, or NULL. */
static void take(struct departed *d, ProtobufCBinaryData **list, size_t *count, uint8_t *octets,
		 size_t size)
{
	ProtobufCBinaryData *grown = NULL;

	if (octets && d->octets + size <= DEPARTED_OCTETS)
		grown = realloc(*list, (*count + 1) * sizeof(grown[0]));
	if (!grown) {
		free(octets);
		d->left_out++;
		return;
	}
	*list = grown;
	grown[(*count)++] = (ProtobufCBinaryData){size, octets};
	d->octets += size;
}

static void add(struct departed *d, ProtobufCBinaryData **list, size_t *count,
		const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = malloc(size + 1);

	if (octets)
		protobuf_c_message_pack(message, octets);
	take(d, list, count, octets, size);
}

static void free_list(ProtobufCBinaryData *list, size_t count)
{
	for (size_t k = 0; k < count; k++)
		free(list[k].data);
	free(list);
}

void departed_free(struct departed *d)
{
	free_list(d->legs, d->leg_count);
	free_list(d->parties, d->party_count);
	*d = (struct departed){NULL};
}

static void copy(struct departed *d, ProtobufCBinaryData **list, size_t *count,
		 const ProtobufCBinaryData *from)
{
	uint8_t *octets = malloc(from->len + 1);

	if (octets && from->len)
		memcpy(octets, from->data, from->len);
	take(d, list, count, octets, from->len);
}

void departed_read(struct departed *d, const Tandem__State__V2__Call *state)
{
	departed_free(d);
	d->left_out = state->left_out;
	for (size_t k = 0; k < state->n_departed_parties; k++)
		copy(d, &d->parties, &d->party_count, &state->departed_parties[k]);
	for (size_t k = 0; k < state->n_departed_legs; k++)
		copy(d, &d->legs, &d->leg_count, &state->departed_legs[k]);
}

/* --- who leaves ------------------------------------------------------------------------------ */

void departed_add_party(const struct party *party)
{
	struct departed *d = &party->call->departed;
	Tandem__Relay__V1__RecordParty message;

	if (!party->told || !records_wanted(party->call->session))
		return;
	call_record_party(&message, party);
	message.left_ms = wall_clock_ms();
	add(d, &d->parties, &d->party_count, &message.base);
}

static void add_leg(struct call *call, Tandem__Relay__V1__Leg *leg)
{
	Tandem__Relay__V1__RecordLeg message;

	call_record_leg(&message, leg);
	message.left_ms = wall_clock_ms();
	add(&call->departed, &call->departed.legs, &call->departed.leg_count, &message.base);
}

void departed_add_legs(struct call *call, const Tandem__Relay__V1__Call *report)
{
	struct session *s = call->session;
	struct push *push;

	if (!records_wanted(s) || !report->n_legs)
		return;
	for (size_t k = 0; k < report->n_legs; k++)
		add_leg(call, report->legs[k]);
	push = call->gone ? NULL : push_begin(s, NULL, NULL, NULL);
	if (!push)
		return;
	push_call(push, call);
	push_end(push);
}

/* --- a leg that goes alone ------------------------------------------------------------------- */

struct going {
	struct call *call;
	struct report *report;
};

static void take_status(void *arg, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct going *going = arg;

	report_take(going->report, status);
}

static void finish(void *arg, int error, const char *what)
{
	struct going *going = arg;

	departed_add_legs(going->call, report_call(going->report));
	report_free(going->report);
	call_release(going->call);
	free(going);
}

void departed_delete_leg(struct push *push, struct leg *leg)
{
	struct session *s = leg->session;
	bool counts = records_wanted(s) && leg->latch_epoch;
	struct going *going = counts ? calloc(1, sizeof(*going)) : NULL;
	struct push *own = going ? push_begin(s, finish, take_status, going) : NULL;
	struct report *report = own ? report_begin_leg(leg) : NULL;

	if (!report) {
		push_drop(own);
		free(going);
		push_delete(push, leg);
		return;
	}
	*going = (struct going){call_hold(leg->party->call), report};
	push_delete(own, leg);
	push_end(own);
}
