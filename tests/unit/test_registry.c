/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control plane asks for, and what becomes of legs, ports, keys and egresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>

#include <cmocka.h>

#include "dataplane/record.h"
#include "tests/unit/relay_put.h"

#define PHONE    "203.0.113.9"
#define BROWSER  "198.51.100.9"
#define PASSWORD "0123456789abcdefghijklmn"

/* An engine that makes nothing but keys, and counts them. */
static struct crypt_key *alive[64];
static unsigned int created, refused_after = UINT32_MAX;

static int key_create(struct crypt_key **out, enum srtp_suite suite, enum crypt_direction direction,
		      const uint8_t *key, const uint8_t *salt)
{
	if (created >= refused_after)
		return -ENOTSUP;
	*out = calloc(1, sizeof(**out));
	(*out)->suite = suite;
	(*out)->direction = direction;
	alive[created++ % RTE_DIM(alive)] = *out;
	return 0;
}

static void key_free(struct crypt_key *key)
{
	for (unsigned int k = 0; k < RTE_DIM(alive); k++) {
		if (alive[k] != key)
			continue;
		alive[k] = NULL;
		free(key);
		return;
	}
	fail_msg("freed twice, or never made");
}

static unsigned int count_alive(void)
{
	unsigned int count = 0;

	for (unsigned int k = 0; k < RTE_DIM(alive); k++)
		count += alive[k] != NULL;
	return count;
}

static const struct crypt_engine engine = {
	.name = "counting", .key_create = key_create, .key_free = key_free};

static int create(void **state)
{
	created = 0;
	refused_after = UINT32_MAX;
	*state = relay_create(1, 1, &engine);
	return 0;
}

static int create_two(void **state)
{
	created = 0;
	refused_after = UINT32_MAX;
	*state = relay_create(2, 1, &engine);
	return 0;
}

static int destroy(void **state)
{
	relay_destroy(*state);
	assert_int_equal(count_alive(), 0);
	return 0;
}

/* Leg 1 towards a phone on the trunk, leg 2 towards a browser, each the other's peer. */
static void put_phone(struct put *p)
{
	put_init(p, 1, 2, relay_local[TRUNK_IPV4], 20000, PHONE, 30000);
}

static void put_browser(struct put *p)
{
	put_init(p, 2, 1, relay_local[PUBLIC_IPV4], 20002, BROWSER, 40000);
	p->m.rtcp_mux = true;
}

static void expect_error(struct relay *r, int got, int error, const char *what)
{
	assert_int_equal(got, -error);
	assert_string_equal(r->what, what);
}

static struct record *record(struct relay *r, uint64_t id)
{
	struct record *found = record_find(r->registry, id);

	assert_non_null(found);
	return found;
}

static const struct leg_config *config(struct relay *r, uint64_t id)
{
	relay_run(r);
	assert_ptr_equal(record(r, id)->latest, record(r, id)->leg->config);
	return record(r, id)->leg->config;
}

static Tandem__Dataplane__V1__LegStatus *status(struct relay *r, uint64_t id)
{
	return registry_status(r->registry, registry_find(r->registry, id), true, true);
}

static void status_free(Tandem__Dataplane__V1__LegStatus *s)
{
	tandem__dataplane__v1__leg_status__free_unpacked(s, NULL);
}

static void expect_event(struct relay *r, uint64_t leg, int kind)
{
	assert_int_equal(r->event_count, 1);
	assert_int_equal(r->events[0].leg, leg);
	assert_int_equal(r->events[0].kind, kind);
	r->event_count = 0;
}

/* As ice does when a check passed and nominated. */
static void nominate(struct relay *r, uint64_t id, const char *text, uint16_t port)
{
	struct leg *leg = record(r, id)->leg;

	leg->pairs[0] = (struct leg_pair){.remote = bench_endpoint(text, port),
					  .ice_epoch = leg->config->ice_epoch,
					  .checked = rte_rdtsc()};
	leg->pair_count = 1;
	leg->nominated_epoch = leg->config->ice_epoch;
	assert_true(leg_learn(r->dataplane.workers[leg->worker], leg, 0, &leg->pairs[0].remote));
	relay_run(r);
}

/* --- what is wrong with a PutLeg ------------------------------------------------------------- */

static void break_id(struct put *p)
{
	p->m.leg = 0;
}
static void break_blob(struct put *p)
{
	static uint8_t blob[8193];

	p->m.blob.data = blob;
	p->m.blob.len = sizeof(blob);
}
static void break_local(struct put *p)
{
	p->m.local = NULL;
}
static void break_local_port(struct put *p)
{
	p->local.port = 0;
}
static void break_local_port_high(struct put *p)
{
	p->local.port = 65536;
}
static void break_local_address(struct put *p)
{
	put_endpoint(&p->local, p->octets[0], "203.0.113.2", 20000);
}
static void break_local_length(struct put *p)
{
	p->local.address.len = 5;
}
static void break_pair(struct put *p)
{
	p->local.port = 20001;
}
static void break_remote(struct put *p)
{
	p->remote.address.len = 3;
}
static void break_remote_port(struct put *p)
{
	p->remote.port = 0;
}
static void break_remote_rtcp(struct put *p)
{
	put_endpoint(&p->remote_rtcp, p->octets[2], PHONE, 70000);
	p->m.remote_rtcp = &p->remote_rtcp;
}
static void break_family(struct put *p)
{
	put_endpoint(&p->remote, p->octets[1], "2001:db8:2::9", 30000);
}
static void break_security(struct put *p)
{
	p->m.security = 3;
}
static void break_security_negative(struct put *p)
{
	p->m.security = -1;
}
static void break_ice_mux(struct put *p)
{
	put_ice(p, "abcd", PASSWORD);
	p->m.rtcp_mux = false;
}
static void break_ice_ufrag(struct put *p)
{
	put_ice(p, "abc", PASSWORD);
}
static void break_ice_password(struct put *p)
{
	put_ice(p, "abcd", "0123456789abcdefghijk");
}
static void break_ice_ufrag_long(struct put *p)
{
	put_ice(p, "0123456789012345678901234567890123456", PASSWORD);
}
static void break_ice_remote_ufrag(struct put *p)
{
	put_ice(p, "abcd", PASSWORD);
	p->ice.remote_ufrag = (char *)"0123456789012345678901234567890123456";
}
static void put_clock(struct put *p, uint32_t payload_type, uint32_t hz)
{
	static Tandem__Dataplane__V1__Clock clock, *clocks[] = {&clock};

	tandem__dataplane__v1__clock__init(&clock);
	clock.payload_type = payload_type;
	clock.hz = hz;
	p->m.clocks = clocks;
	p->m.n_clocks = 1;
}
static void break_clock_type(struct put *p)
{
	put_clock(p, 128, 8000);
}
static void break_clock_rate(struct put *p)
{
	put_clock(p, 96, 0);
}
static void break_clock_rate_high(struct put *p)
{
	put_clock(p, 96, 1000001);
}

static void names_what_is_wrong(void **state)
{
	static const char remote[] = "remote: needs an address of 4 or 16 octets and a port";
	static const char ice[] =
		"ice: needs a ufrag of 4 characters and a password of 22 at least";
	static const char clocks[] =
		"clocks: needs a payload type up to 127 and a rate up to 1 MHz";
	static const char local[] = "local: needs an address and a port";
	static const struct {
		void (*spoil)(struct put *p);
		int error;
		const char *what;
	} table[] = {
		{break_id, EINVAL, "leg: needs an id that is not 0"},
		{break_blob, EMSGSIZE, "blob: larger than 8 KiB"},
		{break_local, EINVAL, local},
		{break_local_port, EINVAL, local},
		{break_local_port_high, EINVAL, local},
		{break_local_address, EADDRNOTAVAIL, "local: none of the media addresses"},
		{break_local_length, EADDRNOTAVAIL, "local: none of the media addresses"},
		{break_pair, EINVAL, "local: a pair of ports begins with an even one"},
		{break_remote, EINVAL, remote},
		{break_remote_port, EINVAL, remote},
		{break_remote_rtcp, EINVAL,
		 "remote_rtcp: needs an address of 4 or 16 octets and a port"},
		{break_family, EINVAL, "remote: not of the local address's family"},
		{break_security, EINVAL, "security: not one that this version knows"},
		{break_security_negative, EINVAL, "security: not one that this version knows"},
		{break_ice_mux, EOPNOTSUPP, "ice: needs rtcp_mux"},
		{break_ice_ufrag, EINVAL, ice},
		{break_ice_password, EINVAL, ice},
		{break_ice_ufrag_long, EINVAL, "ice: local_ufrag is longer than 35 characters"},
		{break_ice_remote_ufrag, EINVAL, "ice: remote_ufrag is longer than 35 characters"},
		{break_clock_type, EINVAL, clocks},
		{break_clock_rate, EINVAL, clocks},
		{break_clock_rate_high, EINVAL, clocks},
	};
	struct relay *r = *state;
	struct put p;

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		put_phone(&p);
		table[k].spoil(&p);
		expect_error(r, relay_put(r, &p), table[k].error, table[k].what);
		assert_int_equal(registry_count(r->registry), 0);
		assert_int_equal(r->port_calls, 0);
	}
	/* And the same of a leg that exists: nothing about it changes. */
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int k = 1; k < RTE_DIM(table); k++) {
		const struct leg_config *before = config(r, 1);

		put_phone(&p);
		p.m.peer = 77;
		table[k].spoil(&p);
		assert_int_not_equal(relay_put(r, &p), 0);
		assert_ptr_equal(config(r, 1), before);
		assert_int_equal(record(r, 1)->peer, 2);
	}
	assert_int_equal(r->port_calls, 2);
}

static void ports_belong_to_one_leg(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_init(&p, 3, 0, relay_local[TRUNK_IPV4], 20000, NULL, 0);
	expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	p.local.port = 20001; /* the other one of the pair */
	p.m.rtcp_mux = true;
	expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	p.local.port = 20003;
	assert_int_equal(relay_put(r, &p), 0);
	/* A pair whose second half is taken. */
	put_init(&p, 4, 0, relay_local[TRUNK_IPV4], 20002, NULL, 0);
	expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	p.m.rtcp_mux = false;
	expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	/* The same number at another address is another port. */
	put_init(&p, 5, 0, relay_local[PUBLIC_IPV4], 20000, NULL, 0);
	assert_int_equal(relay_put(r, &p), 0);
	p.local.port = 20004;
	expect_error(r, relay_put(r, &p), EBUSY, "local: a leg keeps its address and port");
	put_init(&p, 5, 0, relay_local[TRUNK_IPV4], 20000, NULL, 0);
	expect_error(r, relay_put(r, &p), EBUSY, "local: a leg keeps its address and port");
}

static void opens_and_closes_ports(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(r->open[TRUNK_IPV4][20000] && r->open[TRUNK_IPV4][20001]);
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(r->port_calls, 2);
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(r->open[TRUNK_IPV4][20000]);
	assert_false(r->open[TRUNK_IPV4][20001]);
	p.m.rtcp_mux = false;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(r->open[TRUNK_IPV4][20001]);
	assert_int_equal(flow_entry_load(&r->dataplane, TRUNK_IPV4, 20001).component, 1);
	assert_int_equal(relay_delete(r, 1), 0);
	assert_false(r->open[TRUNK_IPV4][20000] || r->open[TRUNK_IPV4][20001]);
	assert_int_equal(flow_entry_load(&r->dataplane, TRUNK_IPV4, 20000).kind, FLOW_CLOSED);
	assert_int_equal(r->port_calls, 6);
	expect_error(r, relay_delete(r, 1), ENOENT, "leg: no such leg");
}

static void the_last_port_has_none_above_it(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_init(&p, 1, 0, relay_local[PUBLIC_IPV6], 65535, "2001:db8:1::9", 65535);
	expect_error(r, relay_put(r, &p), EINVAL, "local: a pair of ports begins with an even one");
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_delete(r, 1), 0);
	assert_int_equal(r->port_calls, 2);
}

static void peers_come_in_any_order(void **state)
{
	for (unsigned int order = 0; order < 2; order++) {
		struct relay *r = *state;
		struct put phone, browser;

		put_phone(&phone);
		put_browser(&browser);
		assert_int_equal(relay_put(r, order ? &phone : &browser), 0);
		assert_null(config(r, order ? 1 : 2)->peer);
		assert_false(config(r, order ? 1 : 2)->forward);
		assert_int_equal(relay_put(r, order ? &browser : &phone), 0);
		assert_ptr_equal(config(r, 1)->peer, record(r, 2)->leg);
		assert_ptr_equal(config(r, 2)->peer, record(r, 1)->leg);
		assert_true(config(r, 1)->forward && config(r, 2)->forward);
		assert_true(config(r, 1)->peer_rtcp_mux);
		assert_false(config(r, 2)->peer_rtcp_mux);
		assert_int_equal(relay_delete(r, 1), 0);
		assert_null(config(r, 2)->peer);
		assert_int_equal(relay_delete(r, 2), 0);
		relay_run(r);
	}
}

/* A leg that names one that does not name it back is connected with nobody. */
static void both_must_agree(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_browser(&p);
	p.m.peer = 3;
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(config(r, 1)->peer);
	assert_null(config(r, 2)->peer);
	put_init(&p, 3, 2, relay_local[TRUNK_IPV4], 20004, PHONE, 30004);
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(config(r, 1)->peer);
	assert_ptr_equal(config(r, 2)->peer, record(r, 3)->leg);
	/* The browser is transferred to leg 1: leg 3 hears of it. */
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	assert_ptr_equal(config(r, 1)->peer, record(r, 2)->leg);
	assert_null(config(r, 3)->peer);
	/* A leg is nobody's peer of itself. */
	put_init(&p, 4, 4, relay_local[TRUNK_IPV4], 20006, PHONE, 30006);
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(config(r, 4)->peer);
}

static void hold_stops_each_direction(void **state)
{
	struct relay *r = *state;
	struct put phone, browser;

	put_phone(&phone);
	put_browser(&browser);
	assert_int_equal(relay_put(r, &phone), 0);
	for (unsigned int flags = 0; flags < 16; flags++) {
		phone.m.receive = flags & 1;
		phone.m.send = flags & 2;
		browser.m.receive = flags & 4;
		browser.m.send = flags & 8;
		assert_int_equal(relay_put(r, &phone), 0);
		assert_int_equal(relay_put(r, &browser), 0);
		assert_int_equal(config(r, 1)->forward, (flags & 1) && (flags & 8));
		assert_int_equal(config(r, 2)->forward, (flags & 4) && (flags & 2));
	}
}

static void the_same_again_changes_nothing(void **state)
{
	struct relay *r = *state;
	struct leg_config before;
	const struct egress *egress[LEG_COMPONENTS];
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	assert_int_equal(relay_put(r, &p), 0);
	before = *config(r, 1);
	memcpy(egress, record(r, 1)->leg->egress, sizeof(egress));
	assert_non_null(egress[0]);
	assert_non_null(egress[1]);
	assert_int_equal(relay_put(r, &p), 0);
	assert_memory_equal(config(r, 1), &before, sizeof(before));
	assert_memory_equal(record(r, 1)->leg->egress, egress, sizeof(egress));
	assert_int_equal(registry_count(r->registry), 1);
	assert_int_equal(r->event_count, 0);
}

static void sends_to_the_signalled_address(void **state)
{
	struct relay *r = *state;
	const struct egress *const *egress;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	egress = (const struct egress *const *)record(r, 1)->leg->egress;
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		struct endpoint to = bench_endpoint(PHONE, 30000 + c);

		assert_true(endpoint_equal(&egress[c]->remote, &to));
	}
	/* RTCP where the SDP says so (RFC 3605). */
	put_endpoint(&p.remote_rtcp, p.octets[2], "203.0.113.8", 555);
	p.m.remote_rtcp = &p.remote_rtcp;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(rte_be_to_cpu_16(egress[1]->remote.port), 555);
	assert_int_equal(rte_be_to_cpu_16(egress[0]->remote.port), 30000);
	/* With rtcp-mux the second component has no port to send from. */
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(egress[1]);
	p.m.rtcp_mux = false;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(rte_be_to_cpu_16(egress[1]->remote.port), 555);
	assert_int_equal(egress[1]->header[egress[1]->length - 7], 20001 & 0xff);
	/* And nowhere when it is not known any more. */
	p.m.remote = p.m.remote_rtcp = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(egress[0]);
	assert_int_equal(record(r, 1)->leg->mute, DROP_NO_ADDRESS);
}

static void says_when_there_is_no_way(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_endpoint(&p.remote, p.octets[1], "198.18.0.1", 30000); /* no gateway leads there */
	assert_int_equal(relay_put(r, &p), 0);
	assert_null(record(r, 1)->leg->egress[0]);
	assert_int_equal(record(r, 1)->leg->mute, DROP_NO_ROUTE);
}

/* The window opens with a new address, not with the same one again. */
static void the_latching_window_opens_once(void **state)
{
	struct relay *r = *state;
	uint64_t until;
	struct put p;

	put_init(&p, 1, 0, relay_local[TRUNK_IPV4], 20000, NULL, 0);
	p.m.latch_ms = 5000;
	assert_int_equal(relay_put(r, &p), 0);
	until = config(r, 1)->latch_until;
	assert_in_range(until, rte_rdtsc(), rte_rdtsc() + 5 * rte_get_tsc_hz());
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(config(r, 1)->latch_until, until);
	put_phone(&p);
	p.m.latch_ms = UINT32_MAX;
	assert_int_equal(relay_put(r, &p), 0);
	assert_in_range(config(r, 1)->latch_until, rte_rdtsc() + 4000000 * rte_get_tsc_hz(),
			rte_rdtsc() + 4300000 * rte_get_tsc_hz());
	p.remote.port++;
	p.m.latch_ms = 0;
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(config(r, 1)->latch_until, 0);
}

/* The worker latched, and before the main lcore heard of it the SDP named another address. */
static void what_was_learnt_too_late_is_void(void **state)
{
	struct relay *r = *state;
	struct endpoint learnt = bench_endpoint(PHONE, 31000), named = bench_endpoint(PHONE, 32000);
	struct leg *leg;
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 5000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	leg = record(r, 1)->leg;
	assert_true(leg_learn(r->dataplane.workers[0], leg, 0, &learnt));
	p.remote.port = 32000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_true(endpoint_equal(&leg->remote[0], &named));
	assert_true(endpoint_equal(&leg->egress[0]->remote, &named));
	assert_int_equal(r->event_count, 0);
	assert_true(leg_learn(r->dataplane.workers[0], leg, 0, &learnt));
	relay_run(r);
	assert_true(endpoint_equal(&leg->egress[0]->remote, &learnt));
	expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
}

static void an_ice_restart_keeps_the_pair(void **state)
{
	struct relay *r = *state;
	struct endpoint first = bench_endpoint(BROWSER, 40000);
	struct endpoint second = bench_endpoint(BROWSER, 40001);
	struct leg *leg;
	struct put p;

	put_browser(&p);
	put_ice(&p, "aaaa", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	leg = record(r, 2)->leg;
	assert_null(leg->egress[0]); /* whatever the SDP's c= line says */
	assert_int_equal(config(r, 2)->ice_epoch, 1);
	nominate(r, 2, BROWSER, 40000);
	expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	assert_true(endpoint_equal(&leg->egress[0]->remote, &first));

	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(config(r, 2)->ice_epoch, 1);
	put_ice(&p, "bbbb", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(config(r, 2)->ice_epoch, 2);
	assert_string_equal(config(r, 2)->credentials[0].local_ufrag, "bbbb");
	assert_string_equal(config(r, 2)->credentials[1].local_ufrag, "aaaa");
	assert_true(endpoint_equal(&leg->egress[0]->remote, &first));
	assert_true(endpoint_equal(&leg->remote[0], &first));
	nominate(r, 2, BROWSER, 40001);
	assert_true(endpoint_equal(&leg->egress[0]->remote, &second));
	expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	/* Without ICE it is the SDP's word again. */
	p.m.ice = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	assert_true(endpoint_equal(&leg->egress[0]->remote, &first));
	relay_run(r);
	assert_true(endpoint_equal(&leg->remote[0], &first));
}

static void consent_expires(void **state)
{
	struct relay *r = *state;
	Tandem__Dataplane__V1__LegStatus *s;
	struct leg *leg;
	struct put p;

	put_browser(&p);
	put_ice(&p, "aaaa", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	s = status(r, 2);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING);
	status_free(s);
	nominate(r, 2, BROWSER, 40000);
	expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	s = status(r, 2);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED);
	assert_int_equal(s->remote->port, 40000);
	status_free(s);

	leg = record(r, 2)->leg;
	leg->pairs[0].checked = rte_rdtsc() - 29 * rte_get_tsc_hz();
	relay_run(r);
	assert_int_equal(r->event_count, 0);
	leg->pairs[0].checked -= 2 * rte_get_tsc_hz();
	relay_run(r);
	expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST);
	assert_null(leg->egress[0]);
	assert_int_equal(leg->mute, DROP_NO_CONSENT);
	relay_run(r); /* once */
	assert_int_equal(r->event_count, 0);
	s = status(r, 2);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONSENT_LOST);
	assert_null(s->remote);
	status_free(s);
	nominate(r, 2, BROWSER, 40000);
	expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	assert_non_null(leg->egress[0]);
}

static void media_that_stays_away_is_told_once(void **state)
{
	struct relay *r = *state;
	uint64_t ms = rte_get_tsc_hz() / 1000;
	struct leg *leg;
	struct put p;

	put_phone(&p);
	p.m.media_timeout_ms = 60000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(r->event_count, 0);
	leg = record(r, 1)->leg;
	record(r, 1)->created -= 61000 * ms; /* it has never sent */
	relay_run(r);
	expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT);
	relay_run(r);
	assert_int_equal(r->event_count, 0);
	leg->flow.last_packet = rte_rdtsc();
	relay_run(r);
	leg->flow.last_packet -= 59000 * ms;
	relay_run(r);
	assert_int_equal(r->event_count, 0);
	leg->flow.last_packet -= 2000 * ms;
	relay_run(r);
	expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT);
	p.m.media_timeout_ms = 0;
	assert_int_equal(relay_put(r, &p), 0);
	record(r, 1)->timed_out = false;
	relay_run(r);
	assert_int_equal(r->event_count, 0);
}

/* --- keys ------------------------------------------------------------------------------------ */

static void names_what_is_wrong_with_keys(void **state)
{
	struct relay *r = *state;
	struct keys k;
	struct put p;

	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	expect_error(r, relay_put_keys(r, &k), ENOENT, "leg: no such leg");
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	expect_error(r, relay_put_keys(r, &k), EINVAL, "keys: the leg's profile has no SRTP");
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int which = 0; which < 4; which++) {
		ProtobufCBinaryData *data[] = {&k.m.receive_key, &k.m.receive_salt, &k.m.send_key,
					       &k.m.send_salt};

		data[which]->len--;
		expect_error(r, relay_put_keys(r, &k), EINVAL, "keys: not of the suite's lengths");
		data[which]->len++;
	}
	k.m.suite = SUITE_COUNT;
	expect_error(r, relay_put_keys(r, &k), EINVAL, "suite: not one that this version knows");
	k.m.suite = SUITE_NONE;
	expect_error(r, relay_put_keys(r, &k), EINVAL, "suite: not one that this version knows");
	k.m.suite = SUITE_AEAD_AES_128_GCM;
	k.m.epoch = 0;
	expect_error(r, relay_put_keys(r, &k), ESTALE, "epoch: older than the current one");
	k.m.epoch = 1;
	for (refused_after = 0; refused_after < 2; refused_after++) {
		created = 0;
		expect_error(r, relay_put_keys(r, &k), ENOTSUP,
			     "suite: the crypto engine does not take this key");
		assert_int_equal(count_alive(), 0);
		assert_int_equal(record(r, 1)->key_epoch, 0);
	}
	refused_after = UINT32_MAX;
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(count_alive(), 2);
}

static void epochs_go_forward(void **state)
{
	struct relay *r = *state;
	const struct leg_config *now;
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	keys_init(&k, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(created, 2); /* twice is once */
	assert_null(config(r, 1)->receive_previous);
	assert_int_equal(config(r, 1)->receive->direction, CRYPT_RECEIVE);
	assert_int_equal(config(r, 2)->send->direction, CRYPT_SEND);
	assert_true(config(r, 2)->peer_secure);
	assert_null(config(r, 1)->send);

	keys_init(&k, 1, 2, SUITE_AEAD_AES_256_GCM);
	k.m.grace_ms = 2000;
	assert_int_equal(relay_put_keys(r, &k), 0);
	now = config(r, 1);
	assert_int_equal(now->receive->epoch, 2);
	assert_int_equal(now->receive->suite, SUITE_AEAD_AES_256_GCM);
	assert_int_equal(now->receive_previous->epoch, 1);
	assert_in_range(now->grace_until, rte_rdtsc(), rte_rdtsc() + 2 * rte_get_tsc_hz());
	assert_int_equal(config(r, 2)->send->epoch, 2);
	assert_int_equal(count_alive(), 3);

	keys_init(&k, 1, 1, SUITE_AES_CM_128_HMAC_SHA1_80);
	expect_error(r, relay_put_keys(r, &k), ESTALE, "epoch: older than the current one");
	keys_init(&k, 1, 3, SUITE_AEAD_AES_256_GCM);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	assert_int_equal(count_alive(), 3); /* the first epoch is gone */
	assert_int_equal(config(r, 1)->receive_previous->epoch, 2);
}

/* A key lives as long as somebody may use it, and no longer. */
static void keys_go_when_the_workers_let_go(void **state)
{
	struct relay *r = *state;
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	assert_int_equal(relay_delete(r, 1), 0);
	for (unsigned int turn = 0; turn < 3; turn++)
		registry_poll(r->registry);
	assert_int_equal(count_alive(), 2); /* both workers' configurations name one each */
	relay_run(r);
	assert_int_equal(count_alive(), 0);
	assert_null(config(r, 2)->send);
	assert_false(config(r, 2)->peer_secure);
}

/* --- slots, blobs, status -------------------------------------------------------------------- */

static void a_slot_serves_again_when_nobody_names_it(void **state)
{
	struct relay *r = *state;
	struct put p;

	for (uint64_t id = 1; id <= RELAY_LEGS; id++) {
		put_init(&p, id, id % 2 ? id + 1 : id - 1, relay_local[TRUNK_IPV4], 20000 + 2 * id,
			 PHONE, 30000 + 2 * id);
		assert_int_equal(relay_put(r, &p), 0);
	}
	relay_run(r);
	put_init(&p, 99, 0, relay_local[TRUNK_IPV4], 21000, NULL, 0);
	expect_error(r, relay_put(r, &p), ENOSPC, "no free leg: raise [dataplane] legs");

	assert_int_equal(relay_delete(r, 1), 0);
	assert_int_equal(registry_count(r->registry), RELAY_LEGS - 1);
	expect_error(r, relay_put(r, &p), ENOSPC, "no free leg: raise [dataplane] legs");
	/* Leg 1's own worker is done with it, leg 2's still has it for a peer. */
	relay_work(r, record(r, 2)->leg->worker ^ 1);
	registry_poll(r->registry);
	expect_error(r, relay_put(r, &p), ENOSPC, "no free leg: raise [dataplane] legs");
	relay_run(r);
	assert_int_equal(relay_put(r, &p), 0);
	assert_ptr_equal(config(r, 99)->peer, NULL);
	assert_null(record(r, 99)->leg->egress[0]);
	assert_int_equal(record(r, 99)->leg->flow.packets, 0);
}

static void a_late_notice_does_not_reach_the_next_leg(void **state)
{
	struct relay *r = *state;
	struct endpoint stranger = bench_endpoint(PHONE, 1);
	struct notice n = {.kind = NOTICE_KEYS_STALE};
	struct worker *w = r->dataplane.workers[0];
	struct put p;

	put_phone(&p);
	p.m.latch_ms = 1000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	/* The worker writes much, the last of it about the leg, and only then clears it. */
	n.leg = record(r, 1)->leg;
	while (rte_ring_free_count(w->notices) > 1)
		assert_true(worker_notify(w, n));
	assert_true(leg_learn(w, n.leg, 0, &stranger));
	assert_int_equal(relay_delete(r, 1), 0);
	worker_obey(w);
	registry_poll(r->registry);
	assert_true(rte_ring_empty(w->notices));
	put_phone(&p);
	p.m.leg = 7;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(rte_be_to_cpu_16(record(r, 7)->leg->egress[0]->remote.port), 30000);
	assert_int_equal(r->event_count, 0);
}

static void keeps_the_blob(void **state)
{
	struct relay *r = *state;
	static uint8_t blob[8192];
	Tandem__Dataplane__V1__LegStatus *s;
	struct put p;

	memset(blob, 0x5a, sizeof(blob));
	put_phone(&p);
	p.m.blob.data = blob;
	p.m.blob.len = sizeof(blob);
	assert_int_equal(relay_put(r, &p), 0);
	s = status(r, 1);
	assert_int_equal(s->blob.len, sizeof(blob));
	assert_memory_equal(s->blob.data, blob, sizeof(blob));
	status_free(s);
	s = registry_status(r->registry, registry_find(r->registry, 1), false, true);
	assert_int_equal(s->blob.len, 0);
	status_free(s);
	p.m.blob.len = 0;
	assert_int_equal(relay_put(r, &p), 0);
	s = status(r, 1);
	assert_int_equal(s->blob.len, 0);
	status_free(s);
}

static void shows_a_leg(void **state)
{
	struct relay *r = *state;
	Tandem__Dataplane__V1__LegStatus *s;
	uint64_t day = 86400 * rte_get_tsc_hz();
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	keys_init(&k, 1, 7, SUITE_AES_CM_128_HMAC_SHA1_32);
	assert_int_equal(relay_put_keys(r, &k), 0);
	relay_run(r);
	s = status(r, 1);
	assert_int_equal(s->leg, 1);
	assert_int_equal(s->peer, 2);
	assert_int_equal(s->local->port, 20000);
	assert_int_equal(s->local->address.len, 4);
	assert_memory_equal(s->local->address.data, ((uint8_t[]){203, 0, 113, 1}), 4);
	assert_memory_equal(s->remote->address.data, ((uint8_t[]){203, 0, 113, 9}), 4);
	assert_int_equal(s->remote->port, 30000);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE);
	assert_int_equal(s->key_epoch, 7);
	assert_int_equal(s->suite, SUITE_AES_CM_128_HMAC_SHA1_32);
	assert_int_equal(s->silence_ms, UINT32_MAX);
	assert_in_range(s->age_ms, 0, 60000);
	status_free(s);
	/* A call that outlives a quarter. */
	record(r, 1)->created -= 100 * day;
	record(r, 1)->leg->flow.last_packet = rte_rdtsc() - 10 * rte_get_tsc_hz();
	s = status(r, 1);
	assert_in_range(s->age_ms, 8640000000, 8640060000);
	assert_in_range(s->silence_ms, 10000, 70000);
	status_free(s);
}

static void walks_in_order(void **state)
{
	struct relay *r = *state;
	uint32_t place = 0;
	unsigned int seen = 0;
	struct put p;

	assert_int_equal(registry_next(r->registry, 0), 0);
	for (uint64_t id = 1; id <= 4; id++) {
		put_init(&p, 100 * id, 0, relay_local[PUBLIC_IPV4], 20000 + 2 * id, NULL, 0);
		assert_int_equal(relay_put(r, &p), 0);
	}
	assert_int_equal(relay_delete(r, 200), 0);
	while ((place = registry_next(r->registry, place))) {
		Tandem__Dataplane__V1__LegStatus *s =
			registry_status(r->registry, place, false, false);

		assert_int_equal(registry_find(r->registry, s->leg), place);
		seen += s->leg;
		status_free(s);
	}
	assert_int_equal(seen, 100 + 300 + 400);
	assert_int_equal(registry_find(r->registry, 200), 0);
	assert_int_equal(registry_next(r->registry, UINT32_MAX), 0);
}

/* --- datagrams and full mailboxes ------------------------------------------------------------ */

static int transmit(struct relay *r, uint64_t leg, const char *to, size_t length)
{
	Tandem__Dataplane__V1__Transmit t = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;
	Tandem__Dataplane__V1__Endpoint e;
	static uint8_t octets[2000] = {22, 0xfe, 0xfd};
	uint8_t address[16];

	t.leg = leg;
	t.datagram.data = octets;
	t.datagram.len = length;
	if (to) {
		put_endpoint(&e, address, to, 5555);
		t.to = &e;
	}
	r->what = "";
	return registry_transmit(r->registry, &t, &r->what);
}

static void transmits(void **state)
{
	static const char unknown[] = "the participant's address is not known yet";
	static const char not_now[] = "the datagram could not be sent now";
	struct relay *r = *state;
	struct put p;

	expect_error(r, transmit(r, 2, NULL, 100), ENOENT, "leg: no such leg");
	put_browser(&p);
	p.m.remote = NULL;
	assert_int_equal(relay_put(r, &p), 0);
	expect_error(r, transmit(r, 2, NULL, 100), EDESTADDRREQ, unknown);
	expect_error(r, transmit(r, 2, "2001:db8:1::9", 100), EINVAL,
		     "to: needs an address of the leg's family and a port");
	/* The first time the next hop is not known: the datagram waits for it. */
	assert_int_equal(transmit(r, 2, BROWSER, 99), 0);
	assert_int_equal(r->sent_count, 0);
	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	assert_int_equal(transmit(r, 2, NULL, 100), 0);
	assert_int_equal(transmit(r, 2, BROWSER, 1472), 0);
	expect_error(r, transmit(r, 2, NULL, 1473), EMSGSIZE, not_now);
	relay_run(r);
	assert_int_equal(r->sent_count, 3);
	assert_int_equal(r->sent[0].length, 42 + 99);
	assert_int_equal(r->sent[1].length, 42 + 100);
	assert_int_equal(r->sent[2].length, 42 + 1472);
	assert_int_equal(r->sent[0].octets[42], 22);
	assert_int_equal(r->sent[0].octets[36] << 8 | r->sent[0].octets[37], 5555);
	assert_int_equal(r->sent[1].octets[36] << 8 | r->sent[1].octets[37], 40000);
	assert_int_equal(r->sent[2].octets[36] << 8 | r->sent[2].octets[37], 5555);
}

static void a_full_mailbox_is_told(void **state)
{
	struct relay *r = *state;
	struct worker *w = r->dataplane.workers[0];
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	while (worker_has_room(w, 8))
		assert_int_equal(record_repost(r->registry, record(r, 1)), 0);
	expect_error(r, relay_put(r, &p), EAGAIN, "a worker does not keep up");
	expect_error(r, relay_delete(r, 1), EAGAIN, "a worker does not keep up");
	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	expect_error(r, relay_put_keys(r, &k), EAGAIN, "a worker does not keep up");
	assert_int_equal(created, 0);
	relay_run(r);
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(relay_delete(r, 1), 0);
}

#define CASE(test)     cmocka_unit_test_setup_teardown(test, create, destroy)
#define CASE_TWO(test) cmocka_unit_test_setup_teardown(test, create_two, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(names_what_is_wrong),
		CASE(ports_belong_to_one_leg),
		CASE(opens_and_closes_ports),
		CASE(the_last_port_has_none_above_it),
		CASE_TWO(peers_come_in_any_order),
		CASE_TWO(both_must_agree),
		CASE(hold_stops_each_direction),
		CASE(the_same_again_changes_nothing),
		CASE(sends_to_the_signalled_address),
		CASE(says_when_there_is_no_way),
		CASE(the_latching_window_opens_once),
		CASE(what_was_learnt_too_late_is_void),
		CASE(an_ice_restart_keeps_the_pair),
		CASE(consent_expires),
		CASE(media_that_stays_away_is_told_once),
		CASE(names_what_is_wrong_with_keys),
		CASE(epochs_go_forward),
		CASE_TWO(keys_go_when_the_workers_let_go),
		CASE_TWO(a_slot_serves_again_when_nobody_names_it),
		CASE(a_late_notice_does_not_reach_the_next_leg),
		CASE(keeps_the_blob),
		CASE(shows_a_leg),
		CASE(walks_in_order),
		CASE(transmits),
		CASE_TWO(a_full_mailbox_is_told),
	};

	if (bench_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
