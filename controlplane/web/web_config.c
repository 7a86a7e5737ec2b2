/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/web/web_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HTTP  "http:"
#define HTTPS "https:"

int web_config_address(union socket_address *at, bool *tls, const char *text)
{
	size_t scheme;

	*tls = strncmp(text, HTTPS, strlen(HTTPS)) == 0;
	scheme = strlen(*tls ? HTTPS : HTTP);
	if (!*tls && strncmp(text, HTTP, scheme) != 0)
		return -EINVAL;
	if (socket_address_parse(at, text + scheme) || at->any.sa_family == AF_UNIX)
		return -EINVAL;
	return 0;
}

static int parse_listen(void *value, const char *text, char *why, size_t size)
{
	union socket_address at;
	bool tls;

	if (web_config_address(&at, &tls, text) == 0)
		return 0;
	snprintf(why, size,
		 "\"%s\" is no address; write https:ADDRESS:PORT, or http:127.0.0.1:PORT", text);
	return -EINVAL;
}

static const char *const metrics[] = {"viewer", "anyone", "off", NULL};

const struct option_key web_config_keys[] = {
	{.key = "listen",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct web_config, listen),
	 .parse = parse_listen,
	 .help = "where the page, the API as JSON and the metrics are served: https:ADDRESS:PORT, "
		 "or http: on loopback"},
	{.key = "cert",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct web_config, cert),
	 .help = "PEM file: the certificate; without it there is one of the relay's own making, "
		 "on loopback alone; SIGHUP reads it anew"},
	{.key = "key",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct web_config, key),
	 .help = "PEM file: its private key"},
	{.key = "ca",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct web_config, ca),
	 .help = "PEM file: who may sign certificates of clients, which then need no token; "
		 "[access] says what their subjects may"},
	{.key = "metrics",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct web_config, metrics),
	 .choices = metrics,
	 .fallback = "viewer",
	 .help = "who may read /metrics"},
	{},
};

static void check_address(struct options *options, const struct web_config *config,
			  const char *text)
{
	union socket_address at;
	bool tls;

	if (web_config_address(&at, &tls, text) || socket_address_is_local(&at))
		return;
	if (!tls)
		option_mistake(options, "web", NULL, "listen",
			       "%s is open to others, who read the tokens; write https:", text);
	else if (!config->cert)
		option_mistake(options, "web", NULL, "listen",
			       "%s is open to others; configure cert and key, or use loopback",
			       text);
}

void web_config_check(struct options *options, const struct web_config *config)
{
	for (unsigned int k = 0; k < config->listen.count; k++)
		check_address(options, config, config->listen.texts[k]);
	if (!config->cert != !config->key)
		option_mistake(options, "web", NULL, config->cert ? "cert" : "key",
			       "cert and key belong together; give both or none");
}
