/* SPDX-License-Identifier: BSD-3-Clause */
/* What an m-line's section does not say by itself: the session's part, its BUNDLE group, RTCP. */
#include "controlplane/sdp/sdp_parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* In all BUNDLE groups together: enough for each m-line, and a bound on the work. */
#define NAMES_MAX (4 * SDP_MEDIA_MAX)

static void inherit(struct sdp_media *m, const struct sdp_media *session)
{
	if (!m->direction_said)
		m->direction = session->direction;
	if (!m->connection) {
		m->connection = session->connection;
		m->remote = session->remote;
	}
	if (!m->ice.ufrag && !m->ice.pwd) {
		m->ice.ufrag = session->ice.ufrag;
		m->ice.pwd = session->ice.pwd;
	}
	if (!m->ice.options)
		m->ice.options = session->ice.options;
	if (!m->fingerprint_count) {
		memcpy(m->fingerprints, session->fingerprints, sizeof(m->fingerprints));
		m->fingerprint_count = session->fingerprint_count;
	}
	if (!m->setup)
		m->setup = session->setup;
	if (!m->tls_id)
		m->tls_id = session->tls_id;
	if (!m->xr_said)
		m->voice_xr = session->voice_xr;
}

static struct sdp_media *find_mid(struct sdp *sdp, const char *mid)
{
	for (unsigned int i = 0; i < sdp->media_count; i++)
		if (sdp->media[i].mid && !strcmp(sdp->media[i].mid, mid))
			return &sdp->media[i];
	return NULL;
}

/*
 * RFC 9143 section 7: port 0 rejects an m-line, unless its group carries it as bundle-only. What is
 * no mid, or in a group already, is passed over. Returns the names it looked at, `most` at most.
 */
static unsigned int read_bundle(struct sdp *sdp, char *rest, unsigned int most)
{
	unsigned int bundle = ++sdp->bundle_count, names = 0;
	bool tagged = false;
	const char *mid;

	while (names < most && *(mid = sdp_word(&rest))) {
		struct sdp_media *m = find_mid(sdp, mid);

		names++;
		if (!m || m->bundle || m->foreign || (!m->port && !m->bundle_only))
			continue;
		/* Without it there is no group (section 7.1.3): each m-line is by itself. */
		if (!tagged && !m->rtcp_mux && !m->rtcp_mux_only)
			break;
		m->bundle = bundle;
		m->bundle_tag = !tagged;
		tagged = true;
	}
	return names;
}

static void read_bundles(struct sdp *sdp)
{
	static const char prefix[] = "a=group:BUNDLE";
	unsigned int left = NAMES_MAX;

	for (unsigned int i = 0; i < sdp->session.end_line; i++) {
		const struct sdp_line *line = &sdp->lines[i];
		char *rest = sdp->words + (line->text - sdp->text) + sizeof(prefix) - 1;

		/* strchr() finds the NUL as well: a group may be empty. */
		if (strncasecmp(line->text, prefix, sizeof(prefix) - 1) ||
		    !strchr(" \t", line->text[sizeof(prefix) - 1]))
			continue;
		left -= read_bundle(sdp, rest, left);
	}
}

static void place_rtcp(struct sdp_media *m)
{
	if (endpoint_is_unset(&m->rtcp) && m->port && m->port < 65535)
		m->rtcp = endpoint_make(&m->rtcp.address, m->port + 1);
	if (!m->rtcp_elsewhere)
		m->rtcp.address = m->remote.address;
}

/* Under RTP/SAVP(F) a fingerprint without a key says how it is keyed (RFC 5763 section 5). */
static void find_keying(struct sdp_media *m)
{
	if (!m->fingerprint_count || m->crypto_count)
		return;
	if (sdp_profile_has_sdes(m->profile))
		m->profile = sdp_profile_keyed(m->profile, SDP_BY_DTLS);
}

static int complete_media(struct sdp_parser *p, struct sdp_media *m)
{
	m->rejected = m->foreign || (!m->port && !(m->bundle_only && m->bundle));
	p->err->line = p->sdp->lines[m->first_line].number;
	find_keying(m);
	if (m->rejected) {
		m->remote = endpoint_make(&m->remote.address, m->port);
		return 0;
	}
	if (m->odd_format)
		return sdp_refuse(p, -EINVAL, "give RTP payload types from 0 to 127, not %.32s",
				  m->odd_format);
	if (!m->format_count)
		return sdp_refuse(p, -EINVAL, "give the m-line at least one format");
	if (!m->ice.ufrag != !m->ice.pwd)
		return sdp_refuse(p, -EINVAL, "give the m-line a=ice-ufrag and a=ice-pwd together");
	if (!m->connection)
		return sdp_refuse(p, -EINVAL, "give the m-line or the session a c= line");
	m->remote = endpoint_make(&m->remote.address, m->port);
	place_rtcp(m);
	/* The hold of RFC 2543, which RFC 3264 section 8.4 still wants understood. */
	m->held = sdp_is_nowhere(&m->remote.address) && !m->ice.ufrag;
	if (m->held)
		m->direction &= ~SDP_RECVONLY;
	return 0;
}

int sdp_complete(struct sdp_parser *p)
{
	struct sdp *sdp = p->sdp;
	int ret = 0;

	for (unsigned int i = 0; i < sdp->media_count; i++)
		inherit(&sdp->media[i], &sdp->session);
	read_bundles(sdp);
	for (unsigned int i = 0; !ret && i < sdp->media_count; i++)
		ret = complete_media(p, &sdp->media[i]);
	return ret;
}
