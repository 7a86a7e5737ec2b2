/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys and their epochs: how they come, and when they go. */
#include "tests/rig/counting.h"

static void names_what_is_wrong_with_keys(void **state)
{
	struct relay *r = *state;
	struct keys k;
	struct put p;

	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	relay_expect_error(r, relay_put_keys(r, &k), ENOENT, "leg: no such leg");
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	relay_expect_error(r, relay_put_keys(r, &k), EINVAL, "keys: the leg's profile has no SRTP");
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int which = 0; which < 4; which++) {
		ProtobufCBinaryData *data[] = {&k.m.receive_key, &k.m.receive_salt, &k.m.send_key,
					       &k.m.send_salt};

		data[which]->len--;
		relay_expect_error(r, relay_put_keys(r, &k), EINVAL,
				   "keys: not of the suite's lengths");
		data[which]->len++;
	}
	k.m.suite = SUITE_COUNT;
	relay_expect_error(r, relay_put_keys(r, &k), EINVAL,
			   "suite: not one that this version knows");
	k.m.suite = SUITE_NONE;
	relay_expect_error(r, relay_put_keys(r, &k), EINVAL,
			   "suite: not one that this version knows");
	k.m.suite = SUITE_AEAD_AES_128_GCM;
	k.m.epoch = 0;
	relay_expect_error(r, relay_put_keys(r, &k), ESTALE, "epoch: older than the current one");
	k.m.epoch = 1;
	for (counting.refused_after = 0; counting.refused_after < 2; counting.refused_after++) {
		counting.created = 0;
		relay_expect_error(r, relay_put_keys(r, &k), ENOTSUP,
				   "suite: the crypto engine does not take this key");
		assert_int_equal(counting_alive(), 0);
		assert_int_equal(relay_record(r, 1)->key_epoch, 0);
	}
	counting.refused_after = UINT32_MAX;
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(counting_alive(), 2);
}

static void epochs_go_forward(void **state)
{
	struct relay *r = *state;
	const struct leg_config *now;
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	keys_init(&k, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(counting.created, 2); /* twice is once */
	assert_null(relay_config(r, 1)->receive_previous);
	assert_int_equal(relay_config(r, 1)->receive->direction, CRYPT_RECEIVE);
	assert_int_equal(relay_config(r, 2)->own.send->direction, CRYPT_SEND);
	assert_true(relay_config(r, 2)->own.protects);
	assert_null(relay_config(r, 1)->own.send);

	keys_init(&k, 1, 2, SUITE_AEAD_AES_256_GCM);
	k.m.grace_ms = 2000;
	assert_int_equal(relay_put_keys(r, &k), 0);
	now = relay_config(r, 1);
	assert_int_equal(now->receive->epoch, 2);
	assert_int_equal(now->receive->suite, SUITE_AEAD_AES_256_GCM);
	assert_int_equal(now->receive_previous->epoch, 1);
	assert_in_range(now->grace_until, rte_rdtsc(), rte_rdtsc() + 2 * rte_get_tsc_hz());
	assert_int_equal(relay_config(r, 2)->own.send->epoch, 2);
	assert_int_equal(counting_alive(), 3);

	keys_init(&k, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	relay_expect_error(r, relay_put_keys(r, &k), ESTALE, "epoch: older than the current one");
	keys_init(&k, 1, 3, SUITE_AEAD_AES_256_GCM);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	assert_int_equal(counting_alive(), 3); /* the first epoch is gone */
	assert_int_equal(relay_config(r, 1)->receive_previous->epoch, 2);
}

/* A key lives as long as somebody may use it, and no longer. */
static void keys_go_when_the_workers_let_go(void **state)
{
	struct relay *r = *state;
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	assert_int_equal(relay_delete(r, 1), 0);
	for (unsigned int turn = 0; turn < 3; turn++)
		registry_poll(r->registry);
	assert_int_equal(counting_alive(), 2); /* both workers' configurations name one each */
	relay_run(r);
	assert_int_equal(counting_alive(), 0);
	assert_false(relay_config(r, 2)->has_own);
}

static int mode(struct relay *r, uint64_t id)
{
	const Tandem__Dataplane__V1__LegStatus *s = relay_status(r, id);
	int mode;

	assert_int_equal(s->n_paths, 1);
	mode = s->paths[0]->mode;
	return mode;
}

/* What becomes of a leg's packets follows from both legs. */
static void modes(void **state)
{
	static const struct {
		Tandem__Dataplane__V1__Security phone, browser;
		Tandem__Dataplane__V1__Mode to_browser, to_phone;
	} cases[] = {
		{TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE,
		 TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE,
		 TANDEM__DATAPLANE__V1__MODE__MODE_PASS, TANDEM__DATAPLANE__V1__MODE__MODE_PASS},
		{TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES,
		 TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE,
		 TANDEM__DATAPLANE__V1__MODE__MODE_DECRYPT,
		 TANDEM__DATAPLANE__V1__MODE__MODE_ENCRYPT},
		{TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES,
		 TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS,
		 TANDEM__DATAPLANE__V1__MODE__MODE_TRANSCRYPT,
		 TANDEM__DATAPLANE__V1__MODE__MODE_TRANSCRYPT},
	};
	struct relay *r = *state;
	struct put p;

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		put_phone(&p);
		p.m.security = cases[i].phone;
		assert_int_equal(relay_put(r, &p), 0);
		put_browser(&p);
		p.m.security = cases[i].browser;
		assert_int_equal(relay_put(r, &p), 0);
		assert_int_equal(mode(r, 1), cases[i].to_browser);
		assert_int_equal(mode(r, 2), cases[i].to_phone);
	}
}

static void put_secure(struct relay *r, uint64_t leg, uint64_t peer)
{
	struct put p;

	if (leg == 1)
		put_phone(&p);
	else
		put_browser(&p);
	p.m.leg = leg;
	p.peer = peer;
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	if (leg > 2)
		p.m.local->port += 2 * leg;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
}

#define SPENT "send_key: it has protected packets before; make a new one"

static void a_sending_key_begins_once(void **state)
{
	struct relay *r = *state;
	struct keys first, k;

	put_secure(r, 1, 2);
	put_secure(r, 2, 1);
	keys_init(&first, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(relay_put_keys(r, &first), 0);
	/* The same key under another epoch goes on. */
	first.m.epoch = 2;
	assert_int_equal(relay_put_keys(r, &first), 0);
	assert_int_equal(counting.created, 2);

	/* Another one, and the first again. */
	keys_init(&k, 1, 3, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(relay_put_keys(r, &k), 0);
	first.m.epoch = 4;
	relay_expect_error(r, relay_put_keys(r, &first), EKEYREJECTED, SPENT);
	/* On another leg; and what a participant protects with. */
	keys_init(&k, 2, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	memcpy(k.send_key, first.send_key, sizeof(k.send_key));
	memcpy(k.send_salt, first.send_salt, sizeof(k.send_salt));
	relay_expect_error(r, relay_put_keys(r, &k), EKEYREJECTED, SPENT);
	memcpy(k.send_key, first.receive_key, sizeof(k.send_key));
	memcpy(k.send_salt, first.receive_salt, sizeof(k.send_salt));
	relay_expect_error(r, relay_put_keys(r, &k), EKEYREJECTED, SPENT);
	/* Without a sending key there is nothing that it could protect with. */
	k.m.send_key.len = k.m.send_salt.len = 0;
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_null(relay_config(r, 1)->own.send);
	/* A deleted leg's key is no new one. */
	assert_int_equal(relay_delete(r, 1), 0);
	relay_run(r);
	put_secure(r, 1, 2);
	keys_init(&k, 1, 3, SUITE_AES_CM_128_HMAC_SHA1_80);
	relay_expect_error(r, relay_put_keys(r, &k), EKEYREJECTED, SPENT);
}

/* 1, then 3, then 1 again: leg 2 keeps its key, and each of them lets go before the next begins. */
static void who_is_heard_changes_under_one_key(void **state)
{
	struct relay *r = *state;
	struct keys k;

	put_secure(r, 1, 2);
	put_secure(r, 2, 1);
	put_secure(r, 3, 0);
	keys_init(&k, 2, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_non_null(relay_config(r, 1)->own.send);
	for (unsigned int turn = 0; turn < 3; turn++) {
		uint64_t before = turn % 2 ? 3 : 1, next = turn % 2 ? 1 : 3;

		assert_int_equal(relay_delete_path(r, before, 2), 0);
		if (turn == 0)
			assert_int_equal(relay_delete_path(r, 2, 1), 0);
		assert_int_equal(relay_put_path(r, next, 2, false, false), 0);
		assert_null(relay_record(r, next)->latest->own.send); /* not yet */
		assert_non_null(relay_config(r, next)->own.send);
		assert_non_null(relay_config(r, next)->own.sent);
		assert_false(relay_config(r, before)->has_own);
	}
	/* With another key nothing of that counts. */
	k.m.epoch = 2;
	k.send_key[0] ^= 1;
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_null(relay_config(r, 3)->own.sent);
	/* The one that is heard goes. */
	assert_int_equal(relay_delete(r, 3), 0);
	assert_int_equal(relay_put_path(r, 1, 2, false, false), 0);
	assert_null(relay_record(r, 1)->latest->own.send);
	assert_non_null(relay_config(r, 1)->own.sent);
}

static int create_real(void **state)
{
	*state = relay_create(RELAY_LEGS, 1, 1, &crypt_ipsec_mb);
	return crypt_ipsec_mb.start();
}

static int destroy_real(void **state)
{
	relay_destroy(*state);
	crypt_ipsec_mb.stop();
	return 0;
}

/* However many there were, what is in force is remembered. */
static void keys_in_force_are_remembered(void **state)
{
	struct relay *r = *state;
	struct keys long_lived, k;

	put_secure(r, 1, 2);
	put_secure(r, 2, 1);
	keys_init(&long_lived, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(relay_put_keys(r, &long_lived), 0);
	for (uint32_t epoch = 1; epoch < 2000; epoch++) {
		keys_init(&k, 2, epoch, SUITE_AES_CM_128_HMAC_SHA1_80);
		memcpy(k.send_key, &epoch, sizeof(epoch));
		memcpy(k.receive_key, &epoch, sizeof(epoch));
		assert_int_equal(relay_put_keys(r, &k), 0);
		relay_run(r);
	}
	k.m.epoch++;
	memcpy(k.send_key, long_lived.send_key, sizeof(k.send_key));
	memcpy(k.send_salt, long_lived.send_salt, sizeof(k.send_salt));
	relay_expect_error(r, relay_put_keys(r, &k), EKEYREJECTED, SPENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(names_what_is_wrong_with_keys),
		CASE(epochs_go_forward),
		CASE(modes),
		CASE(a_sending_key_begins_once),
		CASE(who_is_heard_changes_under_one_key),
		cmocka_unit_test_setup_teardown(keys_in_force_are_remembered, create_real,
						destroy_real),
		CASE_TWO(keys_go_when_the_workers_let_go),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
