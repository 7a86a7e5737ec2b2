/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may speak on a leg's port, and what a leg learns from it. */
#include "dataplane/leg.h"
#include "tests/rig/bench.h"
#include "tests/rig/test.h"

#define RTP_PORT  20000
#define RTCP_PORT 20001
#define SIGNALLED "198.51.100.7", 30000
#define STRANGER  "198.51.100.8", 30000

enum kind { RTP, RTCP, STUN, DTLS };

struct world {
	struct bench *bench;
	struct leg leg;
	struct leg_config config;
	struct leg_pair pairs[LEG_PAIRS];
	uint64_t now;
};

static int create(void **state)
{
	struct world *w = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*w));
	struct dataplane *d;

	memset(w, 0, sizeof(*w));
	w->bench = bench_create();
	d = &w->bench->dataplane;
	d->legs = &w->leg;
	w->now = 1000;
	flow_entry_store(d, BENCH_IPV4, RTP_PORT, (struct flow_entry){.kind = FLOW_LEG});
	flow_entry_store(d, BENCH_IPV4, RTCP_PORT,
			 (struct flow_entry){.kind = FLOW_LEG, .component = 1});
	w->config.pairs = w->pairs;
	w->config.remote[0] = bench_endpoint("198.51.100.7", 30000);
	w->config.remote[1] = bench_endpoint("198.51.100.7", 30001);
	*state = w;
	return 0;
}

static int destroy(void **state)
{
	struct world *w = *state;

	assert_true(bench_is_idle(w->bench));
	bench_destroy(w->bench);
	free(w);
	return 0;
}

/* The leg is what the test has made of the configuration by now. */
static void apply(struct world *w)
{
	assert_null(leg_apply(w->bench->worker, &w->leg, &w->config, rte_rdtsc()));
}

/* DROP_NONE: it may speak. */
static enum drop receive(struct world *w, enum kind kind, const char *from, uint16_t from_port,
			 uint16_t to_port)
{
	static const uint8_t first[][2] = {{0x80, 0}, {0x80, 200}, {0, 1}, {22, 0xfe}};
	uint8_t payload[32] = {first[kind][0], first[kind][1]}, frame[256];
	struct endpoint source = bench_endpoint(from, from_port);
	struct endpoint local = bench_endpoint("198.51.100.1", to_port);
	enum drop reason;
	struct burst b;

	bench_receive(w->bench, &b, frame,
		      bench_put_udp(frame, w->bench, &source, &local, payload, sizeof(payload)));
	b.now = w->now;
	flow_stage(w->bench->worker, &b);
	reason = b.class[0] == CLASS_DROPPED ? b.reason[0] : DROP_NONE;
	if (reason == DROP_NONE) {
		assert_ptr_equal(b.leg[0], &w->leg);
		assert_int_equal(b.component[0], to_port == RTCP_PORT);
	}
	bench_release(&b);
	return reason;
}

static void expect_learnt(struct world *w, unsigned int component, const char *text, uint16_t port)
{
	struct endpoint e = bench_endpoint(text, port);
	struct notice n;

	assert_true(bench_take_notice(w->bench, &n));
	assert_int_equal(n.kind, NOTICE_REMOTE);
	assert_int_equal(n.component, component);
	assert_ptr_equal(n.leg, &w->leg);
	assert_memory_equal(&n.remote, &e, sizeof(e));
	assert_true(endpoint_equal(&w->leg.remote[component], &e));
}

static void no_leg_has_the_port(void **state)
{
	struct world *w = *state;

	apply(w);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT + 2), DROP_CLOSED_PORT);
	assert_int_equal(receive(w, STUN, SIGNALLED, 1), DROP_CLOSED_PORT);
	assert_int_equal(receive(w, DTLS, SIGNALLED, 65535), DROP_CLOSED_PORT);
}

static void the_leg_has_no_configuration_yet(void **state)
{
	struct world *w = *state;

	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_CLOSED_PORT);
	assert_int_equal(receive(w, STUN, SIGNALLED, RTP_PORT), DROP_CLOSED_PORT);
}

static void plain_hears_the_signalled_address(void **state)
{
	struct world *w = *state;

	apply(w);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTCP, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTCP, "198.51.100.7", 30001, RTCP_PORT), DROP_NONE);
	/* Same host, another port: a stranger too. */
	assert_int_equal(receive(w, RTP, "198.51.100.7", 30002, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTCP, SIGNALLED, RTCP_PORT), DROP_WRONG_SOURCE);
}

static void plain_latches_once_in_its_window(void **state)
{
	struct world *w = *state;

	w->config.latch_until = w->now + 10;
	apply(w);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, STRANGER);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTP, "198.51.100.9", 30000, RTP_PORT), DROP_WRONG_SOURCE);
	/* RTCP has an address of its own. */
	assert_int_equal(receive(w, RTCP, "198.51.100.8", 4711, RTCP_PORT), DROP_NONE);
	expect_learnt(w, 1, "198.51.100.8", 4711);
}

static void plain_latches_where_it_was_told(void **state)
{
	struct world *w = *state;

	w->config.latch_until = w->now + 10;
	apply(w);
	/* The one the SDP named was first: nobody else comes in. */
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
}

static void plain_is_strict_when_the_window_is_over(void **state)
{
	struct world *w = *state;

	w->config.latch_until = w->now + 10;
	apply(w);
	w->now += 10;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NONE);
}

static void plain_latches_without_a_signalled_address(void **state)
{
	struct world *w = *state;

	memset(w->config.remote, 0, sizeof(w->config.remote));
	w->config.latch_until = w->now + 10;
	apply(w);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, STRANGER);
}

static void plain_latches_anew_at_a_new_address(void **state)
{
	struct world *w = *state;
	struct leg_config next;

	w->config.latch_until = w->now + 10;
	apply(w);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, STRANGER);

	next = w->config;
	next.remote_epoch++;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &next, rte_rdtsc()), &w->config);
	/* What is still on its way from the old address does not win the leg back. */
	w->leg.former_until = w->now + 1;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTP, "198.51.100.9", 30000, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, "198.51.100.9", 30000);
	/* The same address again changes nothing. */
	w->config = next;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &w->config, rte_rdtsc()), &next);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
}

/* Nobody is let in whom the main lcore was not told of: the next packet tries again. */
static void a_full_mailbox_postpones_latching(void **state)
{
	struct world *w = *state;
	struct notice n = {.kind = NOTICE_KEYS_STALE};

	w->config.latch_until = w->now + 10;
	apply(w);
	while (worker_notify(w->bench->worker, n))
		;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	assert_false(w->leg.latched[0]);
	while (bench_take_notice(w->bench, &n))
		assert_int_equal(n.kind, NOTICE_KEYS_STALE);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, STRANGER);
}

/* In its window SRTP is let on to crypt, but who sends it is not believed here. */
static void sdes_never_learns_by_itself(void **state)
{
	struct world *w = *state;
	struct endpoint signalled = bench_endpoint(SIGNALLED);
	struct notice n;

	w->config.security = LEG_SDES;
	w->config.latch_until = w->now + 10;
	apply(w);
	for (unsigned int k = 0; k < 3; k++)
		assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_false(bench_take_notice(w->bench, &n));
	assert_false(w->leg.latched[0]);
	assert_true(endpoint_equal(&w->leg.remote[0], &signalled));

	/* As crypt says when a tag was right. */
	w->leg.latched[0] = true;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	w->leg.latched[0] = false;
	w->now += 10;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NONE);
}

static void ice_hears_only_validated_pairs(void **state)
{
	struct world *w = *state;

	w->config.ice = true;
	w->config.security = LEG_DTLS;
	w->config.latch_until = UINT64_MAX; /* whatever a configuration says */
	apply(w);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NOT_VALIDATED);
	assert_int_equal(receive(w, DTLS, SIGNALLED, RTP_PORT), DROP_NOT_VALIDATED);
	assert_int_equal(receive(w, STUN, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, STUN, STRANGER, RTP_PORT), DROP_NONE);

	w->leg.pairs[0].remote = bench_endpoint(STRANGER);
	w->leg.pairs[1].remote = bench_endpoint("198.51.100.9", 30000);
	w->leg.pair_count = 1;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTCP, STRANGER, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, DTLS, STRANGER, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTP, "198.51.100.9", 30000, RTP_PORT), DROP_NOT_VALIDATED);
	assert_int_equal(receive(w, RTP, "198.51.100.8", 30001, RTP_PORT), DROP_NOT_VALIDATED);
	/* A pair is one of its component. */
	assert_int_equal(receive(w, RTCP, STRANGER, RTCP_PORT), DROP_NOT_VALIDATED);
	assert_false(w->leg.latched[0]);
}

/* A call that turns to ICE, or away from it, believes nothing of what it learnt before. */
static void ice_begins_with_nobody(void **state)
{
	struct world *w = *state;
	struct leg_config next;

	w->config.latch_until = UINT64_MAX;
	apply(w);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, STRANGER);
	next = w->config;
	next.ice = true;
	next.remote_epoch++;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &next, rte_rdtsc()), &w->config);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NOT_VALIDATED);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NOT_VALIDATED);

	w->leg.pairs[0].remote = bench_endpoint(STRANGER);
	w->leg.pair_count = 1;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	w->config.remote_epoch = next.remote_epoch + 1;
	w->config.latch_until = 0;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &w->config, rte_rdtsc()), &next);
	assert_int_equal(w->leg.pair_count, 0);
	assert_int_equal(receive(w, RTP, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
}

static void plain_ice_does_not_latch(void **state)
{
	struct world *w = *state;

	w->config.ice = true;
	w->config.latch_until = UINT64_MAX;
	apply(w);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NOT_VALIDATED);
	assert_int_equal(receive(w, DTLS, STRANGER, RTP_PORT), DROP_UNEXPECTED);
}

/* The window holds for the handshake as well: what decides is the certificate. */
static void dtls_without_ice_may_come_from_elsewhere(void **state)
{
	struct world *w = *state;

	w->config.security = LEG_DTLS;
	w->config.latch_until = w->now + 10;
	apply(w);
	assert_int_equal(receive(w, DTLS, SIGNALLED, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, DTLS, STRANGER, RTP_PORT), DROP_NONE);
	assert_false(w->leg.latched[0]);
	assert_int_equal(receive(w, STUN, SIGNALLED, RTP_PORT), DROP_UNEXPECTED);
	w->config.latch_signalled = true;
	assert_int_equal(receive(w, DTLS, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	w->config.latch_signalled = false;
	/* As crypt says when a tag was right. */
	w->leg.latched[0] = true;
	assert_int_equal(receive(w, DTLS, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	w->leg.latched[0] = false;
	w->now += 10;
	assert_int_equal(receive(w, DTLS, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, DTLS, SIGNALLED, RTP_PORT), DROP_NONE);
}

/* Media may flow from now on, or a translator has changed: learnt anew, unless it goes on. */
static void a_window_opens_anew(void **state)
{
	struct world *w = *state;
	uint64_t second = w->bench->worker->hz;
	struct leg_config next;

	w->config.latch_until = w->now + 10;
	apply(w);
	w->now += second;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);

	next = w->config;
	next.latch_epoch++;
	next.latch_until = w->now + 20 * second;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &next, rte_rdtsc()), &w->config);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, STRANGER);
	w->leg.flow.last_packet = w->now; /* as meter has it */

	w->config = next;
	w->config.latch_epoch++;
	w->config.latch_until = w->now + 20 * second;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &w->config, rte_rdtsc()), &next);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	assert_int_equal(receive(w, RTP, "198.51.100.9", 30000, RTP_PORT), DROP_WRONG_SOURCE);
	w->now += second / 4;
	assert_int_equal(receive(w, RTP, "198.51.100.9", 30000, RTP_PORT), DROP_WRONG_SOURCE);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_NONE);
	w->now += second;
	assert_int_equal(receive(w, RTP, "198.51.100.9", 30000, RTP_PORT), DROP_NONE);
	expect_learnt(w, 0, "198.51.100.9", 30000);
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
	/* The same configuration again opens nothing. */
	next = w->config;
	assert_ptr_equal(leg_apply(w->bench->worker, &w->leg, &next, rte_rdtsc()), &w->config);
	w->now += second;
	assert_int_equal(receive(w, RTP, STRANGER, RTP_PORT), DROP_WRONG_SOURCE);
}

static void dtls_and_stun_are_unexpected_elsewhere(void **state)
{
	struct world *w = *state;

	apply(w);
	for (unsigned int security = LEG_PLAIN; security <= LEG_SDES; security++) {
		w->config.security = security;
		assert_int_equal(receive(w, DTLS, SIGNALLED, RTP_PORT), DROP_UNEXPECTED);
		assert_int_equal(receive(w, STUN, SIGNALLED, RTP_PORT), DROP_UNEXPECTED);
	}
}

/* A flood of handshakes for the control plane does not keep others from latching. */
static void punts_leave_room_for_nominations(void **state)
{
	uint8_t payload[32] = {22, 0xfe}, frame[256];
	struct endpoint source = bench_endpoint(SIGNALLED);
	struct endpoint local = bench_endpoint("198.51.100.1", RTP_PORT);
	struct world *w = *state;
	unsigned int taken = 0;
	struct notice n;
	struct burst b;

	w->config.security = LEG_DTLS;
	apply(w);
	for (unsigned int k = 0; k < 2 * BENCH_NOTICES; k++) {
		bench_receive(
			w->bench, &b, frame,
			bench_put_udp(frame, w->bench, &source, &local, payload, sizeof(payload)));
		flow_stage(w->bench->worker, &b);
		punt_stage(w->bench->worker, &b);
		taken += b.class[0] == CLASS_DONE;
		if (b.class[0] != CLASS_DONE)
			assert_int_equal(b.reason[0], DROP_PUNT_FULL);
		bench_release(&b);
	}
	assert_int_equal(taken, BENCH_NOTICES / 2);
	assert_true(leg_learn(w->bench->worker, &w->leg, 0, &source));
	while (bench_take_notice(w->bench, &n))
		rte_pktmbuf_free(n.object);
}

static void the_rtcp_port_takes_no_rtp(void **state)
{
	struct world *w = *state;

	apply(w);
	assert_int_equal(receive(w, RTP, "198.51.100.7", 30001, RTCP_PORT), DROP_RTCP_HEADER);
	assert_int_equal(receive(w, RTCP, "198.51.100.7", 30001, RTCP_PORT), DROP_NONE);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_leg_has_the_port),
		CASE(the_leg_has_no_configuration_yet),
		CASE(plain_hears_the_signalled_address),
		CASE(plain_latches_once_in_its_window),
		CASE(plain_latches_where_it_was_told),
		CASE(plain_is_strict_when_the_window_is_over),
		CASE(plain_latches_without_a_signalled_address),
		CASE(plain_latches_anew_at_a_new_address),
		CASE(a_full_mailbox_postpones_latching),
		CASE(sdes_never_learns_by_itself),
		CASE(ice_hears_only_validated_pairs),
		CASE(ice_begins_with_nobody),
		CASE(plain_ice_does_not_latch),
		CASE(dtls_without_ice_may_come_from_elsewhere),
		CASE(a_window_opens_anew),
		CASE(dtls_and_stun_are_unexpected_elsewhere),
		CASE(punts_leave_room_for_nominations),
		CASE(the_rtcp_port_takes_no_rtp),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
