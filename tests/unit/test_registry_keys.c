/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys and their epochs: how they come, and when they go. */
#include "tests/unit/registry_rig.h"

static void names_what_is_wrong_with_keys(void **state)
{
	struct relay *r = *state;
	struct keys k;
	struct put p;

	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	expect_error(r, relay_put_keys(r, &k), ENOENT, "leg: no such leg");
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	expect_error(r, relay_put_keys(r, &k), EINVAL, "keys: the leg's profile has no SRTP");
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int which = 0; which < 4; which++) {
		ProtobufCBinaryData *data[] = {&k.m.receive_key, &k.m.receive_salt, &k.m.send_key,
					       &k.m.send_salt};

		data[which]->len--;
		expect_error(r, relay_put_keys(r, &k), EINVAL, "keys: not of the suite's lengths");
		data[which]->len++;
	}
	k.m.suite = SUITE_COUNT;
	expect_error(r, relay_put_keys(r, &k), EINVAL, "suite: not one that this version knows");
	k.m.suite = SUITE_NONE;
	expect_error(r, relay_put_keys(r, &k), EINVAL, "suite: not one that this version knows");
	k.m.suite = SUITE_AEAD_AES_128_GCM;
	k.m.epoch = 0;
	expect_error(r, relay_put_keys(r, &k), ESTALE, "epoch: older than the current one");
	k.m.epoch = 1;
	for (refused_after = 0; refused_after < 2; refused_after++) {
		created = 0;
		expect_error(r, relay_put_keys(r, &k), ENOTSUP,
			     "suite: the crypto engine does not take this key");
		assert_int_equal(count_alive(), 0);
		assert_int_equal(record(r, 1)->key_epoch, 0);
	}
	refused_after = UINT32_MAX;
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(count_alive(), 2);
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
	assert_int_equal(created, 2); /* twice is once */
	assert_false(record(r, 1)->shared);
	assert_null(config(r, 1)->receive_previous);
	assert_int_equal(config(r, 1)->receive->direction, CRYPT_RECEIVE);
	assert_int_equal(config(r, 2)->send->direction, CRYPT_SEND);
	assert_true(config(r, 2)->peer_secure);
	assert_null(config(r, 1)->send);

	keys_init(&k, 1, 2, SUITE_AEAD_AES_256_GCM);
	k.m.grace_ms = 2000;
	k.m.shared = true;
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_true(record(r, 1)->shared);
	now = config(r, 1);
	assert_int_equal(now->receive->epoch, 2);
	assert_int_equal(now->receive->suite, SUITE_AEAD_AES_256_GCM);
	assert_int_equal(now->receive_previous->epoch, 1);
	assert_in_range(now->grace_until, rte_rdtsc(), rte_rdtsc() + 2 * rte_get_tsc_hz());
	assert_int_equal(config(r, 2)->send->epoch, 2);
	assert_int_equal(count_alive(), 3);

	keys_init(&k, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	expect_error(r, relay_put_keys(r, &k), ESTALE, "epoch: older than the current one");
	keys_init(&k, 1, 3, SUITE_AEAD_AES_256_GCM);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	assert_int_equal(count_alive(), 3); /* the first epoch is gone */
	assert_int_equal(config(r, 1)->receive_previous->epoch, 2);
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
	assert_int_equal(count_alive(), 2); /* both workers' configurations name one each */
	relay_run(r);
	assert_int_equal(count_alive(), 0);
	assert_null(config(r, 2)->send);
	assert_false(config(r, 2)->peer_secure);
}

static int mode(struct relay *r, uint64_t id)
{
	Tandem__Dataplane__V1__LegStatus *s = status(r, id);
	int mode = s->mode;

	status_free(s);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(names_what_is_wrong_with_keys),
		CASE(epochs_go_forward),
		CASE(modes),
		CASE_TWO(keys_go_when_the_workers_let_go),
	};

	if (bench_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
