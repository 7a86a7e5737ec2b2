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
