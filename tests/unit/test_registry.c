/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control plane asks for, and what becomes of legs, ports, keys and egresses. */
#include "tests/rig/counting.h"

static void opens_and_closes_ports(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(relay_is_open(r, TRUNK_IPV4, 20000) && relay_is_open(r, TRUNK_IPV4, 20001));
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(relay_is_open(r, TRUNK_IPV4, 20000));
	assert_false(relay_is_open(r, TRUNK_IPV4, 20001));
	p.m.rtcp_mux = false;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(relay_is_open(r, TRUNK_IPV4, 20001));
	assert_int_equal(flow_entry_load(&r->dataplane, TRUNK_IPV4, 20001).component, 1);
	assert_int_equal(relay_delete(r, 1), 0);
	assert_false(relay_is_open(r, TRUNK_IPV4, 20000) || relay_is_open(r, TRUNK_IPV4, 20001));
	assert_int_equal(flow_entry_load(&r->dataplane, TRUNK_IPV4, 20000).kind, FLOW_CLOSED);
	relay_expect_error(r, relay_delete(r, 1), ENOENT, "leg: no such leg");
}

static void the_last_port_has_none_above_it(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_init(&p, 1, 0, PUBLIC_IPV6, 65535, "2001:db8:1::9", 65535);
	relay_expect_error(r, relay_put(r, &p), EINVAL,
			   "local: a pair of ports begins with an even one");
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(relay_is_open(r, PUBLIC_IPV6, 65535));
	assert_int_equal(relay_delete(r, 1), 0);
	assert_false(relay_is_open(r, PUBLIC_IPV6, 65535));
}

static void legs_come_in_any_order(void **state)
{
	for (unsigned int order = 0; order < 2; order++) {
		struct relay *r = *state;
		struct put phone, browser;

		put_phone(&phone);
		put_browser(&browser);
		assert_int_equal(relay_put(r, order ? &phone : &browser), 0);
		assert_null(relay_config(r, order ? 1 : 2)->heard[0]);
		assert_false(relay_config(r, order ? 1 : 2)->has_own);
		assert_int_equal(relay_put(r, order ? &browser : &phone), 0);
		assert_ptr_equal(relay_config(r, 1)->heard[0], relay_record(r, 2)->leg);
		assert_ptr_equal(relay_config(r, 2)->heard[0], relay_record(r, 1)->leg);
		assert_true(relay_config(r, 1)->has_own && relay_config(r, 2)->has_own);
		assert_true(relay_config(r, 1)->own.rtcp_mux);
		assert_false(relay_config(r, 2)->own.rtcp_mux);
		assert_int_equal(relay_delete(r, 1), 0);
		assert_null(relay_config(r, 2)->heard[0]);
		assert_false(relay_config(r, 2)->has_own);
		assert_int_equal(relay_delete(r, 2), 0);
		relay_run(r);
	}
}

/* Who hears whom can change; a leg is heard by one other alone, its branches aside. */
static void a_leg_hears_another(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_init(&p, 3, 0, TRUNK_IPV4, 20004, PHONE, 30004);
	assert_int_equal(relay_put(r, &p), 0);
	relay_expect_error(r, relay_put_path(r, 3, 2, false, false), EEXIST,
			   "to: it hears another leg already");
	relay_expect_error(r, relay_put_path(r, 2, 3, false, false), EEXIST,
			   "branch: another path is the leg's own");
	relay_expect_error(r, relay_put_path(r, 3, 3, false, false), ELOOP,
			   "to: a leg does not hear itself");
	relay_expect_error(r, relay_put_path(r, 3, 4, false, false), ENOENT, "to: no such leg");
	relay_expect_error(r, relay_delete_path(r, 3, 2), ENOENT, "no such path");
	assert_int_equal(relay_delete_path(r, 1, 2), 0);
	assert_int_equal(relay_delete_path(r, 2, 1), 0);
	assert_null(relay_config(r, 1)->heard[0]);
	assert_int_equal(relay_put_path(r, 2, 3, false, false), 0);
	assert_int_equal(relay_put_path(r, 3, 2, false, false), 0);
	assert_ptr_equal(relay_config(r, 2)->heard[0], relay_record(r, 3)->leg);
	assert_ptr_equal(relay_config(r, 3)->heard[0], relay_record(r, 2)->leg);
	assert_false(relay_config(r, 1)->has_own);
}

static void hold_stops_each_direction(void **state)
{
	struct relay *r = *state;
	struct put phone, browser;

	put_phone(&phone);
	put_browser(&browser);
	assert_int_equal(relay_put(r, &phone), 0);
	for (unsigned int flags = 0; flags < 4; flags++) {
		browser.receive = flags & 1;
		browser.send = flags & 2;
		assert_int_equal(relay_put(r, &browser), 0);
		assert_int_equal(relay_config(r, 1)->own.mute == DROP_NONE, (flags & 2) != 0);
		assert_int_equal(relay_config(r, 2)->own.mute == DROP_NONE, (flags & 1) != 0);
	}
}

static void the_same_again_changes_nothing(void **state)
{
	struct relay *r = *state;
	struct leg_config before;
	const struct egress *egress[LEG_COMPONENTS];
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	assert_int_equal(relay_put(r, &p), 0);
	before = *relay_config(r, 1);
	memcpy(egress, relay_record(r, 1)->egress, sizeof(egress));
	assert_non_null(egress[0]);
	assert_non_null(egress[1]);
	assert_int_equal(relay_put(r, &p), 0);
	assert_memory_equal(relay_config(r, 1), &before, sizeof(before));
	assert_memory_equal(relay_record(r, 1)->egress, egress, sizeof(egress));
	assert_int_equal(registry_count(r->registry), 1);
	assert_int_equal(r->event_count, 0);
}

static void sends_to_the_signalled_address(void **state)
{
	struct relay *r = *state;
	const struct egress *const *egress;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	egress = (const struct egress *const *)relay_record(r, 1)->egress;
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		struct endpoint to = bench_endpoint(PHONE, 30000 + c);

		assert_true(endpoint_equal(&egress[c]->remote, &to));
	}
	/* RTCP where the SDP says so (RFC 3605). */
	put_endpoint(&p.remote_rtcp, p.octets[2], "203.0.113.8", 555);
	p.m.remote_rtcp = &p.remote_rtcp;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(rte_be_to_cpu_16(egress[1]->remote.port), 555);
	assert_int_equal(rte_be_to_cpu_16(egress[0]->remote.port), 30000);
	/* With rtcp-mux the second component has no port to send from. */
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(egress[1]);
	p.m.rtcp_mux = false;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(rte_be_to_cpu_16(egress[1]->remote.port), 555);
	assert_int_equal(egress[1]->header[egress[1]->length - 7], 20001 & 0xff);
	/* And nowhere once it is unknown. */
	p.m.remote = p.m.remote_rtcp = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(egress[0]);
	assert_int_equal(relay_record(r, 1)->mute, DROP_NO_ADDRESS);
}

static void marks_what_it_sends(void **state)
{
	Tandem__Dataplane__V1__Marking marking = TANDEM__DATAPLANE__V1__MARKING__INIT;
	struct relay *r = *state;
	const struct egress *const *egress;
	uint8_t before;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	egress = (const struct egress *const *)relay_record(r, 1)->egress;
	before = egress[0]->header[egress[0]->l3 + 1];
	marking.dscp = 63;
	p.m.marking = &marking;
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		assert_int_equal(egress[c]->header[egress[c]->l3 + 1], 0xfc);
	p.m.marking = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(egress[0]->header[egress[0]->l3 + 1], before);
	marking.dscp = 64;
	p.m.marking = &marking;
	assert_int_equal(relay_put(r, &p), -EINVAL);
}

static void says_when_there_is_no_way(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_endpoint(&p.remote, p.octets[1], "198.18.0.1", 30000); /* no gateway leads there */
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(relay_record(r, 1)->egress[0]);
	assert_int_equal(relay_record(r, 1)->mute, DROP_NO_ROUTE);
}

/* The window opens with a new address, not with the same one again. */
static void the_latching_window_opens_once(void **state)
{
	struct relay *r = *state;
	uint64_t until;
	struct put p;

	put_init(&p, 1, 0, TRUNK_IPV4, 20000, NULL, 0);
	p.m.latch_ms = 5000;
	assert_int_equal(relay_put(r, &p), 0);
	until = relay_config(r, 1)->latch_until;
	assert_in_range(until, rte_rdtsc(), rte_rdtsc() + 5 * rte_get_tsc_hz());
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_config(r, 1)->latch_until, until);
	put_phone(&p);
	p.m.latch_ms = UINT32_MAX;
	assert_int_equal(relay_put(r, &p), 0);
	assert_in_range(relay_config(r, 1)->latch_until, rte_rdtsc() + 4000000 * rte_get_tsc_hz(),
			rte_rdtsc() + 4300000 * rte_get_tsc_hz());
	p.remote.port++;
	p.m.latch_ms = 0;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_config(r, 1)->latch_until, 0);
}

/* The worker latched, and before the main lcore heard of it the SDP named another address. */
static void what_was_learnt_too_late_is_void(void **state)
{
	struct relay *r = *state;
	struct endpoint learnt = bench_endpoint(PHONE, 31000), named = bench_endpoint(PHONE, 32000);
	struct leg *leg;
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 5000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	leg = relay_record(r, 1)->leg;
	assert_true(leg_learn(r->dataplane.workers[0], leg, 0, &learnt));
	p.remote.port = 32000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_true(endpoint_equal(&leg->remote[0], &named));
	assert_true(endpoint_equal(&relay_record(r, 1)->egress[0]->remote, &named));
	assert_int_equal(r->event_count, 0);
	assert_true(leg_learn(r->dataplane.workers[0], leg, 0, &learnt));
	relay_run(r);
	assert_true(endpoint_equal(&relay_record(r, 1)->egress[0]->remote, &learnt));
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
}

/* What was learnt for RTP holds when RTCP alone takes another way. */
static void multiplexing_keeps_what_was_learnt(void **state)
{
	struct endpoint learnt = bench_endpoint(PHONE, 31000);
	struct relay *r = *state;
	struct leg *leg;
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 60000;
	put_endpoint(&p.remote_rtcp, p.octets[2], PHONE, 30007);
	p.m.remote_rtcp = &p.remote_rtcp;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	leg = relay_record(r, 1)->leg;
	assert_int_equal(relay_record(r, 1)->egress[1]->remote.port, rte_cpu_to_be_16(30007));
	assert_true(leg_learn(r->dataplane.workers[0], leg, 0, &learnt));
	relay_run(r);
	assert_true(endpoint_equal(&relay_record(r, 1)->egress[0]->remote, &learnt));

	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_true(endpoint_equal(&relay_record(r, 1)->egress[0]->remote, &learnt));
	assert_true(endpoint_equal(&leg->remote[0], &learnt));
	assert_null(relay_record(r, 1)->egress[1]);
}

static void an_ice_restart_keeps_the_pair(void **state)
{
	struct relay *r = *state;
	struct endpoint first = bench_endpoint(BROWSER, 40000);
	struct endpoint second = bench_endpoint(BROWSER, 40001);
	struct leg *leg;
	struct put p;

	put_browser(&p);
	put_ice(&p, "aaaa", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	leg = relay_record(r, 2)->leg;
	assert_null(relay_record(r, 2)->egress[0]); /* whatever the SDP's c= line says */
	assert_int_equal(relay_config(r, 2)->ice_epoch, 1);
	relay_nominate(r, 2, BROWSER, 40000);
	relay_expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	assert_true(endpoint_equal(&relay_record(r, 2)->egress[0]->remote, &first));

	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_config(r, 2)->ice_epoch, 1);
	put_ice(&p, "bbbb", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_config(r, 2)->ice_epoch, 2);
	assert_string_equal(relay_config(r, 2)->terms->credentials[0].local_ufrag, "bbbb");
	assert_string_equal(relay_config(r, 2)->terms->credentials[1].local_ufrag, "aaaa");
	assert_true(endpoint_equal(&relay_record(r, 2)->egress[0]->remote, &first));
	assert_true(endpoint_equal(&leg->remote[0], &first));
	relay_nominate(r, 2, BROWSER, 40001);
	assert_true(endpoint_equal(&relay_record(r, 2)->egress[0]->remote, &second));
	relay_expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	/* Without ICE it is the SDP's word again. */
	p.m.ice = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(endpoint_equal(&relay_record(r, 2)->egress[0]->remote, &first));
	relay_run(r);
	assert_true(endpoint_equal(&leg->remote[0], &first));
}

static void a_slot_serves_again_when_nobody_names_it(void **state)
{
	struct relay *r = *state;
	struct put p;

	for (uint64_t id = 1; id <= RELAY_LEGS; id++) {
		put_init(&p, id, id % 2 ? id + 1 : id - 1, TRUNK_IPV4, 20000 + 2 * id, PHONE,
			 30000 + 2 * id);
		assert_int_equal(relay_put(r, &p), 0);
	}
	relay_run(r);
	put_init(&p, 99, 0, TRUNK_IPV4, 21000, NULL, 0);
	relay_expect_error(r, relay_put(r, &p), ENOSPC, "no free leg: raise [dataplane] legs");

	assert_int_equal(relay_delete(r, 1), 0);
	assert_int_equal(registry_count(r->registry), RELAY_LEGS - 1);
	relay_expect_error(r, relay_put(r, &p), ENOSPC, "no free leg: raise [dataplane] legs");
	/* Leg 1's own worker is done with it, leg 2's still has it for a peer. */
	worker_poll(r->dataplane.workers[relay_record(r, 2)->leg->worker ^ 1]);
	registry_poll(r->registry);
	relay_expect_error(r, relay_put(r, &p), ENOSPC, "no free leg: raise [dataplane] legs");
	relay_run(r);
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(relay_config(r, 99)->heard[0]);
	assert_null(relay_record(r, 99)->egress[0]);
	assert_int_equal(flow_total(&relay_record(r, 99)->leg->flow).packets, 0);
}

static void a_late_notice_does_not_reach_the_next_leg(void **state)
{
	struct relay *r = *state;
	struct endpoint stranger = bench_endpoint(PHONE, 1);
	struct notice n = {.kind = NOTICE_KEYS_STALE};
	struct worker *w = r->dataplane.workers[0];
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	/* The worker writes much, the last of it about the leg, and only then clears it. */
	n.leg = relay_record(r, 1)->leg;
	while (rte_ring_free_count(w->notices) > 1)
		assert_true(worker_notify(w, n));
	assert_true(leg_learn(w, n.leg, 0, &stranger));
	assert_int_equal(relay_delete(r, 1), 0);
	worker_obey(w, rte_rdtsc());
	registry_poll(r->registry);
	assert_true(rte_ring_empty(w->notices));
	put_phone(&p);
	p.m.leg = 7;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(rte_be_to_cpu_16(relay_record(r, 7)->egress[0]->remote.port), 30000);
	assert_int_equal(r->event_count, 0);
}

static void shows_a_leg(void **state)
{
	struct relay *r = *state;
	const Tandem__Dataplane__V1__LegStatus *s;
	uint64_t day = 86400 * rte_get_tsc_hz();
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	keys_init(&k, 1, 7, SUITE_AES_CM_128_HMAC_SHA1_32);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	s = relay_status(r, 1);
	assert_int_equal(s->leg, 1);
	assert_int_equal(s->local->port, 20000);
	assert_int_equal(s->local->address.len, 4);
	assert_memory_equal(s->local->address.data, ((uint8_t[]){203, 0, 113, 1}), 4);
	assert_memory_equal(s->remote->address.data, ((uint8_t[]){203, 0, 113, 9}), 4);
	assert_int_equal(s->remote->port, 30000);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE);
	assert_int_equal(s->key_epoch, 7);
	assert_int_equal(s->suite, SUITE_AES_CM_128_HMAC_SHA1_32);
	assert_int_equal(s->silence_ms, UINT32_MAX);
	assert_in_range(s->age_ms, 0, 60000);
	/* A call that outlives a quarter. */
	relay_record(r, 1)->created -= 100 * day;
	relay_record(r, 1)->leg->flow.last_packet = rte_rdtsc() - 10 * rte_get_tsc_hz();
	s = relay_status(r, 1);
	assert_in_range(s->age_ms, 8640000000, 8640060000);
	assert_in_range(s->silence_ms, 10000, 70000);
}

static void walks_in_order(void **state)
{
	struct relay *r = *state;
	uint32_t place = 0;
	unsigned int seen = 0;
	struct put p;

	assert_int_equal(registry_next(r->registry, 0), 0);
	for (uint64_t id = 1; id <= 4; id++) {
		put_init(&p, 100 * id, 0, PUBLIC_IPV4, 20000 + 2 * id, NULL, 0);
		assert_int_equal(relay_put(r, &p), 0);
	}
	assert_int_equal(relay_delete(r, 200), 0);
	while ((place = registry_next(r->registry, place))) {
		Tandem__Dataplane__V1__LegStatus *s = registry_status(r->registry, place, false);

		assert_int_equal(registry_find(r->registry, s->leg), place);
		seen += s->leg;
		tandem__dataplane__v1__leg_status__free_unpacked(s, NULL);
	}
	assert_int_equal(seen, 100 + 300 + 400);
	assert_int_equal(registry_find(r->registry, 200), 0);
	assert_int_equal(registry_next(r->registry, UINT32_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(opens_and_closes_ports),
		CASE(the_last_port_has_none_above_it),
		CASE_TWO(legs_come_in_any_order),
		CASE_TWO(a_leg_hears_another),
		CASE(hold_stops_each_direction),
		CASE(the_same_again_changes_nothing),
		CASE(sends_to_the_signalled_address),
		CASE(marks_what_it_sends),
		CASE(says_when_there_is_no_way),
		CASE(the_latching_window_opens_once),
		CASE(what_was_learnt_too_late_is_void),
		CASE(multiplexing_keeps_what_was_learnt),
		CASE(an_ice_restart_keeps_the_pair),
		CASE_TWO(a_slot_serves_again_when_nobody_names_it),
		CASE(a_late_notice_does_not_reach_the_next_leg),
		CASE(shows_a_leg),
		CASE(walks_in_order),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
