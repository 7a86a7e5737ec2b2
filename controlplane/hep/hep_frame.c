/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/hep/hep_frame.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER 6 /* of the packet: "HEP3" and its length; of a chunk: vendor, type, length */

/* What the chunks are; those of the vendor 0. */
enum chunk {
	CHUNK_FAMILY = 0x0001,
	CHUNK_PROTOCOL = 0x0002,
	CHUNK_FROM_IPV4 = 0x0003,
	CHUNK_TO_IPV4 = 0x0004,
	CHUNK_FROM_IPV6 = 0x0005,
	CHUNK_TO_IPV6 = 0x0006,
	CHUNK_FROM_PORT = 0x0007,
	CHUNK_TO_PORT = 0x0008,
	CHUNK_SECONDS = 0x0009,
	CHUNK_MICROSECONDS = 0x000a,
	CHUNK_TYPE = 0x000b,
	CHUNK_CAPTURE_ID = 0x000c,
	CHUNK_PASSWORD = 0x000e,
	CHUNK_PAYLOAD = 0x000f,
	CHUNK_CORRELATION = 0x0011,
};

struct writer {
	uint8_t *out;
	size_t size, length;
	bool full;
};

static void put(struct writer *w, enum chunk type, const void *octets, size_t length)
{
	const size_t whole = HEADER + length;
	uint8_t *at = w->out + w->length;

	if (w->full || whole > w->size - w->length) {
		w->full = true;
		return;
	}
	memcpy(at, (const uint8_t[]){0, 0, type >> 8, type, whole >> 8, whole}, HEADER);
	memcpy(at + HEADER, octets, length);
	w->length += whole;
}

static void put_number(struct writer *w, enum chunk type, uint32_t value, size_t length)
{
	const uint32_t octets = htonl(value << (32 - 8 * length));

	put(w, type, &octets, length);
}

static void put_text(struct writer *w, enum chunk type, const char *text)
{
	put(w, type, text, strlen(text));
}

static bool could_be_ipv4(const struct address *a)
{
	return address_is_ipv4(a) || address_is_zero(a);
}

/* A packet has one family: where there is an IPv6 address, IPv4 is mapped into it. */
static void put_addresses(struct writer *w, const struct endpoint *from, const struct endpoint *to)
{
	const bool ipv4 = could_be_ipv4(&from->address) && could_be_ipv4(&to->address);
	const size_t length = ipv4 ? 4 : 16;

	put_number(w, CHUNK_FAMILY, ipv4 ? AF_INET : AF_INET6, 1);
	put_number(w, CHUNK_PROTOCOL, IPPROTO_UDP, 1);
	put(w, ipv4 ? CHUNK_FROM_IPV4 : CHUNK_FROM_IPV6, from->address.octets + 16 - length,
	    length);
	put(w, ipv4 ? CHUNK_TO_IPV4 : CHUNK_TO_IPV6, to->address.octets + 16 - length, length);
	put_number(w, CHUNK_FROM_PORT, ntohs(from->port), 2);
	put_number(w, CHUNK_TO_PORT, ntohs(to->port), 2);
}

size_t hep_frame_write(uint8_t *out, size_t size, const struct hep_frame *f)
{
	struct writer w = {out, size < HEP_FRAME_MAX ? size : HEP_FRAME_MAX, HEADER};

	if (w.size < HEADER)
		return 0;
	put_addresses(&w, &f->from, &f->to);
	put_number(&w, CHUNK_SECONDS, f->time_us / 1000000, 4);
	put_number(&w, CHUNK_MICROSECONDS, f->time_us % 1000000, 4);
	put_number(&w, CHUNK_TYPE, f->type, 1);
	put_number(&w, CHUNK_CAPTURE_ID, f->capture_id, 4);
	if (f->password)
		put_text(&w, CHUNK_PASSWORD, f->password);
	put_text(&w, CHUNK_CORRELATION, f->correlation);
	put_text(&w, CHUNK_PAYLOAD, f->payload);
	if (w.full)
		return 0;
	memcpy(out, (const uint8_t[]){'H', 'E', 'P', '3', w.length >> 8, w.length}, HEADER);
	return w.length;
}

size_t hep_frame_length(const uint8_t *frame)
{
	return frame[4] << 8 | frame[5];
}
