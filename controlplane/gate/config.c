/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/gate/config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int parse_listen(void *value, const char *text, char *why, size_t size)
{
	struct gate_config *gate =
		(struct gate_config *)((char *)value - offsetof(struct gate_config, listen));
	struct gate_listen *to = &gate->listen[gate->listen_count];

	if (gate->listen_count == GATE_LISTEN) {
		snprintf(why, size, "more than %d of them; leave some out", GATE_LISTEN);
		return -EINVAL;
	}
	to->tls = begins(text, "tls:");
	if ((!to->tls && !begins(text, "tcp:")) || socket_address_parse(&to->address, text + 4) ||
	    to->address.any.sa_family == AF_UNIX) {
		snprintf(why, size,
			 "\"%s\" is no address; write tls:198.51.100.2:443, or tcp: likewise",
			 text);
		return -EINVAL;
	}
	gate->listen_count++;
	return 0;
}

static int parse_server(void *value, const char *text, char *why, size_t size)
{
	union socket_address *server = value;

	if (!socket_address_parse(server, text) && server->any.sa_family != AF_UNIX)
		return 0;
	snprintf(why, size, "\"%s\" is no address; write e.g. [fd00::1]:3478", text);
	return -EINVAL;
}

#define AT(field) .offset = offsetof(struct gate_options, field)

static const struct option_key keys[] = {
	{.key = "listen",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .required = true,
	 AT(gate.listen),
	 .parse = parse_listen,
	 .help = "tls:ADDRESS:PORT or tcp:ADDRESS:PORT, of this machine; may be repeated"},
	{.key = "server",
	 .type = OPTION_PARSED,
	 .required = true,
	 AT(gate.server),
	 .parse = parse_server,
	 .help = "where the dataplane serves TURN, on a link that only this program uses"},
	{.key = "cert",
	 .type = OPTION_TEXT,
	 AT(gate.cert),
	 .help = "PEM file: the certificate of tls:"},
	{.key = "key", .type = OPTION_TEXT, AT(gate.key), .help = "PEM file: its private key"},
	{.key = "connections",
	 .type = OPTION_UNSIGNED,
	 AT(gate.connections),
	 .least = 1,
	 .most = 1000000,
	 .fallback = "10000",
	 .help = "most at a time"},
	{.key = "connections_per_address",
	 .type = OPTION_UNSIGNED,
	 AT(gate.connections_per_address),
	 .least = 1,
	 .most = 1000000,
	 .fallback = "200",
	 .help = "most of one IPv4 address or IPv6 /64; an office has one address"},
	{.key = "begin",
	 .type = OPTION_UNSIGNED,
	 AT(gate.begin_s),
	 .least = 1,
	 .most = 600,
	 .fallback = "10",
	 .help = "seconds until the first whole message has come"},
	{.key = "idle",
	 .type = OPTION_UNSIGNED,
	 AT(gate.idle_s),
	 .least = 1,
	 .most = 86400,
	 .fallback = "900",
	 .help = "seconds without a message until a connection ends"},
	{.key = "requests_per_s",
	 .type = OPTION_UNSIGNED,
	 AT(gate.requests_per_s),
	 .least = 0,
	 .most = 100000,
	 .fallback = "20",
	 .help = "STUN requests a second of one connection, five seconds' worth at once; what is "
		 "more is dropped. 0: no limit"},
	{.key = "drain",
	 .type = OPTION_UNSIGNED,
	 AT(drain_s),
	 .least = 0,
	 .most = 604800,
	 .fallback = "3600",
	 .help = "seconds that connections may go on after it was told to stop; told twice: none"},
	{.key = "log",
	 .type = OPTION_CHOICE,
	 AT(log),
	 .choices = log_levels,
	 .fallback = "info",
	 .help = "what is worth a line"},
	{},
};

static const struct option_section sections[] = {{.name = "turngate", .keys = keys}, {}};

static void check(struct options *options, void *arg)
{
	const struct gate_options *config = arg;

	if (!config->gate.cert != !config->gate.key)
		option_mistake(options, "turngate", NULL, config->gate.cert ? "cert" : "key",
			       "cert and key belong together; give both or none");
	for (unsigned int k = 0; k < config->gate.listen_count && !config->gate.cert; k++)
		if (config->gate.listen[k].tls)
			option_mistake(options, "turngate", NULL, "listen",
				       "tls: needs a certificate; configure cert and key");
}

static const struct option_table table = {
	.program = "tandem-turngate",
	.summary = "TURN by TCP and TLS for the Tandem media relay",
	.version = TANDEM_VERSION,
	.file = "/etc/tandem/turngate.ini",
	.sections = sections,
	.check = check,
};

int gate_config_load(struct gate_options *config, struct options **options, int argc, char **argv)
{
	memset(config, 0, sizeof(*config));
	return options_load(options, &table, config, argc, argv);
}
