/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a leg carries no media, as an operator wants to read it. */
#ifndef TANDEM_DIAGNOSE_H
#define TANDEM_DIAGNOSE_H

#include <stddef.h>

#include "controlplane/session/call.h"

#define DIAGNOSE_MAX        240
#define DIAGNOSE_SILENCE_MS 5000 /* without a packet before that is the reason */

/* Writes one reason, or an empty text when media flows. `status` may be NULL if the dataplane is
 * away. */
void diagnose_leg(char *text, size_t size, const struct leg *leg,
		  const Tandem__Dataplane__V1__LegStatus *status);

/* What stands in the way before any packet could count; NULL: nothing. */
const char *diagnose_unready(const struct leg *leg);

/*
 * Why what comes from the leg's participant sounds bad to who hears it, or an empty text. By the
 * voice that said most; the report must be complete.
 */
void diagnose_sound(char *text, size_t size, const Tandem__Relay__V1__Leg *leg);

/* The same of the last interval alone, from what was kept of it (rating.h). */
void diagnose_interval(char *text, size_t size, const struct leg *leg);

/* Whether the leg can carry media: addressed, validated, keyed. */
bool diagnose_is_up(const struct leg *leg);

#endif
