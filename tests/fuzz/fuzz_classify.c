/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any frame, through every stage, on a relay with a plain call, a SDES call and a leg with ICE:
 * forwarded, answered or dropped for one counted reason, and its buffer back in the pool. The first
 * octet chooses the network.
 */
#include <sanitizer/lsan_interface.h>

#include "tests/rig/put.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct relay *r, uint64_t leg, uint64_t peer, enum relay_address local,
		const char *remote, int security, bool ice)
{
	struct put p;

	put_init(&p, leg, peer, local, 20000 + 2 * leg, remote, 30000);
	p.m.security = security;
	p.m.latch_ms = 1000;
	if (ice)
		put_ice(&p, "abcd", "0123456789abcdefghijkl");
	if (relay_put(r, &p))
		abort();
}

static struct relay *start(void)
{
	struct keys k;
	struct relay *r;

	/* It lives until the end, and partly in DPDK's memory, where no pointers are looked for. */
	__lsan_disable();
	if (bench_environment(NULL) || crypt_ipsec_mb.start())
		abort();
	r = relay_create(RELAY_LEGS, 1, 1, &crypt_ipsec_mb);
	put(r, 1, 2, TRUNK_IPV4, "203.0.113.9", 0, false);
	put(r, 2, 1, PUBLIC_IPV4, "198.51.100.9", 1, false);
	put(r, 3, 4, TRUNK_IPV6, "2001:db8:2::9", 0, false);
	put(r, 4, 3, PUBLIC_IPV6, "2001:db8:1::9", 2, true);
	keys_init(&k, 2, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	if (relay_put_keys(r, &k))
		abort();
	relay_run(r);
	__lsan_enable();
	return r;
}

/* What becomes of frames. */
static uint64_t accounted(const struct relay *r)
{
	return relay_all_drops(r) + relay_drops(r, DROP_NONE) + relay_counter(r, COUNTER_TX) +
	       relay_counter(r, COUNTER_PUNT);
}

/* What says where a neighbour is goes to the main lcore, uncounted. */
static bool may_teach(const uint8_t *frame, size_t length)
{
	unsigned int at = length > 18 && frame[12] == 0x81 ? 16 : 12;

	return length > at + 1 && ((frame[at] == 0x08 && frame[at + 1] == 0x06) ||
				   (frame[at] == 0x86 && frame[at + 1] == 0xdd));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct relay *r;
	uint64_t before;

	if (!r)
		r = start();
	if (size < 2 || size > RELAY_FRAME - 256)
		return 0;
	before = accounted(r);
	relay_inject(r, data[0] % RELAY_NETWORKS, 0, data + 1, size - 1);
	relay_run(r);
	if (!relay_is_idle(r))
		abort();
	if (accounted(r) == before && !may_teach(data + 1, size - 1))
		abort();
	r->sent_count = r->event_count = 0;
	return 0;
}
