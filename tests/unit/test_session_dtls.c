/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys by DTLS: a real handshake crosses the fake dataplane. */
#include "tests/rig/control.h"

#include "controlplane/dtls/dtls.h"
#include "controlplane/session/call_state.h"

/* --- DTLS ------------------------------------------------------------------------------------ */

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

	fake_event(&rig.fake, peer->leg->put->put_leg->leg,
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
	rig.fake.transmit = peer_receive;
	rig.fake.transmit_arg = peer;
}

static void peer_start(struct peer *peer, enum dtls_role role)
{
	struct dtls_config c = {.loop = &rig.loop,
				.identity = peer->identity,
				.role = role,
				.arg = peer,
				.send = peer_send,
				.done = peer_done,
				.fail = peer_fail};
	struct sdp_fingerprint print = {.hash = "sha-256", .length = 32};
	const char *at = strstr(rig.got.sdp, "a=fingerprint:sha-256 ");

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

/* What a control plane that starts anew would read of the leg. */
static uint32_t kept_handshake_ms(const struct fake_leg *leg)
{
	Tandem__State__V2__Call *kept = call_state_unpack(rig.fake.calls[0]->put_call->blob.data,
							  rig.fake.calls[0]->put_call->blob.len);
	uint32_t ms = UINT32_MAX;

	assert_non_null(kept);
	for (size_t i = 0; i < kept->n_parties; i++)
		for (size_t k = 0; k < kept->parties[i]->n_legs; k++)
			if (kept->parties[i]->legs[k]->id == leg->put->put_leg->leg)
				ms = kept->parties[i]->legs[k]->handshake_ms;
	call_state_free(kept);
	return ms;
}

static void browser_offers_and_is_client(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	peer.leg = rig_leg("audio");
	peer.leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED;
	fake_event(&rig.fake, peer.leg->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, NULL, 0);
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done && peer.leg->keys);
	assert_int_equal(peer.leg->keys->put_keys->epoch, 1);
	assert_int_equal(peer.leg->keys->put_keys->suite, peer.result.suite);
	assert_memory_equal(peer.leg->keys->put_keys->receive_key.data, peer.result.tx.key, 16);
	assert_memory_equal(peer.leg->keys->put_keys->send_key.data, peer.result.rx.key, 16);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_int_equal(rig_leg_of("a")->dtls, TANDEM__RELAY__V1__LINK_STATE__LINK_UP);
	assert_string_equal(rig_leg_of("a")->suite, suite_name(peer.result.suite));
	assert_int_equal(kept_handshake_ms(peer.leg), rig_leg_of("a")->handshake_ms);
	/* A hold keeps the association and the fingerprint. */
	assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "a=inactive\r\n")));
	assert_int_equal(rig.fake.key_puts, 1);
	assert_shows("a=setup:passive");
	peer_close(&peer);
	/* Another certificate is another association, with the next epoch. */
	{
		struct fake_leg *leg = peer.leg;

		peer_open(&peer);
		peer.leg = leg;
	}
	assert_done(rig_offer("1", "a", rig_browser("cccc", peer.print, "actpass", false), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	/* A new connection does not take the old keys for those of the new one. */
	fake_hang_up(&rig.fake);
	rig_wait(!rig.session->ready);
	rig_wait(rig.session->ready);
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done && rig.fake.key_puts == 2);
	assert_int_equal(peer.leg->keys->put_keys->epoch, 2);
	peer_close(&peer);
}

static void ignore_reply(void *arg, const ProtobufCMessage *reply,
			 const struct session_error *error)
{
	++*(unsigned int *)arg;
}

/* Delete comes after any datagram of the handshake, and the others after it: nothing is left. */
static void a_deleted_leg_stays_so(void **state)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	request.call_id = (char *)"1";
	for (unsigned int turns = 0; turns < 12; turns++) {
		unsigned int replies = 0;
		struct peer peer;

		peer_open(&peer);
		assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false),
				      AVP));
		assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
		peer.leg = rig_leg("audio");
		peer.leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED;
		fake_event(&rig.fake, peer.leg->put->put_leg->leg,
			   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, NULL, 0);
		peer_start(&peer, DTLS_CLIENT);
		for (unsigned int k = 0; k < turns; k++)
			uv_run(&rig.loop, UV_RUN_NOWAIT);
		session_delete(rig.session, &request, ignore_reply, &replies);
		rig_wait(replies == 1);
		rig_settle(30);
		assert_int_equal(fake_count(&rig.fake), 0);
		peer_close(&peer);
	}
}

static void browser_answers_passive(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), WEBRTC));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_SERVER);
	assert_done(rig_answer("1", "a", "b", rig_browser("bbbb", peer.print, "passive", false)));
	assert_false(peer.done);
	fake_event(&rig.fake, peer.leg->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, NULL, 0);
	rig_wait(peer.done && peer.leg->keys);
	assert_memory_equal(peer.leg->keys->put_keys->receive_key.data, peer.result.tx.key, 16);
	peer_close(&peer);
}

/* As metrics have it; the peer of one that failed may have begun another by now. */
static void assert_handshakes(unsigned int done, bool wrong)
{
	const struct counts *c = session_counts(rig.session);
	uint64_t samples = 0, failed = 0;

	for (unsigned int k = 0; k <= HISTOGRAM_BOUNDS; k++)
		samples += c->handshake.counts[k];
	for (unsigned int k = 0; k < COUNTS_FAILURES; k++)
		failed += c->handshakes_failed[k];
	assert_int_equal(c->handshakes_done, done);
	assert_int_equal(samples, done);
	assert_int_equal(failed, c->handshakes_failed[DTLS_FAIL_FINGERPRINT]);
	assert_int_equal(failed > 0, wrong);
	assert_true(c->handshakes_begun >= done + failed);
}

/* The handshake may be over before the answer is: no key leaves before the fingerprint is known. */
static void keys_wait_for_the_answer(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), WEBRTC));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done);
	rig_settle(20);
	assert_int_equal(rig.fake.key_puts, 0);
	assert_done(rig_answer("1", "a", "b", rig_browser("bbbb", peer.print, "active", false)));
	rig_wait(rig.fake.key_puts == 1);
	assert_handshakes(1, false);
	peer_close(&peer);
}

static void a_wrong_fingerprint_gets_no_key(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_B, "actpass", false), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.failed);
	assert_done(rig_query("1"));
	assert_int_equal(rig.fake.key_puts, 0);
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_FAILED);
	assert_int_equal(rig_leg_of("a")->dtls, TANDEM__RELAY__V1__LINK_STATE__LINK_FAILED);
	assert_non_null(strstr(rig_leg_of("a")->why, "DTLS: "));
	assert_non_null(strstr(rig_leg_of("a")->why, "fingerprint"));
	assert_handshakes(0, true);
	peer_close(&peer);
}

static void refused_keys_are_told(void **state)
{
	struct peer peer;

	rig.fake.refuse_keys = EINVAL;
	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(rig.fake.key_puts == 1);
	assert_done(rig_query("1")); /* its reply comes after the refusal */
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_FAILED);
	assert_non_null(strstr(rig_leg_of("a")->why, "the dataplane refused the keys"));
	assert_string_equal(rig_leg_of("a")->suite, "");
	peer_close(&peer);
}

/* A DTLS leg shows another fingerprint then, so that its participant begins anew. */
/* The offerer has not seen the certificate that went with the first control plane. */
static void it_rings_while_the_control_plane_restarts(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false), AVP));
	rig_stop();
	rig_start();
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done && peer.leg->keys);
	peer_close(&peer);
}

static void the_dataplane_restarts_under_dtls(void **state)
{
	struct peer peer;
	char *before;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	before = strdup(strstr(rig.got.sdp, "a=fingerprint"));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done && peer.leg->keys);
	fake_hang_up(&rig.fake);
	fake_forget(&rig.fake);
	rig_wait(!rig.session->ready);
	rig_wait(rig.session->ready && fake_count(&rig.fake) == 2);
	assert_done(rig_query("1"));
	assert_int_equal(rig_leg_of("a")->dtls, TANDEM__RELAY__V1__LINK_STATE__LINK_LOST);
	assert_done(rig_offer("1", "a", rig_browser("cccc", peer.print, "actpass", false), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_string_not_equal(strstr(rig.got.sdp, "a=fingerprint"), before);
	peer.leg = rig_leg("audio");
	dtls_free(peer.dtls);
	peer.done = false;
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done && peer.leg->keys);
	assert_int_equal(peer.leg->keys->put_keys->epoch, 2);
	peer_close(&peer);
	free(before);
}

static void from_sdes_to_dtls_and_back(void **state)
{
	struct peer peer;

	peer_open(&peer);
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(rig.fake.key_puts, 1);
	assert_done(rig_offer("1", "a", rig_browser("aaaa", peer.print, "actpass", false), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	peer.leg = rig_leg("audio");
	peer_start(&peer, DTLS_CLIENT);
	rig_wait(peer.done && peer.leg->keys->put_keys->epoch == 2);
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(peer.leg->keys->put_keys->epoch, 3);
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->suite, "AES_CM_128_HMAC_SHA1_80");
	assert_non_null(strstr(rig_leg_of("a")->why, "nothing received"));
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(browser_offers_and_is_client),
		TEST(browser_answers_passive),
		TEST(a_deleted_leg_stays_so),
		TEST(keys_wait_for_the_answer),
		TEST(a_wrong_fingerprint_gets_no_key),
		TEST(refused_keys_are_told),
		TEST(it_rings_while_the_control_plane_restarts),
		TEST(the_dataplane_restarts_under_dtls),
		TEST(from_sdes_to_dtls_and_back),
	};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
