/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells a participant that asks for it by SDP (a=rtcp-xr:voip-metrics, RFC 3611 section 5) how its
 * voice arrives, when an interval of its rating has ended. What it asks for is the relay's to
 * answer; the attribute and the XR of the other side pass as well. The session's loop only.
 */
#ifndef TANDEM_TELL_XR_H
#define TANDEM_TELL_XR_H

#include "controlplane/session/call.h"

/* After rating_take() of the same status. */
void tell_xr(const struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status);

#endif
