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

const struct fixture verdict_fixtures[] = {
	{"UDP", UDP4, SHED_TO_DATAPLANE},
	{"UDP over IPv6", UDP6, SHED_TO_DATAPLANE},
	{"UDP without checksum", UDP4, SHED_TO_DATAPLANE, {EDIT(26, "\0\0")}},
	{"a port of this address alone", UDP4, SHED_TO_DATAPLANE, {EDIT(22, "\x75\x32")}},
	{"echo request", ECHO4, SHED_TO_DATAPLANE},
	{"echo request over IPv6", ECHO6, SHED_TO_DATAPLANE},
	{"unreachable", ECHO4, SHED_TO_DATAPLANE, {EDIT(20, "\x03\x03")}},
	{"time exceeded", ECHO4, SHED_TO_DATAPLANE, {EDIT(20, "\x0b")}},
	{"parameter problem", ECHO4, SHED_TO_DATAPLANE, {EDIT(20, "\x0c")}},
	{"unreachable over IPv6", ECHO6, SHED_TO_DATAPLANE, {EDIT(40, "\x01\x04")}},
	{"packet too big", ECHO6, SHED_TO_DATAPLANE, {EDIT(40, "\x02")}},
	{"time exceeded over IPv6", ECHO6, SHED_TO_DATAPLANE, {EDIT(40, "\x03")}},
	{"parameter problem over IPv6", ECHO6, SHED_TO_DATAPLANE, {EDIT(40, "\x04")}},
	{"ARP request", WHO_HAS, SHED_TO_DATAPLANE},
	{"ARP reply", WHO_HAS, SHED_TO_DATAPLANE, {EDIT(7, "\x02")}},
	{"solicitation", SOLICIT, SHED_TO_DATAPLANE},
	{"solicitation by unicast", SOLICIT, SHED_TO_DATAPLANE, {EDIT(24, MEDIA6)}},
	{"solicitation from ::, DAD",
	 SOLICIT,
	 SHED_TO_DATAPLANE,
	 {EDIT(8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}},
	{"advertisement", ADVERTISE, SHED_TO_DATAPLANE},
	{"claim to a media address",
	 ADVERTISE,
	 SHED_TO_DATAPLANE,
	 {EDIT(24, NODES6), EDIT(48, MEDIA6)}},

	{"another address", UDP4, SHED_TO_KERNEL, {EDIT(19, "\x02")}},
	{"another IPv6 address", UDP6, SHED_TO_KERNEL, {EDIT(24, OTHER6)}},
	{"TCP to another address", UDP4, SHED_TO_KERNEL, {EDIT(9, "\x06"), EDIT(19, "\x02")}},
	{"IPv4-mapped destination",
	 UDP6,
	 SHED_TO_KERNEL,
	 {EDIT(24, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x01")}},
	{"bad checksum to another address", UDP4, SHED_TO_KERNEL, {EDIT(19, "\x02")}, 0, 1},
	{"broadcast", UDP4, SHED_TO_KERNEL, {EDIT(16, "\xff\xff\xff\xff")}},
	{"multicast", UDP6, SHED_TO_KERNEL, {EDIT(24, NODES6)}},
	{"ARP about another address", WHO_HAS, SHED_TO_KERNEL, {EDIT(27, "\x02")}},
	{"gratuitous ARP", WHO_HAS, SHED_TO_KERNEL, {EDIT(24, "\xcb\0\x71\x09")}},
	{"ARP reply to the kernel", WHO_HAS, SHED_TO_KERNEL, {EDIT(7, "\x02"), EDIT(27, "\x02")}},
	{"ARP, other hardware", WHO_HAS, SHED_TO_KERNEL, {EDIT(1, "\x06")}},
	{"ARP, other protocol", WHO_HAS, SHED_TO_KERNEL, {EDIT(2, "\x86\xdd")}},
	{"ARP, odd hardware length", WHO_HAS, SHED_TO_KERNEL, {EDIT(4, "\x08")}},
	{"ARP, odd protocol length", WHO_HAS, SHED_TO_KERNEL, {EDIT(5, "\x10")}},
	{"solicitation, same group, other target",
	 SOLICIT,
	 SHED_TO_KERNEL,
	 {EDIT(48, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\x77\0\0\x01")}},
	{"announcement to all nodes", ADVERTISE, SHED_TO_KERNEL, {EDIT(24, NODES6)}},
	{"advertisement to the kernel", ADVERTISE, SHED_TO_KERNEL, {EDIT(24, OTHER6)}},
	{"router advertisement to all nodes",
	 ADVERTISE,
	 SHED_TO_KERNEL,
	 {EDIT(24, NODES6), EDIT(40, "\x86"), EDIT(48, MEDIA6)}},
	{"multicast listener query",
	 ADVERTISE,
	 SHED_TO_KERNEL,
	 {EDIT(6, "\0"), EDIT(24, NODES6), EDIT(48, MEDIA6)}},

	{"cut", UDP4, SHED_RUNT, {}, 1},
	{"cut over IPv6", UDP6, SHED_RUNT, {}, 1},
	{"cut echo request", ECHO4, SHED_RUNT, {}, 8},
	{"cut solicitation", SOLICIT, SHED_RUNT, {}, 8},
	{"longest length", UDP4, SHED_RUNT, {EDIT(2, "\xff\xff")}},
	{"longest length over IPv6", UDP6, SHED_RUNT, {EDIT(4, "\xff\xff")}},
	{"version 6 as IPv4", UDP4, SHED_IP_HEADER, {EDIT(0, "\x65")}},
	{"version 4 as IPv6", UDP6, SHED_IP_HEADER, {EDIT(0, "\x40")}},
	{"short header", UDP4, SHED_IP_HEADER, {EDIT(0, "\x44")}},
	{"total length within the header", UDP4, SHED_IP_HEADER, {EDIT(2, "\0\x13")}},
	{"IPv4 options", UDP4, SHED_IP_OPTIONS, {EDIT(0, "\x46")}},
	{"longest IPv4 options", UDP4, SHED_IP_OPTIONS, {EDIT(0, "\x4f")}},
	{"hop-by-hop options", UDP6, SHED_IP_OPTIONS, {EDIT(6, "\0")}},
	{"routing header", UDP6, SHED_IP_OPTIONS, {EDIT(6, "\x2b")}},
	{"destination options", UDP6, SHED_IP_OPTIONS, {EDIT(6, "\x3c")}},
	{"wrong header checksum", UDP4, SHED_CHECKSUM, {}, 0, 1},
	{"UDP over IPv6 without checksum", UDP6, SHED_CHECKSUM, {EDIT(46, "\0\0")}},
	{"first fragment", UDP4, SHED_FRAGMENT, {EDIT(6, "\x20\0")}},
	{"last fragment", UDP4, SHED_FRAGMENT, {EDIT(6, "\0\x01")}},
	{"last fragment, far", UDP4, SHED_FRAGMENT, {EDIT(6, "\x10\0")}},
	{"last fragment of four octets",
	 UDP4,
	 SHED_FRAGMENT,
	 {EDIT(2, "\0\x18"), EDIT(6, "\0\x40")}},
	{"fragmented echo request", ECHO4, SHED_FRAGMENT, {EDIT(6, "\x20\0")}},
	{"fragment header", UDP6, SHED_FRAGMENT, {EDIT(6, "\x2c")}},
	{"from 0.0.0.0/8", UDP4, SHED_SOURCE, {EDIT(12, "\0")}},
	{"from loopback", UDP4, SHED_SOURCE, {EDIT(12, "\x7f")}},
	{"from multicast", UDP4, SHED_SOURCE, {EDIT(12, "\xe0")}},
	{"echo from broadcast", ECHO4, SHED_SOURCE, {EDIT(12, "\xff\xff\xff\xff")}},
	{"from ::", UDP6, SHED_SOURCE, {EDIT(8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}},
	{"from ::1", UDP6, SHED_SOURCE, {EDIT(8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01")}},
	{"from IPv4-mapped",
	 UDP6,
	 SHED_SOURCE,
	 {EDIT(8, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x09")}},
	{"from IPv6 multicast", UDP6, SHED_SOURCE, {EDIT(8, NODES6)}},
	{"echo from IPv6 multicast", ECHO6, SHED_SOURCE, {EDIT(8, NODES6)}},
	{"from NAT64",
	 UDP6,
	 SHED_TO_DATAPLANE,
	 {EDIT(8, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0\xcb\0\x71\x09")}},
	{"from the first subnet",
	 UDP6,
	 SHED_TO_DATAPLANE,
	 {EDIT(8, "\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0")}},
	{"TCP", UDP4, SHED_PROTOCOL, {EDIT(9, "\x06")}},
	{"TCP over IPv6", UDP6, SHED_PROTOCOL, {EDIT(6, "\x06")}},
	{"ICMP over IPv6", ECHO6, SHED_PROTOCOL, {EDIT(6, "\x01")}},
	{"no next header", UDP6, SHED_PROTOCOL, {EDIT(6, "\x3b")}},
	{"UDP length one less", UDP4, SHED_UDP_LENGTH, {EDIT(24, "\0\x13")}},
	{"UDP length one more", UDP4, SHED_UDP_LENGTH, {EDIT(24, "\0\x15")}},
	{"UDP of seven octets", UDP4, SHED_UDP_LENGTH, {EDIT(2, "\0\x1b"), EDIT(24, "\0\x07")}},
	{"UDP length over IPv6", UDP6, SHED_UDP_LENGTH, {EDIT(44, "\xff\xff")}},
	{"UDP of nothing over IPv6", UDP6, SHED_UDP_LENGTH, {EDIT(4, "\0\0")}},
	{"source port 0", UDP4, SHED_UDP_PORT, {EDIT(20, "\0\0")}},
	{"source port 0 over IPv6", UDP6, SHED_UDP_PORT, {EDIT(40, "\0\0")}},
	{"closed port", UDP4, SHED_CLOSED_PORT, {EDIT(22, "\x75\x31")}},
	{"destination port 0", UDP4, SHED_CLOSED_PORT, {EDIT(22, "\0\0")}},
	{"last port", UDP4, SHED_CLOSED_PORT, {EDIT(22, "\xff\xff")}},
	{"closed port over IPv6", UDP6, SHED_CLOSED_PORT, {EDIT(42, "\x75\x31")}},
	{"a port of another address alone", UDP6, SHED_CLOSED_PORT, {EDIT(42, "\x75\x32")}},
	{"echo reply", ECHO4, SHED_ICMP, {EDIT(20, "\0")}},
	{"redirect", ECHO4, SHED_ICMP, {EDIT(20, "\x05")}},
	{"ICMP of seven octets", ECHO4, SHED_ICMP, {EDIT(2, "\0\x1b")}},
	{"echo reply over IPv6", ECHO6, SHED_ICMP, {EDIT(40, "\x81")}},
	{"redirect over IPv6", ECHO6, SHED_ICMP, {EDIT(40, "\x89")}},
	{"ICMPv6 of seven octets", ECHO6, SHED_ICMP, {EDIT(4, "\0\x07")}},
	{"solicitation from afar", SOLICIT, SHED_NDP, {EDIT(7, "\xfe")}},
	{"advertisement from afar", ADVERTISE, SHED_NDP, {EDIT(7, "\x40")}},
	{"solicitation with a code", SOLICIT, SHED_NDP, {EDIT(41, "\x01")}},
	{"solicitation without all of its target", SOLICIT, SHED_NDP, {EDIT(4, "\0\x17")}},

	{"blocked", UDP4, SHED_BLOCKED, {EDIT(15, "\x41")}},
	{"blocked, last of its prefix", UDP4, SHED_BLOCKED, {EDIT(15, "\x7f")}},
	{"before the blocked prefix", UDP4, SHED_TO_DATAPLANE, {EDIT(15, "\x3f")}},
	{"behind the blocked prefix", UDP4, SHED_TO_DATAPLANE, {EDIT(15, "\x80")}},
	{"blocked, closed port", UDP4, SHED_BLOCKED, {EDIT(15, "\x41"), EDIT(22, "\x75\x31")}},
	{"blocked, malformed", UDP4, SHED_UDP_PORT, {EDIT(15, "\x41"), EDIT(20, "\0\0")}},
	{"blocked, ping", ECHO4, SHED_BLOCKED, {EDIT(15, "\x41")}},
	{"blocked, ARP", WHO_HAS, SHED_TO_DATAPLANE, {EDIT(17, "\x41")}},
	{"blocked over IPv6", UDP6, SHED_BLOCKED, {EDIT(8, "\x20\x01\x0d\xb8\x0b\xad\x12")}},
	{"beside the blocked prefix over IPv6",
	 UDP6,
	 SHED_TO_DATAPLANE,
	 {EDIT(8, "\x20\x01\x0d\xb8\x0b\xac")}},
	{"blocked, ping over IPv6", ECHO6, SHED_BLOCKED, {EDIT(8, "\x20\x01\x0d\xb8\x0b\xad")}},
	{"blocked, solicitation",
	 SOLICIT,
	 SHED_TO_DATAPLANE,
	 {EDIT(8, "\x20\x01\x0d\xb8\x0b\xad")}},

	/* Strangers. */
	{"RTCP of a stranger", UDP4, SHED_TO_DATAPLANE, {EDIT(29, "\xc8")}},
	{"RTP of a stranger, signalled address",
	 UDP4,
	 SHED_TO_DATAPLANE,
	 {TO(4, "\x36"), EDIT(15, "\x08")}},
	{"RTP of a stranger, not the signalled address",
	 UDP4,
	 SHED_STRANGER_MEDIA,
	 {TO(4, "\x36")}},
	{"RTCP of a stranger, not the signalled address",
	 UDP4,
	 SHED_STRANGER_MEDIA,
	 {TO(4, "\x36"), EDIT(29, "\xc8")}},
	{"RTP of a stranger over IPv6, signalled address",
	 UDP6,
	 SHED_TO_DATAPLANE,
	 {TO(6, "\x36"), EDIT(23, "\x08")}},
	{"RTP of a stranger over IPv6, not the signalled address",
	 UDP6,
	 SHED_STRANGER_MEDIA,
	 {TO(6, "\x36")}},
	{"RTP of a stranger, latched", UDP4, SHED_STRANGER_MEDIA, {TO(4, "\x38")}},
	{"RTP of a stranger, ICE", UDP4, SHED_STRANGER_MEDIA, {TO(4, "\x34")}},
	{"RTP of a stranger, ICE over IPv6", UDP6, SHED_STRANGER_MEDIA, {TO(6, "\x34")}},
	{"DTLS of a stranger", UDP4, SHED_STRANGER_DTLS, {EDIT(28, "\x16")}},
	{"DTLS of a stranger, ICE", UDP4, SHED_STRANGER_DTLS, {TO(4, "\x34"), EDIT(28, "\x16")}},
	{"DTLS of a stranger over IPv6", UDP6, SHED_STRANGER_DTLS, {EDIT(48, "\x3f")}},
	{"garbage", UDP4, SHED_NOT_MEDIA, {EDIT(28, "\xff")}},
	{"TURN channel", UDP4, SHED_NOT_MEDIA, {EDIT(28, "\x40")}},
	{"between STUN and DTLS", UDP4, SHED_NOT_MEDIA, {EDIT(28, "\x04")}},
	{"before RTP", UDP4, SHED_NOT_MEDIA, {EDIT(28, "\x7f")}},
	{"behind RTP", UDP4, SHED_NOT_MEDIA, {EDIT(28, "\xc0")}},
	{"no payload", UDP4, SHED_NOT_MEDIA, {EDIT(2, "\0\x1c"), EDIT(24, "\0\x08")}},
	{"one octet", UDP4, SHED_NOT_MEDIA, {EDIT(2, "\0\x1d"), EDIT(24, "\0\x09")}},
	{"garbage over IPv6", UDP6, SHED_NOT_MEDIA, {EDIT(48, "\xff")}},

	/* ICE checks of strangers. */
	{"check", STUN4, SHED_TO_DATAPLANE},
	{"check over IPv6", STUN6, SHED_TO_DATAPLANE},
	{"check with the fragment of before", STUN4, SHED_TO_DATAPLANE, {EDIT(60, "wxyz:longer.")}},
	{"check with another fragment", STUN4, SHED_STUN_UFRAG, {EDIT(67, "X")}},
	{"check with another fragment over IPv6", STUN6, SHED_STUN_UFRAG, {EDIT(80, "X")}},
	{"check with more than the fragment of before",
	 STUN4,
	 SHED_STUN_UFRAG,
	 {EDIT(60, "wxyzz:")}},
	{"check with less than the fragment of before", STUN4, SHED_STUN_UFRAG, {EDIT(60, "wxy:")}},
	{"check without USERNAME", STUN4, SHED_STUN_UFRAG, {EDIT(57, "\x24")}},
	{"check without attributes",
	 STUN4,
	 SHED_STUN_UFRAG,
	 {EDIT(2, "\0\x30"), EDIT(24, "\0\x1c"), EDIT(30, "\0\0")}},
	{"check, attribute longer than it", STUN4, SHED_STUN_UFRAG, {EDIT(50, "\xff\xff")}},
	{"check, USERNAME at once",
	 STUN4,
	 SHED_TO_DATAPLANE,
	 {EDIT(48, "\0\x06\0\x08"
		   "abcdefgh")}},
	{"check without ICE", STUN4, SHED_STUN_UNHANDLED, {TO(4, "\x30")}},
	{"indication of a stranger", STUN4, SHED_STUN_UNHANDLED, {EDIT(29, "\x11")}},
	{"success response", STUN4, SHED_STUN_UNHANDLED, {EDIT(28, "\x01\x01")}},
	{"Allocate", STUN4, SHED_STUN_UNHANDLED, {EDIT(29, "\x03")}},
	{"no cookie", STUN4, SHED_STUN_MALFORMED, {EDIT(32, "\x20")}},
	{"STUN length one less", STUN4, SHED_STUN_MALFORMED, {EDIT(31, "\x17")}},
	{"STUN length four more", STUN4, SHED_STUN_MALFORMED, {EDIT(31, "\x1c")}},
	{"STUN length over IPv6", STUN6, SHED_STUN_MALFORMED, {EDIT(50, "\xff\xff")}},
	{"STUN of twelve octets", UDP4, SHED_STUN_MALFORMED, {TO(4, "\x34"), EDIT(28, "\0")}},

	/* Rates of strangers. */
	{"too many of one address", UDP4, SHED_SOURCE_RATE, {EDIT(15, "\x0a")}},
	{"too many checks of one address", STUN4, SHED_SOURCE_RATE, {EDIT(15, "\x0a")}},
	{"too many of one /64", UDP6, SHED_SOURCE_RATE, {EDIT(13, "\xfe")}},
	{"too many of one /64, another host",
	 STUN6,
	 SHED_SOURCE_RATE,
	 {EDIT(13, "\xfe"), EDIT(16, "\x12\x34")}},
	{"too many on one port", UDP4, SHED_STRANGER_RATE, {TO(4, "\x3a")}},
	{"too many checks on one port", STUN4, SHED_STRANGER_RATE, {TO(4, "\x3a")}},
	{"too many on one port over IPv6", UDP6, SHED_STRANGER_RATE, {TO(6, "\x3a")}},
	{"what cannot be a beginning does not count",
	 UDP4,
	 SHED_NOT_MEDIA,
	 {TO(4, "\x3a"), EDIT(28, "\xff")}},

	/* Peers. The SSRC's highest number is 100; 100 and 98 were accepted, 99 was not. */
	{"next number", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x65")}},
	{"next number over IPv6", UDP6, SHED_TO_DATAPLANE, {PEER(6, "\x34"), SEQ(6, "\0\x65")}},
	{"a late number", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x63")}},
	{"the earliest number", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x74")}},
	{"the same number", UDP4, SHED_REPLAY, {PEER(4, "\x34"), SEQ(4, "\0\x64")}},
	{"an earlier number", UDP4, SHED_REPLAY, {PEER(4, "\x34"), SEQ(4, "\0\x62")}},
	{"the same number over IPv6", UDP6, SHED_REPLAY, {PEER(6, "\x34"), SEQ(6, "\0\x64")}},
	{"a jump", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x75")}},
	{"far behind", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x24")}},
	{"another SSRC", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), EDIT(39, "\x04")}},
	{"RTCP of a peer", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), EDIT(29, "\xc9")}},
	{"DTLS of a peer", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), EDIT(28, "\x14")}},
	{"check of a peer", STUN4, SHED_TO_DATAPLANE, {EDIT(20, "\x9c\x41")}},
	{"check of a peer with another fragment",
	 STUN4,
	 SHED_STUN_UFRAG,
	 {EDIT(20, "\x9c\x41"), EDIT(60, "b")}},
	{"indication of a peer",
	 STUN4,
	 SHED_TO_DATAPLANE,
	 {EDIT(20, "\x9c\x41"), EDIT(29, "\x11")}},
	{"garbage of a peer", UDP4, SHED_NOT_MEDIA, {PEER(4, "\x34"), EDIT(28, "\xff")}},
	{"RTP of a peer, eleven octets",
	 UDP4,
	 SHED_NOT_MEDIA,
	 {EDIT(2, "\0\x27"), PEER(4, "\x34"), EDIT(24, "\0\x13")}},
	{"another SSRC of a peer with more than are followed",
	 UDP4,
	 SHED_TO_DATAPLANE,
	 {PEER(4, "\x3c"), EDIT(39, "\x04")}},
	{"a number again of a peer with more than are followed",
	 UDP4,
	 SHED_REPLAY,
	 {PEER(4, "\x3c"), SEQ(4, "\0\x64")}},
	{"too much media", UDP4, SHED_MEDIA_RATE, {PEER(4, "\x3a"), SEQ(4, "\0\x65")}},
	{"too much media over IPv6", UDP6, SHED_MEDIA_RATE, {PEER(6, "\x3a"), SEQ(6, "\0\x65")}},
	{"a replay is no media", UDP4, SHED_REPLAY, {PEER(4, "\x3a"), SEQ(4, "\0\x64")}},
	{"too many unknown", UDP4, SHED_UNKNOWN_RATE, {PEER(4, "\x3a"), EDIT(39, "\x04")}},
	{"too many jumps", UDP4, SHED_UNKNOWN_RATE, {PEER(4, "\x3a"), SEQ(4, "\x80\0")}},
	{"too much RTCP", UDP4, SHED_RTCP_RATE, {PEER(4, "\x3a"), EDIT(29, "\xdf")}},
	{"too much DTLS", UDP4, SHED_DTLS_RATE, {PEER(4, "\x3a"), EDIT(28, "\x17")}},
	{"too many checks", STUN4, SHED_STUN_RATE, {PEER(4, "\x3a")}},
	{"too many checks over IPv6", STUN6, SHED_STUN_RATE, {PEER(6, "\x3a")}},

	{"too many pings", ECHO4, SHED_SERVICE_RATE, {EDIT(19, "\x03")}},
	{"too many errors", ECHO4, SHED_SERVICE_RATE, {EDIT(19, "\x03"), EDIT(20, "\x03\x03")}},
	{"too many ARP requests", WHO_HAS, SHED_SERVICE_RATE, {EDIT(27, "\x03")}},
	{"too many ARP replies", WHO_HAS, SHED_SERVICE_RATE, {EDIT(7, "\x02"), EDIT(27, "\x03")}},
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
