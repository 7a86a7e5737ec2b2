/* SPDX-License-Identifier: BSD-3-Clause */
/* The ng protocol over real sockets, down to a session whose dataplane is of memory. */
#include "tests/rig/ng.h"

/* --- tests ----------------------------------------------------------------------------------- */

static void both_encodings(void **state)
{
	assert_string_equal(ng_exchange(ng_client.datagrams, "1_1 d7:command4:pinge"),
			    "1_1 d6:result4:ponge");
	assert_string_equal(ng_exchange(ng_client.datagrams, "1_2 {\"command\": \"ping\"}"),
			    "1_2 {\"result\":\"pong\"}");
	assert_non_null(strstr(ng_exchange(ng_client.datagrams, "1_3 d7:command4:wavee"),
			       "Unrecognized command"));
	assert_non_null(strstr(ng_exchange(ng_client.datagrams, "1_4 d7:command"), "decode"));
	assert_true(ng_is_silent(ng_client.datagrams, "garbage"));
	assert_true(ng_is_silent(ng_client.datagrams, " d7:command4:pinge"));
}

static void assert_counted(const char *command, unsigned int done, unsigned int failed)
{
	const struct ng_count *counts;
	unsigned int count = ng_counts(ng_client.ng, &counts);

	for (unsigned int k = 0; k < count; k++) {
		if (strcmp(counts[k].command, command) != 0)
			continue;
		assert_int_equal(counts[k].done, done);
		assert_int_equal(counts[k].failed, failed);
		return;
	}
	fail_msg("%s is not counted", command);
}

/* By command, once each, whatever encoding and cookie. */
static void what_became_of_requests_is_counted(void **state)
{
	ng_exchange(ng_client.datagrams, "1_1 d7:command4:pinge");
	ng_exchange(ng_client.datagrams, "1_1 d7:command4:pinge"); /* the same one again */
	ng_exchange(ng_client.datagrams, "1_2 {\"command\": \"ping\"}");
	ng_exchange(ng_client.datagrams, "1_3 d7:command4:wavee");
	ng_exchange(ng_client.datagrams, "1_4 d7:command");
	ng_ask("query", "nobody", NULL, NULL, NULL, NULL);
	ng_ask("play_media", "nobody", NULL, NULL, NULL, NULL);
	ng_call_stands("1");
	assert_counted("ping", 2, 0);
	assert_counted("none", 0, 2);
	assert_counted("query", 0, 1);
	assert_counted("play media", 0, 1);
	assert_counted("offer", 1, 0);
	assert_counted("answer", 1, 0);
	assert_counted("delete", 0, 0);
}

static void messages_in_a_stream(void **state)
{
	assert_string_equal(ng_exchange(ng_client.stream, "a d7:command4:pinge"),
			    "a d6:result4:ponge");
	assert_true(ng_is_silent(ng_client.stream, "b d7:comm"));
	/* Two messages in one piece get two replies. */
	ng_exchange(ng_client.stream, "and4:pingec {\"command\":\"ping\"}");
	rig_settle(20);
	assert_memory_equal(ng_client.reply, "b d6:result4:ponge", 18);
	if (ng_client.length == 18)
		ng_client.length = -1;
	rig_wait(ng_receive(ng_client.stream));
	assert_string_equal(strchr(ng_client.reply, '{'), "{\"result\":\"pong\"}");
	assert_int_equal(send(ng_client.stream, "garbage", 7, 0), 7);
	assert_true(ng_is_silent(ng_client.stream, " x"));
	assert_int_equal(ng_client.length, 0); /* hung up */
}

/* However the octets come: after an escape, inside of one, one at a time. */
static void messages_in_pieces(void **state)
{
	static const char *const messages[] = {
		"j {\"command\": \"ping\", \"x\": \"}\\\"\\r\\u00e9{\", \"l\": [true, {\"a\": 1.5}]}",
		"b d7:command4:ping1:ll1:xi-7ee1:dd1:a0:ee",
	};

	for (unsigned int k = 0; k < COUNT(messages); k++) {
		for (const char *octet = messages[k]; *octet; octet++) {
			ng_client.length = -1;
			assert_int_equal(send(ng_client.stream, octet, 1, 0), 1);
			uv_run(&rig.loop, UV_RUN_NOWAIT);
			if (octet[1])
				assert_false(ng_receive(ng_client.stream));
			ng_client.length = -1;
		}
		rig_wait(ng_receive(ng_client.stream));
		assert_non_null(strstr(ng_client.reply, "pong"));
	}
}

/* Two proxies may have the same cookies. */
static void the_same_cookie_for_something_else(void **state)
{
	assert_non_null(strstr(ng_exchange(ng_client.datagrams, "1_1 d7:command4:pinge"), "pong"));
	assert_non_null(strstr(ng_exchange(ng_client.datagrams, "1_1 d7:command4:liste"), "calls"));
}

static void a_cookie_that_comes_again_gets_the_same(void **state)
{
	char first[8192], message[1024];

	snprintf(message, sizeof(message),
		 "9_9 d7:call-id1:18:from-tag1:a3:sdp%zu:%s7:command5:offere",
		 strlen(rig_phone(41000, "")), rig_phone(41000, ""));
	snprintf(first, sizeof(first), "%s", ng_exchange(ng_client.datagrams, message));
	assert_non_null(strstr(first, "m=audio "));
	assert_string_equal(ng_exchange(ng_client.datagrams, message), first);
	assert_int_equal(fake_count(&rig.fake), 2);
}

static void a_call(void **state)
{
	ng_call_stands("1");
	assert_int_equal(fake_count(&rig.fake), 2);
	ng_ask("query", "1", NULL, NULL, NULL, NULL);
	assert_ng_result("ok");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_object_get(ng_client.json, "tags"), "a"),
				    "in dialogue with")),
			    "b");
	ng_ask("list", NULL, NULL, NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(ng_client.json, "calls")), 1);
	ng_ask("delete", "1", "a", NULL, NULL, "{\"delete-delay\": 0}");
	assert_ng_result("ok");
	assert_non_null(json_object_get(ng_client.json, "totals"));
	rig_wait(fake_count(&rig.fake) == 0);
	ng_ask("delete", "1", "a", NULL, NULL, NULL);
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("warning"), "not found"));
	ng_ask("query", "1", NULL, NULL, NULL, NULL);
	assert_string_equal(ng_text_of("error-reason"), "Unknown call-id");
}

/* A proxy that forks one after the other deletes, and offers again under the same tags. */
static void a_deleted_call_goes_on_for_a_while(void **state)
{
	unsigned int port;

	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	port = ng_port_in_reply();
	ng_ask("delete", "1", "a", NULL, NULL, NULL);
	assert_ng_result("ok");
	assert_int_equal(fake_count(&rig.fake), 2);
	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	assert_int_equal(ng_port_in_reply(), port);
	ng_ask("answer", "1", "a", "c", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("delete", "1", "a", "c", NULL, "{\"delete-delay\": \"1\"}");
	assert_ng_result("ok");
	rig_settle(500);
	assert_int_equal(fake_count(&rig.fake), 2);
	rig_settle(700);
	assert_int_equal(fake_count(&rig.fake), 0);
}

/* A telephone behind a translator: its SDP has an address of its own network. */
static void the_address_of_the_message(void **state)
{
	struct fake_leg *leg;

	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""),
	       "{\"flags\": [\"SIP-source-address\"], \"received-from\": [\"IP4\", "
	       "\"198.51.100.77\"]}");
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", rig_phone(42000, ""),
	       "{\"received-from\": [\"IP4\", \"198.51.100.78\"]}");
	assert_ng_result("ok");
	leg = fake_at(&rig.fake, ng_port_in_reply());
	assert_non_null(leg);
	assert_int_equal(leg->put->put_leg->remote->port, 41000);
	assert_memory_equal(leg->put->put_leg->remote->address.data, "\xc6\x33\x64\x4d", 4);
	ng_ask("offer", "2", "a", NULL, rig_phone(41000, ""),
	       "{\"flags\": [\"SIP-source-address\"], \"received-from\": [\"IP4\", \"here\"]}");
	assert_ng_result("error");
}

/* Offers that are the same, without a branch, are one and the same. */
static void identical_offers(void **state)
{
	unsigned int port;

	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	port = ng_port_in_reply();
	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	assert_int_equal(ng_port_in_reply(), port);
	ng_ask("answer", "1", "a", "b", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
	port = ng_port_in_reply();
	ng_ask("answer", "1", "a", "c", rig_phone(43000, ""), NULL);
	assert_ng_result("ok");
	assert_int_equal(ng_port_in_reply(), port);
}

static void branches(void **state)
{
	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"via-branch\": \"x\"}");
	assert_ng_result("ok");
	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"via-branch\": \"y\"}");
	assert_ng_result("ok");
	ng_ask("delete", "1", "a", NULL, NULL, "{\"via-branch\": \"x\"}");
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", rig_phone(42000, ""), "{\"via-branch\": \"y\"}");
	assert_ng_result("ok");
	ng_ask("offer", "1", "b", "a", rig_phone(42000, "a=sendonly\r\n"), NULL);
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("sdp"), "a=sendonly"));
	ng_ask("answer", "1", "b", "a", rig_phone(41000, "a=recvonly\r\n"), NULL);
	assert_ng_result("ok");
}

/* re-INVITEs cross after the relay has lost the call; each party is only in the other's offer. */
static void offers_that_cross(void **state)
{
	ng_ask("offer", "1", "b", "a", rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("offer", "1", "a", "b", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("offer", "1", "b", "a", rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("answer", "1", "b", "a", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
}

/* A 200 with an offer is sent twice, since the ACK was lost. */
static void a_200_comes_again(void **state)
{
	ng_ask("offer", "1", "callee", "caller", rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("offer", "1", "callee", "caller", rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("answer", "1", "callee", "caller", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
	assert_int_equal(fake_count(&rig.fake), 2);
}

/* Each transaction has a branch of its own. */
static void branches_inside_a_dialog(void **state)
{
	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"via-branch\": \"x\"}");
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", rig_phone(42000, ""), "{\"via-branch\": \"x\"}");
	assert_ng_result("ok");
	ng_ask("offer", "1", "a", "b", rig_phone(41000, ""), "{\"via-branch\": \"y\"}");
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", rig_phone(42000, ""), "{\"via-branch\": \"y\"}");
	assert_ng_result("ok");
	ng_ask("delete", "1", "a", "b", NULL, "{\"via-branch\": \"z\", \"delete-delay\": 0}");
	assert_ng_result("ok");
	assert_string_equal(ng_text_of("warning"), "");
	rig_wait(fake_count(&rig.fake) == 0);
}

/* What is refused keeps no call. */
static void a_late_offer_is_refused(void **state)
{
	ng_call_stands("1");
	ng_ask("delete", "1", "a", "b", NULL, "{\"delete-delay\": 1}");
	ng_ask("offer", "1", "a", "b", "v=1\r\n", NULL);
	assert_ng_result("error");
	ng_ask("answer", "1", "a", "b", "v=1\r\n", NULL);
	assert_ng_result("error");
	rig_settle(1200);
	assert_int_equal(fake_count(&rig.fake), 0);
}

/* After a restart, or with an offer in the 200: both tags, and no call. */
static void tags_that_nobody_knows(void **state)
{
	ng_ask("offer", "1", "b", "a", rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("answer", "1", "b", "a", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
	/* Who was never heard of joins. */
	ng_ask("offer", "1", "c", "a", rig_phone(43000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("answer", "1", "c", "a", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
}

static const struct {
	const char *more, *has, *lacks;
} offers[] = {
	{NULL, "RTP/AVP", "a=ice-ufrag"},
	{"{\"transport-protocol\": \"UDP/TLS/RTP/SAVPF\", \"ICE\": \"force\"}", "a=ice-ufrag",
	 "a=crypto"},
	{"{\"flags\": [\"WebRTC\"]}", "a=ice-ufrag", "RTP/AVP "},
	{"{\"rtpp-flags\": \"RTP/SAVP SDES-only-AEAD_AES_256_GCM\"}", "AEAD_AES_256_GCM", "AES_CM"},
	{"{\"transport protocol\": \"RTP/SAVP\", \"SDES\": [\"no-AEAD_AES_256_GCM\"]}", "a=crypto",
	 "AES_256_GCM"},
	{"{\"rtcp-mux\": [\"offer\"]}", "a=rtcp-mux", "a=ice"},
	{"{\"direction\": [\"public\", \"public\"]}", "m=audio", "a=rtcp-mux"},
	{"{\"flags\": [\"trust-address\", \"no-such-word\"], \"no such key\": 1}", "m=audio",
	 "a=ice"},
};

static void what_an_offer_says(void **state)
{
	char call[8];

	for (unsigned int k = 0; k < COUNT(offers); k++) {
		snprintf(call, sizeof(call), "%u", k);
		ng_ask("offer", call, "a", NULL, rig_phone(41000, ""), offers[k].more);
		assert_ng_result("ok");
		if (!strstr(ng_text_of("sdp"), offers[k].has) ||
		    strstr(ng_text_of("sdp"), offers[k].lacks))
			fail_msg("%s:\n%s", offers[k].more, ng_text_of("sdp"));
	}
}

static const struct {
	const char *command, *call, *from, *to, *sdp, *error;
} mistakes[] = {
	{"offer", NULL, "a", NULL, "v=0\r\n", "No call-id in message"},
	{"offer", "1", NULL, NULL, "v=0\r\n", "No from-tag in message"},
	{"offer", "1", "a", NULL, NULL, "No SDP body in message"},
	{"answer", "1", "a", NULL, "v=0\r\n", "No to-tag in message"},
	{"answer", "1", "a", "b", "v=0\r\n", "Unknown call-id"},
	{"query", "1", NULL, NULL, NULL, "Unknown call-id"},
	{"start recording", "1", NULL, NULL, NULL, "start recording: this relay does not do that"},
};

static void mistakes_are_named(void **state)
{
	for (unsigned int k = 0; k < COUNT(mistakes); k++) {
		ng_ask(mistakes[k].command, mistakes[k].call, mistakes[k].from, mistakes[k].to,
		       mistakes[k].sdp, NULL);
		assert_ng_result("error");
		assert_string_equal(ng_text_of("error-reason"), mistakes[k].error);
	}
}

/* By these words a proxy tries another relay. */
static void a_full_relay(void **state)
{
	rig.session->config.calls_max = 1;
	ng_call_stands("1");
	ng_ask("offer", "2", "a", NULL, rig_phone(41000, ""), NULL);
	assert_string_equal(ng_text_of("error-reason"), "Parallel session limit reached");
	ng_ask("offer", "2", "a", NULL, rig_phone(41000, ""), "{\"supports\": [\"load limit\"]}");
	assert_ng_result("load limit");
	assert_int_not_equal(strlen(ng_text_of("message")), 0);
}

static void who_hears_what(void **state)
{
	struct fake_leg *a, *b;

	ng_ask("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"label\": \"caller\"}");
	b = fake_at(&rig.fake, ng_port_in_reply());
	ng_ask("answer", "1", "a", "b", rig_phone(42000, ""), "{\"label\": \"callee\"}");
	a = fake_at(&rig.fake, ng_port_in_reply());
	assert_true(rig_hears(b, a) && rig_hears(a, b));
	ng_ask("block media", "1", "a", NULL, NULL, NULL);
	assert_ng_result("ok");
	assert_true(!rig_hears(b, a) && rig_hears(a, b));
	ng_ask("unblock media", "1", NULL, NULL, NULL, "{\"label\": \"caller\"}");
	assert_ng_result("ok");
	assert_true(rig_hears(b, a));
	ng_ask("connect", "1", "b", "a", NULL, NULL);
	assert_ng_result("ok");
	ng_ask("block media", "1", NULL, NULL, NULL,
	       "{\"label\": \"callee\", \"to-label\": \"caller\"}");
	assert_true(rig_hears(b, a) && !rig_hears(a, b));
	ng_ask("block media", "1", NULL, NULL, NULL, "{\"label\": \"nobody\"}");
	assert_ng_result("error");
	ng_ask("subscribe request", "1", "a", NULL, NULL, NULL);
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("sdp"), "m=audio"));
	assert_int_not_equal(strlen(ng_text_of("to-tag")), 0);
	/* By its label, under a tag of its own; then the other one instead. */
	ng_ask("subscribe request", "1", NULL, "ear", NULL, "{\"label\": \"caller\"}");
	assert_string_equal(ng_text_of("from-tag"), "a");
	ng_ask("subscribe request", "1", "b", "ear", NULL, "{\"flags\": [\"inactive\"]}");
	assert_string_equal(ng_text_of("from-tag"), "b");
	assert_non_null(strstr(ng_text_of("sdp"), "a=inactive"));
	ng_ask("subscribe request", "1", "b", "a", NULL, NULL);
	assert_ng_result("error");
}

static void the_relay_offers(void **state)
{
	ng_ask("create", "1", NULL, NULL, NULL, "{\"codec\": {\"offer\": [\"opus\"]}}");
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("sdp"), "opus/48000/2"));
	assert_int_not_equal(strlen(ng_text_of("from-tag")), 0);
	for (const char *tag = "a"; *tag; tag = *tag == 'a' ? "b" : "") {
		ng_ask("create", "1", tag, NULL, NULL, NULL);
		assert_ng_result("ok");
		ng_ask("create answer", "1", tag, NULL, rig_phone(41000, ""), NULL);
		assert_ng_result("ok");
	}
	ng_ask("mesh", "1", NULL, NULL, NULL, "{\"from-tags\": [\"a\"]}");
	assert_ng_result("error");
	ng_ask("mesh", "1", NULL, NULL, NULL, "{\"from-tags\": [\"a\", \"b\"]}");
	assert_ng_result("ok");
	assert_int_equal(fake_path_count(&rig.fake), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NG_TEST(both_encodings),
		NG_TEST(what_became_of_requests_is_counted),
		NG_TEST(messages_in_a_stream),
		NG_TEST(a_cookie_that_comes_again_gets_the_same),
		NG_TEST(messages_in_pieces),
		NG_TEST(the_same_cookie_for_something_else),
		NG_TEST(offers_that_cross),
		NG_TEST(a_200_comes_again),
		NG_TEST(branches_inside_a_dialog),
		NG_TEST(a_late_offer_is_refused),
		NG_TEST(a_call),
		NG_TEST(a_deleted_call_goes_on_for_a_while),
		NG_TEST(the_address_of_the_message),
		NG_TEST(identical_offers),
		NG_TEST(branches),
		NG_TEST(tags_that_nobody_knows),
		NG_TEST(what_an_offer_says),
		NG_TEST(mistakes_are_named),
		NG_TEST(a_full_relay),
		NG_TEST(who_hears_what),
		NG_TEST(the_relay_offers),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
