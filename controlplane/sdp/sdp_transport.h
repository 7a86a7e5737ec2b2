/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines with which the relay announces itself. For controlplane/sdp/sdp_rewrite.c alone. */
#ifndef TANDEM_SDP_TRANSPORT_H
#define TANDEM_SDP_TRANSPORT_H

#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/sdp/text.h"

/* "IN IP4 198.51.100.1" and the end of its line; a zero address is IPv4's. */
void sdp_write_address(struct text *out, const struct address *address);
void sdp_write_connection(struct text *out, const struct address *address);

/* Of an m-line that is not rejected, and not bundle-only: a=rtcp and a=rtcp-mux; keys; ICE. */
void sdp_write_rtcp(struct text *out, const struct sdp_transport *transport,
		    const struct sdp_form *form);
void sdp_write_keys(struct text *out, const struct sdp_transport *transport,
		    const struct sdp_form *form);
void sdp_write_ice(struct text *out, const struct sdp_transport *transport,
		   const struct sdp_form *form);

#endif
