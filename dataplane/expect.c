/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/expect.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

static_assert(LEG_PAIRS <= SHED_PEERS, "each pair of a leg has a place among the peers");
static_assert(offsetof(struct shed_port, stream) / RTE_CACHE_LINE_SIZE ==
		      (sizeof(struct shed_port) - 1) / RTE_CACHE_LINE_SIZE,
	      "what an accepted packet writes is one cache line, which flow.c prefetches");

/* An SSRC that was silent for so long, some eight seconds, gives its place to another. */
#define IDLE_TICKS 2000
/* Packets in sequence after which an SSRC without a place is no accident, nor a forger's guess. */
#define PROOF      50
/* Packets that must follow a leap. */
#define LEAP_PROOF 3

/* Port 0 is nobody: a reader between these stores finds no peer, or one of the two. */
static void put_peer(struct shed_port *port, unsigned int k, const struct endpoint *peer)
{
	struct shed_address *address = &port->peer[k];
	__be16 *number = &port->peer_port[k];

	if (*number == peer->port && address->half[0] == peer->address.half[0] &&
	    address->half[1] == peer->address.half[1])
		return;
	__atomic_store_n(number, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	address->half[0] = peer->address.half[0];
	address->half[1] = peer->address.half[1];
	__atomic_store_n(number, peer->port, __ATOMIC_RELEASE);
}

/*
 * With ICE those that passed a check. Without, one address: the signalled one until another is
 * learnt, also while the leg may still learn: until then it is heard like the participant's, so a
 * flood of strangers must not keep it from being the first. Once another is learnt, it is nobody's.
 */
static const struct endpoint *peer_of(const struct leg *leg, unsigned int component, unsigned int k)
{
	static const struct endpoint none;

	if (!leg->config->ice)
		return k == 0 ? &leg->remote[component] : &none;
	return k < leg->pair_count && leg->pairs[k].component == component ? &leg->pairs[k].remote
									   : &none;
}

void expect_peers(const struct leg *leg, unsigned int component)
{
	struct shed_port *port = leg->config->shed[component];

	if (!port)
		return;
	for (unsigned int k = 0; k < SHED_PEERS; k++)
		put_peer(port, k, peer_of(leg, component, k));
	port->settled = leg->latched[component] ? leg_window(leg->config) : 0;
}

/* The worker's part of an entry. */
static void clear(struct shed_port *port)
{
	memset(port->peer, 0, sizeof(*port) - offsetof(struct shed_port, peer));
}

static void forget_places(struct leg *leg)
{
	for (struct stream *s = leg->flow.streams; s; s = s->next)
		s->expected = 0;
}

void expect_new_key(struct leg *leg, struct shed_port *port)
{
	if (!port)
		return;
	memset(port->stream, 0, sizeof(port->stream));
	port->untracked = 0;
	forget_places(leg);
}

void expect_forget(struct leg *leg, struct stream *s)
{
	struct shed_port *port = leg->config ? leg->config->shed[0] : NULL;

	if (port && s->expected)
		__atomic_store_n(&port->stream[s->expected - 1].used, 0, __ATOMIC_RELAXED);
	s->expected = 0;
}

void expect_apply(struct leg *leg, const struct leg_config *old)
{
	const struct leg_config *config = leg->config;

	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		if (old && old->shed[c] && old->shed[c] != config->shed[c])
			clear(old->shed[c]);
		expect_peers(leg, c);
	}
	if (old && old->shed[0] != config->shed[0])
		forget_places(leg);
}

void expect_nothing(struct leg *leg)
{
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		if (leg->config && leg->config->shed[c])
			clear(leg->config->shed[c]);
}

/* The place of another SSRC's numbers: a free one, or the one that is idle longest; -1: none. */
static int find_place(const struct shed_port *port, uint16_t tick)
{
	uint16_t longest = IDLE_TICKS - 1;
	int place = -1;

	for (unsigned int k = 0; k < SHED_STREAMS; k++) {
		uint16_t idle = tick - port->stream[k].used;

		if (!port->stream[k].used)
			return k;
		if (idle > longest) {
			longest = idle;
			place = k;
		}
	}
	return place;
}

void expect_stream(struct leg *leg, struct stream *s, uint16_t seq, uint64_t now)
{
	struct shed_port *port = leg->config->shed[0];
	uint16_t tick = shed_tick(now);
	struct shed_stream *v;
	int place;

	if (!port || port->untracked)
		return;
	place = find_place(port, tick);
	if (place < 0) {
		port->untracked = s->meter.packets >= PROOF;
		return;
	}
	for (struct stream *other = leg->flow.streams; other; other = other->next)
		if (other->expected == place + 1)
			other->expected = 0;
	v = &port->stream[place];
	__atomic_store_n(&v->used, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	v->ssrc = rte_cpu_to_be_32(s->ssrc);
	v->highest = seq;
	v->seen = 1;
	__atomic_store_n(&v->used, tick, __ATOMIC_RELEASE);
	s->expected = place + 1;
	s->leap = seq;
	s->leaps = 0;
}

void expect_leap(struct shed_stream *v, struct stream *s, uint16_t seq, uint64_t now)
{
	uint16_t ahead = seq - s->leap;

	s->leap = seq;
	s->leaps = ahead - 1u < EXPECT_STEP ? s->leaps + 1 : 0;
	if (s->leaps < LEAP_PROOF)
		return;
	s->leaps = 0;
	v->seen = 1;
	v->highest = seq;
	v->used = shed_tick(now);
}
