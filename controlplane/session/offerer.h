/* SPDX-License-Identifier: BSD-3-Clause */
/* Who makes an offer, and what it says of itself: for the verbs offer and publish. */
#ifndef TANDEM_OFFERER_H
#define TANDEM_OFFERER_H

#include "controlplane/session/exchange.h"
#include "controlplane/session/session.h"

/*
 * Checks the request and finds its party; *call is what it names, or NULL, and then a new one.
 * -EINVAL with the error, and nothing is new.
 */
int offerer_find(struct session *session, struct call **call, struct party **from,
		 const Tandem__Relay__V1__OfferRequest *request, struct session_error *error);
/* The SDP, the wish and the label of who offers. -EINVAL with the error. */
int offerer_read(struct exchange *exchange, const Tandem__Relay__V1__OfferRequest *request,
		 struct session_error *error);
/* What came with an offer that is refused goes: the party, and the call if nothing is left of it.
 */
void offerer_forget(struct call *call);

#endif
