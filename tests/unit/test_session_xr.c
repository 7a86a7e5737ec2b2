/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP XR: told to who asks for it, and taken from who sends it. */
#include "tests/rig/control.h"

#define ROUND 20 /* ms */
#define ASKS  "a=rtcp-xr:pkt-loss-rle voip-metrics\r\n"
#define SSRC  0x31323334u

static uint32_t late[6] = {0, 0, 4000, 0, 0, 0}; /* more than 60 ms: a buffer of 80 has them */
static Tandem__Dataplane__V1__Stream stream;

static int set_up(void **state)
{
	int ret = rig_set_up(state);

	rig_stop();
	rig.config.audit_ms = ROUND;
	rig_start();
	tandem__dataplane__v1__stream__init(&stream);
	stream.ssrc = SSRC;
	stream.packets = 1000;
	stream.lost = 100;
	stream.gone = 100;
	stream.runs = 30;
	stream.bursts = 5;
	stream.burst_packets = 80;
	stream.burst_lost = 40;
	stream.rtt_us = 60000;
	stream.late = late;
	stream.n_late = 6;
	stream.clock_hz = 8000;
	return ret;
}

#define XR(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

static void call(const char *caller, const char *callee, struct fake_leg **a, struct fake_leg **b)
{
	static char offer[1024];

	snprintf(offer, sizeof(offer), "%s", rig_phone(41000, caller));
	assert_done(rig_offer("1", "a", offer, AVP));
	*b = rig_leg("audio");
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, callee)));
	*a = rig_leg("audio");
}

static unsigned int word(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static void who_asks_is_told(void **state)
{
	const uint8_t *xr;
	struct fake_leg *a, *b;

	call(ASKS, "", &a, &b);
	a->stream = &stream;
	rig_wait(rig.fake.rtcp_count);
	assert_int_equal(rig.fake.rtcp_leg, a->put->put_leg->leg);
	assert_int_equal(rig.fake.rtcp_length, 8 + 28 + 8 + 36);
	assert_memory_equal(rig.fake.rtcp, "\x80\xc9\x00\x01", 4);
	assert_memory_equal(rig.fake.rtcp + 8, "\x81\xca\x00\x06", 4);
	xr = rig.fake.rtcp + 36;
	assert_memory_equal(xr, "\x80\xcf\x00\x0a", 4);
	assert_memory_equal(xr + 4, rig.fake.rtcp + 4, 4);      /* one SSRC, ... */
	assert_memory_not_equal(xr + 4, "\x31\x32\x33\x34", 4); /* ... of nobody else */
	assert_memory_equal(xr + 8, "\x07\x00\x00\x08\x31\x32\x33\x34", 8);
	assert_int_equal(xr[16], 25600 / (rig.fake.rtcp_heard + 100)); /* lost, of 256 */
	assert_int_equal(xr[17], 0);
	assert_int_equal(xr[18], 128);           /* 40 of 80 */
	assert_int_equal(word(xr + 24), 60);     /* round trip */
	assert_int_equal(word(xr + 8 + 30), 80); /* buffer */
	assert_in_range(xr[32], 1, 93);
}

static void who_does_not_ask_is_not(void **state)
{
	struct fake_leg *a, *b;

	call(ASKS, "a=rtcp-xr:rcvr-rtt=all\r\n", &a, &b);
	b->stream = &stream;
	rig_wait(stream.packets > 4000);
	assert_int_equal(rig.fake.rtcp_count, 0);
	/* It stops asking. */
	a->stream = b->stream;
	b->stream = NULL;
	rig_wait(rig.fake.rtcp_count);
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	rig_settle(2 * ROUND); /* what is on its way */
	rig.fake.rtcp_count = 0;
	stream.packets = 0;
	rig_wait(stream.packets > 2000);
	assert_int_equal(rig.fake.rtcp_count, 0);
}

static void a_control_plane_that_restarts_goes_on(void **state)
{
	uint8_t ssrc[4];
	struct fake_leg *a, *b;

	call(ASKS, "", &a, &b);
	a->stream = &stream;
	rig_wait(rig.fake.rtcp_count);
	memcpy(ssrc, rig.fake.rtcp + 4, 4);
	rig_stop();
	rig.fake.rtcp_count = 0;
	rig_start();
	rig_wait(rig.fake.rtcp_count);
	assert_memory_equal(rig.fake.rtcp + 4, ssrc, 4);
}

static void who_is_silent_is_told_nothing(void **state)
{
	struct fake_leg *a, *b;

	call(ASKS, "", &a, &b);
	a->stream = &stream;
	rig_wait(rig.fake.rtcp_count);
	a->stream = NULL;
	rig_settle(2 * ROUND);
	rig.fake.rtcp_count = 0;
	rig_settle(5 * ROUND);
	assert_int_equal(rig.fake.rtcp_count, 0);
}

static void what_participants_say_is_shown(void **state)
{
	Tandem__Dataplane__V1__Xr said = TANDEM__DATAPLANE__V1__XR__INIT;
	Tandem__Dataplane__V1__Stream other;
	const Tandem__Relay__V1__Stream *shown;
	struct fake_leg *a, *b;
	double delay;

	call("", "", &a, &b);
	a->stream = &stream;
	stream.rtt_us = 0;
	assert_done(rig_query("1"));
	assert_null(rig_leg_of("a")->flow->streams[0]->xr);
	delay = rig_leg_of("a")->flow->streams[0]->quality->delay_ms;

	tandem__dataplane__v1__stream__init(&other);
	other.ssrc = 77;
	other.xr = &said;
	said.ssrc = SSRC;
	said.lost = 64;
	said.discarded = 16;
	said.burst_density = 128;
	said.burst_ms = 300;
	said.round_trip_ms = 200;
	said.end_system_ms = 150;
	said.r = 127;
	said.mos_lq = 39;
	said.mos_cq = 127;
	said.buffer_ms = 40;
	b->stream = &other;
	assert_done(rig_query("1"));
	assert_done(rig_query("1")); /* its leg may have been told of first */
	shown = rig_leg_of("a")->flow->streams[0];
	assert_non_null(shown->xr);
	assert_float_equal(shown->xr->loss, 25, 1e-6);
	assert_float_equal(shown->xr->discarded, 6.25, 1e-6);
	assert_float_equal(shown->xr->burst_density, 50, 1e-6);
	assert_int_equal(shown->xr->burst_ms, 300);
	assert_int_equal(shown->xr->buffer_ms, 40);
	assert_float_equal(shown->xr->listening_mos, 3.9, 1e-6);
	assert_float_equal(shown->xr->r, 0, 1e-6);
	assert_float_equal(shown->xr->mos, 0, 1e-6);
	assert_null(rig_leg_of("b")->flow->streams[0]->xr);
	/* 80 ms of buffer and 20 of packet before; now what its own system adds, and half the way.
	 */
	assert_float_equal(delay, 100, 0.1);
	assert_float_equal(shown->quality->delay_ms, 150 + 100, 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		XR(who_asks_is_told),
		XR(who_does_not_ask_is_not),
		XR(a_control_plane_that_restarts_goes_on),
		XR(who_is_silent_is_told_nothing),
		XR(what_participants_say_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
