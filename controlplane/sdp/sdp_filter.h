/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes out of an SDP that was read what an orchestrator does not want to pass: codecs, header
 * extensions, whole m-lines. In place, before others look at it. Any thread.
 */
#ifndef TANDEM_SDP_FILTER_H
#define TANDEM_SDP_FILTER_H

#include "controlplane/sdp/sdp.h"

#define SDP_NAMES_MAX 64 /* of a list, which the caller sees to */

struct sdp_names {
	char *const *name;
	size_t count;
};

/* The words of SdpFilter in relay.proto, which says what they mean. All zero: everything passes. */
struct sdp_filter {
	struct sdp_names strip, except, first, reject, extensions, needed;
	bool single;
};

/* 0, or the number of the m-line (from 1) that nothing is left of without transcoding. */
unsigned int sdp_filter(struct sdp *sdp, const struct sdp_filter *filter);

/* The m-line gets port 0, and is nobody's. */
void sdp_reject(struct sdp *sdp, struct sdp_media *media);

#endif
