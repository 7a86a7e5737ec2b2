/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random histories of the session: every verb, event, refusal and loss between any two steps of the
 * others. When all is quiet the dataplane has the legs of the calls, and no others.
 *
 * TANDEM_STEPS and TANDEM_SEED say how long and which; a failure prints both.
 */
#include <inttypes.h>

#include "tests/unit/session_rig.h"

#define STEPS 20000
#define EPOCH 400 /* steps until all must come to rest */
#define CALLS 6
#define IDS   64 /* of legs that were there once */
#define ROUND 30 /* ms between audits */

static uint64_t seed;
static uint64_t ids[IDS];
static unsigned int id_count, replies, asked;

static unsigned int chance(unsigned int below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % below;
}

static void count_reply(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	assert_true((reply == NULL) != (error == NULL));
	replies++;
}

static const char *any_sdp(unsigned int port)
{
	static const char *const prints[] = {PRINT_A, PRINT_B};
	static const char *const setups[] = {"actpass", "active", "passive"};
	static const char *const more[] = {"", "a=sendonly\r\n", "a=inactive\r\n",
					   "m=image 4000 udptl t38\r\n",
					   "m=audio 43000 RTP/AVP 0\r\n"};

	switch (chance(4)) {
	case 0:
		return sdes_phone(1 + chance(4), chance(2) ? KEY_A : KEY_B, "");
	case 1:
		return browser(chance(2) ? "aaaa" : "bbbb", prints[chance(2)], setups[chance(3)],
			       chance(4) == 0);
	default:
		return phone(port + 2 * chance(3), more[chance(5)]);
	}
}

static void ask_something(void)
{
	static const int profiles[] = {-1, AVP, AVP, SAVP, WEBRTC};
	const char *a = chance(5) ? "a" : "b", *b = *a == 'a' ? "b" : "a";
	char id[2] = {'0' + chance(CALLS)};

	asked++;
	switch (chance(10)) {
	case 0:
	case 1:
	case 2: {
		Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
		Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
		int profile = profiles[chance(5)];

		to.profile = profile;
		request.call_id = id;
		request.from_tag = (char *)a;
		request.sdp = (char *)any_sdp(41000);
		request.to = profile < 0 ? NULL : &to;
		session_offer(session, &request, count_reply, NULL);
		return;
	}
	case 3:
	case 4:
	case 5:
	case 6: {
		Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;

		request.call_id = id;
		request.from_tag = (char *)a;
		request.to_tag = (char *)b;
		request.sdp = (char *)any_sdp(42000);
		session_answer(session, &request, count_reply, NULL);
		return;
	}
	case 7:
	case 8: {
		Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

		request.call_id = id;
		session_delete(session, &request, count_reply, NULL);
		return;
	}
	default: {
		Tandem__Relay__V1__QueryRequest request = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

		request.call_id = id;
		session_query(session, &request, count_reply, NULL);
		return;
	}
	}
}

static void remember_legs(void)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (fake.legs[i].put)
			ids[id_count++ % IDS] = fake.legs[i].put->put_leg->leg;
}

/* Of a leg that is there, or was. */
static void happen(void)
{
	static const Tandem__Dataplane__V1__EventKind kinds[] = {
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_KEYS_STALE,
	};
	/* The beginning of a hello, and nonsense. */
	uint8_t datagram[80] = {
		22, 0xfe, 0xff, [11] = 0, [12] = 67, [13] = 1, [16] = 55, [24] = 55};

	remember_legs();
	if (fake.fd < 0 || !id_count)
		return;
	datagram[25] = 0xfe;
	datagram[26 + chance(20)] = chance(256);
	fake_event(&fake, ids[chance(id_count < IDS ? id_count : IDS)], kinds[chance(5)], datagram,
		   sizeof(datagram));
}

static void go_wrong(void)
{
	switch (chance(8)) {
	case 0:
		fake_hang_up(&fake);
		return;
	case 1: /* the dataplane restarts */
		fake_hang_up(&fake);
		fake_forget(&fake);
		return;
	case 2: /* the control plane restarts */
		stop_session();
		assert_int_equal(replies, asked);
		assert_int_equal(session_open(&session, &loop, &config), 0);
		return;
	case 3:
	case 4:
		fake.refuse_put = EINVAL;
		fake.refuse_after = chance(4);
		return;
	case 5:
		fake.refuse_keys = fake.refuse_keys ? 0 : EINVAL;
		return;
	case 6: /* a leg gets lost, and one comes from nowhere */
		for (unsigned int i = 0; i < FAKE_LEGS; i++)
			if (fake.legs[i].put && chance(4) == 0) {
				fake_clear(&fake.legs[i]);
				return;
			}
		return;
	default:
		settle(1 + chance(5));
	}
}

static unsigned int legs_of_calls(void)
{
	Tandem__Relay__V1__ListRequest request = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	unsigned int count = 0;

	clear_got();
	session_list(session, &request, on_reply, NULL);
	wait_for(got.came);
	assert_int_equal(got.code, 0);
	for (size_t i = 0; i < got.list->n_calls; i++)
		count += got.list->calls[i]->legs;
	return count;
}

static bool agrees(void)
{
	return replies == asked && session_is_ready(session) &&
	       legs_of_calls() == fake_count(&fake);
}

/* Nothing happens any more: after some rounds of the audit both have the same. */
static void come_to_rest(void)
{
	fake.refuse_put = fake.refuse_keys = 0;
	for (unsigned int tries = 0; tries < 40 && !agrees(); tries++)
		settle(ROUND);
	assert_int_equal(replies, asked);
	assert_true(session_is_ready(session));
	assert_int_equal(legs_of_calls(), fake_count(&fake));
}

static void any_history_comes_to_rest(void **state)
{
	const char *steps = getenv("TANDEM_STEPS"), *from = getenv("TANDEM_SEED");
	unsigned long count = steps ? strtoul(steps, NULL, 10) : STEPS;

	seed = from ? strtoull(from, NULL, 0) : 0x5eed5eed5eedull;
	print_message("# %lu steps from TANDEM_SEED=0x%" PRIx64 "\n", count, seed);
	stop_session();
	config.audit_ms = ROUND;
	config.port_quarantine_ms = 0;
	config.dtls_cookie = true;
	start_session();
	for (unsigned long step = 1; step <= count; step++) {
		unsigned int what = chance(40);

		if (what == 0)
			go_wrong();
		else if (what < 12)
			happen();
		else if (what < 20)
			ask_something();
		else
			uv_run(&loop, UV_RUN_NOWAIT);
		if (step % EPOCH == 0)
			come_to_rest();
	}
	come_to_rest();
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(any_history_comes_to_rest)};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
