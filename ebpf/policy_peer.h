/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A participant's own address: ICE has validated it, the leg has learnt it, or the SDP named it. It
 * can be spoofed, so it has rates, and each kind of packet and each SSRC its own. Media that
 * continues what was accepted before is told from media that does not: who forges packets without
 * seeing the call rarely meets the next few sequence numbers, and leaves the participant's own rate
 * alone.
 *
 * Private to ebpf/policy.h.
 */

POLICY int policy_is_peer(const struct policy *p)
{
	const struct shed_port *port = p->port;
	int i;

	for (i = 0; i < SHED_PEERS; i++)
		if (port->peer_port[i] == p->source_port &&
		    port->peer[i].half[0] == p->source.half[0] &&
		    port->peer[i].half[1] == p->source.half[1])
			return 1;
	return 0;
}

enum policy_sequence { POLICY_NEXT, POLICY_SEEN, POLICY_FAR };

/*
 * By how many numbers a packet may be early: as many as come at once, and those of the time since
 * the last one was accepted, at a quarter of a rate that has head-room. So a stream finds its way
 * back from any gap, and hardly a guess in between is right.
 */
POLICY __u32 policy_ahead(const struct shed_port *port, const struct shed_stream *stream, __u64 now)
{
	__u16 ticks = shed_tick(now) - stream->used;

	if (!port->media.cost)
		return SHED_PORTS;
	/* The kernel's clock is coarse: to it the worker's last packet may be yet to come. */
	if (ticks >= 0xff00)
		ticks = 0;
	return port->ahead + ((__u64)ticks << SHED_TICK_SHIFT) / (4ULL * port->media.cost);
}

/* `seq` beside the numbers of its SSRC that were accepted. */
POLICY enum policy_sequence policy_sequence(const struct shed_port *port,
					    const struct shed_stream *stream, __u16 seq, __u64 now)
{
	__s16 early = seq - stream->highest;
	__u16 late = -early;

	if (early > 0)
		return (__u16)early <= policy_ahead(port, stream, now) ? POLICY_NEXT : POLICY_FAR;
	if (late > 63)
		return POLICY_FAR;
	return stream->seen >> late & 1 ? POLICY_SEEN : POLICY_NEXT;
}

POLICY enum shed_reason policy_within(struct policy *p, int kind, const struct shed_rate *rate,
				      enum shed_reason otherwise)
{
	return rate_take(&p->port->due[kind], policy_now(p->judge), rate) ? SHED_TO_DATAPLANE
									  : otherwise;
}

/*
 * What continues no stream. Of a leg with more SSRCs than are followed that is media, too: it has
 * the rate of media then, all of it together.
 */
POLICY enum shed_reason policy_unknown(struct policy *p, const struct shed_rule *rule)
{
	if (p->port->untracked && p->port->media.cost < rule->unknown.cost)
		return policy_within(p, SHED_UNKNOWN, &p->port->media, SHED_MEDIA_RATE);
	return policy_within(p, SHED_UNKNOWN, &rule->unknown, SHED_UNKNOWN_RATE);
}

/* Of the SSRC that has this place. */
POLICY enum shed_reason policy_stream(struct policy *p, const struct shed_rule *rule, int place,
				      __u16 seq)
{
	switch (policy_sequence(p->port, &p->port->stream[place], seq, policy_now(p->judge))) {
	case POLICY_NEXT:
		return policy_within(p, SHED_MEDIA + place, &p->port->media, SHED_MEDIA_RATE);
	case POLICY_SEEN:
		return SHED_REPLAY;
	default:
		return policy_unknown(p, rule);
	}
}

POLICY enum shed_reason policy_rtp(struct policy *p, const struct shed_rule *rule)
{
	const struct shed_stream *streams = p->port->stream;
	struct packet rest = p->frame;
	const struct packet_rtp *rtp = packet_take(&rest, sizeof(*rtp));
	int i;

	if (!rtp || p->payload < sizeof(*rtp))
		return SHED_NOT_MEDIA;
	for (i = 0; i < SHED_STREAMS; i++)
		if (streams[i].used && streams[i].ssrc == rtp->ssrc)
			return policy_stream(p, rule, i, bpf_ntohs(rtp->sequence));
	return policy_unknown(p, rule);
}

POLICY enum shed_reason policy_peer(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);
	enum shed_reason reason;

	if (!rule)
		return SHED_TO_DATAPLANE;
	switch (policy_class(p)) {
	case POLICY_RTP:
		return policy_rtp(p, rule);
	case POLICY_RTCP:
		return policy_within(p, SHED_RTCP, &rule->rtcp, SHED_RTCP_RATE);
	case POLICY_STUN:
		reason = policy_stun(p, 1);
		return reason == SHED_TO_DATAPLANE
			       ? policy_within(p, SHED_STUN, &rule->stun, SHED_STUN_RATE)
			       : reason;
	case POLICY_DTLS:
		return policy_within(p, SHED_DTLS, &rule->dtls, SHED_DTLS_RATE);
	default:
		return SHED_NOT_MEDIA;
	}
}
