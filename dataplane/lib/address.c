/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lib/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

bool address_same_bits(const void *a, const void *b, unsigned int length)
{
	const uint8_t *one = a, *other = b;
	unsigned int whole = length / 8, rest = length % 8;

	if (memcmp(one, other, whole) != 0)
		return false;
	return rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0;
}

struct prefix prefix_of(const struct address *a, unsigned int length)
{
	struct prefix p = {*a, length < 128 ? length : 128};

	for (unsigned int bit = p.length; bit < 128; bit++)
		p.address.octets[bit / 8] &= ~(0x80 >> bit % 8);
	return p;
}

const char *address_text(char *text, const struct address *a)
{
	inet_ntop(address_is_ipv4(a) ? AF_INET : AF_INET6, address_octets(a), text, ADDRESS_TEXT);
	return text;
}

const char *endpoint_text(char *text, const struct endpoint *e)
{
	char address[ADDRESS_TEXT];

	if (endpoint_is_unset(e))
		return address_text(text, &e->address);
	snprintf(text, ADDRESS_TEXT, address_is_ipv4(&e->address) ? "%s:%u" : "[%s]:%u",
		 address_text(address, &e->address), ntohs(e->port));
	return text;
}

/* The bits that the text of the prefix does not count. */
static unsigned int uncounted(const struct address *a)
{
	return address_is_ipv4(a) ? ADDRESS_IPV4_BITS : 0;
}

const char *prefix_text(char *text, const struct prefix *p)
{
	size_t length = strlen(address_text(text, &p->address));

	if (p->length < 128)
		snprintf(text + length, ADDRESS_TEXT - length, "/%u",
			 p->length - uncounted(&p->address));
	return text;
}

int address_parse(struct address *a, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		*a = address_from_ipv4(octets);
	else if (inet_pton(AF_INET6, text, octets) == 1)
		*a = address_from_ipv6(octets);
	else
		return -EINVAL;
	return 0;
}

int prefix_parse(struct prefix *p, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long length = 128;
	char word[ADDRESS_TEXT], *end;
	struct address given;

	if (size >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, size);
	word[size] = '\0';
	if (address_parse(&given, word))
		return -EINVAL;
	if (slash) {
		length = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || length == 0 ||
		    length > 128 - uncounted(&given))
			return -EINVAL;
		length += uncounted(&given);
	}
	*p = prefix_of(&given, length);
	return address_equal(&given, &p->address) ? 0 : -EDOM;
}
