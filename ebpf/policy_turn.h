/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TURN (RFC 8656). Where the server listens, who has an allocation passes inside a rate of its own;
 * strangers may ask for what there is to ask for, inside the rates of strangers. What
 * comes by the wire to a relayed address must be from a permitted peer. FINGERPRINT is not asked
 * for: not every browser sends it.
 *
 * Private to ebpf/policy.h.
 */

/* What a stranger may ask for; else why not. */
POLICY enum shed_reason policy_turn_request(const struct policy *p)
{
	struct packet rest = p->frame;
	const struct packet_stun *stun = packet_take(&rest, sizeof(*stun));

	if (!stun || !policy_stun_intact(stun, p->payload))
		return SHED_STUN_MALFORMED;
	switch (bpf_ntohs(stun->type)) {
	case PACKET_STUN_REQUEST:
	case PACKET_TURN_ALLOCATE:
	case PACKET_TURN_REFRESH: /* of an allocation that is over: the client is told so */
	case PACKET_TURN_CREATE_PERMISSION:
	case PACKET_TURN_CHANNEL_BIND:
		return SHED_TO_DATAPLANE;
	default:
		return SHED_TURN_STRANGER;
	}
}

/* Looks for NONCE among the first attributes; MESSAGE-INTEGRITY follows it, so it is never the
 * last. */
POLICY int policy_turn_is_challenged(const struct policy *p, const struct shed_rule *rule)
{
	unsigned long at = sizeof(struct packet_stun);
	int i;

	for (i = 0; i < PACKET_STUN_ATTRIBUTES; i++) {
		struct packet rest = {(const __u8 *)p->frame.at + at, p->frame.end};
		const struct packet_stun_nonce *a = packet_take(&rest, sizeof(*a));

		if (!a || at + sizeof(*a) > p->payload)
			return 0;
		if (a->type == bpf_htons(PACKET_STUN_NONCE))
			return a->length == bpf_htons(NONCE_TEXT) &&
			       nonce_is_right(&rule->nonce, &p->source, p->source_port, a->text);
		at += PACKET_STUN_VALUE + ((bpf_ntohs(a->length) + 3) & 0x3fc);
	}
	return 0;
}

POLICY enum shed_reason policy_turn_stranger(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);
	enum shed_reason reason;

	if (policy_class(p) != POLICY_STUN)
		return SHED_TURN_STRANGER;
	reason = policy_turn_request(p);
	if (reason != SHED_TO_DATAPLANE || !rule)
		return reason;
	if (policy_turn_is_challenged(p, rule))
		return policy_within(p, SHED_STUN, &rule->turn, SHED_STRANGER_RATE);
	return policy_admit_at(p, &rule->turn);
}

POLICY enum shed_reason policy_turn_server(struct policy *p)
{
	struct shed_client client = {
		.address = p->source,
		.port = p->source_port,
		.listener = p->port->listener,
	};
	__u64 *bucket = policy_client(p->judge, &client);

	if (!bucket)
		return policy_turn_stranger(p);
	return rate_take(bucket, policy_now(p->judge), &p->port->media) ? SHED_TO_DATAPLANE
									: SHED_CLIENT_RATE;
}

/* Of more permitted peers than have a place here the worker knows. */
POLICY int policy_is_permitted(const struct policy *p)
{
	const struct shed_port *port = p->port;
	int i;

	if (port->untracked)
		return 1;
	for (i = 0; i < SHED_PEERS; i++)
		if (port->peer_port[i] && port->peer[i].half[0] == p->source.half[0] &&
		    port->peer[i].half[1] == p->source.half[1])
			return 1;
	return 0;
}

POLICY enum shed_reason policy_turn(struct policy *p)
{
	if (p->port->flags & SHED_PORT_TURN)
		return policy_turn_server(p);
	if (!policy_is_permitted(p))
		return SHED_NO_PERMISSION;
	return policy_within(p, SHED_MEDIA, &p->port->media, SHED_CLIENT_RATE);
}
