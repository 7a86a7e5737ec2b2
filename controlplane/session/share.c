/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/share.h"

#include <errno.h>

#include <openssl/crypto.h>

int share_change(struct terms *from, struct terms *to, bool shared, unsigned int mline,
		 struct session_error *error)
{
	if (shared) {
		if (!sdp_profile_has_sdes(from->profile) && !sdp_profile_has_sdes(to->profile))
			return 0;
		/*
		 * A participant may go on with the key that it has, under an index whose rollover
		 * count the other one would have to guess.
		 */
		return session_refuse(
			error, SESSION_UNIMPLEMENTED,
			"m-line %u: the relay has SDES keys of its own in this call, which cannot "
			"change to KEYS_SHARED; delete the call and begin anew",
			mline);
	}
	/* Under a participant's key the relay must not encrypt: the keystream is not its own. */
	terms_drop_keys(from);
	terms_drop_keys(to);
	return 0;
}

static int check_profile(const struct terms *t, const char *whose, unsigned int mline,
			 struct session_error *error)
{
	if (sdp_profile_keying(t->profile) == SDP_BY_SDES)
		return 0;
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "m-line %u: KEYS_SHARED needs RTP/SAVP or RTP/SAVPF on both sides, "
			      "and the %s has %s; use that, or KEYS_OWN",
			      mline, whose, sdp_profile_name(t->profile));
}

int share_offer(const struct terms *from, struct terms *to, uint32_t suites,
		const struct sdp_media *media, unsigned int mline, struct session_error *error)
{
	char why[SDES_WHY];

	if (check_profile(from, "offerer's", mline, error) ||
	    check_profile(to, "other one", mline, error))
		return -EINVAL;
	OPENSSL_cleanse(to->local, sizeof(to->local));
	to->local_count = sdes_choose_all(to->local, media->crypto, media->crypto_count, suites,
					  why, sizeof(why));
	if (to->local_count == 0)
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: no usable a=crypto line: %s", mline, why);
	return 0;
}

void share_answer(struct terms *from, const struct terms *to)
{
	from->remote_key = to->local[0];
	OPENSSL_cleanse(from->local, sizeof(from->local));
	from->local[0] = to->remote_key;
	from->local_count = 1;
}
