/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <arpa/inet.h>

#include "controlplane/sdp/sdp_rewrite.h"
#include "tests/rig/sdp.h"
#include "tests/rig/test.h"

#define PORT(port) __builtin_bswap16(port) /* htons() is no constant */
#define RELAY_IPV4                                                                                 \
	{                                                                                          \
		.octets = { [10] = 0xff, 0xff, 198, 51, 100, 1 }                                   \
	}
#define RELAY_IPV6                                                                                 \
	{                                                                                          \
		.octets = { 0x20, 1, 0x0d, 0xb8, 0xff, 0xff }                                      \
	}
#define RELAY                                                                                      \
	{                                                                                          \
		RELAY_IPV4, PORT(20000)                                                            \
	}

static const struct sdes key = {.tag = 1, .suite = SUITE_AES_CM_128_HMAC_SHA1_80, .key_salt = {0}};

/* What the relay may announce. The phone's is on a pair of ports, as is that with SDES. */
enum shown { PHONE, SDES, WEBRTC, WEBRTC_ANSWER, WEBRTC_IPV6, SAME, SHOWN };

static const struct sdp_transport shown[SHOWN] = {
	[PHONE] = {.rtp = RELAY, .profile = SDP_RTP_AVP},
	[SDES] = {.rtp = RELAY,
		  .profile = SDP_RTP_SAVP,
		  .rtcp_port = 20001,
		  .sdes = &key,
		  .sdes_count = 1},
	[WEBRTC] = {.rtp = RELAY,
		    .profile = SDP_UDP_TLS_RTP_SAVPF,
		    .rtcp_mux = true,
		    .bundle = 1,
		    .ice_ufrag = "relay",
		    .ice_pwd = "0123456789012345678901",
		    .fingerprint = {"sha-1", {0xab, 0xcd}, 20},
		    .setup = SDP_ACTPASS,
		    .tls_id = "relaytls"},
	[WEBRTC_ANSWER] = {.rtp = RELAY,
			   .profile = SDP_UDP_TLS_RTP_SAVPF,
			   .rtcp_mux = true,
			   .bundle = 1,
			   .ice_ufrag = "relay",
			   .ice_pwd = "0123456789012345678901",
			   .fingerprint = {"sha-1", {0xab, 0xcd}, 20},
			   .setup = SDP_PASSIVE},
	[WEBRTC_IPV6] = {.rtp = {RELAY_IPV6, PORT(20000)},
			 .profile = SDP_UDP_TLS_RTP_SAVPF,
			 .rtcp_mux = true,
			 .rtcp_mux_only = true,
			 .ice_ufrag = "relay",
			 .ice_pwd = "0123456789012345678901",
			 .fingerprint = {"sha-1", {0xab, 0xcd}, 20},
			 .setup = SDP_ACTPASS},
	[SAME] = {.rtp = RELAY},
};

#define DTLS   "a=fingerprint:sha-1 AB:CD" ZEROES "\r\n"
#define ZEROES ":00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"
#define ICE                                                                                        \
	"a=ice-ufrag:relay\r\na=ice-pwd:0123456789012345678901\r\n"                                \
	"a=candidate:1 1 UDP 2130706431 198.51.100.1 20000 typ host\r\n"

static struct sdp *parse(const char *text)
{
	struct sdp_error err;
	struct sdp *sdp = NULL;

	if (sdp_parse(&sdp, text, strlen(text), &err))
		fail_msg("line %u: %s\n%s", err.line, err.text, text);
	return sdp;
}

/* Every m-line in the same way, but those that cannot carry RTP, which are rejected. */
static char *rewrite(const char *text, enum shown how, bool bundle_only, const char *offer)
{
	struct sdp *sdp = parse(text), *offered = offer ? parse(offer) : NULL;
	struct sdp_transport media[SDP_MEDIA_MAX] = {0};
	struct sdp_rewrite to = {
		.origin = shown[how].rtp.address,
		.media = media,
		.media_count = sdp->media_count,
		.offer = offered,
	};
	size_t length = 0;
	char *out = NULL;

	for (unsigned int i = 0; i < sdp->media_count; i++) {
		if (sdp->media[i].rejected || !sdp->media[i].profile)
			continue;
		media[i] = shown[how];
		media[i].bundle_only = bundle_only && i;
	}
	assert_int_equal(sdp_rewrite(&out, &length, sdp, &to), 0);
	assert_int_equal(strlen(out), length);
	sdp_free(offered);
	sdp_free(sdp);
	return out;
}

/* The texts a rewritten SDP must hold, and those it must not, as whole lines or runs of them. */
struct rewrite_case {
	const char *name, *text;
	enum shown how;
	bool bundle_only;
	const char *offer;
	const char *has[12], *lacks[12];
};

static const struct rewrite_case cases[] = {
	{.name = "Chromium's offer for a phone",
	 .text = chromium_offer_audio,
	 .how = PHONE,
	 .has = {"\r\nm=audio 20000 RTP/AVP 111 63 9 0 8 13 110 126\r\nc=IN IP4 198.51.100.1\r\na=",
		 "\r\na=rtpmap:111 opus/48000/2\r\n",
		 "\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n", "\r\na=sendrecv\r\n",
		 "\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n",
		 "\r\na=msid-semantic: WMS\r\n", "\r\na=ssrc:", "v=0\r\no=- ", "\r\na=mid:0\r\n"},
	 .lacks = {"a=group", "a=rtcp:", "a=rtcp-mux", "a=rtcp-fb", "a=rtcp-rsize",
		   "a=extmap-allow-mixed", "a=ice", "a=fingerprint", "a=setup", "a=candidate"}},
	{.name = "a phone's answer for Chromium",
	 .text = phone_answer,
	 .how = WEBRTC_ANSWER,
	 .offer = chromium_offer_audio,
	 .has = {"\r\nm=audio 20000 UDP/TLS/RTP/SAVPF 0 126\r\nc=IN IP4 198.51.100.1\r\n"
		 "a=mid:0\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:126 telephone-event/8000\r\n",
		 "\r\na=sendrecv\r\na=rtcp-mux\r\na=setup:passive\r\n" DTLS "a=ptime:20\r\n" ICE,
		 "t=0 0\r\na=group:BUNDLE 0\r\na=ice-lite\r\na=ice-options:ice2\r\nm=",
		 "\r\no=- 20518 20518 IN IP4 198.51.100.1\r\n",
		 "\r\na=x-vendor:\"Keep\tme\"; exactly=so \r\n"}},
	{.name = "a phone's offer for WebRTC",
	 .text = phone_offer,
	 .how = WEBRTC,
	 .has = {"\r\ns=Phone call\r\nb=AS:64\r\nt=0 0\r\n"
		 "a=group:BUNDLE 0\r\na=ice-lite\r\n",
		 "\r\nm=audio 20000 UDP/TLS/RTP/SAVPF 9 8 0 18 101\r\nc=IN IP4 198.51.100.1\r\n"
		 "a=mid:0\r\na=rtpmap:9 G722/8000\r\n",
		 "\r\na=sendrecv\r\na=rtcp-mux\r\na=setup:actpass\r\n" DTLS "a=tls-id:relaytls\r\n",
		 "\r\na=fmtp:18 annexb=no\r\n", "\r\na=ptime:20\r\n"},
	 .lacks = {"trickle", "alice"}},
	{.name = "Chromium's answer for a phone that offered no mid",
	 .text = chromium_answer_audio,
	 .how = PHONE,
	 .offer = phone_offer,
	 .has = {"\r\nm=audio 20000 RTP/AVP "},
	 .lacks = {"a=mid", "a=group", "a=setup", "a=ice"}},
	{.name = "Chromium's offer for a phone with SDES",
	 .text = chromium_offer_audio,
	 .how = SDES,
	 .has = {"\r\nm=audio 20000 RTP/SAVP 111 ", "\r\na=rtcp:20001\r\n",
		 "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
		 "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"},
	 .lacks = {"a=group", "a=fingerprint", "a=rtcp-fb", "a=rtcp-mux"}},
	{.name = "an SDES phone's offer for WebRTC",
	 .text = snom_sdes_offer,
	 .how = WEBRTC,
	 .has = {"\r\nm=audio 20000 UDP/TLS/RTP/SAVPF 9 8 0 101\r\n"},
	 .lacks = {"a=crypto", "inline", "a=rtcp:"}},
	{.name = "an SDES phone's offer for another",
	 .text = snom_sdes_offer,
	 .how = SDES,
	 .has = {"\r\nm=audio 20000 RTP/SAVP 9 8 0 101\r\nc=IN IP4 198.51.100.1\r\na=rtpmap",
		 "\r\na=rtcp:20001\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA"},
	 .lacks = {"WVNfX19zZW1jdGwg", "d0RmdmcmVCspeEc3", "a=crypto:2"}},
	{.name = "audio and video, bundled, for WebRTC on one port",
	 .text = chromium_offer_av,
	 .how = WEBRTC,
	 .has = {"\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\na=ice-options:ice2\r\na=extmap-allow-mixed\r\n",
		 "\r\nm=audio 20000 UDP/TLS/RTP/SAVPF 111 ",
		 "\r\nm=video 20000 UDP/TLS/RTP/SAVPF 96 ",
		 "\r\nc=IN IP4 198.51.100.1\r\na=mid:1\r\na=rtpmap:96 ",
		 "\r\na=rtcp-mux\r\na=setup:actpass\r\n" DTLS "a=tls-id:relaytls\r\n" ICE,
		 "\r\na=rtcp-fb:96 nack pli\r\n", "\r\na=rtcp-rsize\r\n",
		 "\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
		 "\r\na=ssrc-group:FID "}},
	{.name = "audio and video, the video bundle-only",
	 .text = chromium_offer_av,
	 .how = WEBRTC,
	 .bundle_only = true,
	 .has = {"\r\na=group:BUNDLE 0 1\r\n", "\r\nm=video 0 UDP/TLS/RTP/SAVPF 96 ",
		 "\r\nc=IN IP4 198.51.100.1\r\na=mid:1\r\na=rtpmap",
		 "\r\na=rtcp-mux\r\na=bundle-only\r\n"}},
	{.name = "audio and video, bundled, answered",
	 .text = chromium_answer_av,
	 .how = WEBRTC_ANSWER,
	 .offer = chromium_offer_av,
	 .has = {"\r\na=group:BUNDLE 0 1\r\n", "a=setup:passive\r\n"},
	 .lacks = {"a=bundle-only", "a=setup:active"}},
	{.name = "bundle-only in Firefox's offer gets a port",
	 .text = firefox_offer,
	 .how = WEBRTC,
	 .has = {"\r\na=group:BUNDLE 0 1\r\n", "\r\nm=video 20000 UDP/TLS/RTP/SAVPF 120 97\r\n",
		 "\r\na=msid-semantic:WMS *\r\n"},
	 .lacks = {"a=bundle-only", "trickle", "end-of-candidates", ".local", "6B:8B"}},
	{.name = "an answer that rejects video",
	 .text = asterisk_answer,
	 .how = WEBRTC_ANSWER,
	 .offer = chromium_offer_av,
	 .has = {"\r\na=group:BUNDLE 0\r\n",
		 "\r\nm=video 0 UDP/TLS/RTP/SAVPF 31\r\nc=IN IP4 198.51.100.1\r\na=mid:1\r\n",
		 "\r\na=rtcp-fb:* transport-cc\r\n"},
	 .lacks = {"a=crypto"}},
	{.name = "hold by sendonly",
	 .text = hold_sendonly,
	 .how = WEBRTC,
	 .has = {"\r\na=sendonly\r\n"},
	 .lacks = {"a=sendrecv", "a=inactive"}},
	{.name = "hold by inactive, in the session's section",
	 .text = hold_inactive,
	 .how = PHONE,
	 .has = {"\r\na=inactive\r\n", "\r\na=recvonly\r\n"}},
	{.name = "hold by 0.0.0.0",
	 .text = hold_zero,
	 .how = PHONE,
	 .has = {"\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP4 198.51.100.1\r\n"
		 "a=rtpmap:0 PCMU/8000\r\na=sendonly\r\n",
		 "\r\nm=audio 20000 RTP/AVP 8\r\nc=IN IP4 198.51.100.1\r\n"
		 "a=rtpmap:8 PCMA/8000\r\na=inactive\r\na=ptime:20\r\n"},
	 .lacks = {"0.0.0.0", "a=recvonly"}},
	{.name = "IPv6 on the phone's side",
	 .text = phone_ipv6_offer,
	 .how = PHONE,
	 .has = {"\r\no=- 77 1 IN IP4 198.51.100.1\r\n",
		 "\r\nm=audio 20000 RTP/AVP 0 8\r\nc=IN IP4 198.51.100.1\r\na=rtpmap",
		 "\r\nm=video 20000 RTP/AVP 34 99\r\ni=camera\r\nc=IN IP4 198.51.100.1\r\n"
		 "b=AS:384\r\na=rtpmap:34 H263/90000\r\na=rtpmap:99 H264/90000\r\n"},
	 .lacks = {"a=rtcp", "IP6"}},
	{.name = "IPv6 on the relay's side, without BUNDLE",
	 .text = phone_ipv6_offer,
	 .how = WEBRTC_IPV6,
	 .has = {"\r\no=- 77 1 IN IP6 2001:db8:ffff::\r\n",
		 "\r\nm=audio 20000 UDP/TLS/RTP/SAVPF 0 8\r\nc=IN IP6 2001:db8:ffff::\r\n"
		 "a=mid:0\r\na=rtpmap",
		 "\r\na=rtcp-mux\r\na=rtcp-mux-only\r\na=setup",
		 "\r\na=candidate:1 1 UDP 2130706431 2001:db8:ffff:: 20000 typ host\r\n",
		 "a=mid:1\r\n"},
	 .lacks = {"a=group", "IP4"}},
	{.name = "the sender's own profile",
	 .text = freeswitch_offer,
	 .how = SAME,
	 .has = {"\r\nm=audio 20000 RTP/SAVPF 102 9 0 8 103 101\r\n",
		 "\r\na=silenceSupp:off - - - -\r\n"}},
	{.name = "other ways to name an address, a key or another transport",
	 .text = capabilities_offer,
	 .how = PHONE,
	 .has = {"\r\nm=image 0 udptl t38\r\n",
		 "\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n",
		 "\r\na=group:LS 1 2\r\n"},
	 .lacks = {"a=T38", "a=sctp", "k=", "a=key-mgmt", "cap:", "a=pcfg", "a=alt",
		   "a=source-filter", "andidate", "BUNDLE"}},
	{.name = "a group that is not BUNDLE, with its mids",
	 .text = capabilities_offer,
	 .how = WEBRTC,
	 .has = {"\r\na=group:LS 1 2\r\n", "\r\na=group:BUNDLE 1 2\r\n", "\r\na=mid:34\r\n"}},
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct rewrite_case *c = &cases[i];
		char *out = rewrite(c->text, c->how, c->bundle_only, c->offer);

		for (size_t h = 0; h < COUNT(c->has) && c->has[h]; h++)
			if (!strstr(out, c->has[h]))
				fail_msg("%s: misses\n%s\nin\n%s", c->name, c->has[h], out);
		for (size_t l = 0; l < COUNT(c->lacks) && c->lacks[l]; l++)
			if (strstr(out, c->lacks[l]))
				fail_msg("%s: holds\n%s\nin\n%s", c->name, c->lacks[l], out);
		sdp_text_free(out);
	}
}

static bool is_leak(const char *word)
{
	static const char *const leaks[] = {
		"203.0.113.", "2001:db8:a:", "127.0.0.1", ".local",
		"inline:WVN", "c2VjcmV0",    "clear:",
	};

	for (size_t i = 0; i < COUNT(leaks); i++)
		if (strstr(word, leaks[i]))
			return true;
	return false;
}

/* Whatever is shown: no address and no key of the sender, CRLF alone, and it parses again. */
static void test_no_leaks(void **state)
{
	for (size_t f = 0; f < COUNT(sdp_fixtures); f++) {
		assert_true(is_leak(sdp_fixtures[f].text) || sdp_fixtures[f].text == hold_zero);
		for (enum shown how = PHONE; how < SHOWN; how++) {
			char *out = rewrite(sdp_fixtures[f].text, how, false, NULL);
			struct sdp *before = parse(sdp_fixtures[f].text), *after = parse(out);

			if (is_leak(out))
				fail_msg("%s leaks:\n%s", sdp_fixtures[f].name, out);
			for (const char *at = out; (at = strchr(at, '\n')); at++)
				assert_int_equal(at[-1], '\r');
			assert_int_equal(after->media_count, before->media_count);
			assert_string_equal(after->session_id, before->session_id);
			assert_string_equal(after->session_version, before->session_version);
			for (unsigned int i = 0; i < after->media_count; i++) {
				assert_int_equal(after->media[i].direction,
						 before->media[i].direction);
				assert_false(after->media[i].held);
			}
			sdp_free(after);
			sdp_free(before);
			sdp_text_free(out);
		}
	}
}

static bool is_of_rejected(const struct sdp *sdp, unsigned int line)
{
	for (unsigned int i = 0; i < sdp->media_count; i++)
		if (sdp->media[i].rejected && line > sdp->media[i].first_line &&
		    line < sdp->media[i].end_line)
			return true;
	return false;
}

/* The lines of one kind, in their order, byte for byte; how many. */
static unsigned int lines_pass(const struct sdp *sdp, const char *out, const char *kind)
{
	unsigned int passed = 0;
	char line[512];

	for (unsigned int l = 0; l < sdp->line_count; l++) {
		if (strncmp(sdp->lines[l].text, kind, strlen(kind)) || is_of_rejected(sdp, l))
			continue;
		snprintf(line, sizeof(line), "\n%s\r\n", sdp->lines[l].text);
		out = strstr(out, line);
		if (!out)
			fail_msg("lost or moved: %s", line);
		out++;
		passed++;
	}
	return passed;
}

/* All that is not about transport. */
static void test_lines_pass(void **state)
{
	static const char *const kinds[] = {
		"s=",        "t=",     "b=",          "i=",         "a=rtpmap",
		"a=fmtp",    "a=ssrc", "a=msid",      "a=ptime",    "a=rid",
		"a=rtcp-xr", "a=x-",   "a=simulcast", "a=maxptime", "a=silenceSupp"};
	unsigned int passed = 0;

	for (size_t f = 0; f < COUNT(sdp_fixtures); f++) {
		struct sdp *sdp = parse(sdp_fixtures[f].text);
		char *out = rewrite(sdp_fixtures[f].text, PHONE, false, NULL);

		for (size_t k = 0; k < COUNT(kinds); k++)
			passed += lines_pass(sdp, out, kinds[k]);
		sdp_text_free(out);
		sdp_free(sdp);
	}
	assert_true(passed > 100);
}

/* Each attribute that is the relay's to write, in any case of letters, at either level. */
static void test_replaced(void **state)
{
	static const char *const lines[] = {
		"rtcp:4001",
		"rtcp-mux",
		"rtcp-mux-only",
		"bundle-only",
		"end-of-candidates",
		"candidate:1 1 UDP 1 203.0.113.1 4000 typ host",
		"remote-candidates:1 203.0.113.1 4000",
		"ice-ufrag:abcd",
		"ice-pwd:0123456789012345678901",
		"ice-options:trickle",
		"ice-lite",
		"ice-mismatch",
		"ice-pacing:50",
		"fingerprint:other AA",
		"identity:eyJpZHAi",
		"setup:active",
		"connection:new",
		"tls-id:0123456789",
		"dtls-id:1",
		"crypto:1 X inline:Y",
		"key-mgmt:mikey AQ",
		"source-filter: incl IN IP4 * 203.0.113.1",
		"alt:1",
		"altc:1 IP4 x",
		"acap:1 x",
		"tcap:1 RTP/SAVP",
		"ccap:1 IN IP4 203.0.113.1",
		"pcfg:1 t=1",
		"acfg:1 t=1",
		"group:BUNDLE",
		"extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
		"Candidate:1 1 UDP 1 203.0.113.1 1 typ host",
	};
	static const char text[] = "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nt=0 0\r\na=%s\r\n"
				   "a=ice-ufrag:efgh\r\na=ice-pwd:5555555555555555555555\r\n"
				   "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 203.0.113.1\r\na=%s\r\n"
				   "a=ice-ufrag:efgh\r\na=ice-pwd:5555555555555555555555\r\n";

	for (size_t i = 0; i < COUNT(lines); i++) {
		/* A group belongs to the session; the rest is tried in both places. */
		bool group = !strncmp(lines[i], "group", 5);
		char before[1024], *out;

		snprintf(before, sizeof(before), text, lines[i], group ? "x" : lines[i]);
		out = rewrite(before, PHONE, false, NULL);
		if (strstr(out, lines[i]) || is_leak(out))
			fail_msg("%s is in\n%s", lines[i], out);
		sdp_text_free(out);
	}
}

/* RTCP on a port of its own has candidates of its own, and several addresses are all offered. */
static void test_candidates(void **state)
{
	static const struct endpoint candidates[] = {RELAY, {RELAY_IPV6, PORT(30000)}};
	struct sdp_transport media = shown[WEBRTC];
	struct sdp_rewrite to = {.origin = RELAY_IPV4, .media = &media, .media_count = 1};
	struct sdp *sdp = parse(phone_offer), *again;
	size_t length;
	char *out;

	media.candidates = candidates;
	media.candidate_count = COUNT(candidates);
	media.rtcp_mux = false;
	media.rtcp_port = 20001;
	assert_int_equal(sdp_rewrite(&out, &length, sdp, &to), 0);
	assert_non_null(strstr(out,
			       "\r\na=candidate:1 1 UDP 2130706431 198.51.100.1 20000 typ host"
			       "\r\na=candidate:1 2 UDP 2130706430 198.51.100.1 20001 typ host"
			       "\r\na=candidate:2 1 UDP 2130706175 2001:db8:ffff:: 30000 typ host"
			       "\r\na=candidate:2 2 UDP 2130706174 2001:db8:ffff:: 30001 typ host"
			       "\r\n"));
	again = parse(out);
	assert_int_equal(again->media[0].ice.candidate_count, 4);
	assert_true(again->ice_lite);
	sdp_free(again);
	sdp_text_free(out);
	sdp_free(sdp);
}

/* The group's first mid stays first, for its m-line's transport is the group's. */
static void test_bundle_tag_first(void **state)
{
	static const char text[] =
		"v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE b a\r\n"
		"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\na=rtcp-mux\r\n"
		"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:b\r\na=rtcp-mux\r\n";
	char *out = rewrite(text, WEBRTC, false, NULL);

	assert_non_null(strstr(out, "\r\na=group:BUNDLE b a\r\n"));
	sdp_text_free(out);
	out = rewrite(text, WEBRTC, false, text);
	assert_non_null(strstr(out, "\r\na=group:BUNDLE b a\r\n"));
	sdp_text_free(out);
}

static void test_mismatch(void **state)
{
	struct sdp_transport media[2] = {shown[PHONE], shown[PHONE]};
	struct sdp_rewrite to = {.origin = RELAY_IPV4, .media = media, .media_count = 2};
	struct sdp *one = parse(phone_offer), *two = parse(chromium_offer_av);
	static const struct sdes none;
	size_t length;
	char *out;

	assert_int_equal(sdp_rewrite(&out, &length, one, &to), -EINVAL);
	to.offer = one;
	assert_int_equal(sdp_rewrite(&out, &length, two, &to), -EINVAL);
	to.offer = NULL;
	media[0].sdes = &none;
	media[0].sdes_count = 1;
	assert_int_equal(sdp_rewrite(&out, &length, two, &to), -EINVAL);
	media[0].sdes = NULL;
	media[0].sdes_count = 0;
	media[0].ice_ufrag = media[0].ice_pwd = "relay";
	media[0].candidates = calloc(6000, sizeof(struct endpoint));
	assert_non_null(media[0].candidates);
	media[0].candidate_count = 6000;
	assert_int_equal(sdp_rewrite(&out, &length, two, &to), -EMSGSIZE);
	free((void *)media[0].candidates);
	sdp_free(one);
	sdp_free(two);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_leaks),
		cmocka_unit_test(test_lines_pass),
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_bundle_tag_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
