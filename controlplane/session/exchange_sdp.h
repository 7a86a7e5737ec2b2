/* SPDX-License-Identifier: BSD-3-Clause */
/* The SDP that a party gets: the other one's, with the relay in the place of its sender. */
#ifndef TANDEM_EXCHANGE_SDP_H
#define TANDEM_EXCHANGE_SDP_H

#include "controlplane/session/exchange.h"
#include "controlplane/session/session_error.h"

/* Reads what a party sent, and takes out what the filter says; it may be NULL. */
int exchange_read_sdp(struct sdp **out, const char *text,
		      const Tandem__Relay__V1__SdpFilter *filter, struct session_error *error);

/*
 * `answer` NULL: the offer, for the party that it is made to. Otherwise the answer, for the one who
 * offered. The party's mids, and the version that it was shown, are remembered. `form` may be NULL.
 * The text is for sdp_text_free(); NULL with the error.
 */
char *exchange_write_sdp(const struct exchange *exchange, const struct sdp *answer,
			 const Tandem__Relay__V1__SdpForm *form, struct session_error *error);

#endif
