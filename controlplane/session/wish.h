/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an orchestrator asks of the relay towards one party: the Side of relay.proto, checked.
 * Plain values without pointers, any thread.
 */
#ifndef TANDEM_WISH_H
#define TANDEM_WISH_H

#include <stdbool.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/sdp/sdp.h"
#include "controlplane/session/session_error.h"
#include "dataplane/api/suite.h"

/* How the relay is to appear to one participant. */
struct wish {
	char network[32]; /* empty: the first that fits */
	Tandem__Relay__V1__Family family;
	enum sdp_profile profile; /* SDP_OTHER_PROFILE: as the sender of the offer */
	Tandem__Relay__V1__Toggle ice, rtcp_mux;
	Tandem__Relay__V1__Latch latch;
	enum srtp_suite suites[SUITE_COUNT]; /* best first */
	unsigned int suite_count;            /* 0: all */
	struct address source;               /* in the place of the SDP's; zero: none */
	bool shared; /* the SDES keys are the participants' own; the same for both who talk */
	unsigned int keying; /* bits of sdp_keying, for RTP/SAVP(F); 0: as the profile says */
	/* Under RTP/AVP(F): whether keys are offered, and whether those of who offers are taken. */
	Tandem__Relay__V1__Toggle opportunistic, takes_keys;
	bool as_offered, none_added; /* what is offered follows the sender's suites */
	/* Of who offers: what it offers of that is not taken. */
	bool refuses_ice, refuses_mux;
	bool follows_mux; /* likewise: RTCP is multiplexed only if who answers will have it, too */
	enum sdp_setup setup; /* ours, where it is ours to choose: SDP_ACTIVE, or passive */
	char hash[8];         /* of our fingerprint; "same": the participant's; empty: sha-256 */
	unsigned int marking; /* 1 + the DSCP of what it is sent; 0: the port's */
};

/* -EINVAL with the error when a field makes no sense. `side` may be NULL: all defaults. */
int wish_read(struct wish *wish, const Tandem__Relay__V1__Side *side, struct session_error *error);
/* Of a Side that is about the sender of an offer; what it does not speak of is in the SDP. */
void wish_take_from(struct wish *wish, const struct wish *from);
/* What a wish leaves open is as it was before. */
void wish_keep(struct wish *wish, const struct wish *before);
/* Where the participant's packets come from; "": as its SDP says. -EINVAL with the error. */
int wish_read_source(struct wish *wish, const char *text, struct session_error *error);
/* Whether the keys are shared, after what the request says; -EINVAL with the error. */
int wish_read_keys(bool *shared, Tandem__Relay__V1__Keys keys, struct session_error *error);
/* What a participant showed in its own offer is what it sees later on. */
void wish_learn(struct wish *wish, const struct sdp_media *media);

/* A toggle as it is meant for this profile; `same`: whether it is on in the SDP of who offers. */
bool wish_is_on(Tandem__Relay__V1__Toggle toggle, enum sdp_profile profile, bool same);
/* How many suites, best first, *suites has: those asked for, or all. Static or the wish's own. */
unsigned int wish_suites(const struct wish *wish, const enum srtp_suite **suites);
uint32_t wish_suite_mask(const struct wish *wish); /* the same as bits, 1 << suite */

#endif
