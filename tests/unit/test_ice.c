/* SPDX-License-Identifier: BSD-3-Clause */
/* Connectivity checks as frames in, answers as frames out, and what the leg makes of them. */
#include "dataplane/leg.h"
#include "dataplane/seen.h"
#include "dataplane/wire/stun.h"
#include "tests/rig/bench.h"
#include "tests/rig/forge.h"
#include "tests/rig/test.h"

#define LOCAL_PORT 20000

static const char password[] = "Aa0123456789012345678901";
static const char old_password[] = "Bb0123456789012345678901";

struct world {
	struct bench *bench;
	struct leg leg;
	struct leg_config config;
	struct leg_terms terms;
	struct leg_pair pairs[LEG_PAIRS];
	struct burst burst;
};

/* What is unusual about a check. */
struct check {
	const char *username; /* NULL: the right one */
	const char *password; /* NULL: the right one */
	bool no_username, no_integrity, no_fingerprint, bad_fingerprint;
	bool nominate, controlled, unknown;
	uint16_t type; /* 0: Binding request */
};

static int create(void **state)
{
	struct world *w = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*w));

	memset(w, 0, sizeof(*w));
	w->bench = bench_create();
	w->config = (struct leg_config){
		.ice = true,
		.security = LEG_DTLS,
		.terms = &w->terms,
	};
	w->terms = (struct leg_terms){
		.credentials = {{.local_ufrag = "evtj", .remote_ufrag = "h6vY"}}};
	stun_auth_set(&w->terms.credentials[0].auth, password);
	w->leg.config = &w->config;
	w->leg.pairs = w->pairs;
	*state = w;
	return 0;
}

static int destroy(void **state)
{
	struct world *w = *state;

	assert_true(bench_is_idle(w->bench));
	bench_destroy(w->bench);
	free(w);
	return 0;
}

static void restart(struct world *w)
{
	w->terms.credentials[1] = w->terms.credentials[0];
	stun_auth_set(&w->terms.credentials[1].auth, old_password);
	strcpy(w->terms.credentials[1].local_ufrag, "oldu");
	w->config.ice_epoch++;
}

static void write_check(struct forge *r, const struct check *c)
{
	const char *username = c->username ? c->username : "evtj:h6vY";

	forge_begin(r, c->type ? c->type : STUN_BINDING_REQUEST);
	forge_put(r, 0x0024, "\x6e\x00\x01\xff", 4);
	forge_put(r, c->controlled ? 0x8029 : 0x802a, "12345678", 8);
	if (c->nominate)
		forge_put(r, 0x0025, NULL, 0);
	if (c->unknown)
		forge_put(r, 0x7777, "?", 1);
	if (!c->no_username)
		forge_put(r, 0x0006, username, strlen(username));
	if (!c->no_integrity)
		forge_sign(r, c->password ? c->password : password);
	if (!c->no_fingerprint)
		forge_fingerprint(r);
	r->octets[r->length - 1] ^= c->bad_fingerprint;
}

static struct endpoint local_endpoint(const struct endpoint *remote)
{
	return bench_endpoint(address_is_ipv4(&remote->address) ? "198.51.100.1" : "2001:db8::1",
			      LOCAL_PORT);
}

/* The packet is left in w->burst; `later` TSC ticks are added to the time of its arrival. */
static void receive(struct world *w, const struct endpoint *from, const void *payload,
		    uint16_t length, uint64_t later)
{
	struct endpoint local = local_endpoint(from);
	uint8_t frame[1500] = {0};
	size_t size = bench_put_udp(frame, w->bench, from, &local, payload, length);

	/* Behind what IP carries an Ethernet frame may be padded. */
	bench_receive(w->bench, &w->burst, frame, size + 6);
	assert_int_equal(w->burst.class[0], CLASS_STUN);
	w->burst.leg[0] = &w->leg;
	w->burst.now += later;
	ice_stage(w->bench->worker, &w->burst);
}

static void check(struct world *w, const struct endpoint *from, const struct check *c,
		  uint64_t later)
{
	struct forge r;

	write_check(&r, c);
	receive(w, from, r.octets, r.length, later);
}

static void assert_dropped(struct world *w, enum drop reason)
{
	assert_int_equal(w->burst.class[0], CLASS_DROPPED);
	assert_int_equal(w->burst.reason[0], reason);
	bench_release(&w->burst);
}

/* Ethernet, IP and UDP are turned around and right; returns the STUN message. */
static const uint8_t *assert_sent(struct world *w, const struct endpoint *to, uint16_t *length)
{
	const struct rte_mbuf *m = w->burst.mbuf[0];
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct rte_ether_hdr *ether = (const void *)frame;
	struct endpoint local = local_endpoint(to);
	uint8_t expected[1500];
	uint16_t vlan = w->bench->network->vlan ? 4 : 0;
	bool ipv4 = address_is_ipv4(&to->address);
	const uint8_t *l3 = frame + sizeof(*ether) + vlan;
	const struct rte_udp_hdr *udp = (const void *)(l3 + (ipv4 ? 20 : 40));
	const uint8_t *message = (const uint8_t *)(udp + 1);

	assert_int_equal(w->burst.class[0], CLASS_SEND);
	assert_int_equal(w->burst.port[0], BENCH_PORT);
	assert_int_equal(m->pkt_len, m->data_len);
	*length = forge_load16(message + 2) + 20;
	/* The other way round, but for MACs, TTL, DSCP and checksums it would be this frame. */
	assert_int_equal(m->data_len,
			 bench_put_udp(expected, w->bench, &local, to, message, *length));
	assert_true(rte_is_same_ether_addr(&ether->dst_addr, &bench_peer_mac));
	assert_true(rte_is_same_ether_addr(&ether->src_addr, &w->bench->network->port->mac));
	assert_memory_equal(frame + 12, expected + 12, 2 + vlan);
	assert_int_equal(udp->src_port, local.port);
	assert_int_equal(udp->dst_port, to->port);
	assert_int_equal(rte_be_to_cpu_16(udp->dgram_len), 8 + *length);
	assert_int_not_equal(udp->dgram_cksum, 0);
	if (ipv4) {
		const struct rte_ipv4_hdr *ip = (const void *)l3;

		assert_memory_equal(&ip->src_addr, expected + 14 + vlan + 12, 8);
		assert_int_equal(rte_be_to_cpu_16(ip->total_length), 28 + *length);
		assert_int_equal(ip->type_of_service, 46 << 2);
		assert_int_equal(rte_raw_cksum(ip, sizeof(*ip)), 0xffff);
		assert_int_equal((uint16_t)~rte_ipv4_udptcp_cksum(ip, udp), 0);
	} else {
		const struct rte_ipv6_hdr *ip = (const void *)l3;

		assert_memory_equal(ip->src_addr, expected + 14 + vlan + 8, 32);
		assert_int_equal(rte_be_to_cpu_16(ip->payload_len), 8 + *length);
		assert_int_equal(rte_be_to_cpu_32(ip->vtc_flow), 6u << 28 | 46 << 22);
		assert_int_equal((uint16_t)~rte_ipv6_udptcp_cksum(ip, udp), 0);
	}
	assert_true(forge_has_fingerprint(message, *length));
	return message;
}

static void assert_success(struct world *w, const struct endpoint *to, const char *key)
{
	bool ipv4 = address_is_ipv4(&to->address);
	const uint8_t *message, *value;
	uint16_t length, size;

	message = assert_sent(w, to, &length);
	assert_int_equal(forge_load16(message), STUN_BINDING_SUCCESS);
	assert_true(forge_is_signed(message, key));
	value = forge_find(message, 0x0020, &size);
	assert_non_null(value);
	assert_int_equal(size, ipv4 ? 8 : 20);
	assert_int_equal(forge_load16(value + 2) ^ 0x2112, rte_be_to_cpu_16(to->port));
	for (unsigned int k = 4; k < size; k++)
		assert_int_equal(value[k] ^ message[k],
				 to->address.octets[k - 4 + (ipv4 ? 12 : 0)]);
	bench_release(&w->burst);
}

static void assert_refused(struct world *w, const struct endpoint *to, int code, bool is_signed)
{
	const uint8_t *message, *value;
	uint16_t length, size;

	message = assert_sent(w, to, &length);
	assert_int_equal(forge_load16(message), STUN_BINDING_ERROR);
	assert_int_equal(forge_is_signed(message, password), is_signed);
	assert_int_equal(forge_find(message, 0x0008, &size) != NULL, is_signed);
	value = forge_find(message, 0x0009, &size);
	assert_non_null(value);
	assert_int_equal(value[2] * 100 + value[3], code);
	value = forge_find(message, 0x000a, &size);
	assert_int_equal(value != NULL, code == 420);
	if (value) {
		assert_int_equal(size, 2);
		assert_int_equal(forge_load16(value), 0x7777);
	}
	bench_release(&w->burst);
}

static void assert_learned(struct world *w, const struct endpoint *remote)
{
	struct notice n;

	assert_true(bench_take_notice(w->bench, &n));
	assert_int_equal(n.kind, NOTICE_REMOTE);
	assert_ptr_equal(n.leg, &w->leg);
	assert_true(endpoint_equal(&n.remote, remote));
	assert_true(endpoint_equal(&w->leg.remote[0], remote));
}

static void assert_nothing_learned(struct world *w)
{
	struct notice n;

	assert_false(bench_take_notice(w->bench, &n));
}

static void test_success(void **state)
{
	struct world *w = *state;
	const struct endpoint remotes[] = {bench_endpoint("203.0.113.7", 40000),
					   bench_endpoint("2001:db8:7::7", 40001)};

	for (unsigned int vlan = 0; vlan < 2; vlan++)
		for (unsigned int k = 0; k < RTE_DIM(remotes); k++) {
			w->bench->network->vlan = vlan * 42;
			check(w, &remotes[k], &(struct check){0}, 0);
			assert_success(w, &remotes[k], password);
			assert_true(endpoint_equal(&w->leg.pairs[k].remote, &remotes[k]));
		}
	assert_int_equal(w->leg.pair_count, RTE_DIM(remotes));
	assert_int_equal(w->bench->worker->counters[COUNTER_STUN_SUCCESS], 4);
	/* A check alone does not decide where the leg sends. */
	assert_nothing_learned(w);
	assert_true(endpoint_is_unset(&w->leg.remote[0]));
}

static void test_any_remote_fragment(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000);

	w->terms.credentials[0].remote_ufrag[0] = '\0';
	check(w, &remote, &(struct check){.username = "evtj:whoever"}, 0);
	assert_success(w, &remote, password);
	check(w, &remote, &(struct check){.username = "evtj"}, 0);
	assert_refused(w, &remote, 401, false);
}

static void test_refusals(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000);
	static const struct {
		struct check check;
		int code;
		bool is_signed;
		enum worker_counter counter;
	} cases[] = {
		{{.no_username = true}, 400, false, COUNTER_STUN_400},
		{{.no_integrity = true}, 400, false, COUNTER_STUN_400},
		{{.no_integrity = true, .unknown = true}, 400, false, COUNTER_STUN_400},
		{{.username = "evtj:h6vX"}, 401, false, COUNTER_STUN_401},
		{{.username = "evtj:h6vYY"}, 401, false, COUNTER_STUN_401},
		{{.username = "evtx:h6vY"}, 401, false, COUNTER_STUN_401},
		{{.username = "evtj.h6vY"}, 401, false, COUNTER_STUN_401},
		{{.username = "evtj"}, 401, false, COUNTER_STUN_401},
		{{.username = ""}, 401, false, COUNTER_STUN_401},
		{{.username = ":"}, 401, false, COUNTER_STUN_401},
		{{.password = "wrong"}, 401, false, COUNTER_STUN_401},
		{{.password = "wrong", .unknown = true}, 401, false, COUNTER_STUN_401},
		{{.unknown = true}, 420, true, COUNTER_STUN_420},
		{{.unknown = true, .controlled = true}, 420, true, COUNTER_STUN_420},
		{{.controlled = true, .nominate = true}, 487, true, COUNTER_STUN_487},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		uint64_t before = w->bench->worker->counters[cases[k].counter];

		check(w, &remote, &cases[k].check, 0);
		assert_refused(w, &remote, cases[k].code, cases[k].is_signed);
		assert_int_equal(w->bench->worker->counters[cases[k].counter], before + 1);
	}
	assert_int_equal(w->leg.pair_count, 0);
	assert_nothing_learned(w);
}

static void test_drops(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000);
	static const struct {
		struct check check;
		enum drop reason;
	} cases[] = {
		{{.no_fingerprint = true}, DROP_STUN_FINGERPRINT},
		{{.bad_fingerprint = true}, DROP_STUN_FINGERPRINT},
		{{.type = STUN_BINDING_SUCCESS}, DROP_STUN_UNHANDLED},
		{{.type = STUN_BINDING_ERROR}, DROP_STUN_UNHANDLED},
		{{.type = 0x0003}, DROP_STUN_UNHANDLED}, /* TURN's Allocate */
		{{.type = STUN_BINDING_INDICATION}, DROP_NONE},
	};
	struct forge r;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		check(w, &remote, &cases[k].check, 0);
		assert_dropped(w, cases[k].reason);
	}
	assert_int_equal(w->bench->worker->counters[COUNTER_STUN_INDICATION], 1);
	write_check(&r, &(struct check){0});
	receive(w, &remote, r.octets, r.length - 4, 0);
	assert_dropped(w, DROP_STUN_MALFORMED);
	assert_int_equal(w->leg.pair_count, 0);
}

static void test_nomination(void **state)
{
	struct world *w = *state;
	const struct endpoint first = bench_endpoint("203.0.113.7", 40000),
			      second = bench_endpoint("203.0.113.8", 40000);
	const struct check nominates = {.nominate = true};

	check(w, &first, &nominates, 0);
	assert_success(w, &first, password);
	assert_learned(w, &first);
	check(w, &first, &nominates, 0);
	assert_success(w, &first, password);
	assert_nothing_learned(w);
	/* The browser moved to another network. */
	check(w, &second, &(struct check){0}, 0);
	assert_success(w, &second, password);
	assert_nothing_learned(w);
	check(w, &second, &nominates, 0);
	assert_success(w, &second, password);
	assert_learned(w, &second);
}

static void test_restart(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000),
			      other = bench_endpoint("203.0.113.8", 40000);
	const struct check nominates = {.nominate = true};
	const struct check old = {
		.username = "oldu:h6vY", .password = old_password, .nominate = true};

	check(w, &remote, &nominates, 0);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);

	/* The old credentials keep the pair alive and validate, but nominate no more. */
	restart(w);
	check(w, &remote, &old, 0);
	assert_success(w, &remote, old_password);
	check(w, &other, &old, 0);
	assert_success(w, &other, old_password);
	assert_nothing_learned(w);

	/* The same address, nominated anew, is told; then the old credentials are over. */
	check(w, &remote, &nominates, 0);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);
	check(w, &remote, &old, 0);
	assert_refused(w, &remote, 401, false);
}

static void test_pairs_are_limited(void **state)
{
	struct world *w = *state;
	const uint64_t second = rte_get_tsc_hz();
	struct endpoint remote[LEG_PAIRS + 1];

	for (unsigned int k = 0; k <= LEG_PAIRS; k++)
		remote[k] = bench_endpoint("203.0.113.7", 40000 + k);
	/* The nominated pair is the one that was checked least recently. */
	for (unsigned int k = 0; k < LEG_PAIRS; k++) {
		check(w, &remote[k], &(struct check){.nominate = k == 0}, k * second);
		assert_success(w, &remote[k], password);
	}
	assert_learned(w, &remote[0]);
	/* Of the others the one that was checked longest ago makes room, at once. */
	check(w, &remote[LEG_PAIRS], &(struct check){0}, 5 * second);
	assert_success(w, &remote[LEG_PAIRS], password);
	assert_int_equal(w->leg.pair_count, LEG_PAIRS);
	assert_true(endpoint_equal(&w->leg.pairs[0].remote, &remote[0]));
	assert_true(endpoint_equal(&w->leg.pairs[1].remote, &remote[LEG_PAIRS]));
	assert_true(endpoint_equal(&w->leg.pairs[2].remote, &remote[2]));
}

static void test_old_pairs_make_room_after_restart(void **state)
{
	struct world *w = *state;
	struct endpoint remote[LEG_PAIRS + 1];

	for (unsigned int k = 0; k <= LEG_PAIRS; k++)
		remote[k] = bench_endpoint("203.0.113.7", 40000 + k);
	for (unsigned int k = 0; k < LEG_PAIRS; k++) {
		check(w, &remote[k], &(struct check){.nominate = k == 0}, 0);
		assert_success(w, &remote[k], password);
	}
	assert_learned(w, &remote[0]);
	restart(w);
	for (unsigned int k = 1; k < LEG_PAIRS; k++) {
		check(w, &remote[k], &(struct check){0}, 1000 * k);
		assert_success(w, &remote[k], password);
	}
	/* The nominated pair is of before the restart, and stays until another is nominated. */
	check(w, &remote[LEG_PAIRS], &(struct check){.nominate = true}, 0);
	assert_success(w, &remote[LEG_PAIRS], password);
	assert_learned(w, &remote[LEG_PAIRS]);
	check(w, &remote[1], &(struct check){0}, 0);
	assert_success(w, &remote[1], password);
	assert_true(endpoint_equal(&w->leg.pairs[0].remote, &remote[1]));
}

/* A transaction counts once, no matter who sends it and from where. */
static void test_replays(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000),
			      thief = bench_endpoint("203.0.113.66", 40000);
	const uint64_t second = rte_get_tsc_hz();
	struct seen seen = {.key = {1, 2}};
	struct forge r;
	uint64_t checked;

	w->terms.credentials[0].seen = &seen;
	write_check(&r, &(struct check){.nominate = true});
	receive(w, &remote, r.octets, r.length, 0);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);
	checked = w->leg.pairs[0].checked;

	/* From another address: nothing is answered or learnt. */
	receive(w, &thief, r.octets, r.length, second);
	assert_dropped(w, DROP_STUN_REPLAY);
	assert_int_equal(w->leg.pair_count, 1);
	/* From the same one it is a retransmission, and no consent. */
	receive(w, &remote, r.octets, r.length, second);
	assert_success(w, &remote, password);
	assert_int_equal(w->leg.pairs[0].checked, checked);
	receive(w, &remote, r.octets, r.length, 41 * second);
	assert_dropped(w, DROP_STUN_REPLAY);
	assert_nothing_learned(w);

	/* A check that was refused, or is no check, does not enter. */
	w->terms.credentials[0].seen = &(struct seen){.key = {1, 2}};
	check(w, &remote, &(struct check){.password = "wrong"}, 0);
	bench_release(&w->burst);
	check(w, &remote, &(struct check){0}, 0);
	assert_success(w, &remote, password);
	assert_true(w->leg.pairs[0].checked > checked);
}

/* While the old address is heard, a check alone does not take its media away. */
static void test_a_new_address_proves_itself(void **state)
{
	struct world *w = *state;
	const struct endpoint old = bench_endpoint("203.0.113.7", 40000),
			      new = bench_endpoint("203.0.113.8", 40000);
	const struct check nominates = {.nominate = true};
	const uint64_t second = rte_get_tsc_hz();
	uint64_t now;

	check(w, &old, &nominates, 0);
	assert_success(w, &old, password);
	assert_learned(w, &old);
	w->leg.flow.last_packet = now = w->burst.now;

	check(w, &new, &nominates, 0);
	assert_success(w, &new, password);
	assert_nothing_learned(w);
	leg_prefer(w->bench->worker, &w->leg, 0, &old, true, now + second / 2);
	leg_prefer(w->bench->worker, &w->leg, 0, &new, false, now + second);
	assert_nothing_learned(w);
	/* A right tag, and it has the media. */
	leg_prefer(w->bench->worker, &w->leg, 0, &new, true, now + second);
	assert_learned(w, &new);

	/* Back again: silence for a second will do. */
	w->leg.heard = 0;
	check(w, &old, &nominates, second);
	assert_success(w, &old, password);
	assert_nothing_learned(w);
	check(w, &old, &nominates, second + second / 2);
	assert_success(w, &old, password);
	assert_nothing_learned(w);
	check(w, &old, &nominates, 3 * second);
	assert_success(w, &old, password);
	assert_learned(w, &old);
}

static void test_consent(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000);
	const uint64_t expiry = LEG_CONSENT_SECONDS * rte_get_tsc_hz();

	check(w, &remote, &(struct check){.nominate = true}, 0);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);
	check(w, &remote, &(struct check){0}, expiry / 2);
	assert_success(w, &remote, password);
	assert_int_equal(w->leg.pairs[0].checked, w->burst.now);
	assert_nothing_learned(w);
	/* So late that the main lcore may just be giving up: it is told not to. */
	check(w, &remote, &(struct check){0}, expiry / 2 + expiry - rte_get_tsc_hz() / 2);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);
	/* Expired and back: the main lcore, which had withdrawn the egress, hears of it. */
	check(w, &remote, &(struct check){0}, 3 * expiry);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);
}

static void test_main_lcore_is_behind(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000);
	struct notice n = {0};
	unsigned int filled = 0;

	while (worker_notify(w->bench->worker, n))
		filled++;
	check(w, &remote, &(struct check){.nominate = true}, 0);
	assert_dropped(w, DROP_PUNT_FULL);
	assert_true(endpoint_is_unset(&w->leg.remote[0]));
	while (filled--)
		assert_true(bench_take_notice(w->bench, &n));
	check(w, &remote, &(struct check){.nominate = true}, 0);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);
}

static void test_components_are_apart(void **state)
{
	struct world *w = *state;
	const struct endpoint remote = bench_endpoint("203.0.113.7", 40000);
	struct forge r;
	struct endpoint local = local_endpoint(&remote);
	uint8_t frame[1500];
	struct notice n;

	check(w, &remote, &(struct check){.nominate = true}, 0);
	assert_success(w, &remote, password);
	assert_learned(w, &remote);

	write_check(&r, &(struct check){.nominate = true});
	bench_receive(w->bench, &w->burst, frame,
		      bench_put_udp(frame, w->bench, &remote, &local, r.octets, r.length));
	w->burst.leg[0] = &w->leg;
	w->burst.component[0] = 1;
	ice_stage(w->bench->worker, &w->burst);
	assert_success(w, &remote, password);
	assert_int_equal(w->leg.pair_count, 2);
	assert_true(bench_take_notice(w->bench, &n));
	assert_int_equal(n.component, 1);
	assert_true(endpoint_equal(&w->leg.remote[1], &remote));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_success),
		CASE(test_any_remote_fragment),
		CASE(test_refusals),
		CASE(test_drops),
		CASE(test_nomination),
		CASE(test_restart),
		CASE(test_pairs_are_limited),
		CASE(test_old_pairs_make_room_after_restart),
		CASE(test_replays),
		CASE(test_a_new_address_proves_itself),
		CASE(test_consent),
		CASE(test_main_lcore_is_behind),
		CASE(test_components_are_apart),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
