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

#define SDP_CODECS_MAX 32 /* dynamic payload types, 96 to 127 */

/*
 * An audio m-line that offers these codecs, each as "PCMU", "opus" or "name/clock/channels", in
 * this order, SDP_CODECS_MAX at most. 0, or the place, from 1, of the first that is none or is
 * there twice, and then nothing is written.
 */
size_t sdp_write_offered(struct text *out, char *const *names, size_t count);

#endif
