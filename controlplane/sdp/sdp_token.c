/* SPDX-License-Identifier: BSD-3-Clause */
/* Words, numbers and addresses of an SDP line. */
#include "controlplane/sdp/sdp_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

void sdp_address_read(struct sdp_address *out, const char *word)
{
	memset(out->ip, 0, sizeof(out->ip));
	if (inet_pton(AF_INET, word, out->ip) == 1)
		out->family = AF_INET;
	else if (inet_pton(AF_INET6, word, out->ip) == 1)
		out->family = AF_INET6;
	else
		out->family = AF_UNSPEC;
}

static bool is_multicast(const struct sdp_address *address)
{
	return address->family == AF_INET ? address->ip[0] >> 4 == 0xe : address->ip[0] == 0xff;
}

int sdp_connection(struct sdp_parser *p, char *rest, struct sdp_address *out)
{
	const char *net = sdp_word(&rest), *type = sdp_word(&rest), *word = sdp_word(&rest);
	int family = !strcasecmp(type, "IP4")   ? AF_INET
		     : !strcasecmp(type, "IP6") ? AF_INET6
						: AF_UNSPEC;

	if (strcasecmp(net, "IN") || family == AF_UNSPEC || !*word)
		return sdp_refuse(p, -EINVAL,
				  "write the address as IN IP4 or IN IP6 and the address");
	if (strchr(word, '/'))
		return sdp_refuse(p, -ENOTSUP, "give a unicast address, without TTL or count");
	sdp_address_read(out, word);
	if (out->family == AF_UNSPEC) {
		if (strchr(word, ':') || !word[strspn(word, "0123456789.")])
			return sdp_refuse(p, -EINVAL, "%.48s is no IP address", word);
		return sdp_refuse(p, -ENOTSUP, "give an IP address in the place of host name %.48s",
				  word);
	}
	if (out->family != family)
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

bool sdp_address_is_unspecified(const struct sdp_address *address)
{
	static const uint8_t zero[sizeof(address->ip)];

	return address->family != AF_UNSPEC && !memcmp(address->ip, zero, sizeof(zero));
}
