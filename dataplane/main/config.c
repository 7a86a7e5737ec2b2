/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/main/links/bond.h"
#include "dataplane/main/links/devargs.h"

#define PACKETS_LEAST 4096 /* of each worker and port: both queues can be full */

const char *const config_engines[] = {"auto", "ipsec_mb", "libsrtp", NULL};

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const idle_policies[] = {"spin", "pause", "sleep", NULL};
static const char *const sheds[] = {"auto", "xdp", "worker", "off", NULL};

/* "0,1" or "0-3" or a mixture; the order counts. */
static int parse_lcores(void *value, const char *text, char *why, size_t size)
{
	struct config *config = (struct config *)((char *)value - offsetof(struct config, lcores));
	const char *at = text;

	config->lcore_count = 0;
	do {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (end == at)
			break;
		if (*end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
			if (end == at || last < first)
				break;
		}
		for (; first <= last && config->lcore_count <= WORKERS_MAX; first++)
			config->lcores[config->lcore_count++] = first;
		at = *end == ',' ? end + 1 : end;
	} while (*at);
	if (*at || config->lcore_count < 2 || config->lcore_count > WORKERS_MAX) {
		snprintf(why, size, "\"%s\" is not a main lcore and at least one worker; e.g. 0,1",
			 text);
		return -EINVAL;
	}
	return 0;
}

static int parse_address(void *value, const char *text, char *why, size_t size)
{
	struct config_network *network =
		(struct config_network *)((char *)value -
					  offsetof(struct config_network, addresses));
	struct config_address *to = &network->addresses[network->address_count];
	const char *slash = strchr(text, '/');
	unsigned long prefix;
	char host[64], *end;
	bool ipv4;

	if (network->address_count == NETWORK_ADDRESSES_MAX) {
		snprintf(why, size, "more than %d addresses in one network; use another one",
			 NETWORK_ADDRESSES_MAX);
		return -EINVAL;
	}
	if (!slash || (size_t)(slash - text) >= sizeof(host))
		goto out_malformed;
	snprintf(host, sizeof(host), "%.*s", (int)(slash - text), text);
	if (address_parse(&to->address, host) || !address_is_host(&to->address))
		goto out_malformed;
	ipv4 = address_is_ipv4(&to->address);
	prefix = strtoul(slash + 1, &end, 10);
	if (end == slash + 1 || *end || prefix > (ipv4 ? 32 : 128))
		goto out_malformed;
	to->prefix = ipv4 ? 96 + prefix : prefix;
	network->address_count++;
	return 0;

out_malformed:
	snprintf(why, size,
		 "\"%s\" is no host's address with its prefix length; e.g. 198.51.100.1/24", text);
	return -EINVAL;
}

static int parse_gateway(void *value, const char *text, char *why, size_t size)
{
	struct config_network *network =
		(struct config_network *)((char *)value -
					  offsetof(struct config_network, gateway4));
	struct address gateway;

	if (address_parse(&gateway, text) || !address_is_host(&gateway)) {
		snprintf(why, size, "\"%s\" is no host's address; e.g. 198.51.100.254", text);
		return -EINVAL;
	}
	if (address_is_ipv4(&gateway))
		network->gateway4 = gateway;
	else
		network->gateway6 = gateway;
	return 0;
}

/* clang-format off */
#define AT(type, field) .offset = offsetof(struct type, field)

static const struct option_key dataplane_keys[] = {
	{.key = "socket", .type = OPTION_TEXT, AT(config, socket),
	 .fallback = "/run/tandem/dataplane.sock", .help = "where the control plane connects"},
	{.key = "lcores", .type = OPTION_PARSED, AT(config, lcores), .parse = parse_lcores,
	 .fallback = "0,1", .help = "CPU cores: the main lcore, then one for each worker"},
	{.key = "legs", .type = OPTION_UNSIGNED, AT(config, legs), .least = 2, .most = 4000000,
	 .fallback = "10000", .help = "most legs at a time; a call has two"},
	{.key = "allocations", .type = OPTION_UNSIGNED, AT(config, allocations), .most = 4000000,
	 .fallback = "4096", .help = "most TURN allocations at a time; 0: TURN is not served"},
	{.key = "streams", .type = OPTION_UNSIGNED, AT(config, streams), .most = 16000000,
	 .fallback = "0", .help = "most SSRCs beside the first of each leg; 0: one for each leg"},
	{.key = "streams_per_flow", .type = OPTION_UNSIGNED, AT(config, streams_per_flow),
	 .least = 1, .most = 1024, .fallback = "32", .help = "most SSRCs that one leg may receive"},
	{.key = "packets", .type = OPTION_UNSIGNED, AT(config, packets), .most = 8388607,
	 .fallback = "0", .help = "packet buffers; 0: enough for the queues"},
	{.key = "idle", .type = OPTION_CHOICE, AT(config, idle), .choices = idle_policies,
	 .fallback = "pause", .help = "what a worker does without packets; sleep costs 0.1 ms"},
	{.key = "crypto", .type = OPTION_CHOICE, AT(config, crypto), .choices = config_engines,
	 .fallback = "auto", .help = "the SRTP engine; auto: ipsec_mb where the CPU has AES-NI"},
	{.key = "xdp", .type = OPTION_TEXT, AT(config, xdp),
	 .fallback = "/usr/lib/tandem/shed.bpf.o", .help = "the XDP program of AF_XDP ports"},
	{.key = "hugepages", .type = OPTION_BOOL, AT(config, hugepages), .fallback = "yes",
	 .help = "no: ordinary memory, for trying things out"},
	{.key = "log", .type = OPTION_CHOICE, AT(config, log), .choices = log_levels,
	 .fallback = "info", .help = "how much is told on stderr"},
	{.key = NULL},
};

/* `holder` has a network at `at`. */
#define NETWORK_KEYS(holder, at)                                                                    \
	{.key = "address", .type = OPTION_PARSED, AT(holder, at addresses),                       \
	 .parse = parse_address, .repeated = true,                                                 \
	 .help = "a media address with its prefix length; IPv4 or IPv6"},                          \
	{.key = "gateway", .type = OPTION_PARSED, AT(holder, at gateway4),                        \
	 .parse = parse_gateway, .repeated = true,                                                 \
	 .help = "the next hop for addresses that are not on-link; one of each family"},           \
	{.key = "vlan", .type = OPTION_UNSIGNED, AT(holder, at vlan), .most = 4094,               \
	 .fallback = "0", .help = "VLAN tag of all frames; 0: untagged"},                          \
	{.key = "mtu", .type = OPTION_UNSIGNED, AT(holder, at mtu), .most = 9000,                 \
	 .fallback = "0", .help = "largest IP packet; 0: as the port says"},                       \
	{.key = "dscp", .type = OPTION_UNSIGNED, AT(holder, at dscp), .most = 63,                 \
	 .fallback = "46", .help = "traffic class of what is sent (RFC 4594: 46 for telephony)"}

static const struct option_key port_keys[] = {
	{.key = "devargs", .type = OPTION_LIST, AT(config_port, devargs), .required = true,
	 .help = "the DPDK device: net_af_xdp0,iface=eth1 or a PCI address; several: an LACP bond"},
	{.key = "shed", .type = OPTION_CHOICE, AT(config_port, shed), .choices = sheds,
	 .fallback = "auto",
	 .help = "who sheds floods; auto: XDP on AF_XDP devices, the workers elsewhere"},
	NETWORK_KEYS(config_port, own.),
	{.key = NULL},
};

static const struct option_key network_keys[] = {
	{.key = "port", .type = OPTION_TEXT, AT(config_network, port_name), .required = true,
	 .help = "the name of its [port]: one port may have several networks, by their vlan"},
	NETWORK_KEYS(config_network, ),
	{.key = NULL},
};
/* clang-format on */

static unsigned place_of_next(const struct config *config)
{
	return config->port_count + config->named_count;
}

static void *named_port(void *value, const char *name)
{
	struct config *config = value;
	struct config_network *own = &config->ports[config->port_count].own;

	if (config->port_count == PORTS_MAX || strlen(name) >= sizeof(own->name))
		return NULL;
	own->place = place_of_next(config);
	own->port = config->port_count;
	snprintf(own->name, sizeof(own->name), "%s", name);
	return &config->ports[config->port_count++];
}

static void *named_network(void *value, const char *name)
{
	struct config *config = value;
	struct config_network *network = &config->named[config->named_count];

	if (config->named_count == NETWORKS_MAX || strlen(name) >= sizeof(network->name))
		return NULL;
	network->place = place_of_next(config);
	snprintf(network->name, sizeof(network->name), "%s", name);
	config->named_count++;
	return network;
}

static const struct option_section sections[] = {
	{.name = "dataplane", .keys = dataplane_keys},
	{.name = "port", .named = named_port, .keys = port_keys},
	{.name = "network", .named = named_network, .keys = network_keys},
	{.name = NULL},
};

static const char *section_of(const struct config_network *network)
{
	return network->port_name ? "network" : "port";
}

static int by_place(const void *a, const void *b)
{
	const struct config_network *const *left = a, *const *right = b;

	return (*left)->place < (*right)->place ? -1 : 1;
}

/* Of a section [network]; the port's index. */
static bool find_port(const struct config *config, struct config_network *network)
{
	for (unsigned p = 0; network->port_name && p < config->port_count; p++) {
		if (strcmp(config_port_name(&config->ports[p]), network->port_name) != 0)
			continue;
		network->port = p;
		return true;
	}
	return false;
}

static void list_network(struct options *options, struct config *config,
			 const struct config_network *network)
{
	if (config->network_count < NETWORKS_MAX)
		config->networks[config->network_count++] = network;
	else
		option_mistake(options, section_of(network), network->name, NULL,
			       "more than %d networks in all", NETWORKS_MAX);
}

static void list_networks(struct options *options, struct config *config)
{
	for (unsigned p = 0; p < config->port_count; p++)
		if (config->ports[p].own.address_count)
			list_network(options, config, &config->ports[p].own);
	for (unsigned k = 0; k < config->named_count; k++) {
		struct config_network *network = &config->named[k];

		if (!network->port_name)
			continue; /* which was said already */
		if (!find_port(config, network))
			option_mistake(options, "network", network->name, "port",
				       "there is no section [port %s]", network->port_name);
		else if (!network->address_count)
			option_mistake(options, "network", network->name, "address",
				       "missing: a network needs a media address");
		else
			list_network(options, config, network);
	}
	qsort(config->networks, config->network_count, sizeof(config->networks[0]), by_place);
}

static bool has_family(const struct config_network *network, bool ipv4)
{
	for (unsigned k = 0; k < network->address_count; k++)
		if (address_is_ipv4(&network->addresses[k].address) == ipv4)
			return true;
	return false;
}

static bool seen_before(const struct config *config, unsigned n, unsigned a)
{
	const struct address *address = &config->networks[n]->addresses[a].address;

	for (unsigned i = 0; i <= n; i++)
		for (unsigned k = 0; k < (i == n ? a : config->networks[i]->address_count); k++)
			if (address_equal(&config->networks[i]->addresses[k].address, address))
				return true;
	return false;
}

static void check_network(struct options *options, const struct config *config, unsigned n)
{
	const struct config_network *network = config->networks[n];
	const struct config_network *own = &config->ports[network->port].own;
	const char *section = section_of(network);
	char text[ADDRESS_TEXT];

	for (unsigned a = 0; a < network->address_count; a++)
		if (seen_before(config, n, a))
			option_mistake(options, section, network->name, "address",
				       "%s is given twice; give each media address to one network",
				       address_text(text, &network->addresses[a].address));
	if (!address_is_zero(&network->gateway4) && !has_family(network, true))
		option_mistake(options, section, network->name, "gateway",
			       "an IPv4 gateway in a network without an IPv4 address; add one");
	if (!address_is_zero(&network->gateway6) && !has_family(network, false))
		option_mistake(options, section, network->name, "gateway",
			       "an IPv6 gateway in a network without an IPv6 address; add one");
	if (own->mtu && network->mtu > own->mtu)
		option_mistake(options, section, network->name, "mtu", "more than port %s has: %u",
			       own->name, own->mtu);
	for (unsigned i = 0; i < n; i++) {
		const struct config_network *other = config->networks[i];

		if (strcmp(other->name, network->name) == 0)
			option_mistake(options, section, network->name, NULL,
				       "another network has this name");
		if (other->port == network->port && other->vlan == network->vlan)
			option_mistake(options, section, network->name, "vlan",
				       "%s has the same on this port; each network needs its own",
				       other->name);
	}
}

static bool has_network(const struct config *config, unsigned p)
{
	for (unsigned n = 0; n < config->network_count; n++)
		if (config->networks[n]->port == p)
			return true;
	return false;
}

static void check_devices(struct options *options, const struct config_port *port)
{
	const char *name = config_port_name(port);
	bool are_af_xdp = devargs_are_af_xdp(port);

	if (port->devargs.count > BOND_MEMBERS_MAX)
		option_mistake(options, "port", name, "devargs",
			       "more than %d devices in one bond; use another port",
			       BOND_MEMBERS_MAX);
	for (unsigned k = 0; k < port->devargs.count; k++) {
		const char *devargs = port->devargs.texts[k];

		if (devargs_is_af_xdp(devargs) != are_af_xdp)
			option_mistake(options, "port", name, "devargs",
				       "%s is of another kind than the bond's first device; make "
				       "all AF_XDP's, or none",
				       devargs);
		if (devargs_is_af_xdp(devargs) && strstr(devargs, "xdp_prog="))
			option_mistake(options, "port", name, "devargs",
				       "xdp_prog is not for devargs; give it as [dataplane] xdp");
	}
}

static void check_port(struct options *options, const struct config *config, unsigned p)
{
	const struct config_port *port = &config->ports[p];
	const char *name = config_port_name(port);

	check_devices(options, port);
	if (!devargs_are_af_xdp(port) && port->shed == CONFIG_SHED_XDP)
		option_mistake(options, "port", name, "shed",
			       "xdp needs devargs of net_af_xdp; say worker, or auto");
	if (!has_network(config, p))
		option_mistake(options, "port", name, "address",
			       "missing: give it here, or in a section [network] with port = %s",
			       name);
}

static void check_lcores(struct options *options, const struct config *config)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	for (unsigned k = 0; k < config->lcore_count; k++)
		if (config->lcores[k] >= (unsigned)online)
			option_mistake(options, "dataplane", NULL, "lcores",
				       "core %u does not exist; this machine has 0 to %ld",
				       config->lcores[k], online - 1);
}

static void check_packets(struct options *options, const struct config *config)
{
	unsigned devices = 0, least;

	for (unsigned p = 0; p < config->port_count; p++)
		devices += config->ports[p].devargs.count;
	least = PACKETS_LEAST * (config->lcore_count - 1) * devices;
	if (config->packets && config->packets < least)
		option_mistake(options, "dataplane", NULL, "packets",
			       "%u are too few for the queues; give %u or more, or 0",
			       config->packets, least);
}

static void check(struct options *options, void *value)
{
	struct config *config = value;

	if (config->port_count == 0)
		option_mistake(options, "port", NULL, NULL,
			       "no port; add a section [port NAME] with devargs and address");
	list_networks(options, config);
	check_lcores(options, config);
	check_packets(options, config);
	for (unsigned p = 0; p < config->port_count; p++)
		check_port(options, config, p);
	for (unsigned n = 0; n < config->network_count; n++)
		check_network(options, config, n);
}

int config_load(struct config *config, struct options **options, int argc, char **argv)
{
	static const struct option_table table = {
		.program = "tandem-dataplane",
		.summary = "forwards, authenticates and counts the media of calls",
		.version = TANDEM_VERSION,
		.file = "/etc/tandem/dataplane.ini",
		.sections = sections,
		.check = check,
	};
	int result = options_load(options, &table, config, argc, argv);

	if (!config->streams)
		config->streams = config->legs;
	return result;
}
