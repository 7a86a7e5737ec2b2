/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines with which the relay announces itself. For controlplane/sdp/sdp_rewrite.c alone. */
#ifndef TANDEM_SDP_TRANSPORT_H
#define TANDEM_SDP_TRANSPORT_H

#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/sdp/text.h"

/* "IN IP4 198.51.100.1" and the end of its line; a zero address is IPv4's. */
void sdp_write_address(struct text *out, const struct address *address);
void sdp_write_connection(struct text *out, const struct address *address);

/* The attributes of an m-line that is not rejected. */
void sdp_write_transport(struct text *out, const struct sdp_transport *transport);

#endif
