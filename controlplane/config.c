/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "controlplane/lib/prefix.h"
#include "controlplane/lib/socket_address.h"
#include "controlplane/rpc/rpc_listen.h"

#define BLOCK_MOST_S (49 * 86400) /* what PutBlock can say in ms */
#define KEY_GRACE_MS 10000        /* packets that were on their way when the keys changed */

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const privacies[] = {
	[PRIVACY_NONE] = "none",
	[PRIVACY_ADDRESSES] = "addresses",
	[PRIVACY_ADDRESSES + 1] = NULL,
};

static int parse_ports(void *value, const char *text, char *why, size_t size)
{
	struct config *config = (struct config *)((char *)value - offsetof(struct config, ports));
	unsigned int first, last;
	int used = 0;

	if (sscanf(text, "%5u-%5u%n", &first, &last, &used) != 2 || text[used] != '\0') {
		snprintf(why, size, "\"%s\" is no range; write e.g. 20000-39999", text);
		return -EINVAL;
	}
	if (first < 1024 || first % 2 != 0 || last % 2 != 1 || last < first || last > 65535) {
		snprintf(why, size,
			 "%u-%u is no range of port pairs; begin with an even port from "
			 "1024 on, end with an odd one up to 65535",
			 first, last);
		return -EINVAL;
	}
	config->ports.first = first;
	config->ports.last = last;
	return 0;
}

static int parse_listen(void *value, const char *text, char *why, size_t size)
{
	if (rpc_listen_is_address(text))
		return 0;
	snprintf(why, size, "\"%s\" is no address; write unix:/path, 127.0.0.1:port or [::1]:port",
		 text);
	return -EINVAL;
}

static const struct option_key keys[] = {
	{.key = "dataplane",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, dataplane),
	 .fallback = "/run/tandem/dataplane.sock",
	 .help = "the dataplane's socket"},
	{.key = "listen",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct config, listen),
	 .parse = parse_listen,
	 .fallback = "unix:/run/tandem/relay.sock",
	 .help = "where the API is served: unix:PATH or ADDRESS:PORT"},
	{.key = "ca",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, ca),
	 .help = "PEM file: who may sign clients' certificates; none: clients show tokens"},
	{.key = "cert",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, cert),
	 .help = "PEM file: the API's own certificate; read anew on SIGHUP"},
	{.key = "key",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, key),
	 .help = "PEM file: its private key"},
	{.key = "log",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct config, log),
	 .choices = log_levels,
	 .fallback = "info",
	 .help = "what is worth a line"},
	{.key = "ports",
	 .type = OPTION_PARSED,
	 .offset = offsetof(struct config, ports),
	 .parse = parse_ports,
	 .fallback = "20000-39999",
	 .help = "local UDP ports for media, on each media address"},
	{.key = "port_quarantine",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, quarantine_s),
	 .least = 0,
	 .most = 3600,
	 .fallback = "5",
	 .help = "seconds until a port is used again"},
	{.key = "calls",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, calls),
	 .least = 1,
	 .most = 1000000,
	 .fallback = "100000",
	 .help = "most calls at one time"},
	{.key = "offer_timeout",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, offer_timeout_s),
	 .least = 1,
	 .most = 86400,
	 .fallback = "180",
	 .help = "seconds until an offer without an answer expires"},
	{.key = "media_timeout",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, media_timeout_s),
	 .least = 0,
	 .most = 86400,
	 .fallback = "60",
	 .help = "seconds without media from anybody until a call is reported, 0: never"},
	{.key = "media_timeout_delete",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct config, media_timeout_delete),
	 .fallback = "no",
	 .help = "delete such a call"},
	{.key = "latch_ms",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, latch_ms),
	 .least = 100,
	 .most = 600000,
	 .fallback = "20000",
	 .help = "how long a plain RTP leg may learn its participant's address"},
	{.key = "headroom",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, headroom),
	 .least = 0,
	 .most = 1000,
	 .fallback = "10",
	 .help = "times the media that an SDP lets expect; more is shed, 0: never"},
	{.key = "dtls_cookie",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct config, dtls_cookie),
	 .fallback = "yes",
	 .help = "have a participant show that it receives before a DTLS handshake begins"},
	{.key = "certificate_hours",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, certificate_h),
	 .least = 1,
	 .most = 8760,
	 .fallback = "24",
	 .help = "age at which new legs get a fresh DTLS certificate"},
	{.key = "privacy",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct config, privacy),
	 .choices = privacies,
	 .fallback = "none",
	 .help = "addresses: participants' are pseudonyms in the log, in records and for viewers"},
	{.key = "privacy_key",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, privacy_key),
	 .fallback = "/var/lib/tandem/privacy.key",
	 .help = "file: what pseudonyms are made with; made at the first start if it is not there"},
	{},
};

static int parse_prefix(void *value, const char *text, char *why, size_t size)
{
	struct prefix prefix;

	return prefix_read(&prefix, text, why, size);
}

static const struct option_key network_keys[] = {
	{.key = "deny",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct config, deny),
	 .parse = parse_prefix,
	 .help = "a prefix that no SDP may have media sent to; may be repeated"},
	{},
};

static const struct option_key quality_keys[] = {
	{.key = "interval",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, quality_interval_s),
	 .least = 1,
	 .most = 60,
	 .fallback = "10",
	 .help = "seconds that each stream is rated for at a time, and between comparisons of all legs "
		 "with the dataplane's"},
	{},
};

static int parse_ng_listen(void *value, const char *text, char *why, size_t size)
{
	if (ng_is_address(text))
		return 0;
	snprintf(
		why, size,
		"\"%s\" is no address; write udp:127.0.0.1:port, tcp:, http: or https: likewise, or "
		"unix:/path",
		text);
	return -EINVAL;
}

static const struct option_key ng_keys[] = {
	{.key = "listen",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct config, ng_listen),
	 .parse = parse_ng_listen,
	 .help = "where the ng protocol is served: ADDRESS:PORT behind udp:, tcp:, http: or https:, "
		 "or unix:PATH"},
	{.key = "allow",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct config, ng_allow),
	 .parse = parse_prefix,
	 .help = "a prefix of proxies that are heard; none: those of this machine"},
	{.key = "cert",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, ng_cert),
	 .help = "PEM file: the certificate of https"},
	{.key = "key",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, ng_key),
	 .help = "PEM file: its private key"},
	{.key = "delete_delay",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, ng_delete_delay_s),
	 .least = 0,
	 .most = 3600,
	 .fallback = "30",
	 .help = "seconds that a deleted call goes on, unless a delete says another time"},
	{},
};

#define RATE(name, default_pps, what)                                                              \
	{                                                                                          \
		.key = #name, .type = OPTION_UNSIGNED,                                             \
		.offset = offsetof(struct config, shed.rates.name), .least = 0, .most = 1000000,   \
		.fallback = default_pps, .help = what                                              \
	}

static const struct option_key shed_keys[] = {
	{.key = "off",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct config, shed.rates.off),
	 .fallback = "no",
	 .help = "shed nothing before a worker has it, for comparison"},
	RATE(unknown_pps, "1000", "of a participant: RTP that continues no stream; 0: no limit"),
	RATE(rtcp_pps, "200", "of a participant: RTCP; 0: no limit"),
	RATE(stun_pps, "50", "of a participant: ICE checks; 0: no limit"),
	RATE(dtls_pps, "50", "of a participant: DTLS; 0: no limit"),
	RATE(stranger_pps, "100", "of everybody else: attempts on one port; 0: no limit"),
	RATE(source_pps, "1000",
	     "of everybody else: attempts from one IPv4 address or IPv6 /64; 0: no limit"),
	RATE(service_pps, "2000",
	     "of each of ARP requests, ARP replies, ping, ICMP errors, per media address; 0: no "
	     "limit"),
	{.key = "attack_pps",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, shed.attack_pps),
	 .least = 1,
	 .most = 100000000,
	 .fallback = "500",
	 .help = "dropped packets of one kind that are an attack, when they last for two seconds"},
	{.key = "auto_block",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct config, shed.auto_block),
	 .fallback = "no",
	 .help = "block sources that keep failing authentication, unless they hold a call"},
	{.key = "auto_block_pps",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, shed.strike.failures_pps),
	 .least = 1,
	 .most = 1000000,
	 .fallback = "50",
	 .help = "failures of one source that are too many"},
	{.key = "auto_block_after",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, shed.strike.seconds),
	 .least = 1,
	 .most = 3600,
	 .fallback = "10",
	 .help = "seconds of that until it is blocked"},
	{.key = "auto_block_least",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, shed.strike.least_s),
	 .least = 1,
	 .most = BLOCK_MOST_S,
	 .fallback = "60",
	 .help = "seconds of its first block; each further one is twice as long"},
	{.key = "auto_block_most",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, shed.strike.most_s),
	 .least = 1,
	 .most = BLOCK_MOST_S,
	 .fallback = "86400",
	 .help = "seconds of the longest one"},
	{},
};

/* --- turn --- */

static struct turn_config *turn_of(void *value, size_t offset)
{
	return &((struct config *)((char *)value - offset))->turn;
}

static int add_turn_endpoint(struct endpoint *list, unsigned int *count, const char *text,
			     char *why, size_t size)
{
	union socket_address address;

	if (socket_address_parse(&address, text) || address.any.sa_family == AF_UNIX) {
		snprintf(why, size,
			 "\"%s\" is no address; write 198.51.100.1:3478 or [2001:db8::1]:3478",
			 text);
		return -EINVAL;
	}
	if (*count == TURN_LISTEN) {
		snprintf(why, size, "more than %d of them; leave some out", TURN_LISTEN);
		return -EINVAL;
	}
	list[(*count)++] = socket_address_endpoint(&address);
	return 0;
}

static int parse_turn_listen(void *value, const char *text, char *why, size_t size)
{
	struct turn_config *turn = turn_of(value, offsetof(struct config, turn.listen));

	return add_turn_endpoint(turn->listen, &turn->listen_count, text, why, size);
}

static int parse_turn_gate(void *value, const char *text, char *why, size_t size)
{
	struct turn_config *turn = turn_of(value, offsetof(struct config, turn.gates));

	return add_turn_endpoint(turn->gates, &turn->gate_count, text, why, size);
}

/* RFC 7065: a scheme, a host or an address, perhaps a port, perhaps a transport. */
static int judge_turn_uri(void *value, const char *text, char *why, size_t size)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-._~:[]";
	const char *at = strncmp(text, "turn:", 5) == 0    ? text + 5
			 : strncmp(text, "turns:", 6) == 0 ? text + 6
							   : "";
	const char *rest = at + strspn(at, host);

	if (rest > at &&
	    (!*rest || strcmp(rest, "?transport=udp") == 0 || strcmp(rest, "?transport=tcp") == 0))
		return 0;
	snprintf(why, size,
		 "\"%s\" is no URI of a TURN server; write "
		 "turns:turn.example.com:443?transport=tcp",
		 text);
	return -EINVAL;
}

static int parse_turn_relay(void *value, const char *text, char *why, size_t size)
{
	struct turn_config *turn = turn_of(value, offsetof(struct config, turn.relay));

	if (turn->relay_count == TURN_LISTEN ||
	    address_parse(&turn->relay[turn->relay_count], text)) {
		snprintf(why, size,
			 "\"%s\" is no address, or one too many; write e.g. 198.51.100.1", text);
		return -EINVAL;
	}
	turn->relay_count++;
	return 0;
}

static int parse_turn_secret(void *value, const char *text, char *why, size_t size)
{
	struct turn_credentials *c =
		&turn_of(value, offsetof(struct config, turn.credentials.secrets))->credentials;

	if (c->secret_count == TURN_SECRETS) {
		snprintf(why, size, "more than %d of them; leave some out", TURN_SECRETS);
		return -EINVAL;
	}
	return turn_secret_read(&c->secrets[c->secret_count++], text, why, size);
}

static int parse_turn_user(void *value, const char *text, char *why, size_t size)
{
	struct turn_credentials *c =
		&turn_of(value, offsetof(struct config, turn.credentials.users))->credentials;

	if (c->user_count == TURN_USERS) {
		snprintf(why, size, "more than %d of them; use secrets", TURN_USERS);
		return -EINVAL;
	}
	return turn_user_read(&c->users[c->user_count++], text, why, size);
}

static int parse_turn_ports(void *value, const char *text, char *why, size_t size)
{
	struct turn_config *turn = turn_of(value, offsetof(struct config, turn.port_first));
	unsigned int first, last;
	int used = 0;

	if (sscanf(text, "%5u-%5u%n", &first, &last, &used) != 2 || text[used] != '\0' ||
	    first < 1024 || last < first || last > 65535) {
		snprintf(why, size, "\"%s\" is no range from 1024 to 65535; write e.g. 40000-59999",
			 text);
		return -EINVAL;
	}
	turn->port_first = first;
	turn->port_last = last;
	return 0;
}

static int add_turn_prefix(struct prefix *list, unsigned int *count, const char *text, char *why,
			   size_t size)
{
	if (*count == TURN_PREFIXES) {
		snprintf(why, size, "more than %d of them; write shorter prefixes", TURN_PREFIXES);
		return -EINVAL;
	}
	return prefix_read(&list[(*count)++], text, why, size);
}

static int parse_turn_deny(void *value, const char *text, char *why, size_t size)
{
	struct turn_config *turn = turn_of(value, offsetof(struct config, turn.deny));

	return add_turn_prefix(turn->deny, &turn->deny_count, text, why, size);
}

static int parse_turn_allow(void *value, const char *text, char *why, size_t size)
{
	struct turn_config *turn = turn_of(value, offsetof(struct config, turn.allow));

	return add_turn_prefix(turn->allow, &turn->allow_count, text, why, size);
}

static const char *const turn_peers[] = {"legs", "any", NULL};

static const struct option_key turn_keys[] = {
	{.key = "listen",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.listen),
	 .parse = parse_turn_listen,
	 .help = "where STUN and TURN are served: a media address and a port; may be repeated"},
	{.key = "gate",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.gates),
	 .parse = parse_turn_gate,
	 .help = "likewise, on a link that only tandem-turngate uses; may be repeated"},
	{.key = "relay",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.relay),
	 .parse = parse_turn_relay,
	 .help = "a media address that is relayed, one of each family; none: where it listens"},
	{.key = "uri",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct config, turn.uris),
	 .parse = judge_turn_uri,
	 .help = "what credentials name beside listen, tandem-turngate's turns: for one; may be "
		 "repeated"},
	{.key = "realm",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, turn.realm),
	 .fallback = "tandem",
	 .help = "what clients are told that their credentials are for"},
	{.key = "secret",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.credentials.secrets),
	 .parse = parse_turn_secret,
	 .help = "ID:SECRET: who knows it makes credentials; several while they are changed"},
	{.key = "user",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.credentials.users),
	 .parse = parse_turn_user,
	 .help = "NAME:PASSWORD: one who needs no other credentials, for tests"},
	{.key = "ports",
	 .type = OPTION_PARSED,
	 .offset = offsetof(struct config, turn.port_first),
	 .parse = parse_turn_ports,
	 .fallback = "40000-59999",
	 .help = "relayed UDP ports, on each media address; none of [controlplane] ports"},
	{.key = "peers",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct config, turn_peers),
	 .choices = turn_peers,
	 .fallback = "legs",
	 .help = "whom clients may reach: this relay's own legs, or any address that is public"},
	{.key = "deny",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.deny),
	 .parse = parse_turn_deny,
	 .help = "a prefix that no client may reach; with peers = any"},
	{.key = "allow",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct config, turn.allow),
	 .parse = parse_turn_allow,
	 .help = "a prefix that clients may reach though it is denied, or private"},
	{.key = "allocations_per_user",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, turn.allocations_per_user),
	 .least = 1,
	 .most = 1000000,
	 .fallback = "4",
	 .help = "most allocations of one user, whatever time is in its name"},
	{.key = "lifetime",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, turn.lifetime_s),
	 .least = 600,
	 .most = 3600,
	 .fallback = "600",
	 .help = "seconds of an allocation whose client asks for no more"},
	{.key = "lifetime_most",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, turn.lifetime_most_s),
	 .least = 600,
	 .most = 86400,
	 .fallback = "3600",
	 .help = "seconds that a client may ask for"},
	{.key = "client_pps",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, turn.client_pps),
	 .least = 0,
	 .most = 1000000,
	 .fallback = "5000",
	 .help = "packets a second from one client, or to it from outside; 0: no limit"},
	{.key = "stranger_pps",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, turn.stranger_pps),
	 .least = 0,
	 .most = 1000000,
	 .fallback = "2000",
	 .help = "of everybody else: requests at each address, and as many answers to a challenge"},
	{},
};

static const struct option_section sections[] = {
	{.name = "controlplane", .keys = keys},
	{.name = "network", .keys = network_keys},
	{.name = "quality", .keys = quality_keys},
	{.name = "ng", .keys = ng_keys},
	{.name = "shed", .keys = shed_keys},
	{.name = "turn", .keys = turn_keys},
	{.name = "access", .offset = offsetof(struct config, access), .keys = access_keys},
	{.name = "web", .offset = offsetof(struct config, web), .keys = web_config_keys},
	{.name = "hep", .offset = offsetof(struct config, hep), .keys = hep_keys},
	{.name = "cdr", .offset = offsetof(struct config, cdr), .keys = cdr_keys},
	{}};

static void check_listen(struct options *options, const struct config *config)
{
	for (unsigned int k = 0; k < config->listen.count && !config->cert; k++)
		if (rpc_listen_needs_tls(config->listen.texts[k]))
			option_mistake(options, "controlplane", NULL, "listen",
				       "%s is open to others; configure cert and key, or use "
				       "loopback",
				       config->listen.texts[k]);
}

/* The protocol has no authentication. */
static void check_ng(struct options *options, const struct config *config)
{
	for (unsigned int k = 0; k < config->ng_listen.count && !config->ng_allow.count; k++)
		if (ng_is_open(config->ng_listen.texts[k]))
			option_mistake(options, "ng", NULL, "listen",
				       "%s is open to others; name those who are heard with allow",
				       config->ng_listen.texts[k]);
	if (!config->ng_cert != !config->ng_key)
		option_mistake(options, "ng", NULL, config->ng_cert ? "cert" : "key",
			       "cert and key belong together; give both or none");
	for (unsigned int k = 0; k < config->ng_listen.count && !config->ng_cert; k++)
		if (ng_needs_tls(config->ng_listen.texts[k]))
			option_mistake(options, "ng", NULL, "listen",
				       "%s needs a certificate; configure cert and key, or use "
				       "http",
				       config->ng_listen.texts[k]);
}

static void check_turn(struct options *options, struct config *config)
{
	struct turn_config *turn = &config->turn;

	turn->any = config->turn_peers == 1;
	if (!turn->listen_count && !turn->gate_count)
		return;
	if (turn->gate_count && !turn->relay_count)
		option_mistake(options, "turn", NULL, "gate",
			       "its link is nobody else's; name what is relayed with relay");
	if (turn->uris.count > TURN_URIS)
		option_mistake(options, "turn", NULL, "uri", "more than %d of them; leave some out",
			       TURN_URIS);
	if (!turn->credentials.secret_count && !turn->credentials.user_count)
		option_mistake(options, "turn", NULL, "listen",
			       "nobody has credentials; configure a secret, or a user");
	if (turn->port_first <= config->ports.last && turn->port_last >= config->ports.first)
		option_mistake(options, "turn", NULL, "ports",
			       "%u-%u are those of calls, too; choose others, or shorten "
			       "[controlplane] ports",
			       turn->port_first, turn->port_last);
	if (!turn->realm[0] || strlen(turn->realm) > TURN_REALM_MAX)
		option_mistake(options, "turn", NULL, "realm", "it needs 1 to %d octets",
			       TURN_REALM_MAX);
	if (turn->lifetime_s > turn->lifetime_most_s)
		option_mistake(options, "turn", NULL, "lifetime",
			       "%u is more than lifetime_most, which is %u; exchange them",
			       turn->lifetime_s, turn->lifetime_most_s);
}

static void check_cdr(struct options *options, const struct config *config)
{
	struct sockaddr_un address;

	if (config->cdr.file && config->cdr.file[0] != '/')
		option_mistake(options, "cdr", NULL, "file",
			       "\"%s\" may be anywhere; write its path from / on",
			       config->cdr.file);
	if (strlen(config->cdr.syslog_socket) >= sizeof(address.sun_path))
		option_mistake(options, "cdr", NULL, "syslog_socket",
			       "a socket's path has at most %zu octets; shorten it",
			       sizeof(address.sun_path) - 1);
}

static void check(struct options *options, void *arg)
{
	struct config *config = arg;
	struct sockaddr_un address;

	check_listen(options, config);
	check_ng(options, config);
	check_turn(options, config);
	web_config_check(options, &config->web);
	check_cdr(options, config);
	if (config->shed.strike.least_s > config->shed.strike.most_s)
		option_mistake(options, "shed", NULL, "auto_block_least",
			       "%u is more than auto_block_most, which is %u; exchange them",
			       config->shed.strike.least_s, config->shed.strike.most_s);
	if (strlen(config->dataplane) >= sizeof(address.sun_path))
		option_mistake(options, "controlplane", NULL, "dataplane",
			       "a socket's path has at most %zu octets; shorten it",
			       sizeof(address.sun_path) - 1);
	if (!config->cert != !config->key || (config->ca && !config->cert))
		option_mistake(options, "controlplane", NULL,
			       config->cert  ? "cert"
			       : config->key ? "key"
					     : "ca",
			       "cert and key belong together, and ca to them; give both or none");
}

static const struct option_table table = {
	.program = "tandem-controlplane",
	.summary = "calls of the Tandem media relay: SDP, DTLS, the public API",
	.version = TANDEM_VERSION,
	.file = "/etc/tandem/controlplane.ini",
	.sections = sections,
	.check = check,
};

int config_load(struct config *config, struct options **options, int argc, char **argv)
{
	memset(config, 0, sizeof(*config));
	return options_load(options, &table, config, argc, argv);
}

struct ng_config config_ng(const struct config *config)
{
	return (struct ng_config){
		.listen = (const char *const *)config->ng_listen.texts,
		.listen_count = config->ng_listen.count,
		.allow = (const char *const *)config->ng_allow.texts,
		.allow_count = config->ng_allow.count,
		.cert = config->ng_cert,
		.key = config->ng_key,
		.delete_delay_s = config->ng_delete_delay_s,
	};
}

struct session_config config_session(const struct config *config)
{
	return (struct session_config){
		.dataplane = config->dataplane,
		.version = TANDEM_VERSION,
		.port_first = config->ports.first,
		.port_last = config->ports.last,
		.port_quarantine_ms = config->quarantine_s * 1000,
		.offer_timeout_ms = config->offer_timeout_s * 1000,
		.media_timeout_ms = config->media_timeout_s * 1000,
		.media_timeout_delete = config->media_timeout_delete,
		.latch_ms = config->latch_ms,
		.headroom = config->headroom,
		.key_grace_ms = KEY_GRACE_MS,
		.calls_max = config->calls,
		.certificate_age_s = config->certificate_h * 3600,
		.dtls_cookie = config->dtls_cookie,
		.audit_ms = config->quality_interval_s * 1000,
		.deny = (const char *const *)config->deny.texts,
		.deny_count = config->deny.count,
	};
}
