/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/wish.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static int read_suites(struct wish *wish, const Tandem__Relay__V1__Side *side,
		       struct session_error *error)
{
	uint32_t named = 0;

	if (side->n_suites > SUITE_COUNT)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "suites: %zu are too many; name each one once",
				      side->n_suites);
	for (size_t i = 0; i < side->n_suites; i++) {
		enum srtp_suite suite = suite_find(side->suites[i]);

		if (suite == SUITE_NONE)
			return session_refuse(error, SESSION_INVALID_ARGUMENT,
					      "suites: \"%.60s\" is unknown; use the SDES names, "
					      "e.g. AES_CM_128_HMAC_SHA1_80",
					      side->suites[i]);
		if (named & 1u << suite)
			return session_refuse(error, SESSION_INVALID_ARGUMENT,
					      "suites: \"%s\" is there twice; name each one once",
					      side->suites[i]);
		named |= 1u << suite;
		wish->suites[wish->suite_count++] = suite;
	}
	return 0;
}

static const unsigned int keyings[] = {
	[TANDEM__RELAY__V1__KEYING__KEYING_DEFAULT] = 0,
	[TANDEM__RELAY__V1__KEYING__KEYING_SDES] = SDP_BY_SDES,
	[TANDEM__RELAY__V1__KEYING__KEYING_DTLS] = SDP_BY_DTLS,
	[TANDEM__RELAY__V1__KEYING__KEYING_ANY] = SDP_BY_SDES | SDP_BY_DTLS,
};

static int read_hash(struct wish *wish, const char *hash, struct session_error *error)
{
	static const char *const known[] = {"",        "same",    "sha-1",  "sha-224",
					    "sha-256", "sha-384", "sha-512"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(hash, known[i]) == 0) {
			strcpy(wish->hash, known[i]);
			return 0;
		}
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "hash: \"%.20s\" is unknown; use one of RFC 8122, e.g. sha-256, or "
			      "\"same\"",
			      hash);
}

static int read_marking(struct wish *wish, const Tandem__Relay__V1__Marking *marking,
			struct session_error *error)
{
	if (!marking)
		return 0;
	if (marking->dscp > 63)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "marking: a DSCP is a number from 0 to 63, %u is none",
				      marking->dscp);
	wish->marking = 1 + marking->dscp;
	return 0;
}

int wish_read(struct wish *wish, const Tandem__Relay__V1__Side *side, struct session_error *error)
{
	memset(wish, 0, sizeof(*wish));
	if (!side)
		return 0;
	if (strlen(side->network) >= sizeof(wish->network))
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "network: the name is longer than %zu octets; use that of a "
				      "dataplane port",
				      sizeof(wish->network) - 1);
	if ((unsigned int)side->profile > SDP_UDP_TLS_RTP_SAVPF ||
	    (unsigned int)side->family > TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6 ||
	    (unsigned int)side->ice > TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME ||
	    (unsigned int)side->rtcp_mux > TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME ||
	    (unsigned int)side->latch > TANDEM__RELAY__V1__LATCH__LATCH_ADDRESS ||
	    (unsigned int)side->keying > TANDEM__RELAY__V1__KEYING__KEYING_ANY ||
	    (unsigned int)side->opportunistic > TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME ||
	    (unsigned int)side->setup > TANDEM__RELAY__V1__SETUP__SETUP_ACTIVE)
		return session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"a side has an unknown profile, family, toggle, latch, keying or setup; "
			"use the numbers of relay.proto");
	strcpy(wish->network, side->network);
	wish->family = side->family;
	wish->profile = (enum sdp_profile)side->profile;
	wish->ice = side->ice;
	wish->rtcp_mux = side->rtcp_mux;
	wish->latch = side->latch;
	wish->keying = keyings[side->keying];
	wish->opportunistic = side->opportunistic;
	wish->as_offered = side->as_offered;
	wish->none_added = side->none_added;
	wish->setup =
		side->setup == TANDEM__RELAY__V1__SETUP__SETUP_ACTIVE ? SDP_ACTIVE : SDP_NO_SETUP;
	return read_suites(wish, side, error) || read_hash(wish, side->hash, error) ||
			       read_marking(wish, side->marking, error)
		       ? -EINVAL
		       : 0;
}

void wish_take_from(struct wish *wish, const struct wish *from)
{
	memcpy(wish->network, from->network, sizeof(wish->network));
	wish->family = from->family;
	wish->latch = from->latch;
	memcpy(wish->suites, from->suites, sizeof(wish->suites));
	wish->suite_count = from->suite_count;
	wish->keying = from->keying;
	wish->takes_keys = from->opportunistic;
	wish->refuses_ice = from->ice == TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	wish->refuses_mux = from->rtcp_mux == TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	wish->follows_mux = from->rtcp_mux == TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME;
	wish->setup = from->setup;
	strcpy(wish->hash, from->hash);
	wish->marking = from->marking;
}

void wish_keep(struct wish *wish, const struct wish *before)
{
	if (!wish->network[0])
		memcpy(wish->network, before->network, sizeof(wish->network));
	if (wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_SAME)
		wish->family = before->family;
	if (wish->profile == SDP_OTHER_PROFILE)
		wish->profile = before->profile;
	if (wish->ice == TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME)
		wish->ice = before->ice;
	if (wish->rtcp_mux == TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME)
		wish->rtcp_mux = before->rtcp_mux;
	if (wish->opportunistic == TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME)
		wish->opportunistic = before->opportunistic;
	/* How its packets come has nothing to do with who offers. */
	wish->latch = before->latch;
	wish->source = before->source;
}

int wish_read_source(struct wish *wish, const char *text, struct session_error *error)
{
	memset(&wish->source, 0, sizeof(wish->source));
	if (!text[0] || address_parse(&wish->source, text) == 0)
		return 0;
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "source: \"%.60s\" is no IP address; write e.g. 198.51.100.7", text);
}

int wish_read_keys(bool *shared, Tandem__Relay__V1__Keys keys, struct session_error *error)
{
	switch (keys) {
	case TANDEM__RELAY__V1__KEYS__KEYS_DEFAULT:
		return 0;
	case TANDEM__RELAY__V1__KEYS__KEYS_OWN:
	case TANDEM__RELAY__V1__KEYS__KEYS_SHARED:
		*shared = keys == TANDEM__RELAY__V1__KEYS__KEYS_SHARED;
		return 0;
	default:
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "keys: %d is unknown; use the numbers of relay.proto",
				      (int)keys);
	}
}

void wish_learn(struct wish *wish, const struct sdp_media *media)
{
	wish->profile = media->profile;
	wish->ice = media->ice.ufrag ? TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON
				     : TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	wish->rtcp_mux = media->rtcp_mux ? TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON
					 : TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
}

bool wish_is_on(Tandem__Relay__V1__Toggle toggle, enum sdp_profile profile, bool same)
{
	switch (toggle) {
	case TANDEM__RELAY__V1__TOGGLE__TOGGLE_DEFAULT:
		return profile == SDP_UDP_TLS_RTP_SAVPF;
	case TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME:
		return same;
	default:
		return toggle == TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
	}
}

unsigned int wish_suites(const struct wish *wish, const enum srtp_suite **suites)
{
	*suites = wish->suite_count ? wish->suites : suites_usual;
	return wish->suite_count ? wish->suite_count : SUITES_USUAL;
}

uint32_t wish_suite_mask(const struct wish *wish)
{
	uint32_t mask = 0;

	for (unsigned int i = 0; i < wish->suite_count; i++)
		mask |= 1u << wish->suites[i];
	return mask ? mask : UINT32_MAX;
}
