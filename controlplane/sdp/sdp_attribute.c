/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The a= lines that say something about transport, and rtpmap. All others are left alone, and so is
 * what is malformed, unless media could not flow without it.
 */
#include "controlplane/sdp/sdp_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLOCK_RATE_MAX 1000000 /* Hz */

static int read_direction(struct sdp_parser *p, enum sdp_direction direction)
{
	p->section->direction = direction;
	p->section->direction_said = true;
	return 0;
}

static int read_sendrecv(struct sdp_parser *p, char *rest)
{
	return read_direction(p, SDP_SENDRECV);
}

static int read_sendonly(struct sdp_parser *p, char *rest)
{
	return read_direction(p, SDP_SENDONLY);
}

static int read_recvonly(struct sdp_parser *p, char *rest)
{
	return read_direction(p, SDP_RECVONLY);
}

static int read_inactive(struct sdp_parser *p, char *rest)
{
	return read_direction(p, SDP_INACTIVE);
}

/* "a=rtcp:" port [IN IP4 address], RFC 3605. */
static int read_rtcp(struct sdp_parser *p, char *rest)
{
	struct address address = {.half = {0}};
	struct sdp_error unheard = *p->err;
	bool elsewhere;
	uint64_t port;

	if (!sdp_number(sdp_word(&rest), 65535, &port))
		return 0;
	/* What it says of no use, the port after that of RTP is. */
	elsewhere = rest[strspn(rest, " \t")];
	if (elsewhere && sdp_connection(p, rest, &address)) {
		*p->err = unheard;
		return 0;
	}
	p->section->rtcp = endpoint_make(&address, port);
	p->section->rtcp_elsewhere = elsewhere;
	return 0;
}

static int read_rtcp_mux(struct sdp_parser *p, char *rest)
{
	p->section->rtcp_mux = true;
	return 0;
}

static int read_rtcp_mux_only(struct sdp_parser *p, char *rest)
{
	p->section->rtcp_mux_only = true;
	return 0;
}

static int read_bundle_only(struct sdp_parser *p, char *rest)
{
	p->section->bundle_only = true;
	return 0;
}

static int read_mid(struct sdp_parser *p, char *rest)
{
	const struct sdp *sdp = p->sdp;
	const char *mid = sdp_word(&rest);

	if (!*mid || strlen(mid) > SDP_MID_MAX || p->section->mid)
		return 0;
	/* The first one of the name has it. */
	for (unsigned int i = 0; i < sdp->media_count; i++)
		if (sdp->media[i].mid && !strcmp(sdp->media[i].mid, mid))
			return 0;
	p->section->mid = mid;
	return 0;
}

static int read_ice_lite(struct sdp_parser *p, char *rest)
{
	p->sdp->ice_lite = true;
	return 0;
}

/* RFC 8839 section 5.4; "-", "_" and "=" are not among its ice-chars but are met, and harmless. */
static int read_ice_text(struct sdp_parser *p, char *rest, const char **out, size_t least,
			 const char *name)
{
	const char *word = sdp_word(&rest);
	size_t length = strlen(word);

	if (length < least || length > 256 ||
	    strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=") !=
		    length)
		return sdp_refuse(p, -EINVAL, "give a=%s %zu to 256 ice-chars (RFC 8839)", name,
				  least);
	*out = word;
	return 0;
}

static int read_ice_ufrag(struct sdp_parser *p, char *rest)
{
	return read_ice_text(p, rest, &p->section->ice.ufrag, 4, "ice-ufrag");
}

static int read_ice_pwd(struct sdp_parser *p, char *rest)
{
	return read_ice_text(p, rest, &p->section->ice.pwd, 22, "ice-pwd");
}

static int read_ice_options(struct sdp_parser *p, char *rest)
{
	p->section->ice.options = rest;
	return 0;
}

static enum sdp_candidate_type candidate_type(const char *word)
{
	static const char *const names[] = {"host", "srflx", "prflx", "relay"};

	for (enum sdp_candidate_type t = SDP_HOST; t < SDP_OTHER_TYPE; t++)
		if (!strcasecmp(names[t], word))
			return t;
	return SDP_OTHER_TYPE;
}

/* foundation component transport priority address port "typ" type ...: RFC 8839 section 5.1 */
static int read_candidate(struct sdp_parser *p, char *rest)
{
	struct sdp_ice *ice = &p->section->ice;
	struct sdp_candidate c = {.foundation = sdp_word(&rest)};
	struct address address = {.half = {0}};
	uint64_t component, priority, port;
	bool valid;

	valid = sdp_number(sdp_word(&rest), 256, &component);
	c.udp = !strcasecmp(sdp_word(&rest), "udp");
	valid = sdp_number(sdp_word(&rest), UINT32_MAX, &priority) && valid;
	address_parse(&address, sdp_word(&rest));
	valid = sdp_number(sdp_word(&rest), 65535, &port) && valid;
	valid = !strcasecmp(sdp_word(&rest), "typ") && valid;
	c.type = candidate_type(sdp_word(&rest));
	/* A lite agent sends no checks, and needs none of them. */
	if (!valid)
		return 0;
	c.component = (unsigned int)component;
	c.priority = (uint32_t)priority;
	c.at = endpoint_make(&address, port);
	if (sdp_grow(&ice->candidates, ice->candidate_count, sizeof(c)))
		return -ENOMEM;
	ice->candidates[ice->candidate_count++] = c;
	return 0;
}

static bool hash_length_fits(const char *hash, unsigned int length)
{
	static const struct {
		const char *name;
		unsigned int length;
	} hashes[] = {
		{"sha-1", 20}, {"sha-224", 28}, {"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (!strcmp(hashes[i].name, hash))
			return hashes[i].length == length;
	return length > 0;
}

/* Octets in hexadecimal between colons, nothing after them; how many, or 0 when it is not that. */
static unsigned int read_octets(const char *hex, uint8_t *octets, unsigned int most)
{
	unsigned int count = 0;

	while (count < most && isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
		const char pair[] = {hex[0], hex[1], '\0'};

		octets[count++] = (uint8_t)strtoul(pair, NULL, 16);
		if (!hex[2])
			return count;
		if (hex[2] != ':')
			return 0;
		hex += 3;
	}
	return 0;
}

/* "a=fingerprint:" hash octets, RFC 8122 section 5. */
static int read_fingerprint(struct sdp_parser *p, char *rest)
{
	const char *hash = sdp_word(&rest), *hex = sdp_word(&rest);
	struct sdp_media *m = p->section;
	struct sdp_fingerprint f = {.length = 0};

	if (m->fingerprint_count == SDP_FINGERPRINTS)
		return 0;
	for (size_t i = 0; hash[i] && i < sizeof(f.hash) - 1; i++)
		f.hash[i] = (char)tolower((unsigned char)hash[i]);
	f.length = read_octets(hex, f.bytes, SDP_FINGERPRINT_MAX);
	/* One that is none lets nobody in; without any, DTLS is refused. */
	if (strlen(hash) >= sizeof(f.hash) || !hash_length_fits(f.hash, f.length))
		return 0;
	m->fingerprints[m->fingerprint_count++] = f;
	return 0;
}

static int read_setup(struct sdp_parser *p, char *rest)
{
	static const char *const names[] = {"active", "passive", "actpass", "holdconn"};
	const char *word = sdp_word(&rest);

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcasecmp(names[i], word)) {
			p->section->setup = (enum sdp_setup)(SDP_ACTIVE + i);
			return 0;
		}
	return 0;
}

static int read_tls_id(struct sdp_parser *p, char *rest)
{
	p->section->tls_id = sdp_word(&rest);
	return 0;
}

/* Kept as it came: only sdes takes it apart. */
static int read_crypto(struct sdp_parser *p, char *rest)
{
	struct sdp_media *m = p->section;

	if (m->crypto_count == SDES_LINES_MAX)
		return 0;
	m->crypto[m->crypto_count++] = p->line.text + p->line.length - strlen(rest);
	return 0;
}

/* "a=rtpmap:" payload-type name/clock[/channels]; the clock is a hint for statistics. */
static int read_rtpmap(struct sdp_parser *p, char *rest)
{
	const char *type = sdp_word(&rest);
	char *clock = strchr(sdp_word(&rest), '/'), *channels;
	uint64_t payload_type, hz;

	if (clock && (channels = strchr(++clock, '/')))
		*channels = '\0';
	if (!clock || !sdp_number(type, 127, &payload_type) ||
	    !sdp_number(clock, CLOCK_RATE_MAX, &hz) || !hz)
		return 0;
	p->section->clock_rate[payload_type] = (uint32_t)hz;
	return 0;
}

/* Milliseconds, with a fraction perhaps (RFC 8866 section 6.4): "20", "2.5". */
static int read_ptime(struct sdp_parser *p, char *rest)
{
	char *word = sdp_word(&rest), *fraction = strchr(word, '.');
	uint64_t ms, tenths = 0;

	if (fraction) {
		*fraction++ = '\0';
		fraction[*fraction ? 1 : 0] = '\0';
		sdp_number(fraction, 9, &tenths);
	}
	/* It is a wish, and no reason to refuse a call. */
	if (!sdp_number(word, 60000, &ms) || ms * 10 + tenths == 0)
		return 0;
	if (!p->section->ptime_us || ms * 1000 + tenths * 100 < p->section->ptime_us)
		p->section->ptime_us = ms * 1000 + tenths * 100;
	return 0;
}

/* "a=rtcp-xr:" [block *(" " block)], RFC 3611 section 5.1: blocks that its sender wants. */
static int read_rtcp_xr(struct sdp_parser *p, char *rest)
{
	const char *word;

	p->section->xr_said = true;
	while (*(word = sdp_word(&rest)))
		p->section->voice_xr |= !strcasecmp(word, "voip-metrics");
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct sdp_parser *p, char *rest);
	bool media_only;
} attributes[] = {
	{"sendrecv", read_sendrecv, false},
	{"sendonly", read_sendonly, false},
	{"recvonly", read_recvonly, false},
	{"inactive", read_inactive, false},
	{"rtcp", read_rtcp, true},
	{"rtcp-mux", read_rtcp_mux, true},
	{"rtcp-mux-only", read_rtcp_mux_only, true},
	{"bundle-only", read_bundle_only, true},
	{"mid", read_mid, true},
	{"ice-lite", read_ice_lite, false},
	{"ice-ufrag", read_ice_ufrag, false},
	{"ice-pwd", read_ice_pwd, false},
	{"ice-options", read_ice_options, false},
	{"candidate", read_candidate, true},
	{"fingerprint", read_fingerprint, false},
	{"setup", read_setup, false},
	{"tls-id", read_tls_id, false},
	{"crypto", read_crypto, true},
	{"rtcp-xr", read_rtcp_xr, false},
	{"rtpmap", read_rtpmap, true},
	{"ptime", read_ptime, true},
	{"maxptime", read_ptime, true},
};

int sdp_attribute(struct sdp_parser *p, char *rest)
{
	size_t length = strcspn(rest, ": \t");
	char *value = rest + length;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (strlen(attributes[i].name) != length ||
		    strncasecmp(attributes[i].name, rest, length))
			continue;
		/* Above the first m-line it means nothing, and is left alone like the unknown. */
		if (attributes[i].media_only && p->section == &p->sdp->session)
			return 0;
		return attributes[i].read(p, *value == ':' ? value + 1 : value);
	}
	return 0;
}
