/* SPDX-License-Identifier: BSD-3-Clause */
/* The host on the link: what it answers, octet for octet, what it passes on, what it ignores. */
#include "tests/rig/bench.h"
#include "tests/rig/host_frames.h"
#include "tests/rig/test.h"

#define L3     14
#define ICMPV6 (L3 + 40)
#define PING4  (L3 + 20)

static void receive(struct bench *t, struct burst *b, const struct host_frame *frame)
{
	bench_receive(t, b, frame->octets, frame->length);
	host_stage(t->worker, b);
}

static void test_answers(void **state)
{
	static const struct {
		const struct host_frame *in, *out;
		uint16_t vlan;
	} answers[] = {
		{&frame_arp_request, &frame_arp_reply, 0},
		{&frame_arp_probe, &frame_arp_probe_reply, 0},
		{&frame_solicitation, &frame_solicitation_reply, 0},
		{&frame_unicast_solicitation, &frame_unicast_solicitation_reply, 0},
		{&frame_dad, &frame_dad_reply, 0},
		{&frame_ping4, &frame_ping4_reply, 0},
		{&frame_ping6, &frame_ping6_reply, 0},
		{&frame_vlan_request, &frame_vlan_reply, 42},
		{&frame_vlan_solicitation, &frame_vlan_solicitation_reply, 42},
	};
	struct bench *t = *state;

	for (unsigned int k = 0; k < RTE_DIM(answers); k++)
		/* Ethernet pads short frames: the answer must not take that with it. */
		for (unsigned int padding = 0; padding <= 18; padding += 18) {
			struct host_frame in = *answers[k].in;
			struct burst b;

			t->network->vlan = answers[k].vlan;
			in.length += padding;
			receive(t, &b, &in);
			assert_int_equal(b.class[0], CLASS_SEND);
			assert_int_equal(b.port[0], BENCH_PORT);
			assert_int_equal(b.mbuf[0]->data_len, answers[k].out->length);
			assert_int_equal(b.mbuf[0]->pkt_len, answers[k].out->length);
			assert_memory_equal(rte_pktmbuf_mtod(b.mbuf[0], uint8_t *),
					    answers[k].out->octets, answers[k].out->length);
			bench_release(&b);
		}
	assert_int_equal(t->worker->counters[COUNTER_HOST_REPLY], 2 * RTE_DIM(answers));
}

static void test_news_for_the_main_lcore(void **state)
{
	static const struct host_frame *const news[] = {&frame_arp_answer, &frame_arp_announcement,
							&frame_advertisement, &frame_unsolicited};
	struct bench *t = *state;

	for (unsigned int k = 0; k < RTE_DIM(news); k++) {
		struct burst b;
		struct notice n;
		struct rte_mbuf *m;

		receive(t, &b, news[k]);
		assert_int_equal(b.class[0], CLASS_DONE);
		assert_true(bench_take_notice(t, &n));
		assert_int_equal(n.kind, NOTICE_HOST);
		assert_int_equal(n.network, 0);
		assert_int_equal(n.component, L3);
		m = n.object;
		assert_int_equal(m->data_len, news[k]->length);
		assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), news[k]->octets,
				    news[k]->length);
		rte_pktmbuf_free(m);
	}
}

/* Somebody who claims our address is no longer answered but reported. */
static void test_conflict_is_news(void **state)
{
	struct bench *t = *state;
	struct host_frame f = frame_arp_request;
	struct notice n;
	struct burst b;

	memcpy(f.octets + L3 + 14, f.octets + L3 + 24, 4); /* sender = target = ours */
	receive(t, &b, &f);
	assert_int_equal(b.class[0], CLASS_DONE);
	assert_true(bench_take_notice(t, &n));
	rte_pktmbuf_free(n.object);
}

static void test_neighbours_leave_room_for_nominations(void **state)
{
	struct bench *t = *state;
	unsigned int taken = 0;
	struct notice n;
	struct burst b;

	for (unsigned int k = 0; k < 2 * BENCH_NOTICES; k++) {
		receive(t, &b, &frame_advertisement);
		if (b.class[0] == CLASS_DONE) {
			taken++;
			continue;
		}
		assert_int_equal(b.class[0], CLASS_DROPPED);
		assert_int_equal(b.reason[0], DROP_HOST_FULL);
		bench_release(&b);
	}
	assert_in_range(taken, BENCH_NOTICES / 2 - 1, BENCH_NOTICES / 2);
	while (bench_take_notice(t, &n))
		rte_pktmbuf_free(n.object);
}

/* One octet of a good frame changed; with `sum` the ICMPv6 checksum made right again. */
struct wrong {
	const struct host_frame *frame;
	uint16_t at;
	uint8_t value;
	bool sum;
	enum drop reason;
};

static void test_wrong_frames(void **state)
{
	static const struct wrong cases[] = {
		/* ARP: hardware, protocol, lengths, operation, sender's MAC a group or nobody */
		{&frame_arp_request, L3 + 1, 6, false, DROP_HOST_MALFORMED},
		{&frame_arp_request, L3 + 2, 9, false, DROP_HOST_MALFORMED},
		{&frame_arp_request, L3 + 4, 8, false, DROP_HOST_MALFORMED},
		{&frame_arp_request, L3 + 5, 16, false, DROP_HOST_MALFORMED},
		{&frame_arp_request, L3 + 7, 3, false, DROP_HOST_MALFORMED},
		{&frame_arp_request, L3 + 8, 3, false, DROP_HOST_MALFORMED},
		{&frame_arp_request, L3 + 27, 2, false, DROP_HOST_UNHANDLED}, /* for .2 */
		{&frame_arp_answer, L3 + 27, 2, false, DROP_HOST_UNHANDLED},
		{&frame_arp_request, 6, 3, false, DROP_HOST_MALFORMED},  /* Ethernet source */
		{&frame_arp_request, 11, 1, false, DROP_HOST_UNHANDLED}, /* our own frame */
		/* Discovery, RFC 4861 7.1: hop limit, checksum, code, target, options */
		{&frame_solicitation, L3 + 7, 254, true, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 2, 0, false, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 1, 1, true, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 8, 0xff, true, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 25, 0, true, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 25, 2, true, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 26, 1, true, DROP_HOST_MALFORMED},
		{&frame_solicitation, ICMPV6 + 23, 2, true, DROP_HOST_UNHANDLED}, /* for ::2 */
		{&frame_solicitation, L3 + 23, 1, true, DROP_HOST_UNHANDLED},     /* from us */
		{&frame_dad, L3 + 39, 2, true, DROP_HOST_MALFORMED}, /* another group */
		{&frame_advertisement, L3 + 7, 254, true, DROP_HOST_MALFORMED},
		{&frame_advertisement, ICMPV6 + 2, 0, false, DROP_HOST_MALFORMED},
		{&frame_unsolicited, ICMPV6 + 4, 0x60, true, DROP_HOST_MALFORMED}, /* S */
		{&frame_ping6, ICMPV6, 133, true, DROP_HOST_UNHANDLED},
		/* Echo: checksum, code, sources nobody has */
		{&frame_ping4, PING4 + 2, 0, false, DROP_HOST_MALFORMED},
		{&frame_ping4, PING4 + 1, 1, false, DROP_HOST_UNHANDLED},
		{&frame_ping4, PING4, 3, false, DROP_HOST_UNHANDLED},
		{&frame_ping6, ICMPV6 + 2, 0, false, DROP_HOST_MALFORMED},
		{&frame_ping6, ICMPV6 + 1, 1, true, DROP_HOST_UNHANDLED},
		{&frame_ping6, L3 + 8, 0xff, true, DROP_HOST_UNHANDLED},
		{&frame_ping6, L3 + 23, 1, true, DROP_HOST_UNHANDLED},
	};
	struct bench *t = *state;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct host_frame f = *cases[k].frame;
		struct burst b;

		f.octets[cases[k].at] = cases[k].value;
		if (cases[k].sum)
			frame_resum(&f);
		receive(t, &b, &f);
		if (b.class[0] != CLASS_DROPPED || b.reason[0] != cases[k].reason)
			fail_msg("case %u: class %u, reason %s", k, b.class[0],
				 drop_reasons[b.reason[0]].name);
		bench_release(&b);
	}
	assert_int_equal(t->worker->counters[COUNTER_HOST_REPLY], 0);
}

static void test_ping_from_nobody(void **state)
{
	static const uint8_t sources[][4] = {
		{0, 0, 0, 0}, {224, 0, 0, 1}, {255, 255, 255, 255}, {198, 51, 100, 1}};
	struct bench *t = *state;

	for (unsigned int k = 0; k < RTE_DIM(sources); k++) {
		struct host_frame f = frame_ping4;
		struct rte_ipv4_hdr ip;
		struct burst b;

		memcpy(&ip, f.octets + L3, sizeof(ip));
		memcpy(&ip.src_addr, sources[k], 4);
		ip.hdr_checksum = 0;
		ip.hdr_checksum = rte_ipv4_cksum(&ip);
		memcpy(f.octets + L3, &ip, sizeof(ip));
		receive(t, &b, &f);
		assert_int_equal(b.class[0], CLASS_DROPPED);
		assert_int_equal(b.reason[0], DROP_HOST_UNHANDLED);
		bench_release(&b);
	}
}

static void test_ping_to_a_group(void **state)
{
	struct bench *t = *state;
	struct host_frame f = frame_ping6;
	struct burst b;

	memcpy(f.octets + L3 + 24, frame_dad.octets + L3 + 24, 16);
	frame_resum(&f);
	receive(t, &b, &f);
	assert_int_equal(b.class[0], CLASS_DROPPED);
	assert_int_equal(b.reason[0], DROP_HOST_UNHANDLED);
	bench_release(&b);
}

/* With a source option a probe for an address is malformed (RFC 4861 7.1.1). */
static void test_probe_with_source_option(void **state)
{
	struct bench *t = *state;
	struct host_frame f = frame_solicitation;
	struct burst b;

	memset(f.octets + L3 + 8, 0, 16);
	frame_resum(&f);
	receive(t, &b, &f);
	assert_int_equal(b.class[0], CLASS_DROPPED);
	assert_int_equal(b.reason[0], DROP_HOST_MALFORMED);
	bench_release(&b);
}

static void test_every_truncation(void **state)
{
	static const struct host_frame *const frames[] = {&frame_arp_request, &frame_solicitation,
							  &frame_ping4, &frame_ping6};
	struct bench *t = *state;

	for (unsigned int k = 0; k < RTE_DIM(frames); k++)
		for (size_t length = 0; length < frames[k]->length; length++) {
			struct host_frame f = *frames[k];
			struct burst b;

			f.length = length;
			receive(t, &b, &f);
			assert_int_equal(b.class[0], CLASS_DROPPED);
			bench_release(&b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_answers),          BENCH(test_news_for_the_main_lcore),
		BENCH(test_conflict_is_news), BENCH(test_neighbours_leave_room_for_nominations),
		BENCH(test_wrong_frames),     BENCH(test_ping_from_nobody),
		BENCH(test_ping_to_a_group),  BENCH(test_probe_with_source_option),
		BENCH(test_every_truncation),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
