/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls whose participants share their SDES keys, so that the relay has none of its own. */
#include "tests/rig/control.h"

#define KEY_C "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define GCM_A "a=crypto:7 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==\r\n"
#define CM80  "AES_CM_128_HMAC_SHA1_80 inline:"

#define DEFAULT TANDEM__RELAY__V1__KEYS__KEYS_DEFAULT
#define OWN     TANDEM__RELAY__V1__KEYS__KEYS_OWN
#define SHARED  TANDEM__RELAY__V1__KEYS__KEYS_SHARED

static int offer_keys(const char *tag, const char *sdp, int profile, int keys)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = profile;
	request.call_id = (char *)"1";
	request.from_tag = (char *)tag;
	request.sdp = (char *)sdp;
	request.to = profile < 0 ? NULL : &to;
	request.keys = keys;
	return rig_ask(session_offer, &request);
}

/* "=-n@" for KEY_B and so on: how a key begins. */
static void assert_keys(const struct fake_leg *leg, unsigned int epoch, const char *receive)
{
	const Tandem__Dataplane__V1__PutKeys *put = leg->keys->put_keys;

	assert_true(fake_path(&rig.fake, leg, rig_partner(leg))->verify);
	assert_int_equal(put->epoch, epoch);
	assert_int_equal(put->suite, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_memory_equal(put->receive_key.data, receive, 4);
	assert_int_equal(put->receive_salt.len, 14);
	assert_int_equal(put->send_key.len, 0); /* the relay has none */
	assert_int_equal(put->send_salt.len, 0);
}

#define A "YS__"
#define B "=-n@"
#define C "wDfv"

/* The call between A and B, and its legs. */
static void share(struct fake_leg **a, struct fake_leg **b)
{
	assert_done(offer_keys("a", rig_sdes_phone(3, KEY_A, GCM_A), SAVP, SHARED));
	*b = rig_leg("audio");
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	*a = rig_leg("audio");
}

static void keys_cross(void **state)
{
	struct fake_leg *a, *b;

	assert_done(offer_keys("a", rig_sdes_phone(3, KEY_A, GCM_A), SAVP, SHARED));
	assert_shows("a=crypto:3 " CM80 KEY_A "\r\n");
	assert_shows(GCM_A);
	b = rig_leg("audio");
	assert_int_equal(rig.fake.key_puts, 0);
	assert_refused(rig_answer("1", "a", "b", rig_sdes_phone(7, KEY_B, "")),
		       SESSION_INVALID_ARGUMENT, "none of those that were offered");
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_shows("a=crypto:3 " CM80 KEY_B "\r\n");
	a = rig_leg("audio");
	assert_keys(a, 1, A);
	assert_keys(b, 1, B);
	a->mode = TANDEM__DATAPLANE__V1__MODE__MODE_VERIFY;
	assert_done(rig_query("1"));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(rig.got.call->paths[i]->mode,
				 rig.got.call->paths[i]->from == rig_leg_of("a")->id
					 ? TANDEM__RELAY__V1__MODE__MODE_VERIFY
					 : TANDEM__RELAY__V1__MODE__MODE_PASS);
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_string_equal(rig_leg_of("a")->suite, "AES_CM_128_HMAC_SHA1_80");
}

static void only_lines_that_the_relay_can_check(void **state)
{
	assert_done(offer_keys("a",
			       rig_sdes_phone(1, KEY_A " UNENCRYPTED_SRTP",
					      "a=crypto:2 " CM80 KEY_C "|2^20|1:4\r\n"
					      "a=crypto:4 F8_128_HMAC_SHA1_80 inline:" KEY_A "\r\n"
					      "a=crypto:5 " CM80 KEY_B "|2^20 WSH=64 -x=y\r\n"
					      "a=crypto:6 " CM80 KEY_C "\r\n"),
			       SAVP, SHARED));
	assert_shows("a=crypto:5 " CM80 KEY_B "\r\n");
	assert_hides("a=crypto:1");
	assert_hides("a=crypto:2");
	assert_hides("a=crypto:4");
	assert_hides("a=crypto:6"); /* one of a suite is enough */
	assert_refused(rig_answer("1", "a", "b", rig_sdes_phone(5, KEY_A " FEC_KEY=inline:x", "")),
		       SESSION_INVALID_ARGUMENT, "FEC");
}

static void only_suites_that_were_asked_for(void **state)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	char *suites[] = {(char *)"AEAD_AES_256_GCM", (char *)"AEAD_AES_128_GCM"};

	to.suites = suites;
	to.n_suites = 2;
	request.call_id = request.from_tag = (char *)"1";
	request.sdp = (char *)rig_sdes_phone(3, KEY_A, GCM_A);
	request.to = &to;
	request.keys = SHARED;
	rig_ask(session_offer, &request);
	assert_shows(" RTP/SAVP "); /* PROFILE_SAME */
	assert_shows(GCM_A);
	assert_hides("a=crypto:3");
}

static void refusals(void **state)
{
	assert_refused(offer_keys("a", rig_phone(41000, ""), SAVP, SHARED),
		       SESSION_INVALID_ARGUMENT, "KEYS_SHARED needs");
	assert_refused(offer_keys("a", rig_sdes_phone(1, KEY_A, ""), AVP, SHARED),
		       SESSION_INVALID_ARGUMENT, "the other one has RTP/AVP");
	assert_refused(offer_keys("a", rig_sdes_phone(1, KEY_A, ""), WEBRTC, SHARED),
		       SESSION_INVALID_ARGUMENT, "the other one has UDP/TLS/RTP/SAVPF");
	assert_refused(
		offer_keys("a", rig_browser("aaaa", PRINT_A, "actpass", false), SAVP, SHARED),
		SESSION_INVALID_ARGUMENT, "the offerer's has UDP/TLS/RTP/SAVPF");
	assert_refused(offer_keys("a", rig_sdes_phone(1, KEY_A " KDR=4", ""), SAVP, SHARED),
		       SESSION_UNIMPLEMENTED, "key derivation rate");
	assert_refused(offer_keys("a", rig_sdes_phone(1, KEY_A, ""), SAVP, 3),
		       SESSION_INVALID_ARGUMENT, "keys: 3 is unknown");
	assert_int_equal(fake_count(&rig.fake), 0);
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call \"");
	rig_settle(20);
	assert_int_equal(fake_call_count(&rig.fake), 0);
}

/* Either side re-offers, and says nothing of keys or of the other side. */
static void a_hold_is_no_rekeying(void **state)
{
	struct fake_leg *a, *b;

	share(&a, &b);
	assert_int_equal(rig.fake.key_puts, 2);
	assert_done(offer_keys("b", rig_sdes_phone(1, KEY_B, "a=sendonly\r\n"), -1, DEFAULT));
	assert_shows("a=crypto:1 " CM80 KEY_B "\r\n");
	assert_done(rig_answer("1", "b", "a", rig_sdes_phone(1, KEY_A, "a=recvonly\r\n")));
	assert_shows("a=crypto:1 " CM80 KEY_A "\r\n");
	assert_false(rig_hears(b, a));
	assert_done(offer_keys("a", rig_sdes_phone(3, KEY_A, GCM_A), SAVP, DEFAULT));
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_true(rig_hears(b, a));
	assert_int_equal(rig.fake.key_puts, 2);
}

static void new_keys(void **state)
{
	struct fake_leg *a, *b;

	share(&a, &b);
	assert_done(offer_keys("a", rig_sdes_phone(3, KEY_C, ""), -1, DEFAULT));
	assert_shows("a=crypto:3 " CM80 KEY_C "\r\n");
	assert_keys(a, 1, A); /* not before the answer */
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_keys(a, 2, C);
	assert_keys(b, 2, B);
	/* The one who answers may change its own as well. */
	assert_done(offer_keys("a", rig_sdes_phone(3, KEY_C, ""), -1, DEFAULT));
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_A, "")));
	assert_shows("a=crypto:3 " CM80 KEY_A "\r\n");
	assert_keys(a, 3, C);
	assert_keys(b, 3, A);
	/* Both at once. */
	assert_done(offer_keys("b", rig_sdes_phone(1, KEY_B, ""), -1, DEFAULT));
	assert_done(rig_answer("1", "b", "a", rig_sdes_phone(1, KEY_A, "")));
	assert_memory_equal(a->keys->put_keys->receive_key.data, A, 4);
	assert_memory_equal(b->keys->put_keys->receive_key.data, B, 4);
}

/* What a participant encrypts with, the relay must not, and nobody can take over its index. */
static void sharing_ends_and_does_not_begin(void **state)
{
	struct fake_leg *a, *b;
	const Tandem__Dataplane__V1__PutKeys *put;

	share(&a, &b);
	assert_done(offer_keys("a", rig_sdes_phone(3, KEY_A, ""), -1, OWN));
	assert_hides(KEY_A);
	assert_shows("a=crypto:3 " CM80);
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_hides(KEY_B);
	put = a->keys->put_keys;
	assert_false(fake_path(&rig.fake, a, b)->verify || fake_path(&rig.fake, b, a)->verify);
	assert_memory_equal(put->receive_key.data, A, 4);
	assert_memory_not_equal(put->send_key.data, B, 4);
	assert_memory_not_equal(put->send_key.data, b->keys->put_keys->send_key.data, 4);
	put = b->keys->put_keys;
	assert_memory_equal(put->receive_key.data, B, 4);
	assert_memory_not_equal(put->send_key.data, A, 4);
	assert_refused(offer_keys("b", rig_sdes_phone(3, KEY_B, ""), -1, SHARED),
		       SESSION_UNIMPLEMENTED, "cannot change to KEYS_SHARED");
	assert_done(offer_keys("b", rig_sdes_phone(3, KEY_B, ""), -1, DEFAULT));
	assert_hides(KEY_B);
}

static int offer_branch(int keys, int profile)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = profile;
	request.call_id = (char *)(uintptr_t) "1";
	request.from_tag = (char *)(uintptr_t) "a";
	request.branch = (char *)(uintptr_t) "x";
	request.sdp = (char *)(uintptr_t)rig_sdes_phone(3, KEY_A, "");
	request.to = &to;
	request.keys = keys;
	return rig_ask(session_offer, &request);
}

/* Who is called next has not answered yet; the offerer has. */
static void another_party_is_keyed_otherwise(void **state)
{
	struct fake_leg *a, *b;

	share(&a, &b);
	assert_done(offer_branch(OWN, AVP));
	assert_done(rig_answer("1", "a", "c", rig_phone(43000, "")));
	assert_hides(KEY_B);
	assert_int_not_equal(a->keys->put_keys->send_key.len, 0);
	assert_memory_not_equal(a->keys->put_keys->send_key.data, B, 4);
	assert_refused(offer_branch(SHARED, SAVP), SESSION_UNIMPLEMENTED,
		       "cannot change to KEYS_SHARED");
}

/* To plain RTP on one side: the key of the other one's participant stays its own. */
static void sharing_ends_with_sdes(void **state)
{
	struct fake_leg *a, *b;

	share(&a, &b);
	assert_refused(offer_keys("a", rig_phone(41000, ""), -1, DEFAULT), SESSION_INVALID_ARGUMENT,
		       "or KEYS_OWN");
	assert_done(offer_keys("a", rig_phone(41000, ""), -1, OWN));
	assert_shows("a=crypto:1 AEAD_AES_128_GCM inline:");
	assert_hides(KEY_A);
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_memory_not_equal(b->keys->put_keys->send_key.data, A, 4);
}

/* Keys are in no blob, but that they are shared is. */
static void the_control_plane_restarts(void **state)
{
	struct fake_leg *a, *b;

	share(&a, &b);
	assert_int_equal(fake_call_count(&rig.fake), 1);
	assert_null(memmem(rig.fake.calls[0]->put_call->blob.data,
			   rig.fake.calls[0]->put_call->blob.len, A, 4));
	assert_null(memmem(rig.fake.calls[0]->put_call->blob.data,
			   rig.fake.calls[0]->put_call->blob.len, B, 4));
	rig_stop();
	rig_start();
	assert_int_equal(rig.fake.key_puts, 2);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_done(offer_keys("b", rig_sdes_phone(1, KEY_B, ""), -1, DEFAULT));
	assert_shows("a=crypto:1 " CM80 KEY_B "\r\n");
	assert_done(rig_answer("1", "b", "a", rig_sdes_phone(1, KEY_A, "")));
	/* Whether they are the same the dataplane knows, and goes on with them as they are. */
	assert_keys(a, 2, A);
	assert_keys(b, 2, B);
	rig_stop();
	rig_start();
	assert_done(offer_keys("a", rig_sdes_phone(1, KEY_A, ""), -1, OWN));
	assert_hides(KEY_A);
}

static void the_dataplane_restarts(void **state)
{
	struct fake_leg *a, *b;

	share(&a, &b);
	fake_hang_up(&rig.fake);
	fake_forget(&rig.fake);
	rig_wait(!rig.session->ready);
	rig_wait(rig.session->ready);
	rig_wait(fake_count(&rig.fake) == 2);
	assert_int_equal(rig.fake.key_puts, 2);
	assert_done(rig_query("1"));
	assert_non_null(strstr(rig_leg_of("a")->why, "a re-offer brings new ones"));
	assert_done(offer_keys("a", rig_sdes_phone(1, KEY_C, ""), -1, DEFAULT));
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(1, KEY_B, "")));
	a = rig_leg("audio");
	assert_memory_equal(a->keys->put_keys->receive_key.data, C, 4);
}

static void nobody_else_listens(void **state)
{
	Tandem__Relay__V1__SubscribeRequest request = TANDEM__RELAY__V1__SUBSCRIBE_REQUEST__INIT;
	struct fake_leg *a, *b;

	request.call_id = (char *)(uintptr_t) "1";
	request.tag = (char *)(uintptr_t) "r";
	share(&a, &b);
	rig_ask(session_subscribe, &request);
	assert_refused(rig.got.code, SESSION_FAILED_PRECONDITION, "KEYS_OWN");
	assert_int_equal(fake_count(&rig.fake), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_cross),
		TEST(only_lines_that_the_relay_can_check),
		TEST(only_suites_that_were_asked_for),
		TEST(refusals),
		TEST(a_hold_is_no_rekeying),
		TEST(new_keys),
		TEST(sharing_ends_and_does_not_begin),
		TEST(another_party_is_keyed_otherwise),
		TEST(sharing_ends_with_sdes),
		TEST(the_control_plane_restarts),
		TEST(the_dataplane_restarts),
		TEST(nobody_else_listens),
	};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
