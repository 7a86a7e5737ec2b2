/* SPDX-License-Identifier: BSD-3-Clause */
/* Listens on the link to the honest participant. */
#ifndef TESTS_FLOOD_CAPTURE_H
#define TESTS_FLOOD_CAPTURE_H

#include <signal.h>

#include "tests/flood/frame.h"

/*
 * Frames with RTP, RTCP or SRTP that the interface sends from one endpoint to another: at most
 * `count`, of at most `seconds`. Returns how many; exits with a message on errors.
 */
unsigned int capture(const char *interface, const struct endpoint *from, const struct endpoint *to,
		     double seconds, struct frame *frames, unsigned int count,
		     const volatile sig_atomic_t *stopped);

#endif
