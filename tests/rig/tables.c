/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/tables.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ebpf/policy.h"

struct tables tables;

const struct shed_address tables_media[MEDIA_COUNT] = {
	[MEDIA_IPV4] = {{{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 1}}},
	[MEDIA_IPV6] = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}},
	[MEDIA_BUSY] = {{{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 3}}},
};

const struct shed_address tables_source4 = {
	{{[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 9}}};
static const struct shed_address source6 = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 9}}};
/* Where PORT_SIGNALLED expects media from. */
static const struct shed_address signalled4 = {
	{{[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 8}}};
static const struct shed_address signalled6 = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 8}}};
/* Strangers whose bucket is full: 203.0.113.10 and 2001:db8:fffe::/64. */
const struct shed_address tables_eager4 = {
	{{[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 10}}};
const struct shed_address tables_eager6 = {{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xfe}}};
const struct shed_prefix tables_blocked[2] = {
	{96 + 26, {[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 64}},
	{48, {0x20, 0x01, 0x0d, 0xb8, 0x0b, 0xad}},
};

#define SWAPPED(port) ((port) >> 8 | ((port)&0xff) << 8)
#define SOURCE4                                                                                    \
	{                                                                                          \
		{                                                                                  \
			[10] = 0xff, [11] = 0xff, [12] = 203, [14] = 113, [15] = 9                 \
		}                                                                                  \
	}
#define SOURCE6                                                                                    \
	{                                                                                          \
		{                                                                                  \
			0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 9                               \
		}                                                                                  \
	}

const struct shed_client tables_clients[TABLES_CLIENTS] = {
	{.address = {SOURCE4}, .port = SWAPPED(PEER_PORT), .listener = LISTENER},
	{.address = {SOURCE6}, .port = SWAPPED(PEER_PORT), .listener = LISTENER},
	{.address = {SOURCE4}, .port = SWAPPED(CLIENT_FULL_PORT), .listener = LISTENER},
	{.address = {SOURCE6}, .port = SWAPPED(CLIENT_FULL_PORT), .listener = LISTENER},
};

const struct shed_nonce tables_nonce = {.minute = 1000, .secret = {{1, 2}, {3, 4}}};

/* One packet a second, two seconds' worth at once. */
static const struct shed_rate a_rate = {1000000000, 2000000};

uint64_t tables_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

uint64_t tables_full_bucket(void)
{
	return tables_now() + 3000000000ULL;
}

uint64_t tables_client_bucket(unsigned int client)
{
	return client < TABLES_CLIENTS / 2 ? 0 : tables_full_bucket();
}

static void ufrag_put(struct shed_port *port, int which, const char *octets)
{
	port->ufrag_octets[which] = strlen(octets);
	memcpy(&port->ufrag[which], octets, strlen(octets));
}

/* What all ports have. */
static void port_put(struct shed_port *port, uint32_t flags, const struct shed_address *peer)
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
		.used = shed_tick(tables_now()),
		.seen = 5, /* 100 and 98 */
	};
	if (flags & SHED_PORT_ICE) {
		ufrag_put(port, 0, "abcdefgh");
		ufrag_put(port, 1, "wxyz:");
	}
}

static void full_put(struct shed_port *port)
{
	for (int kind = 0; kind < SHED_KINDS; kind++)
		port->due[kind] = tables_full_bucket();
}

static void ports_put(struct shed_port *ports, const struct shed_address *peer,
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
	port_put(&ports[PORT_TURN], SHED_PORT_TURN, peer);
	port_put(&ports[PORT_TURN_FULL], SHED_PORT_TURN, peer);
	ports[PORT_TURN_FULL].due[SHED_STRANGER] = tables_full_bucket();
	ports[PORT_TURN].listener = ports[PORT_TURN_FULL].listener = LISTENER;
	port_put(&ports[PORT_RELAYED], SHED_PORT_RELAYED, peer);
	port_put(&ports[PORT_RELAYED_FULL], SHED_PORT_RELAYED, peer);
	full_put(&ports[PORT_RELAYED_FULL]);
	port_put(&ports[PORT_RELAYED_MANY], SHED_PORT_RELAYED, peer);
	ports[PORT_RELAYED_MANY].untracked = 1;
	memset(&ports[SHED_QUESTIONS], 0, sizeof(*ports) * (SHED_PORT_ENTRIES - SHED_QUESTIONS));
}

void tables_put(struct shed_port *const ports[MEDIA_COUNT], struct shed_rule *rule)
{
	rule->off = 0;
	rule->unknown = rule->rtcp = rule->stun = rule->dtls = rule->turn = a_rate;
	rule->nonce = tables_nonce;
	rule->hairpin = 1;
	rule->stranger = rule->source = rule->service = a_rate;
	ports_put(ports[MEDIA_IPV4], &tables_source4, &signalled4);
	ports_put(ports[MEDIA_IPV6], &source6, &signalled6);
	port_put(&ports[MEDIA_IPV4][PORT_IPV4_ONLY], SHED_PORT_LATCH, &tables_source4);
	for (uint32_t service = SHED_QUESTIONS; service <= SHED_ERRORS; service++)
		full_put(&ports[MEDIA_BUSY][service]);
}

void tables_alloc(void)
{
	for (int i = 0; i < MEDIA_COUNT; i++) {
		tables.ports[i] = calloc(SHED_PORT_ENTRIES, sizeof(struct shed_port));
		if (!tables.ports[i])
			abort();
	}
}

void tables_free(void)
{
	for (int i = 0; i < MEDIA_COUNT; i++)
		free(tables.ports[i]);
}

static void *policy_media(void *judge, const struct shed_address *addr)
{
	int i;

	for (i = 0; i < MEDIA_COUNT; i++)
		if (memcmp(addr, &tables_media[i], sizeof(*addr)) == 0)
			return tables.ports[i];
	return NULL;
}

static struct shed_port *policy_port(void *ports, __u32 entry)
{
	return entry < SHED_PORT_ENTRIES ? (struct shed_port *)ports + entry : NULL;
}

static const struct shed_rule *policy_rule(void *judge)
{
	return &tables.rule;
}

static int policy_blocked(void *judge, const struct shed_address *addr)
{
	size_t i, k;

	for (i = 0; i < 2; i++) {
		for (k = 0; k < tables_blocked[i].length; k++)
			if ((addr->byte[k / 8] ^ tables_blocked[i].byte[k / 8]) & 0x80 >> k % 8)
				break;
		if (k == tables_blocked[i].length)
			return 1;
	}
	return 0;
}

static __u64 policy_now(void *judge)
{
	return tables_now();
}

static __u64 *policy_source(void *judge, const struct shed_address *source)
{
	if (memcmp(source, &tables_eager4, sizeof(*source)) == 0)
		return (__u64 *)&tables.eager[0];
	return memcmp(source, &tables_eager6, sizeof(*source)) == 0 ? (__u64 *)&tables.eager[1]
								    : NULL;
}

static void policy_remember(void *judge, const struct shed_address *source, __u64 due)
{
}

static __u64 *policy_client(void *judge, const struct shed_client *client)
{
	for (unsigned int k = 0; k < TABLES_CLIENTS; k++)
		if (memcmp(client, &tables_clients[k], sizeof(*client)) == 0)
			return (__u64 *)&tables.clients[k];
	return NULL;
}

static struct shed_sketch *policy_sketch(void *judge)
{
	return &tables.sketch;
}

enum shed_reason tables_judge(const void *frame, size_t length, bool *ours)
{
	const uint8_t *octets = frame;
	struct policy p = {.frame = {octets, octets + length}};
	enum shed_reason reason = policy_verdict(&p);

	if (ours)
		*ours = p.media;
	return reason;
}
