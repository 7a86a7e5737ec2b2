/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of a call's m-lines, a=mid, as each side knows them: one lives as long as its m-line
 * (RFC 9143 section 7, RFC 8829 section 5.2.2), whatever the other side calls it in a later offer.
 * The session's loop only.
 */
#ifndef TANDEM_MIDS_H
#define TANDEM_MIDS_H

#include "controlplane/sdp/sdp.h"

/* All zero: nothing is known. The texts are its own. */
struct mids {
	char *text[SDP_MEDIA_MAX]; /* by m-line; NULL if it has none */
};

/* NULL and "" say nothing new. Without memory the m-line keeps what it has. */
void mids_learn(struct mids *mids, unsigned int line, const char *mid);
/* Of every m-line that has one. */
void mids_learn_all(struct mids *mids, const struct sdp *sdp);
/* The m-line was rejected: what comes in its place may be called otherwise. */
void mids_forget(struct mids *mids, unsigned int line);
void mids_free(struct mids *mids);

#endif
