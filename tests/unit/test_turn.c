/* SPDX-License-Identifier: BSD-3-Clause */
/* The TURN server, from the wire to the wire: clients, peers, legs, and a control plane that
 * grants. */
#include <errno.h>

#include <openssl/rand.h>

#include "dataplane/clock.h"
#include "dataplane/main/turn/turn_state.h"
#include "tests/rig/forge.h"
#include "tests/rig/scene.h"

#define CLIENT        "198.51.100.7"
#define CLIENT_PORT   50000
#define OTHER_PORT    50001 /* of another client at the same address */
#define SERVER_PORT   3478
#define RELAYED       45000
#define OTHER_RELAYED 45001
#define STRANGER      "203.0.113.77"  /* on the trunk */
#define PEER          "198.51.100.66" /* of the client's network */
#define PEER_PORT     5000
#define CHANNEL       0x4001
#define KEY           "the key, 16 long"
#define USER          "1790000000:agent"
#define TRANSACTION   "allocating!!"

enum { IPV4_UDP = 14 + 20 + 8 };

/* --- the control plane's side ---------------------------------------------------------------- */

struct put_turn {
	Tandem__Dataplane__V1__PutTurn m;
	Tandem__Dataplane__V1__Endpoint listen[2], *list[2];
	Tandem__Dataplane__V1__TurnPrefix deny, allow, *deny_list[1], *allow_list[1];
	uint8_t octets[4][16];
};

static void put_turn_init(struct put_turn *p, bool any)
{
	tandem__dataplane__v1__put_turn__init(&p->m);
	put_endpoint(&p->listen[0], p->octets[0], relay_local[PUBLIC_IPV4], SERVER_PORT);
	put_endpoint(&p->listen[1], p->octets[1], relay_local[PUBLIC_IPV6], SERVER_PORT);
	p->list[0] = &p->listen[0];
	p->list[1] = &p->listen[1];
	p->m.listen = p->list;
	p->m.n_listen = 2;
	p->m.realm = (char *)"example.com";
	p->m.any = any;
	p->m.lifetime_max_s = 3600;
}

static void serve(struct scene *s, bool any)
{
	struct put_turn p;

	put_turn_init(&p, any);
	assert_int_equal(turn_server_put(s->relay->turn, &p.m, &s->relay->what), 0);
}

struct put_allocation {
	Tandem__Dataplane__V1__PutAllocation m;
	Tandem__Dataplane__V1__Endpoint server, client, relayed;
	uint8_t octets[3][16];
};

static void put_allocation_init(struct put_allocation *p, uint64_t id, uint16_t client_port,
				uint16_t relayed)
{
	tandem__dataplane__v1__put_allocation__init(&p->m);
	put_endpoint(&p->server, p->octets[0], relay_local[PUBLIC_IPV4], SERVER_PORT);
	put_endpoint(&p->client, p->octets[1], CLIENT, client_port);
	put_endpoint(&p->relayed, p->octets[2], relay_local[PUBLIC_IPV4], relayed);
	p->m.allocation = id;
	p->m.server = &p->server;
	p->m.client = &p->client;
	p->m.relayed = &p->relayed;
	p->m.lifetime_s = 600;
	p->m.key = (ProtobufCBinaryData){16, (uint8_t *)KEY};
	p->m.user = (ProtobufCBinaryData){sizeof(USER) - 1, (uint8_t *)USER};
	p->m.transaction = (ProtobufCBinaryData){12, (uint8_t *)TRANSACTION};
}

static int put_allocation(struct scene *s, const struct put_allocation *p)
{
	return turn_server_put_allocation(s->relay->turn, &p->m, &s->relay->what);
}

static struct allocation *open_at(struct scene *s, uint64_t id, uint16_t client_port,
				  uint16_t relayed)
{
	struct put_allocation p;

	put_allocation_init(&p, id, client_port, relayed);
	assert_int_equal(put_allocation(s, &p), 0);
	relay_run(s->relay);
	assert_int_equal(s->relay->sent_count, 1); /* the success */
	s->relay->sent_count = 0;
	return turn_find_id(s->relay->turn, id)->allocation;
}

static struct allocation *open_one(struct scene *s)
{
	return open_at(s, 1, CLIENT_PORT, RELAYED);
}

/* --- the client's side ----------------------------------------------------------------------- */

static void send_from(struct scene *s, const struct endpoint *from, const struct endpoint *to,
		      enum relay_network n, const void *payload, size_t length)
{
	uint8_t frame[RELAY_FRAME];
	size_t size = bench_put_udp(frame, &s->relay->at[n], from, to, payload, length);

	relay_inject(s->relay, n, s->injected++ % s->relay->dataplane.ports[n].queues, frame,
		     size < 60 ? 60 : size);
	relay_run(s->relay);
}

static void send_as(struct scene *s, uint16_t port, const void *payload, size_t length)
{
	const struct endpoint from = bench_endpoint(CLIENT, port);
	const struct endpoint to = bench_endpoint(relay_local[PUBLIC_IPV4], SERVER_PORT);

	send_from(s, &from, &to, PUBLIC, payload, length);
}

static void send_message(struct scene *s, const struct forge *f)
{
	send_as(s, CLIENT_PORT, f->octets, f->length);
}

/* The UDP payload of the one frame that came out; of IPv4, and to the client's network. */
static const uint8_t *take(struct scene *s, uint16_t *length)
{
	const struct relay_frame *f = &s->relay->sent[0];

	assert_int_equal(s->relay->sent_count, 1);
	s->relay->sent_count = 0;
	assert_int_equal(f->network, PUBLIC);
	*length = forge_load16(f->octets + IPV4_UDP - 4) - 8;
	return f->octets + IPV4_UDP;
}

static const uint8_t *take_message(struct scene *s, uint16_t type)
{
	uint16_t length;
	const uint8_t *message = take(s, &length);

	assert_int_equal(forge_load16(message), type);
	assert_int_equal(forge_load16(message + 2) + 20, length);
	return message;
}

static void expect_error(struct scene *s, uint16_t type, unsigned int code)
{
	const uint8_t *message = take_message(s, type | 0x110);
	uint16_t length;
	const uint8_t *value = forge_find(message, STUN_ERROR_CODE, &length);

	assert_non_null(value);
	assert_int_equal(value[2] * 100 + value[3], code);
}

static void put_nonce(struct scene *s, struct forge *f, uint16_t client_port)
{
	const struct endpoint client = bench_endpoint(CLIENT, client_port);
	uint8_t nonce[TURN_NONCE];

	challenge_write(&s->relay->dataplane.turn->challenge, &client, nonce);
	forge_put(f, STUN_USERNAME, USER, sizeof(USER) - 1);
	forge_put(f, STUN_REALM, "example.com", 11);
	forge_put(f, STUN_NONCE, nonce, sizeof(nonce));
}

static void sign(struct scene *s, struct forge *f)
{
	put_nonce(s, f, CLIENT_PORT);
	forge_sign(f, KEY);
}

static void put_u32(struct forge *f, uint16_t type, uint32_t value)
{
	const uint8_t octets[] = {value >> 24, value >> 16, value >> 8, value};

	forge_put(f, type, octets, sizeof(octets));
}

/* By hand: the cookie is 21 12 a4 42. */
static void put_peer(struct forge *f, const char *text, uint16_t port)
{
	const struct address a = bench_address(text);
	const uint8_t octets[] = {0,
				  1,
				  port >> 8 ^ 0x21,
				  (port & 0xff) ^ 0x12,
				  a.octets[12] ^ 0x21,
				  a.octets[13] ^ 0x12,
				  a.octets[14] ^ 0xa4,
				  a.octets[15] ^ 0x42};

	forge_put(f, STUN_XOR_PEER_ADDRESS, octets, sizeof(octets));
}

static void put_peer6(struct forge *f, const char *text)
{
	const struct address a = bench_address(text);
	uint8_t octets[20] = {0, 2, 0x21, 0x12};

	for (unsigned int k = 0; k < 16; k++)
		octets[4 + k] = a.octets[k] ^ f->octets[4 + k];
	forge_put(f, STUN_XOR_PEER_ADDRESS, octets, sizeof(octets));
}

/* Of the success, or of an error if it is not 0. */
static void ask(struct scene *s, struct forge *f, unsigned int error)
{
	uint16_t type = forge_load16(f->octets);

	sign(s, f);
	send_message(s, f);
	if (error)
		return expect_error(s, type, error);
	assert_true(forge_is_signed(take_message(s, type | 0x100), KEY));
}

static void permit(struct scene *s, const char *peer, unsigned int error)
{
	struct forge f;

	forge_begin(&f, TURN_CREATE_PERMISSION);
	put_peer(&f, peer, 0);
	ask(s, &f, error);
}

static void bind_channel(struct scene *s, uint16_t number, const char *peer, uint16_t port,
			 unsigned int error)
{
	struct forge f;

	forge_begin(&f, TURN_CHANNEL_BIND);
	put_u32(&f, STUN_CHANNEL_NUMBER, (uint32_t)number << 16);
	put_peer(&f, peer, port);
	ask(s, &f, error);
}

static void send_channel(struct scene *s, uint16_t number, const void *data, uint16_t length)
{
	uint8_t octets[PACKET_MAX] = {number >> 8, number, length >> 8, length};

	memcpy(octets + 4, data, length);
	send_as(s, CLIENT_PORT, octets, 4 + length);
}

static void expect_channel(struct scene *s, uint16_t number, const void *data, uint16_t length)
{
	uint16_t got;
	const uint8_t *octets = take(s, &got);

	assert_int_equal(got, 4 + length);
	assert_int_equal(forge_load16(octets), number);
	assert_int_equal(forge_load16(octets + 2), length);
	assert_memory_equal(octets + 4, data, length);
}

static void expect_data(struct scene *s, const char *peer, uint16_t port, const void *data,
			uint16_t size)
{
	const uint8_t *message = take_message(s, TURN_DATA);
	const struct address a = bench_address(peer);
	uint16_t length;
	const uint8_t *value = forge_find(message, STUN_XOR_PEER_ADDRESS, &length);

	assert_int_equal(forge_load16(value + 2) ^ 0x2112, port);
	assert_int_equal(value[4] ^ 0x21, a.octets[12]);
	assert_int_equal(value[7] ^ 0x42, a.octets[15]);
	value = forge_find(message, STUN_DATA, &length);
	assert_int_equal(length, size);
	assert_memory_equal(value, data, size);
}

/* --- before there is an allocation ----------------------------------------------------------- */

static void a_binding_request_is_answered(void **state)
{
	struct scene *s = *state;
	const struct endpoint from = bench_endpoint(CLIENT, CLIENT_PORT);
	uint16_t length;
	const uint8_t *value;
	struct forge f;

	serve(s, false);
	forge_begin(&f, TURN_BINDING);
	send_message(s, &f);
	value = forge_find(take_message(s, TURN_BINDING | 0x100), STUN_XOR_MAPPED_ADDRESS, &length);
	assert_int_equal(length, 8);
	assert_int_equal(forge_load16(value + 2) ^ 0x2112, CLIENT_PORT);
	assert_int_equal(value[7] ^ 0x42, from.address.octets[15]);
	forge_begin(&f, TURN_BINDING);
	put_u32(&f, 0x7fff, 0);
	send_message(s, &f);
	expect_error(s, TURN_BINDING, 420);
	forge_begin(&f, TURN_BINDING_INDICATION);
	send_message(s, &f);
	scene_expect_silence(s);
}

static void a_stranger_is_challenged_at_twice_the_size_at_most(void **state)
{
	struct scene *s = *state;
	const uint8_t *message;
	uint16_t length;
	struct forge f;

	serve(s, false);
	forge_begin(&f, TURN_ALLOCATE);
	put_u32(&f, STUN_REQUESTED_TRANSPORT, 17u << 24);
	send_message(s, &f);
	message = take_message(s, TURN_ALLOCATE | 0x110);
	assert_memory_equal(forge_find(message, STUN_REALM, &length), "example.com", 11);
	assert_non_null(forge_find(message, STUN_NONCE, &length));
	assert_int_equal(length, TURN_NONCE);
	assert_true(forge_load16(message + 2) + 20 + 28 <= 2 * (f.length + 28));
	assert_int_equal(s->relay->event_count, 0);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_CHALLENGE), 1);
}

static void only_who_was_challenged_is_heard(void **state)
{
	struct scene *s = *state;
	struct forge f;

	serve(s, false);
	forge_begin(&f, TURN_ALLOCATE);
	put_u32(&f, STUN_REQUESTED_TRANSPORT, 17u << 24);
	put_nonce(s, &f, OTHER_PORT); /* another's */
	forge_sign(&f, KEY);
	send_message(s, &f);
	expect_error(s, TURN_ALLOCATE, 438);
	assert_int_equal(s->relay->event_count, 0);

	forge_begin(&f, TURN_ALLOCATE);
	forge_put(&f, STUN_USERNAME, USER, sizeof(USER) - 1);
	forge_sign(&f, KEY);
	send_message(s, &f);
	expect_error(s, TURN_ALLOCATE, 400);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_400), 1);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_CHALLENGE), 1); /* the one before */

	forge_begin(&f, TURN_ALLOCATE);
	put_u32(&f, STUN_REQUESTED_TRANSPORT, 17u << 24);
	sign(s, &f);
	send_message(s, &f);
	scene_expect_silence(s);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(s->relay->events[0].kind,
			 TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST);
	assert_int_equal(s->relay->events[0].port, CLIENT_PORT);
	assert_int_equal(s->relay->events[0].datagram, f.length);
}

static void a_nonce_serves_for_an_hour_and_outlives_an_era(void **state)
{
	const struct endpoint client = bench_endpoint(CLIENT, CLIENT_PORT);
	struct challenge c;
	uint8_t nonce[TURN_NONCE];

	for (uint32_t begin = 0; begin < 2 * CHALLENGE_ERA; begin += 7) {
		assert_int_equal(challenge_start(&c, begin), 0);
		challenge_write(&c, &client, nonce);
		for (uint32_t minute = begin; minute <= begin + 200; minute++) {
			challenge_tick(&c, minute);
			assert_int_equal(challenge_is_met(&c, &client, nonce, sizeof(nonce)),
					 minute - begin <= CHALLENGE_MINUTES);
		}
	}
	assert_false(challenge_is_met(&c, &client, nonce, sizeof(nonce) - 1));
}

static void a_nonce_is_of_digits(void **state)
{
	static const char digits[] = "#$%&'()*+,-./0123456789:;<=>?@AB"
				     "]^_`abcdefghijklmnopqrstuvwxyz{|";
	uint8_t nonce[TURN_NONCE], octets[12];
	__u32 minute;
	__u64 seal;

	for (unsigned int k = 0; k < sizeof(nonce); k++) {
		memset(nonce, '#', sizeof(nonce));
		for (unsigned int octet = 0; octet <= UINT8_MAX; octet++) {
			const char *digit = memchr(digits, octet, sizeof(digits) - 1);
			__uint128_t value;

			nonce[k] = octet;
			assert_int_equal(nonce_read(nonce, &minute, &seal), digit != NULL);
			if (!digit)
				continue;
			memcpy(octets, &minute, sizeof(minute));
			memcpy(octets + sizeof(minute), &seal, sizeof(seal));
			value = 0;
			memcpy(&value, octets, sizeof(octets));
			assert_true(value == (__uint128_t)(digit - digits) << 6 * k);
		}
	}
	for (unsigned int round = 0; round < 1000; round++) {
		__u32 minute_read = round;
		__u64 seal_read = round;

		assert_int_equal(RAND_bytes((uint8_t *)&minute, sizeof(minute)), 1);
		assert_int_equal(RAND_bytes((uint8_t *)&seal, sizeof(seal)), 1);
		nonce_write(nonce, minute, seal);
		assert_true(nonce_read(nonce, &minute_read, &seal_read));
		assert_true(minute_read == minute && seal_read == seal);
	}
}

static void each_octet_of_a_nonce_counts(void **state)
{
	const struct endpoint client = bench_endpoint(CLIENT, CLIENT_PORT);
	const struct endpoint other = bench_endpoint(CLIENT, OTHER_PORT);
	struct challenge c;
	uint8_t nonce[TURN_NONCE];

	assert_int_equal(challenge_start(&c, 1000), 0);
	challenge_write(&c, &client, nonce);
	assert_true(challenge_is_met(&c, &client, nonce, sizeof(nonce)));
	assert_false(challenge_is_met(&c, &other, nonce, sizeof(nonce)));
	for (unsigned int k = 0; k < sizeof(nonce); k++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			nonce[k] ^= 1 << bit;
			assert_false(challenge_is_met(&c, &client, nonce, sizeof(nonce)));
			nonce[k] ^= 1 << bit;
		}
}

/* Of the reference implementation's vectors: key 00..0f, the octets 00, 01, ... */
static void siphash_is_right(void **state)
{
	const __u64 key[] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	const __u64 words[] = {0x0706050403020100};

	assert_true(siphash(key, words, 0, 2, 4) == 0x726fdb47dd0e0e31);
	assert_true(siphash(key, words, 1, 2, 4) == 0x93f5f5799a932462);
	assert_true(siphash(key, words, 0, 1, 3) == 0xabac0158050fc4dc);
	assert_true(siphash(key, words, 1, 1, 3) == 0x369095118d299a8e);
}

static void what_no_client_says_is_dropped(void **state)
{
	struct scene *s = *state;
	const uint8_t channel[] = {0x40, 1, 0, 4, 1, 2, 3, 4};
	const uint8_t rtp[20] = {0x80};
	struct forge f;

	serve(s, false);
	send_as(s, CLIENT_PORT, channel, sizeof(channel));
	forge_begin(&f, TURN_SEND);
	put_peer(&f, PHONE, 1);
	forge_put(&f, STUN_DATA, "data", 4);
	send_message(s, &f);
	scene_expect_drops(s, DROP_TURN_STRANGER, 2);
	send_as(s, CLIENT_PORT, rtp, sizeof(rtp));
	send_as(s, CLIENT_PORT, channel, 3);
	assert_int_equal(relay_drops(s->relay, DROP_TURN_MALFORMED), 2);
	forge_begin(&f, 0x0002); /* of RFC 3489 */
	send_message(s, &f);
	assert_int_equal(relay_drops(s->relay, DROP_STUN_UNHANDLED), 1);
	forge_begin(&f, TURN_ALLOCATE);
	f.octets[3] = 4; /* longer than it is */
	send_message(s, &f);
	assert_int_equal(relay_drops(s->relay, DROP_STUN_MALFORMED), 1);
	scene_expect_silence(s);
}

/* --- an allocation --------------------------------------------------------------------------- */

static void an_allocation_is_answered_again(void **state)
{
	struct scene *s = *state;
	struct put_allocation p;
	const uint8_t *message, *value;
	uint16_t length;
	struct forge f;

	serve(s, false);
	put_allocation_init(&p, 7, CLIENT_PORT, RELAYED);
	assert_int_equal(put_allocation(s, &p), 0);
	relay_run(s->relay);
	for (unsigned int k = 0; k < 2; k++) {
		message = take_message(s, TURN_ALLOCATE | 0x100);
		assert_true(forge_is_signed(message, KEY));
		assert_memory_equal(message + 8, TRANSACTION, 12);
		value = forge_find(message, STUN_XOR_RELAYED_ADDRESS, &length);
		assert_int_equal(forge_load16(value + 2) ^ 0x2112, RELAYED);
		value = forge_find(message, STUN_XOR_MAPPED_ADDRESS, &length);
		assert_int_equal(forge_load16(value + 2) ^ 0x2112, CLIENT_PORT);
		value = forge_find(message, STUN_LIFETIME, &length);
		assert_in_range(forge_load16(value + 2), 598, 600);
		forge_begin(&f, TURN_ALLOCATE);
		memcpy(f.octets + 8, TRANSACTION, 12);
		sign(s, &f);
		send_message(s, &f);
	}
	take_message(s, TURN_ALLOCATE | 0x100);
	forge_begin(&f, TURN_ALLOCATE); /* another one */
	ask(s, &f, 437);
	assert_int_equal(put_allocation(s, &p), 0); /* idempotent */
	assert_int_equal(s->relay->turn->open, 1);
}

static void who_signs_wrongly_changes_nothing(void **state)
{
	struct scene *s = *state;
	struct allocation *a;
	struct forge f;

	serve(s, false);
	a = open_one(s);
	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, STUN_LIFETIME, 0);
	put_nonce(s, &f, CLIENT_PORT);
	forge_sign(&f, "another key, too");
	send_message(s, &f);
	expect_error(s, TURN_REFRESH, 401);
	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, STUN_LIFETIME, 0);
	put_nonce(s, &f, CLIENT_PORT);
	f.octets[20 + 8 + 4] ^= 1; /* the name of another user, whose key is the same */
	forge_sign(&f, KEY);
	send_message(s, &f);
	expect_error(s, TURN_REFRESH, 441);
	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, 0x7abc, 0);
	ask(s, &f, 420);
	assert_true(allocation_is_open(a, rte_rdtsc()));
}

/* Of an address that another client had before: the control plane knows who it is. */
static void another_users_allocate_goes_up(void **state)
{
	struct scene *s = *state;
	struct forge f;

	serve(s, false);
	open_one(s);
	forge_begin(&f, TURN_ALLOCATE);
	put_u32(&f, STUN_REQUESTED_TRANSPORT, 17u << 24);
	put_nonce(s, &f, CLIENT_PORT);
	forge_sign(&f, "another key, too");
	send_message(s, &f);
	scene_expect_silence(s);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(s->relay->events[0].kind,
			 TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST);
}

/* --- clients of the gate --------------------------------------------------------------------- */

/* What listens by IPv4 is on the gate's link. */
static void serve_gate(struct scene *s)
{
	struct put_turn p;

	put_turn_init(&p, false);
	p.m.gates = p.list;
	p.m.n_gates = 1;
	assert_int_equal(turn_server_put(s->relay->turn, &p.m, &s->relay->what), 0);
}

/* Only the gate's link is believed that a client's connection has ended, or that one begins. */
static void a_connections_end_ends_its_allocation(void **state)
{
	static const enum turn_type words[] = {TURN_GONE, TURN_HERE};
	struct scene *s = *state;
	struct forge f;

	for (unsigned int k = 0; k < COUNT(words); k++) {
		serve(s, false);
		open_one(s);
		forge_begin(&f, words[k]);
		send_message(s, &f);
		assert_int_equal(relay_drops(s->relay, DROP_STUN_UNHANDLED), k + 1);
		assert_int_equal(s->relay->turn->open, 1);
		serve_gate(s);
		send_message(s, &f);
		assert_int_equal(s->relay->turn->open, 0);
		assert_int_equal(s->relay->events[s->relay->event_count - 1].kind,
				 TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_ALLOCATION_OVER);
		/* Again: of somebody whom the control plane may be granting something. */
		send_message(s, &f);
		assert_int_equal(s->relay->events[s->relay->event_count - 1].kind,
				 TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST);
		scene_expect_silence(s);
	}
	assert_int_equal(s->relay->event_count, 2 * COUNT(words));
}

/* By hand: the cookie is 21 12 a4 42. */
static void put_origin(struct forge *f, uint8_t last, uint16_t port)
{
	const uint8_t octets[] = {0,          1,          port >> 8 ^ 0x21, (port & 0xff) ^ 0x12,
				  192 ^ 0x21, 0x12 ^ 0x0, 2 ^ 0xa4,         last ^ 0x42};

	forge_put(f, TURN_ORIGIN, octets, sizeof(octets));
}

static void expect_mapped(const uint8_t *message, uint8_t last, uint16_t port)
{
	uint16_t length;
	const uint8_t *value = forge_find(message, STUN_XOR_MAPPED_ADDRESS, &length);

	assert_int_equal(length, 8);
	assert_int_equal(forge_load16(value + 2) ^ 0x2112, port);
	assert_int_equal(value[7] ^ 0x42, last);
}

/* Of what a client wrote itself nothing counts: the gate's word comes last. */
static void a_client_of_the_gate_is_told_where_it_comes_from(void **state)
{
	struct scene *s = *state;
	struct forge f;

	serve(s, false);
	forge_begin(&f, TURN_BINDING);
	put_origin(&f, 66, 6666);
	send_message(s, &f);
	expect_mapped(take_message(s, TURN_BINDING | 0x100),
		      bench_endpoint(CLIENT, 1).address.octets[15], CLIENT_PORT);
	serve_gate(s);
	put_origin(&f, 9, 7777);
	send_message(s, &f);
	expect_mapped(take_message(s, TURN_BINDING | 0x100), 9, 7777);
	forge_begin(&f, TURN_BINDING);
	send_message(s, &f);
	expect_mapped(take_message(s, TURN_BINDING | 0x100),
		      bench_endpoint(CLIENT, 1).address.octets[15], CLIENT_PORT);
	forge_begin(&f, TURN_BINDING);
	forge_put(&f, TURN_ORIGIN, "nothing", 7);
	send_message(s, &f);
	expect_mapped(take_message(s, TURN_BINDING | 0x100),
		      bench_endpoint(CLIENT, 1).address.octets[15], CLIENT_PORT);
}

static void an_origin_goes_up_from_the_gate_alone(void **state)
{
	struct scene *s = *state;
	struct forge f;

	for (unsigned int gate = 0; gate < 2; gate++) {
		if (gate)
			serve_gate(s);
		else
			serve(s, false);
		forge_begin(&f, TURN_ALLOCATE);
		put_u32(&f, STUN_REQUESTED_TRANSPORT, 17u << 24);
		put_origin(&f, 66, 6666);
		sign(s, &f);
		put_origin(&f, 9, 7777);
		send_message(s, &f);
		assert_int_equal(s->relay->event_count, gate + 1);
		assert_int_equal(s->relay->events[gate].origin, gate ? 7777 : 0);
	}
}

static void an_allocation_remembers_where_its_client_is(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__Reply *reply = malloc(sizeof(*reply));
	Tandem__Dataplane__V1__Endpoint origin;
	Tandem__Dataplane__V1__GetAllocations get = TANDEM__DATAPLANE__V1__GET_ALLOCATIONS__INIT;
	struct put_allocation p;
	uint8_t octets[16];
	struct forge f;

	serve_gate(s);
	put_allocation_init(&p, 7, CLIENT_PORT, RELAYED);
	put_endpoint(&origin, octets, "192.0.2.9", 7777);
	p.m.origin = &origin;
	assert_int_equal(put_allocation(s, &p), 0);
	relay_run(s->relay);
	expect_mapped(take_message(s, TURN_ALLOCATE | 0x100), 9, 7777);
	forge_begin(&f, TURN_ALLOCATE); /* the same one, for which the answer was lost */
	memcpy(f.octets + 8, TRANSACTION, 12);
	sign(s, &f);
	send_message(s, &f);
	expect_mapped(take_message(s, TURN_ALLOCATE | 0x100), 9, 7777);
	tandem__dataplane__v1__reply__init(reply);
	assert_int_equal(turn_server_get(s->relay->turn, &get, 9999, reply, &s->relay->what), 0);
	assert_int_equal(reply->allocations[0]->client->port, CLIENT_PORT);
	assert_int_equal(reply->allocations[0]->origin->port, 7777);
	assert_memory_equal(reply->allocations[0]->origin->address.data, octets, 4);
	tandem__dataplane__v1__reply__free_unpacked(reply, NULL);
	origin.address.len = 5;
	put_allocation_init(&p, 8, OTHER_PORT, OTHER_RELAYED);
	p.m.origin = &origin;
	assert_int_equal(put_allocation(s, &p), -EINVAL);
}

static void block(struct scene *s, bool on)
{
	Tandem__Dataplane__V1__PutBlock put = TANDEM__DATAPLANE__V1__PUT_BLOCK__INIT;
	Tandem__Dataplane__V1__DeleteBlock gone = TANDEM__DATAPLANE__V1__DELETE_BLOCK__INIT;

	put.address = gone.address = (ProtobufCBinaryData){4, (uint8_t *)"\xc0\x00\x02\x00"};
	put.length = gone.length = 24;
	if (on)
		assert_int_equal(filter_put_block(s->relay->filter, &put, &s->relay->what), 0);
	else
		assert_int_equal(filter_delete_block(s->relay->filter, &gone, &s->relay->what), 0);
	filter_poll(s->relay->filter);
	relay_run(s->relay);
}

static void expect_hung_up(struct scene *s)
{
	assert_int_equal(forge_load16(take_message(s, TURN_GONE) + 2), 0);
}

/* Its packets are not its own, so it is hung up on: when it comes, when it asks, when it is in. */
static void a_blocked_client_of_the_gate_is_hung_up_on(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__Endpoint origin;
	struct put_allocation p;
	struct forge here, f;
	uint8_t octets[16];

	serve_gate(s);
	forge_begin(&here, TURN_HERE);
	put_origin(&here, 9, 7777);
	send_message(s, &here);
	scene_expect_silence(s);
	block(s, true);
	send_message(s, &here);
	expect_hung_up(s);
	s->relay->event_count = 0;
	forge_begin(&f, TURN_ALLOCATE);
	sign(s, &f);
	put_origin(&f, 9, 7777);
	send_message(s, &f);
	expect_hung_up(s);
	assert_int_equal(s->relay->event_count, 0);
	block(s, false);
	send_message(s, &f);
	scene_expect_silence(s);
	assert_int_equal(s->relay->event_count, 1);

	put_allocation_init(&p, 7, CLIENT_PORT, RELAYED);
	put_endpoint(&origin, octets, "192.0.2.9", 7777);
	p.m.origin = &origin;
	assert_int_equal(put_allocation(s, &p), 0);
	relay_run(s->relay);
	s->relay->sent_count = 0;
	open_at(s, 8, OTHER_PORT, OTHER_RELAYED);
	for (unsigned int k = 0; k < 1000; k++)
		turn_server_poll(s->relay->turn);
	assert_int_equal(s->relay->turn->open, 2);
	s->relay->sent_count = 0;
	block(s, true);
	for (unsigned int k = 0; k < 1000; k++)
		turn_server_poll(s->relay->turn);
	relay_run(s->relay);
	expect_hung_up(s);
	assert_int_equal(s->relay->turn->open, 1);
	assert_int_equal(s->relay->events[s->relay->event_count - 1].allocation, 7);
	block(s, false);
}

static uint64_t counter(struct scene *s, const char *name)
{
	Tandem__Dataplane__V1__Reply *reply = malloc(sizeof(*reply));
	uint64_t value = UINT64_MAX;

	tandem__dataplane__v1__reply__init(reply);
	assert_int_equal(counters_report(&s->relay->counters, reply), 0);
	for (size_t k = 0; k < reply->n_counters; k++)
		if (!strcmp(reply->counters[k]->name, name))
			value = reply->counters[k]->value;
	tandem__dataplane__v1__reply__free_unpacked(reply, NULL);
	return value;
}

/* 5,000 allocations a second go up, and not any amount; gates' words have a rate of their own. */
static void the_control_plane_is_asked_so_much_a_second(void **state)
{
	struct scene *s = *state;
	struct turn_server *t = s->relay->turn;
	const struct clock *clock = &s->relay->dataplane.clock;
	struct forge f, gone;

	serve_gate(s);
	assert_in_range(t->judged.cost, 1, 1000000000 / 5000);
	assert_in_range(t->judged.burst, 1000000, UINT32_MAX); /* us: what came in a second */
	forge_begin(&f, TURN_ALLOCATE);
	sign(s, &f);
	forge_begin(&gone, TURN_GONE);
	send_message(s, &f);
	assert_int_equal(s->relay->event_count, 1);
	t->requests_due = clock_ns(clock, rte_rdtsc()) + t->judged.burst * 1000ULL + 500000000;
	send_message(s, &f);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(t->excess, 1);
	send_message(s, &gone);
	assert_int_equal(s->relay->event_count, 2);
	t->requests_due = clock_ns(clock, rte_rdtsc()) + t->judged.burst * 1000ULL - 1000000;
	send_message(s, &f);
	assert_int_equal(s->relay->event_count, 3);
	assert_int_equal(counter(s, "turn_excess"), 1);
}

/* --- the life of an allocation --------------------------------------------------------------- */

static void what_is_behind_the_signature_does_not_count(void **state)
{
	struct scene *s = *state;
	struct allocation *a;
	struct forge f;

	serve(s, false);
	a = open_one(s);
	forge_begin(&f, TURN_REFRESH);
	sign(s, &f);
	put_u32(&f, STUN_LIFETIME, 0);
	send_message(s, &f);
	take_message(s, TURN_REFRESH | 0x100);
	assert_true(allocation_is_open(a, rte_rdtsc()));
}

static void a_refresh_moves_the_end(void **state)
{
	struct scene *s = *state;
	struct allocation *a;
	struct forge f;
	uint64_t hz = rte_get_tsc_hz();

	serve(s, false);
	a = open_one(s);
	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, STUN_LIFETIME, 100000); /* more than there is to be had */
	ask(s, &f, 0);
	assert_in_range((a->until - rte_rdtsc()) / hz, 3590, 3600);
	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, STUN_REQUESTED_FAMILY, 2u << 24);
	ask(s, &f, 443);
}

static void a_client_gives_up_its_allocation(void **state)
{
	struct scene *s = *state;
	const struct packet rtp = scene_rtp(1);
	struct forge f;

	serve(s, false);
	scene_call(s, false, false);
	open_one(s);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, STUN_LIFETIME, 0);
	ask(s, &f, 0);
	assert_int_equal(s->relay->events[s->relay->event_count - 1].kind,
			 TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_ALLOCATION_OVER);
	assert_int_equal(s->relay->events[s->relay->event_count - 1].allocation, 1);
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	scene_expect_drops(s, DROP_TURN_STRANGER, 1);
	assert_int_equal(s->relay->turn->open, 0);
}

static void an_allocation_ends_by_time(void **state)
{
	struct scene *s = *state;
	struct allocation *a;

	serve(s, false);
	a = open_one(s);
	a->until = rte_rdtsc();
	relay_run(s->relay);
	for (unsigned int k = 0; k < 1000; k++)
		turn_server_poll(s->relay->turn);
	relay_run(s->relay);
	assert_int_equal(s->relay->turn->open, 0);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(flow_entry_load(&s->relay->dataplane, PUBLIC_IPV4, RELAYED).kind,
			 FLOW_CLOSED);
}

/* A slot serves again, and nothing leaks, however often. */
static void allocations_come_and_go(void **state)
{
	struct scene *s = *state;

	serve(s, true);
	for (unsigned int k = 0; k < 100; k++) {
		open_one(s);
		permit(s, PEER, 0);
		bind_channel(s, CHANNEL, PEER, 9, 0);
		assert_int_equal(turn_server_delete_allocation(s->relay->turn, 1, &s->relay->what),
				 0);
		relay_run(s->relay);
	}
	assert_int_equal(turn_server_delete_allocation(s->relay->turn, 1, &s->relay->what),
			 -ENOENT);
}

static void every_client_is_found(void **state)
{
	struct scene *s = *state;
	struct put_allocation p;
	struct forge f;

	serve(s, false);
	for (unsigned int k = 0; k < RELAY_ALLOCATIONS; k++)
		open_at(s, k + 1, CLIENT_PORT + k, RELAYED + k);
	put_allocation_init(&p, 100, CLIENT_PORT + 100, RELAYED + 100);
	assert_int_equal(put_allocation(s, &p), -ENOSPC);
	put_allocation_init(&p, 100, CLIENT_PORT, RELAYED + 100);
	assert_int_equal(put_allocation(s, &p), -EEXIST);
	for (unsigned int k = 0; k < RELAY_ALLOCATIONS; k++) {
		forge_begin(&f, TURN_REFRESH);
		put_nonce(s, &f, CLIENT_PORT + k);
		forge_sign(&f, KEY);
		send_as(s, CLIENT_PORT + k, f.octets, f.length);
		take_message(s, TURN_REFRESH | 0x100);
	}
}

static void what_is_out_of_range_is_refused(void **state)
{
	struct scene *s = *state;
	struct put_allocation p;
	struct put_turn t;

	put_turn_init(&t, false);
	t.m.realm = (char *)"";
	assert_int_equal(turn_server_put(s->relay->turn, &t.m, &s->relay->what), -EINVAL);
	put_turn_init(&t, false);
	t.octets[0][3] ^= 9;
	assert_int_equal(turn_server_put(s->relay->turn, &t.m, &s->relay->what), -EADDRNOTAVAIL);
	put_allocation_init(&p, 1, CLIENT_PORT, RELAYED);
	assert_int_equal(put_allocation(s, &p), -EADDRNOTAVAIL); /* nobody listens yet */
	serve(s, false);
	p.m.key.len = 15;
	assert_int_equal(put_allocation(s, &p), -EINVAL);
	put_allocation_init(&p, 1, CLIENT_PORT, SERVER_PORT);
	assert_int_equal(put_allocation(s, &p), -EADDRINUSE);
	put_allocation_init(&p, 1, CLIENT_PORT, RELAYED);
	p.octets[1][0] = 192; /* neither on-link nor is there a gateway */
	assert_int_equal(put_allocation(s, &p), -EHOSTUNREACH);
	put_allocation_init(&p, 0, CLIENT_PORT, RELAYED);
	assert_int_equal(put_allocation(s, &p), -EINVAL);
}

static void legs_and_allocations_share_the_ports(void **state)
{
	struct scene *s = *state;
	struct put_allocation p;
	struct put_turn t;
	struct put leg;

	serve(s, false);
	scene_call(s, false, false);
	put_allocation_init(&p, 1, CLIENT_PORT, BROWSER_LEG);
	assert_int_equal(put_allocation(s, &p), -EADDRINUSE);
	open_at(s, 1, CLIENT_PORT, RELAYED + 3);
	put_init(&leg, 4, 0, PUBLIC_IPV4, RELAYED + 3, NULL, 0);
	leg.m.rtcp_mux = true;
	assert_int_equal(relay_put(s->relay, &leg), -EADDRINUSE);
	put_turn_init(&t, false);
	t.listen[0].port = BROWSER_LEG;
	assert_int_equal(turn_server_put(s->relay->turn, &t.m, &s->relay->what), -EADDRINUSE);
}

/* --- permissions and channels ---------------------------------------------------------------- */

/* Of the network that is relayed alone: the trunk's legs are not for who comes from here. */
static void only_the_relays_own_addresses_are_peers(void **state)
{
	struct scene *s = *state;

	serve(s, false);
	open_one(s);
	permit(s, relay_local[PUBLIC_IPV4], 0);
	permit(s, relay_local[TRUNK_IPV4], 403);
	permit(s, STRANGER, 403);
	bind_channel(s, CHANNEL, STRANGER, 9, 403);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], 9, 0);
}

static void a_peer_is_denied_in_every_spelling(void **state)
{
	static const struct {
		const char *peer;
		bool allowed;
	} cases[] = {
		{"203.0.113.5", true},
		{"10.0.0.1", false},
		{"127.0.0.1", false},
		{"0.0.0.0", false},
		{"169.254.169.254", false},
		{"172.31.0.1", false},
		{"192.168.1.1", false},
		{"100.64.0.1", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"198.51.100.77", false}, /* by `deny` */
		{"192.168.7.7", true},    /* by `allow` */
		{"2001:db8::7", true},
		{"::1", false},
		{"::", false},
		{"::127.0.0.1", false},
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"64:ff9b::7f00:1", false},
		{"64:ff9b:1::a00:1", false},
		{"2002:7f00:1::1", false},
		{"2002:a00:1::", false},
		{"2001::a00:1", false}, /* Teredo */
		{"fe80::1", false},
		{"fec0::1", false},
		{"fd00::1", false},
		{"ff02::1", false},
		{"100::1", false},
		{"::ffff:0:a00:1", false}, /* translated */
		{"203.0.113.1", false},    /* the relay's own, of another network */
	};
	struct scene *s = *state;
	struct allocation *a;
	struct put_turn p;

	put_turn_init(&p, true);
	tandem__dataplane__v1__turn_prefix__init(&p.deny);
	tandem__dataplane__v1__turn_prefix__init(&p.allow);
	p.deny.address = (ProtobufCBinaryData){4, (uint8_t *)"\xc6\x33\x64\x4d"};
	p.deny.length = 32;
	p.allow.address = (ProtobufCBinaryData){4, (uint8_t *)"\xc0\xa8\x07\x00"};
	p.allow.length = 24;
	p.deny_list[0] = &p.deny;
	p.allow_list[0] = &p.allow;
	p.m.deny = p.deny_list;
	p.m.allow = p.allow_list;
	p.m.n_deny = p.m.n_allow = 1;
	assert_int_equal(turn_server_put(s->relay->turn, &p.m, &s->relay->what), 0);
	a = open_one(s);
	for (unsigned int k = 0; k < COUNT(cases); k++) {
		const struct address peer = bench_address(cases[k].peer);

		if (turn_allows(s->relay->turn, a, &peer) != cases[k].allowed)
			fail_msg("%s", cases[k].peer);
	}
}

static void a_channel_is_one_peers(void **state)
{
	struct scene *s = *state;
	const char *const peer = relay_local[PUBLIC_IPV4];
	struct forge f;

	serve(s, false);
	open_one(s);
	bind_channel(s, CHANNEL, peer, 9, 0);
	bind_channel(s, CHANNEL, peer, 9, 0); /* again */
	bind_channel(s, CHANNEL, peer, 10, 400);
	bind_channel(s, CHANNEL + 1, peer, 9, 400);
	bind_channel(s, CHANNEL + 1, peer, 10, 0);
	bind_channel(s, 0x3fff, peer, 11, 400);
	bind_channel(s, 0x7fff, peer, 11, 400);
	bind_channel(s, 0x8000, peer, 11, 400);
	bind_channel(s, CHANNEL + 2, peer, 0, 400);
	forge_begin(&f, TURN_CHANNEL_BIND);
	put_u32(&f, STUN_CHANNEL_NUMBER, (CHANNEL + 2) << 16);
	ask(s, &f, 400);
	forge_begin(&f, TURN_CREATE_PERMISSION);
	ask(s, &f, 400);
	forge_begin(&f, TURN_CREATE_PERMISSION);
	put_peer6(&f, "2001:db8::7");
	ask(s, &f, 443);
}

static void there_is_room_for_32_peers(void **state)
{
	struct scene *s = *state;
	char peer[32];

	serve(s, true);
	open_one(s);
	for (unsigned int k = 0; k < 32; k++) {
		snprintf(peer, sizeof(peer), "198.51.100.%u", 100 + k);
		bind_channel(s, CHANNEL + k, peer, 9, 0);
	}
	permit(s, "198.51.100.99", 508);
	bind_channel(s, CHANNEL + 40, "198.51.100.100", 10, 508);
	permit(s, "198.51.100.120", 0); /* one that there is goes on */
}

static void all_peers_of_a_request_or_none(void **state)
{
	struct scene *s = *state;
	struct allocation *a;
	const struct address own = bench_address(relay_local[PUBLIC_IPV4]);
	struct forge f;

	serve(s, false);
	a = open_one(s);
	forge_begin(&f, TURN_CREATE_PERMISSION);
	put_peer(&f, relay_local[PUBLIC_IPV4], 0);
	put_peer(&f, STRANGER, 0);
	ask(s, &f, 403);
	assert_null(allocation_permits(a, &own, rte_rdtsc()));
}

/* --- to legs, and back ----------------------------------------------------------------------- */

/* The browser is behind TURN: its leg knows it by the relayed address alone. */
static struct allocation *call_behind_turn(struct scene *s, bool secure)
{
	struct allocation *a;

	serve(s, false);
	a = open_one(s);
	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, relay_local[PUBLIC_IPV4],
		       RELAYED, true, secure);
	if (secure)
		scene_put_keys(s, &s->browser, 1, 0);
	relay_run(s->relay);
	return a;
}

static void media_goes_by_a_channel_both_ways(void **state)
{
	struct scene *s = *state;
	struct allocation *a = call_behind_turn(s, false);
	const struct packet rtp = scene_rtp(1), back = scene_rtp(100);

	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	scene_expect(s, &s->phone, &rtp);
	scene_send(s, &s->phone, &back);
	expect_channel(s, CHANNEL, back.octets, back.length);
	assert_int_equal(a->to_peers.packets, 1);
	assert_int_equal(a->to_peers.bytes, rtp.length);
	assert_int_equal(a->to_client.packets, 1);
	assert_int_equal(a->to_client.bytes, back.length);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_TO_PEERS), 1);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_TO_CLIENTS), 1);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void media_goes_by_indications_both_ways(void **state)
{
	struct scene *s = *state;
	const struct packet rtp = scene_rtp(1);
	struct packet back = scene_rtp(100);
	struct forge f;

	call_behind_turn(s, false);
	permit(s, relay_local[PUBLIC_IPV4], 0);
	forge_begin(&f, TURN_SEND);
	put_peer(&f, relay_local[PUBLIC_IPV4], BROWSER_LEG);
	forge_put(&f, STUN_DATA, rtp.octets, rtp.length);
	send_message(s, &f);
	scene_expect(s, &s->phone, &rtp);
	for (unsigned int pad = 0; pad < 4; pad++) {
		back.length -= pad ? 1 : 0;
		back.octets[3] = pad;
		scene_send(s, &s->phone, &back);
		expect_data(s, relay_local[PUBLIC_IPV4], BROWSER_LEG, back.octets, back.length);
	}
}

/* What comes before DATA may be long; what is carried never begins elsewhere for it. */
static void an_indication_with_a_long_attribute_is_no_other_packet(void **state)
{
	struct scene *s = *state;
	const struct packet rtp = scene_rtp(1);
	uint8_t software[240] = {0};
	struct forge f;

	call_behind_turn(s, false);
	permit(s, relay_local[PUBLIC_IPV4], 0);
	for (unsigned int k = 0; k < 2; k++) {
		forge_begin(&f, TURN_SEND);
		put_peer(&f, relay_local[PUBLIC_IPV4], BROWSER_LEG);
		forge_put(&f, 0x8022, software, k ? sizeof(software) : 100);
		forge_put(&f, STUN_DATA, rtp.octets, rtp.length);
		send_message(s, &f);
		if (!k)
			scene_expect(s, &s->phone, &rtp);
	}
	scene_expect_drops(s, DROP_TURN_MALFORMED, 1);
}

static void srtp_goes_by_a_channel(void **state)
{
	struct scene *s = *state;
	const struct packet rtp = scene_rtp(1);
	struct packet srtp;

	call_behind_turn(s, true);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	srtp = packet_protect(rtp, &s->browser.receive, 1);
	send_channel(s, CHANNEL, srtp.octets, srtp.length);
	scene_expect(s, &s->phone, &rtp);
	scene_send(s, &s->phone, &rtp);
	srtp = packet_protect(rtp, &s->browser.send, 1);
	expect_channel(s, CHANNEL, srtp.octets, srtp.length);
}

static void without_permission_nothing_goes(void **state)
{
	struct scene *s = *state;
	struct allocation *a = call_behind_turn(s, false);
	const struct packet rtp = scene_rtp(1);
	struct forge f;

	forge_begin(&f, TURN_SEND);
	put_peer(&f, relay_local[PUBLIC_IPV4], BROWSER_LEG);
	forge_put(&f, STUN_DATA, rtp.octets, rtp.length);
	send_message(s, &f);
	scene_send(s, &s->phone, &rtp);
	scene_expect_drops(s, DROP_NO_PERMISSION, 2);
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	assert_int_equal(relay_drops(s->relay, DROP_NO_CHANNEL), 1);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	a->permissions[0].until = rte_rdtsc(); /* a channel lives longer, and does not help */
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	assert_int_equal(relay_drops(s->relay, DROP_NO_PERMISSION), 3);
	assert_int_equal(a->to_peers.drops, 3);
	scene_expect_silence(s);
	permit(s, relay_local[PUBLIC_IPV4], 0);
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	scene_expect(s, &s->phone, &rtp);
}

static void bad_channel_data_is_dropped(void **state)
{
	struct scene *s = *state;
	const uint8_t longer[] = {CHANNEL >> 8, CHANNEL & 0xff, 0, 9, 1, 2, 3, 4};
	const uint8_t empty[] = {CHANNEL >> 8, CHANNEL & 0xff, 0, 0};
	const struct packet rtp = scene_rtp(1);
	uint8_t padded[PACKET_MAX] = {CHANNEL >> 8, CHANNEL & 0xff, rtp.length >> 8, rtp.length};

	call_behind_turn(s, false);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	send_as(s, CLIENT_PORT, longer, sizeof(longer));
	scene_expect_drops(s, DROP_TURN_MALFORMED, 1);
	send_as(s, CLIENT_PORT, empty, sizeof(empty));
	assert_int_equal(relay_drops(s->relay, DROP_NOT_MEDIA), 1);
	memcpy(padded + 4, rtp.octets, rtp.length);
	send_as(s, CLIENT_PORT, padded, 4 + rtp.length + 3);
	scene_expect(s, &s->phone, &rtp);
}

/* Where there is no leg, and at what is nobody's at all. */
static void a_closed_port_is_closed_from_inside_too(void **state)
{
	struct scene *s = *state;
	const struct packet rtp = scene_rtp(1);
	struct allocation *a = call_behind_turn(s, false);

	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], 30002, 0);
	bind_channel(s, CHANNEL + 1, relay_local[PUBLIC_IPV4], SERVER_PORT, 0);
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	send_channel(s, CHANNEL + 1, rtp.octets, rtp.length);
	scene_expect_drops(s, DROP_CLOSED_PORT, 2);
	assert_int_equal(a->to_peers.packets, 0);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_TO_PEERS), 0);
}

/* What the last stage refuses has not left: here a packet that its new headers make too large. */
static void what_is_dropped_at_last_is_not_counted(void **state)
{
	struct scene *s = *state;
	struct allocation *a, *other;
	static const uint8_t big[1464];
	struct forge f;

	serve(s, true);
	a = open_one(s);
	other = open_at(s, 2, OTHER_PORT, OTHER_RELAYED);
	bind_channel(s, CHANNEL, PEER, PEER_PORT, 0);
	bind_channel(s, CHANNEL + 1, relay_local[PUBLIC_IPV4], OTHER_RELAYED, 0);
	forge_begin(&f, TURN_CREATE_PERMISSION);
	put_peer(&f, relay_local[PUBLIC_IPV4], 0);
	put_nonce(s, &f, OTHER_PORT);
	forge_sign(&f, KEY);
	send_as(s, OTHER_PORT, f.octets, f.length);
	take_message(s, TURN_CREATE_PERMISSION | 0x100);
	send_channel(s, CHANNEL + 1, big, sizeof(big)); /* a Data indication has more octets */
	assert_int_equal(relay_drops(s->relay, DROP_TOO_LARGE), 1);
	assert_int_equal(a->to_peers.packets, 0);
	assert_int_equal(other->to_client.packets, 0);
	a->permissions[0].egress->mtu = 100;
	send_channel(s, CHANNEL, big, 200);
	assert_int_equal(relay_drops(s->relay, DROP_TOO_LARGE), 2);
	assert_int_equal(a->to_peers.packets, 0);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_TO_PEERS), 0);
	assert_int_equal(relay_counter(s->relay, COUNTER_TURN_TO_CLIENTS), 0);
	scene_expect_silence(s);
}

/* The leg still leads to the allocation: it stays until the leg goes, and nobody is sent to. */
static void a_leg_outlives_its_allocation(void **state)
{
	struct scene *s = *state;
	const struct packet rtp = scene_rtp(1);

	call_behind_turn(s, false);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	assert_int_equal(turn_server_delete_allocation(s->relay->turn, 1, &s->relay->what), 0);
	relay_run(s->relay);
	open_at(s, 2, OTHER_PORT, RELAYED); /* another client gets the same address */
	scene_send(s, &s->phone, &rtp);
	scene_expect_drops(s, DROP_NO_ALLOCATION, 1);
	assert_int_equal(relay_delete(s->relay, 2), 0);
	relay_run(s->relay);
	assert_true(TAILQ_EMPTY(&s->relay->turn->passing));
	assert_true(TAILQ_EMPTY(&s->relay->turn->closing));
}

static void a_check_is_answered_by_the_way_it_came(void **state)
{
	static uint64_t legs[] = {2};
	Tandem__Dataplane__V1__PutCapture capture = TANDEM__DATAPLANE__V1__PUT_CAPTURE__INIT;
	struct scene *s = *state;
	struct put p;
	struct forge f;
	uint16_t length;
	const uint8_t *octets;

	serve(s, false);
	open_one(s);
	put_init(&p, 2, 0, PUBLIC_IPV4, BROWSER_LEG, NULL, 0);
	p.m.rtcp_mux = true;
	put_ice(&p, "evtj", PASSWORD);
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	capture.capture = 1;
	capture.legs = legs;
	capture.n_legs = 1;
	capture.lease_ms = 60000;
	assert_int_equal(registry_put_capture(s->relay->registry, &capture, &s->relay->what), 0);
	relay_run(s->relay);
	forge_begin(&f, TURN_BINDING);
	forge_put(&f, STUN_USERNAME, "evtj:h6vY", 9);
	put_u32(&f, STUN_PRIORITY, 1);
	forge_put(&f, STUN_USE_CANDIDATE, "", 0);
	forge_sign(&f, PASSWORD);
	forge_fingerprint(&f);
	send_channel(s, CHANNEL, f.octets, f.length);
	octets = take(s, &length);
	assert_int_equal(forge_load16(octets), CHANNEL);
	assert_int_equal(forge_load16(octets + 4), TURN_BINDING | 0x100);
	octets = forge_find(octets + 4, STUN_XOR_MAPPED_ADDRESS, &length);
	assert_int_equal(forge_load16(octets + 2) ^ 0x2112, RELAYED);
	/* A capture has both. */
	assert_int_equal(s->relay->captured_count, 2);
	assert_false(s->relay->captured[0].sent);
	assert_true(s->relay->captured[1].sent);
	/* It is nominated: what the control plane sends goes there as well. */
	assert_int_equal(egress_relayed(relay_record(s->relay, 2)->egress[0]).allocation->index, 0);
}

/* On the wire it is in what the client unwraps; in the clear it is between leg and relayed address.
 */
static void a_capture_has_what_goes_by_turn(void **state)
{
	static uint64_t legs[] = {2};
	Tandem__Dataplane__V1__PutCapture put = TANDEM__DATAPLANE__V1__PUT_CAPTURE__INIT;
	struct scene *s = *state;
	struct relay *r = s->relay;
	const struct packet rtp = scene_rtp(1), back = scene_rtp(100);

	call_behind_turn(s, false);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	put.legs = legs;
	put.n_legs = 1;
	put.lease_ms = 60000;
	for (unsigned int decrypted = 0; decrypted < 2; decrypted++) {
		const size_t headers = decrypted ? 28 : 42 + TURN_CHANNEL_HEADER;

		put.capture = 1 + decrypted;
		put.decrypted = decrypted;
		assert_int_equal(registry_put_capture(r->registry, &put, &r->what), 0);
		relay_run(r);
		send_channel(s, CHANNEL, rtp.octets, rtp.length);
		scene_expect(s, &s->phone, &rtp);
		scene_send(s, &s->phone, &back);
		expect_channel(s, CHANNEL, back.octets, back.length);
		assert_int_equal(r->captured_count, 2);
		for (unsigned int sent = 0; sent < 2; sent++) {
			const struct relay_captured *c = &r->captured[sent];
			const uint16_t ours = rte_cpu_to_be_16(BROWSER_LEG);
			const uint16_t theirs = rte_cpu_to_be_16(RELAYED);

			assert_int_equal(c->leg, 2);
			assert_int_equal(c->sent, sent);
			assert_int_equal(c->length, headers + rtp.length);
			assert_memory_equal(c->octets + headers, (sent ? &back : &rtp)->octets,
					    rtp.length);
			if (!decrypted)
				continue;
			assert_memory_equal(c->octets + 20 + (sent ? 0 : 2), &ours, 2);
			assert_memory_equal(c->octets + 20 + (sent ? 2 : 0), &theirs, 2);
		}
		r->captured_count = 0;
		assert_int_equal(registry_delete_capture(r->registry, put.capture, &r->what), 0);
	}
}

static void a_handshake_goes_by_the_channel(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__Transmit transmit = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;

	call_behind_turn(s, false);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	transmit.leg = 2;
	transmit.datagram = (ProtobufCBinaryData){9, (uint8_t *)"handshake"};
	assert_int_equal(registry_transmit(s->relay->registry, &transmit, &s->relay->what), 0);
	relay_run(s->relay);
	expect_channel(s, CHANNEL, "handshake", 9);
}

static void clients_reach_one_another(void **state)
{
	struct scene *s = *state;
	struct forge f;

	serve(s, false);
	open_one(s);
	open_at(s, 2, OTHER_PORT, OTHER_RELAYED);
	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], OTHER_RELAYED, 0);
	send_channel(s, CHANNEL, "hello", 5);
	scene_expect_drops(s, DROP_NO_PERMISSION, 1); /* the other does not want to hear it */
	forge_begin(&f, TURN_CREATE_PERMISSION);
	put_peer(&f, relay_local[PUBLIC_IPV4], 0);
	put_nonce(s, &f, OTHER_PORT);
	forge_sign(&f, KEY);
	send_as(s, OTHER_PORT, f.octets, f.length);
	take_message(s, TURN_CREATE_PERMISSION | 0x100);
	send_channel(s, CHANNEL, "hello", 5);
	assert_int_equal(forge_load16(s->relay->sent[0].octets + IPV4_UDP - 6), OTHER_PORT);
	expect_data(s, relay_local[PUBLIC_IPV4], RELAYED, "hello", 5);
}

/* --- without a control plane ----------------------------------------------------------------- */

/* As if so much time had passed: what is in force ends that much sooner. */
static void pass_seconds(struct scene *s, unsigned int seconds)
{
	struct turn_server *t = s->relay->turn;
	uint64_t ticks = turn_ticks(t, seconds);

	for (uint32_t k = 0; k < t->turn.count; k++) {
		struct allocation *a = &t->turn.allocations[k];

		if (t->granted[k].state != GRANTED_OPEN)
			continue;
		a->until -= a->until ? ticks : 0;
		for (unsigned int n = 0; n < allocation_room(a); n++) {
			struct permission *p = allocation_permission(a, n);
			struct channel *c = allocation_channel(a, n);

			p->until -= p->until ? ticks : 0;
			c->until -= c->until ? ticks : 0;
		}
	}
	for (unsigned int k = 0; k < 600; k++) /* every allocation is looked at */
		turn_server_poll(t);
	relay_run(s->relay);
}

static void talk(struct scene *s, uint16_t number)
{
	const struct packet rtp = scene_rtp(number), back = scene_rtp(10000 + number);

	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	scene_expect(s, &s->phone, &rtp);
	scene_send(s, &s->phone, &back);
	expect_channel(s, CHANNEL, back.octets, back.length);
}

static void refresh(struct scene *s, uint32_t seconds, unsigned int error)
{
	struct forge f;

	forge_begin(&f, TURN_REFRESH);
	put_u32(&f, STUN_LIFETIME, seconds);
	ask(s, &f, error);
}

/*
 * Nobody hears what the dataplane tells, and nothing more is granted: an hour's call goes on by
 * what its client renews, as RFC 8656 has clients do it, and ends in time when that stops.
 */
static void a_call_goes_on_by_its_clients_renewals_alone(void **state)
{
	enum { MINUTES = 60 };
	struct scene *s = *state;
	struct allocation *a = call_behind_turn(s, false);
	const struct packet rtp = scene_rtp(MINUTES + 1);

	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	s->relay->event_count = 0;
	for (unsigned int minute = 1; minute <= MINUTES; minute++) {
		pass_seconds(s, 60);
		if (minute % 4 == 0)
			permit(s, relay_local[PUBLIC_IPV4], 0);
		if (minute % 9 == 0)
			bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
		if (minute % 9 == 5)
			refresh(s, 600, 0);
		talk(s, minute);
	}
	assert_int_equal(a->to_peers.packets, MINUTES);
	assert_int_equal(a->to_client.packets, MINUTES);
	assert_int_equal(s->relay->event_count, 0);
	assert_int_equal(relay_all_drops(s->relay), 0);

	bind_channel(s, CHANNEL, relay_local[PUBLIC_IPV4], BROWSER_LEG, 0);
	refresh(s, 600, 0);
	pass_seconds(s, 299);
	talk(s, MINUTES + 1);
	pass_seconds(s, 2); /* the permission is over, the channel is not */
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	scene_expect_drops(s, DROP_NO_PERMISSION, 1);
	pass_seconds(s, 298); /* one second of the allocation is left */
	refresh(s, 600, 0);
	pass_seconds(s, 601);
	send_channel(s, CHANNEL, rtp.octets, rtp.length);
	scene_expect_silence(s);
	assert_int_equal(relay_drops(s->relay, DROP_TURN_STRANGER), 1);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(s->relay->events[0].kind,
			 TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_ALLOCATION_OVER);
}

/* --- to peers elsewhere ---------------------------------------------------------------------- */

/* By a port that computes UDP checksums, and by one that does not: whose sums must know the port.
 */
static void peers_elsewhere_are_reached_by_the_wire(void **state)
{
	struct scene *s = *state;
	static const struct {
		enum relay_network network;
		enum relay_address address;
		const char *peer;
	} ways[] = {{PUBLIC, PUBLIC_IPV4, PEER}, {TRUNK, TRUNK_IPV4, STRANGER}};

	serve(s, true);
	for (unsigned int k = 0; k < COUNT(ways); k++) {
		const struct endpoint relayed =
			bench_endpoint(relay_local[ways[k].address], RELAYED);
		const struct endpoint peer = bench_endpoint(ways[k].peer, PEER_PORT);
		const struct side as_side = {
			.network = ways[k].network, .local = relayed, .remote = peer, .mux = true};
		const struct packet packet = scene_rtp(1);
		struct put_allocation p;

		put_allocation_init(&p, k + 1, CLIENT_PORT, RELAYED);
		put_endpoint(&p.relayed, p.octets[2], relay_local[ways[k].address], RELAYED);
		assert_int_equal(put_allocation(s, &p), 0);
		relay_run(s->relay);
		s->relay->sent_count = 0;
		bind_channel(s, CHANNEL, ways[k].peer, PEER_PORT, 0);
		relay_run(s->relay);
		send_channel(s, CHANNEL, packet.octets, packet.length);
		scene_expect(s, &as_side, &packet);
		send_from(s, &peer, &relayed, ways[k].network, "anything", 8);
		expect_channel(s, CHANNEL, "anything", 8);
		assert_int_equal(
			turn_server_delete_allocation(s->relay->turn, k + 1, &s->relay->what), 0);
		relay_run(s->relay);
	}
}

static void strangers_do_not_reach_a_relayed_address(void **state)
{
	struct scene *s = *state;
	const struct endpoint relayed = bench_endpoint(relay_local[PUBLIC_IPV4], RELAYED);
	const struct endpoint stranger = bench_endpoint("198.51.100.67", PEER_PORT);
	const struct endpoint own = bench_endpoint(relay_local[PUBLIC_IPV4], PEER_PORT);

	serve(s, true);
	open_one(s);
	permit(s, PEER, 0);
	permit(s, relay_local[PUBLIC_IPV4], 0);
	send_from(s, &stranger, &relayed, PUBLIC, "anything", 8);
	send_from(s, &own, &relayed, PUBLIC, "forged", 6); /* never comes by the wire */
	scene_expect_drops(s, DROP_NO_PERMISSION, 2);
}

/* --- what those who shed floods know --------------------------------------------------------- */

static void floods_are_shed_by_what_is_open(void **state)
{
	struct scene *s = *state;
	const struct shed_port *port;

	serve(s, true);
	port = relay_shed_port(s->relay, PUBLIC_IPV4, SERVER_PORT);
	assert_int_equal(port->flags, SHED_PORT_OPEN | SHED_PORT_TURN);
	open_one(s);
	port = relay_shed_port(s->relay, PUBLIC_IPV4, RELAYED);
	assert_int_equal(port->flags, SHED_PORT_OPEN | SHED_PORT_RELAYED);
	assert_int_equal(port->peer_port[0], 0);
	permit(s, PEER, 0);
	assert_int_equal(port->peer_port[0], 1);
	for (unsigned int k = 0; k < SHED_PEERS; k++) {
		char peer[32];

		assert_false(port->untracked);
		snprintf(peer, sizeof(peer), "198.51.100.%u", 70 + k);
		permit(s, peer, 0);
	}
	assert_true(port->untracked);
	assert_int_equal(turn_server_delete_allocation(s->relay->turn, 1, &s->relay->what), 0);
	assert_int_equal(port->flags, 0);
	assert_int_equal(port->peer_port[0], 0);
	assert_false(port->untracked);
}

/* Pages end when a reply is full, or has as many as were asked for. */
static void show_all(struct scene *s, uint32_t most, size_t room)
{
	Tandem__Dataplane__V1__GetAllocations get = TANDEM__DATAPLANE__V1__GET_ALLOCATIONS__INIT;
	Tandem__Dataplane__V1__Reply *reply = malloc(sizeof(*reply));
	unsigned int count = 0;

	get.most = most;
	do {
		tandem__dataplane__v1__reply__init(reply);
		assert_int_equal(
			turn_server_get(s->relay->turn, &get, room, reply, &s->relay->what), 0);
		if (most)
			assert_int_equal(reply->n_allocations, count + most < RELAY_ALLOCATIONS
								       ? most
								       : RELAY_ALLOCATIONS - count);
		for (size_t k = 0; k < reply->n_allocations; k++) {
			const Tandem__Dataplane__V1__Allocation *a = reply->allocations[k];

			assert_int_equal(a->allocation, ++count);
			assert_int_equal(a->client->port, CLIENT_PORT + count - 1);
			assert_int_equal(a->relayed->port, RELAYED + count - 1);
			assert_int_equal(a->server->port, SERVER_PORT);
			assert_int_equal(a->user.len, sizeof(USER) - 1);
			assert_int_equal(a->permissions, count == 1);
		}
		get.after = reply->next;
		for (size_t k = 0; k < reply->n_allocations; k++)
			tandem__dataplane__v1__allocation__free_unpacked(reply->allocations[k],
									 NULL);
		free(reply->allocations);
	} while (get.after);
	assert_int_equal(count, RELAY_ALLOCATIONS);
	free(reply);
}

static void allocations_are_shown(void **state)
{
	struct scene *s = *state;

	serve(s, false);
	for (unsigned int k = 0; k < RELAY_ALLOCATIONS; k++)
		open_at(s, k + 1, CLIENT_PORT + k, RELAYED + k);
	permit(s, relay_local[PUBLIC_IPV4], 0);
	show_all(s, 0, 300);
	show_all(s, 0, 1 << 20);
	show_all(s, 1, 1 << 20);
	show_all(s, 3, 1 << 20);
	show_all(s, RELAY_ALLOCATIONS, 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(a_binding_request_is_answered, scene_one),
		SCENE(a_stranger_is_challenged_at_twice_the_size_at_most, scene_one),
		SCENE(only_who_was_challenged_is_heard, scene_one),
		cmocka_unit_test(a_nonce_serves_for_an_hour_and_outlives_an_era),
		cmocka_unit_test(each_octet_of_a_nonce_counts),
		cmocka_unit_test(a_nonce_is_of_digits),
		cmocka_unit_test(siphash_is_right),
		SCENE(what_no_client_says_is_dropped, scene_one),
		SCENE(an_allocation_is_answered_again, scene_one),
		SCENE(who_signs_wrongly_changes_nothing, scene_one),
		SCENE(another_users_allocate_goes_up, scene_one),
		SCENE(a_connections_end_ends_its_allocation, scene_one),
		SCENE(a_client_of_the_gate_is_told_where_it_comes_from, scene_one),
		SCENE(an_origin_goes_up_from_the_gate_alone, scene_one),
		SCENE(an_allocation_remembers_where_its_client_is, scene_one),
		SCENE(a_blocked_client_of_the_gate_is_hung_up_on, scene_one),
		SCENE(the_control_plane_is_asked_so_much_a_second, scene_one),
		SCENE(what_is_behind_the_signature_does_not_count, scene_one),
		SCENE(a_refresh_moves_the_end, scene_one),
		SCENE(a_client_gives_up_its_allocation, scene_two),
		SCENE(an_allocation_ends_by_time, scene_one),
		SCENE(allocations_come_and_go, scene_two),
		SCENE(every_client_is_found, scene_one),
		SCENE(what_is_out_of_range_is_refused, scene_one),
		SCENE(legs_and_allocations_share_the_ports, scene_one),
		SCENE(only_the_relays_own_addresses_are_peers, scene_one),
		SCENE(a_peer_is_denied_in_every_spelling, scene_one),
		SCENE(a_channel_is_one_peers, scene_one),
		SCENE(there_is_room_for_32_peers, scene_one),
		SCENE(all_peers_of_a_request_or_none, scene_one),
		SCENE(media_goes_by_a_channel_both_ways, scene_one),
		SCENE(media_goes_by_indications_both_ways, scene_two),
		SCENE(an_indication_with_a_long_attribute_is_no_other_packet, scene_one),
		SCENE(srtp_goes_by_a_channel, scene_two),
		SCENE(without_permission_nothing_goes, scene_one),
		SCENE(bad_channel_data_is_dropped, scene_one),
		SCENE(a_closed_port_is_closed_from_inside_too, scene_one),
		SCENE(what_is_dropped_at_last_is_not_counted, scene_one),
		SCENE(a_leg_outlives_its_allocation, scene_two),
		SCENE(a_check_is_answered_by_the_way_it_came, scene_two),
		SCENE(a_handshake_goes_by_the_channel, scene_one),
		SCENE(a_capture_has_what_goes_by_turn, scene_one),
		SCENE(clients_reach_one_another, scene_two),
		SCENE(a_call_goes_on_by_its_clients_renewals_alone, scene_two),
		SCENE(peers_elsewhere_are_reached_by_the_wire, scene_one),
		SCENE(strangers_do_not_reach_a_relayed_address, scene_one),
		SCENE(floods_are_shed_by_what_is_open, scene_one),
		SCENE(allocations_are_shown, scene_one),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
