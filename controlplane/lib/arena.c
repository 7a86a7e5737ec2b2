/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096

struct arena_block {
	struct arena_block *next;
	size_t used, size; /* of `octets` */
	alignas(max_align_t) char octets[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
	struct arena_block *block;

	if (size < BLOCK)
		size = BLOCK;
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_take(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	void *taken;

	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	if (!block) {
		arena->failed = true;
		return NULL;
	}
	taken = block->octets + block->used;
	block->used += size;
	return taken;
}

char *arena_text(struct arena *arena, const char *text)
{
	size_t size = text ? strlen(text) + 1 : 1;
	char *copy = arena_take(arena, size);

	if (!copy)
		return (char *)"";
	memcpy(copy, text ? text : "", size);
	return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = length < 0 ? NULL : arena_take(arena, length + 1);
	if (!text)
		return (char *)"";
	va_start(ap, fmt);
	vsnprintf(text, length + 1, fmt, ap);
	va_end(ap);
	return text;
}

/* A list is full when it has none, or a power of two from 4 on. */
static bool is_full(size_t count)
{
	return count == 0 || (count >= 4 && (count & (count - 1)) == 0);
}

static void *grow(struct arena *arena, void *list, size_t count)
{
	void **grown = arena_take(arena, (count ? 2 * count : 4) * sizeof(grown[0]));

	if (grown && count)
		memcpy(grown, list, count * sizeof(grown[0]));
	return grown;
}

void *arena_add(struct arena *arena, void *list, size_t *count,
		const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage ***messages = list;
	ProtobufCMessage *message = arena_take(arena, type->sizeof_message);
	void *grown = message && is_full(*count) ? grow(arena, *messages, *count) : *messages;

	if (!message || !grown)
		return NULL;
	protobuf_c_message_init(type, message);
	*messages = grown;
	(*messages)[(*count)++] = message;
	return message;
}

void arena_clear(struct arena *arena)
{
	struct arena_block *block;

	while ((block = arena->blocks)) {
		arena->blocks = block->next;
		explicit_bzero(block->octets, block->used);
		free(block);
	}
	arena->failed = false;
}
