/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets are read as a dictionary, in bencode or JSON by the first of them, and as a request;
 * what was read is written in both encodings, and must be read again as what it was.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/ng/bencode.h"
#include "controlplane/ng/ng_frame.h"
#include "controlplane/ng/ng_json.h"
#include "controlplane/ng/ng_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct ng_value *a, const struct ng_value *b)
{
	if (a->kind != b->kind || a->number != b->number || a->length != b->length ||
	    (a->text && memcmp(a->text, b->text, a->length) != 0))
		return false;
	a = a->first;
	b = b->first;
	for (; a && b; a = a->next, b = b->next)
		if (!same(a, b) || (a->key && strcmp(a->key, b->key) != 0))
			return false;
	return !a && !b;
}

/* Where it ends is found without reading it, and however few octets come at a time. */
static void frame(const char *octets, size_t size, size_t used)
{
	struct ng_frame whole = {0}, parts = {0};
	char *message = malloc(size + 2);
	ssize_t found = 0;

	memcpy(message, "c ", 2);
	memcpy(message + 2, octets, size);
	if (ng_frame_scan(&whole, message, size + 2) != (ssize_t)used + 2)
		abort();
	for (size_t k = 1; k <= size + 2 && !found; k++)
		found = ng_frame_scan(&parts, message, k);
	if (found != (ssize_t)used + 2)
		abort();
	free(message);
}

static void write_again(struct arena *arena, const struct ng_value *value)
{
	struct ng_value *again;
	char *text = NULL;
	size_t size, used;
	FILE *out = open_memstream(&text, &size);

	bencode_write(out, value);
	fclose(out);
	if (bencode_read(&again, &used, arena, text, size) || used != size || !same(value, again))
		abort();
	free(text);
	/* JSON has no key twice, and no text that is not UTF-8. */
	out = open_memstream(&text, &size);
	ng_json_write(out, value);
	fclose(out);
	if (ng_json_read(&again, &used, arena, text, size) || used != size)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *octets = (const char *)data;
	bool json = size && *octets == '{';
	struct arena arena = {NULL};
	struct ng_request request;
	struct ng_value *value;
	size_t used;

	if (!(json ? ng_json_read : bencode_read)(&value, &used, &arena, octets, size)) {
		if (used > size)
			abort();
		write_again(&arena, value);
		if (value->kind == NG_DICTIONARY && (*octets == 'd' || json))
			frame(octets, size, used);
		if (value->kind == NG_DICTIONARY)
			ng_request_read(&request, &arena, value);
	}
	arena_clear(&arena);
	return 0;
}
