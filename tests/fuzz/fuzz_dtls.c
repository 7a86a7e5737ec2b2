/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams into an association at any point of its life. Input: one octet, whose bit 0 makes the
 * victim a client and whose upper bits say how many datagrams of a genuine handshake (between two
 * associations of ours) come first, 15 being all of it; then datagrams, each after its length in
 * two octets, big-endian.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/dtls/dtls.h"

#define QUEUE    64
#define MTU      1200
#define WHOLE    15
#define MESSAGES 200 /* datagrams of one input */

struct side {
	struct dtls *dtls;
	struct side *other;
	unsigned int done, failed, closed;
};

static struct {
	struct side *to;
	size_t length;
	uint8_t data[MTU];
} queue[QUEUE];
static unsigned int head, tail;
static uv_loop_t loop;
static struct dtls_identity *identity;

static void expect(bool truth)
{
	if (!truth)
		abort();
}

/* What does not fit is lost: datagrams may be. */
static void on_send(void *arg, const uint8_t *datagram, size_t length)
{
	struct side *side = arg;

	expect(length && length <= MTU);
	if (tail == QUEUE)
		return;
	queue[tail].to = side->other;
	queue[tail].length = length;
	memcpy(queue[tail++].data, datagram, length);
}

static void on_done(void *arg, const struct dtls_result *result)
{
	struct side *side = arg;

	expect(!side->failed && !side->done++);
	expect(result->suite == SUITE_AEAD_AES_128_GCM);
}

static void on_fail(void *arg, enum dtls_failure why, const char *text)
{
	struct side *side = arg;

	expect(!side->done && !side->failed++);
	expect(*text);
}

static void on_closed(void *arg, const char *text)
{
	struct side *side = arg;

	expect(side->done && !side->closed++);
	expect(*text);
}

static void on_restart(void *arg, const uint8_t *datagram, size_t length)
{
	expect(length && length <= DTLS_DATAGRAM_MAX);
}

static void start(struct side *side, struct side *other, enum dtls_role role, bool no_cookie)
{
	struct dtls_config config = {
		.loop = &loop,
		.identity = identity,
		.role = role,
		.no_cookie = no_cookie,
		.mtu = MTU,
		.arg = side,
		.send = on_send,
		.done = on_done,
		.fail = on_fail,
		.closed = on_closed,
		.restart = on_restart,
	};

	side->other = other;
	expect(dtls_start(&side->dtls, &config) == 0);
	expect(dtls_set_fingerprints(side->dtls, dtls_identity_fingerprint(identity), 1) == 0);
}

static void exchange(unsigned int count)
{
	for (; count && head < tail; count--, head++)
		dtls_receive(queue[head].to->dtls, queue[head].data, queue[head].length);
}

static void attack(struct side *victim, const uint8_t *data, size_t size)
{
	for (unsigned int i = 0; i < MESSAGES && size >= 2; i++) {
		size_t length = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		dtls_receive(victim->dtls, data, length);
		data += length;
		size -= length;
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	expect(uv_loop_init(&loop) == 0);
	expect(dtls_identity_make(&identity) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct side client = {0}, server = {0};
	unsigned int genuine;

	if (!size)
		return 0;
	genuine = (data[0] >> 1) & 15;
	head = tail = 0;
	start(&server, &client, DTLS_SERVER, data[0] >> 5 & 1);
	start(&client, &server, DTLS_CLIENT, false);
	exchange(genuine == WHOLE ? QUEUE : genuine);
	if (genuine == WHOLE)
		expect(client.done && server.done);
	attack(data[0] & 1 ? &client : &server, data + 1, size - 1);
	dtls_free(client.dtls);
	dtls_free(server.dtls);
	uv_run(&loop, UV_RUN_NOWAIT);
	return 0;
}
