/* SPDX-License-Identifier: BSD-3-Clause */
/* The SDP that a participant gets: the other one's, with the relay in the place of its sender. */
#ifndef TANDEM_DESCRIBE_H
#define TANDEM_DESCRIBE_H

#include "controlplane/session/call.h"

/*
 * `answer` NULL: the offer, for the side that did not make it. Otherwise the answer, for the one
 * who offered. The text is for sdp_text_free(); NULL with the error.
 */
char *describe(const struct offer *offer, const struct sdp *answer, struct session_error *error);

#endif
