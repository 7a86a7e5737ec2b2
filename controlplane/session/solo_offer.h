/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An offer of the relay's own, to somebody who is to listen, or to talk later on. The verb that
 * makes one begins it, makes it and either pushes it, or drops it. The session's loop only.
 */
#ifndef TANDEM_SOLO_OFFER_H
#define TANDEM_SOLO_OFFER_H

#include "controlplane/session/exchange.h"
#include "controlplane/session/session.h"

struct push;

/* The first member of what the verb has allocated, who fills in what is above the blank line. */
struct solo_offer {
	struct call *call;
	session_reply *reply;
	void *arg;
	void (*tell)(struct solo_offer *offer); /* replies, once the dataplane has taken it */

	struct exchange *exchange;
	char *sdp;
	struct push *push;
};

/* Requests for the call wait until it is over. 0, -ENOMEM: it is freed. */
int solo_offer_begin(struct solo_offer *offer);
/*
 * An exchange with the party, of this SDP, which it takes; a party without a profile of its own
 * gets plain RTP, which anybody can read. -EINVAL with the error, and then it is to be dropped.
 */
int solo_offer_make(struct solo_offer *offer, struct party *party, struct sdp *sdp,
		    const Tandem__Relay__V1__Side *to, const Tandem__Relay__V1__SdpForm *form,
		    struct session_error *error);
void solo_offer_push(struct solo_offer *offer);
/* Replies with the error; what was made for it alone is gone. */
void solo_offer_drop(struct solo_offer *offer, const struct session_error *error);

#endif
