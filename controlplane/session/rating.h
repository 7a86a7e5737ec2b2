/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How each leg's streams sound: the readings of each round (audit.h) end their intervals. The
 * session's loop only.
 */
#ifndef TANDEM_RATING_H
#define TANDEM_RATING_H

#include "controlplane/session/call.h"
#include "controlplane/session/media.h"

/* An interval ends for all of the leg's streams, and begins for new ones. */
void rating_take(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status);
/* How far away its participant is, from readings between. */
void rating_hear(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status);

/* Which part of what the sender of this stream hears did not reach it in the interval, 0 to 1. */
double rating_missing(const struct leg *by, const Tandem__Dataplane__V1__Stream *said);

/* What a payload type of the leg is called; "": nothing. */
void rating_name(char name[MEDIA_NAME], const struct leg *leg, unsigned int payload_type);
/* What a stream has counted. */
struct quality_reading rating_read(const struct leg *leg,
				   const Tandem__Dataplane__V1__Stream *stream);

#endif
