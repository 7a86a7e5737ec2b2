/* SPDX-License-Identifier: BSD-3-Clause */
/* In which state a call is. */
#include "controlplane/session/diagnose.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/report.h"

Tandem__Relay__V1__CallState report_state(const struct call *call)
{
	const struct party *party;
	const struct leg *leg;
	bool up = true;

	if (!call_is_answered(call))
		return TANDEM__RELAY__V1__CALL_STATE__CALL_OFFERED;
	for_each_leg(leg, call)
	{
		if (leg->pending)
			continue;
		if (leg->failed[0])
			return TANDEM__RELAY__V1__CALL_STATE__CALL_FAILED;
		up &= diagnose_is_up(leg);
	}
	if (exchange_find(call, NULL, NULL))
		return TANDEM__RELAY__V1__CALL_STATE__CALL_REOFFERED;
	return up ? TANDEM__RELAY__V1__CALL_STATE__CALL_UP
		  : TANDEM__RELAY__V1__CALL_STATE__CALL_ANSWERED;
}
