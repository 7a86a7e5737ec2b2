/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs with streams, and bursts of media as flow hands them on: for tests of crypt and meter. */
#ifndef TANDEM_TESTS_RIG_MEDIA_H
#define TANDEM_TESTS_RIG_MEDIA_H

#include "dataplane/leg.h"
#include "dataplane/main/legs/stream_pool.h"
#include "dataplane/stream.h"
#include "tests/rig/bench.h"
#include "tests/rig/packet.h"

#define MEDIA_PAYLOAD 42 /* octets of Ethernet, IPv4 and UDP before a payload */

struct bench *media_create(uint32_t streams);
void media_destroy(struct bench *f);

/* A leg at work under `config`, its participant at 198.51.100.7, `port` and the one above it. */
struct leg *media_leg(struct bench *f, struct leg_config *config, uint16_t port);
void media_leg_free(struct bench *f, struct leg *leg);
void media_burst(struct burst *b, uint64_t now);

/* A packet from the leg's participant. Returns its slot. */
unsigned int media_add(struct bench *f, struct burst *b, struct leg *leg,
		       const struct packet *packet);
void media_free(struct burst *b);

#endif
