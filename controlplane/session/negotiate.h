/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two legs of an m-line become, from the SDP of one participant, from what the
 * orchestrator wants the other one to see, and from what was agreed before. Pure functions but for
 * fresh random credentials and keys; they know no call and no port.
 */
#ifndef TANDEM_NEGOTIATE_H
#define TANDEM_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "controlplane/sdp/sdp.h"
#include "controlplane/session/session_error.h"
#include "controlplane/session/wish.h"

#define NEGOTIATE_UFRAG_MAX  35 /* octets that the dataplane keeps of the 256 in RFC 8839 */
#define NEGOTIATE_TLS_ID_MAX 255

/* What a leg and its participant have agreed on, or will have once the answer is there. */
struct terms {
	enum sdp_profile profile;
	bool latch;
	bool latch_signalled; /* only from the IP address in the SDP */
	bool rtcp_mux;        /* offered, then in force */
	bool rtcp_mux_only;   /* the leg has no second port to fall back to */
	bool ice;
	char local_ufrag[16];
	char local_pwd[32];
	char remote_ufrag[NEGOTIATE_UFRAG_MAX + 1]; /* empty: not known yet */

	struct endpoint remote, remote_rtcp; /* zero: not known */
	uint32_t receive, send; /* bits: m-lines on which the participant sends, and receives */

	/* Ours: active is the DTLS client, passive the server, actpass not decided yet. */
	enum sdp_setup setup;
	struct sdp_fingerprint fingerprints[SDP_FINGERPRINTS]; /* the participant's */
	unsigned int fingerprint_count;
	char tls_id[NEGOTIATE_TLS_ID_MAX + 1]; /* the participant's */

	/* SDES: our keys, more than one only while they are offered, and the participant's. */
	struct sdes local[SUITE_COUNT];
	unsigned int local_count;
	struct sdes remote_key; /* SUITE_NONE: not known */

	unsigned int marking;     /* 1 + the DSCP of what is sent there; 0: the port's */
	uint32_t clock_rate[128]; /* Hz by payload type, 0: unknown */
	bool voice_xr;            /* the participant wants to know how its voice arrives */
	uint32_t pace;            /* RTP packets a second that may be expected; 0: unknown */
};

/*
 * The offerer's own leg. `t` holds what was agreed before, or all zero. `lite`: the SDP says
 * a=ice-lite. `mline` counts from 1, for the messages. Keys that the participants share are left as
 * they are, here and in an offer that is made: share.h sees to them.
 */
int terms_take_offer(struct terms *t, const struct wish *wish, const struct sdp_media *media,
		     bool lite, unsigned int mline, struct session_error *error);
/*
 * The other leg, which makes an offer: as the wish says; or, without one (`wished` false), as it
 * was agreed before.
 */
int terms_make_offer(struct terms *t, const struct wish *wish, bool wished, bool bundled,
		     const struct sdp_media *media, unsigned int mline,
		     struct session_error *error);
/* The other leg, when its participant has answered. */
int terms_take_answer(struct terms *t, const struct wish *wish, const struct sdp_media *media,
		      bool lite, unsigned int mline, struct session_error *error);

/*
 * The relay's part in the handshake, after what the offer says of the sender's; `before` is what is
 * in force, or NULL.
 */
void terms_choose_setup(struct terms *t, const struct terms *before, const struct wish *wish,
			enum sdp_setup said);
/* Keys that were offered under RTP/AVP(F) are not used after all; ICE neither. */
void terms_go_plain(struct terms *t);
void terms_drop_ice(struct terms *t);

/* Adds the clock rates of one m-line's payload types, and what it wants of RTCP. */
void terms_add_line(struct terms *t, const struct sdp_media *media);
/* Whether the DTLS association has to be a new one (RFC 8842 section 4). */
bool terms_new_association(const struct terms *before, const struct terms *after);
void terms_drop_keys(struct terms *t); /* SDES: ours and the participant's */
void terms_wipe(struct terms *t);

#endif
