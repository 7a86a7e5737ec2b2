/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDES keys that the two participants of a bridge share: each one's own key crosses to the other.
 * The relay has none, checks packets and makes none, and its two legs mirror each other: what one
 * of them receives with, the other one shows and sends with. Pure functions on the legs' terms.
 */
#ifndef TANDEM_SHARE_H
#define TANDEM_SHARE_H

#include "controlplane/session/negotiate.h"

/*
 * A re-offer asks for it where the relay had keys of its own, or no longer asks for it. The terms
 * are those in force, and ready for terms_take_offer() and terms_make_offer() afterwards.
 */
int share_change(struct terms *from, struct terms *to, bool shared, unsigned int mline,
		 struct session_error *error);
/* After both of these: the offerer's lines, of `suites` (bits), become those of the other leg. */
int share_offer(const struct terms *from, struct terms *to, uint32_t suites,
		const struct sdp_media *media, unsigned int mline, struct session_error *error);
/* After terms_take_answer(): the answerer's key becomes that of the offerer's leg. */
void share_answer(struct terms *from, const struct terms *to);

#endif
