/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/sdp_rewrite.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "controlplane/sdp/sdp_codec.h"
#include "controlplane/sdp/sdp_transport.h"

struct writer {
	struct text text;
	const struct sdp *sdp;
	const struct sdp_rewrite *to;
	const char *mid[SDP_MEDIA_MAX]; /* to show; NULL if there is none */
	char fresh_mid[SDP_MEDIA_MAX][8];
	unsigned int groups; /* that passed, as many as m-lines at most: a bound on the work */
	bool ice;            /* some m-line shown has it */
	bool feedback;       /* likewise */
};

/* What becomes of an a= line. All that is not listed passes. */
enum rule {
	RULE_PASS,
	RULE_REPLACED,  /* the relay writes its own, or none */
	RULE_CODEC,     /* comes with its payload type */
	RULE_FEEDBACK,  /* passes unless the profile loses feedback */
	RULE_GROUP,     /* BUNDLE is replaced, others pass while their mids do */
	RULE_EXTMAP,    /* that of the mid passes while a mid is shown */
	RULE_DIRECTION, /* written for each m-line, unless the form says otherwise */
	RULE_PTIME,     /* comes behind the keys */
};

static const struct {
	const char *name;
	enum rule rule;
} rules[] = {
	{"rtcp", RULE_REPLACED},
	{"rtcp-mux", RULE_REPLACED},
	{"rtcp-mux-only", RULE_REPLACED},
	{"mid", RULE_REPLACED},
	{"bundle-only", RULE_REPLACED},
	{"candidate", RULE_REPLACED},
	{"end-of-candidates", RULE_REPLACED},
	{"remote-candidates", RULE_REPLACED},
	{"fingerprint", RULE_REPLACED},
	{"identity", RULE_REPLACED}, /* signs the fingerprint, RFC 8827 */
	{"setup", RULE_REPLACED},
	{"connection", RULE_REPLACED},
	{"tls-id", RULE_REPLACED},
	{"dtls-id", RULE_REPLACED}, /* its name in the drafts */
	{"crypto", RULE_REPLACED},
	{"key-mgmt", RULE_REPLACED},
	/*
	 * Other ways to say an address or to offer another transport: RFC 4570, 6947, 5939, 7006.
	 */
	{"source-filter", RULE_REPLACED},
	{"alt", RULE_REPLACED},
	{"altc", RULE_REPLACED},
	{"acap", RULE_REPLACED},
	{"tcap", RULE_REPLACED},
	{"ccap", RULE_REPLACED},
	{"pcfg", RULE_REPLACED},
	{"acfg", RULE_REPLACED},
	{"rtpmap", RULE_CODEC},
	{"fmtp", RULE_CODEC},
	{"rtcp-fb", RULE_CODEC},
	{"ptime", RULE_PTIME},
	{"maxptime", RULE_PTIME},
	{"rtcp-rsize", RULE_FEEDBACK},
	{"extmap-allow-mixed", RULE_FEEDBACK},
	{"group", RULE_GROUP},
	{"extmap", RULE_EXTMAP},
	{"sendrecv", RULE_DIRECTION},
	{"sendonly", RULE_DIRECTION},
	{"recvonly", RULE_DIRECTION},
	{"inactive", RULE_DIRECTION},
};

static enum rule find_rule(const char *attribute)
{
	size_t length = strcspn(attribute, ": \t");

	if (!strncasecmp(attribute, "ice-", 4))
		return RULE_REPLACED;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strlen(rules[i].name) == length &&
		    !strncasecmp(rules[i].name, attribute, length))
			return rules[i].rule;
	return RULE_PASS;
}

static bool is_rejected(const struct sdp_transport *t)
{
	return endpoint_is_zero(&t->rtp);
}

/* The m-line that rules where the caller leaves the choice: an answer follows its offer. */
static const struct sdp_media *ruling(const struct writer *w, unsigned int i)
{
	return w->to->offer ? &w->to->offer->media[i] : &w->sdp->media[i];
}

static enum sdp_profile shown_profile(const struct writer *w, unsigned int i)
{
	enum sdp_profile profile = w->to->media[i].profile;

	return profile ? profile : ruling(w, i)->profile;
}

/* RFC 4585 section 4.2; who speaks of it under RTP/AVP is let. */
static bool has_feedback(const struct writer *w, unsigned int i)
{
	return sdp_profile_has_feedback(shown_profile(w, i)) ||
	       !sdp_profile_has_feedback(w->sdp->media[i].profile);
}

/* An m-line before `i` shows this mid, or one after it is known by it. */
static bool is_taken(const struct writer *w, const char *mid, unsigned int i)
{
	for (unsigned int k = 0; k < w->sdp->media_count; k++) {
		const char *other = k < i || !w->to->mids ? w->mid[k] : w->to->mids[k];

		if (k != i && other && !strcmp(other, mid))
			return true;
	}
	return false;
}

/* The sender's own, unless the receiver knows another m-line by it, or a number. */
static const char *choose_mid(struct writer *w, unsigned int i)
{
	const char *own = w->sdp->media[i].mid;
	unsigned int number = i;

	if (own && !is_taken(w, own, i))
		return own;
	do {
		snprintf(w->fresh_mid[i], sizeof(w->fresh_mid[i]), "%u", number);
		number += SDP_MEDIA_MAX;
	} while (is_taken(w, w->fresh_mid[i], i));
	return w->fresh_mid[i];
}

static void choose_mids(struct writer *w)
{
	const struct sdp *sdp = w->sdp;
	bool show = w->to->form.mids;

	for (unsigned int i = 0; i < sdp->media_count; i++)
		show |= w->to->media[i].bundle ||
			sdp_profile_keying(shown_profile(w, i)) == SDP_BY_DTLS;
	/* First those that are the senders' own: a number must not take one of them. */
	for (unsigned int i = 0; i < sdp->media_count; i++) {
		if (w->to->offer)
			w->mid[i] = w->to->offer->media[i].mid;
		else if (w->to->mids && w->to->mids[i])
			w->mid[i] = w->to->mids[i];
		else if (sdp->media[i].mid)
			w->mid[i] = choose_mid(w, i);
	}
	for (unsigned int i = 0; !w->to->offer && show && i < sdp->media_count; i++)
		if (!w->mid[i])
			w->mid[i] = choose_mid(w, i);
}

/* The line end is ours in any case; the line itself may hold anything. */
static void write_line(struct text *out, const struct sdp_line *line)
{
	text_append(out, line->text, line->length);
	text_append(out, "\r\n", 2);
}

/* Where the relay says it is. */
static const struct address *own(const struct writer *w, const struct address *address)
{
	return address_is_zero(&w->to->form.shown) ? address : &w->to->form.shown;
}

/* The user name is usually left out: it belongs to the sender's host, and may be an address. */
static void write_origin(struct writer *w)
{
	const struct sdp *sdp = w->sdp;
	const struct sdp_form *form = &w->to->form;

	text_printf(&w->text, "o=%s %s ", form->user ? sdp->user : "-", sdp->session_id);
	if (form->version)
		text_printf(&w->text, "%" PRIu64 " ", form->version);
	else
		text_printf(&w->text, "%s ", sdp->session_version);
	if (form->origin)
		text_printf(&w->text, "%s\r\n", sdp->host);
	else
		sdp_write_address(&w->text, own(w, &w->to->origin));
}

/* The m-line that the group's transport belongs to comes first (RFC 9143 section 7.1). */
static void write_bundle(struct writer *w, unsigned int bundle)
{
	bool open = false;

	for (int tagged = 1; tagged >= 0; tagged--) {
		for (unsigned int i = 0; i < w->sdp->media_count; i++) {
			const struct sdp_transport *t = &w->to->media[i];

			if (is_rejected(t) || t->bundle != bundle || !w->mid[i] ||
			    ruling(w, i)->bundle_tag != tagged)
				continue;
			text_printf(&w->text, "%s %s", open ? "" : "a=group:BUNDLE", w->mid[i]);
			open = true;
		}
	}
	if (open)
		text_append(&w->text, "\r\n", 2);
}

static void write_session_attributes(struct writer *w)
{
	unsigned int bundles = 0;

	for (unsigned int i = 0; i < w->sdp->media_count; i++)
		if (w->to->media[i].bundle > bundles)
			bundles = w->to->media[i].bundle;
	for (unsigned int bundle = 1; bundle <= bundles && bundle <= SDP_MEDIA_MAX; bundle++)
		write_bundle(w, bundle);
	/* RFC 8445 section 10 has every agent that follows it say ice2. */
	if (w->ice)
		text_printf(&w->text, "a=ice-lite\r\na=ice-options:ice2\r\n");
	if (w->to->form.loop)
		text_printf(&w->text, "a=rtpengine:%s\r\n", w->to->form.loop);
}

static bool group_passes(struct writer *w, const char *attribute)
{
	const char *word = attribute + strcspn(attribute, " \t");
	unsigned int words = 0;
	bool bundle = !strncasecmp(attribute, "group:BUNDLE", 12) && word == attribute + 12;

	if (bundle || w->groups == SDP_MEDIA_MAX)
		return false;
	while (*(word += strspn(word, " \t"))) {
		size_t length = strcspn(word, " \t");
		unsigned int i;

		for (i = 0; i < w->sdp->media_count; i++) {
			const char *mid = w->sdp->media[i].mid;

			if (mid && w->mid[i] && !strcmp(mid, w->mid[i]) && strlen(mid) == length &&
			    !memcmp(mid, word, length))
				break;
		}
		if (i == w->sdp->media_count || ++words > SDP_MEDIA_MAX)
			return false;
		word += length;
	}
	w->groups++;
	return true;
}

/* `i` is the m-line, or -1 in the session's section. */
static bool attribute_passes(struct writer *w, const char *attribute, int i)
{
	switch (find_rule(attribute)) {
	case RULE_REPLACED:
	case RULE_CODEC:
	case RULE_PTIME:
		return false;
	case RULE_FEEDBACK:
		return i < 0 ? w->feedback : has_feedback(w, (unsigned int)i);
	case RULE_GROUP:
		return group_passes(w, attribute);
	case RULE_EXTMAP:
		return (i >= 0 && w->mid[i]) ||
		       !strstr(attribute, "urn:ietf:params:rtp-hdrext:sdes:mid");
	case RULE_DIRECTION:
		return w->to->form.directions;
	default:
		return true;
	}
}

/* Whether the section has a line of one of these types that says something. */
static bool has_line(const struct sdp *sdp, unsigned int from, unsigned int to, const char *types)
{
	for (unsigned int l = from; l < to; l++)
		if (strchr(types, sdp->lines[l].text[0]) && sdp->lines[l].length > 2)
			return true;
	return false;
}

/*
 * The lines of these types, in their own order. Empty ones say nothing, and a browser refuses them;
 * `i` as attribute_passes() has it.
 */
static void write_lines(struct writer *w, unsigned int from, unsigned int to, const char *types,
			int i)
{
	for (unsigned int l = from; l < to; l++) {
		const struct sdp_line *line = &w->sdp->lines[l];

		if (!strchr(types, line->text[0]) || line->length <= 2)
			continue;
		if (line->text[0] != 'a' || attribute_passes(w, line->text + 2, i))
			write_line(&w->text, line);
		if (*types == 's')
			return;
	}
}

/*
 * In the order of RFC 8866 section 5, which browsers insist on, with what must be there. Types that
 * it does not know go, and k=, which would be a key.
 */
static void write_session(struct writer *w)
{
	static const char *const types[] = {"s", "i", "u", "e", "p", "b", "tr", "z"};
	const struct sdp *sdp = w->sdp;
	unsigned int end = sdp->session.end_line;

	text_printf(&w->text, "v=0\r\n");
	write_origin(w);
	for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
		if (*types[k] == 's' && !has_line(sdp, 0, end, "s"))
			text_printf(&w->text, "s=-\r\n");
		if (*types[k] == 't' && !has_line(sdp, 0, end, "t"))
			text_printf(&w->text, "t=0 0\r\n");
		else
			write_lines(w, 0, end, types[k], -1);
	}
	write_session_attributes(w);
	write_lines(w, 0, end, "a", -1);
}

/* --- m-lines --------------------------------------------------------------------------------- */

static void write_direction(struct writer *w, const struct sdp_media *m)
{
	static const char *const directions[] = {"inactive", "sendonly", "recvonly", "sendrecv"};

	if (!w->to->form.directions)
		text_printf(&w->text, "a=%s\r\n", directions[m->direction]);
}

static void write_ptime(struct writer *w, const struct sdp_media *m)
{
	unsigned int wanted = w->to->form.ptime_ms;

	if (wanted)
		text_printf(&w->text, "a=ptime:%u\r\n", wanted);
	for (unsigned int l = m->first_line + 1; l < m->end_line; l++) {
		const struct sdp_line *line = &w->sdp->lines[l];

		if (line->text[0] == 'a' && line->length > 2 &&
		    find_rule(line->text + 2) == RULE_PTIME &&
		    !(wanted && !strncasecmp(line->text + 2, "ptime", 5)))
			write_line(&w->text, line);
	}
}

/* An m-line that is rejected says nothing of itself. */
static void write_media_attributes(struct writer *w, unsigned int i)
{
	const struct sdp_media *m = &w->sdp->media[i];
	const struct sdp_transport *t = &w->to->media[i];
	const struct sdp_form *form = &w->to->form;

	if (w->mid[i])
		text_printf(&w->text, "a=mid:%s\r\n", w->mid[i]);
	if (is_rejected(t))
		return;
	sdp_write_codecs(&w->text, w->sdp, m, has_feedback(w, i));
	write_lines(w, m->first_line + 1, m->end_line, "a", (int)i);
	write_direction(w, m);
	sdp_write_rtcp(&w->text, t, form);
	if (!t->bundle_only)
		sdp_write_keys(&w->text, t, form);
	write_ptime(w, m);
	if (!t->bundle_only)
		sdp_write_ice(&w->text, t, form);
}

static void write_media_line(struct writer *w, unsigned int i)
{
	const struct sdp_media *m = &w->sdp->media[i];
	const struct sdp_transport *t = &w->to->media[i];
	const char *profile = sdp_profile_name(t->profile);

	text_printf(&w->text, "m=%s %u %s", m->kind_name,
		    is_rejected(t) || t->bundle_only ? 0 : endpoint_port(&t->rtp),
		    profile ? profile : ruling(w, i)->profile_name);
	for (unsigned int f = 0; f < m->format_count; f++) {
		text_append(&w->text, " ", 1);
		text_append(&w->text, m->formats[f], strlen(m->formats[f]));
	}
	text_printf(&w->text, "%s\r\n", m->format_count ? "" : " 0");
}

/* The order of RFC 8866 section 5. */
static void write_media(struct writer *w, unsigned int i)
{
	const struct sdp_media *m = &w->sdp->media[i];
	const struct sdp_transport *t = &w->to->media[i];
	static const struct address nowhere;
	unsigned int first = m->first_line + 1;

	write_media_line(w, i);
	write_lines(w, first, m->end_line, "i", (int)i);
	sdp_write_connection(&w->text, is_rejected(t)                   ? own(w, &w->to->origin)
				       : m->held && w->to->form.nowhere ? &nowhere
									: own(w, &t->rtp.address));
	write_lines(w, first, m->end_line, "b", (int)i);
	write_media_attributes(w, i);
}

int sdp_rewrite(char **out, size_t *length, const struct sdp *sdp, const struct sdp_rewrite *to)
{
	struct writer w = {.text.limit = 4 * SDP_SIZE_MAX, .sdp = sdp, .to = to};

	if (to->media_count != sdp->media_count ||
	    (to->offer && to->offer->media_count != sdp->media_count))
		return -EINVAL;
	for (unsigned int i = 0; i < sdp->media_count; i++) {
		w.ice |= !is_rejected(&to->media[i]) && to->media[i].ice_ufrag;
		w.feedback |= has_feedback(&w, i);
	}
	choose_mids(&w);
	write_session(&w);
	for (unsigned int i = 0; i < sdp->media_count && (!to->form.lines || i < to->form.lines);
	     i++)
		write_media(&w, i);
	if (w.text.error) {
		int error = w.text.error;

		text_wipe(&w.text);
		return error;
	}
	for (unsigned int i = 0; to->shown_mids && i < sdp->media_count; i++)
		snprintf(to->shown_mids[i], SDP_MID_MAX + 1, "%s", w.mid[i] ? w.mid[i] : "");
	*out = w.text.data;
	*length = w.text.length;
	return 0;
}

void sdp_text_free(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}
