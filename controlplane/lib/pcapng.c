/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/pcapng.h"

#include <string.h>

/* Blocks, and the options that are used of them. */
enum {
	SECTION_HEADER = 0x0a0d0d0a,
	INTERFACE = 1,
	STATISTICS = 5,
	ENHANCED_PACKET = 6,
	BYTE_ORDER = 0x1a2b3c4d,
};
enum {
	END_OF_OPTIONS = 0,
	COMMENT = 1,
	SHB_APPLICATION = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	ISB_START = 2,
	ISB_END = 3,
	ISB_RECEIVED = 4,
	ISB_DROPPED = 5,
};

#define RESOLUTION   9 /* negative power of 10: ns */
#define INBOUND      1
#define OUTBOUND     2
#define OPTIONS_MOST 6
#define OPTION_MOST  UINT16_MAX
#define BLOCK_AROUND 12 /* its type, and its length, twice */

struct option {
	uint16_t code, length;
	const void *value;
};

/* What a block has; in the byte order of this machine, which the section's header tells. */
struct block {
	uint32_t type;
	const void *fixed;
	uint32_t fixed_length; /* of 4 octets each */
	const void *data;
	uint32_t data_length;
	struct option options[OPTIONS_MOST];
	unsigned int option_count;
};

static uint32_t padded(uint32_t length)
{
	return (length + 3) & ~3u;
}

static void put(FILE *out, const void *data, uint32_t length)
{
	static const uint8_t zero[3];

	if (length)
		fwrite(data, length, 1, out);
	if (padded(length) != length)
		fwrite(zero, padded(length) - length, 1, out);
}

static void put32(FILE *out, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void add(struct block *b, uint16_t code, const void *value, size_t length)
{
	b->options[b->option_count++] =
		(struct option){code, length < OPTION_MOST ? (uint16_t)length : OPTION_MOST, value};
}

static void add_text(struct block *b, uint16_t code, const char *text)
{
	if (text && text[0])
		add(b, code, text, strlen(text));
}

static uint32_t options_length(const struct block *b)
{
	uint32_t length = b->option_count ? 4 : 0; /* the one that ends them */

	for (unsigned int k = 0; k < b->option_count; k++)
		length += 4 + padded(b->options[k].length);
	return length;
}

static void put_options(FILE *out, const struct block *b)
{
	for (unsigned int k = 0; k < b->option_count; k++) {
		const struct option *o = &b->options[k];

		fwrite(&o->code, sizeof(o->code), 1, out);
		fwrite(&o->length, sizeof(o->length), 1, out);
		put(out, o->value, o->length);
	}
	if (b->option_count)
		put32(out, END_OF_OPTIONS);
}

static void put_block(FILE *out, const struct block *b)
{
	uint32_t length =
		BLOCK_AROUND + b->fixed_length + padded(b->data_length) + options_length(b);

	put32(out, b->type);
	put32(out, length);
	put(out, b->fixed, b->fixed_length);
	put(out, b->data, b->data_length);
	put_options(out, b);
	put32(out, length);
}

static void put_section(FILE *out, const struct pcapng_head *head)
{
	/* Version 1.0, and a section whose length is not said. */
	const struct {
		uint32_t order;
		uint16_t major, minor;
		uint32_t length[2];
	} fixed = {BYTE_ORDER, 1, 0, {UINT32_MAX, UINT32_MAX}};
	struct block b = {SECTION_HEADER, &fixed, sizeof(fixed)};

	add_text(&b, COMMENT, head->comment);
	add_text(&b, SHB_APPLICATION, head->application);
	put_block(out, &b);
}

void pcapng_begin(FILE *out, const struct pcapng_head *head)
{
	const struct {
		uint16_t link, reserved;
		uint32_t snap;
	} fixed = {head->link, 0, head->snap};
	const uint8_t resolution = RESOLUTION;
	struct block b = {INTERFACE, &fixed, sizeof(fixed)};

	put_section(out, head);
	add_text(&b, IF_NAME, head->interface);
	add_text(&b, IF_DESCRIPTION, head->description);
	add(&b, IF_TSRESOL, &resolution, sizeof(resolution));
	put_block(out, &b);
}

void pcapng_write(FILE *out, const struct pcapng_packet *packet)
{
	const uint32_t fixed[] = {0, packet->time_ns >> 32, packet->time_ns, packet->captured,
				  packet->length};
	const uint32_t flags = packet->sent ? OUTBOUND : INBOUND;
	struct block b = {ENHANCED_PACKET, fixed, sizeof(fixed), packet->octets, packet->captured};

	add(&b, EPB_FLAGS, &flags, sizeof(flags));
	add_text(&b, COMMENT, packet->comment);
	put_block(out, &b);
}

void pcapng_end(FILE *out, const struct pcapng_statistics *s)
{
	const uint32_t fixed[] = {0, s->ended_ns >> 32, s->ended_ns};
	const uint32_t begun[] = {s->begun_ns >> 32, s->begun_ns};
	struct block b = {STATISTICS, fixed, sizeof(fixed)};

	add_text(&b, COMMENT, s->comment);
	add(&b, ISB_START, begun, sizeof(begun));
	add(&b, ISB_END, &fixed[1], sizeof(begun));
	add(&b, ISB_RECEIVED, &s->received, sizeof(s->received));
	add(&b, ISB_DROPPED, &s->dropped, sizeof(s->dropped));
	put_block(out, &b);
}
