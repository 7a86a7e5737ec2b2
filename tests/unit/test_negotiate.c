/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/share.h"
#include "tests/rig/test.h"

#define ON      TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON
#define OFF     TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF
#define DEFAULT TANDEM__RELAY__V1__TOGGLE__TOGGLE_DEFAULT

static struct session_error error;

/* One m-line, audio, as a parsed SDP would have it. */
struct line {
	struct sdp *sdp;
	const struct sdp_media *media;
};

static struct line line(const char *profile, const char *attributes)
{
	struct line out;
	struct sdp_error why;
	char text[2048];

	snprintf(text, sizeof(text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\nc=IN IP4 203.0.113.30\r\nt=0 0\r\n"
		 "m=audio 41000 %s 0 111\r\na=rtpmap:111 opus/48000/2\r\n%s",
		 profile, attributes);
	assert_int_equal(sdp_parse(&out.sdp, text, strlen(text), &why), 0);
	out.media = &out.sdp->media[0];
	return out;
}

#define ICE(ufrag) "a=ice-ufrag:" ufrag "\r\na=ice-pwd:P5OO90QAmMvWRVCY7Yi0qr46\r\n"
#define PRINT(first)                                                                               \
	"a=fingerprint:sha-256 " first ":61:7B:35:29:34:A5:0A:88:4D:DF:59:CB:A8:2D:34:71:31:EE:"   \
	"77:2F:43:B2:64:98:1B:CF:7D:3F:64:B3:B5\r\n"
#define KEY_1                   "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define KEY_2                   "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"
#define CRYPTO(tag, suite, key) "a=crypto:" tag " " suite " inline:" key "\r\n"
#define CM_80                   "AES_CM_128_HMAC_SHA1_80"
#define CM_32                   "AES_CM_128_HMAC_SHA1_32"

static int take_offer(struct terms *t, const char *profile, const char *attributes)
{
	const struct wish wish = {.profile = SDP_OTHER_PROFILE};
	struct line l = line(profile, attributes);
	int result = terms_take_offer(t, &wish, l.media, false, 1, &error);

	sdp_free(l.sdp);
	return result;
}

static int take_answer(struct terms *t, const char *profile, const char *attributes)
{
	const struct wish wish = {.profile = SDP_OTHER_PROFILE};
	struct line l = line(profile, attributes);
	int result = terms_take_answer(t, &wish, l.media, false, 1, &error);

	sdp_free(l.sdp);
	return result;
}

static int make_offer(struct terms *t, const struct wish *wish, bool wished, const char *profile,
		      const char *attributes)
{
	struct line l = line(profile, attributes);
	int result = terms_make_offer(t, wish, wished, false, l.media, 1, &error);

	sdp_free(l.sdp);
	return result;
}

/* What the other side sees of a plain offer, by profile and toggles. */
static void appearances(void **state)
{
	static const struct {
		enum sdp_profile profile;
		Tandem__Relay__V1__Toggle ice, mux;
		enum sdp_profile shown;
		bool shows_ice, shows_mux, mux_only, shows_setup;
		unsigned int keys;
	} cases[] = {
		{SDP_OTHER_PROFILE, DEFAULT, DEFAULT, SDP_RTP_AVP, false, false, false, false, 0},
		{SDP_RTP_AVPF, DEFAULT, ON, SDP_RTP_AVPF, false, true, false, false, 0},
		{SDP_RTP_AVP, ON, DEFAULT, SDP_RTP_AVP, true, true, false, false, 0},
		{SDP_RTP_AVP, ON, OFF, SDP_RTP_AVP, true, false, false, false, 0},
		{SDP_UDP_TLS_RTP_SAVP, ON, OFF, SDP_UDP_TLS_RTP_SAVP, false, false, false, true, 0},
		{SDP_RTP_SAVP, DEFAULT, DEFAULT, SDP_RTP_SAVP, false, false, false, false, 4},
		{SDP_RTP_SAVPF, ON, ON, SDP_RTP_SAVPF, true, true, false, false, 4},
		{SDP_UDP_TLS_RTP_SAVP, DEFAULT, DEFAULT, SDP_UDP_TLS_RTP_SAVP, false, false, false,
		 true, 0},
		{SDP_UDP_TLS_RTP_SAVPF, DEFAULT, DEFAULT, SDP_UDP_TLS_RTP_SAVPF, true, true, true,
		 true, 0},
		{SDP_UDP_TLS_RTP_SAVPF, OFF, OFF, SDP_UDP_TLS_RTP_SAVPF, false, false, false, true,
		 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct wish wish = {
			.profile = cases[i].profile, .ice = cases[i].ice, .rtcp_mux = cases[i].mux};
		struct terms t = {0};

		assert_int_equal(make_offer(&t, &wish, true, "RTP/AVP", ""), 0);
		assert_int_equal(t.profile, cases[i].shown);
		assert_int_equal(t.ice, cases[i].shows_ice);
		assert_int_equal(strlen(t.local_ufrag) >= 4, cases[i].shows_ice);
		assert_int_equal(strlen(t.local_pwd) >= 22, cases[i].shows_ice);
		assert_int_equal(t.rtcp_mux, cases[i].shows_mux);
		assert_int_equal(t.rtcp_mux_only, cases[i].mux_only);
		assert_int_equal(t.setup, cases[i].shows_setup ? SDP_ACTPASS : SDP_NO_SETUP);
		assert_int_equal(t.local_count, cases[i].keys);
		assert_true(t.latch);
		terms_wipe(&t);
	}
}

static void roles(void **state)
{
	struct terms t = {0}, before;

	assert_int_equal(take_offer(&t, "UDP/TLS/RTP/SAVPF", PRINT("40") "a=setup:actpass\r\n"), 0);
	assert_int_equal(t.setup, SDP_PASSIVE);
	memset(&t, 0, sizeof(t));
	assert_int_equal(take_offer(&t, "UDP/TLS/RTP/SAVPF", PRINT("40") "a=setup:passive\r\n"), 0);
	assert_int_equal(t.setup, SDP_ACTIVE);
	/* The association goes on, in the role that it has. */
	before = t;
	assert_int_equal(take_offer(&t, "UDP/TLS/RTP/SAVPF", PRINT("40") "a=setup:actpass\r\n"), 0);
	assert_int_equal(t.setup, SDP_ACTIVE);
	assert_false(terms_new_association(&before, &t));
	assert_int_equal(take_offer(&t, "UDP/TLS/RTP/SAVPF", PRINT("41") "a=setup:actpass\r\n"), 0);
	assert_int_equal(t.setup, SDP_PASSIVE);
	assert_true(terms_new_association(&before, &t));
	before = t;
	assert_int_equal(
		take_offer(&t, "UDP/TLS/RTP/SAVPF",
			   PRINT("41") "a=tls-id:abcdefghijklmnopqrst\r\na=setup:actpass\r\n"),
		0);
	assert_true(terms_new_association(&before, &t));
	/* No connection for now, and nothing said: as actpass (RFC 4145 section 4). */
	before = t;
	assert_int_equal(
		take_offer(&t, "UDP/TLS/RTP/SAVPF",
			   PRINT("41") "a=tls-id:abcdefghijklmnopqrst\r\na=setup:holdconn\r\n"),
		0);
	assert_false(terms_new_association(&before, &t));
	assert_int_equal(take_offer(&t, "UDP/TLS/RTP/SAVPF", PRINT("41")), 0);
	assert_int_equal(t.setup, SDP_PASSIVE);
	assert_int_not_equal(take_offer(&t, "UDP/TLS/RTP/SAVPF", "a=setup:active\r\n"), 0);
	assert_int_equal(error.code, SESSION_INVALID_ARGUMENT);
	assert_non_null(strstr(error.text, "fingerprint"));
}

static void ice_of_an_offerer(void **state)
{
	struct terms t = {0};
	char ufrag[16];

	assert_int_equal(take_offer(&t, "RTP/AVP", "a=rtcp-mux\r\n" ICE("aaaa")), 0);
	assert_true(t.ice);
	assert_string_equal(t.remote_ufrag, "aaaa");
	strcpy(ufrag, t.local_ufrag);
	assert_int_equal(take_offer(&t, "RTP/AVP", "a=rtcp-mux\r\n" ICE("aaaa")), 0);
	assert_string_equal(t.local_ufrag, ufrag);
	assert_int_equal(take_offer(&t, "RTP/AVP", "a=rtcp-mux\r\n" ICE("bbbb")), 0);
	assert_string_not_equal(t.local_ufrag, ufrag);
	assert_int_equal(take_offer(&t, "RTP/AVP", ""), 0);
	assert_false(t.ice);
	assert_string_equal(t.local_pwd, "");
	/* With two components, but for two handshakes. */
	assert_int_equal(take_offer(&t, "RTP/AVP", ICE("aaaa")), 0);
	assert_true(t.ice && !t.rtcp_mux);
	assert_int_equal(
		take_offer(&t, "UDP/TLS/RTP/SAVP", ICE("aaaa") PRINT("40") "a=setup:actpass\r\n"),
		0);
	assert_false(t.ice);
	assert_string_equal(t.local_ufrag, "");
}

static void two_lite_agents_do_without(void **state)
{
	const struct wish wish = {.ice = ON};
	struct line l = line("RTP/AVP", "a=rtcp-mux\r\n" ICE("aaaa"));
	struct terms t = {0};

	assert_int_equal(terms_take_offer(&t, &wish, l.media, true, 1, &error), 0);
	assert_false(t.ice);
	memset(&t, 0, sizeof(t));
	assert_int_equal(terms_make_offer(&t, &wish, true, false, l.media, 1, &error), 0);
	assert_true(t.ice && t.rtcp_mux);
	assert_int_equal(terms_take_answer(&t, &wish, l.media, true, 1, &error), 0);
	assert_false(t.ice);
	sdp_free(l.sdp);
}

static void an_offerers_keys(void **state)
{
	struct terms t = {0};
	struct sdes local;

	assert_int_equal(take_offer(&t, "RTP/SAVP",
				    CRYPTO("1", "F8_128_HMAC_SHA1_80", KEY_2)
					    CRYPTO("5", CM_80, KEY_1)),
			 0);
	assert_int_equal(t.local_count, 1);
	assert_int_equal(t.local[0].tag, 5);
	assert_int_equal(t.local[0].suite, SUITE_AES_CM_128_HMAC_SHA1_80);
	local = t.local[0];
	/* Under another tag it is the same key. */
	assert_int_equal(take_offer(&t, "RTP/SAVP", CRYPTO("6", CM_80, KEY_1)), 0);
	assert_memory_equal(t.local[0].key_salt, local.key_salt, 30);
	assert_int_equal(t.local[0].tag, 6);
	assert_int_equal(take_offer(&t, "RTP/SAVP", CRYPTO("6", CM_80, KEY_2)), 0);
	assert_memory_not_equal(t.local[0].key_salt, local.key_salt, 30);
	assert_int_not_equal(take_offer(&t, "RTP/SAVP", ""), 0);
	assert_non_null(strstr(error.text, "a=crypto"));
	terms_wipe(&t);
}

static void an_answerers_keys(void **state)
{
	const struct wish wish = {
		.profile = SDP_RTP_SAVP,
		.suites = {SUITE_AES_CM_128_HMAC_SHA1_32, SUITE_AES_CM_128_HMAC_SHA1_80},
		.suite_count = 2};
	struct terms t = {0}, offered;

	assert_int_equal(make_offer(&t, &wish, true, "RTP/AVP", ""), 0);
	assert_int_equal(t.local_count, 2);
	assert_int_equal(t.local[0].suite, SUITE_AES_CM_128_HMAC_SHA1_32);
	offered = t;
	/* The suite counts, where the tag is another line's. */
	assert_int_equal(take_answer(&t, "RTP/SAVP", CRYPTO("1", CM_80, KEY_1)), 0);
	assert_memory_equal(t.local[0].key_salt, offered.local[1].key_salt, 30);
	t = offered;
	assert_int_equal(take_answer(&t, "RTP/SAVP", CRYPTO("2", CM_80, KEY_1)), 0);
	assert_int_equal(t.local_count, 1);
	assert_memory_equal(t.local[0].key_salt, offered.local[1].key_salt, 30);
	/* The next offer repeats the key that is in use, and nothing else. */
	assert_int_equal(make_offer(&t, &wish, false, "RTP/AVP", ""), 0);
	assert_int_equal(t.local_count, 1);
	assert_memory_equal(t.local[0].key_salt, offered.local[1].key_salt, 30);
	terms_wipe(&t);
	terms_wipe(&offered);
}

/* An offer of `attributes` to two legs whose participants share their keys. */
static int share(struct terms *from, struct terms *to, const char *profile, const char *other,
		 uint32_t suites, const char *attributes)
{
	struct wish wish = {.shared = true};
	struct line l = line(profile, attributes);
	int result = terms_take_offer(from, &wish, l.media, false, 1, &error);

	assert_int_equal(result, 0);
	wish.profile = other[0] == 'U' ? SDP_UDP_TLS_RTP_SAVPF
				       : (strcmp(other, "RTP/SAVP") ? SDP_RTP_AVP : SDP_RTP_SAVP);
	assert_int_equal(terms_make_offer(to, &wish, true, false, l.media, 1, &error), 0);
	result = share_offer(from, to, suites, l.media, 1, &error);
	sdp_free(l.sdp);
	return result;
}

static void shared_keys(void **state)
{
	struct terms a = {0}, b = {0};

	assert_int_equal(share(&a, &b, "RTP/SAVP", "RTP/SAVP", ~0u,
			       CRYPTO("1", "F8_128_HMAC_SHA1_80", KEY_2) CRYPTO("4", CM_32, KEY_1)
				       CRYPTO("9", CM_80, KEY_2)),
			 0);
	assert_int_equal(a.local_count, 0); /* which of the keys it is, only the answer tells */
	assert_int_equal(b.local_count, 2);
	assert_int_equal(b.local[0].tag, 4);
	assert_int_equal(b.local[1].tag, 9);
	assert_int_equal(take_answer(&b, "RTP/SAVP", CRYPTO("9", CM_80, KEY_1)), 0);
	share_answer(&a, &b);
	assert_int_equal(a.local_count, 1);
	assert_int_equal(b.local_count, 1);
	assert_int_equal(a.local[0].tag, 9);
	assert_memory_equal(&a.local[0], &b.remote_key, sizeof(struct sdes));
	assert_memory_equal(&a.remote_key, &b.local[0], sizeof(struct sdes));
	assert_memory_equal(a.remote_key.key_salt, "=-n@", 4);
	assert_memory_equal(b.remote_key.key_salt, "YS__", 4);

	/* An offer alone changes nothing on the offerer's leg. */
	assert_int_equal(share(&a, &b, "RTP/SAVP", "RTP/SAVP", ~0u, CRYPTO("2", CM_32, KEY_1)), 0);
	assert_memory_equal(a.remote_key.key_salt, "=-n@", 4);
	assert_int_equal(b.local[0].tag, 2);

	/* The relay's own keys cannot become theirs, and theirs are never the relay's. */
	assert_int_not_equal(share_change(&a, &b, true, 1, &error), 0);
	assert_int_equal(error.code, SESSION_UNIMPLEMENTED);
	assert_int_equal(share_change(&a, &b, false, 1, &error), 0);
	assert_int_equal(a.local_count + b.local_count, 0);
	assert_int_equal(a.remote_key.suite, SUITE_NONE);
	terms_wipe(&a);
	terms_wipe(&b);
	a.profile = SDP_RTP_AVP;
	b.profile = SDP_UDP_TLS_RTP_SAVPF;
	assert_int_equal(share_change(&a, &b, true, 1, &error), 0);
}

static void keys_that_cannot_be_shared(void **state)
{
	static const struct {
		const char *offered, *shown;
		uint32_t suites;
		const char *attributes;
		int code;
		const char *why;
	} cases[] = {
		{"RTP/AVP", "RTP/SAVP", ~0u, "", SESSION_INVALID_ARGUMENT,
		 "the offerer's has RTP/AVP;"},
		{"RTP/SAVP", "RTP/AVP", ~0u, CRYPTO("1", CM_80, KEY_1), SESSION_INVALID_ARGUMENT,
		 "the other one has RTP/AVP;"},
		{"RTP/SAVP", "UDP", ~0u, CRYPTO("1", CM_80, KEY_1), SESSION_INVALID_ARGUMENT,
		 "the other one has UDP/TLS/RTP/SAVPF;"},
		{"UDP/TLS/RTP/SAVPF", "RTP/SAVP", ~0u, PRINT("40") CRYPTO("1", CM_80, KEY_1),
		 SESSION_INVALID_ARGUMENT, "the offerer's has UDP/TLS/RTP/SAVPF;"},
		{"RTP/SAVP", "RTP/SAVP", 1u << SUITE_AEAD_AES_128_GCM, CRYPTO("1", CM_80, KEY_1),
		 SESSION_UNIMPLEMENTED, "not among those allowed"},
		{"RTP/SAVP", "RTP/SAVP", ~0u,
		 "a=crypto:1 " CM_80 " inline:" KEY_1 " UNENCRYPTED_SRTCP\r\n",
		 SESSION_UNIMPLEMENTED, "unencrypted"},
		{"RTP/SAVP", "RTP/SAVP", ~0u, "", SESSION_UNIMPLEMENTED, "no a=crypto line"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct terms a = {0}, b = {0};

		assert_int_not_equal(share(&a, &b, cases[i].offered, cases[i].shown,
					   cases[i].suites, cases[i].attributes),
				     0);
		if (error.code != cases[i].code || !strstr(error.text, cases[i].why))
			fail_msg("case %zu: %d %s", i, error.code, error.text);
		terms_wipe(&a);
		terms_wipe(&b);
	}
}

static void rtcp_mux(void **state)
{
	const struct wish asked = {.profile = SDP_RTP_AVP, .rtcp_mux = ON};
	const struct wish webrtc = {.profile = SDP_UDP_TLS_RTP_SAVPF};
	struct terms t = {0};

	assert_int_equal(make_offer(&t, &asked, true, "RTP/AVP", ""), 0);
	assert_true(t.rtcp_mux && !t.rtcp_mux_only);
	assert_int_equal(take_answer(&t, "RTP/AVP", ""), 0);
	assert_false(t.rtcp_mux);
	memset(&t, 0, sizeof(t));
	assert_int_equal(make_offer(&t, &asked, true, "RTP/AVP", ""), 0);
	assert_int_equal(take_answer(&t, "RTP/AVP", "a=rtcp-mux\r\n"), 0);
	assert_true(t.rtcp_mux);
	memset(&t, 0, sizeof(t));
	assert_int_equal(make_offer(&t, &webrtc, true, "RTP/AVP", ""), 0);
	assert_int_not_equal(
		take_answer(&t, "UDP/TLS/RTP/SAVPF", ICE("aaaa") PRINT("40") "a=setup:active\r\n"),
		0);
	assert_non_null(strstr(error.text, "rtcp-mux"));
	terms_wipe(&t);
}

static void answers_must_fit(void **state)
{
	const struct wish wish = {.profile = SDP_UDP_TLS_RTP_SAVPF};
	static const char *const setups[] = {"", "a=setup:actpass\r\n", "a=setup:holdconn\r\n",
					     "a=setup:ACTIVE\r\n"};
	static const char *const near[] = {"RTP/SAVPF", "RTP/SAVP", "UDP/TLS/RTP/SAVP",
					   "udp/tls/rtp/savpf"};
	struct terms t = {0}, offered;
	char lines[512];

	assert_int_equal(make_offer(&t, &wish, true, "RTP/AVP", ""), 0);
	offered = t;
	assert_int_not_equal(take_answer(&t, "RTP/AVP", ""), 0);
	assert_non_null(strstr(error.text, "profile"));
	t = offered;
	assert_int_not_equal(
		take_answer(&t, "RTP/SAVPF", "a=rtcp-mux\r\n" CRYPTO("1", CM_80, KEY_1)), 0);
	assert_non_null(strstr(error.text, "profile"));
	/* Who names no role of its own begins. */
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		snprintf(lines, sizeof(lines), "%s%s", ICE("aaaa") PRINT("40") "a=rtcp-mux\r\n",
			 setups[i]);
		t = offered;
		assert_int_equal(take_answer(&t, "UDP/TLS/RTP/SAVPF", lines), 0);
		assert_int_equal(t.setup, SDP_PASSIVE);
	}
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		t = offered;
		assert_int_equal(
			take_answer(&t, near[i],
				    ICE("aaaa") PRINT("40") "a=rtcp-mux\r\na=setup:active\r\n"),
			0);
		assert_int_equal(t.profile, SDP_UDP_TLS_RTP_SAVPF);
	}
	t = offered;
	assert_int_equal(take_answer(&t, "UDP/TLS/RTP/SAVPF",
				     ICE("aaaa") PRINT("40") "a=rtcp-mux\r\na=setup:passive\r\n"),
			 0);
	assert_int_equal(t.setup, SDP_ACTIVE);
	terms_wipe(&t);
	terms_wipe(&offered);
}

static void a_held_address_stays(void **state)
{
	struct terms t = {0};
	struct endpoint before;

	assert_int_equal(take_offer(&t, "RTP/AVP", ""), 0);
	before = t.remote;
	assert_int_equal(endpoint_port(&before), 41000);
	assert_int_equal(take_offer(&t, "RTP/AVP", "c=IN IP4 0.0.0.0\r\n"), 0);
	assert_memory_equal(&t.remote, &before, sizeof(before));
}

static void clocks(void **state)
{
	struct line l = line("RTP/AVP", "");
	struct terms t = {0};

	terms_add_line(&t, l.media);
	assert_int_equal(t.clock_rate[111], 48000);
	assert_int_equal(t.clock_rate[0], 8000);
	assert_int_equal(t.clock_rate[8], 0); /* RFC 3551 knows it, the m-line does not list it */
	sdp_free(l.sdp);
}

static void who_asks_for_xr(void **state)
{
	struct line l = line("RTP/AVP", "a=rtcp-xr:voip-metrics\r\n");
	struct terms t = {0};

	assert_int_equal(take_offer(&t, "RTP/AVP", "a=rtcp-xr:voip-metrics\r\n"), 0);
	terms_add_line(&t, l.media);
	assert_true(t.voice_xr);
	/* The next answer does not. */
	assert_int_equal(take_answer(&t, "RTP/AVP", ""), 0);
	assert_false(t.voice_xr);
	sdp_free(l.sdp);
}

static void wishes(void **state)
{
	Tandem__Relay__V1__Side side = TANDEM__RELAY__V1__SIDE__INIT;
	char *suites[] = {(char *)"aes_cm_128_hmac_sha1_32", (char *)"ROT13"};
	struct wish wish;
	bool shared = false;

	assert_int_equal(wish_read_keys(&shared, TANDEM__RELAY__V1__KEYS__KEYS_SHARED, &error), 0);
	assert_int_equal(wish_read_keys(&shared, TANDEM__RELAY__V1__KEYS__KEYS_DEFAULT, &error), 0);
	assert_true(shared);
	assert_int_not_equal(wish_read_keys(&shared, 3, &error), 0);
	assert_int_equal(wish_read_keys(&shared, TANDEM__RELAY__V1__KEYS__KEYS_OWN, &error), 0);
	assert_false(shared);
	assert_int_equal(wish_read(&wish, NULL, &error), 0);
	assert_int_equal(wish.profile, SDP_OTHER_PROFILE);
	side.profile = 4;
	side.network = (char *)"public";
	side.suites = suites;
	side.n_suites = 1;
	assert_int_equal(wish_read(&wish, &side, &error), 0);
	assert_int_equal(wish.profile, SDP_RTP_SAVPF);
	assert_int_equal(wish.suites[0], SUITE_AES_CM_128_HMAC_SHA1_32);
	side.n_suites = 2;
	assert_int_not_equal(wish_read(&wish, &side, &error), 0);
	assert_non_null(strstr(error.text, "ROT13"));
	suites[1] = (char *)"AES_CM_128_HMAC_SHA1_32";
	assert_int_not_equal(wish_read(&wish, &side, &error), 0);
	assert_non_null(strstr(error.text, "twice"));
	side.n_suites = 0;
	side.profile = 7;
	assert_int_not_equal(wish_read(&wish, &side, &error), 0);
	side.profile = -1;
	assert_int_not_equal(wish_read(&wish, &side, &error), 0);
	side.profile = 1;
	side.network = (char *)"a network with quite a long name that nobody has";
	assert_int_not_equal(wish_read(&wish, &side, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appearances),
		cmocka_unit_test(roles),
		cmocka_unit_test(ice_of_an_offerer),
		cmocka_unit_test(two_lite_agents_do_without),
		cmocka_unit_test(an_offerers_keys),
		cmocka_unit_test(an_answerers_keys),
		cmocka_unit_test(shared_keys),
		cmocka_unit_test(keys_that_cannot_be_shared),
		cmocka_unit_test(rtcp_mux),
		cmocka_unit_test(answers_must_fit),
		cmocka_unit_test(a_held_address_stays),
		cmocka_unit_test(clocks),
		cmocka_unit_test(who_asks_for_xr),
		cmocka_unit_test(wishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
