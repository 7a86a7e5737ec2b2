/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures of a call, as the control plane has them: whose packets, for how long, and to what end.
 */
#include "tests/rig/control.h"

/* What one capture was told. */
static struct told {
	unsigned int begun, packets, replies;
	uint64_t missed;
	int code; /* of the error at its end; 0: a summary */
	char text[256], tag[16], media[16];
	uint64_t summed, bytes, over_rate, lost;
	bool slow; /* it takes no packets */
} told;

static bool on_told(void *arg, const Tandem__Relay__V1__CaptureReply *reply)
{
	assert_int_equal(told.replies, 0);
	if (told.slow && reply->n_packets)
		return false;
	told.begun += !reply->n_packets;
	told.packets += reply->n_packets;
	told.missed = reply->missed;
	for (size_t k = 0; k < reply->n_packets; k++) {
		snprintf(told.tag, sizeof(told.tag), "%s", reply->packets[k]->tag);
		snprintf(told.media, sizeof(told.media), "%s", reply->packets[k]->media);
		assert_int_equal(reply->packets[k]->length, 1000);
		assert_int_equal(reply->packets[k]->time_ns, 1000 + k);
	}
	return true;
}

static void on_reply(void *arg, const ProtobufCMessage *message, const struct session_error *error)
{
	const Tandem__Relay__V1__CaptureReply *reply =
		(const Tandem__Relay__V1__CaptureReply *)message;

	told.replies++;
	told.code = error ? error->code : 0;
	snprintf(told.text, sizeof(told.text), "%s", error ? error->text : reply->over->why);
	if (error)
		return;
	told.summed = reply->over->packets;
	told.bytes = reply->over->bytes;
	told.over_rate = reply->over->over_rate;
	told.lost = reply->over->lost;
}

static Tandem__Relay__V1__CaptureRequest wanted(const char *tag)
{
	Tandem__Relay__V1__CaptureRequest request = TANDEM__RELAY__V1__CAPTURE_REQUEST__INIT;

	request.call_id = (char *)(uintptr_t) "c1";
	request.tag = (char *)(uintptr_t)tag;
	return request;
}

static struct session_capture *ask(const Tandem__Relay__V1__CaptureRequest *request)
{
	memset(&told, 0, sizeof(told));
	return session_capture(rig.session, request, on_told, on_reply, NULL);
}

static struct session_capture *begin(const Tandem__Relay__V1__CaptureRequest *request)
{
	struct session_capture *capture = ask(request);

	assert_non_null(capture);
	rig_wait(told.begun);
	return capture;
}

static const Tandem__Dataplane__V1__PutCapture *put(void)
{
	assert_non_null(rig.fake.capture);
	return rig.fake.capture->put_capture;
}

static bool is_captured(const struct fake_leg *leg)
{
	for (size_t k = 0; k < put()->n_legs; k++)
		if (put()->legs[k] == leg->put->put_leg->leg)
			return true;
	return false;
}

static void packets_of_all_parties(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	begin(&request);
	assert_int_equal(put()->n_legs, 2);
	assert_true(is_captured(a) && is_captured(b));
	assert_true(put()->decrypted);
	assert_in_range(put()->lease_ms, 1, 60000);
	fake_captured(&rig.fake, b->put->put_leg->leg, 3, "four", 0);
	rig_wait(told.packets == 3);
	assert_string_equal(told.tag, "b");
	assert_string_equal(told.media, "audio");
	fake_captured(&rig.fake, a->put->put_leg->leg, 1, "four", 5);
	rig_wait(told.packets == 4);
	assert_string_equal(told.tag, "a");
	assert_int_equal(told.missed, 5);
	/* It ends with the call, and says what there was. */
	assert_done(rig_drop("c1"));
	rig_wait(told.replies);
	assert_int_equal(told.code, 0);
	assert_string_equal(told.text, "the call has ended");
	assert_int_equal(told.summed, 4);
	assert_int_equal(told.bytes, 16);
	assert_int_equal(told.lost, 5);
	assert_null(rig.fake.capture);
}

static void packets_of_one_party(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("b");
	struct session_capture *capture;
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	request.wire = true;
	request.snap = 80;
	request.pps = 50;
	request.bytes_per_second = 6000;
	capture = begin(&request);
	assert_int_equal(put()->n_legs, 1);
	assert_true(is_captured(b));
	assert_false(put()->decrypted);
	assert_int_equal(put()->snap, 80);
	assert_int_equal(put()->pps, 50);
	assert_int_equal(put()->bytes_per_second, 6000);
	session_uncapture(capture);
	rig_wait(rig.fake.capture_deletes == 1);
	assert_null(rig.fake.capture);
	assert_int_equal(told.replies, 0);
}

static void legs_that_come_later(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct session_capture *capture;
	struct fake_leg *a, *b, *c;

	rig_phones("c1", &a, &b);
	capture = begin(&request);
	assert_done(rig_offer("c1", "a", rig_phone(41000, "m=video 41002 RTP/AVP 96\r\n"), AVP));
	c = rig_leg("video");
	rig_wait(is_captured(c));
	assert_done(rig_answer("c1", "a", "b", rig_phone(42000, "m=video 42002 RTP/AVP 96\r\n")));
	rig_wait(put()->n_legs == 4);
	session_uncapture(capture);
}

static void legs_of_other_calls(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct session_capture *capture;
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	capture = begin(&request);
	rig_phones("c2", &a, &b);
	rig_settle(20);
	assert_int_equal(rig.fake.capture_puts, 1);
	session_uncapture(capture);
}

static void a_lease_is_renewed(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct session_capture *capture;
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	capture = begin(&request);
	assert_int_equal(rig.fake.capture_puts, 1);
	rig_wait(rig.fake.capture_puts == 2);
	assert_int_equal(told.begun, 1);
	session_uncapture(capture);
}

static void it_ends_in_time(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	request.for_ms = 100;
	begin(&request);
	rig_wait(told.replies);
	assert_string_equal(told.text, "its time is over");
	assert_int_equal(rig.fake.capture_deletes, 1);
}

static void it_ends_with_its_size(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	request.max_bytes = 30;
	begin(&request);
	fake_captured(&rig.fake, a->put->put_leg->leg, 5, "eightoct", 0);
	rig_wait(told.replies);
	assert_string_equal(told.text, "its size is reached");
	assert_int_equal(told.packets, 3);
	assert_int_equal(told.bytes, 24);
}

static void a_slow_reader(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	begin(&request);
	told.slow = true;
	fake_captured(&rig.fake, a->put->put_leg->leg, 5, "four", 1);
	rig_settle(20);
	told.slow = false;
	fake_captured(&rig.fake, a->put->put_leg->leg, 1, "four", 1);
	rig_wait(told.packets == 1);
	assert_int_equal(told.missed, 6);
	assert_done(rig_drop("c1"));
	rig_wait(told.replies);
	assert_int_equal(told.lost, 6);
	assert_int_equal(told.summed, 1);
}

static void the_dataplane_goes_away(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	begin(&request);
	fake_hang_up(&rig.fake);
	rig_wait(told.replies);
	assert_int_equal(told.code, SESSION_UNAVAILABLE);
}

static void the_dataplane_refuses(void **state)
{
	static const struct {
		int error, code;
	} cases[] = {
		{ENOSPC, SESSION_RESOURCE_EXHAUSTED}, {ENOMEM, SESSION_RESOURCE_EXHAUSTED},
		{EEXIST, SESSION_ALREADY_EXISTS},     {EINVAL, SESSION_INVALID_ARGUMENT},
		{EOPNOTSUPP, SESSION_INTERNAL},
	};
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	for (size_t k = 0; k < COUNT(cases); k++) {
		rig.fake.refuse_capture = cases[k].error;
		assert_non_null(ask(&request));
		rig_wait(told.replies);
		assert_int_equal(told.code, cases[k].code);
		assert_string_equal(told.text, "as the test wants it");
		assert_int_equal(told.begun, 0);
	}
}

static void bad_requests(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	assert_null(ask(&request));
	assert_int_equal(told.code, SESSION_NOT_FOUND);
	rig_phones("c1", &a, &b);
	request = wanted("nobody");
	assert_null(ask(&request));
	assert_int_equal(told.code, SESSION_NOT_FOUND);
	request = wanted("a\n");
	assert_null(ask(&request));
	assert_int_equal(told.code, SESSION_INVALID_ARGUMENT);
	request = wanted("");
	request.for_ms = 3600001;
	assert_null(ask(&request));
	assert_int_equal(told.code, SESSION_INVALID_ARGUMENT);
	request = wanted("");
	request.max_bytes = 1000000001;
	assert_null(ask(&request));
	assert_int_equal(told.code, SESSION_INVALID_ARGUMENT);
	request = wanted("");
	request.snap = 63;
	assert_null(ask(&request));
	assert_int_equal(told.code, SESSION_INVALID_ARGUMENT);
	assert_int_equal(told.replies, 1);
	assert_int_equal(rig.fake.capture_puts, 0);
}

/* The session closes while one runs. */
static void a_session_that_closes(void **state)
{
	Tandem__Relay__V1__CaptureRequest request = wanted("");
	struct fake_leg *a, *b;

	rig_phones("c1", &a, &b);
	begin(&request);
	rig_stop();
	assert_int_equal(told.replies, 0);
	rig_start();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packets_of_all_parties), TEST(packets_of_one_party),
		TEST(legs_that_come_later),   TEST(a_lease_is_renewed),
		TEST(it_ends_in_time),        TEST(it_ends_with_its_size),
		TEST(a_slow_reader),          TEST(the_dataplane_goes_away),
		TEST(the_dataplane_refuses),  TEST(bad_requests),
		TEST(a_session_that_closes),  TEST(legs_of_other_calls),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
