/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TURN server's policy from gRPC and from a client's requests: a dataplane of memory passes
 * them on, and keeps what it is told.
 */
#include "tests/rig/peer.h"

#include <time.h>

#include "controlplane/api/turn.pb-c.h"
#include "controlplane/rpc/turn_service.h"
#include "controlplane/session/session.h"
#include "controlplane/turn/turn.h"
#include "tests/rig/fake.h"
#include "tests/rig/forge.h"

#define TURN        "/tandem.turn.v1.Turn/"
#define TYPE(which) (&tandem__turn__v1__##which##__descriptor)
#define REALM       "example.com"
#define PORT        40000 /* of the first client */

static struct peer peer;
static struct fake fake;
static struct session *session;
static struct turn_server *turn;
static bool flag; /* of what is waited for */

/* --- surroundings ---------------------------------------------------------------------------- */

static void on_ready(void *arg, bool ready)
{
	flag = ready;
}

static struct turn_config configure(void)
{
	static char gate[] = "turns:turn.example.com:443?transport=tcp", *uris[] = {gate};
	struct turn_config config = {
		.listen_count = 2,
		.uris = {.texts = uris, .count = 1},
		.realm = (char *)REALM,
		.credentials = {.secrets = {{"old", "an old secret"}, {"one", "a shared secret"}},
				.secret_count = 2,
				.users = {{"carol", "her own"}},
				.user_count = 1},
		.port_first = 50000,
		.port_last = 50999,
		.allocations_per_user = 1,
		.lifetime_s = 600,
		.lifetime_most_s = 3600,
	};
	struct address address;

	assert_int_equal(address_parse(&address, "198.51.100.1"), 0);
	config.listen[0] = endpoint_make(&address, 3478);
	assert_int_equal(address_parse(&address, "2001:db8::1"), 0);
	config.listen[1] = endpoint_make(&address, 3478);
	return config;
}

static void open_all(const struct turn_config *config)
{
	const struct session_config session_config = {
		.dataplane = fake.path,
		.version = "test",
		.port_first = 20000,
		.port_last = 20099,
		.offer_timeout_ms = 60000,
		.calls_max = 10,
		.certificate_age_s = 3600,
	};
	static struct rpc_service service;

	peer_open(&peer);
	fake_open(&fake, &peer.loop);
	flag = false;
	assert_int_equal(session_open(&session, &peer.loop, &session_config), 0);
	session_watch_ready(session, on_ready, NULL);
	assert_int_equal(turn_start(&turn, session, &peer.loop, config), 0);
	service = turn_service(turn);
	peer_serve(&peer, &service, 1, 0);
	peer_wait(&peer, &flag);
}

static int set_up(void **state)
{
	struct turn_config config = configure();

	open_all(&config);
	return 0;
}

static int set_up_without_secret(void **state)
{
	struct turn_config config = configure();

	config.credentials.secret_count = 0;
	open_all(&config);
	return 0;
}

static int set_up_unconfigured(void **state)
{
	struct turn_config config = configure();

	config.listen_count = 0;
	open_all(&config);
	return 0;
}

static int tear_down(void **state)
{
	peer_stop(&peer, 1000);
	session_close(session);
	turn_stop(turn);
	for (int i = 0; i < 10; i++)
		uv_run(&peer.loop, UV_RUN_NOWAIT);
	fake_close(&fake);
	peer_close(&peer);
	return 0;
}

static void *ask(const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *type)
{
	struct peer_call call;
	grpc_status_code status;

	peer_start(&peer, &call, method, request);
	status = peer_end(&peer, &call);
	if (status != GRPC_STATUS_OK)
		fail_msg("%s: %d %s", method, status, call.text);
	return peer_message(&call, type);
}

static void tell(const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *type)
{
	protobuf_c_message_free_unpacked(ask(method, request, type), NULL);
}

static void assert_refused(const char *method, const ProtobufCMessage *request,
			   grpc_status_code status, const char *part)
{
	struct peer_call call;

	peer_start(&peer, &call, method, request);
	assert_int_equal(peer_end(&peer, &call), status);
	if (!strstr(call.text, part))
		fail_msg("%s: no \"%s\" in: %s", method, part, call.text);
}

/* --- what is asked --------------------------------------------------------------------------- */

static Tandem__Turn__V1__CreateCredentialsReply *create(const char *user, unsigned int for_s,
							const char *secret)
{
	Tandem__Turn__V1__CreateCredentialsRequest request =
		TANDEM__TURN__V1__CREATE_CREDENTIALS_REQUEST__INIT;

	request.user = (char *)user;
	request.for_s = for_s;
	request.secret_id = (char *)secret;
	return ask(TURN "CreateCredentials", &request.base, TYPE(create_credentials_reply));
}

static void put_secret(const char *id, const char *text)
{
	Tandem__Turn__V1__PutSecretRequest request = TANDEM__TURN__V1__PUT_SECRET_REQUEST__INIT;

	request.id = (char *)id;
	request.text = (char *)text;
	tell(TURN "PutSecret", &request.base, TYPE(put_secret_reply));
}

static void delete_secret(const char *id)
{
	Tandem__Turn__V1__DeleteSecretRequest request =
		TANDEM__TURN__V1__DELETE_SECRET_REQUEST__INIT;

	request.id = (char *)id;
	tell(TURN "DeleteSecret", &request.base, TYPE(delete_secret_reply));
}

static Tandem__Turn__V1__ListReply *list(const char *token)
{
	Tandem__Turn__V1__ListRequest request = TANDEM__TURN__V1__LIST_REQUEST__INIT;

	request.page_token = (char *)token;
	return ask(TURN "List", &request.base, TYPE(list_reply));
}

/* How many are gone. */
static unsigned int delete_of(const char *id, const char *user)
{
	Tandem__Turn__V1__DeleteRequest request = TANDEM__TURN__V1__DELETE_REQUEST__INIT;
	Tandem__Turn__V1__DeleteReply *reply;
	unsigned int count;

	request.id = (char *)id;
	request.user = (char *)user;
	reply = ask(TURN "Delete", &request.base, TYPE(delete_reply));
	count = reply->allocations;
	tandem__turn__v1__delete_reply__free_unpacked(reply, NULL);
	return count;
}

/* --- clients --------------------------------------------------------------------------------- */

static void forge_allocate(struct forge *f, const char *user, const char *password)
{
	static const uint8_t udp[4] = {TURN_UDP};

	forge_begin(f, TURN_ALLOCATE);
	forge_put(f, STUN_REQUESTED_TRANSPORT, udp, sizeof(udp));
	forge_put(f, STUN_USERNAME, user, strlen(user));
	forge_put(f, STUN_REALM, REALM, strlen(REALM));
	forge_put(f, STUN_NONCE, "nonce", 5);
	forge_sign_as(f, user, REALM, password);
}

/* Whether the request is granted; else `*code` is that of the answer. */
static bool allocates(unsigned int port, const char *user, const char *password, unsigned int *code)
{
	unsigned int puts = fake.allocation_puts, before = puts + fake.turn_answers, now = before;
	const uint8_t *error;
	uint16_t length;
	struct forge f;

	forge_allocate(&f, user, password);
	fake_turn_request(&fake, port, f.octets, f.length);
	for (int turns = 0; now == before; turns++) {
		assert_in_range(turns, 0, 5000);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
		now = fake.allocation_puts + fake.turn_answers;
	}
	*code = 0;
	if (fake.allocation_puts > puts)
		return true;
	error = forge_find(fake.turn_answer->answer_turn->datagram.data, STUN_ERROR_CODE, &length);
	assert_non_null(error);
	*code = error[2] * 100 + error[3];
	return false;
}

static void assert_allocates(unsigned int port, const char *user, const char *password)
{
	unsigned int code;

	if (!allocates(port, user, password, &code))
		fail_msg("%s: %u", user, code);
}

static void assert_not_let(unsigned int port, const char *user, const char *password,
			   unsigned int expected)
{
	unsigned int code;

	assert_false(allocates(port, user, password, &code));
	assert_int_equal(code, expected);
}

/* An allocation of which the control plane learns when it connects again. */
static void keep(unsigned int place, uint64_t id, const char *user)
{
	static uint8_t here[] = {198, 51, 100, 1}, there[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutAllocation put = TANDEM__DATAPLANE__V1__PUT_ALLOCATION__INIT;
	Tandem__Dataplane__V1__Endpoint server = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	Tandem__Dataplane__V1__Endpoint client = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	Tandem__Dataplane__V1__Endpoint relayed = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;

	server.address = relayed.address = (ProtobufCBinaryData){4, here};
	client.address = (ProtobufCBinaryData){16, there};
	server.port = 3478;
	client.port = 5000;
	relayed.port = 50000 + place;
	put.allocation = id;
	put.server = &server;
	put.client = &client;
	put.relayed = &relayed;
	put.user = (ProtobufCBinaryData){strlen(user), (uint8_t *)user};
	message.put_allocation = &put;
	fake_remember(&fake.allocations[place], &message);
}

static void settle(void)
{
	for (int i = 0; i < 50; i++) {
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static void connect_again(void)
{
	flag = false;
	fake_hang_up(&fake);
	for (int turns = 0; fake.fd < 0 || !flag; turns++) {
		assert_in_range(turns, 0, 5000);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	settle();
}

/* --- not there ------------------------------------------------------------------------------- */

static void says_that_it_is_not_configured(void **state)
{
	Tandem__Turn__V1__ListRequest listing = TANDEM__TURN__V1__LIST_REQUEST__INIT;
	Tandem__Turn__V1__DeleteRequest deleting = TANDEM__TURN__V1__DELETE_REQUEST__INIT;
	Tandem__Turn__V1__CreateCredentialsRequest creating =
		TANDEM__TURN__V1__CREATE_CREDENTIALS_REQUEST__INIT;
	Tandem__Turn__V1__PutSecretRequest putting = TANDEM__TURN__V1__PUT_SECRET_REQUEST__INIT;
	Tandem__Turn__V1__DeleteSecretRequest removing =
		TANDEM__TURN__V1__DELETE_SECRET_REQUEST__INIT;
	Tandem__Turn__V1__ListSecretsRequest secrets = TANDEM__TURN__V1__LIST_SECRETS_REQUEST__INIT;
	const struct {
		const char *method;
		const ProtobufCMessage *request;
	} cases[] = {
		{TURN "List", &listing.base},
		{TURN "Delete", &deleting.base},
		{TURN "CreateCredentials", &creating.base},
		{TURN "PutSecret", &putting.base},
		{TURN "DeleteSecret", &removing.base},
		{TURN "ListSecrets", &secrets.base},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i].method, cases[i].request, GRPC_STATUS_FAILED_PRECONDITION,
			       "[turn] listen");
}

static void says_that_the_dataplane_is_away(void **state)
{
	Tandem__Turn__V1__ListRequest listing = TANDEM__TURN__V1__LIST_REQUEST__INIT;
	Tandem__Turn__V1__DeleteRequest one = TANDEM__TURN__V1__DELETE_REQUEST__INIT;
	Tandem__Turn__V1__DeleteRequest user = TANDEM__TURN__V1__DELETE_REQUEST__INIT;

	uv_poll_stop(&fake.accepting);
	fake_hang_up(&fake);
	one.id = (char *)"0123456789abcdef";
	user.user = (char *)"agent";
	assert_refused(TURN "List", &listing.base, GRPC_STATUS_UNAVAILABLE, "away");
	assert_refused(TURN "Delete", &one.base, GRPC_STATUS_UNAVAILABLE, "away");
	assert_refused(TURN "Delete", &user.base, GRPC_STATUS_UNAVAILABLE, "away");
	/* For these it need not be there. */
	tandem__turn__v1__create_credentials_reply__free_unpacked(create("agent", 60, ""), NULL);
	put_secret("new", "text");
	uv_poll_start(&fake.accepting, UV_READABLE, fake_accept);
	for (int turns = 0; fake.fd < 0; turns++) {
		assert_in_range(turns, 0, 5000);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

/* --- credentials ----------------------------------------------------------------------------- */

static void credentials_let_a_client_in(void **state)
{
	static const struct {
		const char *named;
		unsigned int by, for_s, ttl_s; /* `by`: which of the configured secrets */
	} cases[] = {{"", 1, 60, 60}, {"one", 1, 0, 3600}, {"old", 0, 31536000, 31536000}};
	const struct turn_config config = configure();

	for (size_t i = 0; i < COUNT(cases); i++) {
		Tandem__Turn__V1__CreateCredentialsReply *reply =
			create("agent:7", cases[i].for_s, cases[i].named);
		struct turn_credentials of = {.secret_count = 1};
		struct turn_message request;
		uint8_t key[TURN_KEY];
		struct forge f;
		char *rest;
		uint64_t expiry = strtoull(reply->username, &rest, 10);

		assert_string_equal(rest, ":agent:7");
		assert_in_range(expiry, time(NULL) + cases[i].ttl_s - 10,
				time(NULL) + cases[i].ttl_s);
		assert_int_equal(reply->ttl_s, cases[i].ttl_s);
		assert_string_equal(reply->realm, REALM);
		assert_int_equal(reply->n_uris, 3);
		assert_string_equal(reply->uris[0], "turn:198.51.100.1:3478?transport=udp");
		assert_string_equal(reply->uris[1], "turn:[2001:db8::1]:3478?transport=udp");
		assert_string_equal(reply->uris[2], "turns:turn.example.com:443?transport=tcp");
		forge_allocate(&f, reply->username, reply->password);
		assert_int_equal(turn_parse(&request, f.octets, f.length), 0);
		of.secrets[0] = config.credentials.secrets[cases[i].by];
		assert_true(turn_credentials_verify(&of, REALM, &request, expiry - 1, key));
		assert_false(turn_credentials_verify(&of, REALM, &request, expiry, key));
		of.secrets[0] = config.credentials.secrets[!cases[i].by];
		assert_false(turn_credentials_verify(&of, REALM, &request, expiry - 1, key));
		tandem__turn__v1__create_credentials_reply__free_unpacked(reply, NULL);
	}
}

static void credentials_that_cannot_be(void **state)
{
	Tandem__Turn__V1__CreateCredentialsRequest request =
		TANDEM__TURN__V1__CREATE_CREDENTIALS_REQUEST__INIT;
	Tandem__Turn__V1__CreateCredentialsReply *reply;
	char user[482];

	assert_refused(TURN "CreateCredentials", &request.base, GRPC_STATUS_INVALID_ARGUMENT,
		       "user");
	memset(user, 'x', sizeof(user));
	user[481] = '\0';
	request.user = user;
	assert_refused(TURN "CreateCredentials", &request.base, GRPC_STATUS_INVALID_ARGUMENT,
		       "480 octets");
	user[480] = '\0';
	reply = create(user, 31536000, "");
	assert_in_range(strlen(reply->username), 490, 508);
	tandem__turn__v1__create_credentials_reply__free_unpacked(reply, NULL);
	request.for_s = 31536001;
	assert_refused(TURN "CreateCredentials", &request.base, GRPC_STATUS_INVALID_ARGUMENT,
		       "a year");
	request.for_s = 60;
	request.secret_id = (char *)"two";
	assert_refused(TURN "CreateCredentials", &request.base, GRPC_STATUS_NOT_FOUND, "two");
}

static void credentials_need_a_secret(void **state)
{
	Tandem__Turn__V1__CreateCredentialsRequest request =
		TANDEM__TURN__V1__CREATE_CREDENTIALS_REQUEST__INIT;

	request.user = (char *)"agent";
	assert_refused(TURN "CreateCredentials", &request.base, GRPC_STATUS_FAILED_PRECONDITION,
		       "no secret");
	put_secret("new", "text");
	tandem__turn__v1__create_credentials_reply__free_unpacked(create("agent", 60, ""), NULL);
}

/* --- secrets --------------------------------------------------------------------------------- */

static void assert_secrets(const char *const *ids, size_t count)
{
	Tandem__Turn__V1__ListSecretsRequest request = TANDEM__TURN__V1__LIST_SECRETS_REQUEST__INIT;
	Tandem__Turn__V1__ListSecretsReply *reply =
		ask(TURN "ListSecrets", &request.base, TYPE(list_secrets_reply));

	assert_int_equal(reply->n_ids, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(reply->ids[i], ids[i]);
	tandem__turn__v1__list_secrets_reply__free_unpacked(reply, NULL);
}

static void secrets_are_changed_while_it_runs(void **state)
{
	static const char *const configured[] = {"old", "one"},
				 *const added[] = {"old", "one", "new"},
				 *const left[] = {"one", "new"};
	Tandem__Turn__V1__CreateCredentialsReply *before, *after;

	assert_secrets(configured, COUNT(configured));
	before = create("alice", 60, "old");
	put_secret("new", "the new one");
	assert_secrets(added, COUNT(added));
	after = create("bob", 60, "");
	assert_allocates(PORT, before->username, before->password);
	assert_allocates(PORT + 1, after->username, after->password);
	delete_secret("old");
	assert_secrets(left, COUNT(left));
	assert_not_let(PORT + 2, before->username, before->password, TURN_UNAUTHENTICATED);
	tandem__turn__v1__create_credentials_reply__free_unpacked(before, NULL);
	/* Another text under the same id: what was made with the old one is worth nothing. */
	put_secret("new", "the newest one");
	assert_not_let(PORT + 2, after->username, after->password, TURN_UNAUTHENTICATED);
	tandem__turn__v1__create_credentials_reply__free_unpacked(after, NULL);
}

static void secrets_that_cannot_be(void **state)
{
	Tandem__Turn__V1__PutSecretRequest put = TANDEM__TURN__V1__PUT_SECRET_REQUEST__INIT;
	Tandem__Turn__V1__DeleteSecretRequest gone = TANDEM__TURN__V1__DELETE_SECRET_REQUEST__INIT;
	char id[2] = "a";

	assert_refused(TURN "PutSecret", &put.base, GRPC_STATUS_INVALID_ARGUMENT, "id");
	put.id = (char *)"two";
	assert_refused(TURN "PutSecret", &put.base, GRPC_STATUS_INVALID_ARGUMENT, "text");
	assert_refused(TURN "DeleteSecret", &gone.base, GRPC_STATUS_NOT_FOUND, "no secret");
	gone.id = (char *)"two";
	assert_refused(TURN "DeleteSecret", &gone.base, GRPC_STATUS_NOT_FOUND, "two");
	for (int i = 2; i < TURN_SECRETS; i++, id[0]++)
		put_secret(id, "text");
	put.text = (char *)"text";
	assert_refused(TURN "PutSecret", &put.base, GRPC_STATUS_RESOURCE_EXHAUSTED, "remove one");
}

/* --- allocations ----------------------------------------------------------------------------- */

static void lists_in_pages(void **state)
{
	static const char *const users[] = {"1790000000:a", "1790000000:b:c", "carol",
					    "1790000000:\xff\xc3\xa4"};
	static const char *const shown[] = {"a", "b:c", "carol", "???"};
	char token[32] = "";
	size_t seen = 0, pages = 0;

	for (unsigned int k = 0; k < COUNT(users); k++)
		keep(3 * k, 0xab00 + k, users[k]);
	fake.allocation_page = 2;
	do {
		Tandem__Turn__V1__ListReply *reply = list(token);

		assert_int_equal(reply->n_allocations, 2);
		for (size_t i = 0; i < 2; i++, seen++) {
			const Tandem__Turn__V1__Allocation *a = reply->allocations[i];
			char text[32];

			snprintf(text, sizeof(text), "000000000000ab%02zx", seen);
			assert_string_equal(a->id, text);
			assert_string_equal(a->user, shown[seen]);
			assert_string_equal(a->server, "198.51.100.1:3478");
			assert_string_equal(a->client, "[2001:db8::9]:5000");
			snprintf(text, sizeof(text), "198.51.100.1:%zu", 50000 + 3 * seen);
			assert_string_equal(a->relayed, text);
			assert_int_equal(a->left_s, 600);
			assert_int_equal(a->age_ms, 2000);
			assert_int_equal(a->to_peers_packets, 3 * seen);
		}
		snprintf(token, sizeof(token), "%s", reply->next_page_token);
		tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
		pages++;
	} while (*token);
	assert_int_equal(pages, 2);
	assert_int_equal(seen, COUNT(users));
}

static void a_page_has_a_size(void **state)
{
	static const struct {
		unsigned int wanted, asked, got;
	} cases[] = {{0, 100, 6},     {1, 1, 1},       {5, 5, 5},
		     {1000, 1000, 6}, {1001, 1000, 6}, {UINT32_MAX, 1000, 6}};

	for (unsigned int k = 0; k < 6; k++)
		keep(k, 1 + k, "carol");
	fake.allocation_page = FAKE_TURNS;
	for (unsigned int k = 0; k < COUNT(cases); k++) {
		Tandem__Turn__V1__ListRequest request = TANDEM__TURN__V1__LIST_REQUEST__INIT;
		Tandem__Turn__V1__ListReply *reply;

		request.page_size = cases[k].wanted;
		reply = ask(TURN "List", &request.base, TYPE(list_reply));
		assert_int_equal(fake.allocations_asked, cases[k].asked);
		assert_int_equal(reply->n_allocations, cases[k].got);
		assert_int_equal(*reply->next_page_token != 0, cases[k].got < 6);
		tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
	}
}

static void lists_none(void **state)
{
	Tandem__Turn__V1__ListRequest request = TANDEM__TURN__V1__LIST_REQUEST__INIT;
	Tandem__Turn__V1__ListReply *reply = list("");

	assert_int_equal(reply->n_allocations, 0);
	assert_string_equal(reply->next_page_token, "");
	tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
	request.page_token = (char *)"x";
	assert_refused(TURN "List", &request.base, GRPC_STATUS_INVALID_ARGUMENT, "page_token");
}

static void what_is_deleted_leaves_the_quota(void **state)
{
	Tandem__Turn__V1__CreateCredentialsReply *c = create("agent", 60, "");
	Tandem__Turn__V1__ListReply *reply;

	assert_allocates(PORT, c->username, c->password);
	assert_not_let(PORT + 1, c->username, c->password, TURN_QUOTA_REACHED);
	reply = list("");
	assert_int_equal(reply->n_allocations, 1);
	assert_string_equal(reply->allocations[0]->user, "agent");
	assert_string_equal(reply->allocations[0]->client, "203.0.113.10:40000");
	assert_int_equal(delete_of(reply->allocations[0]->id, ""), 1);
	tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
	assert_allocates(PORT + 2, c->username, c->password);
	assert_not_let(PORT + 3, c->username, c->password, TURN_QUOTA_REACHED);
	assert_int_equal(delete_of("", "agent"), 1);
	assert_allocates(PORT + 4, c->username, c->password);
	tandem__turn__v1__create_credentials_reply__free_unpacked(c, NULL);
}

/* The gate's word comes while the dataplane is asked for a port. */
static void who_is_gone_is_granted_nothing(void **state)
{
	static const enum turn_type words[] = {TURN_GONE, TURN_HERE};
	Tandem__Turn__V1__CreateCredentialsReply *c = create("agent", 60, "");
	Tandem__Turn__V1__ListReply *reply;
	struct forge gone, request;

	for (unsigned int k = 0; k < COUNT(words); k++) {
		forge_begin(&gone, words[k]);
		forge_allocate(&request, c->username, c->password);
		fake_turn_request(&fake, PORT, request.octets, request.length);
		fake_turn_request(&fake, PORT, gone.octets, gone.length);
		settle();
		assert_int_equal(fake.allocation_puts, k + 1);
		reply = list("");
		assert_int_equal(reply->n_allocations, 0);
		tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
	}
	assert_allocates(PORT, c->username, c->password);
	tandem__turn__v1__create_credentials_reply__free_unpacked(c, NULL);
}

/* What the gate says of a client is what its answer says, and the list. */
static void a_client_of_the_gate_is_where_it_came_from(void **state)
{
	const Tandem__Dataplane__V1__PutAllocation *put;
	Tandem__Turn__V1__ListReply *reply;

	fake.origin_port = 7777;
	assert_allocates(PORT, "carol", "her own");
	put = fake.allocations[0]->put_allocation;
	assert_int_equal(put->client->port, PORT);
	assert_int_equal(put->origin->port, 7777);
	assert_memory_equal(put->origin->address.data, "\xc0\x00\x02\x09", 4);
	reply = list("");
	assert_string_equal(reply->allocations[0]->client, "192.0.2.9:7777");
	tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
	connect_again(); /* as a control plane does that starts again */
	reply = list("");
	assert_string_equal(reply->allocations[0]->client, "192.0.2.9:7777");
	tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
}

static void a_request_that_comes_twice_is_one(void **state)
{
	Tandem__Turn__V1__CreateCredentialsReply *c = create("agent", 60, "");
	struct forge request;

	forge_allocate(&request, c->username, c->password);
	fake_turn_request(&fake, PORT, request.octets, request.length);
	fake_turn_request(&fake, PORT, request.octets, request.length);
	settle();
	assert_int_equal(fake.allocation_puts, 1);
	assert_int_equal(fake.turn_answers, 0);
	assert_not_let(PORT + 1, c->username, c->password, TURN_QUOTA_REACHED);
	tandem__turn__v1__create_credentials_reply__free_unpacked(c, NULL);
}

static void all_of_a_user_are_deleted(void **state)
{
	Tandem__Turn__V1__DeleteRequest request = TANDEM__TURN__V1__DELETE_REQUEST__INIT;
	Tandem__Turn__V1__ListReply *reply;

	for (unsigned int k = 0; k < FAKE_TURNS; k++)
		keep(k, 1 + k, k % 2 ? "carol" : k % 4 ? "1790000000:agent" : "1800000000:agent");
	fake.allocation_page = 3;
	connect_again();
	assert_not_let(PORT, "carol", "her own", TURN_QUOTA_REACHED);
	assert_int_equal(delete_of("", "carol"), FAKE_TURNS / 2);
	fake.allocation_page = FAKE_TURNS;
	reply = list("");
	assert_int_equal(reply->n_allocations, FAKE_TURNS / 2);
	for (size_t i = 0; i < reply->n_allocations; i++)
		assert_string_equal(reply->allocations[i]->user, "agent");
	tandem__turn__v1__list_reply__free_unpacked(reply, NULL);
	assert_allocates(PORT, "carol", "her own");
	fake.allocation_page = 1;
	assert_int_equal(delete_of("", "agent"), FAKE_TURNS / 2);
	request.user = (char *)"agent";
	assert_refused(TURN "Delete", &request.base, GRPC_STATUS_NOT_FOUND, "agent");
}

static void a_dataplane_that_ends_meanwhile(void **state)
{
	Tandem__Turn__V1__DeleteRequest request = TANDEM__TURN__V1__DELETE_REQUEST__INIT;

	for (unsigned int k = 0; k < 6; k++)
		keep(k, 1 + k, "carol");
	fake.allocation_page = 4;
	request.user = (char *)"carol";
	/* The first page's are gone, though only one answer says so; the second page never came. */
	fake.die_at = 3;
	flag = false;
	assert_refused(TURN "Delete", &request.base, GRPC_STATUS_UNAVAILABLE, "away");
	if (!flag)
		peer_wait(&peer, &flag);
	assert_int_equal(delete_of("", "carol"), 2);
	assert_allocates(PORT, "carol", "her own");
}

static void deletes_what_it_can_name(void **state)
{
	static const struct {
		const char *id, *user, *part;
		grpc_status_code status;
	} cases[] = {
		{"", "", "either", GRPC_STATUS_INVALID_ARGUMENT},
		{"0123456789abcdef", "agent", "either", GRPC_STATUS_INVALID_ARGUMENT},
		{"0123456789abcde", "", "16", GRPC_STATUS_INVALID_ARGUMENT},
		{"0123456789abcdefa", "", "16", GRPC_STATUS_INVALID_ARGUMENT},
		{"0123456789abcdeg", "", "16", GRPC_STATUS_INVALID_ARGUMENT},
		{"0123456789abcdef", "", "0123456789abcdef", GRPC_STATUS_NOT_FOUND},
		{"", "agent", "agent", GRPC_STATUS_NOT_FOUND},
	};

	keep(0, 0x0123456789abcde0, "1790000000:other");
	for (size_t i = 0; i < COUNT(cases); i++) {
		Tandem__Turn__V1__DeleteRequest request = TANDEM__TURN__V1__DELETE_REQUEST__INIT;

		request.id = (char *)cases[i].id;
		request.user = (char *)cases[i].user;
		assert_refused(TURN "Delete", &request.base, cases[i].status, cases[i].part);
	}
	assert_int_equal(delete_of("0123456789ABCDE0", ""), 1);
}

#define TEST(name)            cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH(name, with) cmocka_unit_test_setup_teardown(name, with, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH(says_that_it_is_not_configured, set_up_unconfigured),
		TEST(says_that_the_dataplane_is_away),
		TEST(credentials_let_a_client_in),
		TEST(credentials_that_cannot_be),
		TEST_WITH(credentials_need_a_secret, set_up_without_secret),
		TEST(secrets_are_changed_while_it_runs),
		TEST(secrets_that_cannot_be),
		TEST(lists_in_pages),
		TEST(a_page_has_a_size),
		TEST(lists_none),
		TEST(what_is_deleted_leaves_the_quota),
		TEST(who_is_gone_is_granted_nothing),
		TEST(a_client_of_the_gate_is_where_it_came_from),
		TEST(a_request_that_comes_twice_is_one),
		TEST(all_of_a_user_are_deleted),
		TEST(a_dataplane_that_ends_meanwhile),
		TEST(deletes_what_it_can_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
