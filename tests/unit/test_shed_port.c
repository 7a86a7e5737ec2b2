/* SPDX-License-Identifier: BSD-3-Clause */
/* What those who shed floods are told of a leg's ports, from its beginning to its end. */
#include "tests/rig/counting.h"

static const struct shed_port *entry(struct relay *r, uint64_t id, unsigned int component)
{
	const struct record *of = relay_record(r, id);

	return relay_shed_port(r, of->address, of->port + component);
}

static void a_plain_leg_latches_until_its_window_ends(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	p.m.media_pps = 100;
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		assert_int_equal(entry(r, 1, c)->flags,
				 SHED_PORT_OPEN | SHED_PORT_LATCH | (c ? 0 : SHED_PORT_RTP));
		assert_int_equal(entry(r, 1, c)->leg, relay_record(r, 1)->leg->index);
		assert_int_equal(entry(r, 1, c)->media.cost, 10 * 1000 * 1000);
		assert_true(entry(r, 1, c)->media.burst >= 20 * 1000);
		assert_int_equal(entry(r, 1, c)->ahead, 3);
		assert_ptr_equal(relay_config(r, 1)->shed[c], entry(r, 1, c));
	}
	relay_look(r);
	assert_int_equal(entry(r, 1, 0)->flags, SHED_PORT_OPEN | SHED_PORT_LATCH | SHED_PORT_RTP);
	relay_record(r, 1)->latest->latch_until = rte_rdtsc();
	relay_look(r);
	assert_int_equal(entry(r, 1, 0)->flags, SHED_PORT_OPEN | SHED_PORT_RTP);
	assert_int_equal(entry(r, 1, 1)->flags, SHED_PORT_OPEN);
}

/* From the very reply on: the worker may still sleep, and an XDP program does not. */
static void a_window_opens_at_once(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	for (unsigned int k = 0; k < 600; k++) {
		p.m.latch_epoch = k;
		if (k % 3 == 0)
			p.remote.port = 30000 + k;
		assert_int_equal(relay_put(r, &p), 0);
		assert_int_not_equal(entry(r, 1, 0)->settled, entry(r, 1, 0)->window);
		relay_run(r);
		assert_int_not_equal(entry(r, 1, 0)->settled, entry(r, 1, 0)->window);
		leg_settle(relay_record(r, 1)->leg, 0);
		assert_int_equal(entry(r, 1, 0)->settled, entry(r, 1, 0)->window);
	}
}

static void only_the_signalled_address_may_latch(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	p.m.latch_signalled = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(entry(r, 1, 1)->flags,
			 SHED_PORT_OPEN | SHED_PORT_LATCH | SHED_PORT_SIGNALLED);
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		struct address a = bench_address(PHONE);

		assert_memory_equal(entry(r, 1, c)->signalled.byte, a.octets, sizeof(a.octets));
	}
	/* Which there may not be yet. */
	p.m.remote = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(entry(r, 1, 0)->flags, SHED_PORT_OPEN | SHED_PORT_RTP);
	p.m.latch_signalled = false;
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(entry(r, 1, 0)->flags, SHED_PORT_OPEN | SHED_PORT_LATCH);
	/* A handshake may come from elsewhere, too. */
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(entry(r, 1, 0)->flags, SHED_PORT_OPEN | SHED_PORT_LATCH | SHED_PORT_DTLS);
}

static void expect_ufrag(const struct shed_port *port, unsigned int which, const char *octets)
{
	char head[8] = {0};

	memcpy(head, octets, strlen(octets));
	assert_int_equal(port->ufrag_octets[which], strlen(octets));
	assert_memory_equal(&port->ufrag[which], head, sizeof(head));
}

static void fragments_serve_until_a_restart_is_over(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_browser(&p);
	put_ice(&p, "abcd", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(entry(r, 2, 0)->flags, SHED_PORT_OPEN | SHED_PORT_ICE);
	expect_ufrag(entry(r, 2, 0), 0, "abcd:");
	expect_ufrag(entry(r, 2, 0), 1, "");
	assert_null(relay_config(r, 2)->shed[1]);
	relay_nominate(r, 2, BROWSER, 40000);
	r->event_count = 0;
	put_ice(&p, "longer-fragment", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	relay_look(r);
	expect_ufrag(entry(r, 2, 0), 0, "longer-f");
	expect_ufrag(entry(r, 2, 0), 1, "abcd:");
	relay_nominate(r, 2, BROWSER, 40000);
	relay_look(r);
	expect_ufrag(entry(r, 2, 0), 0, "longer-f");
	expect_ufrag(entry(r, 2, 0), 1, "");
}

static void how_far_ahead_follows_the_rate(void **state)
{
	static const struct {
		uint32_t pps, ahead, cost;
	} table[] = {{0, 256, 0}, {50, 3, 20000000}, {6400, 32, 156250}, {100000, 256, 10000}};
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		p.m.media_pps = table[k].pps;
		assert_int_equal(relay_put(r, &p), 0);
		assert_int_equal(entry(r, 1, 0)->ahead, table[k].ahead);
		assert_int_equal(entry(r, 1, 0)->media.cost, table[k].cost);
	}
}

static void a_closed_port_is_as_new(void **state)
{
	struct relay *r = *state;
	const struct shed_port *port = relay_shed_port(r, TRUNK_IPV4, 20000);
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(port->peer_port[0], rte_cpu_to_be_16(30000));
	assert_int_equal(relay_delete(r, 1), 0);
	assert_int_equal(port->flags, 0);
	relay_run(r);
	assert_int_equal(port->leg, SHED_NO_LEG);
	assert_int_equal(port->media.cost + port->ahead + port->peer_port[0], 0);
	/* Of a pair that becomes one port, the second. */
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(port[1].flags, SHED_PORT_OPEN);
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(port[1].flags + port[1].peer_port[0], 0);
	assert_int_equal(port[0].flags, SHED_PORT_OPEN);
	assert_null(relay_config(r, 1)->shed[1]);
}

static void the_leg_tells_what_was_shed(void **state)
{
	struct relay *r = *state;
	struct shed_port *port = &r->dataplane.shed_ports[TRUNK_IPV4][20000];
	const Tandem__Dataplane__V1__LegStatus *s;
	struct put p;

	port->shed = UINT32_MAX; /* while it was closed, or another leg's */
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	s = relay_status(r, 1);
	assert_int_equal(s->shed_packets, 0);
	assert_string_equal(s->shed_reason, "");
	port[0].shed += 5;
	port[0].shed_reason = SHED_REPLAY;
	port[1].shed += 2;
	port[1].shed_reason = SHED_STRANGER_MEDIA;
	s = relay_status(r, 1);
	assert_int_equal(s->shed_packets, 7);
	assert_string_equal(s->shed_reason, "shed_stranger_media");
	port[0].shed++;
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	s = relay_status(r, 1);
	assert_int_equal(s->shed_packets, 8);
	assert_string_equal(s->shed_reason, "shed_replay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_plain_leg_latches_until_its_window_ends),
		CASE(a_window_opens_at_once),
		CASE(only_the_signalled_address_may_latch),
		CASE(fragments_serve_until_a_restart_is_over),
		CASE(how_far_ahead_follows_the_rate),
		CASE(a_closed_port_is_as_new),
		CASE(the_leg_tells_what_was_shed),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
