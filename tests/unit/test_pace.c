/* SPDX-License-Identifier: BSD-3-Clause */
/* What the SDP lets expect of a participant: its packets a second, and where they come from. */
#include "controlplane/session/latch.h"
#include "controlplane/session/pace.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/rig/test.h"

static unsigned int pace_of_text(const char *media)
{
	struct sdp_error why;
	struct sdp *sdp;
	char text[1024];
	unsigned int pace;

	snprintf(text, sizeof(text),
		 "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\nc=IN IP4 203.0.113.30\r\n"
		 "b=AS:1\r\nt=0 0\r\n%s",
		 media);
	assert_int_equal(sdp_parse(&sdp, text, strlen(text), &why), 0);
	pace = pace_of(&sdp->media[0]);
	sdp_free(sdp);
	return pace;
}

static void paces(void **state)
{
	static const struct {
		const char *media;
		unsigned int pace;
	} cases[] = {
		/* Whatever is said, a telephone may switch to 10 ms. */
		{"m=audio 4000 RTP/AVP 0\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:20\r\n", 100},
		{"m=audio 4000 RTP/AVP 18\r\na=ptime:60\r\na=maxptime:120\r\n", 100},
		{"m=audio 4000 RTP/AVP 9\r\na=ptime:10\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:5\r\n", 200},
		{"m=audio 4000 RTP/AVP 0\r\na=maxptime:5\r\na=ptime:20\r\n", 200},
		{"m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=ptime:2.5\r\n", 400},
		{"m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n", 160},
		{"m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 L16/96000/2\r\na=ptime:20\r\n", 320},
		/* The clock of a payload type that the m-line does not list is nobody's. */
		{"m=audio 4000 RTP/AVP 0\r\na=rtpmap:96 L16/96000/2\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:0\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:twenty\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:.\r\n", 100},
		{"m=audio 4000 RTP/AVP 0\r\na=ptime:99999999\r\n", 100},
		/* Video: what its own lines say; the session's limit is not one m-line's. */
		{"m=video 4000 RTP/AVP 96\r\n", 2500},
		{"m=video 4000 RTP/AVP 96\r\nb=AS:512\r\n", 500},
		{"m=video 4000 RTP/AVP 96\r\nb=AS:4000\r\n", 1000},
		{"m=video 4000 RTP/AVP 96\r\nb=TIAS:4000000\r\n", 1000},
		{"m=video 4000 RTP/AVP 96\r\nb=TIAS:4000000\r\nb=AS:8000\r\n", 2000},
		{"m=video 4000 RTP/AVP 96\r\nb=RR:800\r\nb=CT:9\r\nb=AS\r\nb=X-a:b\r\n", 2500},
		{"m=video 4000 RTP/AVP 96\r\nb=AS:0\r\n", 2500},
		{"m=video 4000 RTP/AVP 96\r\nb=AS:4294967295\r\n", 1000000},
		{"m=text 4000 RTP/AVP 98\r\n", 1000},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		if (pace_of_text(cases[i].media) != cases[i].pace)
			fail_msg("%u instead of %u for:\n%s", pace_of_text(cases[i].media),
				 cases[i].pace, cases[i].media);
}

static void limits(void **state)
{
	static const struct {
		unsigned int pace, headroom, limit;
	} cases[] = {
		{100, 4, 400},
		{0, 4, 0},
		{100, 0, 0},
		{100, 1, 100},
		{1000000, 1000000, UINT32_MAX},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(pace_limit(cases[i].pace, cases[i].headroom), cases[i].limit);
}

#define DEFAULT TANDEM__RELAY__V1__LATCH__LATCH_DEFAULT

static struct address address(const char *text)
{
	struct address a = {.half = {0}};

	if (*text)
		assert_int_equal(address_parse(&a, text), 0);
	return a;
}

static void latches(void **state)
{
	static const struct {
		const char *signalled;
		bool routable;
	} cases[] = {
		{"203.0.113.9", true},    {"198.51.100.1", true},    {"192.0.2.1", true},
		{"10.0.0.1", false},      {"11.0.0.1", true},        {"172.15.255.255", true},
		{"172.16.0.1", false},    {"172.31.255.255", false}, {"172.32.0.1", true},
		{"192.168.255.1", false}, {"192.169.0.1", true},     {"100.63.255.255", true},
		{"100.64.0.1", false},    {"100.127.0.1", false},    {"100.128.0.1", true},
		{"169.254.1.1", false},   {"127.0.0.1", false},      {"0.0.0.0", false},
		{"2001:db8::1", true},    {"fc00::1", false},        {"fdff::1", false},
		{"fe80::1", false},       {"febf::1", false},        {"fec0::1", true},
		{"::1", false},           {"64:ff9b::a00:1", true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address a = address(cases[i].signalled);

		if (latch_is_routable(&a) != cases[i].routable ||
		    latch_is_signalled(DEFAULT, &a) != cases[i].routable)
			fail_msg("%s", cases[i].signalled);
		assert_true(latch_is_signalled(TANDEM__RELAY__V1__LATCH__LATCH_ADDRESS, &a));
		assert_false(latch_is_signalled(TANDEM__RELAY__V1__LATCH__LATCH_ONCE, &a));
		assert_false(latch_is_signalled(TANDEM__RELAY__V1__LATCH__LATCH_OFF, &a));
	}
}

static void nobody_is_learnt_before_the_sdp_is_there(void **state)
{
	const struct address none = address("");

	assert_false(latch_is_routable(&none));
	assert_true(latch_is_signalled(DEFAULT, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paces),
		cmocka_unit_test(limits),
		cmocka_unit_test(latches),
		cmocka_unit_test(nobody_is_learnt_before_the_sdp_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
