/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables that the fixtures of shed_fixtures.h are judged by, written into whatever memory a
 * compilation of the policy reads.
 */
#ifndef TANDEM_TESTS_SHED_STATE_H
#define TANDEM_TESTS_SHED_STATE_H

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "ebpf/shed.h"

enum {
	MEDIA_IPV4 = 0, /* indices of the media addresses */
	MEDIA_IPV6 = 1,
	MEDIA_BUSY = 2, /* IPv4; every bucket of what it answers beside UDP is full */
	MEDIA_COUNT
};

/* UDP ports, open on MEDIA_IPV4 and MEDIA_IPV6 unless said. */
enum {
	PORT_OPEN = 30000,      /* latching: media of anybody passes */
	PORT_IPV4_ONLY = 30002, /* the same, on the IPv4 address alone */
	PORT_ICE = 30004, /* fragments "abcdefgh" and, of before, "wxyz"; a peer and an SSRC */
	PORT_SIGNALLED = 30006, /* latching, from the signalled address alone */
	PORT_SETTLED = 30008,   /* has latched */
	PORT_FULL = 30010,      /* as PORT_ICE and latching, and every bucket is full */
	PORT_UNTRACKED = 30012, /* as PORT_ICE, with more SSRCs than are followed */
};

/* Base frames come from port 40000; the peer of all ports is at the same address, port 40001. */
enum { PEER_PORT = 40001, STREAM_SSRC = 3, STREAM_HIGHEST = 100, STREAM_AHEAD = 16 };

static const struct shed_address media[MEDIA_COUNT] = {
	[MEDIA_IPV4] = {{{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 1}}},
	[MEDIA_IPV6] = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}},
	[MEDIA_BUSY] = {{{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 3}}},
};
static const struct shed_address source4 = {
	{{[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 9}}};
static const struct shed_address source6 = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 9}}};
/* Where PORT_SIGNALLED expects media from. */
static const struct shed_address signalled4 = {
	{{[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 8}}};
static const struct shed_address signalled6 = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 8}}};
/* Strangers whose bucket is full: 203.0.113.10 and 2001:db8:fffe::/64. */
static const struct shed_address eager4 = {
	{{[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 10}}};
static const struct shed_address eager6 = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xfe}}};
static const struct shed_prefix blocked[] = {
	{96 + 26, {[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 64}},
	{48, {0x20, 0x01, 0x0d, 0xb8, 0x0b, 0xad}},
};

/* One packet a second, two seconds' worth at once. */
static const struct shed_rate a_rate = {1000000000, 2000000};

static inline uint64_t state_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* A bucket into which nothing fits for a second. */
static inline uint64_t full_bucket(void)
{
	return state_now() + 3000000000ULL;
}

static inline void ufrag_put(struct shed_port *port, int which, const char *octets)
{
	port->ufrag_octets[which] = strlen(octets);
	memcpy(&port->ufrag[which], octets, strlen(octets));
}

/* What all ports have. */
static inline void port_put(struct shed_port *port, uint32_t flags, const struct shed_address *peer)
{
	memset(port, 0, sizeof(*port));
	port->flags = SHED_PORT_OPEN | flags;
	port->leg = 7;
	port->window = 3;
	port->media = a_rate;
	port->ahead = STREAM_AHEAD;
	port->peer[1] = *peer;
	port->peer_port[1] = __builtin_bswap16(PEER_PORT);
	port->stream[0] = (struct shed_stream){
		.ssrc = __builtin_bswap32(STREAM_SSRC),
		.highest = STREAM_HIGHEST,
		.used = shed_tick(state_now()),
		.seen = 5, /* 100 and 98 */
	};
	if (flags & SHED_PORT_ICE) {
		ufrag_put(port, 0, "abcdefgh");
		ufrag_put(port, 1, "wxyz:");
	}
}

static inline void full_put(struct shed_port *port)
{
	for (int kind = 0; kind < SHED_KINDS; kind++)
		port->due[kind] = full_bucket();
}

static inline void ports_put(struct shed_port *ports, const struct shed_address *peer,
			     const struct shed_address *signalled)
{
	port_put(&ports[PORT_OPEN], SHED_PORT_LATCH, peer);
	port_put(&ports[PORT_ICE], SHED_PORT_ICE, peer);
	port_put(&ports[PORT_SIGNALLED], SHED_PORT_LATCH | SHED_PORT_SIGNALLED, peer);
	ports[PORT_SIGNALLED].signalled = *signalled;
	port_put(&ports[PORT_SETTLED], SHED_PORT_LATCH, peer);
	ports[PORT_SETTLED].settled = ports[PORT_SETTLED].window;
	port_put(&ports[PORT_FULL], SHED_PORT_LATCH | SHED_PORT_ICE, peer);
	full_put(&ports[PORT_FULL]);
	port_put(&ports[PORT_UNTRACKED], SHED_PORT_ICE, peer);
	ports[PORT_UNTRACKED].untracked = 1;
	memset(&ports[SHED_QUESTIONS], 0, sizeof(*ports) * (SHED_PORT_ENTRIES - SHED_QUESTIONS));
}

/* `ports` are those of the media addresses. Blocks and eager strangers are for the caller. */
static inline void state_put(struct shed_port *const ports[MEDIA_COUNT], struct shed_rule *rule)
{
	rule->off = 0;
	rule->unknown = rule->rtcp = rule->stun = rule->dtls = a_rate;
	rule->stranger = rule->source = rule->service = a_rate;
	ports_put(ports[MEDIA_IPV4], &source4, &signalled4);
	ports_put(ports[MEDIA_IPV6], &source6, &signalled6);
	port_put(&ports[MEDIA_IPV4][PORT_IPV4_ONLY], SHED_PORT_LATCH, &source4);
	for (uint32_t service = SHED_QUESTIONS; service <= SHED_ERRORS; service++)
		full_put(&ports[MEDIA_BUSY][service]);
}

#endif
