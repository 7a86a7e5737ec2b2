/* SPDX-License-Identifier: BSD-3-Clause */
/* Re-offers, and the restart of either program under running calls. */
#include "tests/rig/control.h"

/* --- re-offers ------------------------------------------------------------------------------- */

static void hold_and_resume(void **state)
{
	struct fake_leg *a, *b;
	unsigned int port;

	rig_phones("1", &a, &b);
	port = a->put->put_leg->local->port;
	assert_done(rig_offer("1", "b", rig_phone(42000, "a=sendonly\r\n"), -1));
	assert_int_equal(rig_port("audio"), port);
	assert_true(rig_hears(a, b) && rig_hears(b, a)); /* not before the answer */
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_REOFFERED);
	assert_done(rig_answer("1", "b", "a", rig_phone(41000, "a=recvonly\r\n")));
	assert_true(rig_hears(a, b) && !rig_hears(b, a));
	assert_done(rig_offer("1", "b", rig_phone(42000, "a=inactive\r\n"), -1));
	assert_done(rig_answer("1", "b", "a", rig_phone(41000, "a=inactive\r\n")));
	assert_false(rig_hears(a, b) || rig_hears(b, a));
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->why, "on hold");
	assert_done(
		rig_offer("1", "a", rig_phone(41002, ""), -1)); /* resumed from another address */
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_true(rig_hears(a, b) && rig_hears(b, a));
	assert_int_equal(a->put->put_leg->remote->port, 41002);
	assert_int_equal(fake_count(&rig.fake), 2);
}

/* The browser's SDP with another name for its m-line. */
static const char *with_mid(const char *sdp, const char *mid)
{
	static char named[4096];
	const char *bundle = strstr(sdp, "BUNDLE 0") + 7, *line = strstr(sdp, "a=mid:0") + 6;

	snprintf(named, sizeof(named), "%.*s%s%.*s%s%s", (int)(bundle - sdp), sdp, mid,
		 (int)(line - bundle - 1), bundle + 1, mid, line + 1);
	return named;
}

/* When media may flow, also with the same SDP: a translator may have changed meanwhile. */
static void windows_open_with_each_answer(void **state)
{
	struct fake_leg *a, *b;
	uint32_t first;

	rig_phones("1", &a, &b);
	first = a->put->put_leg->latch_epoch;
	assert_true(first > 0 && first == b->put->put_leg->latch_epoch);
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), -1));
	assert_int_equal(a->put->put_leg->latch_epoch, first);
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(a->put->put_leg->latch_epoch, first + 1);
	assert_int_equal(b->put->put_leg->latch_epoch, first + 1);
	/* A control plane that starts again opens none. */
	rig_stop();
	rig_start();
	assert_done(rig_query("1"));
	assert_int_equal(a->put->put_leg->latch_epoch, first + 1);
}

/* RFC 9143 section 7: a mid lives as long as its m-line, no matter who offers. */
static void mids_live_with_their_m_lines(void **state)
{
	assert_done(rig_offer("1", "a",
			      with_mid(rig_browser("aaaa", PRINT_A, "actpass", false), "audio-0"),
			      AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_shows("a=mid:audio-0\r\n");
	assert_done(rig_offer("1", "b", rig_phone(42000, "a=sendonly\r\n"), -1));
	assert_shows("a=group:BUNDLE audio-0\r\n");
	assert_shows("a=mid:audio-0\r\n");
	assert_done(rig_answer("1", "b", "a",
			       with_mid(rig_browser("aaaa", PRINT_A, "active", false), "audio-0")));
	rig_stop();
	rig_start();
	assert_done(rig_offer("1", "b", rig_phone(42000, ""), -1));
	assert_shows("a=mid:audio-0\r\n");
	/* Another m-line beside it, which the phone's side numbers. */
	assert_done(rig_offer("1", "b", rig_phone(42000, "m=video 42002 RTP/AVP 34\r\n"), -1));
	assert_shows("a=mid:audio-0\r\n");
	assert_shows("a=mid:1\r\n");
}

/* Where an SDP may not have media sent to; said with the m-line and the address. */
static void destinations_of_no_host(void **state)
{
	static const char *const addresses[] = {
		"255.255.255.255", "127.0.0.1",    "127.9.9.9",    "0.0.0.1",    "240.0.0.1",
		"169.254.7.7",     "198.51.100.1", "198.51.100.2", "192.0.2.77",
	};
	static const char *const ipv6[] = {"::1", "::5", "fe80::1", "2001:db8::1"};
	char line[100];

	assert_done(rig_offer("1", "a", rig_phone(41000, "c=IN IP4 0.0.0.0\r\n"), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		snprintf(line, sizeof(line), "c=IN IP4 %s\r\n", addresses[i]);
		assert_refused(rig_offer("2", "a", rig_phone(41000, line), AVP),
			       SESSION_INVALID_ARGUMENT, "m-line 1: no media is sent to");
		assert_non_null(strstr(rig.got.text, addresses[i]));
		snprintf(line, sizeof(line), "a=rtcp:4001 IN IP4 %s\r\n", addresses[i]);
		assert_refused(rig_offer("2", "a", rig_phone(41000, line), AVP),
			       SESSION_INVALID_ARGUMENT, addresses[i]);
		assert_done(rig_offer("1", "a", rig_phone(41000, ""), -1));
		snprintf(line, sizeof(line), "c=IN IP4 %s\r\n", addresses[i]);
		assert_refused(rig_answer("1", "a", "b", rig_phone(42000, line)),
			       SESSION_INVALID_ARGUMENT, addresses[i]);
		assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	}
	for (size_t i = 0; i < sizeof(ipv6) / sizeof(ipv6[0]); i++) {
		snprintf(line, sizeof(line), "c=IN IP6 %s\r\n", ipv6[i]);
		assert_refused(rig_offer("2", "a", rig_phone(41000, line), AVP),
			       SESSION_INVALID_ARGUMENT, "m-line 1: no media is sent to [");
	}
	assert_refused(
		rig_offer("2", "a", rig_phone(41000, "c=IN IP6 ::ffff:203.0.113.30\r\n"), AVP),
		SESSION_INVALID_ARGUMENT, "::ffff:203.0.113.30 is no IP6 address");
	/* A rejected m-line's is not looked at, nor one that ICE has no use for. */
	assert_done(rig_offer(
		"3", "a", rig_phone(41000, "m=video 0 RTP/AVP 34\r\nc=IN IP4 127.0.0.1\r\n"), AVP));
	assert_done(rig_offer("4", "a", rig_browser("aaaa", PRINT_A, "actpass", false), AVP));
}

static void a_hold_is_no_rekeying(void **state)
{
	struct fake_leg *a;
	char *before;

	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	before = strdup(rig.got.sdp);
	a = rig_leg("audio");
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, "a=sendrecv\r\n"), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_string_equal(rig.got.sdp, before);
	assert_int_equal(rig.fake.key_puts, 1);
	assert_done(rig_offer("1", "a", rig_sdes_phone(2, KEY_B, ""), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(rig.fake.key_puts, 2);
	assert_int_equal(a->keys->put_keys->epoch, 2);
	assert_memory_equal(a->keys->put_keys->receive_key.data, "=-n@", 4);
	free(before);
}

static void ice_restart(void **state)
{
	struct fake_leg *a;
	char ufrag[64], pwd[64];
	unsigned int port;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", false), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	a = rig_leg("audio");
	port = rig_port("audio");
	strcpy(ufrag, a->put->put_leg->ice->local_ufrag);
	strcpy(pwd, a->put->put_leg->ice->local_pwd);
	/* The same credentials again: no restart. */
	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", false), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_string_equal(a->put->put_leg->ice->local_ufrag, ufrag);
	assert_done(rig_offer("1", "a", rig_browser("cccc", PRINT_A, "actpass", false), -1));
	assert_string_equal(a->put->put_leg->ice->remote_ufrag, "aaaa");
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_string_equal(a->put->put_leg->ice->remote_ufrag, "cccc");
	assert_string_not_equal(a->put->put_leg->ice->local_ufrag, ufrag);
	assert_string_not_equal(a->put->put_leg->ice->local_pwd, pwd);
	assert_int_equal(rig_port("audio"), port);
	assert_shows(a->put->put_leg->ice->local_ufrag);
}

static void a_refused_reoffer_changes_nothing(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	rig_phone(41000, "");
	memcpy(strstr(rig_text, "RTP/AVP"), "TCP/FAX", 7);
	assert_refused(rig_offer("1", "a", rig_text, -1), SESSION_UNIMPLEMENTED,
		       "m-line 1: audio TCP/FAX");
	assert_done(rig_offer("1", "a", rig_phone(41500, ""), -1));
	rig.fake.refuse_put = EINVAL;
	rig.fake.refuse_after = 1;
	assert_refused(rig_answer("1", "a", "b", rig_phone(42500, "")), SESSION_INTERNAL,
		       "as the test wants it");
	rig_settle(20);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
	assert_int_equal(b->put->put_leg->remote->port, 42000);
	assert_done(rig_answer("1", "a", "b", rig_phone(42500, "")));
	assert_int_equal(a->put->put_leg->remote->port, 41500);
	assert_int_equal(b->put->put_leg->remote->port, 42500);
}

/* A leg that began with one port cannot be asked whether it wants two. */
static void one_port_stays_one(void **state)
{
	assert_done(rig_offer("1", "a", rig_phone(41000, "a=rtcp-mux\r\n"), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_done(rig_offer("1", "b", rig_phone(42000, ""), -1));
	assert_shows("a=rtcp-mux-only");
	assert_refused(rig_answer("1", "b", "a", rig_phone(41000, "")), SESSION_INVALID_ARGUMENT,
		       "lacks a=rtcp-mux");
	assert_done(rig_answer("1", "b", "a", rig_phone(41000, "a=rtcp-mux\r\n")));
}

static void refused_keys_are_no_keys(void **state)
{
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), AVP));
	rig.fake.refuse_keys = EAGAIN;
	assert_refused(rig_answer("1", "a", "b", rig_phone(42000, "")), SESSION_UNAVAILABLE,
		       "refused the keys");
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_FAILED);
	assert_non_null(strstr(rig_leg_of("a")->why, "refused the keys"));
	rig.fake.refuse_keys = 0;
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
}

static void a_refused_offer_leaves_nothing(void **state)
{
	rig.fake.refuse_put = ENOSPC;
	rig.fake.refuse_after = 1;
	assert_refused(rig_offer("1", "a", rig_phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "as the test wants it");
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call \"");
	rig_wait(fake_count(&rig.fake) == 0);
}

static void glare(void **state)
{
	struct fake_leg *a, *b;

	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_done(rig_offer("1", "a", rig_phone(41002, ""),
			      AVP)); /* the same tag replaces its offer */
	rig_wait(fake_count(&rig.fake) == 2);
	assert_refused(rig_offer("1", "a", "nonsense", AVP), SESSION_INVALID_ARGUMENT, "sdp line");
	assert_int_equal(fake_count(&rig.fake), 2); /* one that can be read, that is */
	assert_refused(rig_offer("1", "x", rig_phone(41000, ""), AVP), SESSION_FAILED_PRECONDITION,
		       "no participant");
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, ""))); /* the same once more */
	rig_phones("2", &a, &b);
	assert_done(rig_offer("2", "a", rig_phone(41000, ""), -1));
	assert_refused(rig_offer("2", "b", rig_phone(42000, ""), -1), SESSION_ALREADY_EXISTS,
		       "answer it first");
	assert_refused(rig_answer("2", "b", "a", rig_phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "from_tag");
	assert_refused(rig_answer("2", "a", "x", rig_phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "to_tag");
	assert_done(rig_answer("2", "a", "b", rig_phone(42000, "")));
}

/* --- restarts -------------------------------------------------------------------------------- */

static void the_control_plane_restarts(void **state)
{
	struct fake_leg *a, *b;
	unsigned int puts;

	rig.fake.page = 3;
	rig_phones("1", &a, &b);
	rig_phones("2", &a, &b);
	assert_done(rig_offer("3", "a", rig_browser("aaaa", PRINT_A, "actpass", false), SAVP));
	assert_done(rig_answer("3", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	assert_done(rig_offer("4", "a", rig_phone(41000, ""), AVP));
	assert_int_equal(fake_count(&rig.fake), 8);
	puts = rig.fake.puts;
	rig_stop();
	/* A call that nobody can read. */
	rig.fake.calls[1]->put_call->blob.data[0] ^= 0xff;
	rig_start();
	rig_wait(fake_count(&rig.fake) == 6); /* its legs went with it */
	assert_int_equal(rig.fake.puts, puts);
	assert_refused(rig_query("2"), SESSION_NOT_FOUND, "no call \"");
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_done(rig_query("3"));
	assert_string_equal(rig_leg_of("b")->suite, "AES_CM_128_HMAC_SHA1_80");
	assert_string_equal(rig_leg_of("a")->media, "audio");
	assert_done(rig_query("4"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_OFFERED);
	assert_done(rig_answer("4", "a", "b", rig_phone(42000, "")));
	/* Its ports are taken, and re-offers keep them. */
	assert_done(rig_offer("1", "b", rig_phone(42000, "a=sendonly\r\n"), -1));
	a = rig_leg("audio");
	assert_done(rig_answer("1", "b", "a", rig_phone(41000, "a=recvonly\r\n")));
	assert_false(rig_hears(rig_leg("audio"), a));
	assert_done(rig_offer("3", "a", rig_browser("aaaa", PRINT_A, "actpass", false), -1));
	assert_shows(" RTP/SAVP ");
	assert_done(rig_drop("1"));
	assert_done(rig_drop("4"));
	rig_wait(fake_count(&rig.fake) == 2);
}

static void the_dataplane_restarts(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_offer("2", "a", rig_sdes_phone(1, KEY_A, ""), AVP));
	assert_done(rig_answer("2", "a", "b", rig_phone(42000, "")));
	fake_hang_up(&rig.fake);
	fake_forget(&rig.fake);
	rig_wait(!rig.session->ready);
	assert_refused(rig_offer("3", "a", rig_phone(41000, ""), AVP), SESSION_UNAVAILABLE,
		       "dataplane");
	rig_wait(rig.session->ready);
	rig_wait(fake_count(&rig.fake) == 4);
	assert_int_equal(rig.fake.key_puts, 1);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_done(rig_query("2"));
	assert_non_null(strstr(rig_leg_of("a")->why, "a re-offer brings new ones"));
	assert_done(rig_offer("2", "a", rig_sdes_phone(1, KEY_A, ""), -1));
	assert_done(rig_answer("2", "a", "b", rig_phone(42000, "")));
	assert_int_equal(rig.fake.key_puts, 2);
	assert_done(rig_query("2"));
	assert_string_equal(rig_leg_of("a")->suite, "AES_CM_128_HMAC_SHA1_80");
}

static void a_lost_connection_loses_nothing(void **state)
{
	struct fake_leg *a, *b;
	unsigned int puts;

	rig_phones("1", &a, &b);
	puts = rig.fake.puts;
	fake_hang_up(&rig.fake);
	rig_wait(!rig.session->ready);
	assert_done(rig_query("1"));
	assert_string_equal(rig_leg_of("a")->why, "not known: the dataplane is away");
	rig_wait(rig.session->ready);
	assert_int_equal(rig.fake.puts, puts);
	assert_int_equal(fake_count(&rig.fake), 2);
	assert_done(rig_drop("1"));
}

/* The legs took what they were told, but not all of them could say so. */
static void the_connection_breaks_in_an_answer(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_offer("1", "a", rig_phone(41500, ""), -1));
	rig.fake.die_at = 2;
	assert_refused(rig_answer("1", "a", "b", rig_phone(42500, "")), SESSION_UNAVAILABLE,
		       "lost");
	assert_int_equal(a->put->put_leg->remote->port, 41500);
	rig_wait(rig.session->ready);
	rig_wait(a->put->put_leg->remote->port == 41000);
	rig_wait(b->put->put_leg->remote->port == 42000);
	assert_done(rig_answer("1", "a", "b", rig_phone(42500, "")));
	assert_int_equal(b->put->put_leg->remote->port, 42500);
}

static void keys_that_never_arrived_come_again(void **state)
{
	struct fake_leg *a, *b;

	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), SAVP));
	b = rig_leg("audio");
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")));
	a = rig_leg("audio");
	assert_int_equal(b->keys->put_keys->epoch, 1);
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_B, ""), -1));
	rig.fake.lose_keys = true;
	assert_refused(rig_answer("1", "a", "b", rig_sdes_phone(3, KEY_B, "")), SESSION_UNAVAILABLE,
		       "lost");
	assert_int_equal(a->keys->put_keys->epoch, 1);
	rig_wait(rig.session->ready);
	rig_wait(a->keys->put_keys->epoch == 3);
	assert_int_equal(b->keys->put_keys->epoch, 1);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
}

/* Their packet index began anew with the dataplane. */
static void lost_keys_stay_away(void **state)
{
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), -1));
	fake_hang_up(&rig.fake);
	fake_forget(&rig.fake);
	rig_wait(!rig.session->ready);
	rig_wait(rig.session->ready);
	assert_refused(rig_answer("1", "a", "b", rig_phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "offer first");
	assert_int_equal(rig.fake.key_puts, 1);
}

/* Half of a call is known, and the other half is on a page that has not come. */
static void nothing_is_told_of_half_a_call(void **state)
{
	Tandem__Relay__V1__ListRequest list = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	rig_stop();
	rig.fake.page = 1;
	rig.fake.die_at = 2;
	assert_int_equal(session_open(&rig.session, &rig.loop, &rig.config), 0);
	rig_wait(rig.fake.fd >= 0);
	rig_wait(rig.fake.fd < 0);
	assert_refused(rig_query("1"), SESSION_UNAVAILABLE, "not told its calls yet");
	assert_refused(rig_drop("1"), SESSION_UNAVAILABLE, "not told its calls yet");
	rig_ask(session_list, &list);
	assert_refused(rig.got.code, SESSION_UNAVAILABLE, "not told its calls yet");
	rig_wait(rig.session->ready);
	assert_int_equal(rig.fake.deletes, 0);
	assert_done(rig_drop("1"));
	assert_int_equal(rig.got.call->n_legs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hold_and_resume),
		TEST(windows_open_with_each_answer),
		TEST(mids_live_with_their_m_lines),
		TEST(destinations_of_no_host),
		TEST(a_hold_is_no_rekeying),
		TEST(ice_restart),
		TEST(a_refused_reoffer_changes_nothing),
		TEST(one_port_stays_one),
		TEST(refused_keys_are_no_keys),
		TEST(a_refused_offer_leaves_nothing),
		TEST(glare),
		TEST(the_control_plane_restarts),
		TEST(the_dataplane_restarts),
		TEST(a_lost_connection_loses_nothing),
		TEST(the_connection_breaks_in_an_answer),
		TEST(keys_that_never_arrived_come_again),
		TEST(lost_keys_stay_away),
		TEST(nothing_is_told_of_half_a_call),
	};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
