/* SPDX-License-Identifier: BSD-3-Clause */
/* What the registry does not accept, and what it says then. */
#include "dataplane/main/workers.h"
#include "tests/rig/counting.h"

static void break_id(struct put *p)
{
	p->m.leg = 0;
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
	p->m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS;
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
		{break_ice_mux, EOPNOTSUPP, "ice: with DTLS needs rtcp_mux"},
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
		relay_expect_error(r, relay_put(r, &p), table[k].error, table[k].what);
		assert_int_equal(registry_count(r->registry), 0);
		assert_false(relay_is_open(r, TRUNK_IPV4, 20000));
	}
	/* And the same of a leg that exists: nothing about it changes. */
	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	for (unsigned int k = 1; k < RTE_DIM(table); k++) {
		const struct leg_config *before = relay_config(r, 1);

		put_phone(&p);
		p.m.revision = 77;
		table[k].spoil(&p);
		assert_int_not_equal(relay_put(r, &p), 0);
		assert_ptr_equal(relay_config(r, 1), before);
		assert_int_equal(relay_record(r, 1)->revision, 0);
	}
}

static void ports_belong_to_one_leg(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	put_init(&p, 3, 0, TRUNK_IPV4, 20000, NULL, 0);
	relay_expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	p.local.port = 20001; /* the other one of the pair */
	p.m.rtcp_mux = true;
	relay_expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	p.local.port = 20003;
	assert_int_equal(relay_put(r, &p), 0);
	/* A pair whose second half is taken. */
	put_init(&p, 4, 0, TRUNK_IPV4, 20002, NULL, 0);
	relay_expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	p.m.rtcp_mux = true;
	assert_int_equal(relay_put(r, &p), 0);
	p.m.rtcp_mux = false;
	relay_expect_error(r, relay_put(r, &p), EADDRINUSE, "local: another leg has this port");
	/* The same number at another address is another port. */
	put_init(&p, 5, 0, PUBLIC_IPV4, 20000, NULL, 0);
	assert_int_equal(relay_put(r, &p), 0);
	p.local.port = 20004;
	relay_expect_error(r, relay_put(r, &p), EBUSY, "local: a leg keeps its address and port");
	put_init(&p, 5, 0, TRUNK_IPV4, 20000, NULL, 0);
	relay_expect_error(r, relay_put(r, &p), EBUSY, "local: a leg keeps its address and port");
}

static void a_full_mailbox_is_told(void **state)
{
	struct relay *r = *state;
	struct keys k;
	struct put p;

	put_phone(&p);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	while (workers_have_room(&r->dataplane))
		assert_int_equal(record_repost(r->registry, relay_record(r, 1)), 0);
	relay_expect_error(r, relay_put(r, &p), EAGAIN, "a worker does not keep up");
	relay_expect_error(r, relay_delete(r, 1), EAGAIN, "a worker does not keep up");
	keys_init(&k, 1, 1, SUITE_AEAD_AES_128_GCM);
	relay_expect_error(r, relay_put_keys(r, &k), EAGAIN, "a worker does not keep up");
	assert_int_equal(counting.created, 0);
	relay_run(r);
	assert_int_equal(relay_put(r, &p), 0);
	assert_int_equal(relay_put_keys(r, &k), 0);
	assert_int_equal(relay_delete(r, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(names_what_is_wrong),
		CASE(ports_belong_to_one_leg),
		CASE_TWO(a_full_mailbox_is_told),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
