/* SPDX-License-Identifier: BSD-3-Clause */
/* The ng protocol over real sockets, down to a session whose dataplane is of memory. */
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/ng/ng.h"
#include "tests/rig/control.h"

static struct {
	struct ng *ng;
	char listen[2][64];
	int datagrams, stream;
	unsigned int cookies;
	char reply[65536];
	ssize_t length;
	json_t *json; /* the last reply */
} client;

static int connect_stream(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int connect_datagrams(const char *path)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX}, at = own;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(at.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(sa_family_t)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int set_up(void **state)
{
	const char *listen[2] = {client.listen[0], client.listen[1]};
	const struct ng_config config = {.listen = listen, .listen_count = 2, .delete_delay_s = 30};

	rig_set_up(state);
	snprintf(client.listen[0], sizeof(client.listen[0]), "unix:/tmp/tandem-ng-%d.sock",
		 getpid());
	snprintf(client.listen[1], sizeof(client.listen[1]), "tcp:127.0.0.1:%d",
		 20000 + getpid() % 10000);
	assert_int_equal(ng_open(&client.ng, &rig.loop, rig.session, &config), 0);
	client.datagrams = connect_datagrams(client.listen[0] + 5);
	client.stream = connect_stream(strrchr(client.listen[1], ':') + 1);
	return 0;
}

static int tear_down(void **state)
{
	json_decref(client.json);
	client.json = NULL;
	close(client.datagrams);
	close(client.stream);
	ng_close(client.ng);
	return rig_tear_down(state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* --- octets ---------------------------------------------------------------------------------- */

/* Since client.length was set to -1: whether something came, or the end did. */
static bool receive(int fd)
{
	if (client.length < 0)
		client.length = recv(fd, client.reply, sizeof(client.reply) - 1, MSG_DONTWAIT);
	if (client.length >= 0)
		client.reply[client.length] = '\0';
	return client.length > 0;
}

/* The reply as it came. */
static const char *exchange(int fd, const char *message)
{
	client.length = -1;
	assert_int_equal(send(fd, message, strlen(message), 0), strlen(message));
	rig_wait(receive(fd));
	return client.reply;
}

static bool is_silent(int fd, const char *message)
{
	client.length = -1;
	assert_int_equal(send(fd, message, strlen(message), 0), strlen(message));
	rig_settle(50);
	return !receive(fd);
}

/* --- dictionaries ---------------------------------------------------------------------------- */

/* With a cookie of its own; the reply is in client.json. */
static void ask(json_t *request)
{
	char *text = json_dumps(request, 0), *message;
	const char *reply;

	assert_true(asprintf(&message, "%u_7 %s", ++client.cookies, text) > 0);
	reply = strchr(exchange(client.datagrams, message), ' ');
	json_decref(client.json);
	client.json = json_loads(reply + 1, 0, NULL);
	assert_non_null(client.json);
	json_decref(request);
	free(message);
	free(text);
}

static const char *text_of(const char *key)
{
	const char *text = json_string_value(json_object_get(client.json, key));

	return text ? text : "";
}

#define assert_result(wanted)                                                                      \
	do {                                                                                       \
		if (strcmp(text_of("result"), wanted) != 0)                                        \
			fail_msg("%s: %s", text_of("result"), text_of("error-reason"));            \
	} while (0)

/* `more`: further keys as JSON. */
static void command(const char *command, const char *call, const char *from, const char *to,
		    const char *sdp, const char *more)
{
	json_t *request = json_loads(more ? more : "{}", 0, NULL);

	assert_non_null(request);
	json_object_set_new(request, "command", json_string(command));
	if (call)
		json_object_set_new(request, "call-id", json_string(call));
	if (from)
		json_object_set_new(request, "from-tag", json_string(from));
	if (to)
		json_object_set_new(request, "to-tag", json_string(to));
	if (sdp)
		json_object_set_new(request, "sdp", json_string(sdp));
	ask(request);
}

static void call_stands(const char *id)
{
	command("offer", id, "a", NULL, rig_phone(41000, ""), NULL);
	assert_result("ok");
	command("answer", id, "a", "b", rig_phone(42000, ""), NULL);
	assert_result("ok");
}

static unsigned int port_in_reply(void)
{
	const char *line = strstr(text_of("sdp"), "m=audio ");

	return line ? atoi(line + 8) : 0;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void both_encodings(void **state)
{
	assert_string_equal(exchange(client.datagrams, "1_1 d7:command4:pinge"),
			    "1_1 d6:result4:ponge");
	assert_string_equal(exchange(client.datagrams, "1_2 {\"command\": \"ping\"}"),
			    "1_2 {\"result\":\"pong\"}");
	assert_non_null(strstr(exchange(client.datagrams, "1_3 d7:command4:wavee"),
			       "Unrecognized command"));
	assert_non_null(strstr(exchange(client.datagrams, "1_4 d7:command"), "decode"));
	assert_true(is_silent(client.datagrams, "garbage"));
	assert_true(is_silent(client.datagrams, " d7:command4:pinge"));
}

static void messages_in_a_stream(void **state)
{
	assert_string_equal(exchange(client.stream, "a d7:command4:pinge"), "a d6:result4:ponge");
	assert_true(is_silent(client.stream, "b d7:comm"));
	/* Two messages in one piece get two replies. */
	exchange(client.stream, "and4:pingec {\"command\":\"ping\"}");
	rig_settle(20);
	assert_memory_equal(client.reply, "b d6:result4:ponge", 18);
	if (client.length == 18)
		client.length = -1;
	rig_wait(receive(client.stream));
	assert_string_equal(strchr(client.reply, '{'), "{\"result\":\"pong\"}");
	assert_int_equal(send(client.stream, "garbage", 7, 0), 7);
	assert_true(is_silent(client.stream, " x"));
	assert_int_equal(client.length, 0); /* hung up */
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
			client.length = -1;
			assert_int_equal(send(client.stream, octet, 1, 0), 1);
			uv_run(&rig.loop, UV_RUN_NOWAIT);
			if (octet[1])
				assert_false(receive(client.stream));
			client.length = -1;
		}
		rig_wait(receive(client.stream));
		assert_non_null(strstr(client.reply, "pong"));
	}
}

/* Two proxies may have the same cookies. */
static void the_same_cookie_for_something_else(void **state)
{
	assert_non_null(strstr(exchange(client.datagrams, "1_1 d7:command4:pinge"), "pong"));
	assert_non_null(strstr(exchange(client.datagrams, "1_1 d7:command4:liste"), "calls"));
}

static void a_cookie_that_comes_again_gets_the_same(void **state)
{
	char first[8192], message[1024];

	snprintf(message, sizeof(message),
		 "9_9 d7:call-id1:18:from-tag1:a3:sdp%zu:%s7:command5:offere",
		 strlen(rig_phone(41000, "")), rig_phone(41000, ""));
	snprintf(first, sizeof(first), "%s", exchange(client.datagrams, message));
	assert_non_null(strstr(first, "m=audio "));
	assert_string_equal(exchange(client.datagrams, message), first);
	assert_int_equal(fake_count(&rig.fake), 2);
}

static void a_call(void **state)
{
	call_stands("1");
	assert_int_equal(fake_count(&rig.fake), 2);
	command("query", "1", NULL, NULL, NULL, NULL);
	assert_result("ok");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_object_get(client.json, "tags"), "a"),
				    "in dialogue with")),
			    "b");
	command("list", NULL, NULL, NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(client.json, "calls")), 1);
	command("delete", "1", "a", NULL, NULL, "{\"delete-delay\": 0}");
	assert_result("ok");
	assert_non_null(json_object_get(client.json, "totals"));
	rig_wait(fake_count(&rig.fake) == 0);
	command("delete", "1", "a", NULL, NULL, NULL);
	assert_result("ok");
	assert_non_null(strstr(text_of("warning"), "not found"));
	command("query", "1", NULL, NULL, NULL, NULL);
	assert_string_equal(text_of("error-reason"), "Unknown call-id");
}

/* A proxy that forks one after the other deletes, and offers again under the same tags. */
static void a_deleted_call_goes_on_for_a_while(void **state)
{
	unsigned int port;

	command("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	port = port_in_reply();
	command("delete", "1", "a", NULL, NULL, NULL);
	assert_result("ok");
	assert_int_equal(fake_count(&rig.fake), 2);
	command("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	assert_result("ok");
	assert_int_equal(port_in_reply(), port);
	command("answer", "1", "a", "c", rig_phone(42000, ""), NULL);
	assert_result("ok");
	command("delete", "1", "a", "c", NULL, "{\"delete-delay\": \"1\"}");
	assert_result("ok");
	rig_settle(500);
	assert_int_equal(fake_count(&rig.fake), 2);
	rig_settle(700);
	assert_int_equal(fake_count(&rig.fake), 0);
}

/* A telephone behind a translator: its SDP has an address of its own network. */
static void the_address_of_the_message(void **state)
{
	struct fake_leg *leg;

	command("offer", "1", "a", NULL, rig_phone(41000, ""),
		"{\"flags\": [\"SIP-source-address\"], \"received-from\": [\"IP4\", "
		"\"198.51.100.77\"]}");
	assert_result("ok");
	command("answer", "1", "a", "b", rig_phone(42000, ""),
		"{\"received-from\": [\"IP4\", \"198.51.100.78\"]}");
	assert_result("ok");
	leg = fake_at(&rig.fake, port_in_reply());
	assert_non_null(leg);
	assert_int_equal(leg->put->put_leg->remote->port, 41000);
	assert_memory_equal(leg->put->put_leg->remote->address.data, "\xc6\x33\x64\x4d", 4);
	command("offer", "2", "a", NULL, rig_phone(41000, ""),
		"{\"flags\": [\"SIP-source-address\"], \"received-from\": [\"IP4\", \"here\"]}");
	assert_result("error");
}

/* Offers that are the same, without a branch, are one and the same. */
static void identical_offers(void **state)
{
	unsigned int port;

	command("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	port = port_in_reply();
	command("offer", "1", "a", NULL, rig_phone(41000, ""), NULL);
	assert_result("ok");
	assert_int_equal(port_in_reply(), port);
	command("answer", "1", "a", "b", rig_phone(42000, ""), NULL);
	assert_result("ok");
	port = port_in_reply();
	command("answer", "1", "a", "c", rig_phone(43000, ""), NULL);
	assert_result("ok");
	assert_int_equal(port_in_reply(), port);
}

static void branches(void **state)
{
	command("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"via-branch\": \"x\"}");
	assert_result("ok");
	command("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"via-branch\": \"y\"}");
	assert_result("ok");
	command("delete", "1", "a", NULL, NULL, "{\"via-branch\": \"x\"}");
	assert_result("ok");
	command("answer", "1", "a", "b", rig_phone(42000, ""), "{\"via-branch\": \"y\"}");
	assert_result("ok");
	command("offer", "1", "b", "a", rig_phone(42000, "a=sendonly\r\n"), NULL);
	assert_result("ok");
	assert_non_null(strstr(text_of("sdp"), "a=sendonly"));
	command("answer", "1", "b", "a", rig_phone(41000, "a=recvonly\r\n"), NULL);
	assert_result("ok");
}

/* re-INVITEs cross after the relay has lost the call; each party is only in the other's offer. */
static void offers_that_cross(void **state)
{
	command("offer", "1", "b", "a", rig_phone(41000, ""), NULL);
	assert_result("ok");
	command("offer", "1", "a", "b", rig_phone(42000, ""), NULL);
	assert_result("ok");
	command("offer", "1", "b", "a", rig_phone(41000, ""), NULL);
	assert_result("ok");
	command("answer", "1", "b", "a", rig_phone(42000, ""), NULL);
	assert_result("ok");
}

/* A 200 with an offer is sent twice, since the ACK was lost. */
static void a_200_comes_again(void **state)
{
	command("offer", "1", "callee", "caller", rig_phone(41000, ""), NULL);
	assert_result("ok");
	command("offer", "1", "callee", "caller", rig_phone(41000, ""), NULL);
	assert_result("ok");
	command("answer", "1", "callee", "caller", rig_phone(42000, ""), NULL);
	assert_result("ok");
	assert_int_equal(fake_count(&rig.fake), 2);
}

/* Each transaction has a branch of its own. */
static void branches_inside_a_dialog(void **state)
{
	command("offer", "1", "a", NULL, rig_phone(41000, ""), "{\"via-branch\": \"x\"}");
	assert_result("ok");
	command("answer", "1", "a", "b", rig_phone(42000, ""), "{\"via-branch\": \"x\"}");
	assert_result("ok");
	command("offer", "1", "a", "b", rig_phone(41000, ""), "{\"via-branch\": \"y\"}");
	assert_result("ok");
	command("answer", "1", "a", "b", rig_phone(42000, ""), "{\"via-branch\": \"y\"}");
	assert_result("ok");
	command("delete", "1", "a", "b", NULL, "{\"via-branch\": \"z\", \"delete-delay\": 0}");
	assert_result("ok");
	assert_string_equal(text_of("warning"), "");
	rig_wait(fake_count(&rig.fake) == 0);
}

/* What is refused keeps no call. */
static void a_late_offer_is_refused(void **state)
{
	call_stands("1");
	command("delete", "1", "a", "b", NULL, "{\"delete-delay\": 1}");
	command("offer", "1", "a", "b", "v=1\r\n", NULL);
	assert_result("error");
	command("answer", "1", "a", "b", "v=1\r\n", NULL);
	assert_result("error");
	rig_settle(1200);
	assert_int_equal(fake_count(&rig.fake), 0);
}

/* After a restart, or with an offer in the 200: both tags, and no call. */
static void tags_that_nobody_knows(void **state)
{
	command("offer", "1", "b", "a", rig_phone(41000, ""), NULL);
	assert_result("ok");
	command("answer", "1", "b", "a", rig_phone(42000, ""), NULL);
	assert_result("ok");
	/* Who was never heard of joins. */
	command("offer", "1", "c", "a", rig_phone(43000, ""), NULL);
	assert_result("ok");
	command("answer", "1", "c", "a", rig_phone(42000, ""), NULL);
	assert_result("ok");
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
		command("offer", call, "a", NULL, rig_phone(41000, ""), offers[k].more);
		assert_result("ok");
		if (!strstr(text_of("sdp"), offers[k].has) ||
		    strstr(text_of("sdp"), offers[k].lacks))
			fail_msg("%s:\n%s", offers[k].more, text_of("sdp"));
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
		command(mistakes[k].command, mistakes[k].call, mistakes[k].from, mistakes[k].to,
			mistakes[k].sdp, NULL);
		assert_result("error");
		assert_string_equal(text_of("error-reason"), mistakes[k].error);
	}
}

/* By these words a proxy tries another relay. */
static void a_full_relay(void **state)
{
	rig.session->config.calls_max = 1;
	call_stands("1");
	command("offer", "2", "a", NULL, rig_phone(41000, ""), NULL);
	assert_string_equal(text_of("error-reason"), "Parallel session limit reached");
	command("offer", "2", "a", NULL, rig_phone(41000, ""), "{\"supports\": [\"load limit\"]}");
	assert_result("load limit");
	assert_int_not_equal(strlen(text_of("message")), 0);
}

static void who_hears_what(void **state)
{
	call_stands("1");
	command("block media", "1", "a", NULL, NULL, NULL);
	assert_result("ok");
	command("unblock media", "1", "a", NULL, NULL, NULL);
	assert_result("ok");
	command("subscribe request", "1", "a", NULL, NULL, NULL);
	assert_result("ok");
	assert_non_null(strstr(text_of("sdp"), "m=audio"));
	assert_int_not_equal(strlen(text_of("to-tag")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(both_encodings),
		CASE(messages_in_a_stream),
		CASE(a_cookie_that_comes_again_gets_the_same),
		CASE(messages_in_pieces),
		CASE(the_same_cookie_for_something_else),
		CASE(offers_that_cross),
		CASE(a_200_comes_again),
		CASE(branches_inside_a_dialog),
		CASE(a_late_offer_is_refused),
		CASE(a_call),
		CASE(a_deleted_call_goes_on_for_a_while),
		CASE(the_address_of_the_message),
		CASE(identical_offers),
		CASE(branches),
		CASE(tags_that_nobody_knows),
		CASE(what_an_offer_says),
		CASE(mistakes_are_named),
		CASE(a_full_relay),
		CASE(who_hears_what),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
