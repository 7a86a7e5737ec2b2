/* SPDX-License-Identifier: BSD-3-Clause */
/* Offer and answer for each pair of profiles, limits, and what is asked of the whole. */
#include "tests/rig/control.h"

/* --- offer and answer ------------------------------------------------------------------------ */

static void phone_to_phone(void **state)
{
	struct fake_leg *a, *b;

	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_hides("203.0.113");
	assert_shows("c=IN IP4 198.51.100.1");
	assert_shows(" RTP/AVP 0 101");
	b = rig_leg("audio");
	assert_int_equal(fake_count(&rig.fake), 2);
	assert_null(b->put->put_leg->remote);
	assert_int_equal(fake_path_count(&rig.fake), 0); /* nothing flows before the answer */
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_hides("203.0.113");
	a = rig_leg("audio");
	b = rig_partner(a);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(rig_partner(b), a);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
	assert_int_equal(a->put->put_leg->remote_rtcp->port, 41001);
	assert_int_equal(b->put->put_leg->remote->port, 42000);
	assert_int_equal(a->put->put_leg->local->port % 2, 0);
	assert_int_equal(a->put->put_leg->latch_ms, 20000);
	assert_true(a->put->put_leg->latch_signalled);
	assert_int_equal(a->put->put_leg->media_pps, 400);
	assert_int_equal(b->put->put_leg->media_pps, 400);
	assert_true(rig_hears(a, b) && rig_hears(b, a));
	assert_int_equal(a->put->put_leg->media_timeout_ms, 30000);
	assert_int_equal(rig.fake.key_puts, 0);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_string_equal(rig_leg_of("a")->remote, "203.0.113.30:41000");
	assert_non_null(
		strstr(rig_leg_of("a")->why, "the participant sends no RTP to 198.51.100.1:"));
	a->packets = b->packets = 5;
	assert_done(rig_drop("1"));
	assert_int_equal(rig.got.call->n_legs, 2);
	assert_int_equal(rig_leg_of("b")->flow->packets, 5);
	assert_string_equal(rig_leg_of("b")->why, "");
	assert_int_equal(fake_count(&rig.fake), 0);
	assert_refused(rig_drop("1"), SESSION_NOT_FOUND, "no call \"");
}

static void browser_to_phone(void **state)
{
	struct fake_leg *a, *b;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", false), AVP));
	assert_hides("ice-");
	assert_hides("fingerprint");
	assert_hides("BUNDLE");
	assert_hides("candidate");
	assert_shows(" RTP/AVP 111 0");
	b = rig_leg("audio");
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_shows("a=ice-lite");
	assert_shows("a=setup:passive");
	assert_shows("a=rtcp-mux");
	assert_shows("a=group:BUNDLE 0");
	assert_shows("UDP/TLS/RTP/SAVPF");
	assert_shows("typ host");
	assert_hides("203.0.113");
	a = rig_leg("audio");
	assert_int_equal(a->put->put_leg->security, TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS);
	assert_string_equal(a->put->put_leg->ice->remote_ufrag, "aaaa");
	assert_true(strlen(a->put->put_leg->ice->local_pwd) >= 22);
	assert_true(a->put->put_leg->rtcp_mux);
	assert_int_equal(a->put->put_leg->latch_ms, 0);
	assert_int_equal(a->put->put_leg->n_clocks, 1);
	assert_int_equal(a->put->put_leg->clocks[0]->hz, 48000);
	assert_int_equal(b->put->put_leg->security, TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE);
	assert_false(b->put->put_leg->rtcp_mux);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_ANSWERED);
	assert_string_equal(rig_leg_of("a")->why, "waiting for an ICE check from the participant");
	assert_int_equal(rig_leg_of("a")->ice, TANDEM__RELAY__V1__LINK_STATE__LINK_WAITING);
	fake_event(&rig.fake, a->put->put_leg->leg, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP,
		   NULL, 0);
	assert_done(rig_query("1")); /* its reply comes after the event */
	assert_done(rig_query("1"));
	assert_int_equal(rig_leg_of("a")->ice, TANDEM__RELAY__V1__LINK_STATE__LINK_UP);
	assert_string_equal(rig_leg_of("a")->why,
			    "DTLS handshake has not begun: no ClientHello has come");
	fake_event(&rig.fake, a->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST, NULL, 0);
	assert_done(rig_query("1")); /* its reply comes after the event */
	assert_done(rig_query("1"));
	assert_int_equal(rig_leg_of("a")->ice, TANDEM__RELAY__V1__LINK_STATE__LINK_LOST);
}

/* What a translator hides can only be learnt; and the orchestrator may say it otherwise. */
static void who_may_be_learnt(void **state)
{
	static const struct {
		const char *ip;
		Tandem__Relay__V1__Latch latch;
		bool learns, signalled;
	} cases[] = {
		{"203.0.113.30", TANDEM__RELAY__V1__LATCH__LATCH_DEFAULT, true, true},
		{"192.168.1.30", TANDEM__RELAY__V1__LATCH__LATCH_DEFAULT, true, false},
		{"203.0.113.30", TANDEM__RELAY__V1__LATCH__LATCH_ONCE, true, false},
		{"192.168.1.30", TANDEM__RELAY__V1__LATCH__LATCH_ADDRESS, true, true},
		{"203.0.113.30", TANDEM__RELAY__V1__LATCH__LATCH_OFF, false, false},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
		const Tandem__Dataplane__V1__PutLeg *put;
		char sdp[512];

		to.profile = AVP;
		to.latch = cases[i].latch;
		assert_done(rig_offer_side("1", "a", rig_phone(41000, ""), &to));
		put = rig_leg("audio")->put->put_leg;
		/* Before the answer nobody is. */
		assert_int_equal(put->latch_signalled,
				 put->latch_ms && !put->remote &&
					 cases[i].latch != TANDEM__RELAY__V1__LATCH__LATCH_ONCE);
		snprintf(sdp, sizeof(sdp),
			 "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
			 "m=audio 42000 RTP/AVP 0\r\na=ptime:5\r\n",
			 cases[i].ip);
		assert_done(rig_answer("1", "a", "b", sdp));
		put = rig_partner(rig_leg("audio"))->put->put_leg;
		assert_int_equal(put->latch_ms != 0, cases[i].learns);
		assert_int_equal(put->latch_signalled, cases[i].signalled);
		/* Each of the two may send what the other one asks for. */
		assert_int_equal(put->media_pps, 800);
		assert_int_equal(rig_leg("audio")->put->put_leg->media_pps, 800);
		assert_done(rig_drop("1"));
	}
}

static void a_bundle_sends_what_its_lines_send(void **state)
{
	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", true), WEBRTC));
	assert_done(rig_answer("1", "a", "b", rig_browser("bbbb", PRINT_B, "active", true)));
	/* opus, and video without a limit of its own */
	assert_int_equal(rig_leg("audio")->put->put_leg->media_pps, 4 * (160 + 2500));
}

static void phone_to_browser(void **state)
{
	struct fake_leg *b;

	assert_done(rig_offer("1", "a", rig_phone(41000, ""), WEBRTC));
	assert_shows("a=setup:actpass");
	assert_shows("a=ice-lite");
	assert_shows("a=fingerprint:sha-256");
	assert_shows("a=rtcp-mux");
	b = rig_leg("audio");
	assert_string_equal(b->put->put_leg->ice->remote_ufrag, "");
	assert_done(rig_answer("1", "a", "b", rig_browser("bbbb", PRINT_B, "active", false)));
	assert_shows(" RTP/AVP ");
	assert_hides("fingerprint");
	assert_string_equal(b->put->put_leg->ice->remote_ufrag, "bbbb");
}

static void sdes_to_phone(void **state)
{
	struct fake_leg *a;

	assert_done(rig_offer("1", "a", rig_sdes_phone(3, KEY_A, ""), AVP));
	assert_hides("crypto");
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_shows("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:");
	assert_hides(KEY_A);
	a = rig_leg("audio");
	assert_int_equal(rig.fake.key_puts, 1);
	assert_int_equal(a->keys->put_keys->epoch, 1);
	assert_int_equal(a->keys->put_keys->suite, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(a->keys->put_keys->receive_key.len, 16);
	assert_int_equal(a->keys->put_keys->receive_salt.len, 14);
	assert_memory_equal(a->keys->put_keys->receive_key.data, "YS__", 4);
	assert_memory_not_equal(a->keys->put_keys->receive_key.data,
				a->keys->put_keys->send_key.data, 16);
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->suite, "AES_CM_128_HMAC_SHA1_80");
	a->auth_failures = 9;
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->why, "all packets fail authentication: wrong key?");
}

static void browser_to_sdes(void **state)
{
	struct fake_leg *b;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", false), SAVP));
	assert_shows(" RTP/SAVP ");
	assert_shows("a=crypto:1 AEAD_AES_128_GCM inline:");
	assert_shows("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:");
	b = rig_leg("audio");
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_hides("crypto");
	assert_int_equal(rig.fake.key_puts, 1);
	assert_memory_equal(b->keys->put_keys->receive_key.data, "=-n@", 4);
}

static void an_answer_must_choose_an_offered_key(void **state)
{
	static const char not_offered[] =
		"v=0\r\no=- 1 1 IN IP4 203.0.113.40\r\ns=-\r\nc=IN IP4 203.0.113.40\r\nt=0 0\r\n"
		"m=audio 52000 RTP/SAVP 0\r\na=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n";

	assert_done(rig_offer("1", "a", rig_phone(41000, ""), SAVP));
	assert_refused(rig_answer("1", "a", "b", not_offered), SESSION_INVALID_ARGUMENT,
		       "none of those that were offered");
	/* The offer is still open; some name the suite, and a tag of their own. */
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(7, KEY_B, "")));
}

static void bundle_to_bundle(void **state)
{
	struct fake_leg *a;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", true), WEBRTC));
	assert_shows("a=group:BUNDLE 0 1");
	assert_int_equal(fake_count(&rig.fake), 2);
	assert_done(rig_answer("1", "a", "b", rig_browser("bbbb", PRINT_B, "active", true)));
	assert_int_equal(rig_port("audio"), rig_port("video"));
	a = rig_leg("audio");
	assert_int_equal(a->put->put_leg->n_clocks, 2);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->n_legs, 2);
	assert_string_equal(rig_leg_of("a")->media, "audio+video");
}

/* The browser's bundle is one leg, and the phone has a leg for each m-line. */
static void a_bundle_is_split(void **state)
{
	struct fake_leg *a, *audio, *video;
	const Tandem__Dataplane__V1__PutPath *path;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", true), AVP));
	assert_hides("BUNDLE");
	audio = rig_leg("audio");
	video = rig_leg("video");
	assert_int_equal(fake_count(&rig.fake), 3);
	assert_done(rig_answer(
		"1", "a", "b",
		rig_phone(42000, "m=video 43000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n")));
	assert_shows("a=group:BUNDLE 0 1");
	assert_int_equal(rig_port("audio"), rig_port("video"));
	a = rig_leg("audio");
	assert_true(rig_hears(a, audio) && rig_hears(a, video) && rig_hears(audio, a) &&
		    rig_hears(video, a));
	path = fake_path(&rig.fake, a, video);
	assert_true(path->branch);
	assert_int_equal(path->payload_types.data[96 / 8], 1);
	assert_int_equal(path->payload_types.data[0], 0);
	path = fake_path(&rig.fake, audio, a);
	assert_false(path->branch);
	assert_int_equal(path->payload_types.data[0] & 1, 1);
	assert_int_equal(path->payload_types.data[96 / 8] & 1, 0);
}

static void what_cannot_be_told_apart_is_not_split(void **state)
{
	rig_browser("aaaa", PRINT_A, "actpass", true);
	memcpy(strstr(rig_text, "111 0\r"), "96 00", 5); /* opus has the type of the video */
	assert_refused(rig_offer("1", "a", rig_text, AVP), SESSION_UNIMPLEMENTED,
		       "m-lines 1 and 2: both have payload type 96");
	assert_int_equal(fake_count(&rig.fake), 0);
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call \"");
}

static void a_bundle_is_accepted_whole(void **state)
{
	assert_done(rig_offer("2", "a", rig_browser("aaaa", PRINT_A, "actpass", true), WEBRTC));
	rig_browser("bbbb", PRINT_B, "active", false);
	strcat(rig_text,
	       "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=mid:1\r\n"
	       "a=ice-ufrag:cccc\r\na=ice-pwd:P5OO90QAmMvWRVCY7Yi0qr46\r\na=setup:active\r\n"
	       "a=fingerprint:sha-256 " PRINT_B "\r\n");
	assert_refused(rig_answer("2", "a", "b", rig_text), SESSION_UNIMPLEMENTED,
		       "does not accept the BUNDLE");
}

static void rejected_lines(void **state)
{
	const char *video = "m=video 43000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
			    "m=audio 0 RTP/AVP 8\r\n";

	assert_done(rig_offer("1", "a", rig_phone(41000, video), AVP));
	assert_shows("m=audio 0 RTP/AVP 8");
	assert_int_equal(fake_count(&rig.fake), 4);
	assert_done(
		rig_answer("1", "a", "b",
			   rig_phone(42000, "m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 8\r\n")));
	assert_shows("m=video 0 RTP/AVP 96");
	assert_int_equal(fake_count(&rig.fake), 4); /* a further answer may accept it */
	assert_int_equal(fake_path_count(&rig.fake), 2);
	/* A re-offer may bring the video back. */
	assert_done(rig_offer("1", "a", rig_phone(41000, video), -1));
	assert_int_equal(fake_count(&rig.fake), 4);
	assert_done(rig_answer(
		"1", "a", "b",
		rig_phone(42000, "m=video 44000 RTP/AVP 96\r\nm=audio 0 RTP/AVP 8\r\n")));
	assert_true(rig_port("video") >= 20000);
	assert_int_equal(fake_count(&rig.fake), 4);
	assert_int_equal(fake_path_count(&rig.fake), 4);
}

static void network_and_family(void **state)
{
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = AVP;
	to.network = (char *)"agents";
	assert_done(rig_offer_side("1", "a", rig_phone(41000, ""), &to));
	assert_shows("c=IN IP4 198.51.100.2");
	to.network = (char *)"";
	to.family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6;
	assert_done(rig_offer_side("2", "a", rig_phone(41000, ""), &to));
	assert_shows("c=IN IP6 2001:db8::1");
	to.network = (char *)"agents";
	assert_refused(rig_offer_side("3", "a", rig_phone(41000, ""), &to),
		       SESSION_INVALID_ARGUMENT, "no network \"agents\"");
}

/* Said before the dataplane has to refuse it. */
static void what_no_leg_can_do(void **state)
{
	static const char ice[] = "a=ice-ufrag:aaaa\r\na=ice-pwd:P5OO90QAmMvWRVCY7Yi0qr46\r\n";
	char more[256];

	snprintf(more, sizeof(more), "a=rtcp-mux\r\n%.*s%036d%s", 12, ice, 0, ice + 16);
	assert_refused(rig_offer("1", "a", rig_phone(41000, more), AVP), SESSION_UNIMPLEMENTED,
		       "a=ice-ufrag is longer than 35 octets");
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_refused(rig_answer("1", "a", "b", rig_phone(42000, "c=IN IP6 2001:db8::30\r\n")),
		       SESSION_UNIMPLEMENTED, "which is IPv4");
	assert_done(
		rig_answer("1", "a", "b", rig_phone(42000, "a=rtcp:0 IN IP4 203.0.113.31\r\n")));
	assert_int_equal(fake_count(&rig.fake), 2);
}

/* --- time and limits ------------------------------------------------------------------------- */

static void offers_expire(void **state)
{
	struct fake_leg *a, *b;

	rig_stop();
	rig.config.offer_timeout_ms = 100;
	rig_start();
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	rig_phones("2", &a, &b);
	assert_done(rig_offer("2", "a", rig_phone(41002, "m=video 43000 RTP/AVP 96\r\n"), -1));
	assert_int_equal(fake_count(&rig.fake), 6);
	rig_wait(fake_count(&rig.fake) == 2);
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call \"");
	assert_done(rig_query("2"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
}

/* It ended while it was served, and a capture holds it: it does not end again. */
static void the_offer_of_a_call_that_is_gone(void **state)
{
	struct call *call;

	rig_stop();
	rig.config.offer_timeout_ms = 50;
	rig_start();
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	call = call_hold(session_find_call(rig.session, "1"));
	call->busy = true;
	session_drop_call(rig.session, call, CALL_END(ALONE), "the test wants it");
	assert_false(TAILQ_EMPTY(&rig.session->waiting));
	rig_settle(100);
	assert_false(TAILQ_EMPTY(&call->exchanges)); /* who is served may work on it */
	call->busy = false;
	rig_wait(TAILQ_EMPTY(&rig.session->waiting));
	assert_true(TAILQ_EMPTY(&call->exchanges));
	assert_int_equal(rig.session->counts.ended[COUNTS_DROPPED], 1);
	assert_int_equal(rig.session->counts.ended[COUNTS_UNANSWERED], 0);
	call_release(call);
}

/* Packets go through, and say nothing. */
static void what_is_not_to_be_heard(void **state)
{
	Tandem__Dataplane__V1__Stream stream = TANDEM__DATAPLANE__V1__STREAM__INIT;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	a->packets = stream.packets = 100;
	a->stream = &stream;
	stream.payload_type = 97;
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->why,
			    "it sends payload type 97, which is none that was agreed: who hears it "
			    "may not play that");
	stream.payload_type = 13;
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->why,
			    "it sends comfort noise now: it is silent, or muted");
	stream.payload_type = 0;
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->why, "");
	a->stream = NULL;
}

static void silent_calls(void **state)
{
	struct fake_leg *a, *b;

	rig_stop();
	rig.config.media_timeout_delete = true;
	rig_start();
	rig_phones("1", &a, &b);
	a->packets = b->packets = 100;
	a->silence_ms = 31000;
	b->silence_ms = 20;
	fake_event(&rig.fake, a->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT, NULL, 0);
	rig_settle(20);
	assert_done(rig_query("1")); /* one still talks */
	assert_string_equal(rig_leg_of("a")->why,
			    "nothing received for 31 s: the participant stopped sending");
	b->silence_ms = 30000;
	fake_event(&rig.fake, b->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT, NULL, 0);
	rig_wait(fake_count(&rig.fake) == 0);
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call \"");
}

static void limits(void **state)
{
	char id[300];

	memset(id, 'x', sizeof(id));
	id[299] = '\0';
	assert_refused(rig_offer(id, "a", rig_phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT,
		       "call_id");
	assert_refused(rig_offer("", "a", rig_phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT,
		       "call_id");
	assert_refused(rig_offer("1", "", rig_phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT,
		       "from_tag");
	assert_refused(rig_offer("1\n", "a", rig_phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT,
		       "control character");
	rig_phone(41000, "");
	memcpy(strstr(rig_text, "audio"), "andio", 5);
	assert_refused(rig_offer("1", "a", rig_text, AVP), SESSION_UNIMPLEMENTED,
		       "m-line 1: andio");
	assert_refused(rig_offer("1", "a", "nonsense", AVP), SESSION_INVALID_ARGUMENT, "sdp line");
	assert_refused(rig_answer("9", "a", "b", rig_phone(41000, "")), SESSION_NOT_FOUND,
		       "no call \"");
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "call %d", i);
		assert_done(rig_offer(id, "a", rig_phone(41000, ""), AVP));
	}
	assert_refused(rig_offer("11", "a", rig_phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "which is the limit");
}

static void ports_run_out(void **state)
{
	rig_stop();
	rig.config.port_last = 20003;
	rig_start();
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_refused(rig_offer("2", "a", rig_phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "no free UDP port in network \"public\"");
	assert_int_equal(fake_count(&rig.fake), 2);
}

/* The first address of a network is full: the next one has room. */
static void another_address_has_ports(void **state)
{
	rig_stop();
	rig.config.port_last = 20003;
	rig.fake.wider = true;
	rig_start();
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_shows("c=IN IP4 198.51.100.1\r\n");
	assert_done(rig_offer("2", "a", rig_phone(41000, ""), AVP));
	assert_shows("c=IN IP4 198.51.100.9\r\n");
	assert_refused(rig_offer("3", "a", rig_phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "no free UDP port in network \"public\"");
	assert_done(rig_drop("1"));
	assert_int_equal(fake_count(&rig.fake), 2);
}

static void list_and_status(void **state)
{
	Tandem__Relay__V1__ListRequest list = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	Tandem__Relay__V1__StatusRequest status = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;
	char id[16], token[32];

	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		assert_done(rig_offer(id, "a", rig_phone(41000, ""), AVP));
	}
	list.page_size = 3;
	rig_ask(session_list, &list);
	assert_int_equal(rig.got.list->n_calls, 3);
	assert_string_equal(rig.got.list->calls[0]->call_id, "c0");
	assert_int_equal(rig.got.list->calls[0]->legs, 2);
	snprintf(token, sizeof(token), "%s", rig.got.list->next_page_token);
	list.page_token = token;
	rig_ask(session_list, &list);
	assert_int_equal(rig.got.list->n_calls, 2);
	assert_string_equal(rig.got.list->calls[1]->call_id, "c4");
	assert_string_equal(rig.got.list->next_page_token, "");
	list.page_token = (char *)"x";
	rig_ask(session_list, &list);
	assert_int_equal(rig.got.code, SESSION_INVALID_ARGUMENT);

	rig_ask(session_status, &status);
	assert_true(rig.got.status->dataplane_connected);
	assert_int_equal(rig.got.status->calls, 5);
	assert_int_equal(rig.got.status->legs, 10);
	assert_int_equal(rig.got.status->n_networks, 3);
	assert_string_equal(rig.got.status->networks[0]->address, "198.51.100.1");
	assert_string_equal(rig.got.status->networks[1]->address, "2001:db8::1");
	assert_int_equal(rig.got.status->networks[0]->ports_used, 20);
	assert_int_equal(rig.got.status->networks[0]->ports_free, 80);
	assert_int_equal(rig.got.status->n_drops, 1);
	assert_string_equal(rig.got.status->drops[0]->name, "auth_failed");
	assert_int_equal(rig.got.status->n_counters, 1);
	assert_int_equal(rig.got.status->n_worker_loads, 1);
	assert_int_equal(rig.got.status->worker_loads[0]->core, 3);
	assert_int_equal(rig.got.status->worker_loads[0]->n_latency,
			 rig.got.status->n_latency_bounds_us + 1);
	assert_string_equal(rig.got.status->headroom->limit, "");
}

static void headroom_is_of_the_last_seconds(void **state)
{
	Tandem__Relay__V1__StatusRequest status = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;

	for (int i = 0; i < 5; i++)
		assert_done(rig_offer((const char *[]){"0", "1", "2", "3", "4"}[i], "a",
				      rig_phone(41000, ""), AVP));
	rig.fake.worked_us = 10000000;
	workload_read(rig.session);
	rig_ask(session_status, &status);
	assert_string_equal(rig.got.status->headroom->limit, "");
	rig.fake.worked_us += 4000000;
	rig_ask(session_status, &status);
	assert_string_equal(rig.got.status->headroom->limit, "workers");
	assert_int_equal(rig.got.status->headroom->calls, 3);
	assert_float_equal(rig.got.status->headroom->busy, 0.5, 1e-9);
	assert_float_equal(rig.got.status->worker_loads[0]->busy, 0.5, 1e-9);
}

/* Two legs of one offer travel in one frame. */
static void requests_are_batched(void **state)
{
	unsigned int frames = rig.fake.frames;

	assert_done(rig_offer("1", "a", rig_phone(41000, "m=video 43000 RTP/AVP 96\r\n"), AVP));
	assert_int_equal(rig.fake.puts, 4);
	assert_int_equal(rig.fake.frames, frames + 1);
}

static void keep_code(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	*(int *)arg = error ? error->code : 0;
}

static void deleted_while_it_waits(void **state)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__DeleteRequest gone = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;
	int first = -1, second = -1;

	rig_forget();
	request.call_id = gone.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.sdp = (char *)rig_phone(41000, "");
	session_offer(rig.session, &request, keep_code, &first);
	assert_int_equal(first, -1);
	session_offer(rig.session, &request, keep_code,
		      &second); /* its turn comes, for a new call */
	assert_int_equal(second, -1);
	session_delete(rig.session, &gone, rig_on_reply, NULL);
	rig_wait(rig.got.came && second != -1);
	assert_int_equal(first, SESSION_NOT_FOUND); /* since the call is gone */
	assert_int_equal(rig.got.call->n_legs, 2);
	assert_int_equal(second, 0);
	assert_int_equal(fake_count(&rig.fake), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(phone_to_phone),
		TEST(browser_to_phone),
		TEST(phone_to_browser),
		TEST(sdes_to_phone),
		TEST(who_may_be_learnt),
		TEST(a_bundle_sends_what_its_lines_send),
		TEST(browser_to_sdes),
		TEST(an_answer_must_choose_an_offered_key),
		TEST(bundle_to_bundle),
		TEST(a_bundle_is_split),
		TEST(what_cannot_be_told_apart_is_not_split),
		TEST(a_bundle_is_accepted_whole),
		TEST(rejected_lines),
		TEST(network_and_family),
		TEST(what_no_leg_can_do),
		TEST(offers_expire),
		TEST(the_offer_of_a_call_that_is_gone),
		TEST(what_is_not_to_be_heard),
		TEST(silent_calls),
		TEST(limits),
		TEST(ports_run_out),
		TEST(another_address_has_ports),
		TEST(list_and_status),
		TEST(headroom_is_of_the_last_seconds),
		TEST(requests_are_batched),
		TEST(deleted_while_it_waits),
	};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
