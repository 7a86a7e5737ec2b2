/* SPDX-License-Identifier: BSD-3-Clause */
/* What a Homer server is sent: the octets of frames, JSON, and how they get there. */
#include "controlplane/hep/hep_address.h"
#include "controlplane/hep/hep_frame.h"
#include "controlplane/hep/hep_json.h"
#include "controlplane/hep/hep_sender.h"

#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/lib/log.h"
#include "tests/rig/test.h"

static struct endpoint endpoint(const char *address, unsigned int port)
{
	struct address a;

	assert_int_equal(address_parse(&a, address), 0);
	return endpoint_make(&a, port);
}

/* --- frames, octet by octet as the specification of HEP3/EEP has them --- */

static struct hep_frame frame(const char *from, const char *to)
{
	return (struct hep_frame){
		.from = endpoint(from, 41000),
		.to = endpoint(to, 20000),
		.time_us = 0x5f5e100full * 1000000 + 0x1e240,
		.type = HEP_RTCP,
		.capture_id = 2001,
		.password = "secret",
		.correlation = "call-1",
		.payload = "{}",
	};
}

static const uint8_t ipv4[] = {
	'H', 'E', 'P', '3', 0,   125,                         /* all of it */
	0,   0,   0,   1,   0,   7,   2,                      /* IPv4 */
	0,   0,   0,   2,   0,   7,   17,                     /* UDP */
	0,   0,   0,   3,   0,   10,  203,  0,    113,  30,   /* from */
	0,   0,   0,   4,   0,   10,  198,  51,   100,  1,    /* to */
	0,   0,   0,   7,   0,   8,   0xa0, 0x28,             /* from port */
	0,   0,   0,   8,   0,   8,   0x4e, 0x20,             /* to port */
	0,   0,   0,   9,   0,   10,  0x5f, 0x5e, 0x10, 0x0f, /* s */
	0,   0,   0,   10,  0,   10,  0,    1,    0xe2, 0x40, /* us */
	0,   0,   0,   11,  0,   7,   5,                      /* RTCP as JSON */
	0,   0,   0,   12,  0,   10,  0,    0,    7,    0xd1, /* 2001 */
	0,   0,   0,   14,  0,   12,  's',  'e',  'c',  'r',  'e', 't', 0, 0, 0,   17,
	0,   12,  'c', 'a', 'l', 'l', '-',  '1',  0,    0,    0,   15,  0, 8, '{', '}',
};

static const uint8_t ipv6[] = {
	'H',  'E',  'P',  '3',  0,    137,  0,    0,    0,    1,    0,   7,   10,   0,
	0,    0,    2,    0,    7,    17,   0,    0,    0,    5,    0,   22,  0x20, 0x01,
	0x0d, 0xb8, 0,    0,    0,    0,    0,    0,    0,    0,    0,   0,   0,    9,
	0,    0,    0,    6,    0,    22,   0x20, 0x01, 0x0d, 0xb8, 0,   0,   0,    0,
	0,    0,    0,    0,    0,    0,    0,    1,    0,    0,    0,   7,   0,    8,
	0xa0, 0x28, 0,    0,    0,    8,    0,    8,    0x4e, 0x20, 0,   0,   0,    9,
	0,    10,   0x5f, 0x5e, 0x10, 0x0f, 0,    0,    0,    10,   0,   10,  0,    1,
	0xe2, 0x40, 0,    0,    0,    11,   0,    7,    34,   0,    0,   0,   12,   0,
	10,   0,    0,    7,    0xd1, 0,    0,    0,    17,   0,    12,  'c', 'a',  'l',
	'l',  '-',  '1',  0,    0,    0,    15,   0,    8,    '{',  '}',
};

static void frames(void **state)
{
	struct hep_frame f = frame("203.0.113.30", "198.51.100.1");
	uint8_t out[256];

	assert_int_equal(hep_frame_write(out, sizeof(out), &f), sizeof(ipv4));
	assert_memory_equal(out, ipv4, sizeof(ipv4));
	assert_int_equal(hep_frame_length(out), sizeof(ipv4));
	for (size_t size = 0; size < sizeof(ipv4); size++)
		assert_int_equal(hep_frame_write(out, size, &f), 0);
	assert_int_equal(hep_frame_write(out, sizeof(ipv4), &f), sizeof(ipv4));

	f = frame("2001:db8::9", "2001:db8::1");
	f.password = NULL;
	f.type = HEP_RTP_STATS;
	assert_int_equal(hep_frame_write(out, sizeof(out), &f), sizeof(ipv6));
	assert_memory_equal(out, ipv6, sizeof(ipv6));
}

/* IPv4 is mapped into IPv6 where both are there. */
static void a_frame_of_both_families(void **state)
{
	struct hep_frame f = frame("198.51.100.1", "2001:db8::1");
	uint8_t out[256];

	f.password = NULL;
	f.type = HEP_RTP_STATS;
	assert_int_equal(hep_frame_write(out, sizeof(out), &f), sizeof(ipv6));
	assert_memory_equal(
		out + 26, ((uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1}),
		16);
	assert_memory_equal(out + 42, ipv6 + 42, sizeof(ipv6) - 42);
}

/* Nobody was heard. */
static void a_frame_from_nowhere(void **state)
{
	struct hep_frame f = frame("203.0.113.30", "198.51.100.1");
	uint8_t out[256];

	memset(&f.from, 0, sizeof(f.from));
	assert_int_equal(hep_frame_write(out, sizeof(out), &f), sizeof(ipv4));
	assert_memory_equal(out + 20, ((uint8_t[]){0, 0, 0, 3, 0, 10, 0, 0, 0, 0}), 10);
}

static void a_frame_that_is_too_long(void **state)
{
	struct hep_frame f = frame("203.0.113.30", "198.51.100.1");
	uint8_t *out = malloc(100000);
	char *payload = malloc(100000);

	memset(payload, 'x', 99999);
	f.payload = payload;
	payload[65535 - 123] = '\0';
	assert_int_equal(hep_frame_write(out, 100000, &f), 65535);
	payload[65535 - 123] = 'x';
	payload[65535 - 122] = '\0';
	assert_int_equal(hep_frame_write(out, 100000, &f), 0);
	free(payload);
	free(out);
}

/* --- participants, as the API shows them, under a pseudonym or not --- */

static void participants(void **state)
{
	static const struct {
		const char *text, *address;
		unsigned int port;
	} cases[] = {
		{"203.0.113.30:41000", "203.0.113.30", 41000},
		{"[2001:db8::9]:7", "2001:db8::9", 7},
		{"ip4-3f9a2c81d0:41000", "fd3f:9a2c:81d0::", 41000},
		{"ip6-00000000ff:9", "fd00:0:ff::", 9},
		{"ip4-3f9a2c81d:9", "::", 0},
		{"ip4-3f9a2c81dg:9", "::", 0},
		{"ip5-3f9a2c81d0:9", "::", 0},
		{"", "::", 0},
		{"203.0.113.30", "::", 0},
		{":", "::", 0},
		{"[]:1", "::", 0},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		const struct endpoint e = hep_participant_text(cases[k].text);
		char text[ADDRESS_TEXT];

		assert_string_equal(address_text(text, &e.address), cases[k].address);
		assert_int_equal(endpoint_port(&e), cases[k].port);
	}
}

/* --- JSON --- */

static json_t *load(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	if (!json)
		fail_msg("%s: %s", error.text, text);
	return json;
}

static double number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_number(value))
		fail_msg("%s is no number", name);
	return json_number_value(value);
}

static void rtcp_of_who_sends(void **state)
{
	const struct hep_rtcp report = {
		.time_ms = 1500,
		.ssrc = 0xdeadbeef,
		.sends = true,
		.packets = 100,
		.octets = 16000,
		.hears = true,
		.heard = 7,
		.loss = 0.5,
		.lost = -3,
		.jitter = 80,
	};
	char text[HEP_JSON_MAX];
	size_t length = hep_json_rtcp(text, sizeof(text), &report);
	json_t *json, *part;

	assert_int_equal(length, strlen(text));
	json = load(text);
	assert_true(number(json, "type") == 200 && number(json, "ssrc") == 0xdeadbeef);
	assert_true(number(json, "report_count") == 1);
	part = json_object_get(json, "sender_information");
	assert_true(number(part, "packets") == 100 && number(part, "octets") == 16000);
	/* 1.5 s after 1970, and half of 2^32 */
	assert_true(number(part, "ntp_timestamp_sec") == 2208988801);
	assert_true(number(part, "ntp_timestamp_usec") == 2147483648);
	assert_int_equal(json_array_size(json_object_get(json, "report_blocks")), 1);
	part = json_array_get(json_object_get(json, "report_blocks"), 0);
	assert_true(number(part, "source_ssrc") == 7 && number(part, "fraction_lost") == 128);
	assert_true(number(part, "packets_lost") == -3 && number(part, "ia_jitter") == 80);
	assert_null(json_object_get(json, "report_blocks_xr"));
	json_decref(json);
}

static void rtcp_of_who_hears(void **state)
{
	struct hep_rtcp report = {
		.hears = true,
		.heard = 7,
		.loss = 1,
		.lost = 1ll << 40,
		.voice = true,
		.discarded = 0.25,
		.burst_density = 2,
		.gap_density = -1,
		.rtt_ms = 100000,
		.delay_ms = 20.6,
	};
	char text[HEP_JSON_MAX];
	json_t *json, *part;

	assert_true(hep_json_rtcp(text, sizeof(text), &report) > 0);
	json = load(text);
	assert_true(number(json, "type") == 201);
	assert_null(json_object_get(json, "sender_information"));
	part = json_array_get(json_object_get(json, "report_blocks"), 0);
	assert_true(number(part, "fraction_lost") == 255);
	assert_true(number(part, "packets_lost") == 0x7fffff);
	part = json_object_get(json, "report_blocks_xr");
	assert_true(number(part, "fraction_discard") == 64);
	assert_true(number(part, "burst_density") == 255 && number(part, "gap_density") == 0);
	assert_true(number(part, "round_trip_delay") == 65535);
	assert_true(number(part, "end_system_delay") == 21);
	json_decref(json);
	for (size_t size = 0; size <= strlen(text); size++)
		assert_int_equal(hep_json_rtcp((char[HEP_JSON_MAX]){0}, size, &report), 0);
}

static void statistics(void **state)
{
	char id[256];
	struct hep_stats stats = {
		.call_id = "a \"call\" of\\",
		.party = "bad \xff and \xc3\xa4",
		.codec = "PCMU/8000",
		.from = endpoint("203.0.113.30", 41000),
		.to = endpoint("2001:db8::1", 20000),
		.time_ms = 1234567890123,
		.ssrc = 5,
		.payload_type = 0,
		.clock_hz = 8000,
		.packets = 450,
		.lost = 50,
		.mos = 3.42,
		.lowest_mos = 3.1,
		.mean_mos = 3.9,
		.r = 66.5,
		.jitter_ms = 2.5,
	};
	char text[HEP_JSON_MAX];
	json_t *json;

	assert_true(hep_json_stats(text, sizeof(text), &stats) > 0);
	json = load(text);
	assert_string_equal(json_string_value(json_object_get(json, "CORRELATION_ID")),
			    stats.call_id);
	assert_string_equal(json_string_value(json_object_get(json, "REPORT_NAME")),
			    "bad ? and ??");
	assert_string_equal(json_string_value(json_object_get(json, "SRC_IP")), "203.0.113.30");
	assert_string_equal(json_string_value(json_object_get(json, "DST_IP")), "2001:db8::1");
	assert_string_equal(json_string_value(json_object_get(json, "TYPE")), "PERIODIC");
	assert_true(number(json, "SRC_PORT") == 41000 && number(json, "DST_PORT") == 20000);
	assert_true(number(json, "TOTAL_PK") == 450 && number(json, "EXPECTED_PK") == 500);
	assert_true(number(json, "PACKET_LOSS") == 50 && number(json, "MOS") == 3.42);
	assert_true(number(json, "MIN_MOS") == 3.1 && number(json, "MEAN_MOS") == 3.9);
	assert_true(number(json, "RFACTOR") == 66.5 && number(json, "JITTER") == 2.5);
	assert_true(number(json, "REPORT_TS") == 1234567890.123);
	json_decref(json);

	/* The longest there may be. */
	memset(id, '"', 255);
	id[255] = '\0';
	stats.call_id = stats.party = id;
	stats.whole = true;
	assert_true(hep_json_stats(text, sizeof(text), &stats) > 0);
	json = load(text);
	assert_string_equal(json_string_value(json_object_get(json, "TYPE")), "FINAL");
	json_decref(json);
}

/* --- servers --- */

static void servers(void **state)
{
	static const struct {
		const char *text, *host, *port;
		bool tcp;
	} cases[] = {
		{"udp:192.0.2.1:9060", "192.0.2.1", "9060", false},
		{"tcp:[2001:db8::1]:9061", "2001:db8::1", "9061", true},
		{"udp:homer.example.com:1", "homer.example.com", "1", false},
		{"udp:192.0.2.1", NULL},
		{"192.0.2.1:9060", NULL},
		{"udp:", NULL},
		{"udp::9060", NULL},
		{"udp:[]:9060", NULL},
		{"udp:2001:db8::1:9060", NULL},
		{"udp:192.0.2.1:0", NULL},
		{"udp:192.0.2.1:65536", NULL},
		{"udp:192.0.2.1:9060x", NULL},
		{"udp:192.0.2.1:+9060", NULL},
		{"udp:a b:9060", NULL},
		{"tls:192.0.2.1:9060", NULL},
		{"", NULL},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		struct hep_server server;
		int error = hep_server_parse(&server, cases[k].text);

		if (error != (cases[k].host ? 0 : -EINVAL))
			fail_msg("\"%s\": %d", cases[k].text, error);
		if (error)
			continue;
		assert_string_equal(server.host, cases[k].host);
		assert_string_equal(server.port, cases[k].port);
		assert_int_equal(server.tcp, cases[k].tcp);
	}
}

/* --- on the way --- */

static uv_loop_t loop;
static struct hep_sender *sender; /* of the test; its end closes it */
static uv_timer_t tick;           /* no turn of the loop waits for long */

#define wait_for(condition)                                                                        \
	do {                                                                                       \
		uint64_t end_ = uv_hrtime() + 30000000000;                                         \
		bool is_;                                                                          \
		while (!(is_ = (condition)) && uv_hrtime() < end_)                                 \
			uv_run(&loop, UV_RUN_ONCE);                                                \
		assert_true(is_);                                                                  \
	} while (0)

/* A socket of the test's, at a port of loopback; its number. */
static int listen_at(int type, unsigned int port, unsigned int *got)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(type == SOCK_STREAM ? listen(fd, 4) : 0, 0);
	getsockname(fd, (struct sockaddr *)&at, &size);
	*got = ntohs(at.sin_port);
	return fd;
}

static void open_sender(const char *how, unsigned int port)
{
	struct hep_server server;
	char text[64];

	snprintf(text, sizeof(text), "%s:127.0.0.1:%u", how, port);
	assert_int_equal(hep_server_parse(&server, text), 0);
	assert_int_equal(hep_sender_open(&sender, &loop, &server), 0);
}

/* A frame with a number in it; whether there was room. */
static bool add(unsigned int n, size_t padding)
{
	struct hep_frame f = frame("203.0.113.30", "198.51.100.1");
	char payload[60000];
	uint8_t *room = hep_sender_room(sender, sizeof(payload) + 200);

	if (!room)
		return false;
	snprintf(payload, sizeof(payload), "%0*u", (int)padding, n);
	f.payload = payload;
	hep_sender_add(sender, hep_frame_write(room, sizeof(payload) + 200, &f));
	return true;
}

static unsigned int number_in(const uint8_t *octets, size_t length)
{
	char text[70000];

	assert_int_equal(hep_frame_length(octets), length);
	memcpy(text, octets + 123, length - 123);
	text[length - 123] = '\0';
	return strtoul(text, NULL, 10);
}

static void datagrams(void **state)
{
	unsigned int port;
	int fd = listen_at(SOCK_DGRAM, 0, &port);
	uint8_t octets[2048];
	ssize_t length;

	open_sender("udp", port);
	for (unsigned int n = 0; n < 10; n++)
		assert_true(add(n, 8));
	for (unsigned int n = 0; n < 10; n++) {
		wait_for((length = recv(fd, octets, sizeof(octets), 0)) > 0);
		assert_int_equal(number_in(octets, length), n);
	}
	assert_int_equal(hep_sender_counts(sender).sent, 10);
	assert_int_equal(hep_sender_counts(sender).dropped, 0);
	close(fd);
}

/* The next frame of a stream. */
static unsigned int read_frame(int fd)
{
	uint8_t octets[70000];
	size_t have = 0, want = 6;

	while (have < want) {
		ssize_t length;

		wait_for((length = recv(fd, octets + have, want - have, 0)) > 0);
		have += length;
		if (have == 6 && want == 6)
			want = hep_frame_length(octets);
	}
	return number_in(octets, have);
}

/* What a connection that broke had of a frame is sent anew; the others go on behind it. */
static void a_stream_that_breaks(void **state)
{
	unsigned int port, n = 0, seen;
	int listener = listen_at(SOCK_STREAM, 0, &port), fd;

	open_sender("tcp", port);
	wait_for((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	for (; n < 3; n++)
		assert_true(add(n, 8));
	for (seen = 0; seen < n; seen++)
		assert_int_equal(read_frame(fd), seen);
	close(fd);
	for (; n < 6; n++)
		assert_true(add(n, 8));
	wait_for((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	for (; n < 9; n++)
		assert_true(add(n, 8));
	/* What had gone when the connection broke may be lost, and nothing else. */
	seen = read_frame(fd);
	assert_in_range(seen, 3, 6);
	while (seen < 8)
		assert_int_equal(read_frame(fd), ++seen);
	close(fd);
	close(listener);
}

/* Nobody listens, then somebody does. */
static void a_server_that_comes_later(void **state)
{
	unsigned int port, again;
	int listener = listen_at(SOCK_STREAM, 0, &port), fd;

	close(listener);
	open_sender("tcp", port);
	assert_true(add(1, 8));
	for (int k = 0; k < 100; k++)
		uv_run(&loop, UV_RUN_NOWAIT);
	listener = listen_at(SOCK_STREAM, port, &again);
	wait_for((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	assert_int_equal(read_frame(fd), 1);
	close(fd);
	close(listener);
}

/* The server takes nothing: memory and time stay what they are, and it is told what was dropped. */
static void a_server_that_hangs(void **state)
{
	unsigned int port, added = 0, seen = 0, refused = 0;
	int listener = listen_at(SOCK_STREAM, 0, &port), fd;

	open_sender("tcp", port);
	wait_for((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	while (refused < 5) {
		if (add(added, 50000))
			added++;
		else
			refused++;
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(hep_sender_counts(sender).dropped, 5);
	/* At least half of the queue is always there. */
	assert_true(added * 50000ul > HEP_QUEUE / 2);
	assert_true(added * 50000ul < 4 * HEP_QUEUE);
	while (seen < added)
		assert_int_equal(read_frame(fd), seen++);
	assert_int_equal(hep_sender_counts(sender).sent, added);
	/* There is room again. */
	for (unsigned int n = 0; n < 200; n++) {
		assert_true(add(n, 50000));
		assert_int_equal(read_frame(fd), n);
	}
	close(fd);
	close(listener);
}

static void ticked(uv_timer_t *timer)
{
}

static int begin(void **state)
{
	if (uv_loop_init(&loop))
		return -1;
	uv_timer_init(&loop, &tick);
	return uv_timer_start(&tick, ticked, 1, 1);
}

static int finish(void **state)
{
	hep_sender_close(sender);
	sender = NULL;
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

#define SENDER(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(a_frame_of_both_families),
		cmocka_unit_test(a_frame_from_nowhere),
		cmocka_unit_test(participants),
		cmocka_unit_test(a_frame_that_is_too_long),
		cmocka_unit_test(rtcp_of_who_sends),
		cmocka_unit_test(rtcp_of_who_hears),
		cmocka_unit_test(statistics),
		cmocka_unit_test(servers),
		SENDER(datagrams),
		SENDER(a_stream_that_breaks),
		SENDER(a_server_that_comes_later),
		SENDER(a_server_that_hangs),
	};

	log_open("test_hep", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
