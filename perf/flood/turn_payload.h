/* SPDX-License-Identifier: BSD-3-Clause */
/* What TURN's clients say (RFC 8656), as UDP carries it. Each returns how many octets it has. */
#ifndef PERF_FLOOD_TURN_PAYLOAD_H
#define PERF_FLOOD_TURN_PAYLOAD_H

#include "ebpf/shed.h"

enum {
	TURN_PAYLOAD_CHANNEL = 4, /* octets before what is carried */
	TURN_PAYLOAD_SEND = 36,
};

/* Around so many octets that are there already. */
unsigned int turn_payload_channel(__u8 *to, unsigned int octets);
unsigned int turn_payload_send(__u8 *to, unsigned int octets);

/* An Allocate request without credentials, and with them: with the nonce that `from` was given. */
unsigned int turn_payload_allocate(__u8 *to);
unsigned int turn_payload_answer(__u8 *to, const struct shed_address *from);

#endif
