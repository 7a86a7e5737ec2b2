/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/hep/hep_address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/pseudonym.h"

#define PREFIX 4 /* octets of "ip4-", before ten hexadecimal digits */

/* 0, or -EINVAL. */
static int read_address(struct address *a, const char *text)
{
	unsigned long long number;
	uint8_t octets[16] = {0xfd};
	char *end;

	if (strncmp(text, "ip4-", PREFIX) != 0 && strncmp(text, "ip6-", PREFIX) != 0)
		return address_parse(a, text);
	number = strtoull(text + PREFIX, &end, 16);
	if (*end || end - text != PREFIX + 10)
		return -EINVAL;
	for (unsigned int k = 0; k < 5; k++)
		octets[1 + k] = number >> (32 - 8 * k);
	*a = address_from_ipv6(octets);
	return 0;
}

struct endpoint hep_participant(const struct endpoint *participant)
{
	struct endpoint shown = *participant;
	char text[ADDRESS_TEXT];

	if (!endpoint_is_zero(participant) && pseudonym_is_on() &&
	    read_address(&shown.address, pseudonym_address(text, &participant->address)))
		return (struct endpoint){0};
	return shown;
}

struct endpoint hep_participant_text(const char *text)
{
	const struct endpoint none = {0};
	const char *colon = strrchr(text, ':');
	char host[ADDRESS_TEXT];
	struct address address;
	size_t length;

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return none;
	length = colon - text;
	if (text[0] == '[' && colon[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)length - 2, text + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (read_address(&address, host))
		return none;
	return endpoint_make(&address, strtoul(colon + 1, NULL, 10));
}
