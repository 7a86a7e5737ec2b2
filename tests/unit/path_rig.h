/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call of three through a relay_rig: a phone on the trunk, a browser and somebody else on the
 * public network, with whatever paths a test puts between them.
 */
#ifndef TANDEM_TESTS_PATH_RIG_H
#define TANDEM_TESTS_PATH_RIG_H

#include "tests/unit/pipeline_rig.h"

#define OTHER      "198.51.100.8"
#define OTHER_PORT 41000
#define OTHER_LEG  20004
#define TYPES      16 /* octets of a set of payload types */

struct trio {
	struct scene scene;
	struct side other; /* leg 3 */
	uint8_t types[TYPES];
};

static inline struct trio *trio_create(unsigned int workers, const struct crypt_engine *engine)
{
	struct trio *t = calloc(1, sizeof(*t));

	t->scene.relay = relay_create(workers, 1, engine);
	t->scene.workers = workers;
	return t;
}

static inline void trio_destroy(struct trio *t)
{
	relay_destroy(t->scene.relay);
	free(t);
}

/* The legs, connected with nobody. */
static inline void trio_put(struct trio *t, bool phone_secure, bool browser_secure,
			    bool other_secure)
{
	struct scene *s = &t->scene;

	put_side(s, &s->phone, 1, 0, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT, false,
		 phone_secure);
	put_side(s, &s->browser, 2, 0, relay_local[PUBLIC_IPV4], BROWSER_LEG, BROWSER, BROWSER_PORT,
		 true, browser_secure);
	put_side(s, &t->other, 3, 0, relay_local[PUBLIC_IPV4], OTHER_LEG, OTHER, OTHER_PORT, true,
		 other_secure);
	if (phone_secure)
		put_side_keys(s, &s->phone, 1, 0);
	if (browser_secure)
		put_side_keys(s, &s->browser, 1, 0);
	if (other_secure)
		put_side_keys(s, &t->other, 1, 0);
	relay_run(s->relay);
}

/* A path that a test amends before it is put. */
static inline Tandem__Dataplane__V1__PutPath path_from(const struct side *from,
						       const struct side *to)
{
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;

	put.from = from->leg;
	put.to = to->leg;
	return put;
}

static inline void path_put(struct trio *t, const Tandem__Dataplane__V1__PutPath *put)
{
	assert_int_equal(registry_put_path(t->scene.relay->registry, put, &t->scene.relay->what),
			 0);
	relay_run(t->scene.relay);
}

static inline void path_own(struct trio *t, const struct side *from, const struct side *to)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	path_put(t, &put);
}

static inline void path_branch(struct trio *t, const struct side *from, const struct side *to)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	put.branch = true;
	path_put(t, &put);
}

/* For one payload type. */
static inline void path_only(struct trio *t, const struct side *from, const struct side *to,
			     bool branch, unsigned int type)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	memset(t->types, 0, sizeof(t->types));
	t->types[type / 8] = 1 << type % 8;
	put.branch = branch;
	put.payload_types = (ProtobufCBinaryData){sizeof(t->types), t->types};
	path_put(t, &put);
}

static inline void path_end(struct trio *t, const struct side *from, const struct side *to)
{
	assert_int_equal(relay_delete_path(t->scene.relay, from->leg, to->leg), 0);
	relay_run(t->scene.relay);
}

static inline struct media typed(uint16_t seq, unsigned int type)
{
	struct media m = rtp(seq);

	m.octets[1] = type;
	return m;
}

/* With another number than its content has. */
static inline struct media numbered(struct media m, uint16_t as)
{
	oracle_put(m.octets + 2, as, 2);
	return m;
}

/* One of the frames that came out goes to that participant, with this payload; it is taken. */
static inline void expect_heard(struct trio *t, const struct side *side, const struct media *m)
{
	struct relay *r = t->scene.relay;
	struct relay_frame others[RELAY_FRAMES];
	unsigned int count = r->sent_count, port_at = side->network == TRUNK ? 18 + 22 : 14 + 22;
	struct endpoint to = with_port(side->remote, m->rtcp && !side->mux);
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
	expect_sent(&t->scene, side, m);
	memcpy(r->sent, others, left * sizeof(others[0]));
	r->sent_count = left;
}

static inline void expect_silence(struct trio *t)
{
	assert_int_equal(t->scene.relay->sent_count, 0);
}

#endif
