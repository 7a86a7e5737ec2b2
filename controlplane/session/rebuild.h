/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls from what the dataplane kept of them. */
#ifndef TANDEM_REBUILD_H
#define TANDEM_REBUILD_H

#include "controlplane/session/session_state.h"

/* The leg is the call's again. -EINVAL when its blob is unreadable or contradicts what is there. */
int rebuild_leg(struct session *s, const Tandem__Dataplane__V1__LegStatus *status);
/* After the last leg: half a bridge, or one whose offer is lost, is deleted. */
void rebuild_finish(struct session *s);

#endif
