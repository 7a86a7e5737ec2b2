/* SPDX-License-Identifier: BSD-3-Clause */
/* Words, numbers and addresses of an SDP line. */
#include "controlplane/sdp/sdp_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int sdp_refuse(struct sdp_parser *p, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->err->text, sizeof(p->err->text), fmt, args);
	va_end(args);
	return code;
}

char *sdp_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char *end = word + strcspn(word, " \t");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

bool sdp_number(const char *word, uint64_t most, uint64_t *value)
{
	size_t length = strlen(word);

	if (!length || length > 18 || strspn(word, "0123456789") != length)
		return false;
	*value = strtoull(word, NULL, 10);
	return *value <= most;
}

static bool is_multicast(const struct address *address)
{
	static const struct prefix ipv4 = PREFIX_IPV4(224, 0, 0, 0, 4);
	static const struct prefix ipv6 = {{.octets = {0xff}}, 8};

	return prefix_has(&ipv4, address) || prefix_has(&ipv6, address);
}

int sdp_connection(struct sdp_parser *p, char *rest, struct address *out)
{
	const char *net = sdp_word(&rest), *type = sdp_word(&rest), *word = sdp_word(&rest);
	bool ipv4 = !strcasecmp(type, "IP4"), ipv6 = !strcasecmp(type, "IP6");

	if (strcasecmp(net, "IN") || (!ipv4 && !ipv6) || !*word)
		return sdp_refuse(p, -EINVAL,
				  "write the address as IN IP4 or IN IP6 and the address");
	if (strchr(word, '/'))
		return sdp_refuse(p, -ENOTSUP, "give a unicast address, without TTL or count");
	if (address_parse(out, word)) {
		if (strchr(word, ':') || !word[strspn(word, "0123456789.")])
			return sdp_refuse(p, -EINVAL, "%.48s is no IP address", word);
		return sdp_refuse(p, -ENOTSUP, "give an IP address in the place of host name %.48s",
				  word);
	}
	/* An IPv4 address in IPv6's clothes is neither. */
	if (address_is_ipv4(out) != ipv4 || (ipv4 && strchr(word, ':')))
		return sdp_refuse(p, -EINVAL, "%.48s is no %s address", word, type);
	if (is_multicast(out))
		return sdp_refuse(p, -ENOTSUP, "give a unicast address, %.48s is multicast", word);
	return 0;
}

int sdp_grow(void *array, unsigned int count, size_t element)
{
	void **elements = array, *more;

	/* It is full when the count is 0 or a power of two from 4 on. */
	if (count && (count < 4 || count & (count - 1)))
		return 0;
	more = realloc(*elements, (count ? 2 * (size_t)count : 4) * element);
	if (!more)
		return -ENOMEM;
	*elements = more;
	return 0;
}

bool sdp_is_nowhere(const struct address *address)
{
	static const struct prefix ipv4 = PREFIX_IPV4(0, 0, 0, 0, 32);

	return address_is_zero(address) || prefix_has(&ipv4, address);
}
