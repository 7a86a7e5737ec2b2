/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Legs go over to the worker whose queue their packets come by: nothing is lost, overtaken or taken
 * twice, whatever else happens to them meanwhile.
 */
#include <rte_thash.h>

#include "dataplane/move.h"
#include "dataplane/wire/rtp.h"
#include "tests/rig/scene.h"

#define SEEDS 400
#define STEPS 600
#define SSRC  0xdecafbad

static const uint8_t toeplitz_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* As a NIC does with RSS over addresses and ports. */
static unsigned int queue_of(const struct scene *s, const struct side *side)
{
	union rte_thash_tuple tuple = {.v4 = {.sport = rte_be_to_cpu_16(side->local.port),
					      .dport = rte_be_to_cpu_16(side->remote.port)}};

	tuple.v4.src_addr = rtp_read32(side->remote.address.octets + 12);
	tuple.v4.dst_addr = rtp_read32(side->local.address.octets + 12);
	return rte_softrss((uint32_t *)&tuple, RTE_THASH_V4_L4_LEN, toeplitz_key) %
	       s->relay->dataplane.ports[side->network].queues;
}

static struct worker *worker(const struct scene *s, unsigned int id)
{
	return s->relay->dataplane.workers[id];
}

static unsigned int owner(const struct scene *s, const struct side *side)
{
	const struct record *record = relay_record(s->relay, side->leg);

	assert_int_equal(record->worker, leg_worker(record->leg));
	return record->worker;
}

/* So many, one after the other, all of which come out to the other side. */
static void talk(struct scene *s, const struct side *from, unsigned int queue,
		 const struct side *to, uint16_t first, unsigned int count)
{
	for (unsigned int k = 0; k < count; k++) {
		struct packet p = scene_rtp(first + k);

		scene_inject(s, from, queue, &p);
		relay_run(s->relay);
		scene_expect(s, to, &p);
	}
}

static void a_leg_goes_where_its_packets_come(void **state)
{
	struct scene *s = *state;
	unsigned int phone, browser;
	uint64_t moved = 0, handed;

	scene_call(s, false, false);
	phone = queue_of(s, &s->phone);
	browser = queue_of(s, &s->browser);
	moved += owner(s, &s->phone) != phone;
	moved += owner(s, &s->browser) != browser;
	talk(s, &s->phone, phone, &s->browser, 1, MOVE_AFTER);
	talk(s, &s->browser, browser, &s->phone, 1, MOVE_AFTER);
	assert_int_equal(owner(s, &s->phone), phone);
	assert_int_equal(owner(s, &s->browser), browser);
	assert_int_equal(relay_counter(s->relay, COUNTER_MOVED), moved);
	assert_true(moved > 0);

	handed = relay_counter(s->relay, COUNTER_HANDOVER);
	talk(s, &s->phone, phone, &s->browser, 1 + MOVE_AFTER, 40);
	talk(s, &s->browser, browser, &s->phone, 1 + MOVE_AFTER, 40);
	assert_int_equal(relay_counter(s->relay, COUNTER_HANDOVER), handed);
	assert_int_equal(relay_all_drops(s->relay), 0);
	assert_int_equal(relay_status(s->relay, 1)->packets, 40 + MOVE_AFTER);
	assert_int_equal(relay_status(s->relay, 1)->streams[0]->lost, 0);
}

/* Both ways in turn, and not twice within a second. */
static void a_leg_does_not_flap(void **state)
{
	struct scene *s = *state;
	struct leg *leg;
	unsigned int home, away;

	scene_call(s, false, false);
	leg = relay_record(s->relay, 1)->leg;
	home = owner(s, &s->phone);
	away = home ^ 1;
	for (unsigned int k = 0; k < 4 * MOVE_AFTER; k++)
		talk(s, &s->phone, k % MOVE_AFTER ? away : home, &s->browser, k, 1);
	assert_int_equal(owner(s, &s->phone), home);
	talk(s, &s->phone, away, &s->browser, 1000, 1);
	assert_int_equal(owner(s, &s->phone), away);
	talk(s, &s->phone, home, &s->browser, 2000, 4 * MOVE_AFTER);
	assert_int_equal(owner(s, &s->phone), away);
	leg->moved -= worker(s, away)->hz;
	talk(s, &s->phone, home, &s->browser, 3000, MOVE_AFTER);
	assert_int_equal(owner(s, &s->phone), home);
}

/* There handing over is what gives every worker some of the work. */
static void a_leg_stays_where_one_queue_has_all(void **state)
{
	struct scene *s = *state;
	unsigned int home;

	scene_call(s, false, false);
	home = owner(s, &s->browser);
	assert_int_not_equal(home, 0);
	talk(s, &s->browser, 0, &s->phone, 1, 4 * MOVE_AFTER);
	assert_int_equal(owner(s, &s->browser), home);
	assert_int_equal(relay_counter(s->relay, COUNTER_HANDOVER), 4 * MOVE_AFTER);
}

static void forged_packets_move_nothing(void **state)
{
	struct scene *s = *state;
	unsigned int home;

	scene_call(s, false, true);
	home = owner(s, &s->browser);
	for (unsigned int k = 0; k < 4 * MOVE_AFTER; k++) {
		struct packet p = packet_protect(scene_rtp(k), &s->browser.send, k);

		scene_inject(s, &s->browser, home ^ 1, &p);
		relay_run(s->relay);
	}
	assert_int_equal(owner(s, &s->browser), home);
	scene_expect_drops(s, DROP_AUTH_FAILED, 4 * MOVE_AFTER);
}

/* Until the other worker has said that it keeps what comes. */
static void begin_move(struct scene *s, const struct side *from, const struct side *to)
{
	unsigned int home = owner(s, from);

	for (unsigned int k = 0; k < MOVE_AFTER; k++) {
		struct packet p = scene_rtp(k);

		scene_inject(s, from, home ^ 1, &p);
		worker_poll(worker(s, home ^ 1));
		worker_poll(worker(s, home));
		relay_collect(s->relay);
		scene_expect(s, to, &p);
	}
	registry_poll(s->relay->registry);
	worker_poll(worker(s, home));
	worker_poll(worker(s, home ^ 1));
	assert_int_equal(worker(s, home ^ 1)->hold_count, 1);
	assert_int_equal(leg_worker(relay_record(s->relay, from->leg)->leg), home);
}

static void what_is_kept_has_a_bound(void **state)
{
	struct scene *s = *state;
	unsigned int home, came = 0;

	scene_call(s, false, false);
	begin_move(s, &s->phone, &s->browser);
	home = owner(s, &s->phone);
	for (unsigned int k = 0; k < MOVE_KEEPS + 10; k++) {
		struct packet p = scene_rtp(100 + k);

		scene_inject(s, &s->phone, home ^ 1, &p);
		worker_poll(worker(s, home ^ 1));
	}
	assert_int_equal(relay_collect(s->relay), 0);
	assert_int_equal(relay_drops(s->relay, DROP_HANDOVER_FULL), 10);
	worker_poll(worker(s, home));
	for (unsigned int k = 0; k < 8; k++) {
		worker_poll(worker(s, home ^ 1));
		relay_collect(s->relay);
		for (unsigned int i = 0; i < s->relay->sent_count; i++, came++)
			assert_int_equal(rtp_seq(s->relay->sent[i].octets + 42), 100 + came);
		s->relay->sent_count = 0;
	}
	assert_int_equal(came, MOVE_KEEPS);
	relay_run(s->relay);
	assert_int_equal(owner(s, &s->phone), home ^ 1);
}

static void units_of_the_pool_go_with_it(void **state)
{
	struct scene *s = *state;
	unsigned int home;
	uint32_t before;

	scene_call(s, false, false);
	home = owner(s, &s->phone);
	before = worker(s, home)->stream_count;
	for (unsigned int k = 0; k < 3 * MOVE_AFTER; k++) {
		struct packet p = packet_rtp(SSRC + k % 3, k / 3, 0, -1, 20);

		scene_inject(s, &s->phone, home ^ 1, &p);
		relay_run(s->relay);
		scene_expect(s, &s->browser, &p);
	}
	assert_int_equal(owner(s, &s->phone), home ^ 1);
	assert_int_equal(worker(s, home)->stream_count, before - 2);
	assert_int_equal(worker(s, home ^ 1)->stream_count, before + 2);
	assert_int_equal(relay_delete(s->relay, 1), 0);
	relay_run(s->relay);
	assert_int_equal(worker(s, home ^ 1)->free_stream_count, before + 2);
}

/* What is ordered meanwhile waits, as much as there is room for; then the control plane hears so.
 */
static void orders_wait_for_the_move(void **state)
{
	struct scene *s = *state;
	struct record *record;
	unsigned int asked = 0;
	struct put p;

	scene_call(s, false, false);
	begin_move(s, &s->phone, &s->browser);
	record = relay_record(s->relay, 1);
	put_init(&p, 1, 0, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT);
	while (relay_put(s->relay, &p) == 0) {
		p.m.revision = ++asked;
		assert_true(asked < 10000);
	}
	assert_string_equal(s->relay->what, "a worker does not keep up");
	assert_true(asked > 100);
	relay_run(s->relay);
	assert_null(record->move);
	assert_ptr_equal(record->leg->config, record->latest);
	assert_int_equal(record->revision, asked - 1);
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	talk(s, &s->phone, owner(s, &s->phone), &s->browser, 500, 5);
}

static void a_leg_is_deleted_while_it_moves(void **state)
{
	struct scene *s = *state;
	struct packet p = scene_rtp(100);
	unsigned int home;

	scene_call(s, false, false);
	begin_move(s, &s->phone, &s->browser);
	home = owner(s, &s->phone);
	scene_inject(s, &s->phone, home ^ 1, &p);
	worker_poll(worker(s, home ^ 1));
	assert_int_equal(relay_delete(s->relay, 1), 0);
	relay_run(s->relay);
	scene_expect_drops(s, DROP_CLOSED_PORT, 1);
	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	relay_run(s->relay);
	assert_int_equal(worker(s, home)->hold_count + worker(s, home ^ 1)->hold_count, 0);
}

/* The relay goes down in the middle of it: scene_tear_down() looks for what was left behind. */
static void the_end_comes_while_a_leg_moves(void **state)
{
	struct scene *s = *state;
	struct packet p = scene_rtp(100);

	scene_call(s, false, false);
	begin_move(s, &s->phone, &s->browser);
	scene_inject(s, &s->phone, owner(s, &s->phone) ^ 1, &p);
	worker_poll(worker(s, owner(s, &s->phone) ^ 1));
}

/* --- at random ------------------------------------------------------------------------------- */

/* A browser's SRTP, by a queue that changes, to a phone and at times to a third one, too. */
static struct history {
	struct scene *s;
	uint32_t random;
	unsigned int queue, other_count;
	uint32_t index, heard;
	uint32_t epoch;
	bool forked;
} h;

static uint32_t roll(uint32_t sides)
{
	h.random = h.random * 1664525 + 1013904223;
	return (uint64_t)h.random * sides >> 32;
}

static void look(void)
{
	relay_collect(h.s->relay);
	for (unsigned int i = 0; i < h.s->relay->sent_count; i++) {
		const struct relay_frame *f = &h.s->relay->sent[i];

		if (f->network == PUBLIC) { /* the third one, which hears the same */
			h.other_count++;
			continue;
		}
		assert_int_equal(rtp_seq(f->octets + 18 + 28), (uint16_t)h.heard);
		h.heard++;
	}
	h.s->relay->sent_count = 0;
	h.s->relay->event_count = 0;
}

static void speak(void)
{
	struct packet p = packet_protect(scene_rtp(h.index), &h.s->browser.receive, h.index);

	h.index++;
	scene_inject(h.s, &h.s->browser, h.queue, &p);
}

static void rekey(void)
{
	struct keys k;

	/* What was protected with the key before is on its way: it serves for a while. */
	if (h.index - h.heard > 200)
		return;
	keys_init(&k, h.s->browser.leg, ++h.epoch, SUITE);
	k.m.grace_ms = 60000;
	if (relay_put_keys(h.s->relay, &k))
		return;
	oracle_derive(&h.s->browser.receive, SUITE, k.receive_key, k.receive_salt);
	relay_run(h.s->relay);
	look();
}

static void listen_in(struct relay *r)
{
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;

	put.from = 2;
	put.to = 3;
	put.branch = true;
	assert_int_equal(registry_put_path(r->registry, &put, &r->what), 0);
}

static void step(void)
{
	struct relay *r = h.s->relay;
	struct leg *leg = relay_record(r, h.s->browser.leg)->leg;
	struct put p;

	switch (roll(40)) {
	case 0: /* another NAT's mapping, for which the NIC has another queue */
		h.queue = roll(r->dataplane.worker_count);
		leg->moved = 0;
		break;
	case 1:
		if (!roll(4))
			rekey();
		break;
	case 2:
		put_init(&p, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT);
		p.m.rtcp_mux = true;
		p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
		assert_int_equal(relay_put(r, &p), 0);
		break;
	case 3:
		if (h.forked)
			assert_int_equal(relay_delete_path(r, 2, 3), 0);
		else
			listen_in(r);
		h.forked = !h.forked;
		break;
	case 4:
		relay_run(r);
		break;
	default:
		switch (roll(3)) {
		case 0:
			worker_poll(worker(h.s, roll(r->dataplane.worker_count)));
			look();
			break;
		case 1:
			registry_poll(r->registry);
			break;
		default:
			speak();
		}
	}
	if (h.index - h.heard > 100)
		relay_run(r);
	look();
}

/* What came by the old queue may be overtaken by what came by the new one: not by this history. */
static void change_nothing_on_the_way(void)
{
	relay_run(h.s->relay);
	look();
}

static void whatever_happens_meanwhile(void **state)
{
	uint64_t moved = 0;

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct scene *s;
		uint32_t before;

		scene_set_up(state);
		s = *state;
		h = (struct history){.s = s, .random = seed * 2654435761u, .epoch = 1};
		scene_trio(s, false, true, false);
		assert_int_equal(relay_put_path(s->relay, 2, 1, false, false), 0);
		relay_run(s->relay);
		for (unsigned int k = 0; k < STEPS; k++) {
			before = h.queue;
			step();
			if (h.queue != before)
				change_nothing_on_the_way();
		}
		relay_run(s->relay);
		look();
		assert_int_equal(h.heard, h.index);
		assert_int_equal(relay_all_drops(s->relay), 0);
		assert_true(h.index > STEPS / 8);
		moved += relay_counter(s->relay, COUNTER_MOVED);
		if (roll(2))
			assert_int_equal(relay_delete(s->relay, 2), 0);
		if (seed < SEEDS) {
			scene_tear_down(state);
			*state = (void *)(uintptr_t)&scene_four;
		}
	}
	assert_true(moved > SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(a_leg_goes_where_its_packets_come, scene_two),
		SCENE(a_leg_goes_where_its_packets_come, scene_four),
		SCENE(a_leg_does_not_flap, scene_two),
		SCENE(a_leg_does_not_flap, scene_four),
		SCENE(a_leg_stays_where_one_queue_has_all, scene_shared),
		SCENE(forged_packets_move_nothing, scene_two),
		SCENE(what_is_kept_has_a_bound, scene_two),
		SCENE(units_of_the_pool_go_with_it, scene_two),
		SCENE(orders_wait_for_the_move, scene_two),
		SCENE(a_leg_is_deleted_while_it_moves, scene_two),
		SCENE(the_end_comes_while_a_leg_moves, scene_two),
		SCENE_WITH(whatever_happens_meanwhile, NULL, scene_four),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
