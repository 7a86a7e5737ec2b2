/* SPDX-License-Identifier: BSD-3-Clause */
/* The attacks: what their frames look like. */
#ifndef TESTS_FLOOD_KIND_H
#define TESTS_FLOOD_KIND_H

#include "tests/flood/frame.h"

enum { TARGETS_MAX = 64 };

/* Whom a frame says it comes from. */
enum from {
	FROM_STRANGER, /* a spoofed source */
	FROM_HOST,     /* the honest participant's address, another port */
	FROM_PEER,     /* the honest participant's address and port */
};

/* What an attack must be told beside its targets. */
enum needs {
	NEEDS_PEER = 1 << 0,
	NEEDS_USERNAME = 1 << 1,
	NEEDS_SSRC = 1 << 2,
	NEEDS_CAPTURED = 1 << 3, /* frames of the peer */
	NEEDS_IPV4 = 1 << 4,
	NEEDS_IPV6 = 1 << 5,
	NEEDS_PORT = 1 << 6, /* of the target */
};

/* What all attacks of a run share. */
struct plan {
	uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN];
	unsigned int mtu;
	struct endpoint target[TARGETS_MAX];
	unsigned int targets;
	struct endpoint peer; /* port 0: none */
	const char *username; /* of STUN: "the relay's ufrag:the participant's" */
	uint32_t ssrc;
	bool has_ssrc;
	uint32_t sources; /* as many spoofed addresses */
	struct frame *captured;
	unsigned int captures;
};

struct kind {
	const char *name;
	enum from from;
	unsigned int needs;
	/* Writes the frame, which is empty. */
	void (*make)(const struct plan *p, struct way *w, struct frame *f);
	const char *help;
};

extern const struct kind kinds[];
extern const unsigned int kinds_count;

const struct kind *kind_find(const char *name);
/* Whether a target is of the IP version that the kind is about, and has a port if it needs one. */
bool kind_fits(const struct kind *k, const struct endpoint *target);

/* 198.18.0.0/15 has so many addresses; 2001:db8:f000::/40 has more /64s than are asked for. */
enum { SOURCES_IPV4 = 1 << 17, SOURCES_MAX = 1000000 };
/* Spoofed source n, of the target's family. */
struct in6_addr kind_source(uint32_t n, const struct endpoint *target);

#endif
