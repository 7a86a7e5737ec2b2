/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is not known to the leg that has the port. What such a sender may say is what a participant
 * begins with: an ICE check that names the port's username fragment (RFC 8445 section 7.2.2), or
 * media where the leg still has to learn the address it comes from. DTLS is for whom ICE has
 * validated: a handshake costs the relay more than it costs an attacker.
 *
 * Private to ebpf/policy.h.
 */

enum policy_class {
	POLICY_RTP,
	POLICY_RTCP,
	POLICY_STUN,
	POLICY_DTLS,
	POLICY_OTHER,
};

/* Of what UDP carries, by its first two octets: RFC 7983, and RFC 5761 section 4. */
POLICY enum policy_class policy_class(const struct policy *p)
{
	struct packet payload = p->frame;
	const __u8 *octet = packet_take(&payload, 2);

	/* Behind a short one the frame may be padded. */
	if (!octet || p->payload < 2)
		return POLICY_OTHER;
	if (octet[0] <= 3)
		return POLICY_STUN;
	if (octet[0] >= 20 && octet[0] <= 63)
		return POLICY_DTLS;
	if (octet[0] < 128 || octet[0] > 191)
		return POLICY_OTHER;
	/* RFC 5761 section 4, where both share a port. */
	return octet[1] >= 192 && octet[1] <= 223 && !(p->port->flags & SHED_PORT_RTP) ? POLICY_RTCP
										       : POLICY_RTP;
}

/* Whether the STUN header is right (RFC 8489 section 5); `octets` is what UDP carries. */
POLICY int policy_stun_intact(const struct packet_stun *stun, __u16 octets)
{
	__u16 length = bpf_ntohs(stun->length);

	return stun->cookie == bpf_htonl(PACKET_STUN_COOKIE) && !(length & 3) &&
	       octets == length + sizeof(*stun);
}

/*
 * Whether a USERNAME that begins with these octets is meant for the port. The ICE stage compares
 * all of it; here it is about not having to.
 */
POLICY int policy_knows_ufrag(const struct shed_port *port, const __u8 username[8])
{
	__u64 octets = packet_load64(username);
	int i;

	for (i = 0; i < 2; i++) {
		__u64 compared = port->ufrag_octets[i];

		if (!compared || compared > 8)
			continue;
		/* In memory the first octet is the lowest one of a little-endian word. */
		if (!((octets ^ port->ufrag[i]) << (64 - 8 * compared)))
			return 1;
	}
	return 0;
}

/*
 * Looks for USERNAME among the first attributes: agents put it among the first five. `stun` is the
 * message's beginning. Offsets are kept apart from the pointer and bounded, for the verifier.
 */
POLICY int policy_stun_is_for(const struct policy *p, const void *stun)
{
	unsigned long at = sizeof(struct packet_stun);
	int i;

	for (i = 0; i < PACKET_STUN_ATTRIBUTES; i++) {
		struct packet rest = {(const __u8 *)stun + at, p->frame.end};
		const struct packet_stun_attribute *a = packet_take(&rest, sizeof(*a));

		/* The frame may be padded behind the message. */
		if (!a || at + sizeof(*a) > p->payload)
			return 0;
		if (a->type == bpf_htons(PACKET_STUN_USERNAME))
			return policy_knows_ufrag(p->port, a->value);
		at += PACKET_STUN_VALUE + ((bpf_ntohs(a->length) + 3) & 0x3fc);
	}
	return 0;
}

/* The reason why a STUN message need not go further; SHED_TO_DATAPLANE: there is none. */
POLICY enum shed_reason policy_stun(struct policy *p, int from_peer)
{
	struct packet rest = p->frame;
	const struct packet_stun *stun = packet_take(&rest, sizeof(*stun));

	if (!stun || !policy_stun_intact(stun, p->payload))
		return SHED_STUN_MALFORMED;
	if (!(p->port->flags & SHED_PORT_ICE))
		return SHED_STUN_UNHANDLED;
	/* Indications keep a pair alive (RFC 8445 section 11), without a USERNAME. */
	if (from_peer && stun->type == bpf_htons(PACKET_STUN_INDICATION))
		return SHED_TO_DATAPLANE;
	if (stun->type != bpf_htons(PACKET_STUN_REQUEST))
		return SHED_STUN_UNHANDLED;
	return policy_stun_is_for(p, stun) ? SHED_TO_DATAPLANE : SHED_STUN_UFRAG;
}

/* Counts the source in the sketch, once a packet; how often it has been counted. */
POLICY __u32 policy_count(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);
	struct shed_sketch *sketch = policy_sketch(p->judge);
	struct shed_address source = sketch_source(&p->source);

	if (p->counted || !rule || !sketch || !(source.half[0] | source.half[1]))
		return 0;
	p->counted = 1;
	return sketch_add(sketch, &source, rule->seed);
}

/*
 * The rates of one who may speak. A source is remembered from its second packet on, and not faster
 * than its port's rate: a flood that never uses an address twice makes nobody be forgotten, nor one
 * of so many addresses that the sketch takes each for another.
 */
POLICY enum shed_reason policy_admit_at(struct policy *p, const struct shed_rate *stranger)
{
	const struct shed_rule *rule = policy_rule(p->judge);
	struct shed_address source = sketch_source(&p->source);
	__u64 now = policy_now(p->judge);
	__u32 count = policy_count(p);
	__u64 *bucket;

	if (!rule)
		return SHED_TO_DATAPLANE;
	/* First, since a million sources are not looked for in the caches. */
	if (!rate_fits(&p->port->due[SHED_STRANGER], now, stranger))
		return SHED_STRANGER_RATE;
	bucket = policy_source(p->judge, &source);
	if (bucket && !rate_take(bucket, now, &rule->source))
		return SHED_SOURCE_RATE;
	rate_take(&p->port->due[SHED_STRANGER], now, stranger);
	if (!bucket && count > 1)
		policy_remember(p->judge, &source, now + rule->source.cost);
	return SHED_TO_DATAPLANE;
}

POLICY enum shed_reason policy_admit(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);

	return rule ? policy_admit_at(p, &rule->stranger) : SHED_TO_DATAPLANE;
}

POLICY int policy_may_latch(const struct policy *p)
{
	const struct shed_port *port = p->port;

	if (!(port->flags & SHED_PORT_LATCH) || port->settled == port->window)
		return 0;
	return !(port->flags & SHED_PORT_SIGNALLED) ||
	       (port->signalled.half[0] == p->source.half[0] &&
		port->signalled.half[1] == p->source.half[1]);
}

POLICY enum shed_reason policy_stranger(struct policy *p)
{
	enum shed_reason reason;

	switch (policy_class(p)) {
	case POLICY_STUN:
		reason = policy_stun(p, 0);
		return reason == SHED_TO_DATAPLANE ? policy_admit(p) : reason;
	case POLICY_RTP:
	case POLICY_RTCP:
		return policy_may_latch(p) ? policy_admit(p) : SHED_STRANGER_MEDIA;
	case POLICY_DTLS:
		return p->port->flags & SHED_PORT_DTLS && policy_may_latch(p) ? policy_admit(p)
									      : SHED_STRANGER_DTLS;
	default:
		return SHED_NOT_MEDIA;
	}
}
