/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/verdict.h"

#include <string.h>

/*
 * From 203.0.113.9 and 2001:db8:ffff::9 to the media addresses: RTP, number 1 of SSRC 3, to
 * PORT_OPEN, or an ICE check with PRIORITY and USERNAME to PORT_ICE.
 */
#define SRC6 "\x20\x01\x0d\xb8\xff\xff\0\0\0\0\0\0\0\0\0\x09"

#define MEDIA6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define OTHER6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
#define NODES6 "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define GROUP6 "\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff\0\0\x01"
#define UDP    "\x9c\x40\x75\x30\0\x14\xab\xcd\x80\0\0\x01\0\0\0\x02\0\0\0\x03"

#define STUN                                                                                       \
	"\x9c\x40\x75\x34\0\x34\xab\xcd\0\x01\0\x18\x21\x12\xa4\x42transaction."                   \
	"\0\x24\0\x04\x6e\0\x1e\xff\0\x06\0\x0c"                                                   \
	"abcdefgh:xyz"

#define PACKET(type, octets)                                                                       \
	{                                                                                          \
		type, sizeof(octets) - 1, octets                                                   \
	}

static const struct {
	uint16_t ethertype;
	uint8_t len;
	const char *octets;
} bases[] = {

	[UDP4] = PACKET(0x0800,
			"\x45\0\0\x28\0\x01\x40\0\x40\x11\0\0\xcb\0\x71\x09\xc6\x33\x64\x01" UDP),
	[ECHO4] = PACKET(0x0800, "\x45\0\0\x1c\0\x01\0\0\x40\x01\0\0\xcb\0\x71\x09\xc6\x33\x64\x01"
				 "\x08\0\0\0\0\x01\0\x01"),
	[UDP6] = PACKET(0x86dd, "\x60\0\0\0\0\x14\x11\x40" SRC6 MEDIA6 UDP),
	[STUN4] = PACKET(0x0800,
			 "\x45\0\0\x48\0\x01\x40\0\x40\x11\0\0\xcb\0\x71\x09\xc6\x33\x64\x01" STUN),
	[STUN6] = PACKET(0x86dd, "\x60\0\0\0\0\x34\x11\x40" SRC6 MEDIA6 STUN),
	[ECHO6] =
		PACKET(0x86dd, "\x60\0\0\0\0\x08\x3a\x40" SRC6 MEDIA6 "\x80\0\xab\xcd\0\x01\0\x01"),
	[SOLICIT] = PACKET(0x86dd, "\x60\0\0\0\0\x20\x3a\xff" SRC6 GROUP6
				   "\x87\0\xab\xcd\0\0\0\0" MEDIA6 "\x01\x01\x02\0\0\0\0\x09"),
	[ADVERTISE] = PACKET(0x86dd, "\x60\0\0\0\0\x20\x3a\xff" SRC6 MEDIA6
				     "\x88\0\xab\xcd\x60\0\0\0" SRC6 "\x02\x01\x02\0\0\0\0\x09"),
	[WHO_HAS] = PACKET(0x0806, "\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x09\xcb\0\x71\x09"
				   "\0\0\0\0\0\0\xc6\x33\x64\x01"),
};

#define F(name, base, reason, ...)                                                                 \
	{                                                                                          \
		name, base, SHED_##reason,                                                         \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

const struct fixture verdict_fixtures[] = {
	F("UDP", UDP4, TO_DATAPLANE),
	F("UDP over IPv6", UDP6, TO_DATAPLANE),
	F("UDP without checksum", UDP4, TO_DATAPLANE, EDIT(26, "\0\0")),
	F("a port of this address alone", UDP4, TO_DATAPLANE, EDIT(22, "\x75\x32")),
	F("echo request", ECHO4, TO_DATAPLANE),
	F("echo request over IPv6", ECHO6, TO_DATAPLANE),
	F("unreachable", ECHO4, TO_DATAPLANE, EDIT(20, "\x03\x03")),
	F("time exceeded", ECHO4, TO_DATAPLANE, EDIT(20, "\x0b")),
	F("parameter problem", ECHO4, TO_DATAPLANE, EDIT(20, "\x0c")),
	F("unreachable over IPv6", ECHO6, TO_DATAPLANE, EDIT(40, "\x01\x04")),
	F("packet too big", ECHO6, TO_DATAPLANE, EDIT(40, "\x02")),
	F("time exceeded over IPv6", ECHO6, TO_DATAPLANE, EDIT(40, "\x03")),
	F("parameter problem over IPv6", ECHO6, TO_DATAPLANE, EDIT(40, "\x04")),
	F("ARP request", WHO_HAS, TO_DATAPLANE),
	F("ARP reply", WHO_HAS, TO_DATAPLANE, EDIT(7, "\x02")),
	F("solicitation", SOLICIT, TO_DATAPLANE),
	F("solicitation by unicast", SOLICIT, TO_DATAPLANE, EDIT(24, MEDIA6)),
	F("solicitation from ::, DAD", SOLICIT, TO_DATAPLANE,
	  EDIT(8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")),
	F("advertisement", ADVERTISE, TO_DATAPLANE),
	F("claim to a media address", ADVERTISE, TO_DATAPLANE, EDIT(24, NODES6), EDIT(48, MEDIA6)),

	F("another address", UDP4, TO_KERNEL, EDIT(19, "\x02")),
	F("another IPv6 address", UDP6, TO_KERNEL, EDIT(24, OTHER6)),
	F("TCP to another address", UDP4, TO_KERNEL, EDIT(9, "\x06"), EDIT(19, "\x02")),
	F("IPv4-mapped destination", UDP6, TO_KERNEL,
	  EDIT(24, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x01")),
	{"bad checksum to another address", UDP4, SHED_TO_KERNEL, {EDIT(19, "\x02")}, 0, 1},
	F("broadcast", UDP4, TO_KERNEL, EDIT(16, "\xff\xff\xff\xff")),
	F("multicast", UDP6, TO_KERNEL, EDIT(24, NODES6)),
	F("ARP about another address", WHO_HAS, TO_KERNEL, EDIT(27, "\x02")),
	F("gratuitous ARP", WHO_HAS, TO_KERNEL, EDIT(24, "\xcb\0\x71\x09")),
	F("ARP reply to the kernel", WHO_HAS, TO_KERNEL, EDIT(7, "\x02"), EDIT(27, "\x02")),
	F("ARP, other hardware", WHO_HAS, TO_KERNEL, EDIT(1, "\x06")),
	F("ARP, other protocol", WHO_HAS, TO_KERNEL, EDIT(2, "\x86\xdd")),
	F("ARP, odd hardware length", WHO_HAS, TO_KERNEL, EDIT(4, "\x08")),
	F("ARP, odd protocol length", WHO_HAS, TO_KERNEL, EDIT(5, "\x10")),
	F("solicitation, same group, other target", SOLICIT, TO_KERNEL,
	  EDIT(48, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\x77\0\0\x01")),
	F("announcement to all nodes", ADVERTISE, TO_KERNEL, EDIT(24, NODES6)),
	F("advertisement to the kernel", ADVERTISE, TO_KERNEL, EDIT(24, OTHER6)),
	F("router advertisement to all nodes", ADVERTISE, TO_KERNEL, EDIT(24, NODES6),
	  EDIT(40, "\x86"), EDIT(48, MEDIA6)),
	F("multicast listener query", ADVERTISE, TO_KERNEL, EDIT(6, "\0"), EDIT(24, NODES6),
	  EDIT(48, MEDIA6)),

	{"cut", UDP4, SHED_RUNT, {}, 1},
	{"cut over IPv6", UDP6, SHED_RUNT, {}, 1},
	{"cut echo request", ECHO4, SHED_RUNT, {}, 8},
	{"cut solicitation", SOLICIT, SHED_RUNT, {}, 8},
	F("longest length", UDP4, RUNT, EDIT(2, "\xff\xff")),
	F("longest length over IPv6", UDP6, RUNT, EDIT(4, "\xff\xff")),
	F("version 6 as IPv4", UDP4, IP_HEADER, EDIT(0, "\x65")),
	F("version 4 as IPv6", UDP6, IP_HEADER, EDIT(0, "\x40")),
	F("short header", UDP4, IP_HEADER, EDIT(0, "\x44")),
	F("total length within the header", UDP4, IP_HEADER, EDIT(2, "\0\x13")),
	F("IPv4 options", UDP4, IP_OPTIONS, EDIT(0, "\x46")),
	F("longest IPv4 options", UDP4, IP_OPTIONS, EDIT(0, "\x4f")),
	F("hop-by-hop options", UDP6, IP_OPTIONS, EDIT(6, "\0")),
	F("routing header", UDP6, IP_OPTIONS, EDIT(6, "\x2b")),
	F("destination options", UDP6, IP_OPTIONS, EDIT(6, "\x3c")),
	{"wrong header checksum", UDP4, SHED_CHECKSUM, {}, 0, 1},
	F("UDP over IPv6 without checksum", UDP6, CHECKSUM, EDIT(46, "\0\0")),
	F("first fragment", UDP4, FRAGMENT, EDIT(6, "\x20\0")),
	F("last fragment", UDP4, FRAGMENT, EDIT(6, "\0\x01")),
	F("last fragment, far", UDP4, FRAGMENT, EDIT(6, "\x10\0")),
	F("last fragment of four octets", UDP4, FRAGMENT, EDIT(2, "\0\x18"), EDIT(6, "\0\x40")),
	F("fragmented echo request", ECHO4, FRAGMENT, EDIT(6, "\x20\0")),
	F("fragment header", UDP6, FRAGMENT, EDIT(6, "\x2c")),
	F("from 0.0.0.0/8", UDP4, SOURCE, EDIT(12, "\0")),
	F("from loopback", UDP4, SOURCE, EDIT(12, "\x7f")),
	F("from multicast", UDP4, SOURCE, EDIT(12, "\xe0")),
	F("echo from broadcast", ECHO4, SOURCE, EDIT(12, "\xff\xff\xff\xff")),
	F("from ::", UDP6, SOURCE, EDIT(8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")),
	F("from ::1", UDP6, SOURCE, EDIT(8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01")),
	F("from IPv4-mapped", UDP6, SOURCE, EDIT(8, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x09")),
	F("from IPv6 multicast", UDP6, SOURCE, EDIT(8, NODES6)),
	F("echo from IPv6 multicast", ECHO6, SOURCE, EDIT(8, NODES6)),
	F("from NAT64", UDP6, TO_DATAPLANE,
	  EDIT(8, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0\xcb\0\x71\x09")),
	F("from the first subnet", UDP6, TO_DATAPLANE,
	  EDIT(8, "\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0")),
	F("TCP", UDP4, PROTOCOL, EDIT(9, "\x06")),
	F("TCP over IPv6", UDP6, PROTOCOL, EDIT(6, "\x06")),
	F("ICMP over IPv6", ECHO6, PROTOCOL, EDIT(6, "\x01")),
	F("no next header", UDP6, PROTOCOL, EDIT(6, "\x3b")),
	F("UDP length one less", UDP4, UDP_LENGTH, EDIT(24, "\0\x13")),
	F("UDP length one more", UDP4, UDP_LENGTH, EDIT(24, "\0\x15")),
	F("UDP of seven octets", UDP4, UDP_LENGTH, EDIT(2, "\0\x1b"), EDIT(24, "\0\x07")),
	F("UDP length over IPv6", UDP6, UDP_LENGTH, EDIT(44, "\xff\xff")),
	F("UDP of nothing over IPv6", UDP6, UDP_LENGTH, EDIT(4, "\0\0")),
	F("source port 0", UDP4, UDP_PORT, EDIT(20, "\0\0")),
	F("source port 0 over IPv6", UDP6, UDP_PORT, EDIT(40, "\0\0")),
	F("closed port", UDP4, CLOSED_PORT, EDIT(22, "\x75\x31")),
	F("destination port 0", UDP4, CLOSED_PORT, EDIT(22, "\0\0")),
	F("last port", UDP4, CLOSED_PORT, EDIT(22, "\xff\xff")),
	F("closed port over IPv6", UDP6, CLOSED_PORT, EDIT(42, "\x75\x31")),
	F("a port of another address alone", UDP6, CLOSED_PORT, EDIT(42, "\x75\x32")),
	F("echo reply", ECHO4, ICMP, EDIT(20, "\0")),
	F("redirect", ECHO4, ICMP, EDIT(20, "\x05")),
	F("ICMP of seven octets", ECHO4, ICMP, EDIT(2, "\0\x1b")),
	F("echo reply over IPv6", ECHO6, ICMP, EDIT(40, "\x81")),
	F("redirect over IPv6", ECHO6, ICMP, EDIT(40, "\x89")),
	F("ICMPv6 of seven octets", ECHO6, ICMP, EDIT(4, "\0\x07")),
	F("solicitation from afar", SOLICIT, NDP, EDIT(7, "\xfe")),
	F("advertisement from afar", ADVERTISE, NDP, EDIT(7, "\x40")),
	F("solicitation with a code", SOLICIT, NDP, EDIT(41, "\x01")),
	F("solicitation without all of its target", SOLICIT, NDP, EDIT(4, "\0\x17")),

	F("blocked", UDP4, BLOCKED, EDIT(15, "\x41")),
	F("blocked, last of its prefix", UDP4, BLOCKED, EDIT(15, "\x7f")),
	F("before the blocked prefix", UDP4, TO_DATAPLANE, EDIT(15, "\x3f")),
	F("behind the blocked prefix", UDP4, TO_DATAPLANE, EDIT(15, "\x80")),
	F("blocked, closed port", UDP4, BLOCKED, EDIT(15, "\x41"), EDIT(22, "\x75\x31")),
	F("blocked, malformed", UDP4, UDP_PORT, EDIT(15, "\x41"), EDIT(20, "\0\0")),
	F("blocked, ping", ECHO4, BLOCKED, EDIT(15, "\x41")),
	F("blocked, ARP", WHO_HAS, TO_DATAPLANE, EDIT(17, "\x41")),
	F("blocked over IPv6", UDP6, BLOCKED, EDIT(8, "\x20\x01\x0d\xb8\x0b\xad\x12")),
	F("beside the blocked prefix over IPv6", UDP6, TO_DATAPLANE,
	  EDIT(8, "\x20\x01\x0d\xb8\x0b\xac")),
	F("blocked, ping over IPv6", ECHO6, BLOCKED, EDIT(8, "\x20\x01\x0d\xb8\x0b\xad")),
	F("blocked, solicitation", SOLICIT, TO_DATAPLANE, EDIT(8, "\x20\x01\x0d\xb8\x0b\xad")),

	/* Strangers. */
	F("RTCP of a stranger", UDP4, TO_DATAPLANE, EDIT(29, "\xc8")),
	F("RTP of a stranger, signalled address", UDP4, TO_DATAPLANE, TO(4, "\x36"),
	  EDIT(15, "\x08")),
	F("RTP of a stranger, not the signalled address", UDP4, STRANGER_MEDIA, TO(4, "\x36")),
	F("RTCP of a stranger, not the signalled address", UDP4, STRANGER_MEDIA, TO(4, "\x36"),
	  EDIT(29, "\xc8")),
	F("RTP of a stranger over IPv6, signalled address", UDP6, TO_DATAPLANE, TO(6, "\x36"),
	  EDIT(23, "\x08")),
	F("RTP of a stranger over IPv6, not the signalled address", UDP6, STRANGER_MEDIA,
	  TO(6, "\x36")),
	F("RTP of a stranger, latched", UDP4, STRANGER_MEDIA, TO(4, "\x38")),
	F("RTP of a stranger, ICE", UDP4, STRANGER_MEDIA, TO(4, "\x34")),
	F("RTP of a stranger, ICE over IPv6", UDP6, STRANGER_MEDIA, TO(6, "\x34")),
	F("DTLS of a stranger", UDP4, STRANGER_DTLS, EDIT(28, "\x16")),
	F("DTLS of a stranger, ICE", UDP4, STRANGER_DTLS, TO(4, "\x34"), EDIT(28, "\x16")),
	F("DTLS of a stranger over IPv6", UDP6, STRANGER_DTLS, EDIT(48, "\x3f")),
	F("garbage", UDP4, NOT_MEDIA, EDIT(28, "\xff")),
	F("TURN channel", UDP4, NOT_MEDIA, EDIT(28, "\x40")),
	F("between STUN and DTLS", UDP4, NOT_MEDIA, EDIT(28, "\x04")),
	F("before RTP", UDP4, NOT_MEDIA, EDIT(28, "\x7f")),
	F("behind RTP", UDP4, NOT_MEDIA, EDIT(28, "\xc0")),
	F("no payload", UDP4, NOT_MEDIA, EDIT(2, "\0\x1c"), EDIT(24, "\0\x08")),
	F("one octet", UDP4, NOT_MEDIA, EDIT(2, "\0\x1d"), EDIT(24, "\0\x09")),
	F("garbage over IPv6", UDP6, NOT_MEDIA, EDIT(48, "\xff")),

	/* ICE checks of strangers. */
	F("check", STUN4, TO_DATAPLANE),
	F("check over IPv6", STUN6, TO_DATAPLANE),
	F("check with the fragment of before", STUN4, TO_DATAPLANE, EDIT(60, "wxyz:longer.")),
	F("check with another fragment", STUN4, STUN_UFRAG, EDIT(67, "X")),
	F("check with another fragment over IPv6", STUN6, STUN_UFRAG, EDIT(80, "X")),
	F("check with more than the fragment of before", STUN4, STUN_UFRAG, EDIT(60, "wxyzz:")),
	F("check with less than the fragment of before", STUN4, STUN_UFRAG, EDIT(60, "wxy:")),
	F("check without USERNAME", STUN4, STUN_UFRAG, EDIT(57, "\x24")),
	F("check without attributes", STUN4, STUN_UFRAG, EDIT(2, "\0\x30"), EDIT(24, "\0\x1c"),
	  EDIT(30, "\0\0")),
	F("check, attribute longer than it", STUN4, STUN_UFRAG, EDIT(50, "\xff\xff")),
	F("check, USERNAME at once", STUN4, TO_DATAPLANE,
	  EDIT(48, "\0\x06\0\x08"
		   "abcdefgh")),
	F("check without ICE", STUN4, STUN_UNHANDLED, TO(4, "\x30")),
	F("indication of a stranger", STUN4, STUN_UNHANDLED, EDIT(29, "\x11")),
	F("success response", STUN4, STUN_UNHANDLED, EDIT(28, "\x01\x01")),
	F("Allocate", STUN4, STUN_UNHANDLED, EDIT(29, "\x03")),
	F("no cookie", STUN4, STUN_MALFORMED, EDIT(32, "\x20")),
	F("STUN length one less", STUN4, STUN_MALFORMED, EDIT(31, "\x17")),
	F("STUN length four more", STUN4, STUN_MALFORMED, EDIT(31, "\x1c")),
	F("STUN length over IPv6", STUN6, STUN_MALFORMED, EDIT(50, "\xff\xff")),
	F("STUN of twelve octets", UDP4, STUN_MALFORMED, TO(4, "\x34"), EDIT(28, "\0")),

	/* Rates of strangers. */
	F("too many of one address", UDP4, SOURCE_RATE, EDIT(15, "\x0a")),
	F("too many checks of one address", STUN4, SOURCE_RATE, EDIT(15, "\x0a")),
	F("too many of one /64", UDP6, SOURCE_RATE, EDIT(13, "\xfe")),
	F("too many of one /64, another host", STUN6, SOURCE_RATE, EDIT(13, "\xfe"),
	  EDIT(16, "\x12\x34")),
	F("too many on one port", UDP4, STRANGER_RATE, TO(4, "\x3a")),
	F("too many checks on one port", STUN4, STRANGER_RATE, TO(4, "\x3a")),
	F("too many on one port over IPv6", UDP6, STRANGER_RATE, TO(6, "\x3a")),
	F("what cannot be a beginning does not count", UDP4, NOT_MEDIA, TO(4, "\x3a"),
	  EDIT(28, "\xff")),

	/* Peers. The SSRC's highest number is 100; 100 and 98 were accepted,
	99 was not. */
	{"next number", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x65")}},
	F("next number over IPv6", UDP6, TO_DATAPLANE, PEER(6, "\x34"), SEQ(6, "\0\x65")),
	F("a late number", UDP4, TO_DATAPLANE, PEER(4, "\x34"), SEQ(4, "\0\x63")),
	F("the earliest number", UDP4, TO_DATAPLANE, PEER(4, "\x34"), SEQ(4, "\0\x74")),
	F("the same number", UDP4, REPLAY, PEER(4, "\x34"), SEQ(4, "\0\x64")),
	F("an earlier number", UDP4, REPLAY, PEER(4, "\x34"), SEQ(4, "\0\x62")),
	F("the same number over IPv6", UDP6, REPLAY, PEER(6, "\x34"), SEQ(6, "\0\x64")),
	F("a jump", UDP4, TO_DATAPLANE, PEER(4, "\x34"), SEQ(4, "\0\x75")),
	F("far behind", UDP4, TO_DATAPLANE, PEER(4, "\x34"), SEQ(4, "\0\x24")),
	F("another SSRC", UDP4, TO_DATAPLANE, PEER(4, "\x34"), EDIT(39, "\x04")),
	F("RTCP of a peer", UDP4, TO_DATAPLANE, PEER(4, "\x34"), EDIT(29, "\xc9")),
	F("DTLS of a peer", UDP4, TO_DATAPLANE, PEER(4, "\x34"), EDIT(28, "\x14")),
	F("check of a peer", STUN4, TO_DATAPLANE, EDIT(20, "\x9c\x41")),
	F("check of a peer with another fragment", STUN4, STUN_UFRAG, EDIT(20, "\x9c\x41"),
	  EDIT(60, "b")),
	F("indication of a peer", STUN4, TO_DATAPLANE, EDIT(20, "\x9c\x41"), EDIT(29, "\x11")),
	F("garbage of a peer", UDP4, NOT_MEDIA, PEER(4, "\x34"), EDIT(28, "\xff")),
	F("RTP of a peer, eleven octets", UDP4, NOT_MEDIA, EDIT(2, "\0\x27"), PEER(4, "\x34"),
	  EDIT(24, "\0\x13")),
	F("another SSRC of a peer with more than are followed", UDP4, TO_DATAPLANE, PEER(4, "\x3c"),
	  EDIT(39, "\x04")),
	F("a number again of a peer with more than are followed", UDP4, REPLAY, PEER(4, "\x3c"),
	  SEQ(4, "\0\x64")),
	F("too much media", UDP4, MEDIA_RATE, PEER(4, "\x3a"), SEQ(4, "\0\x65")),
	F("too much media over IPv6", UDP6, MEDIA_RATE, PEER(6, "\x3a"), SEQ(6, "\0\x65")),
	F("a replay is no media", UDP4, REPLAY, PEER(4, "\x3a"), SEQ(4, "\0\x64")),
	F("too many unknown", UDP4, UNKNOWN_RATE, PEER(4, "\x3a"), EDIT(39, "\x04")),
	F("too many jumps", UDP4, UNKNOWN_RATE, PEER(4, "\x3a"), SEQ(4, "\x80\0")),
	F("too much RTCP", UDP4, RTCP_RATE, PEER(4, "\x3a"), EDIT(29, "\xdf")),
	F("too much DTLS", UDP4, DTLS_RATE, PEER(4, "\x3a"), EDIT(28, "\x17")),
	F("too many checks", STUN4, STUN_RATE, PEER(4, "\x3a")),
	F("too many checks over IPv6", STUN6, STUN_RATE, PEER(6, "\x3a")),

	/* TURN. */
	F("from a media address", UDP4, SOURCE, EDIT(12, "\xc6\x33\x64\x01")),
	F("from a media address of IPv6", UDP6, SOURCE, EDIT(8, MEDIA6)),
	F("Allocate of a stranger", STUN4, TO_DATAPLANE, TO(4, "\x3e"), EDIT(29, "\x03")),
	F("Binding of a stranger", STUN4, TO_DATAPLANE, TO(4, "\x3e")),
	F("Allocate of a stranger over IPv6", STUN6, TO_DATAPLANE, TO(6, "\x3e"), EDIT(49, "\x03")),
	F("Send of a stranger", STUN4, TURN_STRANGER, TO(4, "\x3e"), EDIT(29, "\x16")),
	F("ChannelData of a stranger", UDP4, TURN_STRANGER, TO(4, "\x3e"),
	  EDIT(28, "\x40\x01\0\x08")),
	F("RTP of a stranger to TURN", UDP4, TURN_STRANGER, TO(4, "\x3e")),
	F("malformed Allocate", STUN4, STUN_MALFORMED, TO(4, "\x3e"), EDIT(29, "\x03\0\x19")),
	F("too many Allocates", STUN4, STRANGER_RATE, TO(4, "\x40"), EDIT(29, "\x03")),
	F("too many Allocates of one address", STUN4, SOURCE_RATE, TO(4, "\x3e"), EDIT(29, "\x03"),
	  EDIT(15, "\x0a")),
/* Of the minute 1000, which it is; of 940, the oldest that serves; of 939; another's. */
#define NONCE(text) EDIT(48, "\0\x15\0\x10" text "\x80\x22\0\0")
	F("a nonce beside too many Allocates", STUN4, TO_DATAPLANE, TO(4, "\x40"), EDIT(29, "\x03"),
	  NONCE("e2###7f-tz]awn2%")),
	F("the oldest nonce", STUN4, TO_DATAPLANE, TO(4, "\x40"), EDIT(29, "\x04"),
	  NONCE("i1###'cxir/6l&o>")),
	F("a nonce that is too old", STUN4, STRANGER_RATE, TO(4, "\x40"), EDIT(29, "\x03"),
	  NONCE("h1###3>n.|g_2oaB")),
	F("a nonce of another secret", STUN4, STRANGER_RATE, TO(4, "\x40"), EDIT(29, "\x03"),
	  NONCE("e2###7f-tz]awn2#")),
	F("no nonce at all", STUN4, STRANGER_RATE, TO(4, "\x40"), EDIT(29, "\x03"),
	  NONCE("\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\")),
	F("another port's nonce", STUN4, STRANGER_RATE, TO(4, "\x40"), EDIT(21, "\x43"),
	  NONCE("e2###7f-tz]awn2%")),
#undef NONCE
	F("ChannelData of a client", UDP4, TO_DATAPLANE, PEER(4, "\x3e"),
	  EDIT(28, "\x40\x01\0\x08")),
	F("ChannelData of a client while strangers flood", UDP4, TO_DATAPLANE, PEER(4, "\x40"),
	  EDIT(28, "\x40\x01\0\x08")),
	F("ChannelData of a client over IPv6", UDP6, TO_DATAPLANE, PEER(6, "\x3e"),
	  EDIT(48, "\x40\x01\0\x08")),
	F("too much ChannelData", UDP4, CLIENT_RATE, PEER(4, "\x3e"), EDIT(21, "\x42"),
	  EDIT(28, "\x40\x01\0\x08")),
	F("of a permitted peer", UDP4, TO_DATAPLANE, TO(4, "\x42")),
	F("garbage of a permitted peer", UDP4, TO_DATAPLANE, TO(4, "\x42"), EDIT(28, "\xff")),
	F("of a permitted peer over IPv6", UDP6, TO_DATAPLANE, TO(6, "\x42")),
	F("too much of a permitted peer", UDP4, CLIENT_RATE, TO(4, "\x44")),
	F("of nobody's peer", UDP4, NO_PERMISSION, TO(4, "\x42"), EDIT(15, "\x0b")),
	F("of one of many peers", UDP4, TO_DATAPLANE, TO(4, "\x46"), EDIT(15, "\x0b")),

	F("too many pings", ECHO4, SERVICE_RATE, EDIT(19, "\x03")),
	F("too many errors", ECHO4, SERVICE_RATE, EDIT(19, "\x03"), EDIT(20, "\x03\x03")),
	F("too many ARP requests", WHO_HAS, SERVICE_RATE, EDIT(27, "\x03")),
	F("too many ARP replies", WHO_HAS, SERVICE_RATE, EDIT(7, "\x02"), EDIT(27, "\x03")),
};

void verdict_sum(uint8_t *ip)
{
	uint32_t sum = 0;
	int i;

	ip[10] = ip[11] = 0;
	for (i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = sum >> 8;
	ip[11] = sum;
}

void verdict_build(struct frame *frame, const struct fixture *fixture, uint16_t tag)
{
	uint16_t ethertype = bases[fixture->base].ethertype;
	uint8_t *at = frame->octet;
	const struct edit *edit;

	memset(frame, 0, sizeof(*frame));
	memcpy(at, "\x02\0\0\0\0\x01\x02\0\0\0\0\x09", 12);
	at += 12;
	if (tag) {
		memcpy(at, (uint8_t[]){tag >> 8, tag & 0xff, 0x20, 7}, TAG);
		at += TAG;
	}
	*at++ = ethertype >> 8;
	*at++ = ethertype & 0xff;
	memcpy(at, bases[fixture->base].octets, bases[fixture->base].len);
	for (edit = fixture->edit; edit < fixture->edit + 3; edit++)
		if (edit->len)
			memcpy(at + edit->at, edit->octets, edit->len);
	if (ethertype == 0x0800) {
		verdict_sum(at);
		at[11] ^= fixture->wrong_checksum;
	}
	frame->len = at + bases[fixture->base].len - frame->octet - fixture->cut;
}
