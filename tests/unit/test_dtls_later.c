/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes after the handshake: data, closing, restarts, the end. */
#include "tests/unit/dtls_rig.h"

static void test_application_data_is_ignored(void **state)
{
	struct dtls_counters counters;

	rig_init(&rig, DTLS_SERVER);
	rig.peer_interval_ms = 2000; /* no retransmission, all of which would be discarded */
	handshake();
	assert_int_equal(SSL_write(rig.peer, "hello", 5), 5);
	rig_settle(&rig);
	counters = rig.dtls->counters;
	assert_int_equal(counters.ignored, 1);
	assert_int_equal(counters.discarded, 0);
	assert_int_equal(rig.failed + rig.closed, 0);
	rig_stop(&rig);
}

static void test_renegotiation_is_refused(void **state)
{
	rig_init(&rig, DTLS_SERVER);
	handshake();
	SSL_renegotiate(rig.peer);
	SSL_do_handshake(rig.peer);
	rig.peer_done = false; /* its new handshake is, and ends with our warning */
	rig_run_until(&rig, rig.peer_error);
	assert_int_equal(rig.peer_error, SSL_R_NO_RENEGOTIATION);
	assert_int_equal(rig.done, 1);
	assert_int_equal(rig.failed + rig.restarted, 0);
	rig_stop(&rig);
}

static void test_peer_closes(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		rig_init(&rig, role);
		handshake();
		SSL_shutdown(rig.peer);
		rig_run_until(&rig, rig.closed);
		assert_non_null(strstr(rig.text, "close_notify"));
		assert_int_equal(rig.failed, 0);
		rig_stop(&rig);
	}
}

static void test_peer_restarts(void **state)
{
	struct datagram old_hello;
	struct dtls_result first;
	struct dtls *old;

	rig_init(&rig, DTLS_SERVER);
	handshake();
	old_hello = rig.lanes[TO_US].queue[0];
	first = rig.result;

	/* A late copy of the hello that began it all is nothing. */
	dtls_receive(rig.dtls, old_hello.data, old_hello.length);
	assert_int_equal(rig.restarted, 0);

	/* The peer forgets everything and calls again, twice the same. */
	old = rig.dtls;
	peer_renew(&rig);
	rig.lanes[TO_US].fault = DUPLICATE;
	rig.lanes[TO_US].fault_at = rig.lanes[TO_US].count;
	peer_step(&rig);
	rig_run_until(&rig, rig.restarted);
	rig_settle(&rig);
	assert_int_equal(rig.restarted, 1);
	assert_int_equal(rig.done, 1);
	assert_int_equal(rig.failed + rig.closed, 0);
	assert_memory_equal(&first, &rig.result, sizeof(first));

	rig_start_ours(&rig);
	dtls_receive(rig.dtls, rig.restart.data, rig.restart.length);
	rig_run_until(&rig, rig.done == 2 && rig.peer_done);
	check_keys();
	assert_memory_not_equal(&first.rx, &rig.result.rx, sizeof(first.rx));
	dtls_free(old);
	rig_stop(&rig);
}

static void call_again(void)
{
	struct lane *lane = &rig.lanes[TO_US];
	const struct datagram *hello;

	peer_renew(&rig);
	peer_step(&rig);
	/* Handed over at once: the old association's timers must not answer the new peer. */
	hello = &lane->queue[lane->head++ % RIG_QUEUE];
	dtls_receive(rig.dtls, hello->data, hello->length);
	assert_int_equal(rig.restarted, 1);
	dtls_free(rig.dtls);
	rig.done = 0;
	rig_start_ours(&rig);
	dtls_receive(rig.dtls, rig.restart.data, rig.restart.length);
	rig_run_until(&rig, rig.done && rig.peer_done);
	check_keys();
}

static void test_peer_restarts_after_closing(void **state)
{
	rig_init(&rig, DTLS_SERVER);
	handshake();
	SSL_shutdown(rig.peer);
	rig_run_until(&rig, rig.closed);
	call_again();
	rig_stop(&rig);
}

static void test_peer_restarts_amid_the_handshake(void **state)
{
	rig_init(&rig, DTLS_SERVER);
	rig.config.no_cookie = true;
	rig_start(&rig);
	dtls_receive(rig.dtls, rig.lanes[TO_US].queue[0].data, rig.lanes[TO_US].queue[0].length);
	/* What was on its way is lost. */
	rig.lanes[TO_US].head = rig.lanes[TO_US].tail;
	rig.lanes[TO_PEER].head = rig.lanes[TO_PEER].tail;
	call_again();
	assert_int_equal(rig.failed, 0);
	rig_stop(&rig);
}

/* Somebody who has the cookie stalls half-way: the participant's own hello begins anew. */
static void test_a_hello_with_the_cookie_begins_anew(void **state)
{
	struct lane *in = &rig.lanes[TO_US], *out = &rig.lanes[TO_PEER];

	rig_init(&rig, DTLS_SERVER);
	rig.config.retransmit_ms = 1000;
	rig_start(&rig);
	dtls_receive(rig.dtls, in->queue[0].data, in->queue[0].length);
	peer_take(&rig, &out->queue[0]);
	dtls_receive(rig.dtls, in->queue[1].data, in->queue[1].length);
	assert_true(out->count > 1);
	in->head = in->tail;
	out->head = out->tail;
	peer_renew(&rig);
	peer_step(&rig);
	rig_run_until(&rig, rig.failed || (rig.done && rig.peer_done));
	assert_int_equal(rig.failed + rig.restarted, 0);
	check_keys();
	rig_stop(&rig);
}

/* Otherwise an owner that starts anew on every restart would fail at the same hello for ever. */
static void test_a_refused_hello_is_no_restart(void **state)
{
	const struct datagram *hello = &rig.lanes[TO_US].queue[0];

	rig_init(&rig, DTLS_SERVER);
	rig.peer_version = DTLS1_VERSION;
	rig_start(&rig);
	check_failure(DTLS_FAIL_PROTOCOL, "does not speak DTLS 1.2");
	dtls_receive(rig.dtls, hello->data, hello->length);
	assert_int_equal(rig.restarted, 0);
	assert_int_equal(rig.failed, 1);
	rig_stop(&rig);
}

static void test_free_in_callback(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		rig_init(&rig, role);
		rig.free_in_callback = true;
		rig_start(&rig);
		rig_run_until(&rig, rig.done);
		rig_stop(&rig);

		rig_init(&rig, role);
		rig.free_in_callback = true;
		rig.profiles = NULL;
		rig_start(&rig);
		rig_run_until(&rig, rig.failed);
		rig_stop(&rig);
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

	return cmocka_run_group_tests(tests, make_identity, release_identity);
}
