/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/cases.h"

#include <arpa/inet.h>
#include <string.h>

/* --- what is wrong with a frame ----------------------------------------------------------------*/

static void cut(struct frame *f)
{
	f->length--;
}

static void spoil_header(struct frame *f)
{
	if (f->ipv4)
		f->ipv4->version_ihl = 0x44;
	else
		f->ipv6->version_class = 0x40;
}

static void add_options(struct frame *f)
{
	if (f->ipv4)
		f->ipv4->version_ihl = 0x46;
	else
		f->ipv6->next = PACKET_HOP_BY_HOP;
}

static void spoil_checksum(struct frame *f)
{
	if (f->ipv4)
		f->wrong_checksum = true;
	else
		f->udp->checksum = 0;
}

static void fragment(struct frame *f)
{
	if (f->ipv4)
		f->ipv4->fragment = htons(0x2000);
	else
		f->ipv6->next = PACKET_FRAGMENT;
}

static void spoil_source(struct frame *f)
{
	if (f->ipv4)
		f->ipv4->src[0] = 127;
	else
		f->ipv6->src[0] = 0xff;
}

static void be_tcp(struct frame *f)
{
	if (f->ipv4)
		f->ipv4->protocol = 6;
	else
		f->ipv6->next = 6;
}

static void spoil_udp_length(struct frame *f)
{
	f->udp->length = htons(ntohs(f->udp->length) + 1);
}

static void spoil_udp_port(struct frame *f)
{
	f->udp->src = 0;
}

static void redirect(struct frame *f)
{
	f->icmp->type = f->ipv4 ? 5 : 137;
}

static void come_from_afar(struct frame *f)
{
	f->ipv6->hop_limit = 64;
}

static void be_for_another(struct frame *f)
{
	if (f->ipv4)
		f->ipv4->dst[3]++;
	else
		f->ipv6->dst[15]++;
}

static void knock(struct frame *f)
{
	f->udp->dst = htons(FRAME_PORT + 1);
}

static void be_another_stream(struct frame *f)
{
	f->payload[11]++;
}

static void come_again(struct frame *f)
{
	f->payload[3]--;
}

static void spoil_cookie(struct frame *f)
{
	f->payload[4]++;
}

static void be_a_response(struct frame *f)
{
	f->payload[0] = 1;
}

static void spoil_ufrag(struct frame *f)
{
	f->payload[FRAME_UFRAG_AT]++;
}

/* --- what the tables hold ----------------------------------------------------------------------*/

/* Nothing fits into it but what comes first, every four seconds. */
static const struct shed_rate closed = {UINT32_MAX, UINT32_MAX / 1000};
/* Is counted and never reached: a packet is a nanosecond. */
static const struct shed_rate wide = {1, 1000};

static void latch(struct shed_port *port, struct shed_rule *rule)
{
	port->flags = SHED_PORT_OPEN | SHED_PORT_LATCH | SHED_PORT_SIGNALLED;
	port->window = port->settled + 1;
}

static void limit_media(struct shed_port *port, struct shed_rule *rule)
{
	port->media = closed;
}

static void limit_unknown(struct shed_port *port, struct shed_rule *rule)
{
	rule->unknown = closed;
}

static void limit_rtcp(struct shed_port *port, struct shed_rule *rule)
{
	rule->rtcp = closed;
}

static void limit_stun(struct shed_port *port, struct shed_rule *rule)
{
	rule->stun = closed;
}

static void limit_dtls(struct shed_port *port, struct shed_rule *rule)
{
	rule->dtls = closed;
}

static void limit_stranger(struct shed_port *port, struct shed_rule *rule)
{
	rule->stranger = closed;
}

static void limit_source(struct shed_port *port, struct shed_rule *rule)
{
	rule->source = closed;
}

static void limit_service(struct shed_port *port, struct shed_rule *rule)
{
	rule->service = closed;
}

static void stop(struct shed_port *port, struct shed_rule *rule)
{
	rule->off = 1;
}

enum { FEW = 1, MANY = 10000 };

#define PEER    .from_peer = true
#define PREPARE .prepare =
#define SPOIL   .spoil =

const struct verdict_case verdict_cases[] = {
	{"for another address", SHED_TO_KERNEL, FRAME_NOISE, SPOIL be_for_another},
	{"participant, media in order", SHED_TO_DATAPLANE, FRAME_RTP, PEER},
	{"participant, media, 10,000 prefixes blocked", SHED_TO_DATAPLANE, FRAME_RTP, PEER,
	 .blocks = MANY, .spared = true},
	{"participant, another SSRC", SHED_TO_DATAPLANE, FRAME_RTP, PEER, SPOIL be_another_stream},
	{"participant, RTCP", SHED_TO_DATAPLANE, FRAME_RTCP, PEER},
	{"participant, ICE check", SHED_TO_DATAPLANE, FRAME_STUN, PEER},
	{"participant, DTLS", SHED_TO_DATAPLANE, FRAME_DTLS, PEER},
	{"stranger, ICE check", SHED_TO_DATAPLANE, FRAME_STUN},
	{"a million strangers, ICE checks", SHED_TO_DATAPLANE, FRAME_STUN, .sources = true},
	{"stranger, first media", SHED_TO_DATAPLANE, FRAME_RTP, PREPARE latch},
	{"ping", SHED_TO_DATAPLANE, FRAME_ECHO},
	{"ARP, neighbour discovery", SHED_TO_DATAPLANE, FRAME_QUESTION},
	{"nothing is shed", SHED_TO_DATAPLANE, FRAME_RTP, PREPARE stop},

	{"cut", SHED_RUNT, FRAME_RTP, SPOIL cut},
	{"malformed IP header", SHED_IP_HEADER, FRAME_RTP, SPOIL spoil_header},
	{"IP options", SHED_IP_OPTIONS, FRAME_RTP, SPOIL add_options},
	{"wrong or no checksum", SHED_CHECKSUM, FRAME_RTP, SPOIL spoil_checksum},
	{"fragment", SHED_FRAGMENT, FRAME_RTP, SPOIL fragment},
	{"fragments, a million sources", SHED_FRAGMENT, FRAME_RTP, SPOIL fragment, .sources = true},
	{"impossible source", SHED_SOURCE, FRAME_RTP, SPOIL spoil_source},
	{"TCP", SHED_PROTOCOL, FRAME_RTP, SPOIL be_tcp},
	{"wrong UDP length", SHED_UDP_LENGTH, FRAME_RTP, SPOIL spoil_udp_length},
	{"UDP source port 0", SHED_UDP_PORT, FRAME_RTP, SPOIL spoil_udp_port},
	{"ICMP redirect", SHED_ICMP, FRAME_ECHO, SPOIL redirect},
	{"solicitation from afar", SHED_NDP, FRAME_QUESTION, SPOIL come_from_afar, .only = 6},
	{"blocked, 1 prefix", SHED_BLOCKED, FRAME_RTP, .blocks = FEW},
	{"blocked, 10,000 prefixes", SHED_BLOCKED, FRAME_RTP, .blocks = MANY},
	{"closed port", SHED_CLOSED_PORT, FRAME_RTP, SPOIL knock},
	{"closed ports, a million sources", SHED_CLOSED_PORT, FRAME_RTP, .sources = true,
	 .random_ports = true},
	{"closed ports, 10,000 prefixes blocked", SHED_CLOSED_PORT, FRAME_RTP, .sources = true,
	 .random_ports = true, .blocks = MANY},
	{"noise", SHED_NOT_MEDIA, FRAME_NOISE},
	{"noise, a million sources", SHED_NOT_MEDIA, FRAME_NOISE, .sources = true},
	{"replay", SHED_REPLAY, FRAME_RTP, PEER, SPOIL come_again},
	{"too much media", SHED_MEDIA_RATE, FRAME_RTP, PEER, PREPARE limit_media},
	{"too much of other SSRCs", SHED_UNKNOWN_RATE, FRAME_RTP, PEER, SPOIL be_another_stream,
	 PREPARE limit_unknown},
	{"too much RTCP", SHED_RTCP_RATE, FRAME_RTCP, PEER, PREPARE limit_rtcp},
	{"too many ICE checks", SHED_STUN_RATE, FRAME_STUN, PEER, PREPARE limit_stun},
	{"too much DTLS", SHED_DTLS_RATE, FRAME_DTLS, PEER, PREPARE limit_dtls},
	{"media of a stranger", SHED_STRANGER_MEDIA, FRAME_RTP},
	{"media of a million strangers", SHED_STRANGER_MEDIA, FRAME_RTP, .sources = true},
	{"DTLS of a stranger", SHED_STRANGER_DTLS, FRAME_DTLS},
	{"DTLS of a million strangers", SHED_STRANGER_DTLS, FRAME_DTLS, .sources = true},
	{"malformed STUN", SHED_STUN_MALFORMED, FRAME_STUN, SPOIL spoil_cookie},
	{"STUN response", SHED_STUN_UNHANDLED, FRAME_STUN, SPOIL be_a_response},
	{"wrong fragment", SHED_STUN_UFRAG, FRAME_STUN, SPOIL spoil_ufrag},
	{"wrong fragment, a million strangers", SHED_STUN_UFRAG, FRAME_STUN, SPOIL spoil_ufrag,
	 .sources = true},
	{"too many ICE checks of a stranger", SHED_SOURCE_RATE, FRAME_STUN, PREPARE limit_source},
	{"too many ICE checks on one port", SHED_STRANGER_RATE, FRAME_STUN, PREPARE limit_stranger},
	{"too many ICE checks, a million strangers", SHED_STRANGER_RATE, FRAME_STUN,
	 .sources = true, PREPARE limit_stranger},
	{"too many pings", SHED_SERVICE_RATE, FRAME_ECHO, PREPARE limit_service},
	{"too much ARP, neighbour discovery", SHED_SERVICE_RATE, FRAME_QUESTION,
	 PREPARE limit_service},
	{"no socket", SHED_NO_SOCKET, FRAME_RTP, PEER, .no_socket = true},
};
const unsigned int verdict_case_count = sizeof(verdict_cases) / sizeof(*verdict_cases);

int tables_open(struct tables *t, struct shed *shed)
{
	t->shed = shed;
	t->rule = shed_rule(shed);
	for (int n = 0; n < 2; n++) {
		struct shed_address media = frame_media(n ? 6 : 4);
		int index = shed_address_add(shed, &media);

		if (index < 0)
			return index;
		t->ports[n] = shed_ports(shed, index);
	}
	return 0;
}

/* The peer and its SSRC are in the last places of each list: nobody is found later. */
static struct shed_port open_port(int version)
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

void tables_prepare(struct tables *t, const struct verdict_case *c, int version)
{
	struct shed_port *ports = t->ports[version == 6];

	t->rule->off = 0;
	t->rule->unknown = t->rule->rtcp = t->rule->stun = t->rule->dtls = wide;
	t->rule->stranger = t->rule->source = t->rule->service = wide;
	ports[FRAME_PORT] = open_port(version);
	memset(&ports[SHED_PORTS], 0, (SHED_PORT_ENTRIES - SHED_PORTS) * sizeof(*ports));
	if (c->prepare)
		c->prepare(&ports[FRAME_PORT], t->rule);
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
