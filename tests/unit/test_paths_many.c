/* SPDX-License-Identifier: BSD-3-Clause */
/* As many paths as a leg may have, what that takes, and what is left when the leg goes. */
#define LEGS 70

#include "tests/rig/counting.h"

#define PATHS 64

static void put_legs(struct relay *r)
{
	struct put p;

	for (uint64_t id = 1; id <= LEGS; id++) {
		put_init(&p, id, 0, PUBLIC_IPV4, 20000 + 2 * id, BROWSER, 40000 + id);
		p.m.rtcp_mux = true;
		assert_int_equal(relay_put(r, &p), 0);
		relay_run(r);
	}
}

static int put_branch(struct relay *r, uint64_t from, uint64_t to)
{
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;

	put.from = from;
	put.to = to;
	put.branch = true;
	r->what = "";
	return registry_put_path(r->registry, &put, &r->what);
}

static void put_paths(struct relay *r)
{
	assert_int_equal(relay_put_path(r, 1, 2, false, false), 0);
	for (uint64_t to = 3; to < 2 + PATHS; to++) {
		assert_int_equal(put_branch(r, 1, to), 0);
		relay_run(r);
	}
}

static void speak(struct relay *r, uint16_t seq)
{
	struct endpoint from = bench_endpoint(BROWSER, 40001);
	struct endpoint to = bench_endpoint(relay_local[PUBLIC_IPV4], 20002);
	uint8_t m[172] = {0x80, 0, seq >> 8, seq}, frame[RELAY_FRAME];
	size_t length = bench_put_udp(frame, &r->at[PUBLIC], &from, &to, m, sizeof(m));

	relay_inject(r, PUBLIC, 0, frame, length);
	relay_run(r);
}

static void each_gets_one(void **state)
{
	struct relay *r = *state;
	const Tandem__Dataplane__V1__LegStatus *told;
	bool heard[LEGS + 1] = {false};

	put_legs(r);
	put_paths(r);
	relay_expect_error(r, put_branch(r, 1, 2 + PATHS), ENOSPC,
			   "from: it goes on to 64 legs already");
	assert_int_equal(put_branch(r, 1, 1 + PATHS), 0); /* the same again */
	speak(r, 1);
	assert_int_equal(r->sent_count, PATHS);
	for (unsigned int k = 0; k < r->sent_count; k++) {
		unsigned int port = r->sent[k].octets[14 + 22] << 8 | r->sent[k].octets[14 + 23];

		assert_in_range(port, 40002, 40001 + PATHS);
		assert_false(heard[port - 40000]);
		heard[port - 40000] = true;
	}
	told = relay_status(r, 1);
	assert_int_equal(told->n_paths, PATHS);
	for (unsigned int k = 0; k < told->n_paths; k++)
		assert_int_equal(told->paths[k]->sent_packets, 1);
	r->sent_count = 0;
}

static void a_leg_takes_its_paths_with_it(void **state)
{
	struct relay *r = *state;

	put_legs(r);
	put_paths(r);
	assert_int_equal(relay_put_path(r, 2, 1, false, false), 0);
	assert_int_equal(relay_delete(r, 1), 0);
	relay_run(r);
	for (uint64_t id = 2; id <= LEGS; id++) {
		assert_true(TAILQ_EMPTY(&relay_record(r, id)->out) &&
			    TAILQ_EMPTY(&relay_record(r, id)->in));
		assert_false(relay_config(r, id)->has_own);
		assert_null(relay_config(r, id)->heard[0]);
		assert_int_equal(relay_record(r, id)->named, 0);
	}
	/* A listener that goes takes one. */
	put_legs(r);
	put_paths(r);
	assert_int_equal(relay_delete(r, 7), 0);
	relay_run(r);
	assert_int_equal(relay_config(r, 1)->branch_count, PATHS - 2);
	speak(r, 2);
	assert_int_equal(r->sent_count, PATHS - 1);
	r->sent_count = 0;
}

/* What one request posts finds room, whatever it is: no order is lost when there is little. */
static void a_request_has_room(void **state)
{
	struct relay *r = *state;
	struct worker *w = r->dataplane.workers[0];
	unsigned int before;

	put_legs(r);
	put_paths(r);
	while (workers_have_room(&r->dataplane))
		assert_int_equal(record_repost(r->registry, relay_record(r, 2)), 0);
	relay_expect_error(r, put_branch(r, 1, 5), EAGAIN, "a worker does not keep up");
	relay_expect_error(r, relay_delete_path(r, 1, 5), EAGAIN, "a worker does not keep up");
	assert_true(put_branch(r, 1, 5) == -EAGAIN &&
		    relay_config(r, 1)->branch_count == PATHS - 1);
	/* Just enough. */
	while (workers_have_room(&r->dataplane))
		assert_int_equal(record_repost(r->registry, relay_record(r, 2)), 0);
	worker_obey(w, rte_rdtsc());
	registry_poll(r->registry);
	assert_true(workers_have_room(&r->dataplane));
	before = w->open_orders;
	assert_int_equal(relay_delete(r, 1), 0);
	assert_in_range(w->open_orders - before, 1, 255);
	for (uint64_t id = 2; id <= LEGS; id++)
		assert_false(relay_record(r, id)->outdated);
	relay_run(r);
	assert_int_equal(registry_count(r->registry), LEGS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_OF(each_gets_one, LEGS, 1),
		CASE_OF(a_leg_takes_its_paths_with_it, LEGS, 1),
		CASE_OF(a_request_has_room, LEGS, 1),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
