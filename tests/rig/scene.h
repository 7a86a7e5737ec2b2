/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call through a relay: what its participants send, plain or protected by the oracle, and what
 * must come out, taken apart octet by octet.
 */
#ifndef TANDEM_TESTS_RIG_SCENE_H
#define TANDEM_TESTS_RIG_SCENE_H

#include "tests/rig/packet.h"
#include "tests/rig/put.h"
#include "tests/rig/test.h"

#define BROWSER6     "2001:db8:1::9"
#define PHONE_PORT   30000
#define BROWSER_PORT 40000
#define PHONE_LEG    20000 /* the relay's ports; of two workers each owns one */
#define BROWSER_LEG  20002
#define SUITE        SUITE_AES_CM_128_HMAC_SHA1_80

/* One participant of the call. */
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
	struct side phone;          /* leg 1, on the trunk, without rtcp-mux */
	struct side browser, other; /* legs 2 and 3, on the public network, with it */
	uint64_t injected;          /* media frames of ours */
};

/* What a test runs on; the scene is its state. */
struct scene_kind {
	unsigned int workers;
	uint16_t queues;
	const struct crypt_engine *engine;
};

extern const struct scene_kind scene_one, scene_two, scene_libsrtp;
extern const struct scene_kind scene_four;
extern const struct scene_kind scene_shared; /* two workers, one queue */

/* Of a group: DPDK and both engines. */
int scene_start(void **state);
int scene_stop(void **state);

/* Of a test, from its scene_kind. */
int scene_set_up(void **state);
int scene_tear_down(void **state);

#define SCENE_WITH(test, set_up, kind)                                                             \
	{                                                                                          \
#test " (" #kind ")", test, set_up, scene_tear_down, (void *)(uintptr_t) & (kind)  \
	}
#define SCENE(test, kind) SCENE_WITH(test, scene_set_up, kind)

/* --- setting up ------------------------------------------------------------------------------ */

void scene_put_side(struct scene *s, struct side *side, uint64_t leg, uint64_t peer,
		    enum relay_address local, uint16_t local_port, const char *remote,
		    uint16_t remote_port, bool mux, bool secure);
void scene_put_keys(struct scene *s, struct side *side, uint32_t epoch, uint32_t grace_ms);

/*
 * What the two participants protect with, `phone` and `browser`, each of one octet: the relay has
 * no key of its own. `side` alone hears of it.
 */
void scene_share_keys(struct scene *s, struct side *side, uint32_t epoch, uint8_t phone,
		      uint8_t browser);

/* Phone and browser, with their first keys. */
void scene_call(struct scene *s, bool phone_secure, bool browser_secure);

/* Three legs that are connected with nobody. */
void scene_trio(struct scene *s, bool phone_secure, bool browser_secure, bool other_secure);

/* --- what goes in ---------------------------------------------------------------------------- */

struct packet scene_rtp(uint16_t seq);
struct packet scene_typed(uint16_t seq, unsigned int type);
struct packet scene_rtcp(void);
void scene_send(struct scene *s, const struct side *side, const struct packet *p);
/* By this queue; nobody has taken it yet. */
void scene_inject(struct scene *s, const struct side *side, unsigned int queue,
		  const struct packet *p);
void scene_send_from(struct scene *s, const struct side *side, const struct endpoint *from,
		     const struct packet *p);

/* --- what comes out -------------------------------------------------------------------------- */

/* The one frame that came out: to that participant, with right headers and this payload. */
void scene_expect(struct scene *s, const struct side *side, const struct packet *p);

/* What the one sends comes out to the other, as `out`. */
void scene_pass(struct scene *s, const struct side *from, const struct packet *in,
		const struct side *to, const struct packet *out);

/* One of the frames that came out; it is taken. */
void scene_expect_heard(struct scene *s, const struct side *side, const struct packet *p);
void scene_expect_silence(const struct scene *s);

/* Silence, and nothing else was dropped since the beginning. */
void scene_expect_drops(const struct scene *s, enum drop reason, uint64_t count);

#endif
