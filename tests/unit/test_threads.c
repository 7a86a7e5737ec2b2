/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers on threads of their own, as they run, under ThreadSanitizer, too: legs go over from one
 * to the other while keys, paths and configurations change, and what comes out is whole and in
 * order.
 */
#include <sched.h>
#include <time.h>

#include <rte_launch.h>

#include "dataplane/wire/rtp.h"
#include "tests/rig/scene.h"

#define ROUNDS    50
#define PACKETS   60 /* of a round, all by one queue */
#define AT_A_TIME 100
#define SECONDS   20 /* until it counts as lost */

static struct history {
	struct scene *s;
	uint32_t random;
	uint32_t index, heard;
	uint32_t epoch;
	bool forked;
	unsigned int started, stopped; // the latter workers: rw
} h;

static uint32_t roll(uint32_t sides)
{
	h.random = h.random * 1664525 + 1013904223;
	return (uint64_t)h.random * sides >> 32;
}

/* The main lcore's turn, and the participants'. */
static void look(void)
{
	struct relay *r = h.s->relay;

	registry_poll(r->registry);
	relay_collect(r);
	for (unsigned int i = 0; i < r->sent_count; i++) {
		if (r->sent[i].network == PUBLIC)
			continue;
		assert_int_equal(rtp_seq(r->sent[i].octets + 18 + 28), (uint16_t)h.heard);
		h.heard++;
	}
	r->sent_count = 0;
	r->event_count = 0;
	sched_yield();
}

static void wait_until_heard(uint32_t index)
{
	time_t end = time(NULL) + SECONDS;

	while (h.heard < index) {
		look();
		if (time(NULL) > end)
			fail_msg("%u of %u packets came", h.heard, index);
	}
}

static bool is_ordered_something(const struct relay *r)
{
	for (unsigned int k = 0; k < r->dataplane.worker_count; k++)
		if (r->dataplane.workers[k]->open_orders)
			return true;
	return false;
}

static void rekey(void)
{
	struct keys k;

	keys_init(&k, h.s->browser.leg, ++h.epoch, SUITE);
	memcpy(k.receive_key, &h.epoch, sizeof(h.epoch));
	memcpy(k.send_key, &h.epoch, sizeof(h.epoch));
	k.m.grace_ms = 60000;
	assert_int_equal(relay_put_keys(h.s->relay, &k), 0);
	oracle_derive(&h.s->browser.receive, SUITE, k.receive_key, k.receive_salt);
	/* A key of two epochs ago serves no longer, and the worker has to have this one. */
	wait_until_heard(h.index);
	while (relay_record(h.s->relay, 2)->move || is_ordered_something(h.s->relay))
		look();
}

static void change_something(void)
{
	struct relay *r = h.s->relay;
	Tandem__Dataplane__V1__PutPath path = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;
	struct put p;

	switch (roll(3)) {
	case 0:
		rekey();
		break;
	case 1:
		put_init(&p, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT);
		p.m.rtcp_mux = true;
		p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
		assert_int_equal(relay_put(r, &p), 0);
		break;
	default:
		path.from = 2;
		path.to = 3;
		path.branch = true;
		assert_int_equal(h.forked ? relay_delete_path(r, 2, 3)
					  : registry_put_path(r->registry, &path, &r->what),
				 0);
		h.forked = !h.forked;
	}
}

static void talk(unsigned int queue)
{
	for (unsigned int k = 0; k < PACKETS; k++) {
		struct packet p =
			packet_protect(scene_rtp(h.index), &h.s->browser.receive, h.index);

		h.index++;
		scene_inject(h.s, &h.s->browser, queue, &p);
		while (h.index - h.heard > AT_A_TIME)
			look();
		if (!roll(16))
			change_something();
		look();
	}
	wait_until_heard(h.index);
}

/* ThreadSanitizer does not see by what EAL waits for an lcore. */
static int run(void *worker)
{
	worker_run(worker);
	__atomic_add_fetch(&h.stopped, 1, __ATOMIC_RELEASE);
	return 0;
}

static void start(struct scene *s)
{
	struct dataplane *d = &s->relay->dataplane;

	for (unsigned int k = 0; k < d->worker_count; k++, h.started++) {
		d->workers[k]->hz /= 10000; /* a leg may move again soon */
		assert_int_equal(rte_eal_remote_launch(run, d->workers[k], 1 + k), 0);
	}
}

static void stop(struct scene *s)
{
	struct dataplane *d = &s->relay->dataplane;

	__atomic_store_n(&d->stop, true, __ATOMIC_RELAXED);
	for (unsigned int k = 0; k < d->worker_count; k++)
		rte_eal_wait_lcore(1 + k);
	while (__atomic_load_n(&h.stopped, __ATOMIC_ACQUIRE) < h.started)
		sched_yield();
}

static int tear_down(void **state)
{
	stop(*state);
	return scene_tear_down(state);
}

static void legs_move_between_threads(void **state)
{
	struct scene *s = *state;

	h = (struct history){.s = s, .random = 1, .epoch = 1};
	scene_trio(s, false, true, false);
	assert_int_equal(relay_put_path(s->relay, 2, 1, false, false), 0);
	relay_run(s->relay);
	start(s);
	for (unsigned int k = 0; k < ROUNDS; k++)
		talk(roll(s->workers));
	stop(s);
	for (unsigned int k = 0; k < s->relay->dataplane.worker_count; k++) {
		const struct load *load = &s->relay->dataplane.workers[k]->load;

		assert_in_range(load->busy, 1, load->total - 1);
		assert_true(load->taken && load->departed);
		assert_in_range(load->latency_sum, 1, UINT64_MAX / 2);
	}
	assert_int_equal(relay_all_drops(s->relay), 0);
	assert_true(relay_counter(s->relay, COUNTER_MOVED) > ROUNDS / 4);
}

#define THREADS(kind)                                                                              \
	{                                                                                          \
		"legs_move_between_threads (" #kind ")", legs_move_between_threads, scene_set_up,  \
			tear_down, (void *)(uintptr_t)&kind                                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREADS(scene_two),
		THREADS(scene_four),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
