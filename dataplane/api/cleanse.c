/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/api/cleanse.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void *cleanse_alloc(void *data, size_t size)
{
	return malloc(size);
}

static void cleanse_free(void *data, void *pointer)
{
	if (pointer)
		explicit_bzero(pointer, malloc_usable_size(pointer));
	free(pointer);
}

ProtobufCAllocator cleanse_allocator = {
	.alloc = cleanse_alloc,
	.free = cleanse_free,
};
