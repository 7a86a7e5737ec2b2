/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDPs that leave m-lines out or take up what was offered with port 0, against RFC 3264, are put
 * right: those are rejected.
 */
#ifndef TANDEM_FILL_H
#define TANDEM_FILL_H

#include "controlplane/session/call.h"
#include "controlplane/session/session_error.h"

/* *sdp may be another one then. -EINVAL with the error. */
int fill_offer(struct sdp **sdp, const struct call *call, unsigned int lines,
	       struct session_error *error);
int fill_answer(struct sdp **sdp, const struct sdp *offer, struct session_error *error);

#endif
