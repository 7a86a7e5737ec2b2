/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for a message that is built piece by piece, sent, and gone as a whole. Once there is none
 * left, arena_take() returns NULL and `failed` stays set, so that a builder may check at the end.
 * One thread.
 */
#ifndef TANDEM_ARENA_H
#define TANDEM_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct arena_block;

/* All zero: empty. */
struct arena {
	struct arena_block *blocks;
	bool failed;
};

/* Zeroed, aligned for anything, and there until arena_clear(). */
void *arena_take(struct arena *arena, size_t size);
/* A copy; NULL becomes "". Never NULL: without memory it is "", too. */
char *arena_text(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Adds a message to a repeated field, `list` being that field's address, and initializes it. NULL
 * without memory.
 */
void *arena_add(struct arena *arena, void *list, size_t *count,
		const ProtobufCMessageDescriptor *type);
/* Cleanses what was taken, and frees it. */
void arena_clear(struct arena *arena);

#endif
