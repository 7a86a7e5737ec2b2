/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shed from the dataplane's socket to gRPC: a session with a call, and a dataplane of memory.
 */
#include "tests/rig/peer.h"

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "controlplane/rpc/shed_service.h"
#include "controlplane/session/owner.h"
#include "controlplane/session/session.h"
#include "controlplane/shed/shed.h"
#include "tests/rig/fake.h"

#define SHED        "/tandem.shed.v1.Shed/"
#define TYPE(which) (&tandem__shed__v1__##which##__descriptor)

static struct peer peer;
static struct fake fake;
static struct session *session;
static struct shed *shed;
static bool flag; /* of what is waited for */

/* --- what the dataplane says ----------------------------------------------------------------- */

static Tandem__Dataplane__V1__Shed said;
static Tandem__Dataplane__V1__Counter closed_port, to_dataplane,
	*counters[] = {&closed_port, &to_dataplane};
static Tandem__Dataplane__V1__Source source, *sources[] = {&source};
static Tandem__Dataplane__V1__Target target, nobodys, *targets[] = {&target, &nobodys};
static Tandem__Dataplane__V1__Endpoint local, nowhere;
static Tandem__Dataplane__V1__Sample sample, *samples[] = {&sample};
static Tandem__Dataplane__V1__Block block, *blocks[] = {&block};
static Tandem__Dataplane__V1__Judge judge, *judges[] = {&judge};
static uint8_t attacker[16] = {0x20, 0x01, 0x0d, 0xb8, 0xba, 0xd0, [15] = 9};
static uint8_t relay_ip[] = {198, 51, 100, 1};
static uint8_t arp[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   1,  8,   6,
			0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0,  0,   1,
			203,  0,    113,  9,    0,    0,    0, 0, 0, 0, 198, 51, 100, 1};

static void say_nothing(void)
{
	tandem__dataplane__v1__shed__init(&said);
	tandem__dataplane__v1__counter__init(&closed_port);
	tandem__dataplane__v1__counter__init(&to_dataplane);
	tandem__dataplane__v1__source__init(&source);
	tandem__dataplane__v1__target__init(&target);
	tandem__dataplane__v1__target__init(&nobodys);
	tandem__dataplane__v1__endpoint__init(&local);
	tandem__dataplane__v1__endpoint__init(&nowhere);
	tandem__dataplane__v1__sample__init(&sample);
	tandem__dataplane__v1__block__init(&block);
	tandem__dataplane__v1__judge__init(&judge);
	closed_port.name = (char *)"shed_closed_port";
	closed_port.help = (char *)"UDP to a port that is not open";
	closed_port.drop = true;
	to_dataplane.name = (char *)"shed_dataplane";
	to_dataplane.value = 1000000;
	source.address = (ProtobufCBinaryData){16, attacker};
	source.pps = 5000;
	source.reason = (char *)"shed_closed_port";
	local.address = nowhere.address = (ProtobufCBinaryData){4, relay_ip};
	local.port = 20000;
	target.local = &local;
	target.pps = 4000;
	target.reason = nobodys.reason = source.reason;
	nobodys.local = &nowhere;
	sample.age_ms = 12;
	sample.reason = (char *)"auth_failed";
	sample.length = 60;
	sample.octets = (ProtobufCBinaryData){sizeof(arp), arp};
	block.address = (ProtobufCBinaryData){16, attacker};
	block.length = 40;
	block.left_ms = 5000;
	block.automatic = true;
	judge.network = (char *)"public";
	judge.kind = TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_XDP_NATIVE;
	said.counters = counters;
	said.n_counters = COUNT(counters);
	said.judges = judges;
	said.n_judges = 1;
	fake.shed = &said;
}

static void say_everything(void)
{
	say_nothing();
	said.sources = sources;
	said.n_sources = COUNT(sources);
	said.targets = targets;
	said.n_targets = COUNT(targets);
	said.samples = samples;
	said.n_samples = COUNT(samples);
	said.blocks = blocks;
	said.n_blocks = COUNT(blocks);
}

/* --- surroundings ---------------------------------------------------------------------------- */

static const char phone[] = "v=0\r\no=- 1 1 IN IP4 203.0.113.30\r\ns=-\r\n"
			    "c=IN IP4 203.0.113.30\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n";

static void on_reply(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	if (error)
		fail_msg("%s", error->text);
	flag = true;
}

static void on_ready(void *arg, bool ready)
{
	flag = ready;
}

/* The call "c1" between "a" and "b"; target is one of its legs. */
static void make_call(void)
{
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__AnswerRequest answer = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;

	offer.call_id = answer.call_id = (char *)"c1";
	offer.from_tag = answer.from_tag = (char *)"a";
	answer.to_tag = (char *)"b";
	offer.sdp = answer.sdp = (char *)phone;
	flag = false;
	session_offer(session, &offer, on_reply, NULL);
	peer_wait(&peer, &flag);
	flag = false;
	session_answer(session, &answer, on_reply, NULL);
	peer_wait(&peer, &flag);
	target.leg = sample.leg = fake.legs[0].put->put_leg->leg;
}

static void open_all(bool auto_block)
{
	const struct session_config config = {
		.dataplane = fake.path,
		.version = "test",
		.port_first = 20000,
		.port_last = 20099,
		.offer_timeout_ms = 60000,
		.latch_ms = 1000,
		.calls_max = 10,
		.certificate_age_s = 3600,
	};
	const struct shed_config shed_config = {
		.rates = {1, 2, 3, 4, 5, 6, 7, true},
		.attack_pps = 100,
		.auto_block = auto_block,
		.strike = {.failures_pps = 50, .seconds = 2, .least_s = 60, .most_s = 600},
	};
	static struct rpc_service service;

	peer_open(&peer);
	fake_open(&fake, &peer.loop);
	say_nothing();
	flag = false;
	assert_int_equal(session_open(&session, &peer.loop, &config), 0);
	session_watch_ready(session, on_ready, NULL);
	assert_int_equal(shed_start(&shed, session, &peer.loop, &shed_config), 0);
	service = shed_service(shed);
	peer_serve(&peer, &service, 1, 0);
	peer_wait(&peer, &flag);
}

static int set_up(void **state)
{
	open_all(false);
	return 0;
}

static int set_up_auto(void **state)
{
	open_all(true);
	return 0;
}

static int tear_down(void **state)
{
	if (peer.rpc)
		peer_stop(&peer, 1000);
	shed_stop(shed);
	session_close(session);
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

static void assert_refused(const char *method, const ProtobufCMessage *request,
			   grpc_status_code status, const char *part)
{
	struct peer_call call;

	peer_start(&peer, &call, method, request);
	assert_int_equal(peer_end(&peer, &call), status);
	if (!strstr(call.text, part))
		fail_msg("%s: no \"%s\" in: %s", method, part, call.text);
}

/* Lets the next rounds pass. */
static void rounds(unsigned int count)
{
	unsigned int until = fake.shed_gets + count;

	for (int turns = 0; fake.shed_gets < until; turns++) {
		assert_in_range(turns, 0, 20000);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	for (int i = 0; i < 20; i++)
		uv_run(&peer.loop, UV_RUN_NOWAIT);
}

/* --- rates ----------------------------------------------------------------------------------- */

static void rates_are_put_at_each_connection(void **state)
{
	const Tandem__Dataplane__V1__PutRates *put = fake.rates->put_rates;

	assert_int_equal(fake.rate_puts, 1);
	assert_int_equal(put->unknown_pps, 1);
	assert_int_equal(put->rtcp_pps, 2);
	assert_int_equal(put->stun_pps, 3);
	assert_int_equal(put->dtls_pps, 4);
	assert_int_equal(put->stranger_pps, 5);
	assert_int_equal(put->source_pps, 6);
	assert_int_equal(put->service_pps, 7);
	assert_true(put->off);
	fake_hang_up(&fake);
	fake_forget(&fake);
	for (int turns = 0; fake.rate_puts < 2; turns++) {
		assert_in_range(turns, 0, 5000);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

/* --- show ------------------------------------------------------------------------------------ */

static void shows_what_is_shed(void **state)
{
	Tandem__Shed__V1__ShowRequest request = TANDEM__SHED__V1__SHOW_REQUEST__INIT;
	Tandem__Shed__V1__ShowReply *reply;
	const Tandem__Shed__V1__Reason *reason = NULL;

	say_everything();
	make_call();
	closed_port.value = 777;
	fake.block_pages = 2;
	rounds(1);
	reply = ask(SHED "Show", &request.base, TYPE(show_reply));
	for (size_t i = 0; i < reply->n_reasons; i++) {
		assert_string_not_equal(reply->reasons[i]->name, "dataplane");
		if (!strcmp(reply->reasons[i]->name, "closed_port"))
			reason = reply->reasons[i];
	}
	assert_non_null(reason);
	assert_int_equal(reason->packets, 777);
	assert_string_equal(reason->help, "UDP to a port that is not open");
	assert_int_equal(reply->n_sources, 1);
	assert_string_equal(reply->sources[0]->address, "2001:db8:bad0::/64");
	assert_string_equal(reply->sources[0]->reason, "closed_port");
	assert_int_equal(reply->sources[0]->pps, 5000);
	assert_true(reply->sources[0]->blocked);
	assert_int_equal(reply->n_targets, 2);
	assert_string_equal(reply->targets[0]->local, "198.51.100.1:20000");
	assert_string_equal(reply->targets[0]->call_id, "c1");
	assert_true(strlen(reply->targets[0]->tag) == 1);
	assert_string_equal(reply->targets[1]->local, "198.51.100.1");
	assert_string_equal(reply->targets[1]->call_id, "");
	assert_int_equal(reply->n_blocks, 3);
	assert_string_equal(reply->blocks[2]->prefix, "2001:db8:ba00::/40");
	assert_int_equal(reply->blocks[0]->left_ms, 5000);
	assert_true(reply->blocks[0]->automatic);
	assert_int_equal(reply->n_judges, 1);
	assert_string_equal(reply->judges[0]->where, "xdp native");
	assert_int_equal(reply->n_attacks, 0);
	tandem__shed__v1__show_reply__free_unpacked(reply, NULL);
}

static void shows_samples_in_words(void **state)
{
	Tandem__Shed__V1__SampleRequest request = TANDEM__SHED__V1__SAMPLE_REQUEST__INIT;
	Tandem__Shed__V1__SampleReply *reply;

	say_everything();
	make_call();
	reply = ask(SHED "Sample", &request.base, TYPE(sample_reply));
	assert_int_equal(reply->n_packets, 1);
	assert_string_equal(reply->packets[0]->what, "ARP request");
	assert_string_equal(reply->packets[0]->source, "203.0.113.9");
	assert_string_equal(reply->packets[0]->destination, "198.51.100.1");
	assert_string_equal(reply->packets[0]->reason, "auth_failed");
	assert_string_equal(reply->packets[0]->call_id, "c1");
	assert_int_equal(reply->packets[0]->length, 60);
	assert_int_equal(reply->packets[0]->octets.len, sizeof(arp));
	assert_memory_equal(reply->packets[0]->octets.data, arp, sizeof(arp));
	tandem__shed__v1__sample_reply__free_unpacked(reply, NULL);
}

static void says_that_the_dataplane_is_away(void **state)
{
	Tandem__Shed__V1__ShowRequest show = TANDEM__SHED__V1__SHOW_REQUEST__INIT;
	Tandem__Shed__V1__SampleRequest sampling = TANDEM__SHED__V1__SAMPLE_REQUEST__INIT;
	Tandem__Shed__V1__BlockRequest blocking = TANDEM__SHED__V1__BLOCK_REQUEST__INIT;
	Tandem__Shed__V1__UnblockRequest unblocking = TANDEM__SHED__V1__UNBLOCK_REQUEST__INIT;

	uv_poll_stop(&fake.accepting);
	fake_hang_up(&fake);
	blocking.prefix = unblocking.prefix = (char *)"203.0.113.0/24";
	assert_refused(SHED "Show", &show.base, GRPC_STATUS_UNAVAILABLE, "away");
	assert_refused(SHED "Sample", &sampling.base, GRPC_STATUS_UNAVAILABLE, "away");
	assert_refused(SHED "Block", &blocking.base, GRPC_STATUS_UNAVAILABLE, "away");
	assert_refused(SHED "Unblock", &unblocking.base, GRPC_STATUS_UNAVAILABLE, "away");
	uv_poll_start(&fake.accepting, UV_READABLE, fake_accept);
	for (int turns = 0; fake.fd < 0; turns++) {
		assert_in_range(turns, 0, 5000);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

/* --- blocks ---------------------------------------------------------------------------------- */

static void blocks_and_unblocks(void **state)
{
	static const struct {
		const char *prefix;
		unsigned int calls;
	} cases[] = {{"203.0.113.0/24", 1}, {"203.0.113.31", 0}, {"2001:db8::/32", 0}};
	Tandem__Shed__V1__BlockRequest request = TANDEM__SHED__V1__BLOCK_REQUEST__INIT;
	Tandem__Shed__V1__UnblockRequest back = TANDEM__SHED__V1__UNBLOCK_REQUEST__INIT;

	make_call();
	for (size_t i = 0; i < COUNT(cases); i++) {
		Tandem__Shed__V1__BlockReply *reply;

		request.prefix = back.prefix = (char *)cases[i].prefix;
		request.for_ms = i * 1000;
		reply = ask(SHED "Block", &request.base, TYPE(block_reply));
		assert_int_equal(reply->calls, cases[i].calls);
		assert_int_equal(fake.block->put_block->for_ms, i * 1000);
		assert_false(fake.block->put_block->automatic);
		assert_false(fake.block->put_block->spare_established);
		tandem__shed__v1__block_reply__free_unpacked(reply, NULL);
		tandem__shed__v1__unblock_reply__free_unpacked(
			ask(SHED "Unblock", &back.base, TYPE(unblock_reply)), NULL);
		assert_int_equal(fake.unblock->delete_block->length, fake.block->put_block->length);
		assert_memory_equal(fake.unblock->delete_block->address.data,
				    fake.block->put_block->address.data,
				    fake.block->put_block->address.len);
	}
	assert_int_equal(fake.block->put_block->length, 32);
	assert_int_equal(fake.block->put_block->address.len, 16);
}

/* What the dataplane hears counts, not what the SDP said. */
static void counts_the_calls_that_it_cuts_off(void **state)
{
	static const struct {
		const char *prefix;
		unsigned int calls;
	} cases[] = {{"203.0.113.10", 1}, {"203.0.113.30", 0}, {"203.0.113.8/29", 1}};
	Tandem__Shed__V1__BlockRequest request = TANDEM__SHED__V1__BLOCK_REQUEST__INIT;
	struct owner owner;

	make_call();
	for (unsigned int i = 0; i < 2; i++)
		fake_event(&fake, fake.legs[i].put->put_leg->leg,
			   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, NULL, 0);
	rounds(1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		Tandem__Shed__V1__BlockReply *reply;

		request.prefix = (char *)cases[i].prefix;
		reply = ask(SHED "Block", &request.base, TYPE(block_reply));
		assert_int_equal(reply->calls, cases[i].calls);
		tandem__shed__v1__block_reply__free_unpacked(reply, NULL);
	}
	assert_true(owner_of_leg(session, fake.legs[0].put->put_leg->leg, &owner));
	assert_string_equal(owner.call_id, "c1");
	assert_false(owner_of_leg(session, 0, &owner));
	assert_false(owner_of_leg(session, 12345, &owner));
}

static void refuses_what_cannot_be_blocked(void **state)
{
	Tandem__Shed__V1__BlockRequest request = TANDEM__SHED__V1__BLOCK_REQUEST__INIT;
	Tandem__Shed__V1__UnblockRequest back = TANDEM__SHED__V1__UNBLOCK_REQUEST__INIT;

	request.prefix = back.prefix = (char *)"203.0.113.1/24";
	assert_refused(SHED "Block", &request.base, GRPC_STATUS_INVALID_ARGUMENT, "203.0.113.0/24");
	assert_refused(SHED "Unblock", &back.base, GRPC_STATUS_INVALID_ARGUMENT, "203.0.113.0/24");
	request.prefix = back.prefix = (char *)"203.0.113.0/24";
	request.for_ms = (uint64_t)UINT32_MAX + 1;
	assert_refused(SHED "Block", &request.base, GRPC_STATUS_INVALID_ARGUMENT, "49 days");
	assert_int_equal(fake.block_puts, 0);
	request.for_ms = 0;
	fake.refuse_block = ENOSPC;
	assert_refused(SHED "Block", &request.base, GRPC_STATUS_RESOURCE_EXHAUSTED, "test");
	fake.refuse_block = ENOENT;
	assert_refused(SHED "Unblock", &back.base, GRPC_STATUS_NOT_FOUND, "is not blocked");
}

static void repeated_failures_are_blocked(void **state)
{
	say_everything();
	source.reason = (char *)"auth_failed";
	source.failures_pps = 49;
	rounds(3);
	assert_int_equal(fake.block_puts, 0);
	source.failures_pps = 50;
	fake.refuse_block = EBUSY;
	rounds(3);
	assert_int_equal(fake.block_puts, 1);
	assert_true(fake.block->put_block->automatic);
	assert_true(fake.block->put_block->spare_established);
	assert_int_equal(fake.block->put_block->length, 64);
	assert_int_equal(fake.block->put_block->for_ms, 60000);
	/* It held a call then, and holds none: the first block is still to come. */
	fake.refuse_block = 0;
	rounds(2);
	assert_int_equal(fake.block_puts, 2);
	assert_int_equal(fake.block->put_block->for_ms, 60000);
}

/* --- attacks --------------------------------------------------------------------------------- */

static Tandem__Shed__V1__AttackEvent *next_event(struct peer_call *watch)
{
	Tandem__Shed__V1__AttackEvent *event;

	peer_wait(&peer, &watch->received);
	event = peer_message(watch, TYPE(attack_event));
	assert_non_null(event);
	peer_receive(watch);
	return event;
}

static void attacks_are_told_as_they_come_and_go(void **state)
{
	Tandem__Shed__V1__WatchRequest request = TANDEM__SHED__V1__WATCH_REQUEST__INIT;
	Tandem__Shed__V1__ShowRequest show = TANDEM__SHED__V1__SHOW_REQUEST__INIT;
	Tandem__Shed__V1__AttackEvent *event;
	Tandem__Shed__V1__ShowReply *reply;
	struct peer_call early, late;

	say_everything();
	make_call();
	peer_start(&peer, &early, SHED "Watch", &request.base);
	rounds(1);
	for (int i = 0; i < 2; i++) {
		closed_port.value += 1000;
		rounds(1);
	}
	event = next_event(&early);
	assert_int_equal(event->change, TANDEM__SHED__V1__CHANGE__CHANGE_BEGAN);
	assert_int_equal(event->attack->kind, TANDEM__SHED__V1__KIND__KIND_SCAN);
	assert_in_range(event->attack->pps, 500, 1100);
	assert_int_equal(event->attack->n_sources, 1);
	assert_string_equal(event->attack->sources[0]->address, "2001:db8:bad0::/64");
	assert_int_equal(event->attack->n_call_ids, 1);
	assert_string_equal(event->attack->call_ids[0], "c1");
	tandem__shed__v1__attack_event__free_unpacked(event, NULL);

	reply = ask(SHED "Show", &show.base, TYPE(show_reply));
	assert_int_equal(reply->n_attacks, 1);
	assert_int_equal(reply->attacks[0]->id, 1);
	tandem__shed__v1__show_reply__free_unpacked(reply, NULL);

	/* Who comes later hears of it, too. */
	peer_start(&peer, &late, SHED "Watch", &request.base);
	event = next_event(&late);
	assert_int_equal(event->change, TANDEM__SHED__V1__CHANGE__CHANGE_BEGAN);
	assert_int_equal(event->attack->id, 1);
	tandem__shed__v1__attack_event__free_unpacked(event, NULL);

	/* Wrong tags come from a worker's counter; two kinds are two attacks. */
	for (int i = 0; i < 2; i++) {
		fake.auth_failed += 500;
		rounds(1);
	}
	event = next_event(&early);
	assert_int_equal(event->attack->kind, TANDEM__SHED__V1__KIND__KIND_FORGED_MEDIA);
	tandem__shed__v1__attack_event__free_unpacked(event, NULL);
	do {
		event = next_event(&early);
		if (event->change == TANDEM__SHED__V1__CHANGE__CHANGE_ENDED)
			break;
		tandem__shed__v1__attack_event__free_unpacked(event, NULL);
	} while (true);
	assert_int_equal(event->attack->id, 1);
	assert_in_range(event->attack->packets, 1000, 2200);
	tandem__shed__v1__attack_event__free_unpacked(event, NULL);
	grpc_call_cancel(late.core, NULL);
	peer_wait(&peer, &late.ended);
	peer_end(&peer, &late);
	peer_drop(&late);
	peer_stop(&peer, 1000);
	assert_int_equal(peer_end(&peer, &early), GRPC_STATUS_UNAVAILABLE);
	peer_drop(&early);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(rates_are_put_at_each_connection),
		TEST(shows_what_is_shed),
		TEST(shows_samples_in_words),
		TEST(says_that_the_dataplane_is_away),
		TEST(blocks_and_unblocks),
		TEST(counts_the_calls_that_it_cuts_off),
		TEST(refuses_what_cannot_be_blocked),
		cmocka_unit_test_setup_teardown(repeated_failures_are_blocked, set_up_auto,
						tear_down),
		TEST(attacks_are_told_as_they_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
