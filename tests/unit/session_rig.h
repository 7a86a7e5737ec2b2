/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The session against a dataplane of memory, over a real socket, with the SDPs of real peers: what
 * the tests of the session share. One program includes it once.
 */
#ifndef TANDEM_SESSION_RIG_H
#define TANDEM_SESSION_RIG_H

#include "controlplane/session/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
	Tandem__Relay__V1__SubscribeReply *sources;
} got;

static inline void clear_got(void)
{
	free(got.sdp);
	if (got.call)
		tandem__relay__v1__call__free_unpacked(got.call, NULL);
	if (got.list)
		tandem__relay__v1__list_reply__free_unpacked(got.list, NULL);
	if (got.status)
		tandem__relay__v1__status_reply__free_unpacked(got.status, NULL);
	if (got.sources)
		tandem__relay__v1__subscribe_reply__free_unpacked(got.sources, NULL);
	memset(&got, 0, sizeof(got));
}

static inline void *copy_message(const ProtobufCMessage *message)
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

static inline void on_reply(void *arg, const ProtobufCMessage *reply,
			    const struct session_error *error)
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
	} else if (reply->descriptor == &tandem__relay__v1__subscribe_reply__descriptor) {
		got.sdp = strdup(((const Tandem__Relay__V1__SubscribeReply *)reply)->sdp);
		got.sources = copy_message(reply);
	} else if (reply->descriptor == &tandem__relay__v1__delete_reply__descriptor) {
		const Tandem__Relay__V1__DeleteReply *gone = (const void *)reply;

		got.call = copy_message(&gone->call->base);
	} else if (reply->descriptor == &tandem__relay__v1__unsubscribe_reply__descriptor) {
		const Tandem__Relay__V1__UnsubscribeReply *gone = (const void *)reply;

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

static inline void ticked(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Lets the loop run for a while, for what must not happen in it. */
static inline void settle(unsigned int ms)
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

static inline void start_session(void)
{
	assert_int_equal(session_open(&session, &loop, &config), 0);
	wait_for(session_is_ready(session));
}

static inline void stop_session(void)
{
	session_close(session);
	session = NULL;
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	wait_for(fake.fd < 0);
}

static inline int set_up(void **state)
{
	static const char *const denied[] = {"192.0.2.64/26"};

	config = (struct session_config){
		.deny = denied,
		.deny_count = 1,
		.dataplane = fake.path,
		.version = "test",
		.port_first = 20000,
		.port_last = 20099,
		.port_quarantine_ms = 1000,
		.offer_timeout_ms = 60000,
		.media_timeout_ms = 30000,
		.latch_ms = 20000,
		.headroom = 4,
		.key_grace_ms = 5000,
		.calls_max = 10,
		.certificate_age_s = 3600,
	};
	uv_loop_init(&loop);
	fake_open(&fake, &loop);
	start_session();
	return 0;
}

static inline int tear_down(void **state)
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

static inline const char *phone(unsigned int port, const char *more)
{
	snprintf(text, sizeof(text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\nc=IN IP4 203.0.113.30\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n%s",
		 port, more);
	return text;
}

static inline const char *sdes_phone(unsigned int tag, const char *key, const char *more)
{
	snprintf(text, sizeof(text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.40\r\ns=-\r\nc=IN IP4 203.0.113.40\r\nt=0 0\r\n"
		 "m=audio 52000 RTP/SAVP 0\r\na=crypto:%u AES_CM_128_HMAC_SHA1_80 inline:%s\r\n%s",
		 tag, key, more);
	return text;
}

/* `video`: "" for audio alone. */
static inline const char *browser(const char *ufrag, const char *print, const char *setup,
				  bool video)
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

static inline int offer_side(const char *id, const char *tag, const char *sdp,
			     Tandem__Relay__V1__Side *to)
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

static inline int offer(const char *id, const char *tag, const char *sdp, int profile)
{
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = profile;
	return offer_side(id, tag, sdp, profile < 0 ? NULL : &to);
}

static inline int answer(const char *id, const char *from, const char *to, const char *sdp)
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

static inline int drop(const char *id)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	clear_got();
	request.call_id = (char *)id;
	session_delete(session, &request, on_reply, NULL);
	wait_for(got.came);
	return got.code;
}

static inline int query(const char *id)
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
static inline unsigned int port_in(const char *kind)
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

static inline struct fake_leg *leg_in(const char *kind)
{
	struct fake_leg *leg = fake_at(&fake, port_in(kind));

	assert_non_null(leg);
	return leg;
}

static inline const Tandem__Relay__V1__Leg *leg_of(const char *tag)
{
	for (size_t i = 0; i < got.call->n_legs; i++)
		if (strcmp(got.call->legs[i]->tag, tag) == 0)
			return got.call->legs[i];
	fail_msg("no leg of %s", tag);
	return NULL;
}

/* Whether what the one receives goes on to the other. */
static inline bool hears(const struct fake_leg *to, const struct fake_leg *from)
{
	const Tandem__Dataplane__V1__PutPath *path = fake_path(&fake, from, to);

	return path && path->mute == TANDEM__DATAPLANE__V1__MUTE__MUTE_NONE;
}

/* The other leg of a call of two. */
static inline struct fake_leg *partner_of(const struct fake_leg *leg)
{
	struct fake_leg *partner = fake_heard_by(&fake, leg);

	assert_non_null(partner);
	return partner;
}

/* A call between two phones; the legs of the two. */
static inline void phones(const char *id, struct fake_leg **a, struct fake_leg **b)
{
	assert_done(offer(id, "a", phone(41000, ""), AVP));
	*b = leg_in("audio");
	assert_done(answer(id, "a", "b", phone(42000, "")));
	*a = leg_in("audio");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
