/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A browser's leg of a scene, on whatever terms a test wants, and what the shedding of floods knows
 * of its ports.
 */
#ifndef TANDEM_TESTS_RIG_BROWSER_H
#define TANDEM_TESTS_RIG_BROWSER_H

#include "tests/rig/forge.h"
#include "tests/rig/scene.h"

#define UFRAG "evtj"

/* What the control plane says of the leg; the phone is its peer and needs nothing. */
struct terms {
	bool mux, secure, ice, latch_signalled;
	uint32_t latch_ms;
	uint32_t pps, at_once; /* that its participant may send */
	uint16_t remote_port;  /* of BROWSER; 0: the SDP names no address */
};

void browser_put(struct scene *s, const struct terms *t);
struct leg *browser_leg(const struct scene *s);
struct shed_port *browser_gate(const struct scene *s, unsigned int component);
struct endpoint browser_at(uint16_t port);

struct packet browser_check(const char *ufrag, const char *password, bool nominate);

#define ICE_CHECK browser_check(UFRAG ":h6vY", PASSWORD, false)
#define NOMINATE  browser_check(UFRAG ":h6vY", PASSWORD, true)

/* The first octets of a ClientHello. */
struct packet browser_hello(void);
void browser_send(struct scene *s, const struct endpoint *from, struct packet m);

/* These may speak, in this order, and nobody else. */
void browser_expect_peers(const struct scene *s, unsigned int component, unsigned int count,
			  const struct endpoint *peers);

#define PEERS(...)                                                                                 \
	sizeof((struct endpoint[]){__VA_ARGS__}) / sizeof(struct endpoint), (struct endpoint[])    \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

#endif
