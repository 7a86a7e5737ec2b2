/* SPDX-License-Identifier: BSD-3-Clause */
/* Heads of dropped frames in words: each protocol, each way of being cut short. */
#include "controlplane/shed/head.h"
#include "tests/rig/test.h"

#define MACS  "020000000001020000000002"
#define IPV4  MACS "0800"
#define IPV6  MACS "86dd"
#define FROM4 "cb007109" /* 203.0.113.9 */
#define TO4   "c6336401" /* 198.51.100.1 */
#define FROM6 "20010db8000000000000000000000009"
#define TO6   "20010db8000000000000000000000001"
/* An IPv4 header without options or fragments; `protocol` has two digits. */
#define HEADER4(protocol)                                                                          \
	"450000c8000040004"                                                                        \
	"0" protocol "0000" FROM4 TO4
#define UDP(length)   "13c44e20" length "0000" /* 5060 to 20000 */
#define UDP4          IPV4 HEADER4("11") UDP("00b4")
#define UDP6          IPV6 "6000000000281140" FROM6 TO6 UDP("0028")
#define COOKIE        "2112a442000000000000000000000000"
#define DTLS(content) content "fefd000000000000000000b0"

static const struct {
	const char *frame; /* in hexadecimal */
	const char *what, *source, *destination;
} cases[] = {
	{UDP4 "00010058" COOKIE, "UDP, STUN Binding request", "203.0.113.9:5060",
	 "198.51.100.1:20000"},
	{UDP6 "00010058" COOKIE, "UDP, STUN Binding request", "[2001:db8::9]:5060",
	 "[2001:db8::1]:20000"},
	{UDP4 "01010058" COOKIE, "UDP, STUN Binding success"},
	{UDP4 "01110058" COOKIE, "UDP, STUN Binding error"},
	{UDP4 "00110058" COOKIE, "UDP, STUN Binding indication"},
	{UDP4 "00030058" COOKIE, "UDP, STUN Allocate request"},
	{UDP4 "00090058" COOKIE, "UDP, STUN ChannelBind request"},
	{UDP4 "02ef0058" COOKIE, "UDP, STUN method 255 request"},
	{UDP4 "0001005800000000"
	      "000000000000000000000000",
	 "UDP, STUN Binding request without its magic cookie"},
	{UDP4 "0001", "UDP, STUN, cut short"},
	{UDP4 DTLS("16") "010000a4000000000000"
			 "00a4",
	 "UDP, DTLS ClientHello"},
	{UDP4 DTLS("16") "630000a4000000000000"
			 "00a4",
	 "UDP, DTLS handshake"},
	{UDP4 DTLS("16"), "UDP, DTLS handshake"},
	{UDP4 "16fefd0001000000000000"
	      "00b0"
	      "010000a400000000000000a4",
	 "UDP, DTLS handshake"},
	{UDP4 DTLS("15"), "UDP, DTLS alert"},
	{UDP4 DTLS("17"), "UDP, DTLS application data"},
	{UDP4 DTLS("3f"), "UDP, DTLS content 63"},
	{UDP4 "16fefd", "UDP, DTLS, cut short"},
	{UDP4 "8000123400000000deadbeef", "UDP, RTP type 0, sequence 4660, SSRC deadbeef"},
	{UDP4 "80e0123400000000deadbeef", "UDP, RTP type 96, sequence 4660, SSRC deadbeef"},
	{UDP4 "8000123400000000", "UDP, RTP type 0, sequence 4660"},
	{UDP4 "80c80006deadbeef", "UDP, RTCP sender report, SSRC deadbeef"},
	{UDP4 "80d70006deadbeef", "UDP, RTCP type 215, SSRC deadbeef"},
	{UDP4 "8000", "UDP, RTP, cut short"},
	{UDP4 "40000000", "UDP, TURN channel data"},
	{UDP4 "50000000", "UDP, neither STUN, DTLS nor RTP, begins with 50"},
	{UDP4 "ff", "UDP, neither STUN, DTLS nor RTP, begins with ff"},
	{UDP4, "UDP, empty"},
	/* What follows the datagram is not in it. */
	{IPV4 HEADER4("11") UDP("0008") "8000123400000000", "UDP, empty"},
	{IPV4 HEADER4("11") UDP("000a") "8000123400000000", "UDP, RTP, cut short"},
	{IPV4 HEADER4("11") UDP("0000") "40", "UDP, TURN channel data"},
	{IPV4 HEADER4("11") "13c4", "UDP, cut short", "203.0.113.9", "198.51.100.1"},
	{IPV4 HEADER4("06"), "TCP", "203.0.113.9", "198.51.100.1"},
	{IPV4 HEADER4("fe"), "IP protocol 254"},
	{IPV4 HEADER4("01") "0800", "ICMP echo request"},
	{IPV4 HEADER4("01") "2a", "ICMP type 42"},
	{IPV4 HEADER4("01"), "ICMP cut short"},
	{IPV4 "460000c800004000401100"
	      "00" FROM4 TO4 "01010101" UDP("0008"),
	 "IPv4 options, UDP, empty"},
	{IPV4 "4f0000c800004000401100"
	      "00" FROM4 TO4,
	 "IPv4 options, cut short", "203.0.113.9"},
	{IPV4 "450000c800002000401100"
	      "00" FROM4 TO4 UDP("0008"),
	 "fragment at 0, UDP, empty"},
	{IPV4 "450000c8000000b9401100"
	      "00" FROM4 TO4 UDP("0008"),
	 "fragment at 1480, IP protocol 17", "203.0.113.9", "198.51.100.1"},
	{IPV4 "440000c800004000401100"
	      "00" FROM4 TO4,
	 "malformed IPv4", ""},
	{IPV4 "650000c800004000401100"
	      "00" FROM4 TO4,
	 "malformed IPv4", ""},
	{IPV4 "45", "IPv4, cut short", ""},
	{IPV6 "6000000000283aff" FROM6 TO6 "87", "ICMPv6 neighbour solicitation", "2001:db8::9",
	 "2001:db8::1"},
	{IPV6 "6000000000283aff" FROM6 TO6 "c8", "ICMPv6 type 200"},
	{IPV6 "6000000000283aff" FROM6 TO6, "ICMPv6 cut short"},
	{IPV6 "6000000000280040" FROM6 TO6, "IPv6 with hop-by-hop options"},
	{IPV6 "6000000000282c40" FROM6 TO6 "1100000100000000" UDP("0008"),
	 "fragment at 0, UDP, empty"},
	{IPV6 "6000000000282c40" FROM6 TO6 "1100059800000000", "fragment at 1432, IP protocol 17"},
	{IPV6 "6000000000282c40" FROM6 TO6 "11", "fragment, cut short"},
	{IPV6 "4000000000281140" FROM6 TO6, "malformed IPv6", ""},
	{IPV6 "60", "IPv6, cut short", ""},
	{MACS "0806"
	      "0001080006040001"
	      "020000000002" FROM4 "000000000000" TO4,
	 "ARP request", "203.0.113.9", "198.51.100.1"},
	{MACS "0806"
	      "0001080006040002"
	      "020000000002" FROM4 "000000000000" TO4,
	 "ARP reply"},
	{MACS "0806"
	      "0001080006040009"
	      "020000000002" FROM4 "000000000000" TO4,
	 "ARP operation 9"},
	{MACS "0806"
	      "000186dd06100001"
	      "020000000002" FROM4 "000000000000" TO4,
	 "ARP request", ""},
	{MACS "0806"
	      "0001",
	 "ARP cut short", ""},
	{MACS "8100002a0800" HEADER4("06"), "VLAN 42, TCP", "203.0.113.9"},
	{MACS "88a800078100002a0800" HEADER4("06"), "VLAN 7, VLAN 42, TCP"},
	{MACS "810000018100000281000003"
	      "0800",
	 "VLAN 1, VLAN 2, Ethernet type 8100"},
	{MACS "8100", "VLAN tag, cut short"},
	{MACS "88cc", "Ethernet type 88cc", "", ""},
	{"0200", "a frame without an Ethernet header", "", ""},
	{"", "a frame without an Ethernet header", "", ""},
};

/* Octets of exactly their size, so that a sanitizer sees who reads on. */
static uint8_t *octets_of(const char *hex, size_t *length)
{
	uint8_t *octets = malloc(strlen(hex) / 2 + 1), *exact;

	assert_int_equal(strlen(hex) % 2, 0);
	for (*length = 0; hex[2 * *length]; ++*length) {
		unsigned int octet;

		assert_int_equal(sscanf(hex + 2 * *length, "%2x", &octet), 1);
		octets[*length] = octet;
	}
	exact = malloc(*length ?: 1);
	memcpy(exact, octets, *length);
	free(octets);
	return exact;
}

static void heads(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct head head;
		size_t length;
		uint8_t *octets = octets_of(cases[i].frame, &length);

		head_read(&head, octets, length);
		free(octets);
		if (strcmp(head.what, cases[i].what))
			fail_msg("\"%s\" instead of \"%s\" for %s", head.what, cases[i].what,
				 cases[i].frame);
		if (cases[i].source && strcmp(head.source, cases[i].source))
			fail_msg("from %s: %s", head.source, cases[i].frame);
		if (cases[i].destination && strcmp(head.destination, cases[i].destination))
			fail_msg("to %s: %s", head.destination, cases[i].frame);
	}
}

/* Whatever of a frame a sample has room for. */
static void heads_that_are_cut_short_anywhere(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t length;
		uint8_t *octets = octets_of(cases[i].frame, &length);

		for (size_t left = 0; left < length; left++) {
			uint8_t *part = malloc(left ?: 1);
			struct head head;

			memcpy(part, octets, left);
			head_read(&head, part, left);
			assert_true(head.what[0]);
			free(part);
		}
		free(octets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
		cmocka_unit_test(heads_that_are_cut_short_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
