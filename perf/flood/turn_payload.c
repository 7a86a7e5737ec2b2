/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/turn_payload.h"

#include <arpa/inet.h>
#include <string.h>

#include "ebpf/nonce.h"
#include "ebpf/packet.h"
#include "perf/flood/frame.h"

const struct shed_nonce frame_nonce = {
	.minute = 1000,
	.secret = {{0x0706050403020100, 0x0f0e0d0c0b0a0908},
		   {0x1716151413121110, 0x1f1e1d1c1b1a1918}},
};

enum { SEND = 0x0016, CHANNEL = 0x4000, UDP = 17, IPV4 = 1 };
enum {
	LIFETIME = 0x000d,
	PEER = 0x0012,
	DATA = 0x0013,
	REALM = 0x0014,
	FAMILY = 0x0017,
	TRANSPORT = 0x0019,
	DONT_FRAGMENT = 0x001a,
	INTEGRITY = 0x0008,
	SOFTWARE = 0x8022,
};

struct attribute {
	__be16 type;
	__be16 length;
} PACKET_HEADER;

struct channel {
	__be16 number;
	__be16 length;
} PACKET_HEADER;

struct send {
	struct packet_stun stun;
	struct attribute peer;
	__u8 address[8];
	struct attribute data;
} PACKET_HEADER;

struct allocate {
	struct packet_stun stun;
	struct attribute transport;
	__u8 protocol[4];
} PACKET_HEADER;

/* Whatever a client may say before its credentials comes before them. */
struct answer {
	struct packet_stun stun;
	struct attribute software;
	char name[8];
	struct attribute lifetime;
	__be32 seconds;
	struct attribute transport;
	__u8 protocol[4];
	struct attribute dont_fragment;
	struct attribute family;
	__u8 version[4];
	struct attribute username;
	char user[16];
	struct attribute realm;
	char domain[12];
	struct attribute nonce;
	__u8 text[NONCE_TEXT];
	struct attribute integrity;
	__u8 hmac[20];
} PACKET_HEADER;

_Static_assert(sizeof(struct channel) == TURN_PAYLOAD_CHANNEL, "RFC 8656 section 12.4");
_Static_assert(sizeof(struct send) == TURN_PAYLOAD_SEND, "an indication with a peer of IPv4");
_Static_assert(offsetof(struct answer, text) == FRAME_NONCE_AT, "where it is spoiled");

static struct attribute attribute(__u16 type, __u16 length)
{
	return (struct attribute){htons(type), htons(length)};
}

/* `octets`: of the whole message. */
static struct packet_stun stun(__u16 type, unsigned int octets)
{
	return (struct packet_stun){htons(type), htons(octets - sizeof(struct packet_stun)),
				    htonl(PACKET_STUN_COOKIE)};
}

unsigned int turn_payload_channel(__u8 *to, unsigned int octets)
{
	const struct channel c = {htons(CHANNEL), htons(octets)};

	memcpy(to, &c, sizeof(c));
	return sizeof(c) + octets;
}

unsigned int turn_payload_send(__u8 *to, unsigned int octets)
{
	const struct send s = {
		.stun = stun(SEND, sizeof(s) + octets),
		.peer = attribute(PEER, sizeof(s.address)),
		.address = {0, IPV4, 0x21, 0x12, 0xe1, 0x12, 0xa6, 0x43},
		.data = attribute(DATA, octets),
	};

	memcpy(to, &s, sizeof(s));
	return sizeof(s) + octets;
}

unsigned int turn_payload_allocate(__u8 *to)
{
	const struct allocate a = {
		.stun = stun(PACKET_TURN_ALLOCATE, sizeof(a)),
		.transport = attribute(TRANSPORT, sizeof(a.protocol)),
		.protocol = {UDP},
	};

	memcpy(to, &a, sizeof(a));
	return sizeof(a);
}

unsigned int turn_payload_answer(__u8 *to, const struct shed_address *from)
{
	struct answer a = {
		.stun = stun(PACKET_TURN_ALLOCATE, sizeof(a)),
		.software = attribute(SOFTWARE, sizeof(a.name)),
		.name = "browser",
		.lifetime = attribute(LIFETIME, sizeof(a.seconds)),
		.seconds = htonl(600),
		.transport = attribute(TRANSPORT, sizeof(a.protocol)),
		.protocol = {UDP},
		.dont_fragment = attribute(DONT_FRAGMENT, 0),
		.family = attribute(FAMILY, sizeof(a.version)),
		.version = {IPV4},
		.username = attribute(PACKET_STUN_USERNAME, sizeof(a.user)),
		.user = "1700000000:ann",
		.realm = attribute(REALM, sizeof(a.domain)),
		.domain = "example.com",
		.nonce = attribute(PACKET_STUN_NONCE, sizeof(a.text)),
		.integrity = attribute(INTEGRITY, sizeof(a.hmac)),
	};

	nonce_write(a.text, frame_nonce.minute,
		    nonce_seal(&frame_nonce, from, htons(FRAME_FROM), frame_nonce.minute));
	memcpy(to, &a, sizeof(a));
	return sizeof(a);
}
