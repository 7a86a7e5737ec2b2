/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may speak to a leg's ports and which packets are to be expected, kept current where floods
 * are shed (struct shed_port of ebpf/shed.h), so that a participant's packets pass by rates of
 * their own. Those who shed read it at any moment: each change is in force before its worker sends
 * anything that tells of it, the answer to an ICE check above all, behind which DTLS follows.
 *
 * Only the worker that owns the leg calls these. Of a leg without an entry nothing is told.
 */
#ifndef TANDEM_EXPECT_H
#define TANDEM_EXPECT_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/stream.h"
#include "ebpf/shed.h"

#define EXPECT_WINDOW 64 /* sequence numbers, the bits of shed_stream.seen */
#define EXPECT_STEP   8  /* numbers that may be left out: at most this far on is no leap */

/* The leg has another configuration than `old`, NULL if it had none. */
void expect_apply(struct leg *leg, const struct leg_config *old);
/* The participant protects with another key: its numbers may begin anew. NULL is accepted. */
void expect_new_key(struct leg *leg, struct shed_port *port);
/* The leg's configuration, its last one, no longer holds. */
void expect_nothing(struct leg *leg);
/* What the leg hears on this component changed: its remote address, a pair, whether it learns. */
void expect_peers(const struct leg *leg, unsigned int component);

/* The entry of the port that a packet came to; NULL if there is none. */
static inline struct shed_port *expect_port(const struct dataplane *d, const struct burst *b,
					    unsigned int i)
{
	struct shed_port *ports = d->shed_ports[b->local[i]];

	return ports ? &ports[rte_be_to_cpu_16(b->local_port[i])] : NULL;
}

/* The SSRC makes room for another. */
void expect_forget(struct leg *leg, struct stream *s);

/* For expect_sequence(). */
void expect_stream(struct leg *leg, struct stream *s, uint16_t seq, uint64_t now);
void expect_leap(struct shed_stream *v, struct stream *s, uint16_t seq, uint64_t now);

/*
 * RTP with this sequence number was accepted on the leg's port, at `now` (clock_ns): by its tag, or
 * on a plain leg by its source. Those after it are expected. What leaps must go on from there
 * before it is believed, as in RFC 3550 A.1 but for longer: on a plain leg a forger's guesses are
 * accepted, and must not move what is expected of the participant.
 */
static inline void expect_sequence(struct shed_port *port, struct leg *leg, struct stream *s,
				   uint16_t seq, uint64_t now)
{
	struct shed_stream *v;
	uint16_t ahead;

	if (unlikely(!s->expected))
		return expect_stream(leg, s, seq, now);
	v = &port->stream[s->expected - 1];
	ahead = seq - v->highest;
	if (likely(ahead <= EXPECT_STEP)) {
		v->seen = v->seen << ahead | 1;
		v->highest = seq;
		v->used = shed_tick(now);
	} else if (ahead > UINT16_MAX + 1 - EXPECT_WINDOW) {
		v->seen |= 1ULL << (UINT16_MAX + 1 - ahead);
	} else {
		expect_leap(v, s, seq, now);
	}
}

#endif
