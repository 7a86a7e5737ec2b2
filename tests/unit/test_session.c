/* SPDX-License-Identifier: BSD-3-Clause */
/* The session against a dataplane of memory, over a real socket, with the SDPs of real peers. */
#include "controlplane/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/dtls.h"
#include "dataplane/api/suite.h"
#include "dataplane/lib/log.h"
#include "tests/unit/fake_dataplane.h"
#include <cmocka.h>

#define TURNS 3000 /* of the loop, that a wait may take */

#define AVP    TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_AVP
#define SAVP   TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_SAVP
#define WEBRTC TANDEM__RELAY__V1__PROFILE__PROFILE_UDP_TLS_RTP_SAVPF

/* --- the test's surroundings ---------------------------------------------------------------------
 */

static uv_loop_t loop;
static struct fake fake;
static struct session *session;
static struct session_config config;

/* The last reply. */
static struct {
	bool came;
	int code; /* 0: a reply */
	char text[256];
	char *sdp;
	Tandem__Relay__V1__Call *call;
	Tandem__Relay__V1__ListReply *list;
	Tandem__Relay__V1__StatusReply *status;
} got;

static void clear_got(void)
{
	free(got.sdp);
	if (got.call)
		tandem__relay__v1__call__free_unpacked(got.call, NULL);
	if (got.list)
		tandem__relay__v1__list_reply__free_unpacked(got.list, NULL);
	if (got.status)
		tandem__relay__v1__status_reply__free_unpacked(got.status, NULL);
	memset(&got, 0, sizeof(got));
}

static void *copy_message(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = malloc(size + 1);
	void *copy;

	protobuf_c_message_pack(message, octets);
	copy = protobuf_c_message_unpack(message->descriptor, NULL, size, octets);
	free(octets);
	assert_non_null(copy);
	return copy;
}

static void on_reply(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	assert_false(got.came);
	got.came = true;
	if (error) {
		assert_null(reply);
		got.code = error->code;
		snprintf(got.text, sizeof(got.text), "%s", error->text);
	} else if (reply->descriptor == &tandem__relay__v1__offer_reply__descriptor) {
		got.sdp = strdup(((const Tandem__Relay__V1__OfferReply *)reply)->sdp);
	} else if (reply->descriptor == &tandem__relay__v1__answer_reply__descriptor) {
		got.sdp = strdup(((const Tandem__Relay__V1__AnswerReply *)reply)->sdp);
	} else if (reply->descriptor == &tandem__relay__v1__list_reply__descriptor) {
		got.list = copy_message(reply);
	} else if (reply->descriptor == &tandem__relay__v1__status_reply__descriptor) {
		got.status = copy_message(reply);
	} else if (reply->descriptor == &tandem__relay__v1__query_reply__descriptor) {
		const Tandem__Relay__V1__QueryReply *query = (const void *)reply;

		got.call = copy_message(&query->call->base);
	} else {
		const Tandem__Relay__V1__DeleteReply *gone = (const void *)reply;

		got.call = copy_message(&gone->call->base);
	}
}

#define wait_for(condition)                                                                        \
	do {                                                                                       \
		int turns_ = TURNS;                                                                \
		while (!(condition) && turns_--)                                                   \
			uv_run(&loop, UV_RUN_ONCE);                                                \
		assert_true(condition);                                                            \
	} while (0)

static void ticked(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Lets the loop run for a while, for what must not happen in it. */
static void settle(unsigned int ms)
{
	uv_timer_t timer;
	bool done = false;

	uv_timer_init(&loop, &timer);
	timer.data = &done;
	uv_timer_start(&timer, ticked, ms, 0);
	wait_for(done);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void start_session(void)
{
	assert_int_equal(session_open(&session, &loop, &config), 0);
	wait_for(session_is_ready(session));
}

static void stop_session(void)
{
	session_close(session);
	session = NULL;
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	wait_for(fake.fd < 0);
}

static int set_up(void **state)
{
	config = (struct session_config){
		.dataplane = fake.path,
		.version = "test",
		.port_first = 20000,
		.port_last = 20099,
		.port_quarantine_ms = 1000,
		.offer_timeout_ms = 60000,
		.media_timeout_ms = 30000,
		.latch_ms = 20000,
		.key_grace_ms = 5000,
		.calls_max = 10,
		.certificate_age_s = 3600,
	};
	uv_loop_init(&loop);
	fake_open(&fake, &loop);
	start_session();
	return 0;
}

static int tear_down(void **state)
{
	if (session)
		stop_session();
	fake_close(&fake);
	clear_got();
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return 0;
}

/* --- SDPs ----------------------------------------------------------------------------------------
 */

#define KEY_A "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define KEY_B "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"
#define PRINT_A                                                                                    \
	"40:61:7B:35:29:34:A5:0A:88:4D:DF:59:CB:A8:2D:34:71:31:EE:77:2F:43:B2:64:98:1B:CF:7D:"     \
	"3F:64:B3:B5"
#define PRINT_B                                                                                    \
	"39:0C:0E:68:7F:ED:E1:82:21:F5:DA:74:F9:83:2B:77:54:C7:2D:A3:87:FA:BC:56:6D:A5:56:8E:"     \
	"46:32:16:89"

static char text[8192];

static const char *phone(unsigned int port, const char *more)
{
	snprintf(text, sizeof(text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\nc=IN IP4 203.0.113.30\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n%s",
		 port, more);
	return text;
}

static const char *sdes_phone(unsigned int tag, const char *key, const char *more)
{
	snprintf(text, sizeof(text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.40\r\ns=-\r\nc=IN IP4 203.0.113.40\r\nt=0 0\r\n"
		 "m=audio 52000 RTP/SAVP 0\r\na=crypto:%u AES_CM_128_HMAC_SHA1_80 inline:%s\r\n%s",
		 tag, key, more);
	return text;
}

/* `video`: "" for audio alone. */
static const char *browser(const char *ufrag, const char *print, const char *setup, bool video)
{
	char transport[512];

	snprintf(transport, sizeof(transport),
		 "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:%s\r\n"
		 "a=ice-pwd:P5OO90QAmMvWRVCY7Yi0qr46\r\na=fingerprint:sha-256 %s\r\na=setup:%s\r\n",
		 ufrag, print, setup);
	snprintf(text, sizeof(text),
		 "v=0\r\no=- 76 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0%s\r\n"
		 "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n%sa=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
		 "a=candidate:1 1 udp 2113937151 203.0.113.10 34631 typ host\r\n",
		 video ? " 1" : "", transport);
	if (video)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n%sa=mid:1\r\na=rtpmap:96 VP8/90000\r\n",
			 transport);
	return text;
}

/* --- the verbs, waited for -----------------------------------------------------------------------
 */

static int offer_side(const char *id, const char *tag, const char *sdp, Tandem__Relay__V1__Side *to)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	clear_got();
	request.call_id = (char *)id;
	request.from_tag = (char *)tag;
	request.sdp = (char *)sdp;
	request.to = to;
	session_offer(session, &request, on_reply, NULL);
	wait_for(got.came);
	return got.code;
}

static int offer(const char *id, const char *tag, const char *sdp, int profile)
{
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = profile;
	return offer_side(id, tag, sdp, profile < 0 ? NULL : &to);
}

static int answer(const char *id, const char *from, const char *to, const char *sdp)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;

	clear_got();
	request.call_id = (char *)id;
	request.from_tag = (char *)from;
	request.to_tag = (char *)to;
	request.sdp = (char *)sdp;
	session_answer(session, &request, on_reply, NULL);
	wait_for(got.came);
	return got.code;
}

static int drop(const char *id)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	clear_got();
	request.call_id = (char *)id;
	session_delete(session, &request, on_reply, NULL);
	wait_for(got.came);
	return got.code;
}

static int query(const char *id)
{
	Tandem__Relay__V1__QueryRequest request = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

	clear_got();
	request.call_id = (char *)id;
	session_query(session, &request, on_reply, NULL);
	wait_for(got.came);
	return got.code;
}

#define assert_done(verb)                                                                          \
	do {                                                                                       \
		if ((verb) != 0)                                                                   \
			fail_msg("%s: %d %s", #verb, got.code, got.text);                          \
	} while (0)
#define assert_refused(verb, number, part)                                                         \
	do {                                                                                       \
		int code_ = (verb);                                                                \
		if (code_ != (number) || !strstr(got.text, part))                                  \
			fail_msg("%s: %d %s", #verb, code_, got.text);                             \
	} while (0)
#define assert_shows(part)                                                                         \
	do {                                                                                       \
		if (!strstr(got.sdp, part))                                                        \
			fail_msg("no \"%s\" in:\n%s", part, got.sdp);                              \
	} while (0)
#define assert_hides(part)                                                                         \
	do {                                                                                       \
		if (strstr(got.sdp, part))                                                         \
			fail_msg("\"%s\" in:\n%s", part, got.sdp);                                 \
	} while (0)

/* The local port that an SDP's first m-line of this kind shows. */
static unsigned int port_in(const char *kind)
{
	char line[32];
	unsigned int port = 0;
	const char *at;

	snprintf(line, sizeof(line), "m=%s ", kind);
	at = strstr(got.sdp, line);
	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(line), "%u", &port), 1);
	return port;
}

static struct fake_leg *leg_in(const char *kind)
{
	struct fake_leg *leg = fake_at(&fake, port_in(kind));

	assert_non_null(leg);
	return leg;
}

static const Tandem__Relay__V1__Leg *leg_of(const char *tag)
{
	for (size_t i = 0; i < got.call->n_legs; i++)
		if (strcmp(got.call->legs[i]->tag, tag) == 0)
			return got.call->legs[i];
	fail_msg("no leg of %s", tag);
	return NULL;
}

/* A call between two phones; the legs of the two. */
static void phones(const char *id, struct fake_leg **a, struct fake_leg **b)
{
	assert_done(offer(id, "a", phone(41000, ""), AVP));
	*b = leg_in("audio");
	assert_done(answer(id, "a", "b", phone(42000, "")));
	*a = leg_in("audio");
}

/* --- offer and answer ----------------------------------------------------------------------------
 */

static void phone_to_phone(void **state)
{
	struct fake_leg *a, *b;

	assert_done(offer("1", "a", phone(41000, ""), AVP));
	assert_hides("203.0.113");
	assert_shows("c=IN IP4 198.51.100.1");
	assert_shows(" RTP/AVP 0 101");
	b = leg_in("audio");
	assert_int_equal(fake_count(&fake), 2);
	assert_null(b->put->put_leg->remote);
	assert_false(b->put->put_leg->receive); /* nothing flows before the answer */
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_hides("203.0.113");
	a = leg_in("audio");
	b = fake_find(&fake, a->put->put_leg->peer);
	assert_ptr_not_equal(a, b);
	assert_int_equal(b->put->put_leg->peer, a->put->put_leg->leg);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
	assert_int_equal(a->put->put_leg->remote_rtcp->port, 41001);
	assert_int_equal(b->put->put_leg->remote->port, 42000);
	assert_int_equal(a->put->put_leg->local->port % 2, 0);
	assert_int_equal(a->put->put_leg->latch_ms, 20000);
	assert_true(a->put->put_leg->receive && a->put->put_leg->send);
	assert_true(b->put->put_leg->receive && b->put->put_leg->send);
	assert_int_equal(a->put->put_leg->media_timeout_ms, 30000);
	assert_int_equal(fake.key_puts, 0);
	assert_done(query("1"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_string_equal(leg_of("a")->remote, "203.0.113.30:41000");
	assert_non_null(strstr(leg_of("a")->why, "the participant sends no RTP to 198.51.100.1:"));
	a->packets = b->packets = 5;
	assert_done(drop("1"));
	assert_int_equal(got.call->n_legs, 2);
	assert_int_equal(leg_of("b")->flow->packets, 5);
	assert_string_equal(leg_of("b")->why, "");
	assert_int_equal(fake_count(&fake), 0);
	assert_refused(drop("1"), SESSION_NOT_FOUND, "no such call");
}

static void browser_to_phone(void **state)
{
	struct fake_leg *a, *b;

	assert_done(offer("1", "a", browser("aaaa", PRINT_A, "actpass", false), AVP));
	assert_hides("ice-");
	assert_hides("fingerprint");
	assert_hides("BUNDLE");
	assert_hides("candidate");
	assert_shows(" RTP/AVP 111 0");
	b = leg_in("audio");
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_shows("a=ice-lite");
	assert_shows("a=setup:passive");
	assert_shows("a=rtcp-mux");
	assert_shows("a=group:BUNDLE 0");
	assert_shows("UDP/TLS/RTP/SAVPF");
	assert_shows("typ host");
	assert_hides("203.0.113");
	a = leg_in("audio");
	assert_int_equal(a->put->put_leg->security, TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS);
	assert_string_equal(a->put->put_leg->ice->remote_ufrag, "aaaa");
	assert_true(strlen(a->put->put_leg->ice->local_pwd) >= 22);
	assert_true(a->put->put_leg->rtcp_mux);
	assert_int_equal(a->put->put_leg->latch_ms, 0);
	assert_int_equal(a->put->put_leg->n_clocks, 1);
	assert_int_equal(a->put->put_leg->clocks[0]->hz, 48000);
	assert_int_equal(b->put->put_leg->security, TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE);
	assert_false(b->put->put_leg->rtcp_mux);
	assert_done(query("1"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_ANSWERED);
	assert_string_equal(leg_of("a")->why, "waiting for an ICE check from the participant");
	assert_int_equal(leg_of("a")->ice, TANDEM__RELAY__V1__LINK_STATE__LINK_WAITING);
	fake_event(&fake, a->put->put_leg->leg, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP,
		   NULL, 0);
	do
		assert_done(query("1"));
	while (leg_of("a")->ice == TANDEM__RELAY__V1__LINK_STATE__LINK_WAITING);
	assert_string_equal(leg_of("a")->why,
			    "DTLS handshake has not begun: no ClientHello has come");
	fake_event(&fake, a->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST, NULL, 0);
	do
		assert_done(query("1"));
	while (leg_of("a")->ice == TANDEM__RELAY__V1__LINK_STATE__LINK_UP);
	assert_int_equal(leg_of("a")->ice, TANDEM__RELAY__V1__LINK_STATE__LINK_LOST);
}

static void phone_to_browser(void **state)
{
	struct fake_leg *b;

	assert_done(offer("1", "a", phone(41000, ""), WEBRTC));
	assert_shows("a=setup:actpass");
	assert_shows("a=ice-lite");
	assert_shows("a=fingerprint:sha-256");
	assert_shows("a=rtcp-mux");
	b = leg_in("audio");
	assert_string_equal(b->put->put_leg->ice->remote_ufrag, "");
	assert_done(answer("1", "a", "b", browser("bbbb", PRINT_B, "active", false)));
	assert_shows(" RTP/AVP ");
	assert_hides("fingerprint");
	assert_string_equal(b->put->put_leg->ice->remote_ufrag, "bbbb");
}

static void sdes_to_phone(void **state)
{
	struct fake_leg *a;

	assert_done(offer("1", "a", sdes_phone(3, KEY_A, ""), AVP));
	assert_hides("crypto");
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_shows("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:");
	assert_hides(KEY_A);
	a = leg_in("audio");
	assert_int_equal(fake.key_puts, 1);
	assert_int_equal(a->keys->put_keys->epoch, 1);
	assert_int_equal(a->keys->put_keys->suite, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(a->keys->put_keys->receive_key.len, 16);
	assert_int_equal(a->keys->put_keys->receive_salt.len, 14);
	assert_memory_equal(a->keys->put_keys->receive_key.data, "YS__", 4);
	assert_memory_not_equal(a->keys->put_keys->receive_key.data,
				a->keys->put_keys->send_key.data, 16);
	assert_done(query("1"));
	assert_string_equal(leg_of("a")->suite, "AES_CM_128_HMAC_SHA1_80");
	a->auth_failures = 9;
	assert_done(query("1"));
	assert_string_equal(leg_of("a")->why, "all packets fail authentication: wrong key?");
}

static void browser_to_sdes(void **state)
{
	struct fake_leg *b;

	assert_done(offer("1", "a", browser("aaaa", PRINT_A, "actpass", false), SAVP));
	assert_shows(" RTP/SAVP ");
	assert_shows("a=crypto:1 AEAD_AES_128_GCM inline:");
	assert_shows("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:");
	b = leg_in("audio");
	assert_done(answer("1", "a", "b", sdes_phone(3, KEY_B, "")));
	assert_hides("crypto");
	assert_int_equal(fake.key_puts, 1);
	assert_memory_equal(b->keys->put_keys->receive_key.data, "=-n@", 4);
}

static void an_answer_must_choose_an_offered_key(void **state)
{
	assert_done(offer("1", "a", phone(41000, ""), SAVP));
	assert_refused(answer("1", "a", "b", sdes_phone(7, KEY_B, "")), SESSION_INVALID_ARGUMENT,
		       "tag or suite that was not offered");
	assert_done(answer("1", "a", "b", sdes_phone(3, KEY_B, ""))); /* the offer is still open */
}

static void bundle_to_bundle(void **state)
{
	struct fake_leg *a;

	assert_done(offer("1", "a", browser("aaaa", PRINT_A, "actpass", true), WEBRTC));
	assert_shows("a=group:BUNDLE 0 1");
	assert_int_equal(fake_count(&fake), 2);
	assert_done(answer("1", "a", "b", browser("bbbb", PRINT_B, "active", true)));
	assert_int_equal(port_in("audio"), port_in("video"));
	a = leg_in("audio");
	assert_int_equal(a->put->put_leg->n_clocks, 2);
	assert_done(query("1"));
	assert_int_equal(got.call->n_legs, 2);
	assert_string_equal(leg_of("a")->media, "audio+video");
}

static void a_bundle_is_not_split(void **state)
{
	assert_refused(offer("1", "a", browser("aaaa", PRINT_A, "actpass", true), AVP),
		       SESSION_UNIMPLEMENTED, "BUNDLE of several m-lines cannot be split");
	assert_int_equal(fake_count(&fake), 0);
	assert_refused(query("1"), SESSION_NOT_FOUND, "no such call");
	assert_done(offer("2", "a", browser("aaaa", PRINT_A, "actpass", true), WEBRTC));
	browser("bbbb", PRINT_B, "active", false);
	strcat(text,
	       "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=mid:1\r\n"
	       "a=ice-ufrag:cccc\r\na=ice-pwd:P5OO90QAmMvWRVCY7Yi0qr46\r\na=setup:active\r\n"
	       "a=fingerprint:sha-256 " PRINT_B "\r\n");
	assert_refused(answer("2", "a", "b", text), SESSION_UNIMPLEMENTED,
		       "does not accept the BUNDLE");
}

static void rejected_lines(void **state)
{
	const char *video = "m=video 43000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
			    "m=audio 0 RTP/AVP 8\r\n";

	assert_done(offer("1", "a", phone(41000, video), AVP));
	assert_shows("m=audio 0 RTP/AVP 8");
	assert_int_equal(fake_count(&fake), 4);
	assert_done(answer("1", "a", "b",
			   phone(42000, "m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 8\r\n")));
	assert_shows("m=video 0 RTP/AVP 96");
	assert_int_equal(fake_count(&fake), 2);
	/* A re-offer may bring the video back. */
	assert_done(offer("1", "a", phone(41000, video), -1));
	assert_int_equal(fake_count(&fake), 4);
	assert_done(answer("1", "a", "b",
			   phone(42000, "m=video 44000 RTP/AVP 96\r\nm=audio 0 RTP/AVP 8\r\n")));
	assert_true(port_in("video") >= 20000);
	assert_int_equal(fake_count(&fake), 4);
}

static void network_and_family(void **state)
{
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = AVP;
	to.network = (char *)"agents";
	assert_done(offer_side("1", "a", phone(41000, ""), &to));
	assert_shows("c=IN IP4 198.51.100.2");
	to.network = (char *)"";
	to.family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6;
	assert_done(offer_side("2", "a", phone(41000, ""), &to));
	assert_shows("c=IN IP6 2001:db8::1");
	to.network = (char *)"agents";
	assert_refused(offer_side("3", "a", phone(41000, ""), &to), SESSION_FAILED_PRECONDITION,
		       "no network \"agents\"");
}

/* --- re-offers -----------------------------------------------------------------------------------
 */

static void hold_and_resume(void **state)
{
	struct fake_leg *a, *b;
	unsigned int port;

	phones("1", &a, &b);
	port = a->put->put_leg->local->port;
	assert_done(offer("1", "b", phone(42000, "a=sendonly\r\n"), -1));
	assert_int_equal(port_in("audio"), port);
	assert_true(b->put->put_leg->receive && b->put->put_leg->send); /* not before the answer */
	assert_done(query("1"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_REOFFERED);
	assert_done(answer("1", "b", "a", phone(41000, "a=recvonly\r\n")));
	assert_true(b->put->put_leg->receive && !b->put->put_leg->send);
	assert_true(!a->put->put_leg->receive && a->put->put_leg->send);
	assert_done(offer("1", "b", phone(42000, "a=inactive\r\n"), -1));
	assert_done(answer("1", "b", "a", phone(41000, "a=inactive\r\n")));
	assert_false(b->put->put_leg->receive || b->put->put_leg->send);
	assert_done(query("1"));
	assert_string_equal(leg_of("a")->why, "on hold");
	assert_done(offer("1", "a", phone(41002, ""), -1)); /* resumed from another address */
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_true(a->put->put_leg->receive && a->put->put_leg->send);
	assert_int_equal(a->put->put_leg->remote->port, 41002);
	assert_int_equal(fake_count(&fake), 2);
}

static void a_hold_is_no_rekeying(void **state)
{
	struct fake_leg *a;
	char *before;

	assert_done(offer("1", "a", sdes_phone(1, KEY_A, ""), AVP));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	before = strdup(got.sdp);
	a = leg_in("audio");
	assert_done(offer("1", "a", sdes_phone(1, KEY_A, "a=sendrecv\r\n"), -1));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_string_equal(got.sdp, before);
	assert_int_equal(fake.key_puts, 1);
	assert_done(offer("1", "a", sdes_phone(2, KEY_B, ""), -1));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_int_equal(fake.key_puts, 2);
	assert_int_equal(a->keys->put_keys->epoch, 2);
	assert_memory_equal(a->keys->put_keys->receive_key.data, "=-n@", 4);
	free(before);
}

static void ice_restart(void **state)
{
	struct fake_leg *a;
	char ufrag[64], pwd[64];
	unsigned int port;

	assert_done(offer("1", "a", browser("aaaa", PRINT_A, "actpass", false), AVP));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	a = leg_in("audio");
	port = port_in("audio");
	strcpy(ufrag, a->put->put_leg->ice->local_ufrag);
	strcpy(pwd, a->put->put_leg->ice->local_pwd);
	/* The same credentials again: no restart. */
	assert_done(offer("1", "a", browser("aaaa", PRINT_A, "actpass", false), -1));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_string_equal(a->put->put_leg->ice->local_ufrag, ufrag);
	assert_done(offer("1", "a", browser("cccc", PRINT_A, "actpass", false), -1));
	assert_string_equal(a->put->put_leg->ice->remote_ufrag, "aaaa");
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_string_equal(a->put->put_leg->ice->remote_ufrag, "cccc");
	assert_string_not_equal(a->put->put_leg->ice->local_ufrag, ufrag);
	assert_string_not_equal(a->put->put_leg->ice->local_pwd, pwd);
	assert_int_equal(port_in("audio"), port);
	assert_shows(a->put->put_leg->ice->local_ufrag);
}

static void a_refused_reoffer_changes_nothing(void **state)
{
	struct fake_leg *a, *b;

	phones("1", &a, &b);
	assert_refused(offer("1", "a", phone(41000, "m=image 5000 udptl t38\r\n"), -1),
		       SESSION_UNIMPLEMENTED, "m-line 2");
	assert_done(offer("1", "a", phone(41500, ""), -1));
	fake.refuse_put = EINVAL;
	fake.refuse_after = 1;
	assert_refused(answer("1", "a", "b", phone(42500, "")), SESSION_INTERNAL,
		       "as the test wants it");
	settle(20);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
	assert_int_equal(b->put->put_leg->remote->port, 42000);
	assert_done(answer("1", "a", "b", phone(42500, "")));
	assert_int_equal(a->put->put_leg->remote->port, 41500);
	assert_int_equal(b->put->put_leg->remote->port, 42500);
}

static void a_refused_offer_leaves_nothing(void **state)
{
	fake.refuse_put = ENOSPC;
	fake.refuse_after = 1;
	assert_refused(offer("1", "a", phone(41000, ""), AVP), SESSION_INTERNAL,
		       "as the test wants it");
	assert_refused(query("1"), SESSION_NOT_FOUND, "no such call");
	wait_for(fake_count(&fake) == 0);
}

static void glare(void **state)
{
	struct fake_leg *a, *b;

	assert_done(offer("1", "a", phone(41000, ""), AVP));
	assert_done(offer("1", "a", phone(41002, ""), AVP)); /* the same tag replaces its offer */
	wait_for(fake_count(&fake) == 2);
	assert_refused(offer("1", "x", phone(41000, ""), AVP), SESSION_FAILED_PRECONDITION,
		       "no participant");
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_refused(answer("1", "a", "b", phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "no offer");
	phones("2", &a, &b);
	assert_done(offer("2", "a", phone(41000, ""), -1));
	assert_refused(offer("2", "b", phone(42000, ""), -1), SESSION_ALREADY_EXISTS,
		       "answer it first");
	assert_refused(answer("2", "b", "a", phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "from_tag");
	assert_refused(answer("2", "a", "x", phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "to_tag");
	assert_done(answer("2", "a", "b", phone(42000, "")));
}

/* --- DTLS ----------------------------------------------------------------------------------------
 */

/* A participant's DTLS endpoint, behind the fake dataplane. */
struct peer {
	struct dtls_identity *identity;
	struct dtls *dtls;
	struct fake_leg *leg;
	struct dtls_result result;
	bool done, failed;
	char print[128];
};

static void peer_send(void *arg, const uint8_t *datagram, size_t length)
{
	struct peer *peer = arg;

	fake_event(&fake, peer->leg->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT, datagram, length);
}

static void peer_receive(void *arg, uint64_t leg, const uint8_t *datagram, size_t length)
{
	struct peer *peer = arg;

	if (peer->dtls)
		dtls_receive(peer->dtls, datagram, length);
}

static void peer_done(void *arg, const struct dtls_result *result)
{
	struct peer *peer = arg;

	peer->done = true;
	peer->result = *result;
}

static void peer_fail(void *arg, enum dtls_failure why, const char *reason)
{
	struct peer *peer = arg;

	peer->failed = true;
}

static void peer_open(struct peer *peer)
{
	const struct sdp_fingerprint *print;

	memset(peer, 0, sizeof(*peer));
	assert_int_equal(dtls_identity_make(&peer->identity), 0);
	print = dtls_identity_fingerprint(peer->identity);
	for (unsigned int i = 0; i < print->length; i++)
		sprintf(peer->print + 3 * i, "%02X%s", print->bytes[i],
			i + 1 < print->length ? ":" : "");
	fake.transmit = peer_receive;
	fake.transmit_arg = peer;
}

static void peer_start(struct peer *peer, enum dtls_role role)
{
	struct dtls_config c = {.loop = &loop,
				.identity = peer->identity,
				.role = role,
				.arg = peer,
				.send = peer_send,
				.done = peer_done,
				.fail = peer_fail};
	struct sdp_fingerprint print = {.hash = "sha-256", .length = 32};
	const char *at = strstr(got.sdp, "a=fingerprint:sha-256 ");

	assert_non_null(at);
	at += strlen("a=fingerprint:sha-256 ");
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(sscanf(at + 3 * i, "%2hhx", &print.bytes[i]), 1);
	assert_int_equal(dtls_start(&peer->dtls, &c), 0);
	assert_int_equal(dtls_set_fingerprints(peer->dtls, &print, 1), 0);
}

static void peer_close(struct peer *peer)
{
	dtls_free(peer->dtls);
	peer->dtls = NULL;
	dtls_identity_release(peer->identity);
}

static void browser_offers_and_is_client(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(offer("1", "a", browser("aaaa", peer.print, "actpass", false), AVP));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	peer.leg = leg_in("audio");
	peer.leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED;
	fake_event(&fake, peer.leg->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, NULL, 0);
	peer_start(&peer, DTLS_CLIENT);
	wait_for(peer.done && peer.leg->keys);
	assert_int_equal(peer.leg->keys->put_keys->epoch, 1);
	assert_int_equal(peer.leg->keys->put_keys->suite, peer.result.suite);
	assert_memory_equal(peer.leg->keys->put_keys->receive_key.data, peer.result.tx.key, 16);
	assert_memory_equal(peer.leg->keys->put_keys->send_key.data, peer.result.rx.key, 16);
	assert_done(query("1"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_int_equal(leg_of("a")->dtls, TANDEM__RELAY__V1__LINK_STATE__LINK_UP);
	assert_string_equal(leg_of("a")->suite, suite_name(peer.result.suite));
	/* A hold keeps the association and the fingerprint. */
	assert_done(offer("1", "a", browser("aaaa", peer.print, "actpass", false), -1));
	assert_done(answer("1", "a", "b", phone(42000, "a=inactive\r\n")));
	assert_int_equal(fake.key_puts, 1);
	assert_shows("a=setup:passive");
	peer_close(&peer);
	/* Another certificate is another association, with the next epoch. */
	{
		struct fake_leg *leg = peer.leg;

		peer_open(&peer);
		peer.leg = leg;
	}
	assert_done(offer("1", "a", browser("cccc", peer.print, "actpass", false), -1));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	peer_start(&peer, DTLS_CLIENT);
	wait_for(peer.done && fake.key_puts == 2);
	assert_int_equal(peer.leg->keys->put_keys->epoch, 2);
	peer_close(&peer);
}

static void browser_answers_passive(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(offer("1", "a", phone(41000, ""), WEBRTC));
	peer.leg = leg_in("audio");
	peer_start(&peer, DTLS_SERVER);
	assert_done(answer("1", "a", "b", browser("bbbb", peer.print, "passive", false)));
	assert_false(peer.done);
	fake_event(&fake, peer.leg->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, NULL, 0);
	wait_for(peer.done && peer.leg->keys);
	assert_memory_equal(peer.leg->keys->put_keys->receive_key.data, peer.result.tx.key, 16);
	peer_close(&peer);
}

/* The handshake may be over before the answer is: no key leaves before the fingerprint is known. */
static void keys_wait_for_the_answer(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(offer("1", "a", phone(41000, ""), WEBRTC));
	peer.leg = leg_in("audio");
	peer_start(&peer, DTLS_CLIENT);
	wait_for(peer.done);
	settle(20);
	assert_int_equal(fake.key_puts, 0);
	assert_done(answer("1", "a", "b", browser("bbbb", peer.print, "active", false)));
	wait_for(fake.key_puts == 1);
	peer_close(&peer);
}

static void a_wrong_fingerprint_gets_no_key(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(offer("1", "a", browser("aaaa", PRINT_B, "actpass", false), AVP));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	peer.leg = leg_in("audio");
	peer_start(&peer, DTLS_CLIENT);
	wait_for(peer.failed);
	assert_done(query("1"));
	assert_int_equal(fake.key_puts, 0);
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_FAILED);
	assert_int_equal(leg_of("a")->dtls, TANDEM__RELAY__V1__LINK_STATE__LINK_FAILED);
	assert_non_null(strstr(leg_of("a")->why, "DTLS: "));
	assert_non_null(strstr(leg_of("a")->why, "fingerprint"));
	peer_close(&peer);
}

/* --- restarts ------------------------------------------------------------------------------------
 */

static void the_control_plane_restarts(void **state)
{
	struct fake_leg *a, *b;
	unsigned int puts;

	fake.page = 3;
	phones("1", &a, &b);
	phones("2", &a, &b);
	assert_done(offer("3", "a", browser("aaaa", PRINT_A, "actpass", false), SAVP));
	assert_done(answer("3", "a", "b", sdes_phone(3, KEY_B, "")));
	assert_done(offer("4", "a", phone(41000, ""), AVP));
	assert_int_equal(fake_count(&fake), 8);
	puts = fake.puts;
	stop_session();
	/* A leg that nobody can read. */
	b->put->put_leg->blob.data[0] ^= 0xff;
	start_session();
	wait_for(fake_count(&fake) == 6); /* it, and its other half */
	assert_int_equal(fake.puts, puts);
	assert_refused(query("2"), SESSION_NOT_FOUND, "no such call");
	assert_done(query("1"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_done(query("3"));
	assert_string_equal(leg_of("b")->suite, "AES_CM_128_HMAC_SHA1_80");
	assert_string_equal(leg_of("a")->media, "audio");
	assert_done(query("4"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_OFFERED);
	assert_refused(answer("4", "a", "b", phone(1, "")), SESSION_FAILED_PRECONDITION,
		       "no offer");
	/* Its ports are taken, and re-offers keep them. */
	assert_done(offer("1", "b", phone(42000, "a=sendonly\r\n"), -1));
	a = leg_in("audio");
	assert_done(answer("1", "b", "a", phone(41000, "a=recvonly\r\n")));
	assert_false(a->put->put_leg->receive);
	assert_done(offer("3", "a", browser("aaaa", PRINT_A, "actpass", false), -1));
	assert_shows(" RTP/SAVP ");
	assert_done(drop("1"));
	assert_done(drop("4"));
	wait_for(fake_count(&fake) == 2);
}

static void the_dataplane_restarts(void **state)
{
	struct fake_leg *a, *b;

	phones("1", &a, &b);
	assert_done(offer("2", "a", sdes_phone(1, KEY_A, ""), AVP));
	assert_done(answer("2", "a", "b", phone(42000, "")));
	fake_hang_up(&fake);
	fake_forget(&fake);
	wait_for(!session_is_ready(session));
	assert_refused(offer("3", "a", phone(41000, ""), AVP), SESSION_UNAVAILABLE, "dataplane");
	wait_for(session_is_ready(session));
	wait_for(fake_count(&fake) == 4);
	assert_int_equal(fake.key_puts, 1);
	assert_done(query("1"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_done(query("2"));
	assert_non_null(strstr(leg_of("a")->why, "a re-offer brings new ones"));
	assert_done(offer("2", "a", sdes_phone(1, KEY_A, ""), -1));
	assert_done(answer("2", "a", "b", phone(42000, "")));
	assert_int_equal(fake.key_puts, 2);
	assert_done(query("2"));
	assert_string_equal(leg_of("a")->suite, "AES_CM_128_HMAC_SHA1_80");
}

/* A DTLS leg shows another fingerprint then, so that its participant begins anew. */
static void the_dataplane_restarts_under_dtls(void **state)
{
	struct peer peer;
	char *before;

	peer_open(&peer);
	assert_done(offer("1", "a", browser("aaaa", peer.print, "actpass", false), AVP));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	before = strdup(strstr(got.sdp, "a=fingerprint"));
	peer.leg = leg_in("audio");
	peer_start(&peer, DTLS_CLIENT);
	wait_for(peer.done && peer.leg->keys);
	fake_hang_up(&fake);
	fake_forget(&fake);
	wait_for(!session_is_ready(session));
	wait_for(session_is_ready(session) && fake_count(&fake) == 2);
	assert_done(query("1"));
	assert_int_equal(leg_of("a")->dtls, TANDEM__RELAY__V1__LINK_STATE__LINK_LOST);
	assert_done(offer("1", "a", browser("cccc", peer.print, "actpass", false), -1));
	assert_done(answer("1", "a", "b", phone(42000, "")));
	assert_string_not_equal(strstr(got.sdp, "a=fingerprint"), before);
	peer.leg = leg_in("audio");
	dtls_free(peer.dtls);
	peer.done = false;
	peer_start(&peer, DTLS_CLIENT);
	wait_for(peer.done && peer.leg->keys);
	assert_int_equal(peer.leg->keys->put_keys->epoch, 2);
	peer_close(&peer);
	free(before);
}

static void a_lost_connection_loses_nothing(void **state)
{
	struct fake_leg *a, *b;
	unsigned int puts;

	phones("1", &a, &b);
	puts = fake.puts;
	fake_hang_up(&fake);
	wait_for(!session_is_ready(session));
	assert_done(query("1"));
	assert_string_equal(leg_of("a")->why, "not known: the dataplane is away");
	wait_for(session_is_ready(session));
	assert_int_equal(fake.puts, puts);
	assert_int_equal(fake_count(&fake), 2);
	assert_done(drop("1"));
}

/* --- time and limits -----------------------------------------------------------------------------
 */

static void offers_expire(void **state)
{
	struct fake_leg *a, *b;

	stop_session();
	config.offer_timeout_ms = 100;
	start_session();
	assert_done(offer("1", "a", phone(41000, ""), AVP));
	phones("2", &a, &b);
	assert_done(offer("2", "a", phone(41002, "m=video 43000 RTP/AVP 96\r\n"), -1));
	assert_int_equal(fake_count(&fake), 6);
	wait_for(fake_count(&fake) == 2);
	assert_refused(query("1"), SESSION_NOT_FOUND, "no such call");
	assert_done(query("2"));
	assert_int_equal(got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
}

static void silent_calls(void **state)
{
	struct fake_leg *a, *b;

	stop_session();
	config.media_timeout_delete = true;
	start_session();
	phones("1", &a, &b);
	a->packets = b->packets = 100;
	a->silence_ms = 31000;
	b->silence_ms = 20;
	fake_event(&fake, a->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT, NULL, 0);
	settle(20);
	assert_done(query("1")); /* one still talks */
	assert_string_equal(leg_of("a")->why,
			    "nothing received for 31 s: the participant stopped sending");
	b->silence_ms = 30000;
	fake_event(&fake, b->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT, NULL, 0);
	wait_for(fake_count(&fake) == 0);
	assert_refused(query("1"), SESSION_NOT_FOUND, "no such call");
}

static void limits(void **state)
{
	char id[300];

	memset(id, 'x', sizeof(id));
	id[299] = '\0';
	assert_refused(offer(id, "a", phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT, "call_id");
	assert_refused(offer("", "a", phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT, "call_id");
	assert_refused(offer("1", "", phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT, "from_tag");
	assert_refused(offer("1\n", "a", phone(41000, ""), AVP), SESSION_INVALID_ARGUMENT,
		       "control character");
	assert_refused(offer("1", "a", "nonsense", AVP), SESSION_INVALID_ARGUMENT, "sdp line");
	assert_refused(answer("9", "a", "b", phone(41000, "")), SESSION_NOT_FOUND, "no such call");
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "call %d", i);
		assert_done(offer(id, "a", phone(41000, ""), AVP));
	}
	assert_refused(offer("11", "a", phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "which is the limit");
}

static void ports_run_out(void **state)
{
	stop_session();
	config.port_last = 20003;
	start_session();
	assert_done(offer("1", "a", phone(41000, ""), AVP));
	assert_refused(offer("2", "a", phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "no free UDP port in network \"public\"");
	assert_int_equal(fake_count(&fake), 2);
}

static void list_and_status(void **state)
{
	Tandem__Relay__V1__ListRequest list = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	Tandem__Relay__V1__StatusRequest status = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;
	char id[16], token[32];

	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		assert_done(offer(id, "a", phone(41000, ""), AVP));
	}
	clear_got();
	list.page_size = 3;
	session_list(session, &list, on_reply, NULL);
	assert_int_equal(got.list->n_calls, 3);
	assert_string_equal(got.list->calls[0]->call_id, "c0");
	assert_int_equal(got.list->calls[0]->legs, 2);
	snprintf(token, sizeof(token), "%s", got.list->next_page_token);
	list.page_token = token;
	clear_got();
	session_list(session, &list, on_reply, NULL);
	assert_int_equal(got.list->n_calls, 2);
	assert_string_equal(got.list->calls[1]->call_id, "c4");
	assert_string_equal(got.list->next_page_token, "");
	clear_got();
	list.page_token = (char *)"x";
	session_list(session, &list, on_reply, NULL);
	assert_int_equal(got.code, SESSION_INVALID_ARGUMENT);

	clear_got();
	session_status(session, &status, on_reply, NULL);
	wait_for(got.came);
	assert_true(got.status->dataplane_connected);
	assert_int_equal(got.status->calls, 5);
	assert_int_equal(got.status->legs, 10);
	assert_int_equal(got.status->n_networks, 3);
	assert_string_equal(got.status->networks[0]->address, "198.51.100.1");
	assert_string_equal(got.status->networks[1]->address, "[2001:db8::1]");
	assert_int_equal(got.status->networks[0]->ports_used, 20);
	assert_int_equal(got.status->networks[0]->ports_free, 80);
	assert_int_equal(got.status->n_drops, 1);
	assert_string_equal(got.status->drops[0]->name, "auth_failed");
	assert_int_equal(got.status->n_counters, 1);
}

/* Two legs of one offer travel in one frame. */
static void requests_are_batched(void **state)
{
	unsigned int frames = fake.frames;

	assert_done(offer("1", "a", phone(41000, "m=video 43000 RTP/AVP 96\r\n"), AVP));
	assert_int_equal(fake.puts, 4);
	assert_int_equal(fake.frames, frames + 1);
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

	clear_got();
	request.call_id = gone.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.sdp = (char *)phone(41000, "");
	session_offer(session, &request, keep_code, &first);
	assert_int_equal(first, -1);
	session_offer(session, &request, keep_code, &second);
	assert_int_equal(second, SESSION_ALREADY_EXISTS);
	session_delete(session, &gone, on_reply, NULL);
	wait_for(got.came);
	assert_int_equal(first, SESSION_NOT_FOUND); /* since the call is gone */
	assert_int_equal(got.call->n_legs, 2);
	assert_int_equal(fake_count(&fake), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(phone_to_phone),
		TEST(browser_to_phone),
		TEST(phone_to_browser),
		TEST(sdes_to_phone),
		TEST(browser_to_sdes),
		TEST(an_answer_must_choose_an_offered_key),
		TEST(bundle_to_bundle),
		TEST(a_bundle_is_not_split),
		TEST(rejected_lines),
		TEST(network_and_family),
		TEST(hold_and_resume),
		TEST(a_hold_is_no_rekeying),
		TEST(ice_restart),
		TEST(a_refused_reoffer_changes_nothing),
		TEST(a_refused_offer_leaves_nothing),
		TEST(glare),
		TEST(browser_offers_and_is_client),
		TEST(browser_answers_passive),
		TEST(keys_wait_for_the_answer),
		TEST(a_wrong_fingerprint_gets_no_key),
		TEST(the_control_plane_restarts),
		TEST(the_dataplane_restarts),
		TEST(the_dataplane_restarts_under_dtls),
		TEST(a_lost_connection_loses_nothing),
		TEST(offers_expire),
		TEST(silent_calls),
		TEST(limits),
		TEST(ports_run_out),
		TEST(list_and_status),
		TEST(requests_are_batched),
		TEST(deleted_while_it_waits),
	};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
