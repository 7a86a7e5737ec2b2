/* SPDX-License-Identifier: BSD-3-Clause */
/* Transport profiles: the name in the m-line, and how its media is keyed. */
#include <string.h>
#include <strings.h>

#include "controlplane/sdp/sdp.h"

static const struct {
	const char *name;
	unsigned int keying; /* bits of sdp_keying */
	bool feedback;
} profiles[SDP_PROFILES] = {
	[SDP_RTP_AVP] = {"RTP/AVP", SDP_PLAIN, false},
	[SDP_RTP_AVPF] = {"RTP/AVPF", SDP_PLAIN, true},
	[SDP_RTP_SAVP] = {"RTP/SAVP", SDP_BY_SDES, false},
	[SDP_RTP_SAVPF] = {"RTP/SAVPF", SDP_BY_SDES, true},
	[SDP_UDP_TLS_RTP_SAVP] = {"UDP/TLS/RTP/SAVP", SDP_BY_DTLS, false},
	[SDP_UDP_TLS_RTP_SAVPF] = {"UDP/TLS/RTP/SAVPF", SDP_BY_DTLS, true},
	[SDP_RTP_SAVP_DTLS] = {"RTP/SAVP", SDP_BY_DTLS, false},
	[SDP_RTP_SAVPF_DTLS] = {"RTP/SAVPF", SDP_BY_DTLS, true},
	[SDP_RTP_SAVP_EITHER] = {"RTP/SAVP", SDP_BY_SDES | SDP_BY_DTLS, false},
	[SDP_RTP_SAVPF_EITHER] = {"RTP/SAVPF", SDP_BY_SDES | SDP_BY_DTLS, true},
	[SDP_RTP_AVP_OFFERED] = {"RTP/AVP", SDP_PLAIN | SDP_BY_SDES | SDP_BY_DTLS, false},
	[SDP_RTP_AVPF_OFFERED] = {"RTP/AVPF", SDP_PLAIN | SDP_BY_SDES | SDP_BY_DTLS, true},
	[SDP_RTP_AVP_SDES] = {"RTP/AVP", SDP_BY_SDES, false},
	[SDP_RTP_AVPF_SDES] = {"RTP/AVPF", SDP_BY_SDES, true},
	[SDP_RTP_AVP_DTLS] = {"RTP/AVP", SDP_BY_DTLS, false},
	[SDP_RTP_AVPF_DTLS] = {"RTP/AVPF", SDP_BY_DTLS, true},
	[SDP_RTP_AVP_OFFERED_SDES] = {"RTP/AVP", SDP_PLAIN | SDP_BY_SDES, false},
	[SDP_RTP_AVPF_OFFERED_SDES] = {"RTP/AVPF", SDP_PLAIN | SDP_BY_SDES, true},
	[SDP_RTP_AVP_OFFERED_DTLS] = {"RTP/AVP", SDP_PLAIN | SDP_BY_DTLS, false},
	[SDP_RTP_AVPF_OFFERED_DTLS] = {"RTP/AVPF", SDP_PLAIN | SDP_BY_DTLS, true},
};

const char *sdp_profile_name(enum sdp_profile profile)
{
	return profile < SDP_PROFILES ? profiles[profile].name : NULL;
}

enum sdp_profile sdp_profile_find(const char *name)
{
	for (enum sdp_profile p = SDP_RTP_AVP; p < SDP_PROFILES; p++)
		if (!strcasecmp(profiles[p].name, name))
			return p;
	return SDP_OTHER_PROFILE;
}

unsigned int sdp_profile_keying(enum sdp_profile profile)
{
	return profile < SDP_PROFILES ? profiles[profile].keying : 0;
}

bool sdp_profile_is_opportunistic(enum sdp_profile profile)
{
	return profile >= SDP_RTP_AVP_OFFERED && profile < SDP_PROFILES;
}

bool sdp_profile_has_dtls(enum sdp_profile profile)
{
	return sdp_profile_keying(profile) & SDP_BY_DTLS;
}

bool sdp_profile_has_sdes(enum sdp_profile profile)
{
	return sdp_profile_keying(profile) & SDP_BY_SDES;
}

bool sdp_profile_has_feedback(enum sdp_profile profile)
{
	return profile < SDP_PROFILES && profiles[profile].feedback;
}

enum sdp_profile sdp_profile_keyed(enum sdp_profile profile, unsigned int keying)
{
	if (profile == SDP_OTHER_PROFILE)
		return profile;
	for (enum sdp_profile p = SDP_RTP_AVP; p < SDP_PROFILES; p++)
		if (!strcmp(profiles[p].name, profiles[profile].name) &&
		    profiles[p].keying == keying)
			return p;
	return profile;
}

unsigned int sdp_media_keying(const struct sdp_media *media)
{
	bool plain = media->profile && sdp_profile_keying(media->profile) & SDP_PLAIN;
	bool tls = !strncasecmp(media->profile_name, "UDP/TLS/", 8);

	return (plain ? SDP_PLAIN : 0) | (media->crypto_count && !tls ? SDP_BY_SDES : 0) |
	       (media->fingerprint_count || tls ? SDP_BY_DTLS : 0);
}
