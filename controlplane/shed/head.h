/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The head of a frame that was dropped, in words. It reads what anybody on the Internet wrote, and
 * which was malformed often enough to be dropped: nothing in it is believed, no octet beyond
 * `length` is read, and the texts hold no character of the frame's own. Any thread.
 */
#ifndef TANDEM_HEAD_H
#define TANDEM_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/address.h"

#define HEAD_WHAT 96

struct head {
	char source[ADDRESS_TEXT];      /* "203.0.113.9:5060"; empty: neither IPv4 nor IPv6 */
	char destination[ADDRESS_TEXT]; /* without a port unless it is UDP */
	char what[HEAD_WHAT];           /* "UDP, STUN Binding request" */
};

/* `octets` from the Ethernet header on, perhaps cut short. */
void head_read(struct head *head, const uint8_t *octets, size_t length);

#endif
