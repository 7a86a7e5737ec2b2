/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/browser.h"

void browser_put(struct scene *s, const struct terms *t)
{
	struct put p;

	put_init(&p, 2, 1, PUBLIC_IPV4, BROWSER_LEG, t->remote_port ? BROWSER : NULL,
		 t->remote_port);
	p.m.rtcp_mux = t->mux;
	p.m.media_pps = t->pps;
	p.m.media_burst = t->at_once;
	p.m.latch_ms = t->latch_ms;
	p.m.latch_signalled = t->latch_signalled;
	if (t->secure)
		p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	if (t->ice) {
		put_ice(&p, UFRAG, PASSWORD);
		p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS;
	}
	assert_int_equal(relay_put(s->relay, &p), 0);
	s->browser.leg = 2;
	s->browser.network = PUBLIC;
	s->browser.local = bench_endpoint(relay_local[PUBLIC_IPV4], BROWSER_LEG);
	s->browser.remote = bench_endpoint(BROWSER, BROWSER_PORT);
	s->browser.mux = p.m.rtcp_mux;
	relay_run(s->relay);
}

struct leg *browser_leg(const struct scene *s)
{
	return relay_record(s->relay, 2)->leg;
}

struct shed_port *browser_gate(const struct scene *s, unsigned int component)
{
	return relay_shed_port(s->relay, PUBLIC_IPV4, BROWSER_LEG + component);
}

struct endpoint browser_at(uint16_t port)
{
	return bench_endpoint(BROWSER, port);
}

struct packet browser_check(const char *ufrag, const char *password, bool nominate)
{
	static uint32_t transaction;
	struct forge f;
	struct packet m = {.length = 0};

	forge_begin(&f, 0x0001);
	oracle_put(f.octets + 16, ++transaction, 4); /* each check is a new one */
	forge_put(&f, 0x0006, ufrag, strlen(ufrag));
	forge_put(&f, 0x802a, "12345678", 8);
	if (nominate)
		forge_put(&f, 0x0025, NULL, 0);
	forge_sign(&f, password);
	forge_fingerprint(&f);
	memcpy(m.octets, f.octets, f.length);
	m.length = f.length;
	return m;
}

struct packet browser_hello(void)
{
	return (struct packet){.length = 100, .octets = {22, 0xfe, 0xfd}};
}

void browser_send(struct scene *s, const struct endpoint *from, struct packet m)
{
	scene_send_from(s, &s->browser, from, &m);
}

void browser_expect_peers(const struct scene *s, unsigned int component, unsigned int count,
			  const struct endpoint *peers)
{
	const struct shed_port *port = browser_gate(s, component);

	for (unsigned int k = 0; k < SHED_PEERS; k++) {
		assert_int_equal(port->peer_port[k], k < count ? peers[k].port : 0);
		if (k < count)
			assert_memory_equal(port->peer[k].byte, peers[k].address.octets, 16);
	}
}
