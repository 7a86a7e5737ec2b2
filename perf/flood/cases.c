/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/cases.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "ebpf/nonce.h"

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

static void go_to_the_server(struct frame *f)
{
	f->udp->dst = htons(FRAME_TURN);
}

static void go_to_the_client(struct frame *f)
{
	f->udp->dst = htons(FRAME_RELAYED);
}

static void come_from_inside(struct frame *f)
{
	if (f->ipv4)
		memcpy(f->ipv4->src, f->ipv4->dst, sizeof(f->ipv4->src));
	else
		memcpy(f->ipv6->src, f->ipv6->dst, sizeof(f->ipv6->src));
}

/* Its last digit is of the seal. */
static void spoil_nonce(struct frame *f)
{
	__u8 *digit = &f->payload[FRAME_NONCE_AT + NONCE_TEXT - 1];

	*digit = *digit == '#' ? '$' : '#';
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
static void latch(struct shed_port *ports, struct shed_rule *rule)
{
	struct shed_port *port = &ports[FRAME_PORT];

	port->flags = SHED_PORT_OPEN | SHED_PORT_LATCH | SHED_PORT_SIGNALLED;
	port->window = port->settled + 1;
}

static void limit_media(struct shed_port *ports, struct shed_rule *rule)
{
	ports[FRAME_PORT].media = ports[FRAME_TURN].media = ports[FRAME_RELAYED].media = closed;
}

static void limit_unknown(struct shed_port *ports, struct shed_rule *rule)
{
	rule->unknown = closed;
}

static void limit_rtcp(struct shed_port *ports, struct shed_rule *rule)
{
	rule->rtcp = closed;
}

static void limit_stun(struct shed_port *ports, struct shed_rule *rule)
{
	rule->stun = closed;
}

static void limit_dtls(struct shed_port *ports, struct shed_rule *rule)
{
	rule->dtls = closed;
}

static void limit_stranger(struct shed_port *ports, struct shed_rule *rule)
{
	rule->stranger = closed;
}

static void limit_turn(struct shed_port *ports, struct shed_rule *rule)
{
	rule->turn = closed;
}

static void limit_source(struct shed_port *ports, struct shed_rule *rule)
{
	rule->source = closed;
}

static void limit_service(struct shed_port *ports, struct shed_rule *rule)
{
	rule->service = closed;
}

static void serve_no_turn(struct shed_port *ports, struct shed_rule *rule)
{
	rule->hairpin = 0;
}

static void stop(struct shed_port *ports, struct shed_rule *rule)
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
	{"participant, media, TURN is not served", SHED_TO_DATAPLANE, FRAME_RTP, PEER,
	 PREPARE serve_no_turn},
	{"participant behind TURN, ChannelData", SHED_TO_DATAPLANE, FRAME_CHANNEL, PEER},
	{"participant behind TURN, Send", SHED_TO_DATAPLANE, FRAME_SEND, PEER},
	{"participant's peer, at a relayed port", SHED_TO_DATAPLANE, FRAME_RTP, PEER,
	 SPOIL go_to_the_client},
	{"131,072 clients of TURN, ChannelData", SHED_TO_DATAPLANE, FRAME_CHANNEL, PEER,
	 .sources = CASE_CLIENTS},
	{"stranger, ICE check", SHED_TO_DATAPLANE, FRAME_STUN},
	{"a million strangers, ICE checks", SHED_TO_DATAPLANE, FRAME_STUN, .sources = CASE_MILLION},
	{"stranger, Binding at TURN's port", SHED_TO_DATAPLANE, FRAME_STUN, SPOIL go_to_the_server},
	{"stranger, Allocate", SHED_TO_DATAPLANE, FRAME_ALLOCATE},
	{"a million strangers, Allocate", SHED_TO_DATAPLANE, FRAME_ALLOCATE,
	 .sources = CASE_MILLION},
	{"stranger, Allocate with its nonce", SHED_TO_DATAPLANE, FRAME_ANSWER},
	{"stranger, first media", SHED_TO_DATAPLANE, FRAME_RTP, PREPARE latch},
	{"ping", SHED_TO_DATAPLANE, FRAME_ECHO},
	{"ARP, neighbour discovery", SHED_TO_DATAPLANE, FRAME_QUESTION},
	{"nothing is shed", SHED_TO_DATAPLANE, FRAME_RTP, PREPARE stop},

	{"cut", SHED_RUNT, FRAME_RTP, SPOIL cut},
	{"malformed IP header", SHED_IP_HEADER, FRAME_RTP, SPOIL spoil_header},
	{"IP options", SHED_IP_OPTIONS, FRAME_RTP, SPOIL add_options},
	{"wrong or no checksum", SHED_CHECKSUM, FRAME_RTP, SPOIL spoil_checksum},
	{"fragment", SHED_FRAGMENT, FRAME_RTP, SPOIL fragment},
	{"fragments, a million sources", SHED_FRAGMENT, FRAME_RTP, SPOIL fragment,
	 .sources = CASE_MILLION},
	{"impossible source", SHED_SOURCE, FRAME_RTP, SPOIL spoil_source},
	{"TCP", SHED_PROTOCOL, FRAME_RTP, SPOIL be_tcp},
	{"wrong UDP length", SHED_UDP_LENGTH, FRAME_RTP, SPOIL spoil_udp_length},
	{"UDP source port 0", SHED_UDP_PORT, FRAME_RTP, SPOIL spoil_udp_port},
	{"ICMP redirect", SHED_ICMP, FRAME_ECHO, SPOIL redirect},
	{"solicitation from afar", SHED_NDP, FRAME_QUESTION, SPOIL come_from_afar, .only = 6},
	{"blocked, 1 prefix", SHED_BLOCKED, FRAME_RTP, .blocks = FEW},
	{"blocked, 10,000 prefixes", SHED_BLOCKED, FRAME_RTP, .blocks = MANY},
	{"closed port", SHED_CLOSED_PORT, FRAME_RTP, SPOIL knock},
	{"closed ports, a million sources", SHED_CLOSED_PORT, FRAME_RTP, .sources = CASE_MILLION,
	 .random_ports = true},
	{"closed ports, 10,000 prefixes blocked", SHED_CLOSED_PORT, FRAME_RTP,
	 .sources = CASE_MILLION, .random_ports = true, .blocks = MANY},
	{"noise", SHED_NOT_MEDIA, FRAME_NOISE},
	{"noise, a million sources", SHED_NOT_MEDIA, FRAME_NOISE, .sources = CASE_MILLION},
	{"replay", SHED_REPLAY, FRAME_RTP, PEER, SPOIL come_again},
	{"too much media", SHED_MEDIA_RATE, FRAME_RTP, PEER, PREPARE limit_media},
	{"too much of other SSRCs", SHED_UNKNOWN_RATE, FRAME_RTP, PEER, SPOIL be_another_stream,
	 PREPARE limit_unknown},
	{"too much RTCP", SHED_RTCP_RATE, FRAME_RTCP, PEER, PREPARE limit_rtcp},
	{"too many ICE checks", SHED_STUN_RATE, FRAME_STUN, PEER, PREPARE limit_stun},
	{"too much DTLS", SHED_DTLS_RATE, FRAME_DTLS, PEER, PREPARE limit_dtls},
	{"media of a stranger", SHED_STRANGER_MEDIA, FRAME_RTP},
	{"media of a million strangers", SHED_STRANGER_MEDIA, FRAME_RTP, .sources = CASE_MILLION},
	{"DTLS of a stranger", SHED_STRANGER_DTLS, FRAME_DTLS},
	{"DTLS of a million strangers", SHED_STRANGER_DTLS, FRAME_DTLS, .sources = CASE_MILLION},
	{"malformed STUN", SHED_STUN_MALFORMED, FRAME_STUN, SPOIL spoil_cookie},
	{"STUN response", SHED_STUN_UNHANDLED, FRAME_STUN, SPOIL be_a_response},
	{"wrong fragment", SHED_STUN_UFRAG, FRAME_STUN, SPOIL spoil_ufrag},
	{"wrong fragment, a million strangers", SHED_STUN_UFRAG, FRAME_STUN, SPOIL spoil_ufrag,
	 .sources = CASE_MILLION},
	{"too many ICE checks of a stranger", SHED_SOURCE_RATE, FRAME_STUN, PREPARE limit_source},
	{"too many ICE checks on one port", SHED_STRANGER_RATE, FRAME_STUN, PREPARE limit_stranger},
	{"too many ICE checks, a million strangers", SHED_STRANGER_RATE, FRAME_STUN,
	 .sources = CASE_MILLION, PREPARE limit_stranger},
	{"media from a media address", SHED_SOURCE, FRAME_RTP, SPOIL come_from_inside},
	{"too much ChannelData", SHED_CLIENT_RATE, FRAME_CHANNEL, PEER, PREPARE limit_media},
	{"too many Sends", SHED_CLIENT_RATE, FRAME_SEND, PEER, PREPARE limit_media},
	{"too much at a relayed port", SHED_CLIENT_RATE, FRAME_RTP, PEER, SPOIL go_to_the_client,
	 PREPARE limit_media},
	{"stranger at a relayed port", SHED_NO_PERMISSION, FRAME_RTP, SPOIL go_to_the_client},
	{"a million strangers at a relayed port", SHED_NO_PERMISSION, FRAME_RTP,
	 SPOIL go_to_the_client, .sources = CASE_MILLION},
	{"ChannelData of a stranger", SHED_TURN_STRANGER, FRAME_CHANNEL},
	{"ChannelData of a million strangers", SHED_TURN_STRANGER, FRAME_CHANNEL,
	 .sources = CASE_MILLION},
	{"Send of a stranger", SHED_TURN_STRANGER, FRAME_SEND},
	{"Send of a million strangers", SHED_TURN_STRANGER, FRAME_SEND, .sources = CASE_MILLION},
	{"noise at TURN's port", SHED_TURN_STRANGER, FRAME_NOISE, SPOIL go_to_the_server},
	{"noise at TURN's port, a million sources", SHED_TURN_STRANGER, FRAME_NOISE,
	 SPOIL go_to_the_server, .sources = CASE_MILLION},
	{"malformed Allocate", SHED_STUN_MALFORMED, FRAME_ALLOCATE, SPOIL spoil_cookie},
	{"too many Bindings", SHED_STRANGER_RATE, FRAME_STUN, SPOIL go_to_the_server,
	 PREPARE limit_turn},
	{"too many Bindings, a million strangers", SHED_STRANGER_RATE, FRAME_STUN,
	 SPOIL go_to_the_server, PREPARE limit_turn, .sources = CASE_MILLION},
	{"too many Allocates of a stranger", SHED_SOURCE_RATE, FRAME_ALLOCATE,
	 PREPARE limit_source},
	{"too many Allocates", SHED_STRANGER_RATE, FRAME_ALLOCATE, PREPARE limit_turn},
	{"too many Allocates, a million strangers", SHED_STRANGER_RATE, FRAME_ALLOCATE,
	 PREPARE limit_turn, .sources = CASE_MILLION},
	{"too many Allocates with their nonce", SHED_STRANGER_RATE, FRAME_ANSWER,
	 PREPARE limit_turn},
	{"too many Allocates, wrong nonce", SHED_STRANGER_RATE, FRAME_ANSWER, SPOIL spoil_nonce,
	 PREPARE limit_turn},
	{"too many of a million strangers, wrong nonce", SHED_STRANGER_RATE, FRAME_ANSWER,
	 SPOIL spoil_nonce, PREPARE limit_turn, .sources = CASE_MILLION},
	{"too many pings", SHED_SERVICE_RATE, FRAME_ECHO, PREPARE limit_service},
	{"too much ARP, neighbour discovery", SHED_SERVICE_RATE, FRAME_QUESTION,
	 PREPARE limit_service},
	{"no socket", SHED_NO_SOCKET, FRAME_RTP, PEER, .no_socket = true},
};
const unsigned int verdict_case_count = sizeof(verdict_cases) / sizeof(*verdict_cases);
