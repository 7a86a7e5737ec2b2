/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets are parsed, what parses is rewritten for a browser and for two telephones, and what
 * was rewritten must parse again, with the same m-lines rejected.
 */
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

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

static void check(const struct sdp *sdp, enum sdp_profile profile)
{
	struct sdp_transport media[SDP_MEDIA_MAX];
	struct sdp_rewrite to = {
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
	if (sdp_rewrite(&text, &length, sdp, &to))
		abort();
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdp_error err;
	struct sdp *sdp;

	if (sdp_parse(&sdp, (const char *)data, size, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (unsigned int i = 0; i < sdp->media_count; i++)
		choose_keys(&sdp->media[i]);
	check(sdp, SDP_UDP_TLS_RTP_SAVPF);
	check(sdp, SDP_RTP_AVP);
	check(sdp, SDP_RTP_SAVP);
	sdp_free(sdp);
	return 0;
}
