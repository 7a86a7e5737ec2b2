/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/scene.h"

#define SSRC       0xdecafbad
#define OTHER      "198.51.100.8"
#define OTHER_PORT 41000
#define OTHER_LEG  20004

const struct scene_kind scene_one = {1, 1, &crypt_ipsec_mb}, scene_two = {2, 2, &crypt_ipsec_mb},
			scene_four = {4, 4, &crypt_ipsec_mb},
			scene_shared = {2, 1, &crypt_ipsec_mb},
			scene_libsrtp = {1, 1, &crypt_libsrtp};

int scene_start(void **state)
{
	return bench_environment(NULL) || crypt_ipsec_mb.start() || crypt_libsrtp.start() ? -1 : 0;
}

int scene_stop(void **state)
{
	crypt_libsrtp.stop();
	crypt_ipsec_mb.stop();
	return 0;
}

int scene_set_up(void **state)
{
	const struct scene_kind *kind = *state;
	struct scene *s = calloc(1, sizeof(*s));

	s->relay = relay_create(RELAY_LEGS, kind->workers, kind->queues, kind->engine);
	s->workers = kind->workers;
	*state = s;
	return 0;
}

int scene_tear_down(void **state)
{
	struct scene *s = *state;

	relay_destroy(s->relay);
	free(s);
	return 0;
}

void scene_put_side(struct scene *s, struct side *side, uint64_t leg, uint64_t peer,
		    enum relay_address local, uint16_t local_port, const char *remote,
		    uint16_t remote_port, bool mux, bool secure)
{
	struct put p;

	side->leg = leg;
	side->network = leg == 1 ? TRUNK : PUBLIC;
	side->local = bench_endpoint(relay_local[local], local_port);
	side->remote = bench_endpoint(remote, remote_port);
	side->mux = mux;
	put_init(&p, leg, peer, local, local_port, remote, remote_port);
	p.m.rtcp_mux = mux;
	p.m.security = secure ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES
			      : TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE;
	assert_int_equal(relay_put(s->relay, &p), 0);
}

/* The relay and the oracle learn the keys. */
static void use_keys(struct scene *s, struct side *side, const struct keys *k)
{
	assert_int_equal(relay_put_keys(s->relay, k), 0);
	oracle_derive(&side->receive, SUITE, k->receive_key, k->receive_salt);
	oracle_derive(&side->send, SUITE, k->send_key, k->send_salt);
	relay_run(s->relay);
}

void scene_put_keys(struct scene *s, struct side *side, uint32_t epoch, uint32_t grace_ms)
{
	struct keys k;

	keys_init(&k, side->leg, epoch, SUITE);
	k.m.grace_ms = grace_ms;
	use_keys(s, side, &k);
}

void scene_share_keys(struct scene *s, struct side *side, uint32_t epoch, uint8_t phone,
		      uint8_t browser)
{
	struct keys k;

	keys_init(&k, side->leg, epoch, SUITE);
	memset(k.receive_key, side == &s->phone ? phone : browser, sizeof(k.receive_key));
	memcpy(k.receive_salt, k.receive_key, sizeof(k.receive_salt));
	memset(k.send_key, side == &s->phone ? browser : phone, sizeof(k.send_key));
	memcpy(k.send_salt, k.send_key, sizeof(k.send_salt));
	k.m.send_key.len = k.m.send_salt.len = 0;
	k.m.grace_ms = 60000;
	assert_int_equal(relay_put_path(s->relay, 1, 2, true, false), 0);
	assert_int_equal(relay_put_path(s->relay, 2, 1, true, false), 0);
	use_keys(s, side, &k);
}

/* Phone and browser, each the other's peer or nobody's. */
static void put_two(struct scene *s, bool connected, bool phone_secure, bool browser_secure)
{
	scene_put_side(s, &s->phone, 1, connected ? 2 : 0, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT,
		       false, phone_secure);
	scene_put_side(s, &s->browser, 2, connected ? 1 : 0, PUBLIC_IPV4, BROWSER_LEG, BROWSER,
		       BROWSER_PORT, true, browser_secure);
	if (phone_secure)
		scene_put_keys(s, &s->phone, 1, 0);
	if (browser_secure)
		scene_put_keys(s, &s->browser, 1, 0);
	relay_run(s->relay);
}

void scene_call(struct scene *s, bool phone_secure, bool browser_secure)
{
	put_two(s, true, phone_secure, browser_secure);
}

void scene_trio(struct scene *s, bool phone_secure, bool browser_secure, bool other_secure)
{
	put_two(s, false, phone_secure, browser_secure);
	scene_put_side(s, &s->other, 3, 0, PUBLIC_IPV4, OTHER_LEG, OTHER, OTHER_PORT, true,
		       other_secure);
	if (other_secure)
		scene_put_keys(s, &s->other, 1, 0);
	relay_run(s->relay);
}

struct packet scene_rtp(uint16_t seq)
{
	return packet_rtp(SSRC, seq, 0, -1, 160);
}

struct packet scene_typed(uint16_t seq, unsigned int type)
{
	struct packet p = scene_rtp(seq);

	p.octets[1] = type;
	return p;
}

struct packet scene_rtcp(void)
{
	return packet_rtcp(SSRC, 1);
}

/* Of the participant or the relay, by whether RTCP has a port of its own. */
static struct endpoint port_for(struct endpoint e, const struct side *side, const struct packet *p)
{
	bool more = p->class == CLASS_RTCP && !side->mux;

	e.port = rte_cpu_to_be_16(rte_be_to_cpu_16(e.port) + more);
	return e;
}

void scene_send_from(struct scene *s, const struct side *side, const struct endpoint *from,
		     const struct packet *p)
{
	struct endpoint to = port_for(side->local, side, p);
	uint8_t frame[RELAY_FRAME];
	size_t length =
		bench_put_udp(frame, &s->relay->at[side->network], from, &to, p->octets, p->length);

	/* A short frame is padded; where several queues receive, any may be the one. */
	relay_inject(s->relay, side->network,
		     s->injected++ / 2 % s->relay->dataplane.ports[side->network].queues, frame,
		     length < 60 ? 60 : length);
	relay_run(s->relay);
}

void scene_inject(struct scene *s, const struct side *side, unsigned int queue,
		  const struct packet *p)
{
	struct endpoint from = port_for(side->remote, side, p), to = port_for(side->local, side, p);
	uint8_t frame[RELAY_FRAME];
	size_t length = bench_put_udp(frame, &s->relay->at[side->network], &from, &to, p->octets,
				      p->length);

	relay_inject(s->relay, side->network, queue, frame, length < 60 ? 60 : length);
}

void scene_send(struct scene *s, const struct side *side, const struct packet *p)
{
	struct endpoint from = port_for(side->remote, side, p);

	scene_send_from(s, side, &from, p);
}

/* Octet by octet, with nothing of the code under test. */
static uint32_t sum16(const uint8_t *p, size_t length, uint32_t sum)
{
	for (size_t k = 0; k < length; k++)
		sum += k % 2 ? p[k] : p[k] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void expect_ipv4(const uint8_t *ip, size_t length, const struct endpoint *from,
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

static void expect_ipv6(const uint8_t *ip, size_t length, const struct endpoint *from,
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

void scene_expect(struct scene *s, const struct side *side, const struct packet *p)
{
	const struct relay_frame *f = &s->relay->sent[0];
	struct endpoint from = port_for(side->local, side, p);
	struct endpoint to = port_for(side->remote, side, p);
	struct rte_ether_addr mac = relay_mac(side->network);
	bool ipv4 = address_is_ipv4(&to.address);
	unsigned int l3 = side->network == TRUNK ? 18 : 14, udp = l3 + (ipv4 ? 20 : 40);

	assert_int_equal(s->relay->sent_count, 1);
	s->relay->sent_count = 0;
	assert_int_equal(f->network, side->network);
	assert_int_equal(f->length, udp + 8 + p->length);
	assert_memory_equal(f->octets, &mac, 6);
	assert_memory_equal(f->octets + 6, &s->relay->dataplane.ports[side->network].mac, 6);
	if (side->network == TRUNK)
		assert_memory_equal(f->octets + 12, "\x81\x00\x00\x2a", 4);
	assert_memory_equal(f->octets + l3 - 2, ipv4 ? "\x08\x00" : "\x86\xdd", 2);
	(ipv4 ? expect_ipv4 : expect_ipv6)(f->octets + l3, f->length - l3, &from, &to);
	assert_memory_equal(f->octets + udp, &from.port, 2);
	assert_memory_equal(f->octets + udp + 2, &to.port, 2);
	assert_int_equal(f->octets[udp + 4] << 8 | f->octets[udp + 5], 8 + p->length);
	assert_int_not_equal(f->octets[udp + 6] << 8 | f->octets[udp + 7], 0);
	assert_memory_equal(f->octets + udp + 8, p->octets, p->length);
}

void scene_pass(struct scene *s, const struct side *from, const struct packet *in,
		const struct side *to, const struct packet *out)
{
	scene_send(s, from, in);
	scene_expect(s, to, out);
}

void scene_expect_heard(struct scene *s, const struct side *side, const struct packet *p)
{
	struct relay *r = s->relay;
	struct relay_frame others[RELAY_FRAMES];
	unsigned int count = r->sent_count, port_at = side->network == TRUNK ? 18 + 22 : 14 + 22;
	struct endpoint to = port_for(side->remote, side, p);
	unsigned int left = 0;
	bool found = false;

	for (unsigned int k = 0; k < count; k++) {
		if (!found && r->sent[k].network == side->network &&
		    !memcmp(r->sent[k].octets + port_at, &to.port, 2)) {
			found = true;
			others[RELAY_FRAMES - 1] = r->sent[k];
		} else {
			others[left++] = r->sent[k];
		}
	}
	assert_true(found);
	r->sent[0] = others[RELAY_FRAMES - 1];
	r->sent_count = 1;
	scene_expect(s, side, p);
	memcpy(r->sent, others, left * sizeof(others[0]));
	r->sent_count = left;
}

void scene_expect_silence(const struct scene *s)
{
	assert_int_equal(s->relay->sent_count, 0);
}

void scene_expect_drops(const struct scene *s, enum drop reason, uint64_t count)
{
	scene_expect_silence(s);
	assert_int_equal(relay_drops(s->relay, reason), count);
	assert_int_equal(relay_all_drops(s->relay), count);
}
