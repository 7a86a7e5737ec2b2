/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <arpa/inet.h>

#include "controlplane/sdp/sdp.h"
#include "tests/rig/sdp.h"
#include "tests/rig/test.h"

static struct sdp *parse(const char *text, size_t length)
{
	struct sdp_error err;
	struct sdp *sdp = NULL;

	if (sdp_parse(&sdp, text, length, &err))
		fail_msg("line %u: %s", err.line, err.text);
	return sdp;
}

static const char *ip_of(const struct endpoint *e)
{
	static char text[ADDRESS_TEXT];

	return address_is_zero(&e->address) ? "" : address_text(text, &e->address);
}

static void assert_text(const char *got, const char *want)
{
	if (want)
		assert_string_equal(got ? got : "(null)", want);
	else
		assert_null(got);
}

/* Every line comes back as it went in, whichever line end it had. */
static void test_lines_survive(void **state)
{
	for (size_t f = 0; f < COUNT(sdp_fixtures); f++) {
		struct sdp *sdp = parse(sdp_fixtures[f].text,
					(size_t)(sdp_fixtures[f].end - sdp_fixtures[f].text));
		const char *at = sdp_fixtures[f].text;

		for (unsigned int i = 0; i < sdp->line_count; i++) {
			assert_memory_equal(sdp->lines[i].text, at, sdp->lines[i].length);
			assert_int_equal(strlen(sdp->lines[i].text), sdp->lines[i].length);
			at += sdp->lines[i].length;
			at += strspn(at, "\r\n");
		}
		assert_ptr_equal(at, sdp_fixtures[f].end);
		sdp_free(sdp);
	}
}

struct media_case {
	const char *text;
	unsigned int media_count, index;
	enum sdp_kind kind;
	uint16_t port;
	bool rejected;
	enum sdp_profile profile;
	unsigned int formats;
	const char *ip;
	uint16_t rtcp;
	bool mux;
	enum sdp_direction direction;
	const char *mid;
	unsigned int bundle;
	bool tag;
	const char *ufrag;
	unsigned int candidates, fingerprints;
	enum sdp_setup setup;
	unsigned int crypto;
};

/* clang-format off */
static const struct media_case media_cases[] = {
	{chromium_offer_av, 2, 0, SDP_AUDIO, 0, false, SDP_UDP_TLS_RTP_SAVPF, 8, "203.0.113.10", 9,
	 true, SDP_SENDRECV, "0", 1, true, "", 1, 1, SDP_ACTPASS, 0},
	{chromium_offer_av, 2, 1, SDP_VIDEO, 0, false, SDP_UDP_TLS_RTP_SAVPF, 23, "0.0.0.0", 9,
	 true, SDP_SENDRECV, "1", 1, false, "", 0, 1, SDP_ACTPASS, 0},
	{firefox_offer, 2, 0, SDP_AUDIO, 54321, false, SDP_UDP_TLS_RTP_SAVPF, 5, "203.0.113.20",
	 54322, true, SDP_SENDRECV, "0", 1, true, "8f2c1b3a", 4, 1, SDP_ACTPASS, 0},
	{firefox_offer, 2, 1, SDP_VIDEO, 0, false, SDP_UDP_TLS_RTP_SAVPF, 2, "203.0.113.20", 0,
	 true, SDP_SENDRECV, "1", 1, false, "8f2c1b3a", 0, 1, SDP_ACTPASS, 0},
	{phone_offer, 1, 0, SDP_AUDIO, 41000, false, SDP_RTP_AVP, 5, "203.0.113.30", 41001, false,
	 SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{phone_ipv6_offer, 2, 0, SDP_AUDIO, 41000, false, SDP_RTP_AVP, 2, "2001:db8:a::30", 41001,
	 false, SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{phone_ipv6_offer, 2, 1, SDP_VIDEO, 41002, false, SDP_RTP_AVP, 2, "2001:db8:a::31", 41010,
	 false, SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{snom_sdes_offer, 1, 0, SDP_AUDIO, 52000, false, SDP_RTP_SAVP, 4, "203.0.113.40", 52001,
	 false, SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 4},
	{asterisk_answer, 2, 0, SDP_AUDIO, 15076, false, SDP_RTP_SAVPF, 2, "203.0.113.50", 15077,
	 false, SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 1},
	{asterisk_answer, 2, 1, SDP_VIDEO, 0, true, SDP_RTP_AVP, 1, "203.0.113.50", 0, false,
	 SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{freeswitch_offer, 1, 0, SDP_AUDIO, 28162, false, SDP_RTP_SAVPF_DTLS, 6, "203.0.113.60", 28162,
	 true, SDP_SENDRECV, NULL, 0, false, "J6kQ2c1xWm0TfHdN", 1, 1, SDP_ACTPASS, 0},
	{rtpengine_offer, 1, 0, SDP_AUDIO, 30512, false, SDP_UDP_TLS_RTP_SAVPF, 3, "2001:db8:a::70",
	 30513, true, SDP_SENDRECV, "audio-1", 0, false, "dY3kPq8r", 2, 2, SDP_ACTIVE, 0},
	{hold_sendonly, 1, 0, SDP_AUDIO, 41000, false, SDP_RTP_AVP, 1, "203.0.113.30", 41001, false,
	 SDP_SENDONLY, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{hold_inactive, 2, 0, SDP_AUDIO, 41000, false, SDP_RTP_AVP, 1, "203.0.113.30", 41001, false,
	 SDP_INACTIVE, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{hold_inactive, 2, 1, SDP_AUDIO, 41002, false, SDP_RTP_AVP, 1, "203.0.113.30", 41003, false,
	 SDP_RECVONLY, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{hold_zero, 2, 0, SDP_AUDIO, 41000, false, SDP_RTP_AVP, 1, "0.0.0.0", 41001, false,
	 SDP_SENDONLY, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{hold_zero, 2, 1, SDP_AUDIO, 41002, false, SDP_RTP_AVP, 1, "0.0.0.0", 41003, false,
	 SDP_INACTIVE, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{capabilities_offer, 4, 2, SDP_IMAGE, 53460, true, SDP_OTHER_PROFILE, 1, "203.0.113.80",
	 0, false, SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
	{capabilities_offer, 4, 3, SDP_APPLICATION, 0, true, SDP_OTHER_PROFILE, 1, "203.0.113.80", 0,
	 false, SDP_SENDRECV, NULL, 0, false, NULL, 0, 0, SDP_NO_SETUP, 0},
};
/* clang-format on */

static void check_media(const struct media_case *c, const struct sdp *sdp)
{
	const struct sdp_media *m = &sdp->media[c->index];

	assert_int_equal(sdp->media_count, c->media_count);
	assert_int_equal(m->kind, c->kind);
	/* Chromium's ports and credentials are of its choosing. */
	if (c->text != chromium_offer_av) {
		assert_int_equal(m->port, c->port);
		assert_text(m->ice.ufrag, c->ufrag);
	}
	assert_int_equal(endpoint_port(&m->remote), m->port);
	assert_int_equal(m->rejected, c->rejected);
	assert_int_equal(m->profile, c->profile);
	assert_int_equal(m->format_count, c->formats);
	assert_string_equal(ip_of(&m->remote), c->ip);
	assert_int_equal(endpoint_port(&m->rtcp), c->rtcp);
	assert_int_equal(m->rtcp_mux, c->mux);
	assert_int_equal(m->direction, c->direction);
	assert_text(m->mid, c->mid);
	assert_int_equal(m->bundle, c->bundle);
	assert_int_equal(m->bundle_tag, c->tag);
	assert_int_equal(!m->ice.ufrag, !c->ufrag);
	assert_int_equal(!m->ice.pwd, !c->ufrag);
	assert_int_equal(m->ice.candidate_count, c->candidates);
	assert_int_equal(m->fingerprint_count, c->fingerprints);
	assert_int_equal(m->setup, c->setup);
	assert_int_equal(m->crypto_count, c->crypto);
}

static void test_media(void **state)
{
	for (size_t i = 0; i < COUNT(media_cases); i++) {
		struct sdp *sdp = parse(media_cases[i].text, strlen(media_cases[i].text));

		check_media(&media_cases[i], sdp);
		sdp_free(sdp);
	}
}

static void test_candidates(void **state)
{
	static const struct {
		unsigned int component;
		bool udp;
		uint32_t priority;
		const char *ip;
		uint16_t port;
		enum sdp_candidate_type type;
	} want[] = {
		{1, true, 2122252543, "", 54321, SDP_HOST},
		{1, false, 2105524479, "203.0.113.20", 9, SDP_HOST},
		{1, true, 1686052863, "203.0.113.21", 54321, SDP_SRFLX},
		{2, true, 1686052862, "203.0.113.21", 54322, SDP_SRFLX},
	};
	struct sdp *sdp = parse(firefox_offer, strlen(firefox_offer));

	assert_int_equal(sdp->media[0].ice.candidate_count, COUNT(want));
	assert_string_equal(sdp->media[0].ice.options, "trickle");
	assert_false(sdp->ice_lite);
	for (size_t i = 0; i < COUNT(want); i++) {
		const struct sdp_candidate *c = &sdp->media[0].ice.candidates[i];

		assert_int_equal(c->component, want[i].component);
		assert_int_equal(c->udp, want[i].udp);
		assert_int_equal(c->priority, want[i].priority);
		assert_string_equal(ip_of(&c->at), want[i].ip);
		assert_int_equal(endpoint_port(&c->at), want[i].port);
		assert_int_equal(c->type, want[i].type);
	}
	sdp_free(sdp);
}

static void test_details(void **state)
{
	struct sdp *sdp = parse(rtpengine_offer, strlen(rtpengine_offer));
	const struct sdp_media *m = &sdp->media[0];

	assert_true(sdp->ice_lite);
	assert_true(m->rtcp_mux_only);
	assert_string_equal(m->tls_id, "f3d4c2b1a0998877665544332211ff00");
	assert_string_equal(m->fingerprints[0].hash, "sha-1");
	assert_int_equal(m->fingerprints[0].length, 20);
	assert_string_equal(m->fingerprints[1].hash, "sha-256");
	assert_int_equal(m->fingerprints[1].length, 32);
	assert_memory_equal(m->fingerprints[1].bytes + 9, "\x99\xaa\xbb", 3);
	assert_string_equal(sdp->session_id, "3907123456");
	sdp_free(sdp);

	sdp = parse(phone_ipv6_offer, strlen(phone_ipv6_offer));
	m = &sdp->media[1];
	assert_int_equal(m->port_count, 2);
	assert_string_equal(ip_of(&m->rtcp), "2001:db8:a::32");
	assert_int_equal(m->clock_rate[34], 90000); /* RFC 3551 */
	assert_int_equal(m->clock_rate[99], 90000); /* rtpmap */
	assert_int_equal(m->clock_rate[98], 0);
	sdp_free(sdp);

	sdp = parse(chromium_offer_audio, strlen(chromium_offer_audio));
	assert_int_equal(sdp->media[0].clock_rate[111], 48000);
	assert_int_equal(sdp->media[0].clock_rate[9], 8000);
	sdp_free(sdp);

	sdp = parse(snom_sdes_offer, strlen(snom_sdes_offer));
	assert_int_equal(strncmp(sdp->media[0].crypto[2], "3 AES_CM_128_HMAC_SHA1_32 inline:", 33),
			 0);
	sdp_free(sdp);

	sdp = parse(hold_zero, strlen(hold_zero));
	assert_true(sdp->media[0].held);
	sdp_free(sdp);
}

#define HEAD  "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n"
#define AUDIO HEAD "m=audio 4000 RTP/AVP 0 96\r\n"

static const struct {
	const char *text;
	unsigned int line;
	int ret;
	const char *says;
} bad_cases[] = {
	{"", 0, -EINVAL, "begin the SDP"},
	{"v=0\r\n", 1, -EINVAL, "o= line"},
	{"s=-\r\n", 1, -EINVAL, "v=0"},
	{"v=1\r\no=- 1 1 IN IP4 203.0.113.1\r\n", 1, -EINVAL, "v=0"},
	{"v=0\r\ns=-\r\n", 2, -EINVAL, "o= line"},
	{"v=0\r\no=- 1 1 IN IP4\r\n", 2, -EINVAL, "o="},
	{HEAD "o=- 1 1 IN IP4 203.0.113.1\r\n", 6, -EINVAL, "one o= line"},
	{HEAD "v=0\r\n", 6, -EINVAL, "v=0"},
	{HEAD "hello\r\n", 6, -EINVAL, "small letter"},
	{HEAD "A=b\r\n", 6, -EINVAL, "small letter"},
	{HEAD "\r\n \r\nhello\r\n", 8, -EINVAL, "small letter"},
	{HEAD "a=x\ra=y\r\n", 6, -EINVAL, "CR"},
	{HEAD "m=audio\r\n", 6, -EINVAL, "port"},
	{HEAD "m=audio 65536 RTP/AVP 0\r\n", 6, -EINVAL, "65535"},
	{HEAD "m=audio -1 RTP/AVP 0\r\n", 6, -EINVAL, "port"},
	{HEAD "m=audio 4000/0 RTP/AVP 0\r\n", 6, -EINVAL, "port count"},
	{HEAD "m=audio 4000 RTP/AVP\r\n", 6, -EINVAL, "format"},
	{HEAD "m=audio 4000 RTP/AVP 128\r\n", 6, -EINVAL, "127"},
	{HEAD "m=audio 4000 RTP/AVP pcmu\r\n", 6, -EINVAL, "pcmu"},
	{AUDIO "c=IN IP4 phone.example\r\n", 7, -ENOTSUP, "phone.example"},
	{AUDIO "c=IN IP4 203.0.113.256\r\n", 7, -EINVAL, "203.0.113.256"},
	{AUDIO "c=IN IP4 2001:db8::1\r\n", 7, -EINVAL, "IP4"},
	{AUDIO "c=IN IP6 2001:db8::g\r\n", 7, -EINVAL, "no IP address"},
	{AUDIO "c=IN IP4 224.2.1.1/127\r\n", 7, -ENOTSUP, "unicast"},
	{AUDIO "c=IN IP6 ff15::101\r\n", 7, -ENOTSUP, "multicast"},
	{AUDIO "c=ATM NSAP 47\r\n", 7, -EINVAL, "IN IP4"},
	{"v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", 5,
	 -EINVAL, "c= line"},
	{AUDIO "a=ice-ufrag:abc\r\n", 7, -EINVAL, "ice-ufrag"},
	{AUDIO "a=ice-pwd:0123456789\r\n", 7, -EINVAL, "ice-pwd"},
	{AUDIO "a=ice-ufrag:abcd\r\n", 6, -EINVAL, "together"},
};

static void test_malformed(void **state)
{
	for (size_t i = 0; i < COUNT(bad_cases); i++) {
		struct sdp_error err;
		struct sdp *sdp = NULL;
		int ret = sdp_parse(&sdp, bad_cases[i].text, strlen(bad_cases[i].text), &err);

		if (ret != bad_cases[i].ret || err.line != bad_cases[i].line ||
		    !strstr(err.text, bad_cases[i].says))
			fail_msg("case %zu: %d, line %u: %s", i, ret, err.line, err.text);
		assert_null(sdp);
	}
}

/* What the relay need not understand refuses no call. */
static void test_odd(void **state)
{
	static const char *const texts[] = {
		AUDIO "a=rtcp:x\r\n",
		AUDIO "a=rtcp:4001 IN IP4 phone.example\r\n",
		AUDIO "a=rtcp:4001 IN IP4 224.0.0.1\r\n",
		AUDIO "a=rtpmap:128 X/8000\r\n",
		AUDIO "a=rtpmap:96 X\r\n",
		AUDIO "a=rtpmap:96 X/0\r\n",
		AUDIO "a=rtpmap:96 X/4000000000\r\n",
		AUDIO "a=rtpmap:\r\n",
		AUDIO "a=candidate:1 1 UDP 1 203.0.113.1\r\n",
		AUDIO "a=candidate:1 1 UDP x 203.0.113.1 4000 typ host\r\n",
		AUDIO "a=fingerprint:sha-256 AA:BB\r\n",
		AUDIO "a=fingerprint:sha-1 0F:1E:2D:3C:4B:5A:69:78:87:96:A5:B4:C3:D2:E1:F0:00:11:"
		      "22:33:\r\n",
		AUDIO "a=fingerprint:md5\r\n",
		AUDIO "a=setup:maybe\r\n",
		AUDIO "a=setup\r\n",
		AUDIO "a=mid:\r\n",
		AUDIO "a=mid:1\r\na=mid:2\r\n",
		AUDIO "a=mid:1\r\nm=video 4002 RTP/AVP 34\r\na=mid:1\r\n",
		HEAD "a=group:BUNDLE 1 2\r\nm=audio 4000 RTP/AVP 0\r\na=mid:1\r\n",
		HEAD
		"a=group:BUNDLE 1 1\r\na=group:BUNDLE 1\r\nm=audio 4000 RTP/AVP 0\r\na=mid:1\r\n",
		"v=0 \r\no=- 1 1 IN IP4 203.0.113.1\r\nc=IN IP4 203.0.113.1\r\nm=audio 4000 RTP/AVP 0",
		"v=0\ns=-\no=Phone System 1 1 IN IP4 203.0.113.1\n\nc=IN IP4 203.0.113.1\n\n"
		"m=audio 4000 RTP/AVP 0\n\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct sdp *sdp = parse(texts[i], strlen(texts[i]));

		assert_false(sdp->media[0].rejected);
		assert_int_equal(endpoint_port(&sdp->media[0].remote), 4000);
		assert_int_equal(endpoint_port(&sdp->media[0].rtcp), 4001);
		assert_string_equal(ip_of(&sdp->media[0].rtcp), "203.0.113.1");
		assert_int_equal(sdp->media[0].fingerprint_count, 0);
		assert_string_equal(sdp->session_id, "1");
		sdp_free(sdp);
	}
}

/*
 * RFC 3264 section 6: an m-line that nobody relays keeps its place, and nothing else of it counts.
 */
static void test_rejected(void **state)
{
	static const char *const lines[] = {
		"m=video 0 RTP/AVP 255",
		"m=video 0 RTP/AVP",
		"m=image 0 udptl",
		"m=video 0 RTP/AVP (null)",
		"m=video 0 unknown 0",
		"m=message 0 TCP/MSRP *",
		"m=image 4002 udptl t38",
		"m=application 4004 UDP/BFCP *",
		"m=message 2855 TCP/MSRP *",
		"m=audio 4008 UNKNOWN 0",
		"m=smell 4008 RTP/AVP 0",
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
		"m=image 4002 udptl t38\r\nc=IN IP4 fax.example\r\na=ice-ufrag:x",
		"m=video 0 RTP/AVP 96\r\nc=IN IP4 224.0.0.1\r\na=ice-ufrag:abcd",
	};
	char text[400];

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct sdp *sdp;

		snprintf(text, sizeof(text), AUDIO "%s\r\nm=video 4002 RTP/AVP 34\r\n", lines[i]);
		sdp = parse(text, strlen(text));
		assert_int_equal(sdp->media_count, 3);
		assert_false(sdp->media[0].rejected);
		assert_true(sdp->media[1].rejected);
		assert_false(sdp->media[2].rejected);
		sdp_free(sdp);
	}
}

/* A NUL would hide the rest of its line from those who read C strings. */
static void test_nul(void **state)
{
	static const char text[] = HEAD "a=x\0a=y\r\n";
	struct sdp_error err;
	struct sdp *sdp;

	assert_int_equal(sdp_parse(&sdp, text, sizeof(text) - 1, &err), -EINVAL);
	assert_int_equal(err.line, 6);
}

static char *repeat(const char *head, const char *line, unsigned int count)
{
	char *text = malloc(strlen(head) + count * strlen(line) + 1), *at = text;

	assert_non_null(text);
	at = stpcpy(at, head);
	for (unsigned int i = 0; i < count; i++)
		at = stpcpy(at, line);
	return text;
}

static void test_limits(void **state)
{
	static const struct {
		const char *head, *line;
		unsigned int most, error_line;
	} cases[] = {
		{HEAD, "a=x\n", SDP_LINES_MAX - 5, SDP_LINES_MAX + 1},
		{HEAD, "m=audio 0 RTP/AVP 0\n", SDP_MEDIA_MAX, 5 + SDP_MEDIA_MAX + 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (unsigned int more = 0; more < 2; more++) {
			char *text = repeat(cases[i].head, cases[i].line, cases[i].most + more);
			struct sdp_error err;
			struct sdp *sdp = NULL;
			int ret = sdp_parse(&sdp, text, strlen(text), &err);

			assert_int_equal(ret, more ? -EINVAL : 0);
			assert_int_equal(more ? err.line : 0, more ? cases[i].error_line : 0);
			sdp_free(sdp);
			free(text);
		}
	}
}

static void test_size(void **state)
{
	char *text = malloc(SDP_SIZE_MAX + 1);
	struct sdp_error err;
	struct sdp *sdp;

	assert_non_null(text);
	memset(text, 'x', SDP_SIZE_MAX + 1);
	memcpy(text, HEAD "a=", strlen(HEAD "a="));
	assert_int_equal(sdp_parse(&sdp, text, SDP_SIZE_MAX, &err), 0);
	sdp_free(sdp);
	assert_int_equal(sdp_parse(&sdp, text, SDP_SIZE_MAX + 1, &err), -EINVAL);
	assert_int_equal(err.line, 0);
	free(text);
}

/* RFC 3611 section 5: what an m-line says counts, else the session. */
static void test_xr(void **state)
{
	static const struct {
		const char *session, *media;
		bool voice;
	} cases[] = {
		{"", "", false},
		{"a=rtcp-xr:voip-metrics\r\n", "", true},
		{"", "a=rtcp-xr:voip-metrics\r\n", true},
		{"", "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,jitt VoIP-Metrics\r\n", true},
		{"", "a=rtcp-xr:rcvr-rtt=all\r\na=rtcp-xr:voip-metrics\r\n", true},
		{"", "a=rtcp-xr:rcvr-rtt=all\r\n", false},
		{"", "a=rtcp-xr:voip-metrics-not\r\n", false},
		{"", "a=rtcp-xr:\r\n", false},
		{"a=rtcp-xr:voip-metrics\r\n", "a=rtcp-xr:\r\n", false},
		{"a=rtcp-xr:voip-metrics\r\n", "a=rtcp-xr:pkt-loss-rle\r\n", false},
		{"a=rtcp-xr:pkt-loss-rle\r\n", "a=rtcp-xr:voip-metrics\r\n", true},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		char text[1024];
		struct sdp *sdp;

		snprintf(text, sizeof(text),
			 "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\n"
			 "c=IN IP4 203.0.113.30\r\nt=0 0\r\n%sm=audio 41000 RTP/AVP 0\r\n%s",
			 cases[k].session, cases[k].media);
		sdp = parse(text, strlen(text));
		if (sdp->media[0].voice_xr != cases[k].voice)
			fail_msg("%s", text);
		sdp_free(sdp);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_survive),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_xr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
