/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in; class, reason and offsets out. */
#include "tests/rig/bench.h"
#include "tests/rig/test.h"

#define FRAME_MOST 2000
#define REMOTE     16384
#define LOCAL      20000

/* What the frame became: a class, or a reason. */
struct verdict {
	enum packet_class class;
	enum drop reason;
};

struct frame {
	size_t length;
	uint8_t octets[FRAME_MOST];
};

static const uint8_t rtp[] = {0x80, 0x00, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2};
static const uint8_t rtcp[] = {0x80, 201, 0, 1, 0xde, 0xad, 0xbe, 0xef};
static const uint8_t stun[20] = {0x00, 0x01};
static const uint8_t dtls[13] = {22, 0xfe, 0xff};

static struct bench *bench;

static int create(void **state)
{
	bench_set_up(state);
	bench = *state;
	return 0;
}

static struct verdict classify(const struct frame *f, struct burst *b)
{
	struct verdict v;

	bench_receive(bench, b, f->octets, f->length);
	v.class = b->class[0];
	v.reason = b->class[0] == CLASS_DROPPED ? b->reason[0] : DROP_NONE;
	bench_release(b);
	return v;
}

static void expect_class(const struct frame *f, enum packet_class class)
{
	struct burst b;
	struct verdict v = classify(f, &b);

	assert_string_equal(drop_reasons[v.reason].name, "none");
	assert_int_equal(v.class, class);
}

static void expect_drop(const struct frame *f, enum drop reason)
{
	struct burst b;
	struct verdict v = classify(f, &b);

	assert_int_equal(v.class, CLASS_DROPPED);
	assert_string_equal(drop_reasons[v.reason].name, drop_reasons[reason].name);
}

static struct frame datagram(bool ipv4, const void *payload, uint16_t length)
{
	struct endpoint from = bench_endpoint(ipv4 ? "198.51.100.7" : "2001:db8::7", REMOTE);
	struct endpoint to = bench_endpoint(ipv4 ? "198.51.100.1" : "2001:db8::1", LOCAL);
	struct frame f = {0};

	f.length = bench_put_udp(f.octets, bench, &from, &to, payload, length);
	return f;
}

static struct frame packet(bool ipv4, uint8_t protocol, const char *to, uint16_t length)
{
	struct address from = bench_address(ipv4 ? "198.51.100.7" : "2001:db8::7");
	struct address local = bench_address(to);
	struct frame f = {0};

	f.length = bench_put_ip(f.octets, bench, protocol, &from, &local, length) + length;
	return f;
}

static unsigned int l3_offset(void)
{
	return bench->network->vlan ? 18 : 14;
}

static struct rte_ipv4_hdr *ipv4_header(struct frame *f)
{
	return (struct rte_ipv4_hdr *)(f->octets + l3_offset());
}

static void sum_ipv4(struct frame *f)
{
	ipv4_header(f)->hdr_checksum = 0;
	ipv4_header(f)->hdr_checksum = rte_ipv4_cksum(ipv4_header(f));
}

static struct rte_udp_hdr *udp_header(struct frame *f, bool ipv4)
{
	return (struct rte_udp_hdr *)(f->octets + l3_offset() + (ipv4 ? 20 : 40));
}

static void find_everything_in(bool ipv4, uint16_t vlan)
{
	struct endpoint from = bench_endpoint(ipv4 ? "198.51.100.7" : "2001:db8::7", REMOTE);
	struct frame f;
	struct burst b;

	bench->network->vlan = vlan;
	f = datagram(ipv4, rtp, sizeof(rtp));
	/* Ethernet pads to 60 octets and more: it belongs to nobody. */
	f.length += 7;
	assert_int_equal(classify(&f, &b).class, CLASS_RTP);
	assert_int_equal(b.l3[0], l3_offset());
	assert_int_equal(b.payload[0], l3_offset() + (ipv4 ? 28 : 48));
	assert_int_equal(b.length[0], sizeof(rtp));
	assert_int_equal(b.local[0], ipv4 ? BENCH_IPV4 : BENCH_IPV6);
	assert_int_equal(b.local_port[0], rte_cpu_to_be_16(LOCAL));
	assert_memory_equal(&b.source[0], &from, sizeof(from));
	assert_null(b.leg[0]);
	assert_null(b.stream[0]);
}

static void writes_what_it_finds(void **state)
{
	find_everything_in(true, 0);
	find_everything_in(false, 0);
	find_everything_in(true, 42);
	find_everything_in(false, 42);
}

/* At any shorter length the frame is refused: never read past its end, never taken for whole. */
static void refuses_every_truncation(void **state)
{
	for (unsigned int variant = 0; variant < 4; variant++) {
		bool ipv4 = variant & 1;
		unsigned int ip = ipv4 ? 20 : 40;
		struct frame f;

		bench->network->vlan = variant & 2 ? 42 : 0;
		f = datagram(ipv4, rtp, sizeof(rtp));
		expect_class(&f, CLASS_RTP);
		for (f.length--; f.length > 0; f.length--) {
			bool runt = f.length < l3_offset() + ip;

			expect_drop(&f, runt ? DROP_RUNT : DROP_IP_HEADER);
		}
	}
}

/* The same when the IP header tells the shorter length too. */
static void refuses_every_truncated_datagram(void **state)
{
	for (unsigned int left = 0; left < sizeof(struct rte_udp_hdr) + sizeof(rtp); left++) {
		struct frame f = datagram(true, rtp, sizeof(rtp));

		ipv4_header(&f)->total_length = rte_cpu_to_be_16(20 + left);
		sum_ipv4(&f);
		expect_drop(&f, left < sizeof(struct rte_udp_hdr) ? DROP_RUNT : DROP_UDP_LENGTH);
	}
}

/* RFC 7983 7. */
static void tells_by_the_first_octet(void **state)
{
	for (unsigned int first = 0; first < 256; first++) {
		uint8_t payload[92] = {first};
		struct frame f;

		/* An RTP header's CSRCs and extension fit. */
		f = datagram(first & 1, payload, sizeof(payload));
		if (first <= 3)
			expect_class(&f, CLASS_STUN);
		else if (first >= 20 && first <= 63)
			expect_class(&f, CLASS_DTLS);
		else if (first >= 128 && first <= 191)
			expect_class(&f, CLASS_RTP);
		else
			expect_drop(&f, DROP_NOT_MEDIA);
	}
}

/* RFC 5761 4. */
static void tells_rtcp_by_the_second_octet(void **state)
{
	for (unsigned int second = 0; second < 256; second++) {
		uint8_t payload[16] = {0x80, second};
		struct frame f = datagram(true, payload, sizeof(payload));
		bool control = second >= 192 && second <= 223;

		expect_class(&f, control ? CLASS_RTCP : CLASS_RTP);
	}
}

static void needs_whole_headers(void **state)
{
	static const struct {
		const uint8_t *payload;
		uint16_t needs;
		enum packet_class class;
		enum drop reason;
	} table[] = {
		{rtp, 12, CLASS_RTP, DROP_RTP_HEADER},
		{rtcp, 8, CLASS_RTCP, DROP_RTCP_HEADER},
		{stun, 20, CLASS_STUN, DROP_STUN_MALFORMED},
		{dtls, 13, CLASS_DTLS, DROP_NOT_MEDIA},
	};

	struct frame f;

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		f = datagram(true, table[k].payload, 0);
		expect_drop(&f, DROP_NOT_MEDIA); /* an empty datagram is nothing at all */
		for (unsigned int length = 2; length <= table[k].needs; length++) {
			f = datagram(false, table[k].payload, length);
			if (length < table[k].needs)
				expect_drop(&f, table[k].reason);
			else
				expect_class(&f, table[k].class);
		}
	}
	/* What stands behind a datagram of one octet does not tell what it is. */
	f = datagram(false, rtcp, 8);
	udp_header(&f, false)->dgram_len = rte_cpu_to_be_16(8 + 1);
	bench->rx_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	expect_drop(&f, DROP_RTP_HEADER);
	bench->rx_flags = 0;
}

/* RFC 3550 5.1, 5.3.1: `needs` octets at least. */
static void needs_csrcs_and_extension(void **state)
{
	static const struct {
		uint8_t first;
		uint16_t words; /* of the extension */
		uint16_t needs;
	} table[] = {
		{0x81, 0, 16},     {0x8f, 0, 72},     {0x90, 0, 16},
		{0x90, 1, 20},     {0x93, 5, 48},     {0x9f, 2, 84},
		{0x90, 300, 1216}, {0x90, 0xffff, 0}, {0x9f, 0x8000, 0},
	};

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		uint8_t payload[1400] = {table[k].first};
		unsigned int at = 12 + 4 * (table[k].first & 0x0f);
		unsigned int needs = table[k].needs ? table[k].needs : sizeof(payload) + 1;

		payload[at + 2] = table[k].words >> 8;
		payload[at + 3] = table[k].words;
		for (unsigned int length = 12; length <= RTE_MIN(needs, sizeof(payload));
		     length++) {
			struct frame f = datagram(true, payload, length);

			if (length < needs)
				expect_drop(&f, DROP_RTP_HEADER);
			else
				expect_class(&f, CLASS_RTP);
		}
	}
}

static void holds_udp_to_its_length(void **state)
{
	static const struct {
		int more; /* what UDP says beyond what it has */
		enum drop reason;
	} table[] = {
		{1, DROP_UDP_LENGTH},
		{1000, DROP_UDP_LENGTH},
		{-1, DROP_NONE},
		{-(int)sizeof(rtp) + 12, DROP_NONE},
		{-(int)sizeof(rtp) + 11, DROP_RTP_HEADER},
		{-(int)sizeof(rtp), DROP_NOT_MEDIA},
		{-(int)sizeof(rtp) - 1, DROP_UDP_LENGTH},
		{-(int)sizeof(rtp) - 8, DROP_UDP_LENGTH},
	};

	bench->rx_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	for (unsigned int k = 0; k < 2 * RTE_DIM(table); k++) {
		bool ipv4 = k & 1;
		struct frame f = datagram(ipv4, rtp, sizeof(rtp));
		struct burst b;
		struct verdict v;

		udp_header(&f, ipv4)->dgram_len =
			rte_cpu_to_be_16(8 + (int)sizeof(rtp) + table[k / 2].more);
		v = classify(&f, &b);
		assert_int_equal(v.reason, table[k / 2].reason);
		if (v.reason == DROP_NONE)
			assert_int_equal(b.length[0], (int)sizeof(rtp) + table[k / 2].more);
	}
	bench->rx_flags = 0;
}

static void refuses_ports_that_cannot_be(void **state)
{
	struct frame f = datagram(true, rtp, sizeof(rtp));

	udp_header(&f, true)->src_port = 0;
	expect_drop(&f, DROP_UDP_PORT);
	f = datagram(false, rtp, sizeof(rtp));
	udp_header(&f, false)->src_port = 0;
	expect_drop(&f, DROP_UDP_PORT);
}

static void believes_the_port_about_udp_checksums(void **state)
{
	static const struct {
		uint64_t flags;
		enum drop reason;
	} table[] = {
		{RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, DROP_UDP_CHECKSUM},
		{RTE_MBUF_F_RX_L4_CKSUM_GOOD, DROP_NONE},
		{RTE_MBUF_F_RX_L4_CKSUM_NONE, DROP_NONE},
		{RTE_MBUF_F_RX_L4_CKSUM_BAD, DROP_UDP_CHECKSUM},
	};

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		struct frame f = datagram(true, rtp, sizeof(rtp));

		udp_header(&f, true)->dgram_cksum = 0x1234;
		bench->rx_flags = table[k].flags;
		if (table[k].reason == DROP_NONE)
			expect_class(&f, CLASS_RTP);
		else
			expect_drop(&f, table[k].reason);
	}
	bench->rx_flags = 0;
}

static uint16_t sum_of(struct frame *f, bool ipv4)
{
	struct rte_udp_hdr *udp = udp_header(f, ipv4);

	udp->dgram_cksum = 0;
	return ipv4 ? rte_ipv4_udptcp_cksum((void *)((uint8_t *)udp - 20), udp)
		    : rte_ipv6_udptcp_cksum((void *)((uint8_t *)udp - 40), udp);
}

/* What no port has checked; one damaged bit anywhere behind the addresses is seen. */
static void checks_udp_checksums_itself(void **state)
{
	for (unsigned int ipv4 = 0; ipv4 < 2; ipv4++) {
		struct frame good = datagram(ipv4, rtp, sizeof(rtp)), f;
		unsigned int from = (uint8_t *)udp_header(&good, ipv4) - good.octets;

		udp_header(&good, ipv4)->dgram_cksum = sum_of(&good, ipv4);
		expect_class(&good, CLASS_RTP);
		for (unsigned int at = from + 8; at < good.length; at++) {
			f = good;
			f.octets[at] ^= 1 << at % 8;
			expect_drop(&f, DROP_UDP_CHECKSUM);
		}
		f = good;
		f.octets[from - 5] ^= 1; /* the address that it is from or for */
		assert_int_not_equal(classify(&f, &(struct burst){0}).reason, DROP_NONE);
		/* None at all (RFC 768), which IPv6 does not allow. */
		f = good;
		udp_header(&f, ipv4)->dgram_cksum = 0;
		if (ipv4)
			expect_class(&f, CLASS_RTP);
		else
			expect_drop(&f, DROP_UDP_CHECKSUM);
		/* The sender's kernel left it to a NIC that is not there. */
		udp_header(&f, ipv4)->dgram_cksum =
			ipv4 ? rte_ipv4_phdr_cksum((void *)(f.octets + from - 20), 0)
			     : rte_ipv6_phdr_cksum((void *)(f.octets + from - 40), 0);
		expect_class(&f, CLASS_RTP);
	}
}

static void refuses_ipv4_that_is_wrong(void **state)
{
	static const struct {
		uint8_t at, value;
		enum drop reason;
	} table[] = {
		{0, 0x55, DROP_IP_HEADER},  {0, 0x44, DROP_IP_HEADER}, {0, 0x46, DROP_IP_OPTIONS},
		{0, 0x4f, DROP_IP_OPTIONS}, {2, 0x10, DROP_IP_HEADER}, {3, 19, DROP_IP_HEADER},
		{6, 0x20, DROP_FRAGMENT},   {7, 0x01, DROP_FRAGMENT},  {6, 0x1f, DROP_FRAGMENT},
		{6, 0x40, DROP_NONE},       {9, 6, DROP_PROTOCOL},     {9, 58, DROP_PROTOCOL},
		{9, 0, DROP_PROTOCOL},      {19, 2, DROP_NOT_OURS},    {16, 224, DROP_NOT_OURS},
	};

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		struct frame f = datagram(true, rtp, sizeof(rtp));
		struct burst b;

		f.octets[14 + table[k].at] = table[k].value;
		sum_ipv4(&f);
		assert_int_equal(classify(&f, &b).reason, table[k].reason);
	}
}

/* Every single wrong bit of the header shows in its sum, if in nothing else. */
static void verifies_the_ipv4_checksum(void **state)
{
	for (unsigned int bit = 0; bit < 8 * sizeof(struct rte_ipv4_hdr); bit++) {
		struct frame f = datagram(true, rtp, sizeof(rtp));
		struct burst b;

		f.octets[14 + bit / 8] ^= 1 << bit % 8;
		assert_int_equal(classify(&f, &b).class, CLASS_DROPPED);
	}
}

static void refuses_ipv6_that_is_wrong(void **state)
{
	static const struct {
		uint8_t at, value;
		enum drop reason;
	} table[] = {
		{0, 0x40, DROP_IP_HEADER}, {0, 0x70, DROP_IP_HEADER}, {4, 0x10, DROP_IP_HEADER},
		{5, 7, DROP_RUNT},         {6, 44, DROP_FRAGMENT},    {6, 0, DROP_IP_OPTIONS},
		{6, 43, DROP_IP_OPTIONS},  {6, 60, DROP_IP_OPTIONS},  {6, 6, DROP_PROTOCOL},
		{6, 1, DROP_PROTOCOL},     {6, 59, DROP_PROTOCOL},    {39, 2, DROP_NOT_OURS},
		{24, 0xff, DROP_NOT_OURS}, {0, 0x6f, DROP_NONE},      {3, 0xff, DROP_NONE},
	};

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		struct frame f = datagram(false, rtp, sizeof(rtp));
		struct burst b;

		f.octets[14 + table[k].at] = table[k].value;
		assert_int_equal(classify(&f, &b).reason, table[k].reason);
	}
}

/* Inside the relay such an address is an IPv4 one: in an IPv6 header nobody may say it. */
static void refuses_mapped_addresses_on_the_wire(void **state)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1};
	struct frame f = datagram(false, rtp, sizeof(rtp));

	memcpy(f.octets + 14 + 24, mapped, sizeof(mapped));
	expect_drop(&f, DROP_IP_HEADER);
	f = datagram(false, rtp, sizeof(rtp));
	memcpy(f.octets + 14 + 8, mapped, sizeof(mapped));
	expect_drop(&f, DROP_IP_HEADER);
}

static void hears_only_its_own_mac_and_groups(void **state)
{
	struct frame f = datagram(true, rtp, sizeof(rtp));

	f.octets[5]++;
	expect_drop(&f, DROP_NOT_OURS);
	memset(f.octets, 0xff, 6);
	expect_class(&f, CLASS_RTP);
	f = datagram(true, rtp, sizeof(rtp));
	f.octets[12] = 0x88; /* some other EtherType */
	expect_drop(&f, DROP_NOT_OURS);
}

static void hears_only_its_own_vlan(void **state)
{
	struct frame untagged = datagram(true, rtp, sizeof(rtp)), f;

	bench->network->vlan = 42;
	f = datagram(true, rtp, sizeof(rtp));
	f.octets[14] |= 0xe0; /* priority and DEI are no part of the tag's number */
	expect_class(&f, CLASS_RTP);
	f.octets[15]++;
	expect_drop(&f, DROP_NOT_OURS);
	expect_drop(&untagged, DROP_NOT_OURS);
	bench->network->vlan = 0;
	f.octets[15]--;
	expect_drop(&f, DROP_NOT_OURS);
	f.octets[15] = 0; /* a priority, and no VLAN */
	expect_class(&f, CLASS_RTP);
}

/* An address is heard in its own network alone, though another one on the port has the other's. */
static void tells_the_networks_of_a_port_by_their_tags(void **state)
{
	struct dataplane *d = &bench->dataplane;
	struct network *untagged = &d->networks[0], *tagged = &d->networks[1];
	struct frame f;
	struct burst b;

	*tagged = (struct network){.name = "tagged",
				   .port = untagged->port,
				   .vlan = 42,
				   .address_count = 1,
				   .address = {BENCH_IPV6}};
	untagged->address_count = 1;
	d->ports[0].networks[d->ports[0].network_count++] = tagged;
	d->network_count++;
	for (unsigned int k = 0; k < 4; k++) {
		bool ipv4 = k & 1, tag = k & 2;

		bench->network->vlan = tag ? 42 : 0;
		f = datagram(ipv4, rtp, sizeof(rtp));
		bench->network->vlan = 0;
		if (ipv4 == tag) {
			expect_drop(&f, DROP_NOT_OURS);
			continue;
		}
		assert_int_equal(classify(&f, &b).class, CLASS_RTP);
		assert_int_equal(b.network[0], tag);
		assert_int_equal(b.local[0], ipv4 ? BENCH_IPV4 : BENCH_IPV6);
	}
}

static void gives_a_host_its_messages(void **state)
{
	struct frame f = packet(true, IPPROTO_ICMP, "198.51.100.1", 8);
	struct burst b;

	assert_int_equal(classify(&f, &b).class, CLASS_HOST);
	assert_int_equal(b.payload[0], 34);
	assert_int_equal(b.length[0], 8);
	f = packet(false, IPPROTO_ICMPV6, "2001:db8::1", 8);
	expect_class(&f, CLASS_HOST);
	f = packet(false, IPPROTO_ICMPV6, "ff02::1:ff00:1", 24);
	expect_class(&f, CLASS_HOST);
	f = packet(false, IPPROTO_ICMPV6, "ff02::1", 24);
	expect_class(&f, CLASS_HOST);
	f = packet(false, IPPROTO_ICMPV6, "ff02::2", 24);
	expect_drop(&f, DROP_NOT_OURS);
	f = packet(false, IPPROTO_UDP, "ff02::1", 24);
	expect_drop(&f, DROP_NOT_OURS);
	f = packet(true, IPPROTO_ICMP, "198.51.100.1", 28);
	f.octets[13] = 0x06; /* ARP, at whatever length: host reads it */
	assert_int_equal(classify(&f, &b).class, CLASS_HOST);
	assert_int_equal(b.l3[0], 14);
	f.length = 14;
	expect_class(&f, CLASS_HOST);
}

static void refuses_more_than_one_segment(void **state)
{
	struct frame f = datagram(true, rtp, sizeof(rtp));
	struct rte_mbuf *first = rte_pktmbuf_alloc(bench->mbufs);
	struct rte_mbuf *second = rte_pktmbuf_alloc(bench->mbufs);
	struct burst b = {.count = 1, .port = {BENCH_PORT}, .mbuf = {first}};

	memcpy(rte_pktmbuf_append(first, f.length), f.octets, f.length);
	rte_pktmbuf_append(second, 10);
	assert_int_equal(rte_pktmbuf_chain(first, second), 0);
	classify_stage(bench->worker, &b);
	assert_int_equal(b.class[0], CLASS_DROPPED);
	assert_int_equal(b.reason[0], DROP_NO_ROOM);
	rte_pktmbuf_free(first);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, create, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(writes_what_it_finds),
		CASE(refuses_every_truncation),
		CASE(refuses_every_truncated_datagram),
		CASE(tells_by_the_first_octet),
		CASE(tells_rtcp_by_the_second_octet),
		CASE(needs_whole_headers),
		CASE(needs_csrcs_and_extension),
		CASE(holds_udp_to_its_length),
		CASE(refuses_ports_that_cannot_be),
		CASE(believes_the_port_about_udp_checksums),
		CASE(checks_udp_checksums_itself),
		CASE(refuses_ipv4_that_is_wrong),
		CASE(verifies_the_ipv4_checksum),
		CASE(refuses_ipv6_that_is_wrong),
		CASE(refuses_mapped_addresses_on_the_wire),
		CASE(hears_only_its_own_mac_and_groups),
		CASE(hears_only_its_own_vlan),
		CASE(tells_the_networks_of_a_port_by_their_tags),
		CASE(gives_a_host_its_messages),
		CASE(refuses_more_than_one_segment),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
