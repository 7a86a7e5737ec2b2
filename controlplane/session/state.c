/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/state.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/api/cleanse.h"

#define VERSION 1

/* Room for what a blob's messages point to, while it is packed. */
struct room {
	Tandem__State__V1__Wish wish;
	uint32_t suites[SUITE_COUNT];
	Tandem__State__V1__Fingerprint own, theirs[SDP_FINGERPRINTS];
	Tandem__State__V1__Fingerprint *fingerprints[SDP_FINGERPRINTS];
	Tandem__State__V1__Terms terms;
	Tandem__State__V1__Endpoint remote, remote_rtcp;
	uint32_t clocks[128];
	Tandem__State__V1__Mid mids[SDP_MEDIA_MAX], *mid_list[SDP_MEDIA_MAX];
};

static ProtobufCBinaryData ip_of(const struct sdp_address *address)
{
	return (ProtobufCBinaryData){.len = address->family == AF_INET6 ? 16 : 4,
				     .data = (uint8_t *)address->ip};
}

static Tandem__State__V1__Wish *write_wish(struct room *room, const struct wish *wish)
{
	tandem__state__v1__wish__init(&room->wish);
	room->wish.network = (char *)wish->network;
	room->wish.family = wish->family;
	room->wish.profile = wish->profile;
	room->wish.ice = wish->ice;
	room->wish.rtcp_mux = wish->rtcp_mux;
	room->wish.latch = wish->latch;
	for (unsigned int i = 0; i < wish->suite_count; i++)
		room->suites[i] = wish->suites[i];
	room->wish.suites = room->suites;
	room->wish.n_suites = wish->suite_count;
	room->wish.shared_keys = wish->shared;
	return &room->wish;
}

static Tandem__State__V1__Fingerprint *write_fingerprint(Tandem__State__V1__Fingerprint *out,
							 const struct sdp_fingerprint *f)
{
	tandem__state__v1__fingerprint__init(out);
	out->hash = (char *)f->hash;
	out->octets.data = (uint8_t *)f->bytes;
	out->octets.len = f->length;
	return out;
}

static Tandem__State__V1__Endpoint *write_endpoint(Tandem__State__V1__Endpoint *out,
						   const struct sdp_address *address)
{
	if (address->family == AF_UNSPEC)
		return NULL;
	tandem__state__v1__endpoint__init(out);
	out->address = ip_of(address);
	out->port = address->port;
	return out;
}

static Tandem__State__V1__Terms *write_terms(struct room *room, const struct terms *t)
{
	Tandem__State__V1__Terms *out = &room->terms;

	tandem__state__v1__terms__init(out);
	out->profile = t->profile;
	out->latch = t->latch;
	out->latch_signalled = t->latch_signalled;
	out->pace = t->pace;
	out->rtcp_mux = t->rtcp_mux;
	out->rtcp_mux_only = t->rtcp_mux_only;
	out->ice = t->ice;
	out->local_ufrag = (char *)t->local_ufrag;
	out->local_pwd = (char *)t->local_pwd;
	out->remote_ufrag = (char *)t->remote_ufrag;
	out->remote = write_endpoint(&room->remote, &t->remote);
	out->remote_rtcp = write_endpoint(&room->remote_rtcp, &t->remote_rtcp);
	out->receive = t->receive;
	out->send = t->send;
	out->setup = t->setup;
	for (unsigned int i = 0; i < t->fingerprint_count; i++)
		room->fingerprints[i] = write_fingerprint(&room->theirs[i], &t->fingerprints[i]);
	out->fingerprints = room->fingerprints;
	out->n_fingerprints = t->fingerprint_count;
	out->tls_id = (char *)t->tls_id;
	for (uint32_t type = 0; type < 128; type++)
		if (t->clock_rate[type])
			room->clocks[out->n_clocks++] =
				type << 24 | (t->clock_rate[type] & 0xffffff);
	out->clocks = room->clocks;
	return out;
}

static void write_mids(Tandem__State__V1__Leg *out, struct room *room, const struct leg *leg)
{
	const struct mids *mids = &leg->bridge->call->mids[leg->side];

	for (unsigned int line = 0; line < SDP_MEDIA_MAX; line++) {
		Tandem__State__V1__Mid *mid = &room->mids[out->n_mids];

		if (!(leg->bridge->lines & 1u << line) || !mids->text[line])
			continue;
		tandem__state__v1__mid__init(mid);
		mid->line = line;
		mid->text = mids->text[line];
		room->mid_list[out->n_mids++] = mid;
	}
	out->mids = room->mid_list;
}

int state_pack(const struct leg *leg, uint8_t *octets)
{
	const struct bridge *bridge = leg->bridge;
	const struct call *call = bridge->call;
	Tandem__State__V1__Leg state = TANDEM__STATE__V1__LEG__INIT;
	struct room room;

	state.version = VERSION;
	state.call_id = call->id;
	state.tag_a = call->tags[SIDE_A] ? call->tags[SIDE_A] : (char *)"";
	state.tag_b = call->tags[SIDE_B] ? call->tags[SIDE_B] : (char *)"";
	state.answered = call->answered;
	state.created_ms = call->created;
	state.line_count = call->line_count;
	state.bridge = bridge->number;
	state.pending = bridge->pending;
	state.side = leg->side;
	state.lines = bridge->lines;
	state.media = (char *)bridge->media;
	state.wish = write_wish(&room, &call->wish[leg->side]);
	state.address = ip_of(&leg->at->address);
	state.port = leg->port;
	state.pair = leg->pair;
	if (leg->fingerprint.length)
		state.fingerprint = write_fingerprint(&room.own, &leg->fingerprint);
	state.terms = write_terms(&room, &leg->terms);
	state.handshake_ms = leg->handshake_ms;
	state.latch_epoch = leg->latch_epoch;
	write_mids(&state, &room, leg);
	if (tandem__state__v1__leg__get_packed_size(&state) > STATE_MOST)
		return -EMSGSIZE;
	return tandem__state__v1__leg__pack(&state, octets);
}

bool state_is_current(const struct leg *leg, const uint8_t *octets, size_t size)
{
	uint8_t current[STATE_MOST];
	int length = state_pack(leg, current);
	bool same = length >= 0 && (size_t)length == size && memcmp(current, octets, size) == 0;

	explicit_bzero(current, sizeof(current));
	return same;
}

Tandem__State__V1__Leg *state_unpack(const uint8_t *octets, size_t size)
{
	Tandem__State__V1__Leg *state =
		tandem__state__v1__leg__unpack(&cleanse_allocator, size, octets);

	if (state && state->version == VERSION && state->call_id[0] && state->side < SIDES &&
	    state->line_count <= SDP_MEDIA_MAX && state->wish && state->terms &&
	    (state->address.len == 4 || state->address.len == 16))
		return state;
	state_free(state);
	return NULL;
}

void state_free(Tandem__State__V1__Leg *state)
{
	if (state)
		tandem__state__v1__leg__free_unpacked(state, &cleanse_allocator);
}

int state_read_wish(struct wish *wish, const Tandem__State__V1__Wish *state)
{
	memset(wish, 0, sizeof(*wish));
	if (strlen(state->network) >= sizeof(wish->network) || state->profile >= SDP_PROFILES ||
	    state->n_suites > SUITE_COUNT)
		return -EINVAL;
	strcpy(wish->network, state->network);
	wish->family = state->family;
	wish->profile = state->profile;
	wish->ice = state->ice;
	wish->rtcp_mux = state->rtcp_mux;
	wish->latch = state->latch;
	wish->shared = state->shared_keys;
	for (size_t i = 0; i < state->n_suites; i++)
		if (suite_info(state->suites[i]))
			wish->suites[wish->suite_count++] = state->suites[i];
	return 0;
}

int state_read_fingerprint(struct sdp_fingerprint *f, const Tandem__State__V1__Fingerprint *state)
{
	memset(f, 0, sizeof(*f));
	if (strlen(state->hash) >= sizeof(f->hash) || state->octets.len == 0 ||
	    state->octets.len > sizeof(f->bytes))
		return -EINVAL;
	strcpy(f->hash, state->hash);
	memcpy(f->bytes, state->octets.data, state->octets.len);
	f->length = state->octets.len;
	return 0;
}

static int read_endpoint(struct sdp_address *address, const Tandem__State__V1__Endpoint *state)
{
	if (!state)
		return 0;
	if ((state->address.len != 4 && state->address.len != 16) || state->port > UINT16_MAX)
		return -EINVAL;
	address->family = state->address.len == 4 ? AF_INET : AF_INET6;
	memcpy(address->ip, state->address.data, state->address.len);
	address->port = state->port;
	return 0;
}

static int read_text(char *out, size_t size, const char *text)
{
	if (strlen(text) >= size)
		return -EINVAL;
	strcpy(out, text);
	return 0;
}

int state_read_terms(struct terms *t, const Tandem__State__V1__Terms *state)
{
	memset(t, 0, sizeof(*t));
	if (state->profile >= SDP_PROFILES || state->setup > SDP_HOLDCONN ||
	    state->n_fingerprints > SDP_FINGERPRINTS ||
	    read_text(t->local_ufrag, sizeof(t->local_ufrag), state->local_ufrag) ||
	    read_text(t->local_pwd, sizeof(t->local_pwd), state->local_pwd) ||
	    read_text(t->remote_ufrag, sizeof(t->remote_ufrag), state->remote_ufrag) ||
	    read_text(t->tls_id, sizeof(t->tls_id), state->tls_id) ||
	    read_endpoint(&t->remote, state->remote) ||
	    read_endpoint(&t->remote_rtcp, state->remote_rtcp))
		return -EINVAL;
	t->profile = state->profile;
	t->latch = state->latch;
	t->latch_signalled = state->latch_signalled;
	t->pace = state->pace;
	t->rtcp_mux = state->rtcp_mux;
	t->rtcp_mux_only = state->rtcp_mux_only;
	t->ice = state->ice;
	t->receive = state->receive;
	t->send = state->send;
	t->setup = state->setup;
	for (size_t i = 0; i < state->n_fingerprints; i++)
		if (state_read_fingerprint(&t->fingerprints[t->fingerprint_count++],
					   state->fingerprints[i]))
			return -EINVAL;
	for (size_t i = 0; i < state->n_clocks; i++)
		t->clock_rate[state->clocks[i] >> 24 & 127] = state->clocks[i] & 0xffffff;
	return 0;
}
