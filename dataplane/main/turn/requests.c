/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the client of an allocation asks for, signed with the key that its Allocate request was:
 * that it goes on or ends (RFC 8656 7), permissions (9), channels (12). All else is the control
 * plane's.
 */
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/main/turn/turn_state.h"
#include "ebpf/rate.h"

#define LIFETIME_LEAST 600

/* One request, and the answer to it. */
struct hearing {
	struct turn_server *s;
	struct granted *g;
	const struct turn_message *m;
	uint64_t now;
	uint8_t out[TURN_ANSWER_MAX];
};

static void answer(struct hearing *h, uint16_t length)
{
	turn_send(h->s, h->g->allocation->egress, h->out, length);
}

static void answer_error(struct hearing *h, enum turn_error code)
{
	answer(h, turn_answer_error(h->out, h->m, code, &h->g->auth));
}

static void answer_success(struct hearing *h)
{
	answer(h, turn_finish(h->out, turn_answer(h->out, h->m, TURN_SUCCESS), &h->g->auth));
}

static void put_lifetime(uint8_t *out, uint16_t *at, uint32_t seconds)
{
	stun_store32(stun_put(out, at, STUN_LIFETIME, 4), seconds);
}

static uint32_t seconds_left(const struct turn_server *s, const struct allocation *a, uint64_t now)
{
	return a->until > now ? (a->until - now) / turn_ticks(s, 1) : 0;
}

void turn_answer_allocate(struct turn_server *s, const struct granted *g, uint64_t now)
{
	const struct allocation *a = g->allocation;
	uint8_t out[TURN_ANSWER_MAX];
	uint16_t at = STUN_HEADER;

	stun_store16(out, TURN_ALLOCATE | TURN_SUCCESS);
	stun_store32(out + 4, STUN_COOKIE);
	memcpy(out + 8, g->transaction, sizeof(g->transaction));
	stun_put_address(out, &at, STUN_XOR_RELAYED_ADDRESS, &a->relayed);
	put_lifetime(out, &at, seconds_left(s, a, now));
	stun_put_address(out, &at, STUN_XOR_MAPPED_ADDRESS,
			 endpoint_is_zero(&g->origin) ? &a->client : &g->origin);
	turn_send(s, a->egress, out, turn_finish(out, at, &g->auth));
}

/* RFC 8656 7.2: nothing says 600 seconds, and 0 ends it. */
static void hear_refresh(struct hearing *h)
{
	struct allocation *a = h->g->allocation;
	uint32_t seconds = h->m->has_lifetime ? h->m->lifetime : LIFETIME_LEAST;
	bool ipv4 = address_is_ipv4(&a->relayed.address);
	uint16_t at;

	if (h->m->family && h->m->family != (ipv4 ? 1 : 2))
		return answer_error(h, TURN_PEER_FAMILY_MISMATCH);
	if (seconds) {
		seconds = RTE_MAX(seconds, (uint32_t)LIFETIME_LEAST);
		seconds = RTE_MIN(seconds, h->s->lifetime_max);
		__atomic_store_n(&a->until, h->now + turn_ticks(h->s, seconds), __ATOMIC_RELEASE);
	}
	at = turn_answer(h->out, h->m, TURN_SUCCESS);
	put_lifetime(h->out, &at, seconds);
	answer(h, turn_finish(h->out, at, &h->g->auth));
	if (!seconds)
		turn_close(h->s, h->g, true);
}

/* All of them or none (RFC 8656 10.2), as far as they are allowed; room may end in the middle. */
static void hear_permission(struct hearing *h)
{
	struct allocation *a = h->g->allocation;
	unsigned int place;

	if (!h->m->peer_count)
		return answer_error(h, TURN_BAD_REQUEST);
	if (h->m->many_peers)
		return answer_error(h, TURN_INSUFFICIENT_CAPACITY);
	for (unsigned int k = 0; k < h->m->peer_count; k++) {
		struct endpoint peer = turn_peer(h->m, k);

		if (address_is_ipv4(&peer.address) != address_is_ipv4(&a->relayed.address))
			return answer_error(h, TURN_PEER_FAMILY_MISMATCH);
		if (!turn_allows(h->s, a, &peer.address))
			return answer_error(h, TURN_FORBIDDEN);
	}
	for (unsigned int k = 0; k < h->m->peer_count; k++) {
		struct endpoint peer = turn_peer(h->m, k);
		int error = turn_permit(h->s, a, &peer.address, h->now, &place);

		if (error)
			return answer_error(h, error);
	}
	answer_success(h);
}

static void hear_bind(struct hearing *h)
{
	struct endpoint peer;
	int error;

	if (h->m->channel < TURN_CHANNEL_FIRST || h->m->channel > TURN_CHANNEL_LAST ||
	    h->m->peer_count != 1)
		return answer_error(h, TURN_BAD_REQUEST);
	peer = turn_peer(h->m, 0);
	error = turn_bind(h->s, h->g->allocation, h->m->channel, &peer, h->now);
	if (error)
		answer_error(h, error);
	else
		answer_success(h);
}

/* The one that made it may come again, when its answer was lost (RFC 8656 7.2). */
static void hear_allocate(struct hearing *h)
{
	if (memcmp(h->m->data + 8, h->g->transaction, sizeof(h->g->transaction)) == 0)
		turn_answer_allocate(h->s, h->g, h->now);
	else
		answer_error(h, TURN_ALLOCATION_MISMATCH);
}

static bool is_user(const struct granted *g, const struct turn_message *m)
{
	return m->username_length == g->user_length &&
	       memcmp(m->data + m->username, g->user, g->user_length) == 0;
}

/* Who cannot sign gets a nonce, as a stranger would. */
static void refuse(struct hearing *h)
{
	const struct turn_realm *realm = h->s->turn.realm;
	uint16_t at = turn_answer(h->out, h->m, TURN_ERROR);

	stun_put_error(h->out, &at, TURN_UNAUTHENTICATED, "");
	memcpy(stun_put(h->out, &at, STUN_REALM, realm->length), realm->text, realm->length);
	challenge_write(&h->s->turn.challenge, &h->g->allocation->client,
			stun_put(h->out, &at, STUN_NONCE, TURN_NONCE));
	answer(h, turn_finish(h->out, at, NULL));
}

static void hear_client(struct hearing *h)
{
	if (!is_user(h->g, h->m))
		return answer_error(h, TURN_WRONG_CREDENTIALS);
	if (h->m->unknown_count)
		return answer_error(h, TURN_UNKNOWN_ATTRIBUTE);
	switch (h->m->type) {
	case TURN_ALLOCATE:
		return hear_allocate(h);
	case TURN_REFRESH:
		return hear_refresh(h);
	case TURN_CREATE_PERMISSION:
		return hear_permission(h);
	case TURN_CHANNEL_BIND:
		return hear_bind(h);
	}
}

static void show_endpoint(Tandem__Dataplane__V1__Endpoint *to, const struct endpoint *from)
{
	tandem__dataplane__v1__endpoint__init(to);
	to->address.data = (uint8_t *)(uintptr_t)address_octets(&from->address);
	to->address.len = address_octet_count(&from->address);
	to->port = endpoint_port(from);
}

/* Only the gate is believed where somebody else is. */
static struct endpoint origin_of(const struct turn_server *s, unsigned int listener,
				 const struct turn_message *m)
{
	return s->turn.listeners[listener].gate ? turn_origin(m) : (struct endpoint){.port = 0};
}

/* A flood of one kind leaves the other its rate. */
static bool is_excess(struct hearing *h, __u64 *due)
{
	struct turn_server *s = h->s;

	if (rate_take(due, clock_ns(&s->dataplane->clock, h->now), &s->judged))
		return false;
	s->excess++;
	return true;
}

static void tell_request(const struct turn_server *s, unsigned int listener,
			 const struct endpoint *client, const struct endpoint *origin,
			 const struct rte_mbuf *datagram)
{
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;
	Tandem__Dataplane__V1__Endpoint local, remote, behind;

	show_endpoint(&local, &s->turn.listeners[listener].local);
	show_endpoint(&remote, client);
	show_endpoint(&behind, origin);
	event.kind = TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST;
	event.local = &local;
	event.remote = &remote;
	event.origin = endpoint_is_zero(origin) ? NULL : &behind;
	event.datagram.data = rte_pktmbuf_mtod(datagram, uint8_t *);
	event.datagram.len = rte_pktmbuf_data_len(datagram);
	s->config.event(s->config.arg, &event);
}

/* The gate's word. Of who is gone the control plane may be granting something this moment. */
static void hear_gate(struct hearing *h, unsigned int listener, const struct endpoint *client,
		      const struct rte_mbuf *datagram)
{
	const struct endpoint origin = origin_of(h->s, listener, h->m);

	if (h->g)
		turn_close(h->s, h->g, true);
	else if (!is_excess(h, &h->s->words_due))
		tell_request(h->s, listener, client, &origin, datagram);
	if (h->m->type == TURN_HERE && turn_is_blocked(h->s, &origin))
		turn_hang_up(h->s, listener, client);
}

void turn_server_hear(struct turn_server *s, unsigned int listener, const struct endpoint *client,
		      const struct rte_mbuf *datagram)
{
	struct hearing h = {.s = s, .now = rte_rdtsc()};
	struct endpoint origin;
	struct turn_message m;
	struct allocation *a;

	if (turn_parse(&m, rte_pktmbuf_mtod(datagram, uint8_t *), rte_pktmbuf_data_len(datagram)))
		return;
	a = turn_find(&s->turn, turn_hash(&s->turn, listener, client), listener, client);
	h.g = a && allocation_is_open(a, h.now) ? granted_of(s, a) : NULL;
	h.m = &m;
	if (m.type == TURN_HERE || m.type == TURN_GONE)
		return hear_gate(&h, listener, client, datagram);
	if (h.g && stun_integrity_is_right(m.data, m.integrity, &h.g->auth))
		return hear_client(&h);
	/* Whoever has the address now may be another user, whom the control plane knows. */
	if (h.g && m.type != TURN_ALLOCATE)
		return refuse(&h);
	origin = origin_of(s, listener, &m);
	if (turn_is_blocked(s, &origin))
		return turn_hang_up(s, listener, client);
	if (!is_excess(&h, &s->requests_due))
		tell_request(s, listener, client, &origin, datagram);
}
