/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What numbers an outgoing SRTP stream is the relay's. A sender that restarts its sequence numbers,
 * or one damaged packet, must not leave the receiver's index (RFC 3711 3.3.1) behind: the stream
 * goes on where it was, and reports on it by number are understood. Worker only.
 *
 * Loss and reordering stay as they came. What leaps, or was sent already, goes nowhere unless what
 * comes next goes on from there (RFC 3550 A.1).
 */
#ifndef TANDEM_NUMBER_H
#define TANDEM_NUMBER_H

#include <stdint.h>

#include "dataplane/drop.h"

struct flow;
struct leg;
struct rtcp_packet;
struct stream;
struct worker;

/*
 * The SRTP index of an RTP packet that leaves protected: writes its sequence number into `rtp`,
 * spends the index, whatever becomes of the packet, and never gives one out twice under a key.
 * `index` is set with DROP_NONE.
 */
enum drop number_take(struct worker *w, struct leg *leg, struct flow *flow, struct stream *s,
		      uint8_t *rtp, uint64_t *index);
/* The same of an RTCP packet, which keeps what it says. */
enum drop number_take_rtcp(struct worker *w, struct leg *leg, const struct flow *flow,
			   struct stream *s, uint64_t *index);

/*
 * A receiver of `flow` speaks of sequence numbers that it saw: puts the sender's own in their
 * place, in report blocks (RFC 3550 6.4), generic NACKs (RFC 4585 6.2.1) and extended reports (RFC
 * 3611 4.1 to 4.3, 4.6). Transport-wide feedback counts a header extension, which passes unchanged.
 * Another worker may own `flow`.
 */
void number_give_back(const struct flow *flow, const struct rtcp_packet *p);

/* The flow no longer protects: its numbers pass as they come. */
void number_forget(struct flow *flow);

#endif
