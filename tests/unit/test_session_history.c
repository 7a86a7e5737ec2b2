/* SPDX-License-Identifier: BSD-3-Clause */
/* The last hour of the relay as a whole. */
#include "tests/rig/control.h"

static Tandem__Relay__V1__HistoryRequest request;

static unsigned int ask(uint64_t after_ms)
{
	tandem__relay__v1__history_request__init(&request);
	request.after_ms = after_ms;
	assert_done(rig_ask(session_history, &request));
	return rig.got.history->n_moments;
}

static const Tandem__Relay__V1__Moment *last(void)
{
	unsigned int count = ask(0);

	return count ? rig.got.history->moments[count - 1] : NULL;
}

static void start(unsigned int history_ms, unsigned int audit_ms)
{
	rig_stop();
	rig.config.history_ms = history_ms;
	rig.config.audit_ms = audit_ms;
	rig_start();
}

static void wait_for_another(void)
{
	uint64_t before = last() ? last()->time_ms : 0;

	rig_wait(last() && last()->time_ms > before);
}

/* What came in between two moments, by the time between them. */
static void rates(void **state)
{
	const Tandem__Relay__V1__Moment *m;
	double seconds;
	uint64_t before;

	start(20, 0);
	assert_int_equal(ask(0), 0);
	wait_for_another();
	assert_true(last()->received_pps == 0 && last()->sent_pps == 0 && last()->dropped_pps == 0);
	before = last()->time_ms;
	rig.fake.received += 10000;
	rig.fake.sent += 5000;
	rig.fake.auth_failed += 1000;
	rig.fake.worked_us += 4000000;
	rig_wait(last()->received_pps > 0);
	m = last();
	/* The wall clock has it in whole ms. */
	seconds = (m->time_ms - before) / 1000.0;
	assert_true(m->received_pps > 10000 / (seconds + 0.005));
	assert_true(m->sent_pps == m->received_pps / 2);
	assert_true(m->dropped_pps > m->received_pps / 10.001);
	assert_true(m->dropped_pps < m->received_pps / 9.999);
	assert_int_equal(m->n_busy, 1);
	assert_true(m->busy[0] == 0.5);
	wait_for_another();
	assert_true(last()->received_pps == 0);
	assert_true(last()->busy[0] == 0);
}

static Tandem__Dataplane__V1__Stream streams[2];

static void calls_and_how_they_sound(void **state)
{
	const Tandem__Relay__V1__Moment *m;
	struct fake_leg *a, *b;
	uint32_t round;

	start(10, 500);
	rig_phones("1", &a, &b);
	rig.fake.quiet = true;
	tandem__dataplane__v1__stream__init(&streams[0]);
	streams[0].ssrc = 1;
	streams[0].packets = 1;
	streams[1] = streams[0];
	streams[1].ssrc = 2;
	a->stream = &streams[0];
	b->stream = &streams[1];
	round = rig.session->audit.round;
	rig_wait(rig.session->audit.round > round && !rig.session->audit.running);
	streams[0].packets += 500;
	streams[1].packets += 500;
	streams[1].lost += 200;
	rig_wait(last() && last()->mos[5]);
	m = last();
	assert_int_equal(m->calls, 1);
	assert_int_equal(m->legs, 2);
	assert_int_equal(m->n_mos, 6);
	assert_int_equal(m->mos[0], 1);
	for (int k = 1; k < 5; k++)
		assert_int_equal(m->mos[k], 0);
	assert_int_equal(m->mos[5], 1);
	assert_done(rig_drop("1"));
	wait_for_another();
	assert_int_equal(last()->calls, 0);
}

/* While it is away there is nothing, and a restart is no negative rate. */
static void a_gap(void **state)
{
	unsigned int count;

	start(10, 0);
	rig.fake.received = 1000000;
	rig_wait(ask(0) >= 2);
	fake_hang_up(&rig.fake);
	fake_forget(&rig.fake);
	rig.fake.received = 10;
	rig_wait(!rig.session->ready);
	count = ask(0);
	rig_settle(50);
	if (!rig.session->ready)
		assert_int_equal(ask(0), count);
	rig_wait(rig.session->ready);
	rig_wait(ask(0) > count + 1);
	for (size_t k = count; k < rig.got.history->n_moments; k++)
		assert_true(rig.got.history->moments[k]->received_pps == 0);
}

static void no_more_than_an_hour(void **state)
{
	uint64_t first, middle;

	start(1, 0);
	rig_wait(ask(0) == 360);
	first = rig.got.history->moments[0]->time_ms;
	middle = rig.got.history->moments[200]->time_ms;
	rig_wait(ask(0) == 360 && rig.got.history->moments[0]->time_ms > first);
	for (size_t k = 1; k < 360; k++)
		assert_true(rig.got.history->moments[k]->time_ms >=
			    rig.got.history->moments[k - 1]->time_ms);
	ask(middle);
	assert_in_range(rig.got.history->n_moments, 100, 359);
	assert_true(rig.got.history->moments[0]->time_ms > middle);
	assert_int_equal(ask(UINT64_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rates),
		TEST(calls_and_how_they_sound),
		TEST(a_gap),
		TEST(no_more_than_an_hour),
	};

	log_open("test_session_history", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
