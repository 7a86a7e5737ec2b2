/* SPDX-License-Identifier: BSD-3-Clause */
/* What an m-line's section does not say by itself: the session's part, its BUNDLE group, RTCP. */
#include "controlplane/sdp/sdp_parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static void inherit(struct sdp_media *m, const struct sdp_media *session)
{
	if (!m->direction_said)
		m->direction = session->direction;
	if (m->remote.family == AF_UNSPEC)
		m->remote = session->remote;
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
}

static struct sdp_media *find_mid(struct sdp *sdp, const char *mid)
{
	for (unsigned int i = 0; i < sdp->media_count; i++)
		if (sdp->media[i].mid && !strcmp(sdp->media[i].mid, mid))
			return &sdp->media[i];
	return NULL;
}

/* RFC 9143 section 7: port 0 rejects an m-line, unless its group carries it as bundle-only. */
static int read_bundle(struct sdp_parser *p, char *rest)
{
	unsigned int bundle = ++p->sdp->bundle_count;
	bool tagged = false;
	const char *mid;

	while (*(mid = sdp_word(&rest))) {
		struct sdp_media *m = find_mid(p->sdp, mid);

		if (!m)
			return sdp_refuse(p, -EINVAL,
					  "name only mids of m-lines in the group, not %.32s", mid);
		if (m->bundle)
			return sdp_refuse(p, -EINVAL, "name mid %.32s in one BUNDLE group, once",
					  mid);
		m->rejected = !m->port && !m->bundle_only;
		if (m->rejected)
			continue;
		m->bundle = bundle;
		m->bundle_tag = !tagged;
		tagged = true;
	}
	return 0;
}

static int read_bundles(struct sdp_parser *p)
{
	static const char prefix[] = "a=group:BUNDLE";
	struct sdp *sdp = p->sdp;

	for (unsigned int i = 0; i < sdp->session.end_line; i++) {
		const struct sdp_line *line = &sdp->lines[i];
		char *rest = sdp->words + (line->text - sdp->text) + sizeof(prefix) - 1;
		int ret;

		/* strchr() finds the NUL as well: a group may be empty. */
		if (strncasecmp(line->text, prefix, sizeof(prefix) - 1) ||
		    !strchr(" \t", line->text[sizeof(prefix) - 1]))
			continue;
		p->err->line = i + 1;
		ret = read_bundle(p, rest);
		if (ret)
			return ret;
	}
	return 0;
}

static bool is_unspecified(const struct sdp_address *address)
{
	static const uint8_t zero[sizeof(address->ip)];

	return address->family != AF_UNSPEC && !memcmp(address->ip, zero, sizeof(zero));
}

static void place_rtcp(struct sdp_media *m)
{
	if (!m->rtcp.port && m->port && m->port < 65535)
		m->rtcp.port = m->port + 1;
	if (m->rtcp.family == AF_UNSPEC && m->rtcp.port) {
		m->rtcp.family = m->remote.family;
		memcpy(m->rtcp.ip, m->remote.ip, sizeof(m->rtcp.ip));
	}
}

static int complete_media(struct sdp_parser *p, struct sdp_media *m)
{
	m->rejected = !m->port && !(m->bundle_only && m->bundle);
	p->err->line = m->first_line + 1;
	if (!m->ice.ufrag != !m->ice.pwd)
		return sdp_refuse(p, -EINVAL, "give the m-line a=ice-ufrag and a=ice-pwd together");
	if (!m->rejected && m->remote.family == AF_UNSPEC)
		return sdp_refuse(p, -EINVAL, "give the m-line or the session a c= line");
	m->remote.port = m->port;
	place_rtcp(m);
	/* The hold of RFC 2543, which RFC 3264 section 8.4 still wants understood. */
	m->held = is_unspecified(&m->remote) && !m->ice.ufrag;
	if (m->held)
		m->direction &= ~SDP_RECVONLY;
	return 0;
}

int sdp_complete(struct sdp_parser *p)
{
	struct sdp *sdp = p->sdp;
	int ret;

	for (unsigned int i = 0; i < sdp->media_count; i++)
		inherit(&sdp->media[i], &sdp->session);
	ret = read_bundles(p);
	for (unsigned int i = 0; !ret && i < sdp->media_count; i++)
		ret = complete_media(p, &sdp->media[i]);
	return ret;
}
