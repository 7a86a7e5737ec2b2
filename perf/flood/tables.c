/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/tables.h"

#include <arpa/inet.h>
#include <string.h>

#include "perf/flood/vary.h"

/* Is counted and never reached: a packet is a nanosecond. */
static const struct shed_rate wide = {1, 1000};

struct shed_client tables_client(int version, unsigned int n)
{
	struct shed_client client = {.address = frame_peer(version), .port = htons(FRAME_FROM)};

	if (n == CASE_CLIENTS)
		return client;
	if (version == 4)
		vary_source_ipv4(&client.address.byte[12], n);
	else
		vary_source_ipv6(client.address.byte, n);
	return client;
}

static int add_clients(struct shed *shed, int version)
{
	int error = 0;

	for (unsigned int n = 0; n <= CASE_CLIENTS && !error; n++) {
		const struct shed_client client = tables_client(version, n);

		error = shed_client_add(shed, &client);
	}
	return error;
}

int tables_open(struct tables *t, struct shed *shed)
{
	t->shed = shed;
	t->rule = shed_rule(shed);
	for (int n = 0; n < 2; n++) {
		int version = n ? 6 : 4;
		struct shed_address media = frame_media(version);
		int index = shed_address_add(shed, &media), error;

		if (index < 0)
			return index;
		t->ports[n] = shed_ports(shed, index);
		error = add_clients(shed, version);
		if (error)
			return error;
	}
	return 0;
}

/* The peer and its SSRC are in the last places of each list: nobody is found later. */
static struct shed_port leg_port(int version)
{
	struct shed_port port = {
		.flags = SHED_PORT_OPEN | SHED_PORT_ICE,
		.leg = 1,
		.media = wide,
		.ahead = 200,
		.ufrag_octets = {sizeof(FRAME_UFRAG ":") - 1},
		.signalled = frame_stranger(version),
	};

	memcpy(&port.ufrag[0], FRAME_UFRAG ":", port.ufrag_octets[0]);
	for (int n = 0; n < SHED_PEERS; n++) {
		port.peer[n] = frame_peer(version);
		port.peer_port[n] = htons(FRAME_FROM - SHED_PEERS + 1 + n);
	}
	for (int n = 0; n < SHED_STREAMS; n++)
		port.stream[n] = (struct shed_stream){
			.ssrc = htonl(FRAME_SSRC - SHED_STREAMS + 1 + n),
			.highest = FRAME_SEQUENCE - 1,
			.used = 1,
			.seen = UINT64_MAX,
		};
	return port;
}

static struct shed_port turn_port(void)
{
	return (struct shed_port){
		.flags = SHED_PORT_OPEN | SHED_PORT_TURN,
		.leg = SHED_NO_LEG,
		.media = wide,
	};
}

/* The permitted peer is the last one. */
static struct shed_port relayed_port(int version)
{
	struct shed_port port = {
		.flags = SHED_PORT_OPEN | SHED_PORT_RELAYED,
		.leg = SHED_NO_LEG,
		.media = wide,
	};

	for (int n = 0; n < SHED_PEERS; n++) {
		port.peer[n] = frame_peer(version);
		port.peer[n].byte[15] -= SHED_PEERS - 1 - n;
		port.peer_port[n] = 1;
	}
	return port;
}

void tables_prepare(struct tables *t, const struct verdict_case *c, int version)
{
	struct shed_port *ports = t->ports[version == 6];

	t->rule->off = 0;
	t->rule->hairpin = 1; /* as where TURN is served */
	t->rule->nonce = frame_nonce;
	t->rule->unknown = t->rule->rtcp = t->rule->stun = t->rule->dtls = wide;
	t->rule->stranger = t->rule->source = t->rule->service = t->rule->turn = wide;
	ports[FRAME_PORT] = leg_port(version);
	ports[FRAME_TURN] = turn_port();
	ports[FRAME_RELAYED] = relayed_port(version);
	memset(&ports[SHED_PORTS], 0, (SHED_PORT_ENTRIES - SHED_PORTS) * sizeof(*ports));
	if (c->prepare)
		c->prepare(ports, t->rule);
}

/* Of several lengths, as operators' lists have them. The first one is the stranger's. */
struct shed_prefix tables_prefix(const struct verdict_case *c, int version, unsigned int n)
{
	const struct shed_address stranger = frame_stranger(version);
	const unsigned int at = version == 6 ? 4 : 13;
	struct shed_prefix prefix = {.length = (version == 6 ? 64 : 128) - n % 9};

	memcpy(prefix.byte, stranger.byte, sizeof(prefix.byte));
	if (n || c->spared) {
		prefix.byte[at] = 128 | n >> 8;
		prefix.byte[at + 1] = n;
	}
	return prefix;
}
