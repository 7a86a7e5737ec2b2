/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/negotiate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "controlplane/session/latch.h"

#define UFRAG_LENGTH 8
#define PWD_LENGTH   26
#define TAG_GAP_MAX  100 /* so that those of a participant lead to none of ten digits */

/* --- ICE ------------------------------------------------------------------------------------- */

/* RFC 8445 section 5.3: at least 24 bits of ufrag and 128 of password, here 48 and 156. */
static int fresh_credentials(struct terms *t)
{
	static const char digits[64] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t random[UFRAG_LENGTH + PWD_LENGTH];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	for (int i = 0; i < UFRAG_LENGTH; i++)
		t->local_ufrag[i] = digits[random[i] & 63];
	for (int i = 0; i < PWD_LENGTH; i++)
		t->local_pwd[i] = digits[random[UFRAG_LENGTH + i] & 63];
	t->local_ufrag[UFRAG_LENGTH] = '\0';
	t->local_pwd[PWD_LENGTH] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	return 0;
}

static int take_ufrag(struct terms *t, const struct sdp_media *media, unsigned int mline,
		      struct session_error *error)
{
	if (strlen(media->ice.ufrag) > NEGOTIATE_UFRAG_MAX)
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: a=ice-ufrag is longer than %d octets; use a "
				      "shorter one",
				      mline, NEGOTIATE_UFRAG_MAX);
	strcpy(t->remote_ufrag, media->ice.ufrag);
	return 0;
}

void terms_drop_ice(struct terms *t)
{
	t->ice = false;
	t->remote_ufrag[0] = '\0';
	OPENSSL_cleanse(t->local_pwd, sizeof(t->local_pwd));
	t->local_ufrag[0] = '\0';
}

/* A handshake on a port for RTCP alone is not done (RFC 5764 section 4.1). */
static bool has_ice(const struct terms *t)
{
	return t->rtcp_mux || !sdp_profile_has_dtls(t->profile);
}

/*
 * Whether ICE can be used with the sender of that SDP: with two lite agents nobody would check.
 * Otherwise media goes to the default candidates (RFC 8839 4.2.5).
 */
static bool can_do_ice(const struct terms *t, const struct sdp_media *media, bool lite)
{
	return media->ice.ufrag && !lite && has_ice(t);
}

/* An offer with another ufrag restarts ICE, and then our credentials are fresh as well. */
static int take_ice_offer(struct terms *t, const struct wish *wish, const struct sdp_media *media,
			  bool lite, unsigned int mline, struct session_error *error)
{
	bool restart;

	if (!can_do_ice(t, media, lite) || wish->refuses_ice) {
		terms_drop_ice(t);
		return 0;
	}
	restart = !t->ice || strcmp(t->remote_ufrag, media->ice.ufrag) != 0;
	t->ice = true;
	if (take_ufrag(t, media, mline, error))
		return -EINVAL;
	if (restart && fresh_credentials(t))
		return session_refuse(error, SESSION_INTERNAL, "the random generator fails");
	return 0;
}

/* --- DTLS ------------------------------------------------------------------------------------ */

static int take_fingerprints(struct terms *t, const struct sdp_media *media, unsigned int mline,
			     struct session_error *error)
{
	if (media->fingerprint_count == 0)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "m-line %u: %s without a=fingerprint; add it (RFC 8122)",
				      mline, media->profile_name);
	if (media->tls_id && strlen(media->tls_id) > NEGOTIATE_TLS_ID_MAX)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "m-line %u: a=tls-id is longer than 255 octets; shorten it",
				      mline);
	memcpy(t->fingerprints, media->fingerprints, sizeof(t->fingerprints));
	t->fingerprint_count = media->fingerprint_count;
	strcpy(t->tls_id, media->tls_id ? media->tls_id : "");
	return 0;
}

static bool same_fingerprints(const struct terms *a, const struct terms *b)
{
	if (a->fingerprint_count != b->fingerprint_count)
		return false;
	for (unsigned int i = 0; i < a->fingerprint_count; i++)
		if (strcmp(a->fingerprints[i].hash, b->fingerprints[i].hash) != 0 ||
		    a->fingerprints[i].length != b->fingerprints[i].length ||
		    memcmp(a->fingerprints[i].bytes, b->fingerprints[i].bytes,
			   a->fingerprints[i].length) != 0)
			return false;
	return true;
}

bool terms_new_association(const struct terms *before, const struct terms *after)
{
	if (!sdp_profile_has_dtls(after->profile))
		return false;
	return !sdp_profile_has_dtls(before->profile) || !same_fingerprints(before, after) ||
	       strcmp(before->tls_id, after->tls_id) != 0 || before->setup != after->setup;
}

/* The roles of an association that goes on do not change. */
static bool goes_on(const struct terms *before, const struct terms *t)
{
	return before && (before->setup == SDP_ACTIVE || before->setup == SDP_PASSIVE) &&
	       same_fingerprints(before, t) && strcmp(before->tls_id, t->tls_id) == 0;
}

/* Who is behind a translator has to begin itself. */
static bool can_be_reached(const struct terms *t, const struct wish *wish)
{
	return t->ice || !t->latch || (t->latch_signalled && address_is_zero(&wish->source));
}

void terms_choose_setup(struct terms *t, const struct terms *before, const struct wish *wish,
			enum sdp_setup said)
{
	switch (said) {
	case SDP_NO_SETUP:
	case SDP_ACTPASS:
	case SDP_HOLDCONN: /* No connection for the time being (RFC 4145 section 4). */
		if (goes_on(before, t))
			t->setup = before->setup;
		else
			t->setup = wish->setup == SDP_ACTIVE && can_be_reached(t, wish)
					   ? SDP_ACTIVE
					   : SDP_PASSIVE;
		break;
	case SDP_ACTIVE:
		t->setup = SDP_PASSIVE;
		break;
	case SDP_PASSIVE:
		t->setup = SDP_ACTIVE;
		break;
	}
}

static int take_setup_offer(struct terms *t, const struct wish *wish, const struct sdp_media *media,
			    unsigned int mline, struct session_error *error)
{
	const struct terms before = *t;

	if (take_fingerprints(t, media, mline, error))
		return -EINVAL;
	terms_choose_setup(t, &before, wish, media->setup);
	return 0;
}

/* --- SDES ------------------------------------------------------------------------------------ */

void terms_drop_keys(struct terms *t)
{
	OPENSSL_cleanse(t->local, sizeof(t->local));
	OPENSSL_cleanse(&t->remote_key, sizeof(t->remote_key));
	t->local_count = 0;
}

/* The first in the order that was wished for, or in the offerer's own (RFC 4568 section 5.1.2). */
static int choose_offered(struct sdes *chosen, const struct wish *wish,
			  const struct sdp_media *media, char *why, size_t size)
{
	if (!wish->suite_count)
		return sdes_choose(chosen, media->crypto, media->crypto_count, UINT32_MAX, why,
				   size);
	for (unsigned int i = 0; i < wish->suite_count; i++)
		if (!sdes_choose(chosen, media->crypto, media->crypto_count, 1u << wish->suites[i],
				 why, size))
			return 0;
	return -ENOENT;
}

static int take_crypto_offer(struct terms *t, const struct wish *wish,
			     const struct sdp_media *media, unsigned int mline,
			     struct session_error *error)
{
	char why[SDES_WHY];
	struct sdes chosen;
	int result = 0;

	if (choose_offered(&chosen, wish, media, why, sizeof(why)))
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: no usable a=crypto line: %s", mline, why);
	/* The same key again goes on as it is: a hold is no rekeying. */
	if (t->local_count != 1 || t->local[0].suite != chosen.suite ||
	    CRYPTO_memcmp(t->remote_key.key_salt, chosen.key_salt, sizeof(chosen.key_salt)) != 0)
		result = sdes_make(&t->local[0], chosen.tag, chosen.suite);
	t->local[0].tag = chosen.tag;
	t->local[0].draft_name = chosen.draft_name;
	t->local_count = 1;
	t->remote_key = chosen;
	sdes_wipe(&chosen);
	return result ? session_refuse(error, SESSION_INTERNAL, "the random generator fails") : 0;
}

/* A line of an offer, but for its key. */
struct line {
	enum srtp_suite suite;
	uint32_t tag;
};

/* The offer before had these lines, and was not answered: they are offered again. */
static bool is_offered(const struct terms *t, const struct line *lines, unsigned int count)
{
	if (t->local_count != count || t->remote_key.suite != SUITE_NONE)
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (t->local[i].suite != lines[i].suite || t->local[i].tag != lines[i].tag)
			return false;
	return true;
}

/* Tags grow; the sender's own stays with its suite. */
static void add_line(struct line *lines, unsigned int *count, enum srtp_suite suite, uint32_t tag)
{
	uint32_t last = *count ? lines[*count - 1].tag : 0;

	lines[(*count)++] =
		(struct line){suite, tag > last && tag < last + TAG_GAP_MAX ? tag : last + 1};
}

/* How many: those that the wish allows, which the sender has or has not, as it says. */
static unsigned int list_lines(struct line lines[SUITE_COUNT], const struct wish *wish,
			       const struct sdp_media *media)
{
	const enum srtp_suite *suites;
	unsigned int count = wish_suites(wish, &suites), theirs = 0, listed = 0;
	struct sdes offered[SUITE_COUNT];
	char why[SDES_WHY];
	uint32_t left = 0;

	for (unsigned int i = 0; i < count; i++)
		left |= 1u << suites[i];
	if (wish->as_offered || wish->none_added)
		theirs = sdes_choose_all(offered, media->crypto, media->crypto_count, left, why,
					 sizeof(why));
	for (unsigned int i = 0; i < theirs; i++) {
		add_line(lines, &listed, offered[i].suite, offered[i].tag);
		left &= ~(1u << offered[i].suite);
		sdes_wipe(&offered[i]);
	}
	if (wish->none_added && theirs)
		return listed;
	for (unsigned int i = 0; i < count; i++)
		if (left & 1u << suites[i])
			add_line(lines, &listed, suites[i], 0);
	return listed;
}

static int make_crypto_offer(struct terms *t, const struct wish *wish,
			     const struct sdp_media *media, struct session_error *error)
{
	struct line lines[SUITE_COUNT];
	unsigned int count = list_lines(lines, wish, media);

	if (t->local_count == 1 && t->remote_key.suite != SUITE_NONE)
		return 0;
	if (is_offered(t, lines, count))
		return 0;
	terms_drop_keys(t);
	for (unsigned int i = 0; i < count; i++)
		if (sdes_make(&t->local[i], lines[i].tag, lines[i].suite))
			return session_refuse(error, SESSION_INTERNAL,
					      "the random generator fails");
	t->local_count = count;
	return 0;
}

/* The answer names our line by its tag (RFC 4568 section 5.1.3). */
static int take_crypto_answer(struct terms *t, const struct wish *wish,
			      const struct sdp_media *media, unsigned int mline,
			      struct session_error *error)
{
	char why[SDES_WHY];
	struct sdes chosen, kept;
	unsigned int i = 0;

	if (sdes_choose(&chosen, media->crypto, media->crypto_count, UINT32_MAX, why, sizeof(why)))
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "m-line %u: the answer has no usable a=crypto line: %s",
				      mline, why);
	while (i < t->local_count &&
	       (t->local[i].tag != chosen.tag || t->local[i].suite != chosen.suite))
		i++;
	/* Some repeat a tag of their own: the suite tells which line they mean. */
	if (i == t->local_count && !wish->shared)
		for (i = 0; i < t->local_count && t->local[i].suite != chosen.suite;)
			i++;
	if (i == t->local_count) {
		sdes_wipe(&chosen);
		return session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"m-line %u: the answer's a=crypto is none of those that were offered; "
			"answer with one of the lines in the offer",
			mline);
	}
	kept = t->local[i];
	OPENSSL_cleanse(t->local, sizeof(t->local));
	t->local[0] = kept;
	t->local_count = 1;
	t->remote_key = chosen;
	sdes_wipe(&kept);
	sdes_wipe(&chosen);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* What terms_add_line() adds. */
static void forget_lines(struct terms *t)
{
	memset(t->clock_rate, 0, sizeof(t->clock_rate));
	t->voice_xr = false;
}

static void take_wish(struct terms *t, const struct wish *wish)
{
	t->marking = wish->marking;
	t->latch = wish->latch != TANDEM__RELAY__V1__LATCH__LATCH_OFF;
	t->latch_signalled = latch_is_signalled(wish->latch, &t->remote.address);
}

static void take_address(struct terms *t, const struct wish *wish, const struct sdp_media *media)
{
	/*
	 * c=0.0.0.0 is the old way of holding (RFC 3264 section 8.4), and with ICE no candidate was
	 * found yet: the address stays.
	 */
	if (!sdp_is_nowhere(&media->remote.address)) {
		t->remote = media->remote;
		t->remote_rtcp = media->rtcp;
		if (!address_is_zero(&wish->source))
			t->remote.address = t->remote_rtcp.address = wish->source;
	}
	take_wish(t, wish);
}

/* Of what the offerer can do, what the relay does with it. */
static enum sdp_profile taken_profile(const struct wish *wish, const struct sdp_media *media)
{
	unsigned int keying = sdp_media_keying(media);
	char why[SDES_WHY];
	struct sdes chosen;

	if (keying & SDP_PLAIN) {
		if (wish->shared || !wish_is_on(wish->takes_keys, SDP_OTHER_PROFILE, true))
			return media->profile;
		if (keying & SDP_BY_SDES && choose_offered(&chosen, wish, media, why, sizeof(why)))
			keying &= ~SDP_BY_SDES;
		sdes_wipe(&chosen);
		return sdp_profile_keyed(media->profile, keying & SDP_BY_SDES   ? SDP_BY_SDES
							 : keying & SDP_BY_DTLS ? SDP_BY_DTLS
										: SDP_PLAIN);
	}
	if (keying & SDP_BY_DTLS && wish->keying & SDP_BY_DTLS && !wish->shared)
		return sdp_profile_keyed(media->profile, SDP_BY_DTLS);
	return media->profile;
}

static void drop_dtls(struct terms *t)
{
	t->setup = SDP_NO_SETUP;
	t->fingerprint_count = 0;
}

int terms_take_offer(struct terms *t, const struct wish *wish, const struct sdp_media *media,
		     bool lite, unsigned int mline, struct session_error *error)
{
	t->rtcp_mux = (media->rtcp_mux || media->rtcp_mux_only) && !wish->refuses_mux;
	take_address(t, wish, media);
	t->profile = taken_profile(wish, media);
	if (take_ice_offer(t, wish, media, lite, mline, error))
		return -EINVAL;
	if (!sdp_profile_has_dtls(t->profile))
		drop_dtls(t);
	else if (take_setup_offer(t, wish, media, mline, error))
		return -EINVAL;
	if (!sdp_profile_has_sdes(t->profile))
		terms_drop_keys(t);
	else if (!wish->shared && take_crypto_offer(t, wish, media, mline, error))
		return -EINVAL;
	forget_lines(t);
	return 0;
}

static enum sdp_profile offered_profile(const struct wish *wish, const struct sdp_media *media)
{
	enum sdp_profile profile = wish->profile ? wish->profile : media->profile;
	unsigned int theirs = sdp_media_keying(media);
	unsigned int ours = wish->keying ? wish->keying : SDP_BY_SDES | SDP_BY_DTLS;

	if (wish->shared)
		return profile;
	if (!(sdp_profile_keying(profile) & SDP_PLAIN))
		return wish->keying ? sdp_profile_keyed(profile, wish->keying) : profile;
	return wish_is_on(wish->opportunistic, SDP_OTHER_PROFILE,
			  theirs & SDP_PLAIN && theirs != SDP_PLAIN)
		       ? sdp_profile_keyed(profile, SDP_PLAIN | ours)
		       : profile;
}

/* Of several ways to key it, the one that was agreed on is offered again. */
static enum sdp_profile offered_again(const struct terms *t, enum sdp_profile offered)
{
	bool agreed = t->fingerprint_count || t->remote_key.suite != SUITE_NONE;
	unsigned int keying = sdp_profile_keying(t->profile) & sdp_profile_keying(offered);
	unsigned int plain = sdp_profile_keying(offered) & SDP_PLAIN;

	if (!agreed || !(keying & ~SDP_PLAIN) ||
	    strcmp(sdp_profile_name(t->profile), sdp_profile_name(offered)) != 0)
		return offered;
	return sdp_profile_keyed(offered, keying | plain);
}

static void make_appearance(struct terms *t, const struct wish *wish, bool bundled,
			    const struct sdp_media *media)
{
	t->profile = offered_again(t, offered_profile(wish, media));
	t->rtcp_mux = bundled || wish_is_on(wish->rtcp_mux, t->profile, media->rtcp_mux);
	t->rtcp_mux_only = t->rtcp_mux && (bundled || t->profile == SDP_UDP_TLS_RTP_SAVPF);
	take_wish(t, wish);
}

int terms_make_offer(struct terms *t, const struct wish *wish, bool wished, bool bundled,
		     const struct sdp_media *media, unsigned int mline, struct session_error *error)
{
	bool fresh = t->profile == SDP_OTHER_PROFILE;
	bool ice;

	if (fresh || wished)
		make_appearance(t, wish, bundled, media);
	ice = fresh || wished ? wish_is_on(wish->ice, t->profile, media->ice.ufrag) : t->ice;
	if (ice && (sdp_profile_has_dtls(t->profile) ||
		    wish->rtcp_mux == TANDEM__RELAY__V1__TOGGLE__TOGGLE_DEFAULT))
		t->rtcp_mux |= wish->rtcp_mux != TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	ice = ice && has_ice(t);
	if (!ice)
		terms_drop_ice(t);
	else if (!t->ice && fresh_credentials(t))
		return session_refuse(error, SESSION_INTERNAL, "the random generator fails");
	t->ice = ice;
	t->setup = sdp_profile_has_dtls(t->profile) ? (t->setup ? t->setup : SDP_ACTPASS)
						    : SDP_NO_SETUP;
	if (!sdp_profile_has_sdes(t->profile))
		terms_drop_keys(t);
	else if (!wish->shared && make_crypto_offer(t, wish, media, error))
		return -EINVAL;
	return 0;
}

static int take_setup_answer(struct terms *t, const struct sdp_media *media, unsigned int mline,
			     struct session_error *error)
{
	if (take_fingerprints(t, media, mline, error))
		return -EINVAL;
	/* The roles of an association that goes on stay; who says nothing begins (RFC 5763 section
	 * 5). */
	if (media->setup == SDP_ACTIVE || media->setup == SDP_PASSIVE)
		t->setup = media->setup == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
	else if (t->setup != SDP_ACTIVE)
		t->setup = SDP_PASSIVE;
	return 0;
}

static int take_ice_answer(struct terms *t, const struct sdp_media *media, bool lite,
			   unsigned int mline, struct session_error *error)
{
	if (!t->ice)
		return 0;
	if (can_do_ice(t, media, lite))
		return take_ufrag(t, media, mline, error);
	terms_drop_ice(t);
	return 0;
}

/* Many answer with a profile beside the one that was offered: keyed alike, it is taken. */
static int agree_profile(struct terms *t, const struct sdp_media *media, unsigned int mline,
			 struct session_error *error)
{
	unsigned int offered = sdp_profile_keying(t->profile);
	unsigned int both = offered & sdp_media_keying(media);

	if (!both)
		return session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"m-line %u: the answer's profile is %.40s, the offer's is %s, which is "
			"keyed otherwise; an answer repeats it",
			mline, media->profile_name, sdp_profile_name(t->profile));
	t->profile = sdp_profile_keyed(t->profile, both & SDP_BY_DTLS   ? SDP_BY_DTLS
						   : both & SDP_BY_SDES ? SDP_BY_SDES
									: SDP_PLAIN);
	if (!sdp_profile_has_dtls(t->profile))
		drop_dtls(t);
	if (!sdp_profile_has_sdes(t->profile))
		terms_drop_keys(t);
	return 0;
}

void terms_go_plain(struct terms *t)
{
	t->profile = sdp_profile_keyed(t->profile, SDP_PLAIN);
	drop_dtls(t);
	terms_drop_keys(t);
}

int terms_take_answer(struct terms *t, const struct wish *wish, const struct sdp_media *media,
		      bool lite, unsigned int mline, struct session_error *error)
{
	bool mux = media->rtcp_mux || media->rtcp_mux_only;

	if (agree_profile(t, media, mline, error))
		return -EINVAL;
	if (t->rtcp_mux_only && !mux)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "m-line %u: the answer lacks a=rtcp-mux, and the offer said "
				      "rtcp-mux-only; accept it or offer with rtcp_mux off",
				      mline);
	t->rtcp_mux = t->rtcp_mux && mux;
	take_address(t, wish, media);
	if (take_ice_answer(t, media, lite, mline, error))
		return -EINVAL;
	if (sdp_profile_has_dtls(t->profile) && take_setup_answer(t, media, mline, error))
		return -EINVAL;
	if (sdp_profile_has_sdes(t->profile) && take_crypto_answer(t, wish, media, mline, error))
		return -EINVAL;
	forget_lines(t);
	return 0;
}

void terms_add_line(struct terms *t, const struct sdp_media *media)
{
	t->voice_xr |= media->voice_xr && media->kind == SDP_AUDIO;
	/* The table of RFC 3551 is in there, so only what the m-line lists. */
	for (unsigned int i = 0; i < media->format_count; i++) {
		char *end;
		unsigned long type = strtoul(media->formats[i], &end, 10);

		if (*end == '\0' && type < 128 && media->clock_rate[type])
			t->clock_rate[type] = media->clock_rate[type];
	}
}

void terms_wipe(struct terms *t)
{
	OPENSSL_cleanse(t, sizeof(*t));
}
