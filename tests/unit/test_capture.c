/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of a call that are captured: each once, in order, and never at a call's cost. */
#include "dataplane/capture.h"

#include "dataplane/lib/log.h"
#include "dataplane/move.h"
#include "dataplane/wire/rtp.h"
#include "tests/rig/path.h"

#define ID    7
#define LEASE 60000

static Tandem__Dataplane__V1__PutCapture wanted(bool decrypted)
{
	static uint64_t legs[] = {3, 1, 2};
	Tandem__Dataplane__V1__PutCapture put = TANDEM__DATAPLANE__V1__PUT_CAPTURE__INIT;

	put.capture = ID;
	put.legs = legs;
	put.n_legs = COUNT(legs);
	put.decrypted = decrypted;
	put.lease_ms = LEASE;
	return put;
}

static void begin(struct scene *s, const Tandem__Dataplane__V1__PutCapture *put)
{
	assert_int_equal(registry_put_capture(s->relay->registry, put, &s->relay->what), 0);
	relay_run(s->relay);
}

static void begin_all(struct scene *s, bool decrypted)
{
	Tandem__Dataplane__V1__PutCapture put = wanted(decrypted);

	begin(s, &put);
}

static void end(struct scene *s)
{
	unsigned int over = s->relay->captures_over;

	assert_int_equal(registry_delete_capture(s->relay->registry, ID, &s->relay->what), 0);
	assert_int_equal(s->relay->captures_over, over + 1);
	relay_run(s->relay);
}

static struct capture *inside(const struct scene *s)
{
	return s->relay->registry->captures.open[0].capture;
}

/* The only one of these, which is taken. */
static struct relay_captured take(struct scene *s, uint64_t leg, bool sent)
{
	struct relay *r = s->relay;
	struct relay_captured found = {.capture = 0};
	unsigned int left = 0;

	assert_true(r->captured_count <= RELAY_CAPTURED);
	for (unsigned int k = 0; k < r->captured_count; k++) {
		if (r->captured[k].leg == leg && r->captured[k].sent == sent) {
			assert_int_equal(found.capture, 0);
			found = r->captured[k];
		} else {
			r->captured[left++] = r->captured[k];
		}
	}
	r->captured_count = left;
	assert_int_equal(found.capture, ID);
	assert_in_range(found.time_ns, 1600000000000000000ULL, 1ULL << 62);
	return found;
}

static void expect_no_more(const struct scene *s)
{
	assert_int_equal(s->relay->captured_count, 0);
}

/* Octet by octet, with nothing of the code under test. */
static uint32_t sum16(const uint8_t *p, size_t length, uint32_t sum)
{
	for (size_t k = 0; k < length; k++)
		sum += k % 2 ? p[k] : p[k] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void expect_packet(const struct relay_captured *c, const struct endpoint *from,
			  const struct endpoint *to, const struct packet *p)
{
	bool ipv4 = address_is_ipv4(&from->address);
	size_t headers = ipv4 ? 28 : 48;
	const uint8_t *ip = c->octets, *udp = ip + headers - 8;
	uint8_t pseudo[4] = {0, 17, (8 + p->length) >> 8, 8 + p->length};

	assert_int_equal(c->length, headers + p->length);
	assert_int_equal(c->size, c->length);
	assert_memory_equal(ip + headers, p->octets, p->length);
	assert_memory_equal(udp, &from->port, 2);
	assert_memory_equal(udp + 2, &to->port, 2);
	assert_int_equal(udp[4] << 8 | udp[5], 8 + p->length);
	assert_int_equal(ip[0] >> 4, ipv4 ? 4 : 6);
	assert_memory_equal(ip + (ipv4 ? 12 : 8), address_octets(&from->address), ipv4 ? 4 : 16);
	assert_memory_equal(ip + (ipv4 ? 16 : 24), address_octets(&to->address), ipv4 ? 4 : 16);
	if (ipv4)
		assert_int_equal(sum16(ip, 20, 0), 0xffff);
	assert_int_equal(
		sum16(ip + (ipv4 ? 12 : 8), (ipv4 ? 16 : 40) + p->length, sum16(pseudo, 4, 0)),
		0xffff);
}

/* A whole frame, whose last octets are these. */
static void expect_frame(const struct relay_captured *c, const struct packet *p)
{
	assert_int_equal(c->size, c->length);
	assert_true(c->size >= 42u + p->length);
	assert_memory_equal(c->octets + c->size - p->length, p->octets, p->length);
}

/* --- what there is in it --------------------------------------------------------------------- */

static void frames_come_and_go(void **state)
{
	struct scene *s = *state;
	struct relay_captured c;
	struct relay_frame *out = &s->relay->sent[0];
	struct packet m, in;

	scene_call(s, true, false);
	begin_all(s, false);
	for (uint16_t seq = 1; seq < 10; seq++) {
		m = scene_rtp(seq);
		in = packet_protect(m, &s->phone.receive, seq);
		scene_send(s, &s->phone, &in);
		assert_int_equal(s->relay->captured_count, 2);
		c = take(s, 1, false);
		expect_frame(&c, &in);
		/* As it left, with the checksum that the port made. */
		c = take(s, 2, true);
		assert_int_equal(c.size, out->length);
		assert_memory_equal(c.octets, out->octets, out->length);
		scene_expect(s, &s->browser, &m);

		scene_send(s, &s->browser, &m);
		c = take(s, 2, false);
		expect_frame(&c, &m);
		c = take(s, 1, true);
		assert_memory_equal(c.octets, out->octets, out->length);
		in = packet_protect(m, &s->phone.send, seq);
		scene_expect(s, &s->phone, &in);
		expect_no_more(s);
	}
	/* What goes nowhere came all the same. */
	in = packet_protect(scene_rtp(20), &s->phone.receive, 20);
	in.octets[20] ^= 1;
	scene_send(s, &s->phone, &in);
	scene_expect_drops(s, DROP_AUTH_FAILED, 1);
	c = take(s, 1, false);
	expect_frame(&c, &in);
	expect_no_more(s);
}

static void media_in_the_clear(void **state)
{
	struct scene *s = *state;
	struct relay_captured c;
	struct packet m, in;

	scene_call(s, true, true);
	begin_all(s, true);
	for (uint32_t index = 65530; index < 65545; index++) {
		m = scene_rtp(index);
		in = packet_protect(m, &s->phone.receive, index);
		scene_send(s, &s->phone, &in);
		in = packet_protect(m, &s->browser.send, index);
		scene_expect(s, &s->browser, &in);
		c = take(s, 1, false);
		expect_packet(&c, &s->phone.remote, &s->phone.local, &m);
		c = take(s, 2, true);
		expect_packet(&c, &s->browser.local, &s->browser.remote, &m);
		assert_false(c.sealed);
	}
	m = scene_rtcp();
	in = packet_protect(m, &s->browser.receive, 1);
	scene_send(s, &s->browser, &in);
	c = take(s, 2, false);
	expect_packet(&c, &s->browser.remote, &s->browser.local, &m);
	c = take(s, 1, true);
	assert_memory_equal(c.octets + 28, m.octets, m.length);
	/* Nobody knows what a forged packet says. */
	in = packet_protect(scene_rtp(20), &s->phone.receive, 20);
	in.octets[20] ^= 1;
	scene_send(s, &s->phone, &in);
	expect_no_more(s);
}

static void media_over_ipv6(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);
	struct relay_captured c;

	m.length -= 3; /* an odd sum */
	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV6, BROWSER_LEG, BROWSER6, BROWSER_PORT,
		       false, false);
	begin_all(s, true);
	scene_pass(s, &s->browser, &m, &s->phone, &m);
	c = take(s, 2, false);
	expect_packet(&c, &s->browser.remote, &s->browser.local, &m);
	c = take(s, 1, true);
	expect_packet(&c, &s->phone.local, &s->phone.remote, &m);
	expect_no_more(s);
}

/* A stream that begins anew is numbered by the relay: that is what its receiver gets. */
static void what_leaves_has_its_last_number(void **state)
{
	struct scene *s = *state;
	struct relay_captured c;
	struct packet m, in;

	scene_call(s, false, true);
	begin_all(s, true);
	for (uint16_t seq = 30000; seq < 30003; seq++) {
		m = scene_rtp(seq);
		scene_send(s, &s->phone, &m);
	}
	s->relay->captured_count = s->relay->sent_count = 0;
	for (uint16_t seq = 5; seq < 8; seq++) {
		m = scene_rtp(seq);
		s->relay->captured_count = 0;
		scene_send(s, &s->phone, &m);
		if (!s->relay->sent_count)
			continue; /* a leap is believed after two in sequence */
		c = take(s, 1, false);
		assert_int_equal(rtp_seq(c.octets + 28), seq);
		c = take(s, 2, true);
		assert_in_range(rtp_seq(c.octets + 28), 30003, 30006);
		in = packet_protect(packet_numbered(m, rtp_seq(c.octets + 28)), &s->browser.send,
				    rtp_seq(c.octets + 28));
		scene_expect_heard(s, &s->browser, &in);
	}
}

static void shared_keys_stay_sealed(void **state)
{
	struct scene *s = *state;
	struct relay_captured c;
	struct packet m;

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, true);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       true);
	scene_share_keys(s, &s->phone, 1, 'p', 'b');
	scene_share_keys(s, &s->browser, 1, 'p', 'b');
	begin_all(s, true);
	m = packet_protect(scene_rtp(1), &s->phone.receive, 1);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	c = take(s, 1, false);
	assert_true(c.sealed);
	expect_packet(&c, &s->phone.remote, &s->phone.local, &m);
	c = take(s, 2, true);
	assert_true(c.sealed);
	expect_no_more(s);
}

static void each_branch_is_somebodys(void **state)
{
	struct scene *s = *state;
	struct relay_captured c;
	struct packet m, in;

	for (unsigned int decrypted = 0; decrypted < 2; decrypted++) {
		scene_trio(s, true, false, true);
		path_own(s, &s->phone, &s->browser);
		path_branch(s, &s->phone, &s->other);
		begin_all(s, decrypted);
		for (uint16_t k = 1; k < 4; k++) {
			uint16_t seq = k + 10 * decrypted;

			m = scene_rtp(seq);
			in = packet_protect(m, &s->phone.receive, seq);
			scene_send(s, &s->phone, &in);
			take(s, 1, false);
			c = take(s, 2, true);
			assert_memory_equal(c.octets + (decrypted ? 28 : 42), m.octets, m.length);
			c = take(s, 3, true);
			in = decrypted ? m : packet_protect(m, &s->other.send, seq);
			assert_memory_equal(c.octets + (decrypted ? 28 : 42), in.octets, in.length);
			expect_no_more(s);
		}
		end(s);
	}
}

/* One party alone: what it says, and what it is sent. */
static void others_are_not_in_it(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__PutCapture put = wanted(false);
	uint64_t one[] = {1};
	struct packet m = scene_rtp(1);

	scene_trio(s, false, false, false);
	path_own(s, &s->phone, &s->browser);
	path_own(s, &s->browser, &s->phone);
	path_branch(s, &s->browser, &s->other);
	put.legs = one;
	put.n_legs = 1;
	begin(s, &put);
	scene_send(s, &s->phone, &m);
	take(s, 1, false);
	expect_no_more(s);
	scene_send(s, &s->browser, &m);
	take(s, 1, true);
	expect_no_more(s);
	scene_send(s, &s->other, &m);
	expect_no_more(s);
}

static void handshakes_are_frames_too(void **state)
{
	Tandem__Dataplane__V1__Transmit transmit = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;
	struct scene *s = *state;
	struct relay_captured c;
	struct packet flight = {.length = 40};

	scene_call(s, false, false);
	begin_all(s, false);
	memset(flight.octets, 0x16, flight.length);
	transmit.leg = 2;
	transmit.datagram = (ProtobufCBinaryData){flight.length, flight.octets};
	/* Also the first one, which waits for its neighbour. */
	for (unsigned int k = 0; k < 2; k++) {
		assert_int_equal(registry_transmit(s->relay->registry, &transmit, &s->relay->what),
				 0);
		relay_run(s->relay);
		c = take(s, 2, true);
		expect_frame(&c, &flight);
		scene_expect(s, &s->browser, &flight);
		expect_no_more(s);
	}
	/* One from there is none that anybody asked for; it came. */
	scene_send(s, &s->browser, &flight);
	scene_expect_drops(s, DROP_UNEXPECTED, 1);
	c = take(s, 2, false);
	expect_frame(&c, &flight);
	expect_no_more(s);
}

static void heads_alone(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__PutCapture put;
	struct relay_captured c;
	struct packet m = scene_rtp(1);

	scene_call(s, false, false);
	for (unsigned int decrypted = 0; decrypted < 2; decrypted++) {
		put = wanted(decrypted);
		put.snap = 64;
		begin(s, &put);
		scene_pass(s, &s->phone, &m, &s->browser, &m);
		for (unsigned int sent = 0; sent < 2; sent++) {
			c = take(s, 1 + sent, sent);
			assert_int_equal(c.size, 64);
			/* The trunk's frames have a tag. */
			assert_int_equal(c.length, m.length + (decrypted ? 28 : sent ? 42 : 46));
		}
		end(s);
	}
}

/* --- when ------------------------------------------------------------------------------------ */

static void legs_that_come_later(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);
	struct relay_captured c;

	begin_all(s, true);
	scene_call(s, false, false);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	c = take(s, 1, false);
	expect_packet(&c, &s->phone.remote, &s->phone.local, &m);
	take(s, 2, true);
	expect_no_more(s);
}

static void legs_that_go(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__PutCapture put = wanted(false);
	uint64_t one[] = {1};
	struct packet m = scene_rtp(1);

	scene_call(s, false, false);
	begin_all(s, false);
	assert_int_equal(relay_delete(s->relay, 2), 0);
	relay_run(s->relay);
	scene_send(s, &s->phone, &m);
	take(s, 1, false);
	expect_no_more(s);
	/* Another one of that name is not the capture's any more, once that says so. */
	put.legs = one;
	put.n_legs = 1;
	begin(s, &put);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       false);
	relay_run(s->relay);
	scene_send(s, &s->browser, &m);
	take(s, 1, true);
	expect_no_more(s);
	put.n_legs = 0;
	begin(s, &put);
	scene_send(s, &s->browser, &m);
	expect_no_more(s);
	assert_false(relay_record(s->relay, 1)->leg->flow.captured);
	assert_false(relay_record(s->relay, 2)->leg->flow.captured);
}

static void nothing_without_a_capture(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_call(s, false, false);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_null(s->relay->registry->captures.pool);
	begin_all(s, false);
	end(s);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	expect_no_more(s);
	assert_int_equal(relay_counter(s->relay, COUNTER_CAPTURED), 0);
	assert_false(relay_record(s->relay, 1)->leg->flow.captured);
	assert_int_equal(registry_delete_capture(s->relay->registry, ID, &s->relay->what), -ENOENT);
}

static void a_lease_ends(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_call(s, false, false);
	begin_all(s, false);
	begin_all(s, false); /* another lease of the same one */
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	s->relay->captured_count = 0;
	/* The worker stops by itself, whenever the main lcore looks. */
	inside(s)->until = rte_rdtsc();
	scene_inject(s, &s->phone, 0, &m);
	for (unsigned int k = 0; k < s->workers; k++)
		worker_poll(s->relay->dataplane.workers[k]);
	assert_non_null(inside(s));
	relay_run(s->relay);
	assert_null(inside(s));
	assert_int_equal(s->relay->captures_over, 1);
	expect_no_more(s);
	assert_false(relay_record(s->relay, 1)->leg->flow.captured);
}

static void nobody_reads(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_call(s, false, false);
	begin_all(s, false);
	s->relay->reader = READER_BEHIND;
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	expect_no_more(s);
	s->relay->reader = READER_READY;
	relay_run(s->relay);
	take(s, 1, false);
	take(s, 2, true);
	expect_no_more(s);

	s->relay->reader = READER_BEHIND;
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	s->relay->reader = READER_GONE;
	relay_run(s->relay);
	assert_null(inside(s));
	s->relay->reader = READER_READY;
	begin_all(s, false); /* what was copied for the one before is not this one's */
	expect_no_more(s);
	assert_true(rte_mempool_full(s->relay->registry->captures.pool));
}

/* --- bounds ---------------------------------------------------------------------------------- */

static void no_more_than_the_rate(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);
	unsigned int packets;

	scene_call(s, false, false);
	for (unsigned int octets = 0; octets < 2; octets++) {
		Tandem__Dataplane__V1__PutCapture put = wanted(false);

		if (octets)
			put.bytes_per_second = 214; /* a frame */
		else
			put.pps = 1;
		begin(s, &put);
		for (unsigned int k = 0; k < 20; k++)
			scene_pass(s, &s->phone, &m, &s->browser, &m);
		packets = s->relay->captured_count;
		assert_in_range(packets, 1, 10);
		end(s);
		assert_int_equal(s->relay->over_rate, 40 - packets);
		assert_int_equal(s->relay->uncopied, 0);
		s->relay->captured_count = 0;
	}
	assert_int_equal(relay_all_drops(s->relay), 0);
}

/* Calls have their buffers whatever captures do. */
static void without_buffers_copies_alone_are_lost(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);
	unsigned int count = CAPTURE_COPIES / 2 + 10;

	scene_call(s, false, false);
	begin_all(s, false);
	inside(s)->packet_ticks = inside(s)->octet_ticks = 0;
	s->relay->reader = READER_BEHIND;
	for (unsigned int k = 0; k < count; k++)
		scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_int_equal(relay_all_drops(s->relay), 0);
	s->relay->reader = READER_READY;
	relay_run(s->relay);
	assert_int_equal(s->relay->captured_count, CAPTURE_COPIES);
	assert_int_equal(s->relay->uncopied, 2 * count - CAPTURE_COPIES);
	s->relay->captured_count = 0;
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	take(s, 1, false);
	take(s, 2, true);
}

static void bad_requests(void **state)
{
	static uint64_t many[CAPTURE_LEGS + 1];
	struct scene *s = *state;
	struct registry *r = s->relay->registry;
	Tandem__Dataplane__V1__PutCapture put = wanted(false);
	const char **what = &s->relay->what;

	put.capture = 0;
	assert_int_equal(registry_put_capture(r, &put, what), -EINVAL);
	put = wanted(false);
	put.snap = 63;
	assert_int_equal(registry_put_capture(r, &put, what), -EINVAL);
	put = wanted(false);
	put.lease_ms = 0;
	assert_int_equal(registry_put_capture(r, &put, what), -EINVAL);
	put.lease_ms = 60001;
	assert_int_equal(registry_put_capture(r, &put, what), -EINVAL);
	put = wanted(false);
	put.legs = many;
	put.n_legs = COUNT(many);
	assert_int_equal(registry_put_capture(r, &put, what), -EINVAL);

	begin_all(s, false);
	put = wanted(false);
	put.capture = ID + 1;
	assert_int_equal(registry_put_capture(r, &put, what), -EEXIST);
	for (unsigned int k = 1; k <= CAPTURES_MAX; k++) {
		many[0] = 100 + k;
		put.capture = ID + k;
		put.legs = many;
		put.n_legs = 1;
		assert_int_equal(registry_put_capture(r, &put, what),
				 k < CAPTURES_MAX ? 0 : -ENOSPC);
	}
	end(s);
	assert_int_equal(registry_put_capture(r, &put, what), 0);
}

/* A leg that goes over to another worker meanwhile. */
static void in_order_whichever_worker(void **state)
{
	struct scene *s = *state;
	struct packet m;
	unsigned int away;
	uint64_t before = 0;

	scene_call(s, false, false);
	begin_all(s, false);
	away = leg_worker(relay_record(s->relay, 1)->leg) ^ 1;
	for (uint16_t seq = 1; seq < 2 * MOVE_AFTER; seq++) {
		m = scene_rtp(seq);
		scene_inject(s, &s->phone, away, &m);
		if (seq % 3 == 0)
			relay_run(s->relay);
	}
	relay_run(s->relay);
	assert_int_equal(relay_counter(s->relay, COUNTER_MOVED), 1);
	assert_int_equal(s->relay->captured_count, 2 * (2 * MOVE_AFTER - 1));
	for (unsigned int sent = 0; sent < 2; sent++) {
		uint16_t seq = 1;

		for (unsigned int k = 0; k < s->relay->captured_count; k++) {
			const struct relay_captured *c = &s->relay->captured[k];

			if (c->sent != sent)
				continue;
			assert_int_equal(c->leg, 1 + sent);
			assert_int_equal(rtp_seq(c->octets + c->size - m.length), seq++);
			assert_true(c->time_ns >= before);
			before = c->time_ns;
		}
		before = 0;
	}
	s->relay->sent_count = 0;
}

#define CASES(test) SCENE(test, scene_one), SCENE(test, scene_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES(frames_come_and_go),
		CASES(media_in_the_clear),
		CASES(media_over_ipv6),
		CASES(what_leaves_has_its_last_number),
		CASES(shared_keys_stay_sealed),
		CASES(each_branch_is_somebodys),
		CASES(others_are_not_in_it),
		CASES(handshakes_are_frames_too),
		CASES(heads_alone),
		CASES(legs_that_come_later),
		CASES(legs_that_go),
		CASES(nothing_without_a_capture),
		CASES(a_lease_ends),
		CASES(nobody_reads),
		CASES(no_more_than_the_rate),
		CASES(without_buffers_copies_alone_are_lost),
		CASES(bad_requests),
		SCENE(in_order_whichever_worker, scene_two),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
