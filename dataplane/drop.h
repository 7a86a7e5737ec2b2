/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every reason for which a packet does not go on, in the order of a packet's way. The name is what
 * counters, the API and tandemctl show; the text says what it means to an operator.
 */
#ifndef TANDEM_DROP_H
#define TANDEM_DROP_H

#define DROP_REASONS(X)                                                                            \
	/* classify */                                                                             \
	X(RUNT, "runt", "shorter than its headers say")                                            \
	X(NOT_OURS, "not_ours", "addressed to somebody else")                                      \
	X(IP_HEADER, "ip_header", "malformed IP header")                                           \
	X(IP_OPTIONS, "ip_options", "IP options or extension headers")                             \
	X(FRAGMENT, "fragment", "IP fragment")                                                     \
	X(PROTOCOL, "protocol", "neither UDP, ICMP, ARP nor neighbour discovery")                  \
	X(UDP_LENGTH, "udp_length", "UDP length does not fit the packet")                          \
	X(UDP_PORT, "udp_port", "UDP source port 0")                                               \
	X(UDP_CHECKSUM, "udp_checksum", "UDP checksum is wrong, or missing over IPv6")             \
	X(NOT_MEDIA, "not_media", "not STUN, DTLS, RTP nor RTCP (RFC 7983)")                       \
	X(RTP_HEADER, "rtp_header", "malformed RTP header")                                        \
	X(RTCP_HEADER, "rtcp_header", "malformed RTCP header")                                     \
	/* host */                                                                                 \
	X(HOST_MALFORMED, "host_malformed", "malformed ARP, ICMP or neighbour discovery")          \
	X(HOST_UNHANDLED, "host_unhandled", "ARP, ICMP or discovery that needs no answer")         \
	X(HOST_FULL, "host_full", "too many neighbour messages at once")                           \
	/* turn */                                                                                 \
	X(TURN_STRANGER, "turn_stranger", "TURN from an address without an allocation")            \
	X(TURN_MALFORMED, "turn_malformed", "malformed ChannelData or Send indication")            \
	X(NO_CHANNEL, "no_channel", "ChannelData of a channel that is not bound")                  \
	X(NO_PERMISSION, "no_permission", "no TURN permission for the peer")                       \
	X(NO_ALLOCATION, "no_allocation", "the TURN allocation is over")                           \
	X(TURN_FULL, "turn_full", "too many TURN requests at once")                                \
	/* flow */                                                                                 \
	X(CLOSED_PORT, "closed_port", "no leg has this port")                                      \
	X(HANDOVER_FULL, "handover_full", "the owning worker's ring is full")                      \
	X(WRONG_SOURCE, "wrong_source", "not from the participant's address")                      \
	X(NOT_VALIDATED, "not_validated", "from an address without an ICE check")                  \
	X(UNEXPECTED, "unexpected", "STUN or DTLS on a leg that does not use it")                  \
	/* ice */                                                                                  \
	X(STUN_MALFORMED, "stun_malformed", "malformed STUN message")                              \
	X(STUN_FINGERPRINT, "stun_fingerprint", "STUN FINGERPRINT is missing or wrong")            \
	X(STUN_UNHANDLED, "stun_unhandled", "STUN message other than a Binding request")           \
	X(STUN_REPLAY, "stun_replay", "an ICE check that counted once already")                    \
	X(ICE_PAIRS_FULL, "ice_pairs_full", "too many addresses passed a check on one leg")        \
	/* punt */                                                                                 \
	X(PUNT_FULL, "punt_full", "too many datagrams for the control plane")                      \
	/* crypt */                                                                                \
	X(NO_KEY, "no_key", "SRTP before its key is known")                                        \
	X(SRTP_LENGTH, "srtp_length", "too short for its authentication tag")                      \
	X(AUTH_FAILED, "auth_failed", "SRTP authentication tag is wrong")                          \
	X(REPLAY, "replay", "replayed, or older than the replay window")                           \
	X(STREAM_LIMIT, "stream_limit", "too many SSRCs in one flow")                              \
	X(STREAM_POOL, "stream_pool", "no memory for another SSRC")                                \
	X(KEY_EXHAUSTED, "key_exhausted", "the key's lifetime is over (RFC 3711 9.2)")             \
	/* route */                                                                                \
	X(HELD, "held", "the call is on hold in this direction")                                   \
	X(NO_PATH, "no_path", "nobody is to hear the leg")                                         \
	X(BLOCKED, "blocked", "the participant is muted")                                          \
	X(NO_SILENCE, "no_silence", "muted, and the codec has no silence that is known")           \
	X(NO_COPY, "no_copy", "no buffer for a copy")                                              \
	X(SSRC_TAKEN, "ssrc_taken", "another leg sends this SSRC to the participant")              \
	X(SHARED_KEYS, "shared_keys", "participants share their keys: nobody else can listen")     \
	X(NO_ADDRESS, "no_address", "the other participant's address is not known")                \
	X(NO_ROUTE, "no_route", "the other participant is neither on-link nor behind a gateway")   \
	X(NO_CONSENT, "no_consent", "the other participant's consent expired (RFC 7675)")          \
	/* protect */                                                                              \
	X(LEAP, "leap", "its number leaps, and no packet has gone on from there yet")              \
	X(CRYPT_FAILED, "crypt_failed", "the crypto engine could not protect it")                  \
	/* rewrite */                                                                              \
	X(NO_NEIGHBOUR, "no_neighbour", "the next hop does not answer ARP or discovery")           \
	X(TOO_LARGE, "too_large", "with SRTP, or its new headers, it is larger than the MTU")      \
	X(NO_ROOM, "no_room", "the packet would not fit its buffer")                               \
	/* tx */                                                                                   \
	X(TX_FULL, "tx_full", "the port's transmit queue is full")

/* clang-format off */
enum drop {
	DROP_NONE,
#define X(id, name, help) DROP_##id,
	DROP_REASONS(X)
#undef X
	DROP_MAX
};
/* clang-format on */

struct drop_reason {
	const char *name;
	const char *help;
};

/* Indexed by enum drop; constant. */
extern const struct drop_reason drop_reasons[DROP_MAX];

#endif
