/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/call_record.h"

#include <inttypes.h>
#include <stdlib.h>

#include "controlplane/lib/arena.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/report.h"

#define VERSION 1

struct call_record {
	const struct call *call;
	Tandem__Relay__V1__Call *report;
	struct arena arena;
	Tandem__Relay__V1__CallRecord message;
};

static Tandem__Relay__V1__PartyRole role_of(const struct party *party)
{
	if (party->listens)
		return TANDEM__RELAY__V1__PARTY_ROLE__PARTY_LISTENS;
	return party->tag ? TANDEM__RELAY__V1__PARTY_ROLE__PARTY_TALKS
			  : TANDEM__RELAY__V1__PARTY_ROLE__PARTY_INVITED;
}

void call_record_party(Tandem__Relay__V1__RecordParty *out, const struct party *party)
{
	const struct party *partner = party_talks_with(party);

	tandem__relay__v1__record_party__init(out);
	out->tag = party->tag ? party->tag : out->tag;
	out->branch = party->branch;
	out->label = party->label ? party->label : out->label;
	out->partner = partner && partner->tag ? partner->tag : out->partner;
	out->role = role_of(party);
	out->joined_ms = party->joined;
}

/* A line for each interval would be the larger part of the record. */
static void forget_history(Tandem__Relay__V1__Leg *leg)
{
	for (size_t k = 0; leg->flow && k < leg->flow->n_streams; k++)
		if (leg->flow->streams[k]->quality)
			leg->flow->streams[k]->quality->n_history = 0;
}

void call_record_leg(Tandem__Relay__V1__RecordLeg *out, Tandem__Relay__V1__Leg *leg)
{
	tandem__relay__v1__record_leg__init(out);
	forget_history(leg);
	out->leg = leg;
	if (leg->dtls != TANDEM__RELAY__V1__LINK_STATE__LINK_NONE)
		out->keys = (char *)"dtls";
	else if (leg->suite[0])
		out->keys = (char *)"sdes";
}

/* --- a call that ends ------------------------------------------------------------------------ */

struct call_record *call_record_begin(const struct call *call, Tandem__Relay__V1__Call *report,
				      Tandem__Relay__V1__EndKind end, const char *why)
{
	struct call_record *r = calloc(1, sizeof(*r));
	Tandem__Relay__V1__CallRecord *m;

	if (!r)
		return NULL;
	r->call = call;
	r->report = report;
	m = &r->message;
	tandem__relay__v1__call_record__init(m);
	m->version = VERSION;
	m->record = arena_printf(&r->arena, "%016" PRIx64, call->key);
	m->call_id = arena_text(&r->arena, call->id);
	m->driver = arena_text(&r->arena, call->driver);
	m->begun_ms = call->created;
	m->answered_ms = call->answered;
	m->ended_ms = wall_clock_ms();
	m->duration_ms = m->ended_ms > m->begun_ms ? m->ended_ms - m->begun_ms : 0;
	if (m->answered_ms && m->ended_ms > m->answered_ms)
		m->talk_ms = m->ended_ms - m->answered_ms;
	m->end = end;
	m->why = arena_text(&r->arena, why);
	m->state = report_state(call);
	return r;
}

/* --- put together, what had left first -------------------------------------------------------- */

static void *take_octets(void *arena, size_t size)
{
	return arena_take(arena, size);
}

static void leave_octets(void *arena, void *octets)
{
}

/* Room for a list, and in it what had left. */
static void *begin_list(struct call_record *r, size_t *count, size_t room,
			const ProtobufCMessageDescriptor *type, const ProtobufCBinaryData *departed,
			size_t departed_count)
{
	ProtobufCAllocator allocator = {take_octets, leave_octets, &r->arena};
	ProtobufCMessage **list =
		arena_take(&r->arena, (room + departed_count + 1) * sizeof(list[0]));

	for (size_t k = 0; list && k < departed_count; k++) {
		list[*count] = protobuf_c_message_unpack(type, &allocator, departed[k].len,
							 departed[k].data);
		*count += list[*count] != NULL;
	}
	return list;
}

static void put_parties(struct call_record *r)
{
	const struct departed *d = &r->call->departed;
	Tandem__Relay__V1__CallRecord *m = &r->message;
	size_t room = r->call->party_count;
	Tandem__Relay__V1__RecordParty *own = arena_take(&r->arena, room * sizeof(*own));
	const struct party *party;

	m->n_parties = 0;
	m->parties =
		begin_list(r, &m->n_parties, room, &tandem__relay__v1__record_party__descriptor,
			   d->parties, d->party_count);
	if (!own || !m->parties)
		return;
	TAILQ_FOREACH (party, &r->call->parties, entry) {
		call_record_party(own, party);
		m->parties[m->n_parties++] = own++;
	}
}

static void put_legs(struct call_record *r)
{
	const struct departed *d = &r->call->departed;
	Tandem__Relay__V1__CallRecord *m = &r->message;
	size_t room = r->report->n_legs;
	Tandem__Relay__V1__RecordLeg *own = arena_take(&r->arena, room * sizeof(*own));

	m->n_legs = 0;
	m->legs = begin_list(r, &m->n_legs, room, &tandem__relay__v1__record_leg__descriptor,
			     d->legs, d->leg_count);
	for (size_t k = 0; own && m->legs && k < room; k++) {
		call_record_leg(&own[k], r->report->legs[k]);
		m->legs[m->n_legs++] = &own[k];
	}
}

const Tandem__Relay__V1__CallRecord *call_record_so_far(struct call_record *r)
{
	r->message.left_out = r->call->departed.left_out;
	put_parties(r);
	put_legs(r);
	return &r->message;
}

const Tandem__Relay__V1__CallRecord *call_record_end(struct call_record *r, bool incomplete)
{
	r->message.incomplete = incomplete;
	call_record_so_far(r);
	pseudonym_message(&r->arena, &r->message.base);
	return r->arena.failed ? NULL : &r->message;
}

void call_record_free(struct call_record *r)
{
	if (!r)
		return;
	arena_clear(&r->arena);
	free(r);
}
