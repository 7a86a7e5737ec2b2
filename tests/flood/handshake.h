/* SPDX-License-Identifier: BSD-3-Clause */
/* What a participant's first packets are made of: a connectivity check, a ClientHello. */
#ifndef TESTS_FLOOD_HANDSHAKE_H
#define TESTS_FLOOD_HANDSHAKE_H

#include "tests/flood/frame.h"

/*
 * An ICE check (RFC 8445 section 7.2) with FINGERPRINT; with a username all that a controlling
 * agent sends, and an integrity of a password that is not the right one.
 */
void handshake_put_check(struct frame *f, const char *username);

/* A ClientHello of DTLS 1.2 (RFC 6347) with use_srtp (RFC 5764), as a browser's first flight. */
void handshake_put_hello(struct frame *f);

#endif
