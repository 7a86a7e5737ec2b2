/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a participant is not heard, concluded from what the relay counts. */
#ifndef TANDEM_CTL_WHY_H
#define TANDEM_CTL_WHY_H

#include <stddef.h>

#include "controlplane/api/relay.pb-c.h"

/*
 * Writes one sentence without its full stop, when no media from this leg's participant is being
 * passed on now; returns `text`, or NULL when all is well.
 */
const char *why_silent(const Tandem__Relay__V1__Leg *leg, char *text, size_t size);

#endif
