/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ebpf/policy.h compiled for user space, and the tables that the fixtures of verdict.h are judged
 * by, written into whatever memory a compilation of the policy reads.
 */
#ifndef TANDEM_TESTS_RIG_TABLES_H
#define TANDEM_TESTS_RIG_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	PORT_TURN = 30014,      /* the TURN server listens */
	PORT_TURN_FULL = 30016, /* the same, and the bucket of strangers is full */
	PORT_RELAYED = 30018,   /* a relayed address, whose peer has the base frames' IP address */
	PORT_RELAYED_FULL = 30020, /* the same, and its bucket is full */
	PORT_RELAYED_MANY = 30022, /* of more peers than have a place */
	PORT_LAST = PORT_RELAYED_MANY,
};

/* Base frames come from port 40000; the peer of all ports is at the same address, port 40001. */
enum { PEER_PORT = 40001, STREAM_SSRC = 3, STREAM_HIGHEST = 100, STREAM_AHEAD = 16 };

/* TURN clients at that address: one at the peer's port, and one whose bucket is full at the next.
 */
enum { TABLES_CLIENTS = 4, CLIENT_FULL_PORT = 40002, LISTENER = 5 };
extern const struct shed_client tables_clients[TABLES_CLIENTS];

extern const struct shed_address tables_media[MEDIA_COUNT], tables_source4;

extern const struct shed_nonce tables_nonce;

/* Strangers whose bucket is full. */
extern const struct shed_address tables_eager4, tables_eager6;
extern const struct shed_prefix tables_blocked[2];

/* The tables of the policy compiled here. */
extern struct tables {
	struct shed_port *ports[MEDIA_COUNT];
	struct shed_rule rule;
	struct shed_sketch sketch;
	uint64_t eager[2];
	uint64_t clients[TABLES_CLIENTS];
} tables;

void tables_alloc(void);
void tables_free(void);

uint64_t tables_now(void);

/* A bucket into which nothing fits for a second. */
uint64_t tables_full_bucket(void);
/* What is in a client's bucket. */
uint64_t tables_client_bucket(unsigned int client);

/* `ports` are those of the media addresses. Blocks and eager strangers are for the caller. */
void tables_put(struct shed_port *const ports[MEDIA_COUNT], struct shed_rule *rule);

/*
 * What the policy says of a frame by `tables`; `ours`, if any: whether it was for a media address.
 */
enum shed_reason tables_judge(const void *frame, size_t length, bool *ours);

#endif
