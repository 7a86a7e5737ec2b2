/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/control.h"

struct rig rig;
char rig_text[8192];

void rig_forget(void)
{
	if (rig.got.reply)
		protobuf_c_message_free_unpacked(rig.got.reply, NULL);
	memset(&rig.got, 0, sizeof(rig.got));
}

/* The part of a reply that a test looks at. */
static void take(ProtobufCMessage *reply)
{
	const ProtobufCMessageDescriptor *type = reply->descriptor;

	if (type == &tandem__relay__v1__offer_reply__descriptor) {
		rig.got.sdp = ((Tandem__Relay__V1__OfferReply *)reply)->sdp;
	} else if (type == &tandem__relay__v1__answer_reply__descriptor) {
		rig.got.sdp = ((Tandem__Relay__V1__AnswerReply *)reply)->sdp;
	} else if (type == &tandem__relay__v1__list_reply__descriptor) {
		rig.got.list = (void *)reply;
	} else if (type == &tandem__relay__v1__history_reply__descriptor) {
		rig.got.history = (void *)reply;
	} else if (type == &tandem__relay__v1__status_reply__descriptor) {
		rig.got.status = (void *)reply;
	} else if (type == &tandem__relay__v1__subscribe_reply__descriptor) {
		rig.got.sources = (void *)reply;
		rig.got.sdp = rig.got.sources->sdp;
	} else if (type == &tandem__relay__v1__create_reply__descriptor) {
		rig.got.sdp = ((Tandem__Relay__V1__CreateReply *)reply)->sdp;
	} else if (type == &tandem__relay__v1__query_reply__descriptor) {
		rig.got.call = ((Tandem__Relay__V1__QueryReply *)reply)->call;
	} else if (type == &tandem__relay__v1__delete_reply__descriptor) {
		rig.got.call = ((Tandem__Relay__V1__DeleteReply *)reply)->call;
	} else if (type == &tandem__relay__v1__unsubscribe_reply__descriptor) {
		rig.got.call = ((Tandem__Relay__V1__UnsubscribeReply *)reply)->call;
	}
}

void rig_on_reply(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	assert_false(rig.got.came);
	rig.got.came = true;
	if (error) {
		assert_null(reply);
		rig.got.code = error->code;
		snprintf(rig.got.text, sizeof(rig.got.text), "%s", error->text);
		return;
	}
	rig.got.reply = fake_copy(reply, NULL);
	take(rig.got.reply);
}

static void ticked(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

void rig_settle(unsigned int ms)
{
	uv_timer_t timer;
	bool done = false;

	uv_timer_init(&rig.loop, &timer);
	timer.data = &done;
	uv_timer_start(&timer, ticked, ms, 0);
	rig_wait(done);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&rig.loop, UV_RUN_NOWAIT);
}

void rig_start(void)
{
	assert_int_equal(session_open(&rig.session, &rig.loop, &rig.config), 0);
	rig_wait(rig.session->ready);
}

void rig_stop(void)
{
	session_close(rig.session);
	rig.session = NULL;
	for (int i = 0; i < 10; i++)
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	rig_wait(rig.fake.fd < 0);
}

int rig_set_up(void **state)
{
	static const char *const denied[] = {"192.0.2.64/26"};

	rig.config = (struct session_config){
		.deny = denied,
		.deny_count = 1,
		.dataplane = rig.fake.path,
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
	uv_loop_init(&rig.loop);
	fake_open(&rig.fake, &rig.loop);
	rig_start();
	return 0;
}

int rig_tear_down(void **state)
{
	if (rig.session)
		rig_stop();
	fake_close(&rig.fake);
	rig_forget();
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&rig.loop), 0);
	return 0;
}

const char *rig_phone(unsigned int port, const char *more)
{
	snprintf(rig_text, sizeof(rig_text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\nc=IN IP4 203.0.113.30\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n%s",
		 port, more);
	return rig_text;
}

const char *rig_sdes_phone(unsigned int tag, const char *key, const char *more)
{
	snprintf(rig_text, sizeof(rig_text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.40\r\ns=-\r\nc=IN IP4 203.0.113.40\r\nt=0 0\r\n"
		 "m=audio 52000 RTP/SAVP 0\r\na=crypto:%u AES_CM_128_HMAC_SHA1_80 inline:%s\r\n%s",
		 tag, key, more);
	return rig_text;
}

const char *rig_browser(const char *ufrag, const char *print, const char *setup, bool video)
{
	char transport[512];

	snprintf(transport, sizeof(transport),
		 "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:%s\r\n"
		 "a=ice-pwd:P5OO90QAmMvWRVCY7Yi0qr46\r\na=fingerprint:sha-256 %s\r\na=setup:%s\r\n",
		 ufrag, print, setup);
	snprintf(rig_text, sizeof(rig_text),
		 "v=0\r\no=- 76 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0%s\r\n"
		 "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n%sa=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
		 "a=candidate:1 1 udp 2113937151 203.0.113.10 34631 typ host\r\n",
		 video ? " 1" : "", transport);
	if (video)
		snprintf(rig_text + strlen(rig_text), sizeof(rig_text) - strlen(rig_text),
			 "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n%sa=mid:1\r\na=rtpmap:96 VP8/90000\r\n",
			 transport);
	return rig_text;
}

int rig_offer_side(const char *id, const char *tag, const char *sdp, Tandem__Relay__V1__Side *to)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	request.call_id = (char *)id;
	request.from_tag = (char *)tag;
	request.sdp = (char *)sdp;
	request.to = to;
	return rig_ask(session_offer, &request);
}

int rig_offer(const char *id, const char *tag, const char *sdp, int profile)
{
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = profile;
	return rig_offer_side(id, tag, sdp, profile < 0 ? NULL : &to);
}

int rig_answer(const char *id, const char *from, const char *to, const char *sdp)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;

	request.call_id = (char *)id;
	request.from_tag = (char *)from;
	request.to_tag = (char *)to;
	request.sdp = (char *)sdp;
	return rig_ask(session_answer, &request);
}

int rig_drop(const char *id)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	request.call_id = (char *)id;
	return rig_ask(session_delete, &request);
}

int rig_query(const char *id)
{
	Tandem__Relay__V1__QueryRequest request = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

	request.call_id = (char *)id;
	return rig_ask(session_query, &request);
}

unsigned int rig_port(const char *kind)
{
	char line[32];
	unsigned int port = 0;
	const char *at;

	snprintf(line, sizeof(line), "m=%s ", kind);
	at = strstr(rig.got.sdp, line);
	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(line), "%u", &port), 1);
	return port;
}

struct fake_leg *rig_leg(const char *kind)
{
	struct fake_leg *leg = fake_at(&rig.fake, rig_port(kind));

	assert_non_null(leg);
	return leg;
}

const Tandem__Relay__V1__Leg *rig_leg_of(const char *tag)
{
	for (size_t i = 0; i < rig.got.call->n_legs; i++)
		if (strcmp(rig.got.call->legs[i]->tag, tag) == 0)
			return rig.got.call->legs[i];
	fail_msg("no leg of %s", tag);
	return NULL;
}

bool rig_hears(const struct fake_leg *to, const struct fake_leg *from)
{
	const Tandem__Dataplane__V1__PutPath *path = fake_path(&rig.fake, from, to);

	return path && path->mute == TANDEM__DATAPLANE__V1__MUTE__MUTE_NONE;
}

struct fake_leg *rig_partner(const struct fake_leg *leg)
{
	struct fake_leg *partner = fake_heard_by(&rig.fake, leg);

	assert_non_null(partner);
	return partner;
}

void rig_phones(const char *id, struct fake_leg **a, struct fake_leg **b)
{
	assert_done(rig_offer(id, "a", rig_phone(41000, ""), AVP));
	*b = rig_leg("audio");
	assert_done(rig_answer(id, "a", "b", rig_phone(42000, "")));
	*a = rig_leg("audio");
}
