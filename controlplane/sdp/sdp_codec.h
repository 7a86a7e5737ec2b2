/* SPDX-License-Identifier: BSD-3-Clause */
/* What an SDP says of its payload types: a=rtpmap, a=fmtp and a=rtcp-fb. Any thread. */
#ifndef TANDEM_SDP_CODEC_H
#define TANDEM_SDP_CODEC_H

#include "controlplane/sdp/sdp.h"
#include "controlplane/sdp/text.h"

/*
 * The lines about each payload type of an m-line, in the order of its formats; one that needs no
 * a=rtpmap gets it all the same. With `feedback`, a=rtcp-fb is among them.
 */
void sdp_write_codecs(struct text *out, const struct sdp *sdp, const struct sdp_media *media,
		      bool feedback);

#endif
