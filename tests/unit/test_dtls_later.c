/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes after the handshake: data, closing, restarts, the end. */
#include "tests/rig/pair.h"

static void test_application_data_is_ignored(void **state)
{
	struct dtls_counters counters;

	pair_init(DTLS_SERVER);
	pair.peer_interval_ms = 2000; /* no retransmission, all of which would be discarded */
	pair_handshake();
	assert_int_equal(SSL_write(pair.peer, "hello", 5), 5);
	pair_settle();
	counters = pair.dtls->counters;
	assert_int_equal(counters.ignored, 1);
	assert_int_equal(counters.discarded, 0);
	assert_int_equal(pair.failed + pair.closed, 0);
}

static void test_renegotiation_is_refused(void **state)
{
	pair_init(DTLS_SERVER);
	pair_handshake();
	SSL_renegotiate(pair.peer);
	SSL_do_handshake(pair.peer);
	pair.peer_done = false; /* its new handshake is, and ends with our warning */
	pair_run_until(pair.peer_error);
	assert_int_equal(pair.peer_error, SSL_R_NO_RENEGOTIATION);
	assert_int_equal(pair.done, 1);
	assert_int_equal(pair.failed + pair.restarted, 0);
}

static void test_peer_closes(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		pair_init(role);
		pair_handshake();
		SSL_shutdown(pair.peer);
		pair_run_until(pair.closed);
		assert_non_null(strstr(pair.text, "close_notify"));
		assert_int_equal(pair.failed, 0);
	}
}

static void test_peer_restarts(void **state)
{
	struct datagram old_hello;
	struct dtls_result first;
	struct dtls *old;

	pair_init(DTLS_SERVER);
	pair_handshake();
	old_hello = pair.lanes[TO_US].queue[0];
	first = pair.result;

	/* A late copy of the hello that began it all is nothing. */
	dtls_receive(pair.dtls, old_hello.data, old_hello.length);
	assert_int_equal(pair.restarted, 0);

	/* The peer forgets everything and calls again, twice the same. */
	old = pair.dtls;
	pair_renew_peer();
	pair.lanes[TO_US].fault = DUPLICATE;
	pair.lanes[TO_US].fault_at = pair.lanes[TO_US].count;
	pair_step_peer();
	pair_run_until(pair.restarted);
	pair_settle();
	assert_int_equal(pair.restarted, 1);
	assert_int_equal(pair.done, 1);
	assert_int_equal(pair.failed + pair.closed, 0);
	assert_memory_equal(&first, &pair.result, sizeof(first));

	pair_start_ours();
	dtls_receive(pair.dtls, pair.restart.data, pair.restart.length);
	pair_run_until(pair.done == 2 && pair.peer_done);
	pair_expect_keys();
	assert_memory_not_equal(&first.rx, &pair.result.rx, sizeof(first.rx));
	dtls_free(old);
}

static void call_again(void)
{
	struct lane *lane = &pair.lanes[TO_US];
	const struct datagram *hello;

	pair_renew_peer();
	pair_step_peer();
	/* Handed over at once: the old association's timers must not answer the new peer. */
	hello = &lane->queue[lane->head++ % PAIR_QUEUE];
	dtls_receive(pair.dtls, hello->data, hello->length);
	assert_int_equal(pair.restarted, 1);
	dtls_free(pair.dtls);
	pair.done = 0;
	pair_start_ours();
	dtls_receive(pair.dtls, pair.restart.data, pair.restart.length);
	pair_run_until(pair.done && pair.peer_done);
	pair_expect_keys();
}

static void test_peer_restarts_after_closing(void **state)
{
	pair_init(DTLS_SERVER);
	pair_handshake();
	SSL_shutdown(pair.peer);
	pair_run_until(pair.closed);
	call_again();
}

static void test_peer_restarts_amid_the_handshake(void **state)
{
	pair_init(DTLS_SERVER);
	pair.config.no_cookie = true;
	pair_start();
	dtls_receive(pair.dtls, pair.lanes[TO_US].queue[0].data, pair.lanes[TO_US].queue[0].length);
	/* What was on its way is lost. */
	pair.lanes[TO_US].head = pair.lanes[TO_US].tail;
	pair.lanes[TO_PEER].head = pair.lanes[TO_PEER].tail;
	call_again();
	assert_int_equal(pair.failed, 0);
}

/* Somebody who has the cookie stalls half-way: the participant's own hello begins anew. */
static void test_a_hello_with_the_cookie_begins_anew(void **state)
{
	struct lane *in = &pair.lanes[TO_US], *out = &pair.lanes[TO_PEER];

	pair_init(DTLS_SERVER);
	pair.config.retransmit_ms = 1000;
	pair_start();
	dtls_receive(pair.dtls, in->queue[0].data, in->queue[0].length);
	pair_take(&out->queue[0]);
	dtls_receive(pair.dtls, in->queue[1].data, in->queue[1].length);
	assert_true(out->count > 1);
	in->head = in->tail;
	out->head = out->tail;
	pair_renew_peer();
	pair_step_peer();
	pair_run_until(pair.failed || (pair.done && pair.peer_done));
	assert_int_equal(pair.failed + pair.restarted, 0);
	pair_expect_keys();
}

/* Otherwise an owner that starts anew on every restart would fail at the same hello for ever. */
static void test_a_refused_hello_is_no_restart(void **state)
{
	const struct datagram *hello = &pair.lanes[TO_US].queue[0];

	pair_init(DTLS_SERVER);
	pair.peer_version = DTLS1_VERSION;
	pair_start();
	pair_expect_failure(DTLS_FAIL_PROTOCOL, "does not speak DTLS 1.2");
	dtls_receive(pair.dtls, hello->data, hello->length);
	assert_int_equal(pair.restarted, 0);
	assert_int_equal(pair.failed, 1);
}

static void test_free_in_callback(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		pair_init(role);
		pair.free_in_callback = true;
		pair_start();
		pair_run_until(pair.done);

		pair_init(role);
		pair.free_in_callback = true;
		pair.profiles = NULL;
		pair_start();
		pair_run_until(pair.failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_application_data_is_ignored),
		cmocka_unit_test(test_renegotiation_is_refused),
		cmocka_unit_test(test_peer_closes),
		cmocka_unit_test(test_peer_restarts),
		cmocka_unit_test(test_peer_restarts_after_closing),
		cmocka_unit_test(test_peer_restarts_amid_the_handshake),
		cmocka_unit_test(test_a_hello_with_the_cookie_begins_anew),
		cmocka_unit_test(test_a_refused_hello_is_no_restart),
		cmocka_unit_test(test_free_in_callback),
	};

	return cmocka_run_group_tests(tests, pair_group_start, pair_group_stop);
}
