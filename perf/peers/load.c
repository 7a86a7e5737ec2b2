/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends prepared media through a veth at a given rate, and counts and judges what comes back.
 * bench-peers starts it inside the load's network namespace and talks to it over standard input
 * and output, a line a request and a line of JSON a reply:
 *
 *	stream N FROM PORT TO PORT ARRIVES PORT KIND [KEY]
 *		stream N's addresses, and where its packets arrive once they are relayed. KIND is
 *		rtp, srtp (AES_CM_128_HMAC_SHA1_80 with the key and salt in hexadecimal) or turn
 *		(ChannelData of TURN, RFC 8656). No reply.
 *	bank STREAMS PACKETS
 *		makes the packets, in turn of each stream. With SRTP none is sent twice.
 *	rewind
 *		begins with the first packet again: for relays that have forgotten it.
 *	run RATE COUNT [REST]
 *		sends COUNT packets at RATE per second; sleeps REST microseconds again and again and
 *		then sends what is due, where others want the core, too.
 *	reflect INTERFACE NAMESPACE
 *		sends back what comes to INTERFACE in another namespace, until the end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <srtp2/srtp.h>

#include "perf/peers/load.h"

enum { RTP_HEADER = 12, MEDIA = 160, CHANNEL_HEADER = 4, CHANNEL = 0x4000, SSRC = 0x5eed0000 };
enum { KEY = 30, LINE = 512 };

enum kind { KIND_RTP, KIND_SRTP, KIND_TURN };

struct stream {
	enum kind kind;
	uint8_t key[KEY];
	struct in_addr arrives;
	uint16_t port;
};

static struct {
	struct bpf_object *object;
	struct load_packet *bank;
	struct load_stream *headers;
	struct load_state *state;
	struct ring_buffer *samples;
	struct stream stream[LOAD_STREAMS];
	uint8_t from[ETH_ALEN], to[ETH_ALEN];
	unsigned int good, bad;
	unsigned int rest_us;
	int send; /* the program */
} load;

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	stopped = 1;
}

static void wake(int number)
{
}

/* --- packets --------------------------------------------------------------------------------- */

/* Octets that nothing else has, the same whenever they are asked for. */
static void fill(uint8_t *media, uint32_t stream, uint32_t number)
{
	uint64_t x = ((uint64_t)stream << 32 | number) * 0x9e3779b97f4a7c15 + 1;

	for (unsigned int k = 0; k < MEDIA; k += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(media + k, &x, sizeof(x));
	}
}

static void write_rtp(uint8_t *to, uint32_t stream, uint16_t number)
{
	const uint8_t first[2] = {0x80, 0};
	const uint16_t sequence = htons(number);
	const uint32_t words[2] = {htonl(MEDIA * number), htonl(SSRC + stream)};

	memcpy(to, first, sizeof(first));
	memcpy(to + 2, &sequence, sizeof(sequence));
	memcpy(to + 4, words, sizeof(words));
	fill(to + RTP_HEADER, stream, number);
}

static srtp_t protector(const struct stream *s)
{
	srtp_policy_t policy = {.ssrc = {.type = ssrc_any_outbound}, .window_size = 128};
	srtp_t session;

	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
	policy.key = (unsigned char *)s->key;
	if (srtp_create(&session, &policy))
		errx(1, "libsrtp makes no session");
	return session;
}

static void make(struct load_packet *p, uint32_t stream, uint16_t number, srtp_t session)
{
	const uint16_t channel[2] = {htons(CHANNEL), htons(RTP_HEADER + MEDIA)};
	uint32_t words[LOAD_OCTETS / 4 + 1];
	int length = RTP_HEADER + MEDIA;

	memset(p, 0, sizeof(*p));
	if (load.stream[stream].kind == KIND_TURN) {
		memcpy(p->octets, channel, sizeof(channel));
		write_rtp(p->octets + sizeof(channel), stream, number);
		p->length = CHANNEL_HEADER + length;
		return;
	}
	/* libsrtp wants words. */
	write_rtp((uint8_t *)words, stream, number);
	if (session && srtp_protect(session, words, &length))
		errx(1, "libsrtp does not protect packet %u of stream %u", number, stream);
	memcpy(p->octets, words, length);
	p->length = length;
}

/* A stream at a time: Debian's libsrtp becomes slow with many sessions. */
static void make_bank(uint32_t streams, uint32_t packets)
{
	if (!streams || streams > LOAD_STREAMS || packets < streams ||
	    packets > bpf_map__max_entries(bpf_object__find_map_by_name(load.object, "load_bank")))
		errx(1, "a bank of %u packets of %u streams: see --packets", packets, streams);
	packets -= packets % streams;
	for (uint32_t s = 0; s < streams; s++) {
		bool secure = load.stream[s].kind == KIND_SRTP;
		srtp_t session = secure ? protector(&load.stream[s]) : NULL;

		for (uint32_t n = s; n < packets; n += streams)
			make(&load.bank[n], s, n / streams, session);
		if (secure)
			srtp_dealloc(session);
	}
	load.state->streams = streams;
	load.state->packets = packets;
	load.state->stream = load.state->packet = 0;
	printf("{\"packets\": %u}\n", packets);
}

/* --- addresses ------------------------------------------------------------------------------- */

static uint16_t ip_checksum(const struct iphdr *ip)
{
	const uint16_t *words = (const uint16_t *)ip;
	uint32_t sum = 0;

	for (unsigned int k = 0; k < sizeof(*ip) / 2; k++)
		sum += words[k];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static unsigned int length_of(enum kind kind)
{
	const unsigned int more[] = {
		[KIND_RTP] = 0, [KIND_SRTP] = 10, [KIND_TURN] = CHANNEL_HEADER};

	return RTP_HEADER + MEDIA + more[kind];
}

/* No UDP checksum: a NIC has looked at it, and nobody does so again (RFC 768: 0 is none). */
static void write_headers(struct load_stream *to, struct in_addr from, uint16_t from_port,
			  struct in_addr dest, uint16_t dest_port, enum kind kind)
{
	struct ethhdr ether = {.h_proto = htons(ETH_P_IP)};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(ip) + sizeof(struct udphdr) + length_of(kind)),
		.saddr = from.s_addr,
		.daddr = dest.s_addr,
	};
	const struct udphdr udp = {
		.source = htons(from_port),
		.dest = htons(dest_port),
		.len = htons(sizeof(udp) + length_of(kind)),
	};

	memcpy(ether.h_source, load.from, ETH_ALEN);
	memcpy(ether.h_dest, load.to, ETH_ALEN);
	ip.check = ip_checksum(&ip);
	memcpy(to->headers, &ether, sizeof(ether));
	memcpy(to->headers + sizeof(ether), &ip, sizeof(ip));
	memcpy(to->headers + sizeof(ether) + sizeof(ip), &udp, sizeof(udp));
}

static bool read_key(struct stream *s, const char *text)
{
	if (strlen(text) != 2 * KEY)
		return false;
	for (unsigned int k = 0; k < KEY; k++)
		if (sscanf(text + 2 * k, "%2hhx", &s->key[k]) != 1)
			return false;
	return true;
}

static void set_stream(const char *line)
{
	char from[16], to[16], arrives[16], kind[8], key[2 * KEY + 1] = "";
	unsigned int number, from_port, to_port, port;
	struct in_addr from_address, to_address;
	struct stream *s;

	if (sscanf(line, "stream %u %15s %u %15s %u %15s %u %7s %60s", &number, from, &from_port,
		   to, &to_port, arrives, &port, kind, key) < 8 ||
	    number >= LOAD_STREAMS)
		errx(1, "cannot be read: %s", line);
	s = &load.stream[number];
	s->kind = !strcmp(kind, "srtp") ? KIND_SRTP : !strcmp(kind, "turn") ? KIND_TURN : KIND_RTP;
	s->port = port;
	if (!inet_aton(from, &from_address) || !inet_aton(to, &to_address) ||
	    !inet_aton(arrives, &s->arrives) || (s->kind == KIND_SRTP && !read_key(s, key)))
		errx(1, "no addresses or key: %s", line);
	write_headers(&load.headers[number], from_address, from_port, to_address, to_port, s->kind);
}

/* --- what came back -------------------------------------------------------------------------- */

static bool is_right(const struct load_sample *sample)
{
	const uint8_t *payload = sample->octets + LOAD_HEADERS;
	uint8_t expected[RTP_HEADER + MEDIA];
	unsigned int skip = payload[0] < 128 ? CHANNEL_HEADER : 0;
	const struct stream *s;
	struct udphdr udp;
	struct iphdr ip;
	uint16_t sequence;
	uint32_t ssrc;

	if (sample->length != LOAD_HEADERS + skip + RTP_HEADER + MEDIA)
		return false;
	memcpy(&ip, sample->octets + ETH_HLEN, sizeof(ip));
	memcpy(&udp, sample->octets + ETH_HLEN + sizeof(ip), sizeof(udp));
	memcpy(&sequence, payload + skip + 2, sizeof(sequence));
	memcpy(&ssrc, payload + skip + 8, sizeof(ssrc));
	ssrc = ntohl(ssrc) - SSRC;
	if (ssrc >= load.state->streams)
		return false;
	s = &load.stream[ssrc];
	write_rtp(expected, ssrc, ntohs(sequence));
	return ip.daddr == s->arrives.s_addr && ntohs(udp.dest) == s->port &&
	       memcmp(payload + skip, expected, sizeof(expected)) == 0;
}

static int look(void *context, void *data, size_t size)
{
	if (is_right(data))
		load.good++;
	else
		load.bad++;
	return 0;
}

/* --- trials ---------------------------------------------------------------------------------- */

/* Until it is woken: the program looks at the clock, and sends what is due. */
static void *send_frames(void *unused)
{
	uint8_t frame[LOAD_HEADERS + LOAD_OCTETS] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .repeat = UINT32_MAX, .batch_size = 128);

	if (bpf_prog_test_run_opts(load.send, &options) && errno != EINTR)
		err(1, "live XDP frames (Linux 5.18 and later have them)");
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_us(unsigned int us)
{
	nanosleep(&(struct timespec){.tv_nsec = us * 1000L}, NULL);
}

static unsigned int count_due(struct load_state *s, uint64_t now)
{
	uint64_t late = LOAD_BURST * s->interval, count;

	if (now << 16 < s->due)
		return 0;
	if ((now << 16) - s->due > late)
		s->due = (now << 16) - late;
	count = ((now << 16) - s->due) / s->interval + 1;
	return count < s->end - s->sent ? count : s->end - s->sent;
}

/* The same as the program does, by a socket, which need not be asked again and again. */
static void send_due(struct load_state *s, int fd)
{
	uint8_t frames[LOAD_BURST + 1][LOAD_HEADERS + LOAD_OCTETS];
	struct mmsghdr messages[LOAD_BURST + 1] = {0};
	struct iovec vectors[LOAD_BURST + 1];
	uint64_t now = now_ns();
	unsigned int count = count_due(s, now);
	int sent;

	for (unsigned int k = 0; k < count; k++) {
		const struct load_packet *packet = &load.bank[s->packet];

		memcpy(frames[k], load.headers[s->stream].headers, LOAD_HEADERS);
		memcpy(frames[k] + LOAD_HEADERS, packet->octets, packet->length);
		vectors[k] = (struct iovec){frames[k], LOAD_HEADERS + packet->length};
		messages[k].msg_hdr = (struct msghdr){.msg_iov = &vectors[k], .msg_iovlen = 1};
		s->packet = s->packet + 1 < s->packets ? s->packet + 1 : 0;
		s->stream = s->stream + 1 < s->streams ? s->stream + 1 : 0;
	}
	for (unsigned int k = 0; k < count; k += sent) {
		sent = sendmmsg(fd, messages + k, count - k, 0);
		if (sent < 0 && errno != ENOBUFS)
			err(1, "a packet socket");
		sent = sent > 0 ? sent : 1; /* one was lost on its way */
	}
	if (!count)
		return;
	if (!s->first_sent)
		s->first_sent = now;
	s->last_sent = now;
	s->due += count * s->interval;
	__atomic_add_fetch(&s->sent, count, __ATOMIC_RELAXED);
}

static void *send_and_rest(void *unused)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = load.state->interface};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	volatile struct load_state *s = load.state;

	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "a packet socket");
	while (s->sent != s->end) {
		send_due(load.state, fd);
		sleep_us(load.rest_us);
	}
	close(fd);
	return NULL;
}

/* A packet that did not come within this time will not: queues are shorter. */
#define DRAIN_MS 300

static void run_trial(double rate, uint64_t count)
{
	volatile struct load_state *s = load.state;
	double limit = count / rate * 3 + 1; /* seconds; who cannot send as fast is stopped */
	uint64_t sent = s->sent, received = s->received, last;
	pthread_t thread;

	load.good = load.bad = 0;
	s->first_sent = 0;
	s->interval = 65536e9 / rate;
	s->due = now_ns() << 16;
	s->end = sent + count;
	if (pthread_create(&thread, NULL, load.rest_us ? send_and_rest : send_frames, NULL))
		errx(1, "no thread");
	for (; s->sent != s->end && limit > 0 && !stopped; limit -= 0.002)
		sleep_us(2000);
	s->end = s->sent;
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	do {
		last = s->received;
		for (unsigned int ms = 0; ms < DRAIN_MS && s->received == last; ms++)
			sleep_us(1000);
	} while (s->received != last && s->received - received < s->sent - sent);
	ring_buffer__consume(load.samples);
	printf("{\"sent\": %llu, \"received\": %llu, \"seconds\": %.6f, \"late_ms\": %.3f, "
	       "\"good\": %u, \"bad\": %u, \"left\": %u}\n",
	       (unsigned long long)(s->sent - sent), (unsigned long long)(s->received - received),
	       (s->last_sent - s->first_sent) / 1e9,
	       s->received == received ? 0 : ((double)s->last_received - s->last_sent) / 1e6,
	       load.good, load.bad, s->packets - s->packet);
}

/* --- start ----------------------------------------------------------------------------------- */

static int map(const char *name)
{
	return bpf_object__find_map_fd_by_name(load.object, name);
}

static void *mapped(const char *name)
{
	struct bpf_map *m = bpf_object__find_map_by_name(load.object, name);
	size_t size = (size_t)bpf_map__value_size(m) * bpf_map__max_entries(m);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(m), 0);

	if (at == MAP_FAILED)
		err(1, "the map %s", name);
	return at;
}

/* As a link: the kernel takes the program off when this process ends, however it ends. */
static void attach(const char *name, const char *interface)
{
	struct bpf_program *p = bpf_object__find_program_by_name(load.object, name);
	unsigned int index = if_nametoindex(interface);

	if (!index || !bpf_program__attach_xdp(p, index))
		err(1, "%s: no XDP program can be attached", interface);
}

/* Where the other end of the veth is, and not for longer than it takes. */
static void reflect(const char *line)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there;
	char interface[16], path[128];

	if (sscanf(line, "reflect %15s %127s", interface, path) != 2)
		errx(1, "cannot be read: %s", line);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || there < 0 || setns(there, CLONE_NEWNET))
		err(1, "%s", path);
	attach("load_reflect", interface);
	if (setns(home, CLONE_NEWNET))
		err(1, "the way back from %s", path);
	close(there);
	close(home);
	printf("{}\n");
}

static void start(const char *path, const char *interface, unsigned int packets)
{
	load.object = bpf_object__open_file(path, NULL);
	if (!load.object)
		err(1, "%s", path);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(load.object, "load_bank"), packets);
	if (bpf_object__load(load.object))
		err(1, "%s is not taken by the kernel", path);
	load.bank = mapped("load_bank");
	load.headers = mapped("load_streams");
	load.state = mapped("load_state");
	load.samples = ring_buffer__new(map("load_samples"), look, NULL, NULL);
	if (!load.samples)
		err(1, "no ring for samples");
	load.send = bpf_program__fd(bpf_object__find_program_by_name(load.object, "load_send"));
	load.state->interface = if_nametoindex(interface);
	attach("load_take", interface);
	if (srtp_init())
		errx(1, "libsrtp does not start");
}

static void read_mac(uint8_t mac[ETH_ALEN], const char *text)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != ETH_ALEN)
		errx(1, "%s is no MAC address", text);
}

static void serve(const char *line)
{
	unsigned int streams, packets;
	unsigned long long count;
	double rate;

	if (!strncmp(line, "stream ", 7)) {
		set_stream(line);
	} else if (sscanf(line, "bank %u %u", &streams, &packets) == 2) {
		make_bank(streams, packets);
	} else if (sscanf(line, "run %lf %llu %u", &rate, &count, &load.rest_us) >= 2 && rate > 0) {
		run_trial(rate, count);
	} else if (!strncmp(line, "rewind", 6)) {
		load.state->packet = load.state->stream = 0;
		printf("{}\n");
	} else if (!strncmp(line, "reflect ", 8)) {
		reflect(line);
	} else {
		errx(1, "cannot be read: %s", line);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction on_stop = {.sa_handler = stop}, on_wake = {.sa_handler = wake};
	char line[LINE];

	if (argc != 6) {
		fprintf(stderr, "usage: load OBJECT INTERFACE ITS-MAC RELAY-MAC PACKETS\n"
				"Started by perf/bench-peers; requests come on standard input.\n");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
	}
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGUSR1, &on_wake, NULL);
	signal(SIGINT, SIG_IGN); /* Ctrl-C is for bench-peers, which then closes the pipe */
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_mac(load.from, argv[3]);
	read_mac(load.to, argv[4]);
	start(argv[1], argv[2], strtoul(argv[5], NULL, 10));
	printf("{}\n");
	while (!stopped && fgets(line, sizeof(line), stdin))
		serve(line);
	return 0;
}
