/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames and the verdict each must get from ebpf/policy.h, no matter who compiled it, by the tables
 * of tables.h. Octets are as on the wire.
 */
#ifndef TANDEM_TESTS_RIG_VERDICT_H
#define TANDEM_TESTS_RIG_VERDICT_H

#include <stddef.h>
#include <stdint.h>
#include "tests/rig/tables.h"

enum {
	ETHERNET = 14,
	TAG = 4,
	FRAME_MAX = 256,
};

/* What a fixture begins with; a valid packet for the dataplane each. */
enum base { UDP4, UDP6, STUN4, STUN6, ECHO4, ECHO6, SOLICIT, ADVERTISE, WHO_HAS };

struct edit {
	uint8_t at; /* octets behind the Ethernet header */
	uint8_t len;
	const char *octets;
};

#define EDIT(at, octets)                                                                           \
	{                                                                                          \
		at, sizeof(octets) - 1, octets                                                     \
	}

/* To the port 0x75xx; from the peer to that port; with that sequence number. By IP version. */
#define UDP_AT(ip) ((ip) == 4 ? 20 : 40)

#define TO(ip, port)    EDIT(UDP_AT(ip) + 3, port)
#define PEER(ip, port)  EDIT(UDP_AT(ip) + 1, "\x41\x75" port)
#define SEQ(ip, number) EDIT(UDP_AT(ip) + 10, number)

struct fixture {
	const char *name;
	enum base base;
	enum shed_reason reason;
	struct edit edit[3];
	int cut;            /* octets missing at the end, after the lengths were written */
	int wrong_checksum; /* of the IPv4 header */
};

struct frame {
	uint8_t octet[FRAME_MAX];
	size_t len;
};

#define VERDICT_FIXTURES 218

extern const struct fixture verdict_fixtures[VERDICT_FIXTURES];

/* tag is the ethertype of a VLAN tag, or 0 for none. */
void verdict_build(struct frame *frame, const struct fixture *fixture, uint16_t tag);

/* Puts the checksum into an IPv4 header without options. */
void verdict_sum(uint8_t *ip);

#endif
