/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns the SDP of one participant into what the other one is to see: the relay in the place of
 * its sender. What says where and how media is transported is replaced (addresses, ports, profile,
 * RTCP, ICE, DTLS, SDES, mid and BUNDLE); codecs, SSRCs and whatever is not understood pass byte
 * for byte. Lines come in the order of RFC 8866, s= and t= are there, what is empty or of no known
 * type goes; the attributes of an m-line come as those who drive relays know them: mid, codecs,
 * what passes, direction, RTCP, keys, ptime, ICE. Each codec has an a=rtpmap, each m-line a c= and
 * a direction. No address of the sender is left in c=, a=rtcp or candidates, nor in o= unless the
 * form says so. Lines end with CRLF. Any thread.
 */
#ifndef TANDEM_SDP_REWRITE_H
#define TANDEM_SDP_REWRITE_H

#include "controlplane/sdp/sdp.h"

/* How the relay appears in one m-line. All zero: the m-line is rejected (port 0). */
struct sdp_transport {
	/* Zero: the m-line is rejected, and of the rest only `profile` is looked at. */
	struct endpoint rtp;
	/* SDP_OTHER_PROFILE: that of the offer when an answer is rewritten, else the sender's. */
	enum sdp_profile profile;

	bool rtcp_mux;      /* a=rtcp-mux (RFC 5761) */
	bool rtcp_mux_only; /* a=rtcp-mux-only as well (RFC 8858) */
	/* For a=rtcp (RFC 3605) and RTCP's ICE candidates; 0: neither, port + 1 is understood. */
	uint16_t rtcp_port;

	/*
	 * The m-lines with the same number, not 0, form one BUNDLE group (RFC 9143), whose first
	 * mid stays the one that was first in the SDP; each needs rtcp_mux.
	 * With bundle_only, which is for offers alone, an m-line that is not the first shows port 0
	 * and has its transport from the first.
	 */
	unsigned int bundle;
	bool bundle_only;

	/* ICE-lite (RFC 8839), with one host candidate for each address; ice_ufrag NULL if there is
	 * no ICE. */
	const char *ice_ufrag;
	const char *ice_pwd;
	const struct endpoint *candidates; /* NULL: `rtp` alone */
	unsigned int candidate_count;

	struct sdp_fingerprint fingerprint; /* length 0: no DTLS */
	enum sdp_setup setup;
	const char *tls_id; /* RFC 8842; NULL if there is none */

	const struct sdes *sdes; /* the lines to offer, best first, or the one that answers */
	unsigned int sdes_count;
};

/* What an orchestrator may want otherwise in the text. All zero: as usual. */
struct sdp_form {
	bool user;       /* o= keeps its user name, which may tell of the sender's host */
	bool origin;     /* o= keeps the sender's address */
	bool nowhere;    /* a hold by c=0.0.0.0 stays one; else it is said by the direction alone */
	bool directions; /* as the sender has them, where it has them */
	bool mids;       /* in any case */
	bool no_rtcp;    /* without a=rtcp */
	bool whole_rtcp; /* a=rtcp with its address */
	bool unpadded;   /* a=crypto keys without the "=" at their end */
	bool lifetime;   /* a=crypto keys say their lifetime, 2^31 */
	unsigned int ptime_ms; /* 0: as the sender has it */
	struct address shown;  /* in the place of all of the relay's; zero: none */
	const char *loop;      /* the value of a=rtpengine; NULL: none */
	uint64_t version;      /* of o=; 0: the sender's */
	unsigned int lines;    /* m-lines that are written, the first ones; 0: all */
};

struct sdp_rewrite {
	struct sdp_form form;
	/* The relay's address, for o= and for m-lines that are rejected; zero: 0.0.0.0. */
	struct address origin;
	const struct sdp_transport *media; /* one for each m-line of the SDP, in order */
	unsigned int media_count;
	/*
	 * NULL when an offer is rewritten: an m-line then shows the sender's mid, or else a fresh
	 * one, if any m-line is in a BUNDLE group or has a DTLS profile. When an
	 * answer is rewritten: the offer that it answers, as its sender wrote it; its mids are
	 * mirrored.
	 */
	const struct sdp *offer;
	/*
	 * The mid that the receiver knows each m-line by, which it keeps as long as it lives (RFC
	 * 9143 section 7, RFC 8829 section 5.2.2); NULL: none yet, or for all of them. Offers
	 * alone.
	 */
	const char *const *mids;
	/* Gets the mid that each m-line shows, "" for none; NULL will do. */
	char (*shown_mids)[SDP_MID_MAX + 1];
};

/*
 * *out is NUL-terminated, *length octets long, and the caller's: give it to sdp_text_free(). 0,
 * -ENOMEM, -EINVAL when the m-lines of `sdp`, `to` and the offer are not the same in number,
 * -EMSGSIZE when the text would pass four times SDP_SIZE_MAX.
 */
int sdp_rewrite(char **out, size_t *length, const struct sdp *sdp, const struct sdp_rewrite *to);

/* Clears the text, which may hold keys, and frees it. NULL will do. */
void sdp_text_free(char *text);

#endif
