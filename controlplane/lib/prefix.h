/* SPDX-License-Identifier: BSD-3-Clause */
/* IP prefixes and sources between their texts and the dataplane's octets. Any thread. */
#ifndef TANDEM_PREFIX_H
#define TANDEM_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#define PREFIX_TEXT 56

struct prefix {
	uint8_t octets[16]; /* network order; the first four for IPv4 */
	unsigned int size;  /* 4 or 16 */
	unsigned int length;
};

/*
 * "203.0.113.0/24", "2001:db8::/32", or an address, which is the prefix of all its bits. -EINVAL
 * with a sentence that names the remedy: no such text, no bits at all, or some beyond the length.
 */
int prefix_read(struct prefix *prefix, const char *text, char *why, size_t size);
/* Of octets that came from elsewhere; false: they are no prefix. */
bool prefix_take(struct prefix *prefix, const ProtobufCBinaryData *address, unsigned int length);
/* A whole address without its length. */
void prefix_print(char text[PREFIX_TEXT], const struct prefix *prefix);
bool prefix_contains(const struct prefix *prefix, const struct prefix *other);

/* What stands for a source of packets: an IPv4 address, or an IPv6 /64. */
bool prefix_of_source(struct prefix *prefix, const ProtobufCBinaryData *address);

#endif
