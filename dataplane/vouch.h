/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may speak to a leg's ports and which packets are to be expected, kept current where floods
 * are shed (struct shed_port of ebpf/shed.h), so that a participant's packets pass by rates of
 * their own. Those who shed read it at any moment: each change is in force before its worker sends
 * anything that tells of it, the answer to an ICE check above all, behind which DTLS follows.
 *
 * Only the worker that owns the leg calls these. A leg without an entry is vouched for nowhere.
 */
#ifndef TANDEM_VOUCH_H
#define TANDEM_VOUCH_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/stream.h"
#include "ebpf/shed.h"

#define VOUCH_WINDOW 64 /* sequence numbers, the bits of shed_stream.seen */
#define VOUCH_STEP   8  /* numbers that may be left out: at most this far on is no leap */

/* The leg has another configuration than `old`, NULL if it had none. */
void vouch_apply(struct leg *leg, const struct leg_config *old);
/* The participant protects with another key: its numbers may begin anew. NULL is accepted. */
void vouch_new_key(struct leg *leg, struct shed_port *port);
/* The leg's configuration, its last one, no longer holds. */
void vouch_withdraw(struct leg *leg);
/* What the leg hears on this component changed: its remote address, a pair, whether it learns. */
void vouch_peers(const struct leg *leg, unsigned int component);

/* The entry of the port that a packet came to; NULL if there is none. */
static inline struct shed_port *vouch_port(const struct dataplane *d, const struct burst *b,
					   unsigned int i)
{
	struct shed_port *ports = d->shed_ports[b->local[i]];

	return ports ? &ports[rte_be_to_cpu_16(b->local_port[i])] : NULL;
}

/* The SSRC makes room for another. */
void vouch_forget(struct leg *leg, struct stream *s);

/* For vouch_sequence(). */
void vouch_stream(struct leg *leg, struct stream *s, uint16_t seq, uint64_t now);
void vouch_leap(struct shed_stream *v, struct stream *s, uint16_t seq, uint64_t now);

/*
 * RTP with this sequence number was accepted on the leg's port, at `now` (clock_ns): by its tag, or
 * on a plain leg by its source. Those after it are expected. What leaps must go on from there
 * before it is believed, as in RFC 3550 A.1 but for longer: on a plain leg a forger's guesses are
 * accepted, and must not move what is expected of the participant.
 */
static inline void vouch_sequence(struct shed_port *port, struct leg *leg, struct stream *s,
				  uint16_t seq, uint64_t now)
{
	struct shed_stream *v;
	uint16_t ahead;

	if (unlikely(!s->vouched))
		return vouch_stream(leg, s, seq, now);
	v = &port->stream[s->vouched - 1];
	ahead = seq - v->highest;
	if (likely(ahead <= VOUCH_STEP)) {
		v->seen = v->seen << ahead | 1;
		v->highest = seq;
		v->used = shed_tick(now);
	} else if (ahead > UINT16_MAX + 1 - VOUCH_WINDOW) {
		v->seen |= 1ULL << (UINT16_MAX + 1 - ahead);
	} else {
		vouch_leap(v, s, seq, now);
	}
}

#endif
