/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flood/options.h"

#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 16384, POOL_MAX = SOURCES_MAX, SECONDS_MAX = 60, COUNT_MAX = 1000000000 };

struct plan plan = {.sources = 1};
struct options options = {
	.interface = "eth0",
	.seconds = 2,
	.capture = 1,
	.count = COUNT_MAX,
	.pool = POOL,
};

static int whom = -1; /* enum from, or as each attack does */
static bool mixed, has_mac;

static void help(void)
{
	printf("usage: flood [OPTION]... ATTACK...\n"
	       "Plays attacks on a relay's media addresses, several in turn, and prints one line of\n"
	       "JSON: what was played, packets that arrived at the other end of the link, seconds,\n"
	       "packets per second, packets sent. Runs as root inside a network namespace.\n\n"
	       "  -t, --target ADDRESS[:PORT]  the relay's, [ADDRESS]:PORT for IPv6; may be repeated\n"
	       "  -m, --to-mac MAC             the relay's\n"
	       "  -i, --interface NAME         where to send (eth0)\n"
	       "  -p, --peer ADDRESS:PORT      an honest participant, of the first target\n"
	       "  -u, --username TEXT          of its ICE checks: RELAY-UFRAG:ITS-UFRAG\n"
	       "  -S, --ssrc NUMBER            of its media\n"
	       "  -c, --capture SECONDS        listen to it for so long, to replay (1)\n"
	       "  -f, --from WHOM              stranger, host (the peer's address) or peer, whatever\n"
	       "                               the attack would do\n"
	       "  -n, --sources NUMBER         of spoofed addresses, 1 to %d (1)\n"
	       "  -r, --rate NUMBER            packets per second (as many as possible)\n"
	       "  -s, --seconds NUMBER         for how long, at most %d (2)\n"
	       "  -C, --count NUMBER           of packets, at most\n"
	       "  -P, --pool NUMBER            of frames that differ (%d, or as many as sources)\n"
	       "  -x, --mixed                  all attacks for which the options suffice\n"
	       "  -h, --help\n\n"
	       "Spoofed sources are in 198.18.0.0/15 and 2001:db8:f000::/40. Attacks:\n",
	       SOURCES_MAX, SECONDS_MAX, POOL);
	for (unsigned int n = 0; n < kinds_count; n++)
		printf("  %-14s %s\n", kinds[n].name, kinds[n].help);
}

/* --- one option ------------------------------------------------------------------------------ */

static double number(const char *name, const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least && value <= most))
		errx(2, "--%s %s: a number from %.0f to %.0f is wanted", name, text, least, most);
	return value;
}

static void map_ipv4(struct in6_addr *to, struct in_addr from)
{
	*to = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(&to->s6_addr[12], &from, sizeof(from));
}

/* "A.B.C.D", "A.B.C.D:PORT", "X::Y" or "[X::Y]:PORT". */
static struct endpoint parse_endpoint(const char *text)
{
	struct endpoint e = {.port = 0};
	char host[INET6_ADDRSTRLEN + 2];
	const char *port = strrchr(text, ':');
	struct in_addr v4;

	if (text[0] != '[' && port != strchr(text, ':'))
		port = NULL; /* the last colon belongs to an IPv6 address */
	snprintf(host, sizeof(host), "%.*s", (int)(port ? port - text : (long)strlen(text)), text);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if (inet_pton(AF_INET, host, &v4) == 1)
		map_ipv4(&e.address, v4);
	else if (inet_pton(AF_INET6, host, &e.address) != 1)
		errx(2, "%s is no address", text);
	if (port)
		e.port = number("port of an address:", port + 1, 1, UINT16_MAX);
	return e;
}

/* RFC 5737, RFC 3849, RFC 2544: nobody lives there. 192.0.2.0/24 is not among them: some do. */
static bool is_documentation(const struct endpoint *e)
{
	static const struct {
		uint8_t prefix[4];
		unsigned int bits;
	} v4[] = {{{198, 51, 100}, 24}, {{203, 0, 113}, 24}, {{198, 18}, 15}};
	static const uint8_t v6[] = {0x20, 0x01, 0x0d, 0xb8};
	uint32_t address, prefix;

	if (!is_ipv4(e))
		return !memcmp(&e->address, v6, sizeof(v6));
	memcpy(&address, &e->address.s6_addr[12], sizeof(address));
	for (unsigned int n = 0; n < sizeof(v4) / sizeof(*v4); n++) {
		memcpy(&prefix, v4[n].prefix, sizeof(prefix));
		if (!((ntohl(address) ^ ntohl(prefix)) >> (32 - v4[n].bits)))
			return true;
	}
	return false;
}

static struct endpoint parse_documentation(const char *text)
{
	struct endpoint e = parse_endpoint(text);

	if (!is_documentation(&e))
		errx(2,
		     "%s is no documentation address: 198.51.100.0/24, 203.0.113.0/24, "
		     "198.18.0.0/15 and 2001:db8::/32 are",
		     text);
	return e;
}

static void parse_mac(const char *text)
{
	uint8_t *m = plan.to_mac;
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m[0], &m[1], &m[2], &m[3], &m[4],
		   &m[5], &end) != ETH_ALEN ||
	    text[end])
		errx(2, "--to-mac %s is no MAC address", text);
	has_mac = true;
}

static void parse_from(const char *text)
{
	static const char *const names[] = {"stranger", "host", "peer"};

	for (unsigned int n = 0; n < sizeof(names) / sizeof(*names); n++)
		if (!strcmp(text, names[n]))
			whom = n;
	if (whom < 0)
		errx(2, "--from %s: stranger, host or peer is wanted", text);
}

static void parse_option(int option, const char *text)
{
	switch (option) {
	case 't':
		if (plan.targets == TARGETS_MAX)
			errx(2, "more than %d targets", TARGETS_MAX);
		plan.target[plan.targets++] = parse_documentation(text);
		break;
	case 'm':
		parse_mac(text);
		break;
	case 'i':
		options.interface = text;
		break;
	case 'p':
		plan.peer = parse_documentation(text);
		if (!plan.peer.port)
			errx(2, "--peer %s has no port", text);
		break;
	case 'u':
		plan.username = text;
		if (strlen(text) > 513)
			errx(2, "--username is longer than RFC 8489 allows");
		break;
	case 'S':
		plan.ssrc = number("ssrc", text, 0, UINT32_MAX);
		plan.has_ssrc = true;
		break;
	case 'c':
		options.capture = number("capture", text, 0.1, 10);
		break;
	case 'f':
		parse_from(text);
		break;
	case 'n':
		plan.sources = number("sources", text, 1, SOURCES_MAX);
		break;
	case 'r':
		options.rate = number("rate", text, 1, 1e9);
		break;
	case 's':
		options.seconds = number("seconds", text, 0.01, SECONDS_MAX);
		break;
	case 'C':
		options.count = number("count", text, 1, COUNT_MAX);
		break;
	case 'P':
		options.pool = number("pool", text, 1, POOL_MAX);
		break;
	case 'x':
		mixed = true;
		break;
	case 'h':
		help();
		exit(0);
	default:
		exit(2); /* getopt has said what is wrong */
	}
}

static void parse(int argc, char **argv)
{
	static const struct option long_options[] = {{"target", required_argument, NULL, 't'},
						     {"to-mac", required_argument, NULL, 'm'},
						     {"interface", required_argument, NULL, 'i'},
						     {"peer", required_argument, NULL, 'p'},
						     {"username", required_argument, NULL, 'u'},
						     {"ssrc", required_argument, NULL, 'S'},
						     {"capture", required_argument, NULL, 'c'},
						     {"from", required_argument, NULL, 'f'},
						     {"sources", required_argument, NULL, 'n'},
						     {"rate", required_argument, NULL, 'r'},
						     {"seconds", required_argument, NULL, 's'},
						     {"count", required_argument, NULL, 'C'},
						     {"pool", required_argument, NULL, 'P'},
						     {"mixed", no_argument, NULL, 'x'},
						     {"help", no_argument, NULL, 'h'},
						     {NULL}};
	int option;

	while ((option = getopt_long(argc, argv, "t:m:i:p:u:S:c:f:n:r:s:C:P:xh", long_options,
				     NULL)) != -1)
		parse_option(option, optarg);
	for (; optind < argc; optind++) {
		const struct kind *k = kind_find(argv[optind]);

		if (!k)
			errx(2, "%s is no attack; --help lists them", argv[optind]);
		if (options.kinds == KINDS_MAX)
			errx(2, "more than %d attacks", KINDS_MAX);
		options.kind[options.kinds++] = k;
	}
}

/* --- what the options amount to -------------------------------------------------------------- */

enum from options_from(const struct kind *k)
{
	return whom < 0 ? k->from : (enum from)whom;
}

static bool fits_a_target(const struct kind *k)
{
	for (unsigned int n = 0; n < plan.targets; n++)
		if (kind_fits(k, &plan.target[n]))
			return true;
	return false;
}

/* What an attack lacks, or NULL. */
static const char *lacks(const struct kind *k)
{
	if ((options_from(k) != FROM_STRANGER || k->needs & NEEDS_PEER) && !plan.peer.port)
		return "--peer is missing";
	if (k->needs & NEEDS_USERNAME && !plan.username)
		return "--username is missing";
	if (k->needs & NEEDS_SSRC && !plan.has_ssrc)
		return "--ssrc is missing";
	if (!fits_a_target(k))
		return "no target is of its IP version, or has the port that it needs";
	if (options_from(k) != FROM_STRANGER && is_ipv4(&plan.peer) != is_ipv4(&plan.target[0]))
		return "peer and target are of different IP versions";
	return NULL;
}

static bool has_ipv4_target(void)
{
	for (unsigned int n = 0; n < plan.targets; n++)
		if (is_ipv4(&plan.target[n]))
			return true;
	return false;
}

static void complete(void)
{
	if (!plan.targets)
		errx(2, "--target is missing");
	if (!has_mac)
		errx(2, "--to-mac is missing");
	for (unsigned int n = 0; mixed && n < kinds_count; n++)
		if (!lacks(&kinds[n]) && options.kinds < KINDS_MAX)
			options.kind[options.kinds++] = &kinds[n];
	if (!options.kinds)
		errx(2, "which attack? --help lists them");
	for (unsigned int n = 0; n < options.kinds; n++)
		if (lacks(options.kind[n]))
			errx(2, "%s: %s", options.kind[n]->name, lacks(options.kind[n]));
	if (plan.sources > SOURCES_IPV4 && has_ipv4_target())
		errx(2, "--sources %u: 198.18.0.0/15 has %d; take IPv6 targets alone for more",
		     plan.sources, SOURCES_IPV4);
	if (options.pool < plan.sources)
		options.pool = plan.sources;
}

void options_read(int argc, char **argv)
{
	parse(argc, argv);
	complete();
}
