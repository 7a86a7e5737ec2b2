/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN and TURN (RFC 8489, RFC 8656) in the worker. Where the server listens: Binding requests and
 * challenges are answered in place; a request that meets its challenge goes to the main lcore; what
 * a client sends to a peer is unwrapped. A peer that is a leg of this relay gets it in the same
 * burst, as if it had come by the wire from the relayed address; other peers get it by the wire.
 * What peers send to a relayed address goes to its client.
 *
 * One step at a time for the whole burst, so that what a step reads, table, bucket, allocation, has
 * been on its way since the step before.
 */
#include <string.h>

#include <rte_prefetch.h>

#include "dataplane/burst.h"
#include "dataplane/classify.h"
#include "dataplane/dataplane.h"
#include "dataplane/rewrite.h"
#include "dataplane/stages.h"
#include "dataplane/turn.h"
#include "dataplane/turn_pass.h"
#include "dataplane/wire/reply.h"
#include "dataplane/worker.h"

/* What there is of TURN in one burst. */
struct turn_burst {
	struct worker *w;
	struct burst *b;
	const struct turn *t;
	uint64_t slots;  /* bits */
	uint64_t inside; /* bits: unwrapped, and for a media address */
	struct flow_entry entry[BURST_MAX];
	uint64_t hash[BURST_MAX]; /* of those that came to a listener */
};

/* --- answers --- */

static void answer(const struct turn_burst *v, unsigned int i, uint16_t length,
		   enum worker_counter counter)
{
	struct burst *b = v->b;

	reply_udp(b->mbuf[i], &v->w->dataplane->networks[b->network[i]], b->l3[i], length);
	burst_send(b, i, b->port[i]);
	v->w->counters[counter]++;
}

/* The reflexive address (RFC 8489 3): of a client of the gate where it comes to the gate from. */
static struct endpoint reflexive(const struct turn_burst *v, unsigned int i,
				 const struct turn_message *m)
{
	bool gate = v->t->listeners[v->entry[i].listener].gate;
	struct endpoint origin = gate ? turn_origin(m) : (struct endpoint){.port = 0};

	return endpoint_is_zero(&origin) ? v->b->source[i] : origin;
}

static void answer_binding(const struct turn_burst *v, unsigned int i, const struct turn_message *m)
{
	const struct endpoint mapped = reflexive(v, i, m); /* before the answer takes its place */
	uint8_t *out = burst_payload(v->b, i);
	uint16_t at;

	if (m->unknown_count) {
		at = turn_answer_error(out, m, TURN_UNKNOWN_ATTRIBUTE, NULL);
	} else {
		at = turn_answer(out, m, TURN_SUCCESS);
		stun_put_address(out, &at, STUN_XOR_MAPPED_ADDRESS, &mapped);
		turn_finish(out, at, NULL);
	}
	answer(v, i, at, COUNTER_TURN_BINDING);
}

static void challenge(const struct turn_burst *v, unsigned int i, const struct turn_message *m,
		      enum turn_error code)
{
	const struct turn_realm *realm = __atomic_load_n(&v->t->realm, __ATOMIC_ACQUIRE);
	uint8_t *out = burst_payload(v->b, i);
	uint16_t at = turn_answer(out, m, TURN_ERROR);
	uint8_t *value;

	stun_put_error(out, &at, code, "");
	value = stun_put(out, &at, STUN_REALM, realm->length);
	memcpy(value, realm->text, realm->length);
	value = stun_put(out, &at, STUN_NONCE, TURN_NONCE);
	challenge_write(&v->t->challenge, &v->b->source[i], value);
	turn_finish(out, at, NULL);
	answer(v, i, at, COUNTER_TURN_CHALLENGE);
}

/* The datagram alone: no headers before it, no Ethernet padding behind it. */
static void pass_on(const struct turn_burst *v, unsigned int i)
{
	struct burst *b = v->b;
	struct rte_mbuf *m = b->mbuf[i];

	rte_pktmbuf_adj(m, b->payload[i]);
	rte_pktmbuf_trim(m, rte_pktmbuf_data_len(m) - b->length[i]);
	if (!worker_notify_hearsay(v->w, (struct notice){.kind = NOTICE_TURN,
							 .component = v->entry[i].listener,
							 .object = m,
							 .remote = b->source[i]}))
		return burst_drop(b, i, DROP_TURN_FULL);
	b->class[i] = CLASS_DONE;
	v->w->counters[COUNTER_TURN_REQUEST]++;
}

static void hear_request(const struct turn_burst *v, unsigned int i, const struct turn_message *m)
{
	if (!m->integrity)
		return challenge(v, i, m, TURN_UNAUTHENTICATED);
	if (!m->username || !m->realm || !m->nonce)
		return answer(v, i,
			      turn_answer_error(burst_payload(v->b, i), m, TURN_BAD_REQUEST, NULL),
			      COUNTER_TURN_400);
	if (!challenge_is_met(&v->t->challenge, &v->b->source[i], m->data + m->nonce,
			      m->nonce_length))
		return challenge(v, i, m, TURN_STALE_NONCE);
	pass_on(v, i);
}

/* --- from a client to its peers --- */

/*
 * A peer at a media address, which no packet from the wire can be: a leg, or another allocation.
 * Who has the port is on its way when all of the burst have come so far.
 */
static void aim_inside(struct turn_burst *v, unsigned int i, struct allocation *a,
		       unsigned int address, rte_be16_t port)
{
	struct dataplane *d = v->w->dataplane;
	struct burst *b = v->b;

	rte_prefetch0(&d->flows[address << 16 | rte_be_to_cpu_16(port)]);
	v->inside |= 1ULL << i;
	b->allocation[i] = a;
	b->source[i] = a->relayed;
	b->local[i] = address;
	b->local_port[i] = port;
	b->network[i] = d->addresses[address].network - d->networks;
}

/* It leaves. A packet that comes to another worker for its leg left before. */
static void count_to_peer(const struct turn_burst *v, unsigned int i, struct allocation *a)
{
	if (v->b->handed_over)
		return;
	allocation_count(&a->to_peers, v->b->length[i]);
	v->w->counters[COUNTER_TURN_TO_PEERS]++;
}

static void reach_inside(const struct turn_burst *v, unsigned int i)
{
	struct burst *b = v->b;
	struct flow_entry entry =
		flow_entry_load(v->w->dataplane, b->local[i], rte_be_to_cpu_16(b->local_port[i]));
	struct allocation *other;

	switch (entry.kind) {
	case FLOW_LEG:
		count_to_peer(v, i, b->allocation[i]);
		return classify_payload(b, i, burst_payload(b, i), b->length[i]);
	case FLOW_RELAYED:
		other = &v->t->allocations[entry.allocation];
		turn_pass(v->w, b, i, other, b->length[i], &b->source[i]);
		if (b->class[i] == CLASS_SEND)
			count_to_peer(v, i, b->allocation[i]);
		return;
	default:
		return burst_drop(b, i, DROP_CLOSED_PORT);
	}
}

static int find_address(const struct dataplane *d, const struct address *a)
{
	for (unsigned int k = 0; k < d->address_count; k++)
		if (address_equal(&d->addresses[k].address, a))
			return k;
	return -1;
}

/* The permission's egress has port 0: of the sums only the one without `offload` knows. */
static void set_port(const struct egress *e, struct rte_mbuf *m, rte_be16_t port)
{
	struct rte_udp_hdr *udp =
		rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, e->length - sizeof(*udp));

	udp->dst_port = port;
	if (e->offload)
		return;
	udp->dgram_cksum = ~checksum_fold((uint64_t)(uint16_t)~udp->dgram_cksum + port);
	if (!udp->dgram_cksum)
		udp->dgram_cksum = 0xffff;
}

static void send_to_peer(struct turn_burst *v, unsigned int i, struct allocation *a,
			 const struct permission *p, rte_be16_t port)
{
	struct burst *b = v->b;
	uint16_t length = b->length[i];
	int address;
	enum drop reason;

	if (likely(!p->egress)) {
		address = find_address(v->w->dataplane, &p->peer);
		return address < 0 ? burst_drop(b, i, DROP_CLOSED_PORT)
				   : aim_inside(v, i, a, address, port);
	}
	reason = rewrite_frame(p->egress, b->mbuf[i], b->payload[i], length);
	if (reason != DROP_NONE)
		return burst_drop(b, i, reason);
	set_port(p->egress, b->mbuf[i], port);
	count_to_peer(v, i, a);
	burst_send(b, i, p->egress->port);
}

static void lose(const struct turn_burst *v, unsigned int i, struct allocation *a, enum drop reason)
{
	__atomic_fetch_add(&a->to_peers.drops, 1, __ATOMIC_RELAXED);
	burst_drop(v->b, i, reason);
}

/* What is carried begins `offset` octets on. */
static void unwrap(const struct turn_burst *v, unsigned int i, uint16_t offset, uint16_t length)
{
	v->b->payload[i] += offset;
	v->b->length[i] = length;
}

/* RFC 8656 12.6. Over UDP there need not be padding; what there is goes. */
static void hear_channel(struct turn_burst *v, unsigned int i, struct allocation *a)
{
	const uint8_t *data = burst_payload(v->b, i);
	uint16_t length = stun_load16(data + 2);
	const struct permission *p;
	const struct channel *c;

	if (unlikely(length > v->b->length[i] - TURN_CHANNEL_HEADER))
		return lose(v, i, a, DROP_TURN_MALFORMED);
	c = allocation_channel_of(a, stun_load16(data), v->b->now);
	if (unlikely(!c))
		return lose(v, i, a, DROP_NO_CHANNEL);
	p = allocation_permission(a, c->permission);
	if (unlikely(__atomic_load_n(&p->until, __ATOMIC_ACQUIRE) <= v->b->now))
		return lose(v, i, a, DROP_NO_PERMISSION);
	unwrap(v, i, TURN_CHANNEL_HEADER, length);
	send_to_peer(v, i, a, p, c->port);
}

static void hear_send(struct turn_burst *v, unsigned int i, const struct turn_message *m,
		      struct allocation *a)
{
	const struct permission *p;
	struct endpoint peer;

	if (!m->payload || m->peer_count != 1 || m->many_peers || m->unknown_count)
		return lose(v, i, a, DROP_TURN_MALFORMED);
	peer = turn_peer(m, 0);
	p = allocation_permits(a, &peer.address, v->b->now);
	if (!p)
		return lose(v, i, a, DROP_NO_PERMISSION);
	/* Attributes before it may be as long as they like, and an offset may not. */
	if (v->b->payload[i] + m->payload > UINT8_MAX)
		return lose(v, i, a, DROP_TURN_MALFORMED);
	unwrap(v, i, m->payload, m->payload_length);
	send_to_peer(v, i, a, p, peer.port);
}

static struct allocation *find_client(const struct turn_burst *v, unsigned int i)
{
	struct allocation *a = turn_find(v->t, v->hash[i], v->entry[i].listener, &v->b->source[i]);

	return a && allocation_is_open(a, v->b->now) ? a : NULL;
}

static void hear_message(struct turn_burst *v, unsigned int i)
{
	struct burst *b = v->b;
	struct allocation *a;
	struct turn_message m;

	if (turn_parse(&m, burst_payload(b, i), b->length[i]))
		return burst_drop(b, i, DROP_STUN_MALFORMED);
	if (!reply_fits(b->mbuf[i], b->payload[i] + TURN_ANSWER_MAX))
		return burst_drop(b, i, DROP_NO_ROOM);
	switch (m.type) {
	case TURN_BINDING:
		return answer_binding(v, i, &m);
	case TURN_BINDING_INDICATION:
		return burst_finish(b, i);
	case TURN_SEND:
		a = find_client(v, i);
		return a ? hear_send(v, i, &m, a) : burst_drop(b, i, DROP_TURN_STRANGER);
	case TURN_HERE:
	case TURN_GONE:
		if (!v->t->listeners[v->entry[i].listener].gate)
			return burst_drop(b, i, DROP_STUN_UNHANDLED);
		return pass_on(v, i);
	case TURN_ALLOCATE:
	case TURN_REFRESH:
	case TURN_CREATE_PERMISSION:
	case TURN_CHANNEL_BIND:
		return hear_request(v, i, &m);
	default:
		return burst_drop(b, i, DROP_STUN_UNHANDLED);
	}
}

static void hear_client(struct turn_burst *v, unsigned int i)
{
	struct burst *b = v->b;
	const uint8_t *data = burst_payload(b, i);
	struct allocation *a;

	if (b->length[i] < TURN_CHANNEL_HEADER)
		return burst_drop(b, i, DROP_TURN_MALFORMED);
	if (!turn_is_channel(data)) {
		if (data[0] > 3)
			return burst_drop(b, i, DROP_TURN_MALFORMED);
		return hear_message(v, i);
	}
	a = find_client(v, i);
	if (unlikely(!a))
		return burst_drop(b, i, DROP_TURN_STRANGER);
	hear_channel(v, i, a);
}

/* --- from a peer on the wire --- */

static void hear_peer(const struct turn_burst *v, unsigned int i)
{
	struct burst *b = v->b;
	struct allocation *a = &v->t->allocations[v->entry[i].allocation];
	const struct permission *p = allocation_permits(a, &b->source[i].address, b->now);

	/* Our own legs and allocations never send by the wire what is for one another. */
	if (!p || !p->egress)
		return burst_drop(b, i, DROP_NO_PERMISSION);
	turn_pass(v->w, b, i, a, b->length[i], &b->source[i]);
}

/* --- step by step --- */

static void look_up(struct turn_burst *v, unsigned int i)
{
	const struct burst *b = v->b;
	struct flow_entry entry =
		flow_entry_load(v->w->dataplane, b->local[i], rte_be_to_cpu_16(b->local_port[i]));

	if (likely(entry.kind != FLOW_TURN && entry.kind != FLOW_RELAYED))
		return;
	v->slots |= 1ULL << i;
	v->entry[i] = entry;
	if (entry.kind == FLOW_RELAYED)
		return allocation_prefetch(&v->t->allocations[entry.allocation]);
	v->hash[i] = turn_hash(v->t, entry.listener, &b->source[i]);
	for (unsigned int which = 0; which < 2; which++)
		rte_prefetch0(turn_bucket(v->t, v->hash[i], which));
}

/* The bucket has come: whichever allocation it is, most probably. */
static void follow(const struct turn_burst *v, unsigned int i)
{
	for (unsigned int which = 0; which < 2; which++) {
		const struct turn_bucket *bucket = turn_bucket(v->t, v->hash[i], which);

		for (unsigned int k = 0; k < TURN_BUCKET; k++) {
			uint64_t entry = bucket->entry[k];

			if (entry && entry >> 32 == turn_tag(v->hash[i]))
				return allocation_prefetch(&v->t->allocations[(uint32_t)entry - 1]);
		}
	}
}

void turn_stage(struct worker *w, struct burst *b)
{
	const struct turn *t = w->dataplane->turn;
	struct turn_burst v;

	if (!t || !__atomic_load_n(&t->listener_count, __ATOMIC_ACQUIRE))
		return;
	v.w = w;
	v.b = b;
	v.t = t;
	v.slots = v.inside = 0;
	for (unsigned int i = 0; i < b->count; i++)
		if (classify_knows(b, i))
			look_up(&v, i);
	for (uint64_t left = v.slots; left; left &= left - 1) {
		unsigned int i = __builtin_ctzll(left);

		if (v.entry[i].kind == FLOW_TURN)
			follow(&v, i);
	}
	for (uint64_t left = v.slots; left; left &= left - 1) {
		unsigned int i = __builtin_ctzll(left);

		if (v.entry[i].kind == FLOW_TURN)
			hear_client(&v, i);
		else
			hear_peer(&v, i);
	}
	for (uint64_t left = v.inside; left; left &= left - 1)
		reach_inside(&v, __builtin_ctzll(left));
}
