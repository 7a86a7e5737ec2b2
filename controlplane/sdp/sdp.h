/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session descriptions (RFC 8866), read so that every line survives: `lines` is the text as it
 * came, the rest is a view of what a relay needs to know of it. Rewriting is
 * controlplane/sdp/sdp_rewrite.h.
 *
 * Every pointer inside belongs to the struct sdp and dies with it. Nothing changes after the parse
 * but by controlplane/sdp/sdp_filter.h, before others look. Any thread may read; the parser keeps
 * no state.
 */
#ifndef TANDEM_SDP_H
#define TANDEM_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/sdp/sdes.h"
#include "dataplane/lib/address.h"

#define SDP_SIZE_MAX        65536 /* octets */
#define SDP_LINES_MAX       1000
#define SDP_MEDIA_MAX       32
#define SDP_FORMATS_MAX     256 /* of one m-line */
#define SDP_MID_MAX         64  /* octets of a mid; a longer one is none */
#define SDP_FINGERPRINT_MAX 64  /* octets of the longest hash */
#define SDP_FINGERPRINTS    8

struct sdp_error {
	unsigned int line; /* from 1; 0: the text as a whole */
	char text[160];    /* one sentence that names the remedy, without the line number */
};

struct sdp_line {
	const char *text; /* NUL-terminated, without its line end */
	unsigned int length;
	unsigned int number; /* in the text as it came, from 1: blank lines are left out */
};

enum sdp_kind { SDP_OTHER_KIND, SDP_AUDIO, SDP_VIDEO, SDP_TEXT, SDP_APPLICATION, SDP_IMAGE };

/* The numbers are those of Profile in relay.proto. */
enum sdp_profile {
	SDP_OTHER_PROFILE = 0,
	SDP_RTP_AVP = 1,
	SDP_RTP_AVPF = 2,
	SDP_RTP_SAVP = 3,
	SDP_RTP_SAVPF = 4,
	SDP_UDP_TLS_RTP_SAVP = 5,
	SDP_UDP_TLS_RTP_SAVPF = 6,
	/* RTP/SAVP(F) with a fingerprint and no key: by DTLS as well (RFC 5763 section 5). */
	SDP_RTP_SAVP_DTLS = 7,
	SDP_RTP_SAVPF_DTLS = 8,
	/* An offer of both, of which the answer takes one. */
	SDP_RTP_SAVP_EITHER = 9,
	SDP_RTP_SAVPF_EITHER = 10,
	/* OSRTP (RFC 8643): RTP/AVP(F), offered with keys that need not be taken, or with them. */
	SDP_RTP_AVP_OFFERED = 11,
	SDP_RTP_AVPF_OFFERED = 12,
	SDP_RTP_AVP_SDES = 13,
	SDP_RTP_AVPF_SDES = 14,
	SDP_RTP_AVP_DTLS = 15,
	SDP_RTP_AVPF_DTLS = 16,
	SDP_RTP_AVP_OFFERED_SDES = 17,
	SDP_RTP_AVPF_OFFERED_SDES = 18,
	SDP_RTP_AVP_OFFERED_DTLS = 19,
	SDP_RTP_AVPF_OFFERED_DTLS = 20,
	SDP_PROFILES
};

/* Bits: how the media of an m-line is, or may be, keyed. */
enum sdp_keying { SDP_PLAIN = 1, SDP_BY_SDES = 2, SDP_BY_DTLS = 4 };

/* Bits, as the sender of the SDP sees it. */
enum sdp_direction {
	SDP_INACTIVE = 0,
	SDP_SENDONLY = 1,
	SDP_RECVONLY = 2,
	SDP_SENDRECV = SDP_SENDONLY | SDP_RECVONLY
};

/* RFC 4145, 5763. */
enum sdp_setup { SDP_NO_SETUP, SDP_ACTIVE, SDP_PASSIVE, SDP_ACTPASS, SDP_HOLDCONN };

struct sdp_fingerprint { /* RFC 8122 */
	char hash[16];   /* lower case: "sha-256"; empty: none */
	uint8_t bytes[SDP_FINGERPRINT_MAX];
	unsigned int length;
};

enum sdp_candidate_type { SDP_HOST, SDP_SRFLX, SDP_PRFLX, SDP_RELAY, SDP_OTHER_TYPE };

struct sdp_candidate { /* RFC 8839 section 5.1 */
	const char *foundation;
	unsigned int component; /* 1 RTP, 2 RTCP */
	bool udp;
	uint32_t priority;
	struct endpoint at; /* its address is zero if it is a name (mDNS) */
	enum sdp_candidate_type type;
};

struct sdp_ice {
	const char *ufrag; /* NULL if there is no ICE */
	const char *pwd;
	const char *options; /* the a=ice-options value, or NULL */
	struct sdp_candidate *candidates;
	unsigned int candidate_count;
};

/*
 * One m-line. What the m-line's own section does not say is taken from the session's section where
 * the RFCs let it: c=, direction, ICE credentials, fingerprints, setup, tls-id.
 */
struct sdp_media {
	unsigned int
		first_line; /* index of the m= line, and of the line after the section's last */
	unsigned int end_line;

	enum sdp_kind kind;
	const char *kind_name;
	uint16_t port;
	uint16_t port_count;
	bool rejected; /* port 0, and not because it is bundle-only; or `foreign` */
	bool foreign;  /* no RTP, or of no known media type: it cannot be relayed */
	enum sdp_profile profile;
	const char *profile_name;
	const char **formats;
	unsigned int format_count; /* may be 0 only if rejected */
	const char *odd_format;    /* the first that is no RTP payload type; NULL unless rejected */
	uint32_t clock_rate[128];  /* Hz by RTP payload type; 0: unknown (RFC 3551's table included)
				    */

	bool connection;        /* a c= line says its address; else it is rejected */
	struct endpoint remote; /* where its sender wants RTP */
	struct endpoint rtcp;   /* and RTCP unless multiplexed: as a=rtcp says, else port + 1 */
	bool rtcp_elsewhere;    /* a=rtcp says an address */
	bool rtcp_mux;
	bool rtcp_mux_only;
	bool held;                    /* its c= address is 0.0.0.0 or :: and it has no ICE */
	enum sdp_direction direction; /* as the attribute says, and not receiving when held */
	bool direction_said;          /* by an attribute in this section itself */

	const char *mid;     /* NULL if there is none */
	unsigned int bundle; /* the BUNDLE group it is in, from 1; 0: none */
	bool bundle_tag;     /* the first of its group, whose transport the others share */
	bool bundle_only;

	struct sdp_ice ice;
	struct sdp_fingerprint fingerprints[SDP_FINGERPRINTS];
	unsigned int fingerprint_count;
	enum sdp_setup setup;
	uint32_t ptime_us;  /* the shorter one of a=ptime and a=maxptime; 0: neither was said */
	uint64_t bandwidth; /* bits a second, the larger one of b=AS and b=TIAS; 0: neither */
	const char *tls_id; /* NULL if there is none */
	bool xr_said;       /* a=rtcp-xr, whatever it says */
	bool voice_xr;      /* it asks for VoIP metrics (RFC 3611 section 5) */
	const char *crypto[SDES_LINES_MAX]; /* what follows "a=crypto:", for sdes_choose() */
	unsigned int crypto_count;
};

struct sdp {
	struct sdp_line *lines;
	unsigned int line_count;
	struct sdp_media *media;
	unsigned int media_count;
	const char *user; /* of the o= line; it may have blanks in it */
	const char *session_id;
	const char *session_version;
	const char *host; /* "IN IP4 198.51.100.7", whatever it is */
	bool ice_lite;
	unsigned int bundle_count;

	struct sdp_media session; /* the session's own section, its lines from 0 */
	char *text;               /* what `lines` point into */
	char *words;              /* what every other text points into */
	size_t length;
};

/*
 * Reads `length` octets of text, of which it makes its own copy; either line end will do. What a
 * relay need not understand never refuses a text: attributes that are odd, and all of an m-line
 * that is rejected but its place. 0, -ENOMEM, -EINVAL for a text that is malformed, -ENOTSUP for
 * one that asks for what a relay cannot do (a host name for an address, multicast); `err` names the
 * line and the remedy of the last two.
 */
int sdp_parse(struct sdp **out, const char *text, size_t length, struct sdp_error *err);

/* NULL will do. The copies are cleared first: they may hold keys. */
void sdp_free(struct sdp *sdp);

/* sdp_profile.c: what an m-line says: "RTP/AVP" and so on; NULL for SDP_OTHER_PROFILE. */
const char *sdp_profile_name(enum sdp_profile profile);
/* The first of the name; SDP_OTHER_PROFILE if nobody has it. */
enum sdp_profile sdp_profile_find(const char *name);
/* The bits of sdp_keying; 0 for SDP_OTHER_PROFILE. */
unsigned int sdp_profile_keying(enum sdp_profile profile);
/* Whether it is keyed, or may be, under a name that says RTP/AVP(F). */
bool sdp_profile_is_opportunistic(enum sdp_profile profile);
/* Whether keys by DTLS, or by SDES, are among them. */
bool sdp_profile_has_dtls(enum sdp_profile profile);
bool sdp_profile_has_sdes(enum sdp_profile profile);
bool sdp_profile_has_feedback(enum sdp_profile profile); /* RFC 4585 */
/* The one of the same name that is keyed like this; itself if there is none. */
enum sdp_profile sdp_profile_keyed(enum sdp_profile profile, unsigned int keying);
/* How an m-line's sender can key it, as its attributes say, whatever its profile is called. */
unsigned int sdp_media_keying(const struct sdp_media *media);

/* sdp_codec.c: what a=rtpmap would say of a payload type that needs none: "PCMU/8000"; NULL: it
 * needs one. */
const char *sdp_static_map(unsigned int type);
uint32_t sdp_static_clock(unsigned int type); /* Hz; 0 */

/* Whether it is 0.0.0.0 or ::, where nobody is. */
bool sdp_is_nowhere(const struct address *address);

#endif
