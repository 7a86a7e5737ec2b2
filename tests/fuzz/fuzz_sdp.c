/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets are parsed, what parses is rewritten for a browser and for telephones, and what was
 * rewritten must parse again, with the same m-lines rejected; and once more with codecs,
 * extensions, m-lines and attributes taken out.
 */
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "controlplane/sdp/sdp_edit.h"
#include "controlplane/sdp/sdp_filter.h"
#include "controlplane/sdp/sdp_rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sdp_transport transport(enum sdp_profile profile)
{
	static const struct sdes key = {.tag = 1, .suite = SUITE_AEAD_AES_256_GCM};
	struct sdp_transport t = {
		.rtp = {{.octets = {[10] = 0xff, 0xff, 198, 51, 100, 1}}, htons(20000)},
		.profile = profile,
		.rtcp_port = 20001,
	};

	if (sdp_profile_has_dtls(profile)) {
		t.ice_ufrag = "ufrg";
		t.ice_pwd = "0123456789012345678901";
		t.rtcp_mux = true;
		t.bundle = 1;
		t.fingerprint = (struct sdp_fingerprint){"sha-256", {1, 2, 3}, 32};
		t.setup = SDP_ACTPASS;
		t.tls_id = "0123456789abcdefghij";
	}
	if (sdp_profile_has_sdes(profile)) {
		t.sdes = &key;
		t.sdes_count = 1;
	}
	return t;
}

/* Attributes come, go and change; none that says how media travels. */
static int edit(char **text)
{
	static char *const names[] = {(char *)"rtpmap:",  (char *)"ssrc:1", (char *)"fmtp:0",
				      (char *)"ptime:40", (char *)"x",      (char *)"y"};
	const struct sdp_edit edits[] = {
		{.media = "", .remove = names, .remove_count = 2, .add = names + 4, .add_count = 2},
		{.media = "audio",
		 .remove = names,
		 .remove_count = 3,
		 .add = names + 3,
		 .add_count = 1,
		 .replace = names + 4,
		 .replace_count = 2},
	};

	return sdp_edit(text, edits, 2);
}

static void check(const struct sdp *sdp, enum sdp_profile profile, const struct sdp_form *form)
{
	struct sdp_transport media[SDP_MEDIA_MAX];
	struct sdp_rewrite to = {
		.form = *form,
		.origin = {.octets = {[10] = 0xff, 0xff, 198, 51, 100, 1}},
		.media = media,
		.media_count = sdp->media_count,
	};
	struct sdp_error err;
	struct sdp *again;
	size_t length;
	char *text;

	/* Formats that are no payload types cannot be shown under an RTP profile. */
	for (unsigned int i = 0; i < sdp->media_count; i++)
		media[i] = sdp->media[i].rejected || !sdp->media[i].profile
				   ? (struct sdp_transport){0}
				   : transport(profile);
	if (sdp_rewrite(&text, &length, sdp, &to) || (form->mids && edit(&text)))
		abort();
	length = strlen(text);
	/* What the relay adds may take a text that was nearly too long past the limits. */
	if (sdp_parse(&again, text, length, &err)) {
		if (length < SDP_SIZE_MAX && sdp->line_count < SDP_LINES_MAX / 2)
			abort();
	} else {
		if (again->media_count != sdp->media_count)
			abort();
		for (unsigned int i = 0; i < sdp->media_count; i++)
			if (again->media[i].rejected != endpoint_is_zero(&media[i].rtp))
				abort();
		sdp_free(again);
	}
	sdp_text_free(text);
}

static void must_print(const struct sdes *sdes)
{
	char value[SDES_VALUE_MAX];

	if (sdes_print(value, sizeof(value), sdes))
		abort();
}

static void choose_keys(const struct sdp_media *m)
{
	struct sdes all[SUITE_COUNT], one;
	char why[SDES_WHY];
	unsigned int count =
		sdes_choose_all(all, m->crypto, m->crypto_count, ~0U, why, sizeof(why));

	for (unsigned int i = 0; i < count; i++)
		must_print(&all[i]);
	if (!sdes_choose(&one, m->crypto, m->crypto_count, ~0U, why, sizeof(why)))
		must_print(&one);
	else if (count)
		abort();
	sdes_choose(&one, m->crypto, m->crypto_count, 1, why, sizeof(why));
}

static char *const stripped[] = {(char *)"all"}, *const kept[] = {(char *)"opus/48000/2",
								  (char *)"PCMU", (char *)"101"};
static char *const rejected[] = {(char *)"video"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sdp_filter filter = {
		.strip = {stripped, 1},
		.except = {kept, 1},
		.first = {kept + 1, 2},
		.reject = {rejected, 1},
		.extensions = {stripped, 1},
		.single = size % 2,
	};
	const struct sdp_form usual = {false}, other = {.user = true,
							.nowhere = true,
							.directions = true,
							.mids = true,
							.whole_rtcp = true,
							.unpadded = true,
							.lifetime = true,
							.ptime_ms = 30,
							.version = 7};
	struct sdp_error err;
	struct sdp *sdp;

	if (sdp_parse(&sdp, (const char *)data, size, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (unsigned int i = 0; i < sdp->media_count; i++)
		choose_keys(&sdp->media[i]);
	check(sdp, SDP_UDP_TLS_RTP_SAVPF, &usual);
	check(sdp, SDP_RTP_AVP, &usual);
	check(sdp, SDP_RTP_SAVP_EITHER, &other);
	if (!sdp_filter(sdp, &filter))
		check(sdp, SDP_RTP_AVP, &other);
	sdp_free(sdp);
	return 0;
}
