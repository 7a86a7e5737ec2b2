/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams of the control plane, on their way to a participant. */
#include "tests/rig/counting.h"

static int transmit(struct relay *r, uint64_t leg, const char *to, size_t length)
{
	Tandem__Dataplane__V1__Transmit t = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;
	Tandem__Dataplane__V1__Endpoint e;
	static uint8_t octets[2000] = {22, 0xfe, 0xfd};
	uint8_t address[16];

	t.leg = leg;
	t.datagram.data = octets;
	t.datagram.len = length;
	if (to) {
		put_endpoint(&e, address, to, 5555);
		t.to = &e;
	}
	r->what = "";
	return registry_transmit(r->registry, &t, &r->what);
}

static void transmits(void **state)
{
	static const char unknown[] = "the participant's address is not known yet";
	static const char not_now[] = "the datagram could not be sent now";
	struct relay *r = *state;
	struct put p;

	relay_expect_error(r, transmit(r, 2, NULL, 100), ENOENT, "leg: no such leg");
	put_browser(&p);
	p.m.remote = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	relay_expect_error(r, transmit(r, 2, NULL, 100), EDESTADDRREQ, unknown);
	relay_expect_error(r, transmit(r, 2, "2001:db8:1::9", 100), EINVAL,
			   "to: needs an address of the leg's family and a port");
	/* The first time the next hop is not known: the datagram waits for it. */
	assert_int_equal(transmit(r, 2, BROWSER, 99), 0);
	assert_int_equal(r->sent_count, 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(transmit(r, 2, NULL, 100), 0);
	assert_int_equal(transmit(r, 2, BROWSER, 1472), 0);
	relay_expect_error(r, transmit(r, 2, NULL, 1473), EMSGSIZE, not_now);
	relay_run(r);
	assert_int_equal(r->sent_count, 3);
	assert_int_equal(r->sent[0].length, 42 + 99);
	assert_int_equal(r->sent[1].length, 42 + 100);
	assert_int_equal(r->sent[2].length, 42 + 1472);
	assert_int_equal(r->sent[0].octets[42], 22);
	assert_int_equal(r->sent[0].octets[36] << 8 | r->sent[0].octets[37], 5555);
	assert_int_equal(r->sent[1].octets[36] << 8 | r->sent[1].octets[37], 40000);
	assert_int_equal(r->sent[2].octets[36] << 8 | r->sent[2].octets[37], 5555);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(transmits),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
