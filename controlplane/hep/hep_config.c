/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/hep/hep.h"

#define PASSWORD_MAX 255 /* octets */

static int parse_server(void *value, const char *text, char *why, size_t size)
{
	if (hep_server_parse(value, text) == 0)
		return 0;
	snprintf(why, size,
		 "\"%s\" is no server; write udp:192.0.2.1:9060, tcp:[2001:db8::1]:9060 or "
		 "udp:homer.example.com:9060",
		 text);
	return -EINVAL;
}

static int parse_password(void *value, const char *text, char *why, size_t size)
{
	if (!text[0] || strlen(text) > PASSWORD_MAX) {
		snprintf(why, size, "it has %zu octets; use 1 to %d, or leave the key out",
			 strlen(text), PASSWORD_MAX);
		return -EINVAL;
	}
	snprintf(value, PASSWORD_MAX + 1, "%s", text);
	return 0;
}

const struct option_key hep_keys[] = {
	{.key = "server",
	 .type = OPTION_PARSED,
	 .offset = offsetof(struct hep_config, server),
	 .parse = parse_server,
	 .help = "a Homer server that is told how calls sound, each [quality] interval and at their "
		 "end: HOST:PORT behind udp: or tcp:; none: nobody"},
	{.key = "capture_id",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct hep_config, capture_id),
	 .least = 0,
	 .most = UINT32_MAX,
	 .fallback = "2001",
	 .help = "which of the server's agents this relay is"},
	{.key = "capture_password",
	 .type = OPTION_PARSED,
	 .offset = offsetof(struct hep_config, password),
	 .parse = parse_password,
	 .help = "what the server wants to hear from its agents; none: nothing"},
	{},
};
