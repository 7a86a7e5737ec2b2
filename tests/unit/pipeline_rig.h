/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call through a relay_rig: what its two participants send, plain or protected by the oracle, and
 * what must come out, taken apart octet by octet.
 */
#ifndef TANDEM_TESTS_PIPELINE_RIG_H
#define TANDEM_TESTS_PIPELINE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/oracle.h"
#include "tests/unit/relay_put.h"

#define PHONE        "203.0.113.9"
#define BROWSER      "198.51.100.9"
#define BROWSER6     "2001:db8:1::9"
#define PHONE_PORT   30000
#define BROWSER_PORT 40000
#define PHONE_LEG    20000 /* the relay's ports; of two workers each owns one */
#define BROWSER_LEG  20002
#define SUITE        SUITE_AES_CM_128_HMAC_SHA1_80

/* One participant of the call: phone on the trunk, browser on the public network. */
struct side {
	uint64_t leg;
	enum relay_network network;
	struct endpoint local, remote; /* of RTP */
	bool mux;
	struct oracle receive, send; /* the relay's sight of it */
};

struct scene {
	struct relay *relay;
	unsigned int workers;
	struct side phone, browser;
	uint64_t injected; /* media frames of ours */
};

static inline struct scene *scene_create(unsigned int workers, uint16_t queues)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->relay = relay_create(workers, queues, &crypt_ipsec_mb);
	s->workers = workers;
	return s;
}

/* --- setting up ------------------------------------------------------------------------------ */

static inline void put_side(struct scene *s, struct side *side, uint64_t leg, uint64_t peer,
			    const char *local, uint16_t local_port, const char *remote,
			    uint16_t remote_port, bool mux, bool secure)
{
	struct put p;

	side->leg = leg;
	side->network = leg == 1 ? TRUNK : PUBLIC;
	side->local = bench_endpoint(local, local_port);
	side->remote = bench_endpoint(remote, remote_port);
	side->mux = mux;
	put_init(&p, leg, peer, local, local_port, remote, remote_port);
	p.m.rtcp_mux = mux;
	p.m.security = secure ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES
			      : TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE;
	assert_int_equal(relay_put(s->relay, &p), 0);
}

static inline void put_side_keys(struct scene *s, struct side *side, uint32_t epoch,
				 uint32_t grace_ms)
{
	struct keys k;

	keys_init(&k, side->leg, epoch, SUITE);
	k.m.grace_ms = grace_ms;
	assert_int_equal(relay_put_keys(s->relay, &k), 0);
	oracle_derive(&side->receive, SUITE, k.receive_key, k.receive_salt);
	oracle_derive(&side->send, SUITE, k.send_key, k.send_salt);
	relay_run(s->relay);
}

/*
 * What the two participants protect with, `phone` and `browser`, each of one octet: the relay has
 * no key of its own. `side` alone hears of it.
 */
static inline void put_shared_keys(struct scene *s, struct side *side, uint32_t epoch,
				   uint8_t phone, uint8_t browser)
{
	struct keys k;

	keys_init(&k, side->leg, epoch, SUITE);
	memset(k.receive_key, side == &s->phone ? phone : browser, sizeof(k.receive_key));
	memcpy(k.receive_salt, k.receive_key, sizeof(k.receive_salt));
	memset(k.send_key, side == &s->phone ? browser : phone, sizeof(k.send_key));
	memcpy(k.send_salt, k.send_key, sizeof(k.send_salt));
	k.m.send_key.len = k.m.send_salt.len = 0;
	k.m.grace_ms = 60000;
	assert_int_equal(relay_put_paths(s->relay, 1, 2, true), 0);
	assert_int_equal(relay_put_keys(s->relay, &k), 0);
	oracle_derive(&side->receive, SUITE, k.receive_key, k.receive_salt);
	oracle_derive(&side->send, SUITE, k.send_key, k.send_salt);
	relay_run(s->relay);
}

/* The phone without rtcp-mux, the browser with it. */
static inline void put_call(struct scene *s, bool phone_secure, bool browser_secure)
{
	put_side(s, &s->phone, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT, false,
		 phone_secure);
	put_side(s, &s->browser, 2, 1, relay_local[PUBLIC_IPV4], BROWSER_LEG, BROWSER, BROWSER_PORT,
		 true, browser_secure);
	if (phone_secure)
		put_side_keys(s, &s->phone, 1, 0);
	if (browser_secure)
		put_side_keys(s, &s->browser, 1, 0);
	relay_run(s->relay);
}

/* --- what goes in ---------------------------------------------------------------------------- */

struct media {
	bool rtcp;
	uint16_t length;
	uint8_t octets[400];
};

static inline struct media rtp(uint16_t seq)
{
	struct media m = {.length = 172, .octets = {0x80, 0}};

	oracle_put(m.octets + 2, seq, 2);
	oracle_put(m.octets + 4, 160 * seq, 4);
	oracle_put(m.octets + 8, 0xdecafbad, 4);
	for (unsigned int k = 12; k < m.length; k++)
		m.octets[k] = k ^ seq;
	return m;
}

static inline struct media rtcp(void)
{
	struct media m = {.rtcp = true, .length = 32, .octets = {0x81, 201, 0, 7}};

	oracle_put(m.octets + 4, 0xdecafbad, 4);
	oracle_put(m.octets + 8, 0xfeedface, 4);
	return m;
}

static inline struct media protect(struct media m, const struct oracle *o, uint64_t index)
{
	m.length = m.rtcp ? oracle_protect_rtcp(o, m.octets, m.length, index)
			  : oracle_protect_rtp(o, m.octets, m.length, 12, index);
	return m;
}

static inline struct endpoint with_port(struct endpoint e, unsigned int more)
{
	e.port = rte_cpu_to_be_16(rte_be_to_cpu_16(e.port) + more);
	return e;
}

static inline void send_from(struct scene *s, const struct side *side, const struct endpoint *from,
			     const struct media *m)
{
	struct endpoint to = with_port(side->local, m->rtcp && !side->mux);
	uint8_t frame[RELAY_FRAME];
	size_t length =
		bench_put_udp(frame, &s->relay->at[side->network], from, &to, m->octets, m->length);

	/* A short frame is padded; where several queues receive, any may be the one. */
	relay_inject(s->relay, side->network,
		     s->injected++ / 2 % s->relay->dataplane.networks[side->network].queues, frame,
		     length < 60 ? 60 : length);
	relay_run(s->relay);
}

static inline void send_media(struct scene *s, const struct side *side, const struct media *m)
{
	struct endpoint from = with_port(side->remote, m->rtcp && !side->mux);

	send_from(s, side, &from, m);
}

/* --- what comes out -------------------------------------------------------------------------- */

/* Octet by octet, with nothing of the code under test. */
static inline uint32_t sum16(const uint8_t *p, size_t length, uint32_t sum)
{
	for (size_t k = 0; k < length; k++)
		sum += k % 2 ? p[k] : p[k] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void expect_ipv4(const uint8_t *ip, size_t length, const struct endpoint *from,
			       const struct endpoint *to)
{
	uint8_t pseudo[4] = {0, 17, (length - 20) >> 8, length - 20};

	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ip[1], 46 << 2);
	assert_int_equal(ip[2] << 8 | ip[3], length);
	assert_int_equal(ip[6] << 8 | ip[7], 0x4000);
	assert_int_equal(ip[8], 64);
	assert_int_equal(ip[9], 17);
	assert_int_equal(sum16(ip, 20, 0), 0xffff);
	assert_memory_equal(ip + 12, &from->address.octets[12], 4);
	assert_memory_equal(ip + 16, &to->address.octets[12], 4);
	assert_int_equal(sum16(ip + 12, length - 12, sum16(pseudo, 4, 0)), 0xffff);
}

static inline void expect_ipv6(const uint8_t *ip, size_t length, const struct endpoint *from,
			       const struct endpoint *to)
{
	uint8_t pseudo[4] = {0, 17, (length - 40) >> 8, length - 40};

	assert_int_equal(ip[0], 0x60 | 46 >> 2);
	assert_int_equal(ip[1], (46 & 3) << 6);
	assert_int_equal(ip[4] << 8 | ip[5], length - 40);
	assert_int_equal(ip[6], 17);
	assert_int_equal(ip[7], 64);
	assert_memory_equal(ip + 8, from->address.octets, 16);
	assert_memory_equal(ip + 24, to->address.octets, 16);
	assert_int_equal(sum16(ip + 8, length - 8, sum16(pseudo, 4, 0)), 0xffff);
}

/* The one frame that came out: to that participant, with right headers and this payload. */
static inline void expect_sent(struct scene *s, const struct side *side, const struct media *m)
{
	const struct relay_frame *f = &s->relay->sent[0];
	struct endpoint from = with_port(side->local, m->rtcp && !side->mux);
	struct endpoint to = with_port(side->remote, m->rtcp && !side->mux);
	struct rte_ether_addr mac = relay_mac(side->network);
	bool ipv4 = address_is_ipv4(&to.address);
	unsigned int l3 = side->network == TRUNK ? 18 : 14, udp = l3 + (ipv4 ? 20 : 40);

	assert_int_equal(s->relay->sent_count, 1);
	s->relay->sent_count = 0;
	assert_int_equal(f->network, side->network);
	assert_int_equal(f->length, udp + 8 + m->length);
	assert_memory_equal(f->octets, &mac, 6);
	assert_memory_equal(f->octets + 6, &s->relay->dataplane.networks[side->network].mac, 6);
	if (side->network == TRUNK)
		assert_memory_equal(f->octets + 12, "\x81\x00\x00\x2a", 4);
	assert_memory_equal(f->octets + l3 - 2, ipv4 ? "\x08\x00" : "\x86\xdd", 2);
	(ipv4 ? expect_ipv4 : expect_ipv6)(f->octets + l3, f->length - l3, &from, &to);
	assert_memory_equal(f->octets + udp, &from.port, 2);
	assert_memory_equal(f->octets + udp + 2, &to.port, 2);
	assert_int_equal(f->octets[udp + 4] << 8 | f->octets[udp + 5], 8 + m->length);
	assert_int_not_equal(f->octets[udp + 6] << 8 | f->octets[udp + 7], 0);
	assert_memory_equal(f->octets + udp + 8, m->octets, m->length);
}

static inline void expect_dropped(struct scene *s, enum drop reason, uint64_t count)
{
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(relay_drops(s->relay, reason), count);
	assert_int_equal(relay_all_drops(s->relay), count);
}

static inline Tandem__Dataplane__V1__LegStatus *status(struct scene *s, uint64_t leg)
{
	const struct registry *r = s->relay->registry;

	return registry_status(r, registry_find(r, leg), true);
}

#endif
