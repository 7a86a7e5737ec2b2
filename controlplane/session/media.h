/* SPDX-License-Identifier: BSD-3-Clause */
/* What the m-lines of a call carry: payload types and codecs. Pure but for memory, any thread. */
#ifndef TANDEM_MEDIA_H
#define TANDEM_MEDIA_H

#include "controlplane/session/call.h"

/* The payload types of telephone events (RFC 4733), as bits that are added. */
void media_events(uint64_t types[2], const struct medium *media);
/* All of SDP_MEDIA_MAX; for media_free(). NULL without memory. */
struct medium *media_copy(const struct medium *media);
void media_free(struct medium *media);

/* What an offer and its answer agree on; m-lines that the answer rejects stay as they were. */
void media_take(struct medium *media, const struct sdp *offer, const struct sdp *answer);
/* The same, but m-lines that the call has already stay as they are. */
void media_take_new(struct medium *media, const struct sdp *offer, const struct sdp *answer);

/* The octet that means silence in this payload type; -1: its codec has none. */
int media_silence(const struct medium *media, unsigned int type);

/* What a=rtpmap, or else RFC 3551, calls the payload type; "": nothing. */
#define MEDIA_NAME 16
void media_name(char name[MEDIA_NAME], const struct medium *media, unsigned int type);

#endif
