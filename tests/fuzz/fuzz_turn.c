/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TURN client sends to a whole relay, worker and main lcore: the first octet says whether
 * the rest is a datagram as it is, or the attributes of a request that is signed, with a nonce that
 * is right.
 */
#include "dataplane/main/turn/turn_state.h"
#include "tests/rig/forge.h"
#include "tests/rig/put.h"
#include "tests/rig/relay.h"

#define CLIENT      "198.51.100.7"
#define CLIENT_PORT 50000
#define SERVER_PORT 3478
#define RELAYED     45000
#define KEY         "the key, 16 long"
#define MOST        800

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct relay *relay;

static void serve(void)
{
	Tandem__Dataplane__V1__PutTurn put = TANDEM__DATAPLANE__V1__PUT_TURN__INIT;
	Tandem__Dataplane__V1__Endpoint listen, *list[] = {&listen};
	uint8_t octets[16];

	put_endpoint(&listen, octets, relay_local[PUBLIC_IPV4], SERVER_PORT);
	put.listen = list;
	put.n_listen = 1;
	put.gates = list; /* where more is believed than elsewhere */
	put.n_gates = 1;
	put.realm = (char *)"example.com";
	put.any = true;
	if (turn_server_put(relay->turn, &put, &relay->what))
		abort();
}

static void open_allocation(void)
{
	Tandem__Dataplane__V1__PutAllocation put = TANDEM__DATAPLANE__V1__PUT_ALLOCATION__INIT;
	Tandem__Dataplane__V1__Endpoint server, client, relayed;
	uint8_t octets[3][16];

	put_endpoint(&server, octets[0], relay_local[PUBLIC_IPV4], SERVER_PORT);
	put_endpoint(&client, octets[1], CLIENT, CLIENT_PORT);
	put_endpoint(&relayed, octets[2], relay_local[PUBLIC_IPV4], RELAYED);
	put.allocation = 1;
	put.server = &server;
	put.client = &client;
	put.relayed = &relayed;
	put.lifetime_s = 3600;
	put.key = (ProtobufCBinaryData){16, (uint8_t *)KEY};
	put.user = (ProtobufCBinaryData){1, (uint8_t *)"u"};
	put.transaction = (ProtobufCBinaryData){12, (uint8_t *)"transaction!"};
	if (turn_server_put_allocation(relay->turn, &put, &relay->what))
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct put p;

	if (bench_environment(NULL) || crypt_ipsec_mb.start())
		abort();
	relay = relay_create(RELAY_LEGS, 1, 1, &crypt_ipsec_mb);
	serve();
	put_init(&p, 1, 0, PUBLIC_IPV4, 20000, CLIENT, 9);
	if (relay_put(relay, &p))
		abort();
	relay_run(relay);
	return 0;
}

static void send_datagram(const void *payload, size_t length)
{
	const struct endpoint from = bench_endpoint(CLIENT, CLIENT_PORT);
	const struct endpoint to = bench_endpoint(relay_local[PUBLIC_IPV4], SERVER_PORT);
	uint8_t frame[RELAY_FRAME];
	size_t size = bench_put_udp(frame, &relay->at[PUBLIC], &from, &to, payload, length);

	relay_inject(relay, PUBLIC, 0, frame, size < 60 ? 60 : size);
	relay_run(relay);
}

static void sign_and_send(uint16_t type, const uint8_t *attributes, size_t size)
{
	const struct endpoint client = bench_endpoint(CLIENT, CLIENT_PORT);
	uint8_t nonce[TURN_NONCE];
	struct forge f;

	challenge_write(&relay->dataplane.turn->challenge, &client, nonce);
	forge_begin(&f, type);
	forge_put(&f, STUN_USERNAME, "u", 1);
	forge_put(&f, STUN_REALM, "example.com", 11);
	forge_put(&f, STUN_NONCE, nonce, sizeof(nonce));
	memcpy(f.octets + f.length, attributes, size & ~3);
	f.length += size & ~3;
	forge_sign(&f, KEY);
	send_datagram(f.octets, f.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {TURN_ALLOCATE, TURN_REFRESH, TURN_CREATE_PERMISSION,
					 TURN_CHANNEL_BIND};

	if (size < 1 || size > MOST)
		return -1;
	if (!turn_find_id(relay->turn, 1))
		open_allocation();
	if (data[0] < RTE_DIM(types))
		sign_and_send(types[data[0]], data + 1, size - 1);
	else
		send_datagram(data + 1, size - 1);
	relay->sent_count = relay->event_count = 0;
	if (!relay_is_idle(relay))
		abort();
	return 0;
}
