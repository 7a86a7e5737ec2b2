/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who forges the participant's address and does not see what is sent to it: no handshake ends for
 * that, and none begins.
 */
#include "controlplane/dtls/dtls_cookie.h"
#include "tests/rig/pair.h"

#define HELLO 78 /* octets of a ClientHello's record with an empty session id and no extensions */

/* A record of epoch 0 with one whole message of `length` octets behind its header. */
static size_t forge_message(uint8_t *record, uint8_t type, unsigned int sequence, size_t length)
{
	const uint8_t head[] = {22,       0xfe, 0xfd, 0,           0,    0, 0,     0,      0,
				0,        99,   0,    12 + length, type, 0, 0,     length, 0,
				sequence, 0,    0,    0,           0,    0, length};

	memcpy(record, head, sizeof(head));
	memset(record + sizeof(head), 0x5a, length);
	return sizeof(head) + length;
}

static size_t forge_hello(uint8_t *record, uint8_t random, unsigned int sequence,
			  const uint8_t *cookie, uint8_t cookie_length)
{
	size_t length = forge_message(record, 1, sequence, 41 + cookie_length);
	uint8_t *p = record + 25;

	p[0] = 0xfe;
	p[1] = 0xfd;
	memset(p + 2, random, 32);
	p[34] = 0;
	p[35] = cookie_length;
	memcpy(p + 36, cookie, cookie_length);
	memcpy(p + 36 + cookie_length, "\x00\x02\xc0\x2b\x01\x00", 5);
	return length;
}

/* One of them at a time comes ahead of one of the peer's datagrams. */
static unsigned int which, ahead_of, arrived;

static size_t forge(uint8_t *record)
{
	static const uint8_t wrong[DTLS_DATAGRAM_MAX];
	static const uint8_t records[][16] = {
		{15, 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40}, /* handshake_failure */
		{15, 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 1, 0},  /* close_notify */
		{15, 21, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 42},
		{14, 20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 1, 1},
		{14, 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 1, 1},
		{14, 23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 1, 1},
		{15, 21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40},
		{14, 22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 1, 1},
	};

	if (which < sizeof(records) / sizeof(records[0])) {
		memcpy(record, records[which] + 1, records[which][0]);
		return records[which][0];
	}
	switch (which - sizeof(records) / sizeof(records[0])) {
	case 0:
		return forge_hello(record, 0x11, 0, wrong, 0);
	case 1:
		return forge_hello(record, 0x22, 1, wrong, DTLS_COOKIE_LENGTH);
	case 2:
		return forge_hello(record, 0x33, 1, wrong, 0);
	case 3:
		return forge_hello(record, 0x44, 0, wrong, 32);
	case 4:
		return forge_message(record, 11, 0, 30); /* certificate */
	case 5:
		return forge_message(record, 16, 1, 30); /* client_key_exchange */
	case 6:
		return forge_message(record, 2, 0, 30); /* server_hello */
	}
	return 0;
}

static void throw_in(void)
{
	uint8_t record[DTLS_DATAGRAM_MAX];

	if (arrived++ == ahead_of && pair.dtls)
		dtls_receive(pair.dtls, record, forge(record));
}

/* A client has no cookie to ask for: a forged answer to its hello spoils the handshake. */
static void forgeries_end_no_handshake(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++)
		for (which = 0; which < (role == DTLS_CLIENT ? 12 : 15); which++)
			for (ahead_of = 0; ahead_of < 3; ahead_of++) {
				pair_init(role);
				arrived = 0;
				pair.before_us = throw_in;
				pair_start();
				pair_run_until(pair.failed || (pair.done && pair.peer_done));
				if (pair.failed)
					fail_msg("role %d, forgery %u ahead of %u: %s", role, which,
						 ahead_of, pair.text);
				pair_expect_keys();
			}
}

/* Any number of forged hellos gets the same request, smaller than each, and leaves nothing. */
static void forged_hellos_are_asked(void **state)
{
	struct lane *out = &pair.lanes[TO_PEER];
	struct dtls_counters counters;
	uint8_t record[DTLS_DATAGRAM_MAX];

	pair_init(DTLS_SERVER);
	pair.peer_is_silent = true;
	pair.config.limit_ms = 50;
	pair_start();
	uv_timer_stop(&pair.clock);
	for (unsigned int k = 0; k < 100; k++) {
		size_t length = forge_hello(record, k, k % 2, record, k % 2 ? 20 : 0);

		dtls_receive(pair.dtls, record, length);
		assert_int_equal(out->count, k + 1);
		assert_true(out->longest < length);
		if (k)
			assert_memory_equal(out->queue[0].data, out->queue[k].data,
					    out->queue[k].length);
	}
	for (int turn = 0; turn < 20; turn++)
		uv_run(&pair.loop, UV_RUN_NOWAIT);
	uv_sleep(100);
	uv_run(&pair.loop, UV_RUN_NOWAIT);
	assert_int_equal(pair.failed, 0);
	counters = pair.dtls->counters;
	assert_int_equal(counters.asked, 100);
}

/* Of a hello in pieces, as a key share of 1,216 octets makes it, the first one is enough. */
static void the_first_fragment_is_asked(void **state)
{
	struct lane *out = &pair.lanes[TO_PEER];

	pair_init(DTLS_SERVER);
	pair.peer_mtu = 400;
	pair.alpn_length = 1300;
	pair_start();
	uv_timer_stop(&pair.clock);
	assert_true(pair.lanes[TO_US].tail >= 4);
	dtls_receive(pair.dtls, pair.lanes[TO_US].queue[0].data, pair.lanes[TO_US].queue[0].length);
	assert_int_equal(out->count, 1);
	assert_int_equal(out->queue[0].data[13], 3);
	dtls_receive(pair.dtls, pair.lanes[TO_US].queue[1].data, pair.lanes[TO_US].queue[1].length);
	assert_int_equal(out->count, 1);
}

/* What somebody may have said is told when time is up, and not before. */
static void an_alert_is_told_in_the_end(void **state)
{
	pair_init(DTLS_SERVER);
	pair.profiles = NULL; /* then OpenSSL's client ends it with an alert */
	pair.config.limit_ms = 300;
	pair_start();
	pair_run_until(pair.failed);
	assert_int_equal(pair.done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgeries_end_no_handshake),
		cmocka_unit_test(forged_hellos_are_asked),
		cmocka_unit_test(the_first_fragment_is_asked),
		cmocka_unit_test(an_alert_is_told_in_the_end),
	};

	return cmocka_run_group_tests(tests, pair_group_start, pair_group_stop);
}
