/* SPDX-License-Identifier: BSD-3-Clause */
/* What a listener is offered: the media of others, each on an m-line of its own. */
#ifndef TANDEM_LISTEN_H
#define TANDEM_LISTEN_H

#include "controlplane/session/call.h"
#include "controlplane/session/session_error.h"

/* What one m-line of the offer brings. */
struct heard {
	struct party *party;
	unsigned int line; /* of the call */
};

/*
 * Whom and what the request asks for, in `heard`, which has room for SDP_MEDIA_MAX: how many, or
 * -EINVAL with the error.
 */
int listen_choose(struct heard *heard, const struct call *call,
		  const Tandem__Relay__V1__SubscribeRequest *request, struct session_error *error);
/* The SDP of somebody who only sends that; its addresses are nobody's. NULL with the error. */
struct sdp *listen_make_sdp(const struct heard *heard, unsigned int count, const struct call *call,
			    bool paused, struct session_error *error);

#endif
