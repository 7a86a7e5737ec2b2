/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a leg carries no media, as an operator wants to read it. */
#ifndef TANDEM_WHY_H
#define TANDEM_WHY_H

#include <stddef.h>

#include "controlplane/session/call.h"

#define WHY_MAX        240
#define WHY_SILENCE_MS 5000 /* without a packet before that is the reason */

/* Writes one reason, or an empty text when media flows. `status` may be NULL: the dataplane is
 * away. */
void why_leg(char *text, size_t size, const struct leg *leg,
	     const Tandem__Dataplane__V1__LegStatus *status);

/* What was shed for, without what counters have before it: "closed_port" of "shed_closed_port". */
const char *why_reason(const char *name);

/* Whether the leg can carry media: addressed, validated, keyed. */
bool why_is_up(const struct leg *leg);

#endif
