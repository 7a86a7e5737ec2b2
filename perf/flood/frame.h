/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as participants and attackers send them to the two media addresses of this measurement. */
#ifndef PERF_FLOOD_FRAME_H
#define PERF_FLOOD_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "ebpf/packet.h"
#include "ebpf/shed.h"

enum {
	FRAME_MAX = 320,
	FRAME_PORT = 30000,    /* of both media addresses: a leg's */
	FRAME_RELAYED = 30002, /* a relayed one */
	FRAME_TURN = 3478,     /* where the TURN server listens */
	FRAME_FROM = 40000,    /* UDP source port of everybody */
	FRAME_SSRC = 0x5eed0001,
	FRAME_SEQUENCE = 1001,
	FRAME_UFRAG_AT = 24,  /* in the payload of FRAME_STUN */
	FRAME_NONCE_AT = 100, /* in the payload of FRAME_ANSWER */
};
#define FRAME_UFRAG "Tndm"

enum frame_kind {
	FRAME_RTP, /* 160 octets of media */
	FRAME_RTCP,
	FRAME_STUN, /* an ICE check with a USERNAME for FRAME_UFRAG */
	FRAME_DTLS, /* the beginning of a ClientHello */
	FRAME_NOISE,
	FRAME_CHANNEL,  /* the same media in ChannelData; this and what follows: to the TURN port */
	FRAME_SEND,     /* in a Send indication */
	FRAME_ALLOCATE, /* as a client begins */
	FRAME_ANSWER,   /* the same again, which meets the challenge; NONCE is looked at last */
	FRAME_ECHO,
	FRAME_QUESTION, /* an ARP request or a neighbour solicitation */
};

/* The pointers are to what is in `octet`; NULL where there is no such thing. */
struct frame {
	__u8 octet[FRAME_MAX];
	unsigned int length;
	bool wrong_checksum; /* of the IPv4 header */
	struct packet_ipv4 *ipv4;
	struct packet_ipv6 *ipv6;
	struct packet_udp *udp;
	struct packet_icmp *icmp;
	__u8 *payload; /* of UDP */
};

/* The media address, a participant's and somebody else's. version: 4 or 6. */
struct shed_address frame_media(int version);
struct shed_address frame_peer(int version);
struct shed_address frame_stranger(int version);

/* By what the nonces of FRAME_ANSWER are known. */
extern const struct shed_nonce frame_nonce;

/* A frame from one of them to its port; `spoil`, if any, then changes what it likes. */
void frame_make(struct frame *f, int version, enum frame_kind kind, const struct shed_address *from,
		void (*spoil)(struct frame *f));

#endif
