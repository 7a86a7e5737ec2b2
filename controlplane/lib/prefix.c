/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the first `bits` of both are equal. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static void clear_beyond(struct prefix *p)
{
	for (unsigned int bit = p->length; bit < 8 * p->size; bit++)
		p->octets[bit / 8] &= ~(0x80 >> bit % 8);
}

static int read_length(struct prefix *p, const char *text)
{
	char *end;
	unsigned long length;

	p->length = 8 * p->size;
	if (!text)
		return 0;
	length = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || length == 0 || length > p->length)
		return -EINVAL;
	p->length = length;
	return 0;
}

int prefix_read(struct prefix *p, const char *text, char *why, size_t size)
{
	char address[INET6_ADDRSTRLEN + 1], shown[PREFIX_TEXT];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix given;

	memset(p, 0, sizeof(*p));
	if (length < sizeof(address)) {
		memcpy(address, text, length);
		address[length] = '\0';
		if (inet_pton(AF_INET, address, p->octets) == 1)
			p->size = 4;
		else if (inet_pton(AF_INET6, address, p->octets) == 1)
			p->size = 16;
	}
	if (!p->size || read_length(p, slash ? slash + 1 : NULL)) {
		snprintf(why, size, "\"%.60s\" is no prefix; write 203.0.113.0/24 or 2001:db8::/32",
			 text);
		return -EINVAL;
	}
	given = *p;
	clear_beyond(p);
	if (memcmp(given.octets, p->octets, sizeof(given.octets)) == 0)
		return 0;
	prefix_print(shown, p);
	snprintf(why, size, "%.60s has bits beyond its length; write %s", text, shown);
	return -EINVAL;
}

bool prefix_take(struct prefix *p, const ProtobufCBinaryData *address, unsigned int length)
{
	memset(p, 0, sizeof(*p));
	if ((address->len != 4 && address->len != 16) || length > 8 * address->len)
		return false;
	memcpy(p->octets, address->data, address->len);
	p->size = address->len;
	p->length = length;
	clear_beyond(p);
	return true;
}

bool prefix_of_source(struct prefix *p, const ProtobufCBinaryData *address)
{
	return prefix_take(p, address, address->len == 16 ? 64 : 32);
}

void prefix_print(char text[PREFIX_TEXT], const struct prefix *p)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(p->size == 16 ? AF_INET6 : AF_INET, p->octets, address, sizeof(address));
	if (p->length == 8 * p->size)
		snprintf(text, PREFIX_TEXT, "%s", address);
	else
		snprintf(text, PREFIX_TEXT, "%s/%u", address, p->length);
}

bool prefix_contains(const struct prefix *p, const struct prefix *other)
{
	return p->size == other->size && p->length <= other->length &&
	       same_bits(p->octets, other->octets, p->length);
}
