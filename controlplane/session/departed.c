/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/departed.h"

#include <stdlib.h>
#include <string.h>

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

void departed_add_leg(struct departed *d, const Tandem__Relay__V1__RecordLeg *leg)
{
	add(d, &d->legs, &d->leg_count, &leg->base);
}

void departed_add_party(struct departed *d, const Tandem__Relay__V1__RecordParty *party)
{
	add(d, &d->parties, &d->party_count, &party->base);
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
