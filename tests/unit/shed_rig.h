/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A browser's leg of a relay_rig, on whatever terms a test wants, and what those who shed floods
 * knows of its ports.
 */
#ifndef TANDEM_TESTS_SHED_RIG_H
#define TANDEM_TESTS_SHED_RIG_H

#include "dataplane/main/legs/record.h"
#include "tests/unit/pipeline_rig.h"
#include "tests/unit/stun_rig.h"

#define UFRAG    "evtj"
#define PASSWORD "0123456789abcdefghijklmn"

/* What the control plane says of the leg; the phone is its peer and needs nothing. */
struct terms {
	bool mux, secure, ice, latch_signalled;
	uint32_t latch_ms;
	uint32_t pps, at_once; /* that its participant may send */
	uint16_t remote_port;  /* of BROWSER; 0: the SDP names no address */
};

static inline void put_browser(struct scene *s, const struct terms *t)
{
	struct put p;

	put_init(&p, 2, 1, relay_local[PUBLIC_IPV4], BROWSER_LEG, t->remote_port ? BROWSER : NULL,
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

static inline struct leg *browser_leg(const struct scene *s)
{
	struct record *record = record_find(s->relay->registry, 2);

	assert_non_null(record);
	return record->leg;
}

static inline struct shed_port *gate(const struct scene *s, unsigned int component)
{
	return &s->relay->dataplane.shed_ports[PUBLIC_IPV4][BROWSER_LEG + component];
}

static inline struct endpoint at(uint16_t port)
{
	return bench_endpoint(BROWSER, port);
}

/* RTP of another SSRC than the rig's. */
static inline struct media rtp_of(uint32_t ssrc, uint16_t seq)
{
	struct media m = rtp(seq);

	oracle_put(m.octets + 8, ssrc, 4);
	return m;
}

static inline struct media ice_check(const char *ufrag, const char *password, bool nominate)
{
	static uint32_t transaction;
	struct stun_rig r;
	struct media m = {.length = 0};

	rig_begin(&r, 0x0001);
	oracle_put(r.octets + 16, ++transaction, 4); /* each check is a new one */
	rig_put(&r, 0x0006, ufrag, strlen(ufrag));
	rig_put(&r, 0x802a, "12345678", 8);
	if (nominate)
		rig_put(&r, 0x0025, NULL, 0);
	rig_sign(&r, password);
	rig_fingerprint(&r);
	memcpy(m.octets, r.octets, r.length);
	m.length = r.length;
	return m;
}

#define ICE_CHECK ice_check(UFRAG ":h6vY", PASSWORD, false)
#define NOMINATE  ice_check(UFRAG ":h6vY", PASSWORD, true)

/* The first octets of a ClientHello. */
static inline struct media client_hello(void)
{
	return (struct media){.length = 100, .octets = {22, 0xfe, 0xfd}};
}

static inline void send_browser(struct scene *s, const struct endpoint *from, struct media m)
{
	send_from(s, &s->browser, from, &m);
}

/* These may speak, in this order, and nobody else. */
static inline void expect_peers(const struct scene *s, unsigned int component, unsigned int count,
				const struct endpoint *peers)
{
	const struct shed_port *port = gate(s, component);

	for (unsigned int k = 0; k < SHED_PEERS; k++) {
		assert_int_equal(port->peer_port[k], k < count ? peers[k].port : 0);
		if (k < count)
			assert_memory_equal(port->peer[k].byte, peers[k].address.octets, 16);
	}
}

#define PEERS(...)                                                                                 \
	sizeof((struct endpoint[]){__VA_ARGS__}) / sizeof(struct endpoint), (struct endpoint[])    \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static inline void expect_nobody(const struct scene *s, unsigned int component)
{
	expect_peers(s, component, 0, NULL);
}

#endif
