/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells those who asked (session_meter) of a leg's streams, once its interval was rated. */
#ifndef TANDEM_SESSION_METER_H
#define TANDEM_SESSION_METER_H

#include "controlplane/session/call.h"

void meter_tell(const struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status);

#endif
