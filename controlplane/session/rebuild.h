/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls from what the dataplane kept of them. */
#ifndef TANDEM_REBUILD_H
#define TANDEM_REBUILD_H

#include "controlplane/session/session_state.h"

/* The call is the session's again. -EINVAL when its state is unreadable or contradicts itself. */
int rebuild_call(struct session *s, uint64_t key, const uint8_t *octets, size_t size);
/* What of a leg the dataplane alone knows. */
void rebuild_leg(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status);
/* After the last leg: what no offer can bring into force is deleted. */
void rebuild_finish(struct session *s);

#endif
