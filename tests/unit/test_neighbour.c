/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops: how they are asked for, learnt, refreshed, lost; and what the relay says of itself. */
#include <errno.h>

#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/links/port.h"
#include "tests/rig/bench.h"
#include "tests/rig/host_frames.h"
#include "tests/rig/test.h"

#define L3       14
#define ICMPV6   (L3 + 40)
#define SENT_MAX 64

struct world {
	struct bench *bench;
	uint64_t now;
};

/* What went out, in the place of the real port_send_frame(). */
static struct {
	struct host_frame frames[SENT_MAX];
	unsigned int count;
	int error;
} sent;

int port_send_frame(struct dataplane *d, uint16_t port, const void *frame, size_t length)
{
	if (sent.error)
		return sent.error;
	assert_int_equal(port, BENCH_PORT);
	assert_in_range(sent.count, 0, SENT_MAX - 1);
	assert_in_range(length, 1, sizeof(sent.frames[0].octets));
	sent.frames[sent.count].length = length;
	memcpy(sent.frames[sent.count++].octets, frame, length);
	return 0;
}

static void assert_sent(unsigned int index, const struct host_frame *expected)
{
	assert_true(index < sent.count);
	assert_int_equal(sent.frames[index].length, expected->length);
	assert_memory_equal(sent.frames[index].octets, expected->octets, expected->length);
}

static int create(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	memset(&sent, 0, sizeof(sent));
	w->bench = bench_create();
	w->now = rte_rdtsc();
	*state = w;
	return neighbour_start(&w->bench->dataplane);
}

/* Most tests look at one neighbour and need no gateways beside it. */
static int create_without_gateways(void **state)
{
	struct world *w;
	int error = create(state);

	w = *state;
	if (error)
		return error;
	neighbour_stop(&w->bench->dataplane);
	memset(&w->bench->network->gateway4, 0, sizeof(struct address));
	memset(&w->bench->network->gateway6, 0, sizeof(struct address));
	memset(&sent, 0, sizeof(sent));
	return neighbour_start(&w->bench->dataplane);
}

static int destroy(void **state)
{
	struct world *w = *state;

	neighbour_stop(&w->bench->dataplane);
	bench_destroy(w->bench);
	free(w);
	return 0;
}

static struct nexthop *get(struct world *w, const char *text)
{
	const struct address a = bench_address(text);

	return neighbour_get(w->bench->network, &a);
}

static void hear(struct world *w, const struct host_frame *f)
{
	neighbour_input(&w->bench->dataplane, f->octets, f->length, 0, L3);
}

/* Turns of the main lcore for so many tenths of a second. */
static void pass(struct world *w, unsigned int tenths)
{
	while (tenths--) {
		w->now += rte_get_tsc_hz() / 10 + 1;
		neighbour_tick(&w->bench->dataplane, w->now);
	}
}

static bool pass_until_sent(struct world *w, unsigned int tenths)
{
	while (!sent.count && tenths--)
		pass(w, 1);
	return sent.count;
}

static uint64_t mac_of(const struct rte_ether_addr *mac)
{
	uint64_t value = 0;

	memcpy(&value, mac, sizeof(*mac));
	return value;
}

static void test_gateways_from_the_start(void **state)
{
	struct world *w = *state;
	struct nexthop *n4, *n6, *far;

	assert_int_equal(sent.count, 2);
	assert_memory_equal(sent.frames[0].octets + L3 + 24, ((uint8_t[]){198, 51, 100, 254}), 4);
	n4 = get(w, "203.0.113.9");
	n6 = get(w, "2001:db8:9::9");
	assert_non_null(n4);
	assert_non_null(n6);
	assert_true(address_equal(&n4->address, &w->bench->network->gateway4));
	assert_true(address_equal(&n6->address, &w->bench->network->gateway6));
	far = get(w, "203.0.113.10");
	assert_ptr_equal(far, n4);
	/* Nothing more was asked: the entries were there. */
	assert_int_equal(sent.count, 2);
	neighbour_put(far);
	neighbour_put(n4);
	neighbour_put(n6);
}

static void test_next_hops(void **state)
{
	const struct address near = bench_address("198.51.100.200");
	struct world *w = *state;
	struct nexthop *n;

	assert_null(get(w, "203.0.113.9"));
	assert_null(get(w, "2001:db8:9::9"));
	assert_null(get(w, "198.51.101.1"));
	n = get(w, "198.51.100.200");
	assert_true(address_equal(&n->address, &near));
	neighbour_put(n);
	n = get(w, "fe80::7");
	assert_non_null(n);
	neighbour_put(n);
	/* A network without IPv6 has no way there. */
	w->bench->network->address_count = 1;
	assert_null(get(w, "2001:db8::7"));
}

static void test_prefixes(void **state)
{
	struct world *w = *state;
	struct nexthop *n;

	w->bench->dataplane.addresses[BENCH_IPV4].prefix = 96 + 27;
	assert_null(get(w, "198.51.100.32"));
	n = get(w, "198.51.100.31");
	assert_non_null(n);
	neighbour_put(n);
	w->bench->dataplane.addresses[BENCH_IPV4].prefix = 128;
	assert_null(get(w, "198.51.100.31"));
}

static void test_resolution(void **state)
{
	static const struct {
		const char *address;
		const struct host_frame *request, *answer;
	} cases[] = {
		{"198.51.100.7", &frame_our_request4, &frame_arp_answer},
		{"2001:db8::7", &frame_our_request6, &frame_advertisement},
	};
	struct world *w = *state;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct nexthop *n;

		/* Nobody's answer: there is no entry, and there is none afterwards. */
		hear(w, cases[k].answer);
		sent.count = 0;
		n = get(w, cases[k].address);
		assert_non_null(n);
		assert_int_equal(n->mac, 0);
		assert_int_equal(sent.count, 1);
		assert_sent(0, cases[k].request);
		hear(w, cases[k].answer);
		assert_int_equal(n->mac, mac_of(&bench_peer_mac));
		assert_ptr_equal(get(w, cases[k].address), n);
		assert_int_equal(n->users, 2);
		neighbour_put(n);
		neighbour_put(n);
	}
}

static void test_vlan(void **state)
{
	struct world *w = *state;

	w->bench->network->vlan = 42;
	neighbour_put(get(w, "198.51.100.7"));
	assert_sent(0, &frame_our_vlan_request4);
}

static void test_retries(void **state)
{
	struct world *w = *state;
	struct nexthop *n = get(w, "198.51.100.7");

	pass(w, 45);
	assert_int_equal(sent.count, 5);
	pass(w, 300);
	assert_in_range(sent.count, 10, 12);
	for (unsigned int k = 0; k < sent.count; k++)
		assert_sent(k, &frame_our_request4);
	neighbour_put(n);
}

static void test_no_room_is_no_try(void **state)
{
	struct world *w = *state;
	struct nexthop *n;

	sent.error = -ENOBUFS;
	n = get(w, "198.51.100.7");
	assert_non_null(n);
	pass(w, 100);
	sent.error = 0;
	pass(w, 1);
	assert_int_equal(sent.count, 1);
	assert_int_equal(n->tries, 1);
	neighbour_put(n);
}

static void test_refresh(void **state)
{
	static const struct {
		const char *address;
		const struct host_frame *request, *refresh, *answer;
	} cases[] = {
		{"198.51.100.7", &frame_our_request4, &frame_our_refresh4, &frame_arp_answer},
		{"2001:db8::7", &frame_our_request6, &frame_our_refresh6, &frame_advertisement},
	};
	struct world *w = *state;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct nexthop *n = get(w, cases[k].address);

		hear(w, cases[k].answer);
		sent.count = 0;
		pass(w, 220);
		assert_int_equal(sent.count, 0);
		/* Not all at once: between 22.5 and 37.5 seconds. */
		assert_true(pass_until_sent(w, 160));
		assert_int_equal(sent.count, 1);
		assert_sent(0, cases[k].refresh);
		/* Unanswered: thrice by unicast, thrice to all, and the MAC serves meanwhile. */
		pass(w, 55);
		assert_int_equal(sent.count, 6);
		assert_sent(2, cases[k].refresh);
		assert_sent(3, cases[k].request);
		assert_sent(5, cases[k].request);
		assert_int_equal(n->mac, mac_of(&bench_peer_mac));
		pass(w, 10);
		assert_int_equal(n->mac, 0);
		assert_int_equal(sent.count, 7);
		assert_sent(6, cases[k].request);
		/* It comes back. */
		hear(w, cases[k].answer);
		assert_int_equal(n->mac, mac_of(&bench_peer_mac));
		neighbour_put(n);
	}
}

static void test_answered_refresh(void **state)
{
	struct world *w = *state;
	struct nexthop *n = get(w, "2001:db8::7");
	struct host_frame f = frame_advertisement;

	hear(w, &f);
	sent.count = 0;
	assert_true(pass_until_sent(w, 380));
	/* An answer to unicast may leave the address out (RFC 4861 4.4). */
	f.length -= 8;
	f.octets[L3 + 5] -= 8;
	frame_resum(&f);
	hear(w, &f);
	sent.count = 0;
	pass(w, 200);
	assert_int_equal(sent.count, 0);
	assert_int_equal(n->mac, mac_of(&bench_peer_mac));
	neighbour_put(n);
}

static void test_announcement_moves_a_neighbour(void **state)
{
	static const struct rte_ether_addr other = {{0x02, 0, 0x5e, 0, 0, 0x55}};
	struct world *w = *state;
	struct nexthop *n = get(w, "198.51.100.7");
	struct host_frame f = frame_arp_announcement;

	hear(w, &frame_arp_answer);
	memcpy(f.octets + L3 + 8, &other, sizeof(other));
	sent.count = 0;
	hear(w, &f);
	assert_int_equal(n->mac, mac_of(&other));
	/* It is believed, and checked at once. */
	pass(w, 1);
	assert_int_equal(sent.count, 1);
	assert_memory_equal(sent.frames[0].octets, &other, sizeof(other));
	neighbour_put(n);
}

/* RFC 4861 7.2.5. */
static void test_advertisement_flags(void **state)
{
	static const struct rte_ether_addr other = {{0x02, 0, 0x5e, 0, 0, 0x55}};
	static const struct {
		uint8_t flags; /* S 0x40, O 0x20 */
		bool taken;    /* the new MAC */
		bool asked;    /* a request at once */
	} cases[] = {
		{0x60, true, false},
		{0x20, true, true},
		{0x40, false, true},
		{0x00, false, true},
	};
	struct world *w = *state;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct nexthop *n = get(w, "2001:db8::7");
		struct host_frame f = frame_advertisement;

		hear(w, &f);
		memcpy(f.octets + ICMPV6 + 26, &other, sizeof(other));
		f.octets[ICMPV6 + 4] = cases[k].flags;
		frame_resum(&f);
		sent.count = 0;
		hear(w, &f);
		assert_int_equal(n->mac, mac_of(cases[k].taken ? &other : &bench_peer_mac));
		pass(w, 2);
		assert_int_equal(sent.count, cases[k].asked);
		neighbour_put(n);
	}
}

static void test_unusable_frames(void **state)
{
	struct world *w = *state;
	struct nexthop *n = get(w, "2001:db8::7");
	struct host_frame f = frame_advertisement;

	for (size_t length = 0; length < f.length; length++) {
		/* Exactly as long, so that ASan sees who reads on. */
		uint8_t *copy = malloc(length ? length : 1);

		memcpy(copy, f.octets, length);
		neighbour_input(&w->bench->dataplane, copy, length, 0, L3);
		free(copy);
	}
	f.octets[ICMPV6 + 2]++;
	hear(w, &f);
	hear(w, &frame_solicitation);
	assert_int_equal(n->mac, 0);
	neighbour_put(n);
}

static void test_announcements(void **state)
{
	struct world *w = *state;

	neighbour_announce(&w->bench->dataplane);
	assert_int_equal(sent.count, 4);
	assert_sent(0, &frame_our_probe4);
	assert_sent(1, &frame_our_announcement4);
	assert_sent(2, &frame_our_probe6);
	assert_sent(3, &frame_our_announcement6);
	pass(w, 50);
	assert_int_equal(sent.count, 4 + 2 * 2);
	assert_sent(6, &frame_our_announcement4);
	assert_sent(7, &frame_our_announcement6);
}

static void test_conflict(void **state)
{
	struct world *w = *state;
	struct host_frame f = frame_arp_announcement;

	memcpy(f.octets + L3 + 14, ((uint8_t[]){198, 51, 100, 1}), 4);
	neighbour_announce(&w->bench->dataplane);
	sent.count = 0;
	/* Defended once, not frame by frame (RFC 5227 2.4). */
	hear(w, &f);
	hear(w, &f);
	assert_int_equal(sent.count, 1);
	assert_sent(0, &frame_our_announcement4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gateways_from_the_start, create, destroy),
#define TEST(f) cmocka_unit_test_setup_teardown(f, create_without_gateways, destroy)
		TEST(test_next_hops),
		TEST(test_prefixes),
		TEST(test_resolution),
		TEST(test_vlan),
		TEST(test_retries),
		TEST(test_no_room_is_no_try),
		TEST(test_refresh),
		TEST(test_answered_refresh),
		TEST(test_announcement_moves_a_neighbour),
		TEST(test_advertisement_flags),
		TEST(test_unusable_frames),
		TEST(test_announcements),
		TEST(test_conflict),
#undef TEST
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
